// Values of the server, recorded once for each root field with its arguments, by queries that no executor can get wrong: each
// field has a key of its own, and each type of an interface or a union a fragment of its own.
import {
  astFromValue,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isLeafType,
  print,
} from "graphql";

const DEPTH = 4;

export class Record {
  constructor(schema, ask) {
    this.schema = schema;
    this.ask = ask;
    this.known = new Map();
  }

  // What a root field answers: its value, or an error.
  async value(field, args) {
    const key = `${field.name} ${JSON.stringify(args)}`;
    if (!this.known.has(key)) this.known.set(key, await this.recorded(field, args));
    return this.known.get(key);
  }

  async recorded(field, args) {
    const literals = Object.entries(args).map(([name, value]) => {
      const of = field.args.find((arg) => arg.name === name).type;
      return `${name}: ${print(astFromValue(value, of))}`;
    });
    const call = field.name + (literals.length ? `(${literals.join(", ")})` : "");
    const answer = await this.ask({ query: `{ ${call} ${this.whole(field.type, DEPTH)} }` });
    const [error] = answer.errors ?? [];
    if (error && !error.path) throw new Error(`${call}: ${JSON.stringify(error)}`);
    return error ? { error: error.message } : { value: plain(answer.data[field.name]) };
  }

  // All fields of a type that can be asked for without arguments, down to a depth.
  whole(of, depth) {
    const type = getNamedType(of);
    if (isLeafType(type)) return "";
    if (!isAbstractType(type)) return `{ __typename ${this.fields(type, depth, "")} }`;
    const types = this.schema.getPossibleTypes(type).map((each) => {
      return `... on ${each.name} { ${this.fields(each, depth, `${each.name}_`)} }`;
    });
    return `{ __typename ${types.join(" ")} }`;
  }

  fields(type, depth, prefix) {
    const fields = Object.values(type.getFields()).filter((field) => {
      return depth > 0 || !isCompositeType(getNamedType(field.type));
    });
    return fields
      .map((field) => `${prefix}${field.name}: ${field.name} ${this.whole(field.type, depth - 1)}`)
      .join(" ");
  }
}

// The value without the prefixes of types.
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object" || !value.__typename) return value;
  const prefix = `${value.__typename}_`;
  const entries = Object.entries(value).map(([key, inner]) => {
    return [key.startsWith(prefix) ? key.slice(prefix.length) : key, plain(inner)];
  });
  return Object.fromEntries(entries);
}
