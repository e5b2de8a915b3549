// One function for each type of item that a section may hold.
import { figure, h, langOf, picture, richText, safeUrl, textOf } from "./dom.js";
import { icon } from "./icons.js";
import { formatDate, words } from "./text.js";

function value(item) {
  return h("li.value", {},
    h("span.badge", {}, icon(item.icon)),
    textOf("h3", item, "title"),
    textOf("p", item, "description"),
  );
}

function sourceLine(item) {
  const parts = [];
  if (item.period) parts.push(h("span", { lang: langOf(item, "period") }, item.period));
  if (item.source) {
    const url = item.source.url && safeUrl(item.source.url);
    const name = url ? h("a", { href: url }, item.source.name) : item.source.name;
    parts.push(h("span", {}, `${words().source}: `, name));
  }
  if (item.asOfOn) {
    parts.push(h("span", {}, `${words().asOf} `, h("time", { datetime: item.asOfOn }, formatDate(item.asOfOn))));
  }
  return parts.length ? h("p.stat__source", {}, parts) : null;
}

function impactStat(item) {
  return h("li.stat", {},
    h("span.badge", {}, icon(item.icon)),
    // One heading, so that a screen reader says "48,479 students" in one breath.
    h("h3", {}, h("data.stat__value", { value: item.value }, `${item.prefix ?? ""}${item.formattedValue}${item.suffix ?? ""}`), " ", textOf("span.stat__label", item, "label")),
    textOf("p", item, "description"),
    sourceLine(item),
    item.isStale ? h("p.stat__stale", {}, words().stale) : null,
  );
}

function testimonial(item) {
  const cite = item.sourceUrl && safeUrl(item.sourceUrl);
  const role = [textOf("span", item, "authorRole"), item.organisation].filter(Boolean);
  return h("figure.quote", {},
    h("blockquote", { cite, lang: langOf(item, "quote") }, h("p", {}, item.quote)),
    h("figcaption", {},
      item.photo ? picture(item.photo, { decorative: true }) : null,
      h("strong", {}, item.authorName),
      role.length ? h("span.quote__role", {}, role.flatMap((part, i) => (i ? [", ", part] : [part]))) : null,
    ),
  );
}

function milestone(item) {
  const time = (date) => h("time", { datetime: date }, formatDate(date));
  return h("li.milestone", {},
    h("p.milestone__date", {}, time(item.date), item.endDate ? [" – ", time(item.endDate)] : []),
    h("div.milestone__card", {},
      textOf("h3", item, "title"),
      richText(item, "body"),
      figure(item.image),
    ),
  );
}

function contact(name, url, text, label) {
  const href = safeUrl(url);
  return href ? h("li", {}, h("a", { href, "aria-label": label }, icon(name), h("span", {}, text))) : null;
}

function teamMember(item) {
  const contacts = [
    item.email ? contact("mail", `mailto:${item.email}`, item.email, `${words().email}: ${item.email}`) : null,
    ...item.links.map((link) => contact("link", link.url, link.label)),
  ].filter(Boolean);
  return h("li.member", {},
    picture(item.photo),
    h("div.member__text", {},
      h("h3", {}, item.name, item.pronouns ? h("small", {}, ` (${item.pronouns})`) : null),
      textOf("p.member__role", item, "role"),
      richText(item, "biography"),
      contacts.length ? h("ul.member__links", {}, contacts) : null,
    ),
  );
}

const RENDERERS = {
  Value: value,
  ImpactStat: impactStat,
  Testimonial: testimonial,
  Milestone: milestone,
  TeamMember: teamMember,
};

/** The element for an item; null for types this page does not know. */
export function renderItem(item) {
  return Object.hasOwn(RENDERERS, item.__typename) ? RENDERERS[item.__typename](item) : null;
}
