// Starts the page: asks for the content, draws it, and lets the reader change language.
import { DEFAULT_LOCALE, h, langOf } from "./dom.js";
import { icon } from "./icons.js";
import { fetchPage } from "./query.js";
import { renderSection } from "./sections.js";
import { furnitureLocale, languageName, words } from "./text.js";

// The sections that the menu at the top leads to.
const IN_MENU = new Set(["TEXT", "VALUES", "IMPACT", "TIMELINE", "TEAM"]);

const byId = (id) => document.getElementById(id);
let pending = null;

function localeFromAddress() {
  const asked = new URLSearchParams(location.search).get("lang") ?? DEFAULT_LOCALE;
  try {
    return Intl.getCanonicalLocales(asked)[0] ?? DEFAULT_LOCALE;
  } catch {
    return DEFAULT_LOCALE; // ?lang= holds something that is no language tag
  }
}

function addressFor(locale) {
  return locale === DEFAULT_LOCALE ? "./" : `./?lang=${encodeURIComponent(locale)}`;
}

function drawHead(page) {
  document.title = page.seo.title ?? page.title;
  const description = page.seo.description ?? page.summary ?? "";
  document.querySelector('meta[name="description"]').content = description;
}

function drawMenu(sections) {
  const nav = byId("nav");
  const listed = sections.filter((section) => IN_MENU.has(section.layout) && section.eyebrow);
  const links = listed.map((section) =>
    h("li", {}, h("a", { href: `#${section.anchor}`, lang: langOf(section, "eyebrow") }, section.eyebrow)));
  nav.replaceChildren(h("ul", {}, links));
  nav.setAttribute("aria-label", words().sections);
  nav.hidden = links.length === 0;
  const button = byId("menu");
  button.hidden = nav.hidden;
  button.replaceChildren(icon("menu"), h("span.sr", {}, words().menu));
}

function languageLink(locale, current) {
  const link = h("a", {
    href: addressFor(locale),
    hreflang: locale,
    lang: locale,
    "aria-current": locale === current ? "true" : null,
  }, languageName(locale));
  link.addEventListener("click", (event) => {
    // A click meant for a new tab stays an ordinary link.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    history.pushState(null, "", addressFor(locale));
    // "focus": the links are drawn anew, so the focus has to be put back.
    show({ focusLanguage: true });
  });
  return h("li", {}, link);
}

function drawLanguages(locales, current) {
  const nav = byId("langs");
  nav.replaceChildren(h("ul", {}, locales.map((locale) => languageLink(locale, current))));
  nav.setAttribute("aria-label", words().languages);
  nav.hidden = locales.length < 2;
}

function drawFurniture(page, locale) {
  const text = words();
  byId("skip").textContent = text.skip;
  byId("brand").href = addressFor(locale);
  byId("tagline").textContent = page?.tagline ?? "";
  byId("note").textContent = text.note;
}

function drawPage(page, locale) {
  // Set first: everything below asks which language the page is in.
  document.documentElement.lang = locale;
  drawHead(page);
  drawFurniture(page, locale);
  drawMenu(page.sections);
  const locales = page.translations.map((translation) => translation.locale);
  drawLanguages(locales.includes(locale) ? locales : [locale, ...locales], locale);
  byId("main").replaceChildren(...page.sections.map((section) => renderSection(section, page)));
}

function drawError(error, locale) {
  console.error(error);
  const language = furnitureLocale(locale);
  document.documentElement.lang = language;
  const text = words();
  drawFurniture(null, language);
  drawLanguages(locale === DEFAULT_LOCALE ? [] : [DEFAULT_LOCALE, locale], locale);
  const retry = h("button.button", { type: "button" }, text.retry);
  retry.addEventListener("click", () => show());
  byId("main").replaceChildren(
    h("div.notice", { role: "alert" }, h("h1", {}, text.errorTitle), h("p", {}, text.errorBody), retry),
  );
}

/** The document was empty when the browser looked for the #fragment. */
function goToFragment() {
  const target = location.hash && byId(decodeURIComponent(location.hash.slice(1)));
  if (target) target.scrollIntoView({ behavior: "instant" });
}

/** Remembers the section being read, since another language has other heights. */
function placeKeeper() {
  const sections = [...document.querySelectorAll("main > section")];
  const current = sections.findLast((section) => section.getBoundingClientRect().top <= innerHeight / 3);
  if (!current || scrollY === 0) return () => {};
  const { id } = current;
  const { top, height } = current.getBoundingClientRect();
  return () => {
    const section = byId(id)?.getBoundingClientRect();
    if (!section) return;
    const wanted = top * (section.height / height);
    scrollBy({ top: section.top - wanted, behavior: "instant" });
  };
}

function documentReady() {
  if (document.readyState !== "loading") return Promise.resolve();
  return new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
}

async function show({ focusLanguage = false, first = false } = {}) {
  pending?.abort();
  const mine = (pending = new AbortController());
  const locale = localeFromAddress();
  const asked = fetchPage(locale, mine.signal);
  asked.catch(() => {}); // handled below; the document may not be there yet
  await documentReady();
  byId("main").setAttribute("aria-busy", "true");
  try {
    const page = await asked;
    const keepPlace = placeKeeper();
    drawPage(page, locale);
    if (first) return goToFragment();
    keepPlace();
    byId("status").textContent = words().loaded;
  } catch (error) {
    if (mine.signal.aborted) return; // a later choice of language took over
    drawError(error, locale);
  } finally {
    if (pending === mine) byId("main").setAttribute("aria-busy", "false");
  }
  if (focusLanguage) byId("langs").querySelector("[aria-current]")?.focus({ preventScroll: true });
}

function setMenu(open) {
  byId("menu").setAttribute("aria-expanded", String(open));
  byId("nav").classList.toggle("nav--open", open);
}

async function listen() {
  await documentReady();
  byId("menu").addEventListener("click", () => setMenu(byId("menu").getAttribute("aria-expanded") !== "true"));
  byId("nav").addEventListener("click", () => setMenu(false));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || byId("menu").getAttribute("aria-expanded") !== "true") return;
    setMenu(false);
    byId("menu").focus();
  });
  addEventListener("popstate", () => {
    // Moving between #fragments also fires popstate; only a new language needs a query.
    if (document.documentElement.lang !== localeFromAddress()) show();
  });
}

show({ first: true });
listen();
