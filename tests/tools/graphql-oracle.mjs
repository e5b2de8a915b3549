// Holds the server to graphql-js: random documents have the verdict of its `validate` and the answer of its `execute`, over the
// values that the server has. Prints what differs, made small, and exits with 1 if anything does.
//
//   node graphql-oracle.mjs ADDRESS SCHEMA SEED DOCUMENTS [TOKEN]
import { readFileSync } from "node:fs";

import { buildSchema, execute, isAbstractType, isObjectType, parse, validate } from "graphql";

import { calls } from "./oracle/calls.mjs";
import { compare } from "./oracle/compare.mjs";
import { damage } from "./oracle/damage.mjs";
import { generate } from "./oracle/generate.mjs";
import { Chance } from "./oracle/random.mjs";
import { Record } from "./oracle/record.mjs";
import { shrink } from "./oracle/shrink.mjs";

const [address, schemaFile, seed, documents, token] = process.argv.slice(2);
const schema = buildSchema(readFileSync(schemaFile, "utf8"));
const names = Object.values(schema.getTypeMap()).flatMap((type) => [
  type.name,
  ...Object.keys(type.getFields?.() ?? {}),
]);
const AT_ONCE = 8;
const MOST_TOLD = 5;

async function ask(request) {
  const response = await fetch(address, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/graphql-response+json",
      ...(token && { Authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(request),
  });
  return response.json();
}

const record = new Record(schema, ask);

// What the specification says of a request.
async function expected({ query, variables }) {
  let document;
  try {
    document = parse(query);
  } catch {
    return { isValid: false };
  }
  const faults = validate(schema, document);
  if (faults.length) return { isValid: false, faults: faults.map((fault) => fault.message) };
  const answer = await execute({
    schema,
    document,
    variableValues: variables,
    typeResolver: (value) => value.__typename,
    fieldResolver: async (source, args, _, info) => {
      if (!isRoot(info)) return source[info.fieldName];
      const field = schema.getQueryType().getFields()[info.fieldName];
      const known = await record.value(field, args);
      if (known.error) throw new Error(known.error);
      return known.value;
    },
  });
  return { isValid: true, answer: JSON.parse(JSON.stringify(answer)) };
}

const isRoot = (info) => info.parentType === schema.getQueryType();

async function difference(request) {
  const [ours, theirs] = [await ask(request), await expected(request)];
  return compare(ours, theirs);
}

async function hold(request) {
  const found = await difference(request);
  if (!found) return null;
  const small = await shrink(request, async (smaller) => Boolean(await difference(smaller)));
  return { ...small, difference: await difference(small) };
}

const chance = new Chance(Number(seed));
const allCalls = await calls(schema, ask);
const told = [];
const tried = { valid: 0, damaged: 0 };

async function worker() {
  while (tried.valid + tried.damaged < Number(documents) && told.length < MOST_TOLD) {
    const request = generate(schema, allCalls, chance);
    const isDamaged = chance.happens(0.4);
    if (isDamaged) request.query = damage(request.query, chance, names);
    tried[isDamaged ? "damaged" : "valid"] += 1;
    const found = await hold(request);
    if (found) told.push(found);
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, worker));
for (const { query, variables, difference } of told) {
  console.log(`${query}\n${JSON.stringify(variables)}\n${difference}\n`);
}
console.log(`seed ${seed}: ${tried.valid} documents and ${tried.damaged} damaged ones, ${told.length} differ`);
process.exit(told.length ? 1 : 0);
