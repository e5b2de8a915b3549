// Damages documents: most of what comes of it breaks a rule of validation.
const NAME = /[_A-Za-z][_0-9A-Za-z]*/g;

const WAYS = [
  // A name in the place of another.
  (text, chance, names) => replaceName(text, chance, () => chance.of(names)),
  (text, chance) => replaceName(text, chance, () => chance.of(text.match(NAME))),
  // Something that is gone.
  (text, chance) => cut(text, chance, /\$\w+: [\w![\]]+( = \w+)?,? ?/g),
  (text, chance) => cut(text, chance, /\([^()]*\)/g),
  (text, chance) => cut(text, chance, /\.\.\.F\d+/g),
  (text, chance) => cut(text, chance, / \{ [^{}]* \}/g),
  // Something that nobody knows.
  (text, chance) => insert(text, chance, /\w(?= [}{])/g, " @unknown"),
  (text, chance) => insert(text, chance, /__typename/g, chance.of([" @skip", " @skip(if: $nobody)", "(a: 1)", " { id }", " @include(if: 1)"])),
  (text, chance) => insert(text, chance, /\(if: [^)]*\)/g, " @skip(if: false) @skip(if: false)"),
  (text, chance) => insert(text, chance, /\$\w+: [\w![\]]+/g, chance.of([" @unknown", " @skip(if: true)", " = 5", "!", " = null"])),
  (text, chance) => insert(text, chance, /\w+: (?=["\d[{A-Z])/g, chance.of(["$nobody ", "null ", "\"text\" ", "5 ", "[] ", "{} "])),
  // Something twice.
  (text, chance) => twice(text, chance, /fragment F\d+ on .*/g),
  (text, chance) => twice(text, chance, /\$\w+: [\w![\]]+/g),
  (text, chance) => twice(text, chance, /\w+: "[^"]*"/g),
  // A fragment that leads to itself.
  (text, chance) => insert(text, chance, /fragment F\d+ on \w+ \{/g, " ...F0"),
  // Something quoted that must not be, and the other way round.
  (text, chance) => swap(text, chance, /: [A-Z_]+(?=[,}\])])/g, (found) => `: "${found.slice(2)}"`),
  (text, chance) => swap(text, chance, /: \d+/g, (found) => `: "${found.slice(2)}"`),
];

export function damage(text, chance, names) {
  return chance.of(WAYS)(text, chance, names);
}

function places(text, pattern) {
  return [...text.matchAll(pattern)];
}

function swap(text, chance, pattern, change) {
  const found = places(text, pattern);
  if (!found.length) return text;
  const place = chance.of(found);
  return text.slice(0, place.index) + change(place[0]) + text.slice(place.index + place[0].length);
}

const replaceName = (text, chance, name) => swap(text, chance, NAME, name);
const cut = (text, chance, pattern) => swap(text, chance, pattern, () => "");
const insert = (text, chance, pattern, added) => swap(text, chance, pattern, (found) => found + added);
const twice = (text, chance, pattern) => swap(text, chance, pattern, (found) => `${found} ${found}`);
