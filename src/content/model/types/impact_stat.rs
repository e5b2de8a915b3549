//! Impact stats: what the organisation has achieved, in figures with their source.

use async_graphql::Object;
use declare::{content_type, group};
use entity::impact_stat::Model;

use crate::content::{number, scope::Loaded};

/// A figure that tells what the organisation has achieved, with its source.
#[content_type(positioned, label = label, computed = Computed)]
struct ImpactStat {
    /// The figure, exact.
    #[field(required, filter, sort)]
    value: Decimal,
    /// What stands before the figure, such as a currency.
    #[field(localised, max = 20)]
    prefix: Line,
    /// What stands after the figure, such as a unit.
    #[field(localised, max = 20)]
    suffix: Line,
    /// What the figure counts.
    #[field(localised, max = 200, publish)]
    label: Line,
    /// What the figure means.
    #[field(localised, max = 2_000)]
    description: Lines,
    /// Name of an icon that the frontend draws.
    #[field(max = 64)]
    icon: Slug,
    /// The time that the figure covers, in words.
    #[field(localised, max = 100)]
    period: Line,
    /// The day for which the figure was found.
    #[field(filter, sort)]
    as_of_on: Date,
    /// Where the figure comes from.
    source: Group<Source>,
    /// The last day on which the figure should be shown without a check.
    #[field(filter, sort)]
    stale_after_on: Date,
}

/// Where a figure comes from.
#[group(of = impact_stat)]
pub struct Source {
    /// Who says so.
    #[field(max = 200, required)]
    name: Line,
    /// Where they say it.
    url: Url,
}

/// What follows from a row.
pub struct Computed<'row>(&'row Loaded<Model>);

#[Object(name = "ImpactStatComputed")]
impl Computed<'_> {
    /// The figure as it is written in the locale that the entry is shown in, without prefix and suffix.
    async fn formatted_value(&self) -> String {
        number::format(self.0.value, self.0.served_locale::<ImpactStat>())
    }

    /// Whether the last day on which the figure should be shown without a check has passed (in UTC).
    async fn is_stale(&self) -> bool {
        self.0
            .stale_after_on
            .is_some_and(|day| day < self.0.today())
    }
}
