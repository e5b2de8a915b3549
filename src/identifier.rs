//! Identifiers that people choose: keys of entries, e-mail addresses, names of keys for machines. Two that look alike are the same.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory},
};

/// Shows nothing, though Unicode takes it for a symbol.
const BRAILLE_BLANK: char = '\u{2800}';

/// Returns the text in the one form that is stored and compared: Unicode's normalisation form C.
pub fn normalize(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// Returns what somebody chose without white space at its ends. What cannot be seen stays, to be refused.
pub fn trim(chosen: &str) -> &str {
    chosen.trim()
}

/// Returns a line without white space at its ends; nothing of a text of which nothing can be seen.
pub fn trim_line(text: &str) -> &str {
    trim_end(text).trim_start_matches(is_padding)
}

/// Returns the text without white space at its end; nothing of a text of which nothing can be seen.
pub fn trim_end(text: &str) -> &str {
    if is_blank(text) {
        return "";
    }
    text.trim_end_matches(is_padding)
}

/// White space, and what parts words without being seen: it means nothing at the ends of a text. Joiners do, as they belong to letters
/// and pictures.
fn is_padding(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// Whether nothing of the text can be seen.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c == ' ' || is_invisible(c))
}

/// Whether the text holds characters that cannot be seen, or that cannot be told from a space.
pub fn has_invisible(text: &str) -> bool {
    text.chars().any(is_invisible)
}

fn is_invisible(c: char) -> bool {
    // Most characters can be seen.
    if (' '..='~').contains(&c) {
        return false;
    }
    c.is_whitespace()
        || c.is_control()
        || c == BRAILLE_BLANK
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::Format
}

#[cfg(test)]
mod tests {
    use super::{has_invisible, normalize};

    #[test]
    fn one_text_has_one_form() {
        assert_eq!(normalize("cafe\u{301}"), "caf\u{e9}");
        assert_eq!(normalize("\u{212b}"), "\u{c5}", "a sign that is the letter");
        assert_eq!(normalize("a key"), "a key");
    }

    #[test]
    fn what_cannot_be_seen_is_found() {
        for text in [
            "a\u{200b}b",
            "\u{feff}a",
            "a\u{ad}b",
            "a\u{2060}",
            "a\u{202e}b",
            "a\u{a0}b",
            "a\u{3164}b",
            "a\u{2800}b",
            "a\tb",
            "a\u{34f}b",
            "a\u{fe0f}",
            "a\u{e0061}",
            "a\u{180e}b",
            "a\u{2028}b",
            "a\u{85}b",
        ] {
            assert!(has_invisible(text), "{text:?}");
        }
        for text in [
            "a b",
            "caf\u{e9}",
            "\u{65e5}\u{672c}",
            "\u{5e9}\u{5dc}",
            "\u{1f525}",
            "",
        ] {
            assert!(!has_invisible(text), "{text:?}");
        }
    }
}
