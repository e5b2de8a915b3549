//! How the content stands to the locales in the settings: looked at when the server starts, by `kindling check`, and for
//! `site.formerLocales`.

use std::collections::BTreeMap;

use entity::entry::ContentType;
use sea_orm::{
    EntityTrait, ExprTrait, FromQueryResult, Iterable, QueryFilter, QuerySelect,
    prelude::Expr,
    sea_query::{CaseStatement, Func},
};

use super::{Content, types::for_type};
use crate::{
    database::{Database, Snapshot},
    error::Result,
};

/// What the content has in other locales than the site, and what it lacks in the default one; in entries.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LocaleSurvey {
    /// Entries with texts in a locale that the site does not have, by locale.
    pub foreign: BTreeMap<String, i64>,
    /// Public entries with texts, of which none is in the default locale.
    pub without_default: i64,
    /// The default locale.
    default_locale: String,
}

#[derive(Debug, Default, FromQueryResult)]
struct Count {
    locale: String,
    entries: i64,
    public: i64,
}

impl LocaleSurvey {
    /// Compares all content with the locales of the site, the default one first.
    pub async fn take(database: &Database, locales: &[String]) -> Result<Self> {
        let snapshot = database.snapshot();
        let survey = Self::of(&snapshot, database.is_embedded(), locales, |_| true).await;
        snapshot.close().await;
        survey
    }

    /// The same of the content of some types, as a snapshot shows it.
    pub async fn of(
        snapshot: &Snapshot,
        is_embedded: bool,
        locales: &[String],
        is_asked: impl Fn(ContentType) -> bool,
    ) -> Result<Self> {
        let default_locale = locales.first().cloned().unwrap_or_default();
        let mut survey = Self {
            default_locale,
            ..Self::default()
        };
        let each = if is_embedded {
            "json_each"
        } else {
            "jsonb_each_text"
        };
        for content_type in ContentType::iter().filter(|it| is_asked(*it)) {
            snapshot.note(false, [], [content_type]);
            for_type!(content_type, C => survey.add::<C>(snapshot, each, locales).await)?;
        }
        Ok(survey)
    }

    async fn add<C: Content>(
        &mut self,
        snapshot: &Snapshot,
        each: &'static str,
        locales: &[String],
    ) -> Result<()> {
        let column = |name: &'static str| Expr::col((C::Entity::default(), name));
        let is_shown = column("latest").or(column("published"));
        let public = CaseStatement::new().case(column("published"), column("entry_id"));
        let mut select = C::Entity::find()
            .select_only()
            .expr_as(Expr::col(("texts", "key")), "locale")
            .expr_as(column("entry_id").count_distinct(), "entries")
            .expr_as(Expr::Case(Box::new(public)).count_distinct(), "public")
            .filter(is_shown.clone())
            .group_by(Expr::col(("texts", "key")));
        let texts = Func::cust(each).arg(column("text_revisions"));
        QuerySelect::query(&mut select).from_function(texts.clone(), "texts");
        let counts: Vec<Count> = snapshot.all(select).await?;
        for count in &counts {
            if !locales.contains(&count.locale) {
                *self.foreign.entry(count.locale.clone()).or_default() += count.entries;
            }
        }
        let mut with_texts = C::Entity::find()
            .select_only()
            .column_as(column("entry_id"), "entry_id")
            .distinct()
            .filter(column("published"));
        QuerySelect::query(&mut with_texts).from_function(texts, "texts");
        let in_default = counts
            .iter()
            .find(|count| count.locale == self.default_locale);
        let in_default = in_default.map_or(0, |count| count.public);
        let with_texts = i64::try_from(snapshot.count(with_texts).await?).unwrap_or(i64::MAX);
        self.without_default += with_texts - in_default;
        Ok(())
    }

    /// What an operator should know, in sentences.
    pub fn findings(&self) -> Vec<String> {
        let foreign = self.foreign.iter().map(|(locale, entries)| {
            format!(
                "{entries} entries have texts in {locale}, which is not in the setting locales: the texts are kept, and are shown only where there are no others"
            )
        });
        let lacking = (self.without_default > 0).then(|| {
            format!(
                "{} public entries have no text in {}, the first of the setting locales: they are shown in another locale",
                self.without_default, self.default_locale
            )
        });
        foreign.chain(lacking).collect()
    }
}
