//! Impact stats: what the organisation has achieved, in figures with their source.

use async_graphql::{Object, SimpleObject};
use entity::{
    entry,
    impact_stat::{Column, Model},
};

use super::{
    declare::{api, content, mutations, tables},
    metered::Metered,
};
use crate::{
    content::{
        Content,
        field::Field,
        filter::{DateFilter, DecimalFilter, filter},
        format::Format,
        input::input,
        number,
        order::order,
        scalar::{Date, Decimal, Url},
    },
    error::{Problem, ProblemCode},
};

content!(ImpactStat for impact_stat);

/// Where a figure comes from.
#[derive(Clone, Debug, SimpleObject)]
pub struct Source {
    /// Who says so.
    name: String,
    /// Where they say it.
    url: Option<Url>,
}

#[Object(name = "ImpactStatFields")]
impl ImpactStat {
    /// The figure, exact.
    async fn value(&self) -> Decimal {
        Decimal(self.0.value)
    }

    /// The figure as it is written in the locale that the entry is shown in, without prefix and suffix.
    async fn formatted_value(&self) -> String {
        number::format(self.0.value, self.0.served_locale::<Self>())
    }

    /// What stands before the figure, such as a currency.
    async fn prefix(&self) -> Option<&str> {
        self.0.text(&self.0.prefix)
    }

    /// What stands after the figure, such as a unit.
    async fn suffix(&self) -> Option<&str> {
        self.0.text(&self.0.suffix)
    }

    /// What the figure counts.
    async fn label(&self) -> &str {
        self.0.required_text(&self.0.label)
    }

    /// What the figure means.
    async fn description(&self) -> Option<&str> {
        self.0.text(&self.0.description)
    }

    /// Name of an icon that the frontend draws.
    async fn icon(&self) -> Option<&str> {
        self.0.icon.as_deref()
    }

    /// The time that the figure covers, in words.
    async fn period(&self) -> Option<&str> {
        self.0.text(&self.0.period)
    }

    /// The day for which the figure was found.
    async fn as_of_on(&self) -> Option<Date> {
        self.0.as_of_on.map(Date)
    }

    /// Where the figure comes from.
    async fn source(&self) -> Option<Metered<Source>> {
        let url = self.0.source_url.clone().map(Url);
        let name = self.0.source_name.clone();
        name.map(|name| Metered(Source { name, url }))
    }

    /// The last day on which the figure should be shown without a check.
    async fn stale_after_on(&self) -> Option<Date> {
        self.0.stale_after_on.map(Date)
    }

    /// Whether that day has passed (in UTC).
    async fn is_stale(&self) -> bool {
        self.0
            .stale_after_on
            .is_some_and(|day| day < self.0.today())
    }
}

impl Content for ImpactStat {
    tables!(ImpactStat for impact_stat, ImpactStatFilter, ImpactStatOrder, ImpactStatInput, ImpactStatTranslationInput);
    const ABOUT: &'static str =
        "A figure that tells what the organisation has achieved, with its source.";
    const POSITIONED: bool = true;
    const FIELDS: &'static [Field<Model>] = &[
        Field::localized("prefix", 20, Format::Line, |row| &row.prefix),
        Field::localized("suffix", 20, Format::Line, |row| &row.suffix),
        Field::required(Field::localized("label", 200, Format::Line, |row| {
            &row.label
        })),
        Field::localized("description", 2_000, Format::Lines, |row| &row.description),
        Field::text("icon", 64, Format::Slug, |row| row.icon.as_deref()),
        Field::localized("period", 100, Format::Line, |row| &row.period),
        Field::text("source.name", 200, Format::Line, |row| {
            row.source_name.as_deref()
        }),
        Field::text("source.url", 2_000, Format::Url, |row| {
            row.source_url.as_deref()
        }),
    ];

    fn check(row: &Model, problems: &mut Vec<Problem>) {
        if row.source_url.is_some() && row.source_name.is_none() {
            problems.push(Problem::new(
                ProblemCode::Required,
                "source.name",
                "must be given with source.url",
            ));
        }
    }
}

input!(ImpactStatInput, ImpactStatTranslationInput {
    must value: Decimal => "value";
    value icon: String => "icon";
    value as_of_on: Date => "asOfOn";
    value stale_after_on: Date => "staleAfterOn";
    text prefix => "prefix";
    text suffix => "suffix";
    text label => "label";
    text description => "description";
    text period => "period";
    group source: SourceInput;
});
input!(group SourceInput {
    value name: String => "sourceName";
    value url: Url => "sourceUrl";
});
filter!(ImpactStatFilter for impact_stat {
    value: DecimalFilter => Value, as_of_on: DateFilter => AsOfOn, stale_after_on: DateFilter => StaleAfterOn
});
order!(ImpactStatOrder by ImpactStatOrderField for impact_stat, default Position {
    Position => entry::Column::Position, |row| (&row.entry.position).into();
    Value => Column::Value, |row| row.content.value.millionths().into();
    AsOfOn => Column::AsOfOn, |row| row.content.as_of_on.into();
    StaleAfterOn => Column::StaleAfterOn, |row| row.content.stale_after_on.into();
});
api!(ImpactStat {
    query: ImpactStatQuery, by: ImpactStatBy, one: impact_stat, many: impact_stats,
    where: ImpactStatFilter, order: ImpactStatOrder
});
mutations!(ImpactStat {
    mutation: ImpactStatMutation, field: impact_stat as "impactStat",
    create: create_impact_stat(CreateImpactStatInput) -> CreateImpactStatPayload,
    update: update_impact_stat(UpdateImpactStatInput) -> UpdateImpactStatPayload
});
