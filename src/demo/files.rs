//! The files of the demo, which are part of the program.

use entity::entry::ContentType;

/// The descriptions of the pictures.
pub(super) const ASSETS: &str = include_str!("../../demo/content/assets.json");

/// The other content, in an order in which nothing refers to what comes later.
pub(super) const CONTENT: [(ContentType, &str); 7] = [
    (
        ContentType::Value,
        include_str!("../../demo/content/values.json"),
    ),
    (
        ContentType::ImpactStat,
        include_str!("../../demo/content/impact_stats.json"),
    ),
    (
        ContentType::Testimonial,
        include_str!("../../demo/content/testimonials.json"),
    ),
    (
        ContentType::Milestone,
        include_str!("../../demo/content/milestones.json"),
    ),
    (
        ContentType::TeamMember,
        include_str!("../../demo/content/team_members.json"),
    ),
    (
        ContentType::StorySection,
        include_str!("../../demo/content/story_sections.json"),
    ),
    (
        ContentType::Page,
        include_str!("../../demo/content/pages.json"),
    ),
];

macro_rules! media {
    ($($name:literal),+ $(,)?) => {
        /// The pictures.
        pub(super) const MEDIA: &[(&str, &[u8])] =
            &[$(($name, include_bytes!(concat!("../../demo/media/", $name)))),+];
    };
}

media!(
    "classroom.webp",
    "first-spark.webp",
    "glow-field.webp",
    "handshake.webp",
    "hero.webp",
    "network.webp",
    "open-book.webp",
    "road.webp",
    "team-coaching.webp",
    "team-digital.webp",
    "team-editorial.webp",
    "team-regional.webp",
);
