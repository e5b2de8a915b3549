//! Folding: texts that people take for the same when they look for something have one folded form.
//!
//! Case, accents, the forms of normalisation, width, ligatures, final sigma, and the variants of quotes, apostrophes, dashes and spaces
//! do not count. Where marks are letters, as vowels in Devanagari or voicing in kana, they do.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{Dash, DefaultIgnorableCodePoint, GeneralCategory, Script},
};

/// A text of all that is folded. Where its form has changed, the function or the data of Unicode have.
pub const PROBE: &str = "Straße İıI ΣΑΣ σας Émile ﬁn œuvre Øæ ĐđŁł ＡＢＣ １２ ｱﾞ が か\u{3099} हिन्दी עִבְרִית مُحَمَّد ‘a’ “b” «c» d—e–f−g 한글 x\u{ad}y ½";

/// Returns the folded form of a text. The folded form of a folded form is itself.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        let folded: String = text
            .chars()
            .map(|c| plain(c.to_ascii_lowercase()))
            .collect();
        return with_single_spaces(&folded);
    }
    // Normalisation would take these apart into a space and a mark.
    let text: String = text.chars().map(plain).collect();
    let text = decomposed(&decomposed(&text).to_lowercase());
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().map(plain).filter(|c| !is_dropped(*c)) {
        match letters(c) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(c),
        }
    }
    let folded = ComposingNormalizerBorrowed::new_nfc().normalize(&folded);
    with_single_spaces(&folded)
}

fn decomposed(text: &str) -> String {
    let nfkd = DecomposingNormalizerBorrowed::new_nfkd();
    nfkd.normalize(text).into_owned()
}

/// The character that stands for all variants of a sign.
fn plain(c: char) -> char {
    match c {
        '\u{60}'
        | '\u{b4}'
        | '\u{2b9}'
        | '\u{2bb}'..='\u{2bd}'
        | '\u{2018}'..='\u{201b}'
        | '\u{2032}'
        | '\u{2035}'
        | '\u{2039}'
        | '\u{203a}'
        | '\u{ff07}'
        | '\u{1fbd}' => '\'',
        '\u{ab}' | '\u{bb}' | '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{2036}' => '"',
        c if c.is_ascii() => c,
        c if CodePointSetData::new::<Dash>().contains(c) => '-',
        c => c,
    }
}

/// Letters that normalisation and lower case leave as they are, and that are written in other ways, too.
fn letters(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'ς' => "σ",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ł' => "l",
        'ŧ' => "t",
        _ => return None,
    })
}

/// Whether the character is left out: it cannot be seen, or is a mark that a word can do without.
fn is_dropped(c: char) -> bool {
    if c.is_ascii() {
        return false;
    }
    let is_mark =
        CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::NonspacingMark;
    if is_mark {
        let script = CodePointMapData::<Script>::new().get(c);
        let is_optional = [
            Script::Inherited,
            Script::Latin,
            Script::Greek,
            Script::Cyrillic,
            Script::Hebrew,
            Script::Arabic,
        ]
        .contains(&script);
        // Marks of kana make other letters.
        return is_optional && !matches!(c, '\u{3099}' | '\u{309a}');
    }
    // The tatweel only stretches a word.
    c == '\u{640}' || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

fn with_single_spaces(text: &str) -> String {
    let mut single = String::with_capacity(text.len());
    let mut is_space_before = false;
    for c in text.chars() {
        let is_space = c.is_whitespace();
        if !is_space {
            single.push(c);
        } else if !is_space_before {
            single.push(' ');
        }
        is_space_before = is_space;
    }
    single
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{PROBE, fold};

    #[test]
    fn what_people_take_for_the_same_has_one_form() {
        for (text, folded) in [
            ("Straße STRASSE", "strasse strasse"),
            ("caf\u{e9} cafe\u{301} CAFÉ", "cafe cafe cafe"),
            ("ΟΔΟΣ οδός", "οδοσ οδοσ"),
            ("İstanbul ISTANBUL ıstanbul", "istanbul istanbul istanbul"),
            ("ﬁnd œuvre Ærø Łódź", "find oeuvre aero lodz"),
            ("ＡＢＣ　１２", "abc 12"),
            ("ｶﾞ ガ", "ガ ガ"),
            ("it’s it's it‘s it´s it`s", "it's it's it's it's it's"),
            ("“a” «a» „a‟ \"a\"", "\"a\" \"a\" \"a\" \"a\""),
            (
                "1914–1918 1914—1918 1914−1918",
                "1914-1918 1914-1918 1914-1918",
            ),
            ("a\u{a0} \t\nb", "a b"),
            ("so\u{ad}ft \u{2764}\u{fe0f}", "soft \u{2764}"),
            ("שָׁלוֹם مُحَمَّد", "שלום محمد"),
            ("Ёлка й", "елка и"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn marks_that_are_letters_stay() {
        assert_ne!(fold("か"), fold("が"));
        assert!(!fold("が").contains(&fold("か")));
        assert_ne!(fold("कि"), fold("कु"));
        assert_ne!(fold("하"), fold("한"));
    }

    #[test]
    fn each_character_has_a_stable_form() {
        for c in '\0'..=char::MAX {
            let text = String::from(c);
            let folded = fold(&text);
            assert_eq!(fold(&folded), folded, "{c:?}");
            assert!(folded.chars().count() <= 18, "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn a_folded_text_is_its_own_form(text in "\\PC{0,40}") {
            let folded = fold(&text);
            prop_assert_eq!(fold(&folded), folded);
        }

        #[test]
        fn case_and_normalisation_do_not_count(text in "[ a-zA-Zà-öø-ÿĀ-ſΑ-ωЀ-ӿ’”–ﬁＡ-Ｚ]{0,40}") {
            let folded = fold(&text);
            let nfd = icu_normalizer::DecomposingNormalizerBorrowed::new_nfd();
            let nfc = icu_normalizer::ComposingNormalizerBorrowed::new_nfc();
            prop_assert_eq!(&fold(&nfd.normalize(&text)), &folded);
            prop_assert_eq!(&fold(&nfc.normalize(&text)), &folded);
            prop_assert_eq!(&fold(&text.to_lowercase()), &folded);
            prop_assert_eq!(&fold(&fold(PROBE)), &fold(PROBE));
        }
    }
}
