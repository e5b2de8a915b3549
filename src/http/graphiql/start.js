// Starts GraphiQL on Kindling's endpoint, with the tabs of a first visit.
(function () {
  "use strict";

  const wholePage = `# A whole page in one request: its sections in order,
# with everything that they show.
query WholePage($slug: String!) {
  page(by: { slug: $slug }) {
    title
    tagline
    heroImage { ...Picture }
    seo { title description }
    sections {
      anchor
      layout
      eyebrow
      heading
      bodyHtml
      image { ...Picture }
      callToAction { label url }
      items {
        __typename
        ... on Value { title description icon }
        ... on ImpactStat {
          formattedValue
          label
          source { name url }
        }
        ... on Testimonial {
          quote
          authorName
          authorRole
          photo { ...Picture }
        }
        ... on Milestone {
          date
          title
          bodyHtml
          image { ...Picture }
        }
        ... on TeamMember {
          name
          role
          biographyHtml
          photo { ...Picture }
        }
      }
    }
  }
}

fragment Picture on Asset {
  url
  alternativeText
  width
  height
}
`;

  const milestones = `# Milestones, a few at a time. For the next ones, set
# "after" to the endCursor of this answer.
query Milestones($first: Int!, $after: String) {
  milestones(first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes { date endDate title bodyHtml }
  }
}
`;

  const spanish = `# The same page in Spanish. Fields without translation
# come in the next locale of the list: see "fallbacks".
# "translations" says how far each locale is.
query PageInSpanish(
  $slug: String!
  $locales: [Locale!]!
) {
  page(
    by: { slug: $slug }
    view: { locales: $locales }
  ) {
    locale
    fallbacks
    translations { locale status missing }
    title
    tagline
    sections {
      heading
      bodyHtml
      fallbacks
      translations { locale status missing }
    }
  }
}
`;

  const json = (value) => JSON.stringify(value, null, 2);
  const slug = "our-story";
  const tabs = [
    { query: wholePage, variables: json({ slug }) },
    { query: milestones, variables: json({ first: 5, after: null }) },
    { query: spanish, variables: json({ slug, locales: ["es", "en"] }) },
  ];

  // GraphiQL fills in the variables of the first tab only from this property. On later visits it has
  // tabs of its own, and the property would add one more.
  const isFirstVisit = () => {
    try {
      return window.localStorage.getItem("graphiql:tabState") === null;
    } catch {
      return true;
    }
  };

  const place = document.getElementById("graphiql");
  if (!window.React || !window.ReactDOM || !window.GraphiQL) {
    place.firstElementChild.textContent =
      "GraphiQL could not be loaded. Without a network, run npm install in web/ and start Kindling again.";
    return;
  }

  const { createElement } = window.React;
  const GraphiQL = window.GraphiQL;
  window.ReactDOM.createRoot(place).render(
    createElement(
      GraphiQL,
      {
        fetcher: GraphiQL.createFetcher({ url: new URL("graphql", location.href).href }),
        defaultTabs: tabs,
        variables: isFirstVisit() ? tabs[0].variables : undefined,
        defaultEditorToolsVisibility: "variables",
        // Tokens in headers stay in memory.
        shouldPersistHeaders: false,
        showPersistHeadersSettings: false,
      },
      createElement(GraphiQL.Logo, null, "Kindling"),
    ),
  );
})();
