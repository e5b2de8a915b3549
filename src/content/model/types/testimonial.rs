//! Testimonials: what others say, with their consent.

use declare::{content_type, group};

use super::Asset;

/// What somebody says about the organisation.
#[content_type(positioned, label = author_name, thumbnail = photo)]
struct Testimonial {
    /// What was said.
    #[field(localised, max = 2_000, publish)]
    quote: Lines,
    /// Who said it.
    #[field(max = 200, publish, filter, sort_name)]
    author_name: Line,
    /// What the author does.
    #[field(localised, max = 200)]
    author_role: Line,
    /// Where the author does it.
    #[field(max = 200, filter, sort_name)]
    organisation: Line,
    /// A picture of the author.
    photo: Reference<Asset>,
    /// Where the whole of it can be read.
    source_url: Url,
    /// The author's consent.
    #[field(internal)]
    consent: Group<Consent>,
}

/// That the author agreed to be quoted.
#[group(of = testimonial)]
pub struct Consent {
    /// The day of the consent.
    given_on: Date,
    /// What the author agreed to.
    #[field(max = 500)]
    scope: Lines,
    /// The last day on which it holds.
    #[field(not_before = given_on)]
    expires_on: Date,
}
