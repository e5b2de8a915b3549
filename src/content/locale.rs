//! Locales: which of the site's one that is asked for gets, and in which one an entry stands on its own.

use std::collections::BTreeSet;

use super::Content;

/// The site's locale for one that is asked for, as the lookup of BCP 47 (RFC 4647, section 3.4) finds it: `es-MX` gets `es`, in
/// whatever case. Where that finds none, another kind of the same language does: `pt` gets `pt-BR`.
pub(super) fn lookup<'site>(asked: &str, site: &'site [String]) -> Option<&'site String> {
    let mut range = asked;
    loop {
        let same = site.iter().find(|known| known.eq_ignore_ascii_case(range));
        match (same, range.rsplit_once('-')) {
            (Some(same), _) => return Some(same),
            (None, Some((shorter, _))) => range = without_singleton(shorter),
            (None, None) => break,
        }
    }
    let language = |locale: &str| locale.split('-').next().map(str::to_ascii_lowercase);
    site.iter().find(|known| language(known) == language(range))
}

/// A subtag of one character says what follows it, and goes with it.
fn without_singleton(range: &str) -> &str {
    match range.rsplit_once('-') {
        Some((shorter, last)) if last.len() == 1 => shorter,
        _ => range,
    }
}

/// The locale in which an entry stands on its own where that is not the site's default one: because it has no text in that, or
/// lacks a required one. It is what the entry was published in before the settings named another default locale. One of the
/// site's goes before one that left the settings.
pub(super) fn home<C: Content>(row: &C::Model, site: &[String]) -> Option<String> {
    let texts = || {
        let fields = C::FIELDS.iter();
        fields.filter_map(|field| Some((field, field.texts(row)?)))
    };
    let has_any = |locale: &&String| texts().any(|(_, texts)| texts.get(locale).is_some());
    let stands_in = |locale: &&String| {
        let lacks =
            texts().any(|(field, texts)| texts.get(locale).is_none() && field.required.by(row));
        !lacks && has_any(locale)
    };
    let (default, others) = site.split_first()?;
    if stands_in(&default) {
        return None;
    }
    let stored: BTreeSet<&String> = texts().flat_map(|(_, texts)| texts.0.keys()).collect();
    let others = || others.iter().chain(stored.iter().copied());
    let home = others().find(stands_in).or_else(|| others().find(has_any));
    home.filter(|home| *home != default).cloned()
}

#[cfg(test)]
mod tests {
    use super::lookup;

    #[test]
    fn lookup_finds_what_bcp_47_says_and_else_the_same_language() {
        let site = ["en", "es", "pt-BR", "zh-Hant", "de-CH"].map(str::to_owned);
        for (asked, found) in [
            ("es", Some("es")),
            ("ES", Some("es")),
            ("es-MX", Some("es")),
            ("en-x-private", Some("en")),
            ("zh-hant-TW", Some("zh-Hant")),
            ("pt", Some("pt-BR")),
            ("de-AT", Some("de-CH")),
            ("fr-CA", None),
            ("e", None),
        ] {
            assert_eq!(lookup(asked, &site).map(String::as_str), found, "{asked}");
        }
    }
}
