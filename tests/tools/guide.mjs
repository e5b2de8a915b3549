// Turns docs/frontends.md into a frontend: the files that it shows, with what GraphQL Code Generator and TypeScript make of them.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { buildSchema, getNamedType, getNullableType, isListType, isObjectType, isScalarType, isSpecifiedScalarType } from "graphql";

const here = new URL(".", import.meta.url).pathname;
const guide = readFileSync(join(here, "../../docs/frontends.md"), "utf8");
const shownAddress = "http://127.0.0.1:8080/graphql";

// Bundlers take the modules of Apollo and urql as they are, Node.js as CommonJS.
const tsconfig = {
  compilerOptions: {
    strict: true,
    target: "es2022",
    lib: ["es2022", "dom", "dom.iterable"],
    module: "commonjs",
    moduleResolution: "bundler",
    types: [],
    skipLibCheck: true,
    rootDir: ".",
    outDir: "out",
  },
  include: ["codegen.ts", "src"],
};

/** The files that the guide shows: a block whose first line names a path. */
export function shownFiles() {
  const blocks = guide.matchAll(/^```[a-z]+ (\S+\.(?:ts|json))\n([^]*?)^```$/gm);
  return Object.fromEntries(Array.from(blocks, ([, path, text]) => [path, text]));
}

/** The blocks of the guide that begin with this line. */
export function shownBlocks(fence) {
  const blocks = guide.split("```" + fence + "\n").slice(1);
  return blocks.map((block) => block.split("```")[0].replace(/^  /gm, ""));
}

/** What the settings of the guide list, beside what the schema has. */
export function listedAndThere() {
  const schema = buildSchema(readFileSync(join(here, "../../schema.graphql"), "utf8"));
  const scalars = Object.values(schema.getTypeMap()).filter((type) => isScalarType(type) && !isSpecifiedScalarType(type));
  const entries = schema.getPossibleTypes(schema.getType("Entry"));
  const fields = entries.flatMap((entry) => Object.values(entry.getFields()));
  const isWithoutId = ({ type }) => isObjectType(getNamedType(type)) && !getNamedType(type).getFields().id;
  const withoutId = fields.filter(isWithoutId);
  const single = withoutId.filter(({ type }) => !isListType(getNullableType(type)));
  const names = (found) => [...new Set(found.map(({ type }) => getNamedType(type).name))].sort();
  const files = shownFiles();
  const listed = (path, pattern) => Array.from(files[path].matchAll(pattern), ([, name]) => name).sort();
  const there = scalars.map(({ name }) => name).sort();
  return {
    codegen: [listed("codegen.ts", /^ {6}(\w+): /gm), there],
    relay: [Object.keys(JSON.parse(files["relay.config.json"]).customScalarTypes).sort(), there],
    urql: [listed("src/urql.ts", /(\w+): withoutKey/g), names(withoutId)],
    apollo: [listed("src/apollo.ts", /(\w+): \{ merge: true \}/g), names(single)],
  };
}

/** Runs a program of the tools in the folder; its output stands in the error if it fails. */
export function runTool(name, options, folder) {
  try {
    execFileSync(join(here, "node_modules/.bin", name), options, { cwd: folder, stdio: "pipe" });
  } catch (error) {
    throw new Error(`${name}: ${error.stdout}${error.stderr}`);
  }
}

/** Writes files into a folder in which the tools find their packages and the schema. */
function write(folder, files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  symlinkSync(join(here, "node_modules"), join(folder, "node_modules"));
  copyFileSync(join(here, "../../schema.graphql"), join(folder, "schema.graphql"));
  writeFileSync(join(folder, "package.json"), "{}");
}

/** Compiles the folder. Returns what imports its modules. */
function compile(folder) {
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
  runTool("tsc", [], folder);
  return createRequire(join(folder, "out/src/index.js"));
}

/** The frontend of the guide and further files, for a server at this address, in an empty folder. Returns what imports its modules. */
export function buildFrontend(folder, address, further = {}) {
  const files = Object.entries({ ...shownFiles(), ...further });
  write(folder, Object.fromEntries(files.map(([path, text]) => [path, text.replaceAll(shownAddress, address)])));
  runTool("graphql-codegen", [], folder);
  return compile(folder);
}

/** One file with Relay's documents, compiled with the settings of the guide in an empty folder. Returns what imports their artifacts. */
export function buildRelay(folder, site) {
  write(folder, { "relay.config.json": shownFiles()["relay.config.json"], "src/site.ts": site });
  runTool("relay-compiler", [], folder);
  return compile(folder);
}
