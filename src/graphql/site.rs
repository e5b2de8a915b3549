//! What frontends and editors' tools must know of the site before they show or write anything.

use async_graphql::{Context, Enum, Object, SimpleObject};
use icu_locale_core::subtags::{Language, Script, language, script};

use super::account::reader;
use crate::{
    auth::{Extent, Right},
    content::{
        locale_survey::LocaleSurvey,
        scalar::Locale,
        types::{Reader, metered::Metered},
    },
    error::Result,
};

/// Root fields about the site.
#[derive(Default)]
pub struct SiteQuery;

#[Object]
impl SiteQuery {
    /// What the settings say about the site.
    async fn site(&self) -> Metered<Site> {
        Metered(Site)
    }
}

/// What the settings say about the site.
pub struct Site;

/// What the settings say about the site.
#[Object]
impl Site {
    /// Under what name people know the site.
    #[expect(clippy::unused_async, reason = "resolvers are asynchronous")]
    async fn name(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(reader(ctx)?.app.site.name.clone())
    }

    /// The locales that content is written in, the default one first.
    #[expect(clippy::unused_async, reason = "resolvers are asynchronous")]
    async fn locales(&self, ctx: &Context<'_>) -> Result<Vec<Metered<SiteLocale>>> {
        let locales = reader(ctx)?.app.site.locales.iter().enumerate();
        let locales = locales.map(|(at, locale)| {
            Metered(SiteLocale {
                locale: Locale(locale.clone()),
                is_default: at == 0,
                direction: TextDirection::of(locale),
            })
        });
        Ok(locales.collect())
    }

    /// Locales that the settings no longer have, and how many entries still have texts in them. Null unless you may read all drafts.
    async fn former_locales(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Option<Vec<Metered<FormerLocale>>>> {
        let reader = reader(ctx)?;
        if reader.principal.extent(Right::ReadDrafts) != Extent::All {
            return Ok(None);
        }
        let survey = Box::pin(survey(reader)).await?;
        let former = survey.foreign.into_iter().map(|(locale, entries)| {
            Metered(FormerLocale {
                locale: Locale(locale),
                entries: i32::try_from(entries).unwrap_or(i32::MAX),
            })
        });
        Ok(Some(former.collect()))
    }

    /// The most bytes that an uploaded file may have.
    #[expect(clippy::unused_async, reason = "resolvers are asynchronous")]
    async fn max_upload_bytes(&self, ctx: &Context<'_>) -> Result<i32> {
        let most = reader(ctx)?.app.config.max_upload_bytes;
        Ok(i32::try_from(most).unwrap_or(i32::MAX))
    }

    /// The most pixels that an uploaded picture may have.
    #[expect(clippy::unused_async, reason = "resolvers are asynchronous")]
    async fn max_upload_pixels(&self, ctx: &Context<'_>) -> Result<i32> {
        let most = reader(ctx)?.app.config.max_upload_pixels;
        Ok(i32::try_from(most).unwrap_or(i32::MAX))
    }

    /// The version of the server. Null unless you are signed in.
    #[expect(clippy::unused_async, reason = "resolvers are asynchronous")]
    async fn version(&self, ctx: &Context<'_>) -> Result<Option<&'static str>> {
        let principal = &reader(ctx)?.principal;
        let is_shown = principal.extent(Right::ReadInternalFields) == Extent::All;
        Ok(is_shown.then_some(env!("CARGO_PKG_VERSION")))
    }
}

async fn survey(reader: &Reader) -> Result<LocaleSurvey> {
    let (locales, principal) = (&reader.app.site.locales, &reader.principal);
    let embedded = reader.app.database.is_embedded();
    LocaleSurvey::of(&reader.snapshot, embedded, locales, |content_type| {
        principal.reaches(content_type)
    })
    .await
}

/// A locale that content is written in.
#[derive(SimpleObject)]
pub struct SiteLocale {
    /// The locale.
    locale: Locale,
    /// Whether the others fall back to it.
    is_default: bool,
    /// Which way its script runs, for the attribute `dir` of HTML.
    direction: TextDirection,
}

/// A locale that the settings no longer have.
#[derive(SimpleObject)]
pub struct FormerLocale {
    /// The locale.
    locale: Locale,
    /// How many entries have texts in it, public or as drafts, with those in the trash.
    entries: i32,
}

/// Which way a script runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum TextDirection {
    /// From left to right.
    Ltr,
    /// From right to left.
    Rtl,
}

impl TextDirection {
    /// The direction of the script of a locale: the one that it names, or else the usual one of its language.
    fn of(locale: &str) -> Self {
        let Ok(locale) = icu_locale_core::Locale::try_from_str(locale) else {
            return Self::Ltr;
        };
        let region = locale.id.region.map(|region| region.to_string());
        let is_rtl = if let Some(script) = locale.id.script {
            RTL_SCRIPTS.contains(&script)
        } else {
            let language = locale.id.language;
            RTL_LANGUAGES.contains(&language)
                || RTL_REGIONS.contains(&(language, region.as_deref().unwrap_or_default()))
        };
        if is_rtl { Self::Rtl } else { Self::Ltr }
    }
}

/// Scripts of living languages that run from right to left.
const RTL_SCRIPTS: [Script; 10] = [
    script!("Adlm"),
    script!("Arab"),
    script!("Aran"),
    script!("Hebr"),
    script!("Mand"),
    script!("Nkoo"),
    script!("Rohg"),
    script!("Samr"),
    script!("Syrc"),
    script!("Thaa"),
];

/// Languages whose likely script, by Unicode's CLDR, is one of these.
const RTL_LANGUAGES: [Language; 35] = [
    language!("aeb"),
    language!("apc"),
    language!("ar"),
    language!("arc"),
    language!("arq"),
    language!("ars"),
    language!("ary"),
    language!("arz"),
    language!("azb"),
    language!("bal"),
    language!("bqi"),
    language!("brh"),
    language!("ckb"),
    language!("dv"),
    language!("fa"),
    language!("glk"),
    language!("he"),
    language!("khw"),
    language!("ks"),
    language!("lrc"),
    language!("luz"),
    language!("mzn"),
    language!("nqo"),
    language!("pnb"),
    language!("prs"),
    language!("ps"),
    language!("rhg"),
    language!("sd"),
    language!("sdh"),
    language!("skr"),
    language!("syr"),
    language!("trw"),
    language!("ug"),
    language!("ur"),
    language!("yi"),
];

/// Languages that are written so in some countries.
const RTL_REGIONS: [(Language, &str); 5] = [
    (language!("az"), "IQ"),
    (language!("az"), "IR"),
    (language!("kk"), "CN"),
    (language!("pa"), "PK"),
    (language!("uz"), "AF"),
];

#[cfg(test)]
mod tests {
    use super::TextDirection::{self, Ltr, Rtl};

    #[test]
    fn a_locale_runs_as_its_script() {
        for (locale, direction) in [
            ("en", Ltr),
            ("ar", Rtl),
            ("he", Rtl),
            ("fa-AF", Rtl),
            ("ur", Rtl),
            ("ckb", Rtl),
            ("en-Arab", Rtl),
            ("uz", Ltr),
            ("uz-Arab", Rtl),
            ("pa-PK", Rtl),
            ("az", Ltr),
            ("ja", Ltr),
            ("ar-u-nu-latn", Rtl),
        ] {
            assert_eq!(TextDirection::of(locale), direction, "{locale}");
        }
    }
}
