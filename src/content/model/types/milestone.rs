//! Milestones: what happened, and when.

use declare::content_type;

use super::Asset;

/// Something that happened on the way, known to the year, the month or the day.
#[content_type(positioned, label = title, thumbnail = image)]
struct Milestone {
    /// When it happened, or began.
    #[field(required, filter, sort)]
    date: PartialDate,
    /// When it ended.
    #[field(filter, sort, not_before = date)]
    end_date: PartialDate,
    /// What happened.
    #[field(localised, max = 200, publish)]
    title: Line,
    /// The story of it, in Markdown.
    #[field(localised, max = 20_000)]
    body: Markdown,
    /// A picture of it.
    image: Reference<Asset>,
}
