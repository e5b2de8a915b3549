//! Team members: who does it.

use declare::content_type;

use super::Asset;

/// Somebody who works for the organisation.
#[content_type(positioned, label = name, thumbnail = photo)]
struct TeamMember {
    /// The member's name.
    #[field(max = 200, publish, filter, sort_name)]
    name: Line,
    /// How to speak of the member.
    #[field(max = 50)]
    pronouns: Line,
    /// What the member does.
    #[field(localised, max = 200)]
    role: Line,
    /// The part of the team, for lists in groups.
    #[field(max = 100, filter, sort_name)]
    group: Line,
    /// About the member, in Markdown.
    #[field(localised, max = 20_000)]
    biography: Markdown,
    /// A picture of the member.
    photo: Reference<Asset>,
    /// The member's e-mail address.
    #[field(max = 254, internal)]
    email: Email,
    /// Where else to find the member.
    #[field(max = 20)]
    links: Links,
    /// The member's first day.
    #[field(filter, sort)]
    joined_on: Date,
    /// The member's last day.
    #[field(filter, sort, not_before = joined_on)]
    left_on: Date,
}
