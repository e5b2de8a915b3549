// Random documents over the schema, with random variables.
import { getNamedType, getNullableType, isAbstractType, isLeafType, isListType, isNonNullType } from "graphql";

const DEPTH = 3;
const CONDITIONS = ["skip", "include"];

// One document with its variables. `calls` lists the root fields with the arguments that they may have.
export function generate(schema, calls, chance) {
  return new Generation(schema, calls, chance).request();
}

class Generation {
  constructor(schema, calls, chance) {
    Object.assign(this, { schema, calls, chance });
    this.definitions = [];
    this.variables = {};
    this.fragments = new Map();
    this.texts = [];
  }

  request() {
    const root = this.schema.getQueryType();
    const selections = this.selections(root, DEPTH, () => this.call());
    const declared = this.definitions.length ? `(${this.definitions.join(", ")})` : "";
    return {
      query: [`query Asked${declared} ${selections}`, ...this.texts].join("\n"),
      variables: this.variables,
    };
  }

  // A set of selections of a type: fields, and fragments with more of them.
  selections(type, depth, field) {
    const count = 1 + this.chance.below(5);
    const chosen = Array.from({ length: count }, () => this.selection(type, depth, field));
    return `{ ${chosen.join(" ")} }`;
  }

  selection(type, depth, field) {
    const kind = this.chance.next();
    if (kind < 0.6 || depth < 0) return field();
    // (Not under the key of another field: graphql-js does not know that its type is another one.)
    const typename = `${this.chance.happens(0.2) ? "t: " : ""}__typename`;
    if (kind < 0.68) return `${typename}${this.conditions()}`;
    const { on, own } = this.condition(type, depth - 1, field);
    if (kind < 0.85 || depth < 1) {
      const condition = on === type && this.chance.happens(0.5) ? "" : ` on ${on.name}`;
      return `...${condition}${this.conditions()} ${this.selections(on, depth - 1, own)}`;
    }
    return `...${this.fragment(on, depth - 1, own)}${this.conditions()}`;
  }

  // A type that a fragment within this one can be on, and what is a field of it.
  condition(type, depth, field) {
    if (type === this.schema.getQueryType()) return { on: type, own: field };
    const near = isAbstractType(type) ? this.schema.getPossibleTypes(type) : type.getInterfaces();
    const on = this.chance.happens(0.6) && near.length ? this.chance.of(near) : type;
    return { on, own: () => this.field(on, depth) };
  }

  // The name of a fragment, most often of one that stands elsewhere too.
  fragment(on, depth, field) {
    const known = this.fragments.get(on.name) ?? [];
    this.fragments.set(on.name, known);
    if (known.length && this.chance.happens(0.6)) return this.chance.of(known);
    const name = `F${this.texts.length}`;
    const place = this.texts.push("") - 1;
    // It is known to others only when it is whole, so that none leads to itself.
    this.texts[place] = `fragment ${name} on ${on.name} ${this.selections(on, depth, field)}`;
    known.push(name);
    return name;
  }

  field(type, depth) {
    const fields = type.getFields ? Object.values(type.getFields()) : [];
    const fitting = fields.filter((field) => depth > 0 || isLeafType(getNamedType(field.type)));
    if (!fitting.length) return "__typename";
    const field = this.chance.of(fitting);
    return this.text(field, field.name, "", depth);
  }

  // A root field with arguments.
  call() {
    const { field, args } = this.chance.of(this.calls);
    const place = this.chance.below(args.length);
    const given = Object.entries(args[place]).map(([name, value]) => {
      const of = field.args.find((arg) => arg.name === name).type;
      return `${name}: ${this.value(of, value)}`;
    });
    const text = given.length ? `(${given.join(", ")})` : "";
    // What has other arguments needs another key; variables differ each time.
    const key = text.includes("$") ? `v${this.definitions.length}` : `${field.name}${place}`;
    return this.text(field, key, text, DEPTH);
  }

  text(field, key, args, depth) {
    const type = getNamedType(field.type);
    const inner = isLeafType(type)
      ? ""
      : ` ${this.selections(type, depth - 1, () => this.field(type, depth - 1))}`;
    const alias = key === field.name ? this.alias(`a_${field.name}`) : `${key}: `;
    return `${alias}${field.name}${args}${this.conditions()}${inner}`;
  }

  alias(other) {
    // Now and then a key that something else may have as well, which a document must not do.
    if (this.chance.happens(0.01)) return "same: ";
    return this.chance.happens(0.2) ? `${other}: ` : "";
  }

  conditions() {
    if (!this.chance.happens(0.15)) return "";
    const directive = this.chance.of(CONDITIONS);
    const value = this.chance.happens(0.5);
    const text = this.chance.happens(0.5) ? value : this.variable("Boolean!", value, !value);
    return ` @${directive}(if: ${text})`;
  }

  // A value as a literal, or as a variable somewhere in it.
  value(of, value) {
    if (this.chance.happens(0.3)) return this.variable(String(of), value);
    const type = getNullableType(of);
    if (isListType(type) && Array.isArray(value)) {
      return `[${value.map((item) => this.value(type.ofType, item)).join(", ")}]`;
    }
    if (value !== null && typeof value === "object") {
      const fields = type.getFields();
      const given = Object.entries(value).map(([name, inner]) => {
        const field = type.isOneOf ? `${fields[name].type}!` : fields[name].type;
        return `${name}: ${type.isOneOf ? this.literalOr(field, fields[name].type, inner) : this.value(field, inner)}`;
      });
      return `{${given.join(", ")}}`;
    }
    return literal(type, value);
  }

  literalOr(declared, of, value) {
    return this.chance.happens(0.3) ? this.variable(declared, value) : literal(getNullableType(of), value);
  }

  // A variable of this type. It may have a value of its own; where it may, it is left out, or null, now and then.
  variable(type, value, own) {
    const name = `v${this.definitions.length}`;
    const isRequired = type.endsWith("!");
    const hasOwn = own !== undefined && this.chance.happens(0.5);
    this.definitions.push(`$${name}: ${type}${hasOwn ? ` = ${own}` : ""}`);
    const fate = this.chance.next();
    if (fate < 0.25 && (hasOwn || !isRequired)) return `$${name}`;
    this.variables[name] = fate < 0.3 && !isRequired ? null : value;
    if (fate > 0.98) this.variables[name] = this.chance.of([null, 5, "wrong", true, [], {}]);
    return `$${name}`;
  }
}

function literal(type, value) {
  if (typeof value === "string" && type.getValues) return value;
  return JSON.stringify(value);
}
