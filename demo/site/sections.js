// One function for each layout of a section.
import { figure, h, langOf, picture, richText, safeUrl, textOf } from "./dom.js";
import { icon } from "./icons.js";
import { renderItem } from "./items.js";

function headingId(section) {
  return `${section.anchor}-heading`;
}

function heading(section, level = "h2") {
  return textOf(level, section, "heading", { id: headingId(section) });
}

function eyebrow(section) {
  return textOf("p.eyebrow", section, "eyebrow");
}

function callToAction(section) {
  const action = section.callToAction;
  const href = action && safeUrl(action.url);
  if (!href) return null;
  const lang = langOf(section, "callToAction", "callToActionLabel");
  return h("p.action", {}, h("a.button", { href, lang }, h("span", {}, action.label), icon("arrow")));
}

function intro(section) {
  return h("div.intro", {}, eyebrow(section), heading(section), richText(section, "body"), callToAction(section));
}

function items(section, selector) {
  const elements = section.items.map(renderItem).filter(Boolean);
  return elements.length ? h(selector, {}, elements) : null;
}

/** The <section> itself, named by its heading. */
function frame(section, name, ...children) {
  const labelled = section.heading ? { "aria-labelledby": headingId(section) } : {};
  return h(`section.section.section--${name}`, { id: section.anchor, ...labelled }, ...children);
}

function hero(section, page) {
  const image = section.image ?? page.heroImage;
  const title = heading(section, "h1") ?? textOf("h1", page, "title", { id: headingId(section) });
  return frame(section, "hero",
    picture(image, { eager: true, selector: "img.hero__image" }),
    h("div.wrap.hero__text", {}, eyebrow(section), title, richText(section, "body"), callToAction(section)),
  );
}

function text(section) {
  return frame(section, "text",
    h("div.wrap.split", {}, intro(section), figure(section.image)),
    items(section, "div.wrap"),
  );
}

function statement(section) {
  return frame(section, "statement",
    picture(section.image, { selector: "img.statement__image" }),
    h("div.wrap.statement__text", {}, eyebrow(section), heading(section), richText(section, "body"), callToAction(section)),
  );
}

function values(section) {
  return frame(section, "values", h("div.wrap.values", {}, intro(section), items(section, "ul.values__list")));
}

function impact(section) {
  return frame(section, "impact", h("div.wrap", {}, intro(section), items(section, "ul.stats")));
}

function testimonials(section) {
  return frame(section, "testimonials", h("div.wrap", {}, intro(section), items(section, "div.quotes")));
}

function timeline(section) {
  return frame(section, "timeline", h("div.wrap.journey", {}, intro(section), items(section, "ol.milestones")));
}

function team(section) {
  return frame(section, "team", h("div.wrap", {}, intro(section), items(section, "ul.members")));
}

function invitation(section) {
  return frame(section, "invitation",
    h("div.wrap", {}, h("div.panel", {}, intro(section), picture(section.image))),
  );
}

const LAYOUTS = {
  HERO: hero,
  TEXT: text,
  STATEMENT: statement,
  VALUES: values,
  IMPACT: impact,
  TESTIMONIALS: testimonials,
  TIMELINE: timeline,
  TEAM: team,
  CALL_TO_ACTION: invitation,
};

/** A layout that is newer than this page is shown as text rather than lost. */
export function renderSection(section, page) {
  const layout = Object.hasOwn(LAYOUTS, section.layout) ? LAYOUTS[section.layout] : text;
  return layout(section, page);
}
