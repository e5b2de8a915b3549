// Where an answer is not what the specification says.

// Where we refuse more: documents are bounded, and, as the specification says, no selection is empty, which graphql-js 17 takes.
const STRICTER = [/^beyond the limit of /, /fields by type/, /^there is nothing in "\{\}"/];

export function compare(ours, theirs) {
  const errors = ours.errors ?? [];
  if (errors.some((error) => STRICTER.some((stricter) => stricter.test(error.message)))) return null;
  const codes = errors.map((error) => error.extensions?.code);
  const isRefused = codes.some((code) => ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"].includes(code));
  if (isRefused === theirs.isValid) {
    const message = theirs.isValid ? errors[0].message : (theirs.faults ?? ["it cannot be parsed"]).join("; ");
    return theirs.isValid ? `refused, though it is valid: ${message}` : `taken, though it is invalid: ${message}`;
  }
  if (!theirs.isValid) return null;
  const { answer } = theirs;
  // Where the variables are wrong, nothing is executed, and there is no data.
  if (JSON.stringify(ours.data) !== JSON.stringify(answer.data)) {
    return `ours:   ${JSON.stringify(ours.data)}\ntheirs: ${JSON.stringify(answer.data)}\n${JSON.stringify({ ours: errors, theirs: answer.errors })}`;
  }
  const paths = errors.map((error) => JSON.stringify(error.path));
  const missing = (answer.errors ?? []).filter((error) => !paths.includes(JSON.stringify(error.path)));
  if (missing.length || Boolean(errors.length) !== Boolean(answer.errors?.length)) {
    return `errors: ${JSON.stringify({ ours: errors, theirs: answer.errors })}`;
  }
  return null;
}
