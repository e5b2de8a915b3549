// Compares what a server says of its schema with the committed one, and checks both by the rules of graphql-js, the present version and
// the one before. Prints what is wrong.
//
//   node schema.mjs ADDRESS SCHEMA TOKEN
import { readFileSync } from "node:fs";

import * as graphql17 from "graphql";
import * as graphql16 from "graphql-16";

const [address, schemaFile, token] = process.argv.slice(2);
const committed = readFileSync(schemaFile, "utf8");
const wrong = [];

for (const [version, graphql] of Object.entries({ 16: graphql16, 17: graphql17 })) {
  const query = graphql.getIntrospectionQuery({
    oneOf: true,
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
    inputValueDeprecation: true,
  });
  const response = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = await response.json();
  if (errors) {
    wrong.push(`graphql-js ${version}: ${JSON.stringify(errors)}`);
    continue;
  }
  const schemas = { introspected: graphql.buildClientSchema(data), committed: graphql.buildSchema(committed) };
  const [told, written] = Object.entries(schemas).map(([name, schema]) => {
    const faults = graphql.validateSchema(schema).map((fault) => fault.message);
    wrong.push(...faults.map((fault) => `graphql-js ${version}, ${name}: ${fault}`));
    return graphql.printSchema(graphql.lexicographicSortSchema(schema)).split("\n");
  });
  const at = told.findIndex((line, number) => line !== written[number]);
  if (at >= 0 || told.length !== written.length) {
    wrong.push(`graphql-js ${version}: introspection says "${told[at]}" where schema.graphql says "${written[at]}"`);
  }
}

console.log(wrong.join("\n"));
process.exit(wrong.length ? 1 : 0);
