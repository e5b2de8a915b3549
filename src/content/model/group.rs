//! Groups of fields: one object in the API, columns of their owner's row in the database.

use super::field::{Field, Requirement};
use crate::{
    content::scope::Loaded,
    error::{Problem, ProblemCode},
};

/// A group, as `#[group]` declares it.
pub trait Grouped {
    /// The row of its owner.
    type Model;
    /// What the API shows of it.
    type Shown;

    /// What the API shows of the group in this row.
    fn shown(loaded: &Loaded<Self::Model>) -> Self::Shown;
}

/// Whether a group has what it cannot be without, or, where that is nothing, any value at all.
pub fn is_given<M>(fields: &[Field<M>], row: &M) -> bool {
    let is_needed = |field: &&Field<M>| matches!(field.required, Requirement::WithGroup);
    let has_value = |field: &Field<M>| !(field.get)(row).is_empty();
    if fields.iter().any(|field| is_needed(&field)) {
        fields.iter().filter(is_needed).all(has_value)
    } else {
        fields.iter().any(has_value)
    }
}

/// What groups of the row lack, though they have other values.
pub fn lacking<M>(fields: &[Field<M>], row: &M) -> Vec<Problem> {
    let group_of = |field: &Field<M>| field.path.rsplit_once('.').map(|(group, _)| group);
    let lacks = |field: &&Field<M>| {
        matches!(field.required, Requirement::WithGroup) && (field.get)(row).is_empty()
    };
    let problem = |field: &Field<M>| {
        let mut others = fields
            .iter()
            .filter(|other| group_of(other) == group_of(field));
        let given = others.find(|other| !(other.get)(row).is_empty())?;
        let message = format!("must be given with {}", given.path);
        Some(Problem::new(ProblemCode::Required, field.path, message))
    };
    fields.iter().filter(lacks).filter_map(problem).collect()
}
