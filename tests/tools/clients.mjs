// Apollo Client, urql's Graphcache and Relay against a real server, with what docs/frontends.md says and nothing else: two views of
// one entry side by side, and a mutation that updates what is on the screen. Prints what each of them shows.
//
// Takes the address of GraphQL, an access token, and a folder for what Relay compiles.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import relay from "relay-runtime";

const [address, token, folder] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}` };
const variables = { es: ["es"] };
const text = `query($es: [Locale!]) {
  public: milestones(first: 2) { nodes { __typename id title locale image { __typename id alternativeText } } }
  spanish: milestones(first: 2, view: { locales: $es }) { nodes { __typename id title locale image { __typename id alternativeText } } }
  draft: milestones(first: 2, view: { perspective: DRAFT }) { nodes { __typename id title locale revision } }
}`;
const update = `mutation($input: UpdateMilestoneInput!) {
  updateMilestone(input: $input) { milestone { __typename id title revision } userErrors { message } }
}`;

async function plainly(query, variables) {
  const response = await fetch(address, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()).data;
}

const titles = (data) => Object.values(data).map((list) => list.nodes.map((node) => node.title));
const inputFor = (node, title) => ({ input: { id: node.id, expectedRevision: node.revision, content: { title } } });

async function apollo() {
  const cache = new InMemoryCache();
  const client = new ApolloClient({ cache, link: new HttpLink({ uri: address, headers }) });
  const query = gql(text);
  await client.query({ query, variables });
  const kept = client.readQuery({ query, variables });
  await client.mutate({ mutation: gql(update), variables: inputFor(kept.draft.nodes[0], "By Apollo") });
  return [titles(kept), titles(client.readQuery({ query, variables }))];
}

async function urql() {
  const client = new Client({
    url: address,
    preferGetMethod: false,
    fetchOptions: { headers },
    exchanges: [cacheExchange({}), fetchExchange],
  });
  await client.query(text, variables).toPromise();
  const kept = await client.query(text, variables, { requestPolicy: "cache-only" }).toPromise();
  await client.mutation(update, inputFor(kept.data.draft.nodes[0], "By urql")).toPromise();
  const after = await client.query(text, variables, { requestPolicy: "cache-only" }).toPromise();
  return [titles(kept.data), titles(after.data)];
}

async function byRelay() {
  const here = new URL(".", import.meta.url).pathname;
  mkdirSync(join(folder, "src"), { recursive: true });
  copyFileSync(join(here, "../../schema.graphql"), join(folder, "schema.graphql"));
  writeFileSync(join(folder, "package.json"), "{}");
  const config = { src: "./src", schema: "./schema.graphql", language: "javascript" };
  writeFileSync(join(folder, "relay.config.json"), JSON.stringify(config));
  const fragments = `graphql\`fragment site_entry on Entry @refetchable(queryName: "siteEntryRefetchQuery") { id revision status }\`;
    graphql\`fragment site_milestone on Milestone @refetchable(queryName: "siteMilestoneRefetchQuery") { id title }\`;`;
  const named = `graphql\`${text.replace("query(", "query siteQuery(")}\`; graphql\`${update.replace("mutation(", "mutation siteMutation(")}\`;`;
  writeFileSync(join(folder, "src/site.js"), `const { graphql } = require("relay-runtime");\n${named}\n${fragments}`);
  execFileSync(join(here, "node_modules/.bin/relay-compiler"), [], { cwd: folder, stdio: "pipe" });
  const require = createRequire(join(folder, "src/site.js"));
  const artifact = (name) => require(`./__generated__/${name}.graphql.js`);
  const { Environment, Network, RecordSource, Store, commitMutation, createOperationDescriptor, fetchQuery, getRequest } = relay;
  const network = Network.create(async (request, variables) => ({ data: await plainly(request.text, variables) }));
  const environment = new Environment({ network, store: new Store(new RecordSource()) });
  await fetchQuery(environment, artifact("siteQuery"), variables).toPromise();
  const operation = createOperationDescriptor(getRequest(artifact("siteQuery")), variables);
  environment.retain(operation);
  const look = () => environment.lookup(operation.fragment).data;
  const kept = look();
  await new Promise((resolve, reject) => {
    commitMutation(environment, {
      mutation: artifact("siteMutation"),
      variables: inputFor(kept.draft.nodes[0], "By Relay"),
      onCompleted: resolve,
      onError: reject,
    });
  });
  const refetch = readFileSync(join(folder, "src/__generated__/siteEntryRefetchQuery.graphql.js"), "utf8");
  return [titles(kept), titles(look()), refetch.includes("node(id: $id)")];
}

const seen = {};
for (const [name, run] of Object.entries({ apollo, urql, relay: byRelay })) {
  const sent = titles(await plainly(text, variables));
  const [kept, after, ...rest] = await run();
  seen[name] = { sent, kept, after, sentAfter: titles(await plainly(text, variables)), rest };
}
console.log(JSON.stringify(seen));
