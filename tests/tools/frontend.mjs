// Does what docs/frontends.md tells, with the files that it shows: generates types, lists the pages, links their languages, asks for
// news, and shows a preview. Prints what came of each.
//
// Takes the address of GraphQL, an access token of an editor, and an empty folder.

import { execFileSync } from "node:child_process";

import { buildFrontend, shownBlocks } from "./guide.mjs";

const [address, token, folder] = process.argv.slice(2);

// Compiled beside the guide's files: fails if a scalar has another type than the guide says.
const scalars = `
import { graphql } from "./gql";
import { request } from "./kindling";

const Everything = graphql(\`query Everything {
  milestones(first: 1) { nodes { date updatedAt locale } }
  impactStats(first: 1) { nodes { value source { url } } }
  testimonials(first: 1) { nodes { consent { givenOn } } }
}\`);
const Upload = graphql(\`mutation UploadPicture($file: Upload!, $picture: AssetInput!) {
  createAsset(input: { file: $file, content: $picture }) { userErrors { message ... on ConflictError { fields { base } } } }
}\`);
const Figure = graphql(\`mutation Figure($value: Decimal!) {
  createImpactStat(input: { content: { value: $value } }) { userErrors { message } }
}\`);

export async function scalars() {
  const { milestones, impactStats, testimonials } = await request(Everything, {});
  const texts: (string | null | undefined)[] = [
    milestones.nodes[0]?.date, milestones.nodes[0]?.updatedAt, milestones.nodes[0]?.locale,
    impactStats.nodes[0]?.value, impactStats.nodes[0]?.source?.url, testimonials.nodes[0]?.consent?.givenOn,
  ];
  return texts.map((text) => typeof text);
}

export const uploads = () => request(Upload, { file: new Blob(), picture: {} });
export const figures = () => [request(Figure, { value: 3 }), request(Figure, { value: "3.5" })];
// @ts-expect-error A figure is no Boolean.
export const wrong = () => request(Figure, { value: true });
`;

async function query(text, variables) {
  const response = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: text, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** Edits the title of the page, and creates a link to its draft. */
async function previewOf(slug, title) {
  const { page } = await query("query($slug: String!) { page(by: { slug: $slug }) { id revision } }", { slug });
  const edit = "mutation($input: UpdatePageInput!) { updatePage(input: $input) { userErrors { message } } }";
  await query(edit, { input: { id: page.id, expectedRevision: page.revision, content: { title } } });
  const [create] = shownBlocks("graphql preview");
  return (await query(create, { input: { entry: page.id } })).createPreviewLink.token;
}

async function newest() {
  const create = "mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret } }";
  const { createApiToken } = await query(create, { input: { name: "Build", scopes: ["EVENTS"] } });
  const command = shownBlocks("sh").find((text) => text.includes("events(")).replace("http://127.0.0.1:8080/graphql", address);
  const environment = { ...process.env, TOKEN: createApiToken.secret };
  return JSON.parse(execFileSync("sh", ["-c", command], { env: environment, stdio: ["ignore", "pipe", "ignore"] }));
}

const load = buildFrontend(folder, address, { "src/scalars.ts": scalars });
const { storyPage } = load("./story");
const { POST, DELETE } = load("./preview");
const begin = (slug, token) =>
  POST(new Request("https://www.example.org/api/preview", { method: "POST", body: JSON.stringify({ slug, token }) }));
const seen = (response) => [response.status, response.headers.get("Set-Cookie")];

const slug = "our-story";
const preview = await previewOf(slug, "Only a draft");
const page = await storyPage(slug, "es");
console.log(
  JSON.stringify({
    scalars: await load("./scalars").scalars(),
    paths: await load("./paths").pagePaths(),
    alternates: load("./alternates").alternates("https://www.example.org", page),
    newest: await newest(),
    token: preview,
    begun: seen(await begin(slug, preview)),
    refused: seen(await begin(slug, "eyJ.no.token")),
    ended: seen(DELETE()),
    public: (await storyPage(slug, "en")).title,
    draft: (await storyPage(slug, "en", preview)).title,
  }),
);
