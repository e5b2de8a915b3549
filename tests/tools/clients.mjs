// Apollo Client, urql's Graphcache and Relay against a real server, with the settings that docs/frontends.md shows and nothing else: two
// views of one entry side by side, a mutation that updates what is on the screen, fragments on interfaces, and more of a list. Prints
// what each of them shows, and what it warns of.
//
// Takes the address of GraphQL, an access token, and an empty folder.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import relay from "relay-runtime";

import { buildFrontend, buildRelay, listedAndThere } from "./guide.mjs";

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

// Objects without an id, from two sides, and a fragment on an interface.
const embedded = `query($es: [Locale!]) {
  pages(first: 1, view: { locales: $es }) {
    nodes { __typename id seo { __typename title } heroImage { __typename id focalPoint { __typename x y } } ...Named }
  }
  page(by: { slug: "our-story" }, view: { locales: $es }) {
    __typename id translations { __typename locale status }
    sections {
      __typename id callToAction { __typename label }
      items { __typename ... on Node { id } ... on ImpactStat { source { __typename name } } }
    }
  }
  teamMembers(first: 2) { nodes { __typename id links { __typename label } } }
}
fragment Named on Entry { key status }`;
const description = `query($es: [Locale!]) {
  page(by: { slug: "our-story" }, view: { locales: $es }) { __typename id seo { __typename description } }
}`;
const more = `query($after: String) {
  milestones(first: 3, after: $after, where: { date: { gte: "2000" } }) {
    edges { node { __typename id title } }
    pageInfo { __typename hasNextPage endCursor }
  }
}`;
const count = (data) => data.milestones.edges.length;
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const warnings = [];
console.warn = console.error = (...told) => warnings.push(told.join(" "));

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

async function apollo(load) {
  const { gql } = load("@apollo/client");
  const client = load("./apollo").apolloClient(headers);
  const query = gql(text);
  await client.query({ query, variables });
  const kept = client.readQuery({ query, variables });
  await client.mutate({ mutation: gql(update), variables: inputFor(kept.draft.nodes[0], "By Apollo") });
  const after = client.readQuery({ query, variables });
  const { data } = await client.query({ query: gql(embedded), variables });
  await client.query({ query: gql(description), variables });
  const first = await client.query({ query: gql(more) });
  const watched = client.watchQuery({ query: gql(more) });
  await watched.fetchMore({ variables: { after: first.data.milestones.pageInfo.endCursor } });
  const whole = same(client.readQuery({ query: gql(embedded), variables }), data);
  const all = count(client.readQuery({ query: gql(more) }));
  return [titles(kept), titles(after), data.pages.nodes[0].status, whole, all];
}

async function urql(load) {
  const client = load("./urql").urqlClient(headers);
  const cached = { requestPolicy: "cache-only" };
  await client.query(text, variables).toPromise();
  const kept = await client.query(text, variables, cached).toPromise();
  await client.mutation(update, inputFor(kept.data.draft.nodes[0], "By urql")).toPromise();
  const after = await client.query(text, variables, cached).toPromise();
  const { data } = await client.query(embedded, variables).toPromise();
  await client.query(description, variables).toPromise();
  const whole = same((await client.query(embedded, variables, cached).toPromise()).data, data);
  const first = await client.query(more, {}).toPromise();
  const all = await client.query(more, { after: first.data.milestones.pageInfo.endCursor }).toPromise();
  return [titles(kept.data), titles(after.data), data.pages.nodes[0].status, whole, count(all.data)];
}

async function byRelay() {
  const fragments = `graphql\`fragment site_entry on Entry @refetchable(queryName: "siteEntryRefetchQuery") { id revision status }\`;
    graphql\`fragment site_milestone on Milestone @refetchable(queryName: "siteMilestoneRefetchQuery") { id title date updatedAt }\`;`;
  const named = `graphql\`${text.replace("query(", "query siteQuery(")}\`; graphql\`${update.replace("mutation(", "mutation siteMutation(")}\`;`;
  // TypeScript holds the scalars to what the guide says.
  const types = `import type { site_milestone$data } from "./__generated__/site_milestone.graphql";
    export const texts = (shown: site_milestone$data): string[] => [shown.date, shown.updatedAt];`;
  const site = `import { graphql } from "relay-runtime";\n${types}\n${named}\n${fragments}`;
  const project = join(folder, "relay");
  const load = buildRelay(project, site);
  const artifact = (name) => load(`./__generated__/${name}.graphql`).default;
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
  const refetch = readFileSync(join(project, "src/__generated__/siteEntryRefetchQuery.graphql.ts"), "utf8");
  return [titles(kept), titles(look()), refetch.includes("node(id: $id)")];
}

const load = buildFrontend(join(folder, "site"), address);
const seen = {};
for (const [name, run] of Object.entries({ apollo, urql, relay: byRelay })) {
  const sent = titles(await plainly(text, variables));
  const [kept, after, ...rest] = await run(load);
  seen[name] = { sent, kept, after, sentAfter: titles(await plainly(text, variables)), rest };
}
console.log(JSON.stringify({ ...seen, warnings, listed: listedAndThere() }));
