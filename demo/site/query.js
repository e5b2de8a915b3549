// The one request of this page: everything a visitor sees comes from this query.

export const PAGE_QUERY = `query OurStory($locale: Locale!) {
  page(by: { slug: "our-story" }, view: { locales: [$locale] }) {
    id locale fallbacks title tagline summary
    translations { locale status }
    seo { title description }
    heroImage { ...Picture }
    sections {
      id locale fallbacks anchor layout eyebrow heading bodyHtml
      image { ...Picture }
      callToAction { label url }
      items {
        __typename
        ... on Value { id locale fallbacks title description icon }
        ... on ImpactStat {
          id locale fallbacks value formattedValue prefix suffix label description icon
          period asOfOn isStale source { name url }
        }
        ... on Testimonial {
          id locale fallbacks quote authorName authorRole organisation sourceUrl
          photo { ...Picture }
        }
        ... on Milestone {
          id locale fallbacks date endDate title bodyHtml
          image { ...Picture }
        }
        ... on TeamMember {
          id locale fallbacks name pronouns role biographyHtml email
          photo { ...Picture }
          links { label url }
        }
      }
    }
  }
}
fragment Picture on Asset {
  id locale fallbacks url width height alternativeText isDecorative caption
  focalPoint { x y }
}`;

/** Asks for the page in one locale; throws when there is no page to show. */
export async function fetchPage(locale, signal) {
  const response = await fetch(new URL("graphql", import.meta.url), {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ query: PAGE_QUERY, operationName: "OurStory", variables: { locale } }),
    signal,
  });
  // GraphQL errors may come with a 4xx status and still say why, so read first.
  const answer = await response.json().catch(() => ({}));
  // A partial answer (data and errors) is still worth showing.
  if (answer.data?.page) return answer.data.page;
  throw new Error(answer.errors?.[0]?.message ?? `HTTP ${response.status}`);
}
