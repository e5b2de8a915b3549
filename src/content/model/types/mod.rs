//! The content types, one file each.

pub mod asset;
pub mod impact_stat;
pub mod milestone;
pub mod page;
pub mod story_section;
pub mod team_member;
pub mod testimonial;
pub mod value;

pub use asset::Asset;
pub use impact_stat::ImpactStat;
pub use milestone::Milestone;
pub use page::Page;
pub use story_section::StorySection;
pub use team_member::TeamMember;
pub use testimonial::Testimonial;
pub use value::Value;
