// The root fields that documents ask for, with the arguments that they may have: right ones, wrong ones, and none.
const LISTS = ["assets", "impactStats", "milestones", "pages", "storySections", "teamMembers", "testimonials", "values"];
const SINGLE = { assets: "asset", impactStats: "impactStat", milestones: "milestone", pages: "page", storySections: "storySection", teamMembers: "teamMember", testimonials: "testimonial", values: "value" };
const VIEWS = [{ perspective: "DRAFT" }, { perspective: "PUBLISHED", locales: ["es", "en"] }, {}];

export async function calls(schema, ask) {
  const fields = schema.getQueryType().getFields();
  const ids = {};
  for (const list of LISTS) {
    const answer = await ask({ query: `{ ${list}(first: 2) { nodes { id } } }` });
    ids[list] = answer.data[list].nodes.map((node) => node.id);
  }
  const some = Object.values(ids).map(([id]) => id);
  const of = (name, args) => ({ field: fields[name], args });
  const lists = LISTS.map((list) =>
    of(list, [
      { first: 2 },
      { first: 0 },
      { last: 1 },
      { first: 101 },
      { first: 1, view: VIEWS[0] },
      { first: 2, view: VIEWS[1] },
      { first: 1, view: VIEWS[2], where: { id: { in: ids[list] } } },
      { first: 2, where: { or: [{ id: { in: [ids[list][0]] } }, { not: { id: { in: [some[0]] } } }] } },
      { first: 2, orderBy: [{ field: "UPDATED_AT", direction: "DESC" }] },
    ]),
  );
  const singles = LISTS.map((list) =>
    of(SINGLE[list], [
      { by: { id: ids[list][0] } },
      { by: { id: ids[list][1] ?? some[0] }, view: VIEWS[1] },
      { by: { id: "nonsense" } },
      { by: { id: ids[list][0] }, view: VIEWS[0] },
    ]),
  );
  return [
    ...lists,
    ...singles,
    of("node", [...some.map((id) => ({ id })), { id: `${some[0]}~draft` }, { id: "nonsense" }]),
    of("nodes", [{ ids: some }, { ids: [some[3], "nonsense"] }, { ids: [] }, { ids: some, view: VIEWS[1] }]),
    of("usedBy", [...some.map((id) => ({ id, first: 2 })), { id: some[0], first: 101 }]),
    of("history", some.map((id) => ({ id, first: 2 }))),
    of("diff", [{ id: some[2], from: 1, to: 1 }, { id: some[0], from: 1, to: 9 }]),
    of("entries", [{ first: 3 }, { last: 2 }, { first: 101 }, { first: 4, where: {} }]),
    of("signInMethods", [{}]),
    of("site", [{}]),
  ];
}
