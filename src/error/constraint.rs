//! Constraints of the database that somebody meets, as problems.

use sea_orm::{DbErr, RuntimeErr};

use super::{Error, Problem, Result};

/// Turns the violation of a named constraint into a problem; every other error passes.
pub fn on_constraint<T>(
    result: Result<T, DbErr>,
    constraint: &str,
    problem: impl FnOnce() -> Problem,
) -> Result<T> {
    on_constraints(result, |name| (name == constraint).then(problem))
}

/// Turns the violation of a constraint for which there is a problem into that; every other error passes.
pub fn on_constraints<T>(
    result: Result<T, DbErr>,
    problem: impl FnOnce(&str) -> Option<Problem>,
) -> Result<T> {
    result.map_err(|error| {
        let told = violated_constraint(&error).and_then(|name| problem(&name));
        told.map_or_else(|| error.into(), |problem| Error::Invalid(vec![problem]))
    })
}

/// The name of the violated unique constraint. SQLite tells its columns, from which our names are made.
fn violated_constraint(error: &DbErr) -> Option<String> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) =
        error
    else {
        return None;
    };
    let error = error.as_database_error()?;
    if let Some(name) = error.constraint() {
        return Some(name.to_owned());
    }
    let columns = error.message().split("UNIQUE constraint failed: ").nth(1)?;
    let table = columns.split('.').next()?;
    let columns = columns
        .split(", ")
        .filter_map(|column| column.split('.').nth(1));
    let columns: Vec<&str> = columns.collect();
    Some(format!("{table}_{}_key", columns.join("_")))
}
