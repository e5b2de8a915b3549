//! Values: what the organisation holds to be important.

use declare::content_type;

/// Something that the organisation holds to be important.
#[content_type(positioned, label = title)]
struct Value {
    /// The value in a few words.
    #[field(localised, max = 200, publish)]
    title: Line,
    /// What it means.
    #[field(localised, max = 2_000)]
    description: Lines,
    /// Name of an icon that the frontend draws.
    #[field(max = 64)]
    icon: Slug,
}
