// Small helpers for building elements. No inline styles in markup: the CSP forbids
// them; properties set through the CSSOM (as for the focal point) are allowed.

export const DEFAULT_LOCALE = "en";

/** h("p.note", { id: "x" }, "text", child): null children are skipped. */
export function h(selector, attributes = {}, ...children) {
  const [tag, ...classes] = selector.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Text that fell back to another language says so, for speech and hyphenation. */
export function langOf(entry, ...fields) {
  if (!fields.some((field) => entry.fallbacks?.includes(field))) return null;
  const pageLocale = document.documentElement.lang;
  return entry.locale && entry.locale !== pageLocale ? entry.locale : DEFAULT_LOCALE;
}

/** An element with the text of one field, or null when the field is empty. */
export function textOf(selector, entry, field, attributes = {}) {
  if (!entry[field]) return null;
  return h(selector, { ...attributes, lang: langOf(entry, field) }, entry[field]);
}

/** Markdown that the server has already turned into sanitised HTML. */
export function richText(entry, field, selector = "div.prose") {
  const html = entry[`${field}Html`];
  if (!html) return null;
  const element = h(selector, { lang: langOf(entry, field, `${field}Html`) });
  element.innerHTML = html;
  return element;
}

/** Only web and mail addresses become links, whatever the content says. */
export function safeUrl(url) {
  try {
    const { protocol, href } = new URL(url, location.href);
    return ["https:", "http:", "mailto:"].includes(protocol) ? href : null;
  } catch {
    return null;
  }
}

/** The picture of an asset; width and height keep its place free while it loads. */
export function picture(asset, { eager = false, decorative = false, selector = "img" } = {}) {
  if (!asset) return null;
  const silent = decorative || asset.isDecorative;
  const image = h(selector, {
    alt: silent ? "" : asset.alternativeText,
    lang: silent ? null : langOf(asset, "alternativeText"),
    width: asset.width,
    height: asset.height,
    decoding: "async",
    loading: eager ? "eager" : "lazy",
    fetchpriority: eager ? "high" : null,
  });
  if (asset.focalPoint) {
    const { x, y } = asset.focalPoint;
    image.style.objectPosition = `${x * 100}% ${y * 100}%`;
  }
  // Last: some engines begin loading at once, before "loading" is known.
  image.src = asset.url;
  return image;
}

/** A picture with its caption. */
export function figure(asset, options = {}) {
  if (!asset) return null;
  return h("figure.figure", {}, picture(asset, options), textOf("figcaption", asset, "caption"));
}
