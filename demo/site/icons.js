// Line icons, drawn on a 24 x 24 grid. Content names an icon; unknown names get a spark.

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  scale: ["M12 3v18", "M7 21h10", "M5 6h14", "M12 5 5 6M19 6l-7-1", "M5 6 2 14h6Z", "M19 6l-3 8h6Z", "M2 14a3 3 0 0 0 6 0", "M16 14a3 3 0 0 0 6 0"],
  sprout: ["M12 21v-9", "M12 13C12 8 8.5 5.5 3.5 6 3.5 10.5 7 13.5 12 13Z", "M12 10.5C12 6.5 15 3.5 20.5 3.5 20.5 8.5 17.5 11 12 10.5Z", "M7 21h10"],
  handshake: ["m2 8 4-3 5 1.5", "m22 8-4-3-5 1-4 4c-.8 1.600 1 2.800 2.5 1.700L14 10l5.5 5", "m2 15 3 .5 5 4.300c.9.700 2.100.1 2.200-.9", "M12.5 18.5c1 1 2.700.3 2.600-1.100", "M15.200 17.200c1.200.7 2.600-.3 2.300-1.700", "M17.5 15.5c1 .5 2 0 2-.6L22 14"],
  compass: ["M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19Z", "m15.800 8.200-2.300 5.300-5.300 2.300 2.300-5.300Z"],
  flame: ["M12 21.5c-4 0-6.800-2.700-6.800-6.5 0-3 1.700-4.700 3.300-6.600C10 6.600 11 5 11 2.5c3 1.600 4.5 4 4.700 6.700.8-.5 1.300-1.300 1.5-2.300 1.200 2 1.700 4.600 1.700 7.600 0 4.200-2.900 7-6.900 7Z", "M12 21.5c-1.900 0-3.100-1.300-3.100-3.100 0-2 1.700-2.900 2.700-5.100 2.200 1.300 3.5 3 3.5 5.100 0 1.800-1.200 3.100-3.100 3.100Z"],
  "raised-hand": ["M7.5 12.5V6a1.5 1.5 0 0 1 3 0v5", "M10.5 10.5V4a1.5 1.5 0 0 1 3 0v6.5", "M13.5 10.5V5a1.5 1.5 0 0 1 3 0v7", "M16.5 11V8a1.5 1.5 0 0 1 3 0v6.5c0 4-2.700 7-6.5 7-3 0-4.700-1.300-6-3.600l-3-5.200c-.8-1.600 1-2.700 2.100-1.5l1.400 1.800"],
  "book-open": ["M12 6.5C9.5 4.5 6 4 2.5 4.5v14c3.5-.5 7 0 9.5 2 2.5-2 6-2.5 9.5-2v-14C18 4 14.5 4.5 12 6.5Z", "M12 6.5v14"],
  clipboard: ["M8.5 4.5H6A1.5 1.5 0 0 0 4.5 6v14A1.5 1.5 0 0 0 6 21.5h12a1.5 1.5 0 0 0 1.5-1.5V6A1.5 1.5 0 0 0 18 4.5h-2.5", "M8.5 3h7v3.5h-7Z", "M8.5 17.5v-3", "M12 17.5V11", "M15.5 17.5v-5"],
  spark: ["M12 2.5 14 10l7.5 2L14 14l-2 7.5L10 14l-7.5-2L10 10Z"],
  arrow: ["M4 12h16", "m13.5 5.5 6.5 6.5-6.5 6.5"],
  mail: ["M3 5.5h18v13H3Z", "m3.5 6.5 8.5 7 8.5-7"],
  link: ["M10 14a4 4 0 0 0 5.700 0l3.5-3.5a4 4 0 0 0-5.700-5.700L12 6.300", "M14 10a4 4 0 0 0-5.700 0l-3.5 3.5a4 4 0 0 0 5.700 5.700l1.5-1.5"],
  menu: ["M4 7h16", "M4 12h16", "M4 17h16"],
};

/** A decorative icon; the text beside it carries the meaning. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  // Object.hasOwn: a name such as "constructor" must not reach the prototype.
  const paths = Object.hasOwn(PATHS, name ?? "") ? PATHS[name] : PATHS.spark;
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}
