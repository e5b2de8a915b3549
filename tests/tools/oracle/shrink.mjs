// Makes a request small that still fails: leaves out parts of it for as long as it does.
import { parse, print, visit } from "graphql";

const MOST_TRIES = 400;

export async function shrink(request, fails) {
  let [smallest, tries, isSmaller] = [request, 0, true];
  while (isSmaller) {
    isSmaller = false;
    for (const smaller of candidates(smallest)) {
      tries += 1;
      if (tries > MOST_TRIES) return smallest;
      if (await fails(smaller)) {
        [smallest, isSmaller] = [smaller, true];
        break;
      }
    }
  }
  return smallest;
}

const LEFT_OUT = ["Field", "InlineFragment", "FragmentSpread", "Directive", "VariableDefinition", "FragmentDefinition", "Argument", "ObjectField"];

// The request without one of its parts, the largest first.
function* candidates({ query, variables }) {
  let document;
  try {
    document = parse(query);
  } catch {
    return;
  }
  const parts = [];
  visit(document, {
    enter: (node) => {
      if (LEFT_OUT.includes(node.kind)) parts.push(node);
    },
  });
  const length = (node) => node.loc.end - node.loc.start;
  for (const part of parts.sort((one, other) => length(other) - length(one))) {
    const without = visit(document, { enter: (node) => (node === part ? null : undefined) });
    const text = print(without).replace(/ \{\s*\}/g, "");
    yield { query: text, variables };
  }
}
