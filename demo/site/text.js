// Words of the page's own furniture (not content), and dates in the reader's language.
import { DEFAULT_LOCALE } from "./dom.js";

const WORDS = {
  en: {
    skip: "Skip to content",
    sections: "On this page",
    languages: "Language",
    menu: "Menu",
    loaded: "Page shown in English",
    source: "Source",
    asOf: "as of",
    stale: "This figure is being updated.",
    email: "E-mail",
    note: "Kindling Schools is an imaginary organisation: demonstration content for the Kindling content server.",
    errorTitle: "The page could not be loaded",
    errorBody: "The content server did not give an answer we can show. Please try again in a moment.",
    retry: "Try again",
  },
  es: {
    skip: "Saltar al contenido",
    sections: "En esta página",
    languages: "Idioma",
    menu: "Menú",
    loaded: "Página en español",
    source: "Fuente",
    asOf: "a",
    stale: "Esta cifra se está actualizando.",
    email: "Correo electrónico",
    note: "Kindling Schools es una organización imaginaria: contenido de demostración del servidor de contenidos Kindling.",
    errorTitle: "No se pudo cargar la página",
    errorBody: "El servidor de contenidos no dio una respuesta que podamos mostrar. Inténtalo de nuevo en un momento.",
    retry: "Reintentar",
  },
};

/** The language of the furniture: the locale's own, or the default one's. */
export function furnitureLocale(locale) {
  const language = locale.split("-")[0];
  return Object.hasOwn(WORDS, language) ? language : DEFAULT_LOCALE;
}

export function words(locale = document.documentElement.lang) {
  return WORDS[furnitureLocale(locale)];
}

/** "español", "English": each language called by its own name. */
export function languageName(locale) {
  const name = new Intl.DisplayNames([locale], { type: "language" }).of(locale) ?? locale;
  return name.charAt(0).toLocaleUpperCase(locale) + name.slice(1);
}

const PRECISION = [
  { year: "numeric" },
  { year: "numeric", month: "long" },
  { year: "numeric", month: "long", day: "numeric" },
];

/** "2008", "2008-05" and "2008-05-17" are shown as exactly as they are known. */
export function formatDate(partial, locale = document.documentElement.lang) {
  const parts = partial.split("-").map(Number);
  const [year, month = 1, day = 1] = parts;
  // UTC on both sides, or the reader's time zone could move the day.
  const date = new Date(Date.UTC(year, month - 1, day));
  const options = { ...PRECISION[parts.length - 1], timeZone: "UTC" };
  return new Intl.DateTimeFormat(locale, options).format(date);
}
