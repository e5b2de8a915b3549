//! What is unique among what is public: a value in its type, such as a slug, or in the lists that show it, such as an anchor.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use entity::{entry::ContentType, entry_id::EntryId, reference, stamp::Stamped};
use sea_orm::{
    Condition, DatabaseTransaction, EntityName, EntityTrait, ExprTrait, Iterable, QueryFilter,
    QuerySelect,
    prelude::{Expr, Uuid},
    sea_query::Query,
};

use super::{
    Content,
    change::at,
    mask::Mask,
    model::field::{Field, Stored, Unique},
    publish::Candidate,
    types::for_type,
};
use crate::{
    auth::Principal,
    error::{Problem, ProblemCode, Result},
};

/// What of a revision must fit to what else is public.
pub(super) struct Claims {
    /// The values of its unique fields, by path.
    values: Vec<(&'static str, String)>,
    /// What it lists, by path.
    lists: Vec<(&'static str, Vec<EntryId>)>,
}

impl Claims {
    /// Those of a row.
    pub(super) fn of<C: Content>(row: &C::Model) -> Self {
        let fields = C::FIELDS.iter();
        let unique = fields.clone().filter(|field| field.unique != Unique::No);
        let value = |field: &Field<C::Model>| Some((field.path, text(field, row)?.to_owned()));
        let lists = fields.filter(|field| SCOPES.iter().any(|scope| scope.is_of::<C>(field.path)));
        Self {
            values: unique.filter_map(value).collect(),
            lists: lists
                .map(|field| (field.path, field.targets(row)))
                .collect(),
        }
    }

    fn value(&self, path: &str) -> Option<&String> {
        let mut values = self.values.iter();
        values.find_map(|(of, value)| (*of == path).then_some(value))
    }

    fn list(&self, path: &str) -> &[EntryId] {
        let mut lists = self.lists.iter();
        lists
            .find_map(|(of, ids)| (*of == path).then_some(ids.as_slice()))
            .unwrap_or_default()
    }
}

fn text<'row, M>(field: &Field<M>, row: &'row M) -> Option<&'row str> {
    match (field.get)(row) {
        Stored::Text(text) => text.filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// The fields whose values are unique among what is public of the type.
fn unique_fields<C: Content>() -> impl Iterator<Item = &'static Field<C::Model>> {
    C::FIELDS
        .iter()
        .filter(|field| field.unique == Unique::OfType)
}

/// The problem of a value that another public entry of the type has.
fn taken<C: Content>(path: &str) -> Problem {
    let message = format!("is the {path} of another public {}", C::in_words());
    Problem::new(ProblemCode::Taken, path, message)
}

/// The problem of whoever met the constraint that holds a unique field against others who publish at the same time.
pub(super) fn taken_by_constraint<C: Content>(constraint: &str) -> Option<Problem> {
    let table = C::Entity::default().table_name();
    let held = |field: &&Field<C::Model>| constraint == format!("{table}_{}_key", field.column);
    let field = unique_fields::<C>().find(held)?;
    Some(taken::<C>(field.path))
}

/// The candidates whose values others have that are public, or become so with them.
pub(super) async fn taken_in_type(
    tx: &DatabaseTransaction,
    candidates: &[Candidate],
) -> Result<Vec<Problem>> {
    let mut by_type: BTreeMap<ContentType, Vec<&Candidate>> = BTreeMap::new();
    for candidate in candidates {
        let of_type = by_type.entry(candidate.id.content_type).or_default();
        of_type.push(candidate);
    }
    let mut problems = Vec::new();
    for (content_type, candidates) in by_type {
        problems.extend(for_type!(content_type, C => taken_of::<C>(tx, &candidates).await)?);
    }
    Ok(problems)
}

async fn taken_of<C: Content>(
    tx: &DatabaseTransaction,
    candidates: &[&Candidate],
) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for field in unique_fields::<C>() {
        let value = |candidate: &&Candidate| {
            let value = candidate.claims.value(field.path)?;
            Some((candidate.id, value.clone()))
        };
        let values: Vec<(EntryId, String)> = candidates.iter().filter_map(value).collect();
        if values.is_empty() {
            continue;
        }
        let column = || Expr::col(field.column);
        let others: Vec<String> = C::Entity::find()
            .select_only()
            .expr_as(column(), "value")
            .filter(Expr::col("published"))
            .filter(column().is_in(values.iter().map(|(_, value)| value.as_str())))
            .filter(Expr::col("entry_id").is_not_in(values.iter().map(|(id, _)| id.uuid)))
            .into_tuple()
            .all(tx)
            .await?;
        let mut seen: HashSet<String> = others.into_iter().collect();
        let is_taken = |(_, value): &(EntryId, String)| !seen.insert(value.clone());
        let taken_by = values.into_iter().filter(is_taken);
        problems.extend(taken_by.flat_map(|(id, _)| at(id, vec![taken::<C>(field.path)])));
    }
    Ok(problems)
}

/// A field that is unique within lists.
struct Scope {
    /// The type of the entries that have the lists.
    owner: ContentType,
    /// The path of the list.
    list: &'static str,
    /// The type of what is listed.
    member: ContentType,
    /// The path of the unique field.
    path: &'static str,
}

impl Scope {
    fn is_of<C: Content>(&self, list: &str) -> bool {
        self.owner == C::TYPE && self.list == list
    }

    fn of<C: Content>() -> impl Iterator<Item = Self> {
        C::FIELDS.iter().filter_map(|field| match field.unique {
            Unique::Within(owner, list) => Some(Self {
                owner,
                list,
                member: C::TYPE,
                path: field.path,
            }),
            Unique::No | Unique::OfType => None,
        })
    }
}

/// The fields that are unique within lists, of all types.
static SCOPES: std::sync::LazyLock<Vec<Scope>> = std::sync::LazyLock::new(|| {
    let of_type =
        |content_type| -> Vec<Scope> { for_type!(content_type, C => Scope::of::<C>().collect()) };
    ContentType::iter().flat_map(of_type).collect()
});

/// An entry as it is public once the candidates are, with what it lists.
struct Owner {
    id: EntryId,
    /// What it is called in messages.
    name: String,
    list: Vec<EntryId>,
}

/// The values that stand twice in a list of a public entry, among those that the candidates have or stand in.
pub(super) async fn taken_in_lists(
    tx: &DatabaseTransaction,
    principal: &Principal,
    candidates: &[Candidate],
) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for scope in SCOPES.iter() {
        let owners = for_type!(scope.owner, C => owners::<C>(tx, scope, candidates).await)?;
        let listed = owners.iter().flat_map(|owner| &owner.list);
        let listed: BTreeSet<EntryId> = listed.copied().collect();
        let values =
            for_type!(scope.member, C => values::<C>(tx, scope, candidates, &listed).await)?;
        let of_change: BTreeSet<EntryId> =
            candidates.iter().map(|candidate| candidate.id).collect();
        for owner in owners {
            let mut seen: HashMap<&str, EntryId> = HashMap::new();
            for id in &owner.list {
                let Some(value) = values.get(&id.uuid) else {
                    continue;
                };
                if let Some(first) = seen.insert(value, *id) {
                    // The one that is becoming public now is the one to change.
                    let culprit = if of_change.contains(id) { *id } else { first };
                    problems.push(twice(tx, principal, scope, &owner, (culprit, value)).await?);
                }
            }
        }
    }
    Ok(problems)
}

/// The problem of a value that stands twice, as far as the principal may know of the entries.
async fn twice(
    tx: &DatabaseTransaction,
    principal: &Principal,
    scope: &Scope,
    owner: &Owner,
    (culprit, value): (EntryId, &str),
) -> Result<Problem> {
    let mask = Mask::of(tx, principal, [culprit, owner.id]).await?;
    let kind = for_type!(scope.owner, C => C::in_words());
    let place = if mask.hides(owner.id) {
        format!("a {kind}")
    } else {
        format!("the {kind} {}", owner.name)
    };
    let path = if mask.hides(culprit) {
        format!("{}.{}", owner.id, scope.list)
    } else {
        format!("{culprit}.{}", scope.path)
    };
    let message = format!("{value} stands twice on {place}");
    Ok(Problem::new(ProblemCode::Taken, path, message))
}

/// The owners among the candidates, and the public ones that list members among them.
async fn owners<C: Content>(
    tx: &DatabaseTransaction,
    scope: &Scope,
    candidates: &[Candidate],
) -> Result<Vec<Owner>> {
    let of = |content_type: ContentType| {
        let of_type = candidates.iter();
        of_type.filter(move |candidate| candidate.id.content_type == content_type)
    };
    let own = of(C::TYPE).map(|candidate| Owner {
        id: candidate.id,
        name: name::<C>(candidate.id, &candidate.claims),
        list: candidate.claims.list(scope.list).to_vec(),
    });
    let mut owners: Vec<Owner> = own.collect();
    let members: Vec<Uuid> = of(scope.member)
        .map(|candidate| candidate.id.uuid)
        .collect();
    if members.is_empty() {
        return Ok(owners);
    }
    let showing = Query::select()
        .column(reference::Column::OwnerId)
        .from(reference::Entity)
        .and_where(Expr::col(reference::Column::TargetId).is_in(members))
        .to_owned();
    let others = Condition::all()
        .add(Expr::col("published"))
        .add(Expr::col("entry_id").in_subquery(showing))
        .add(Expr::col("entry_id").is_not_in(owners.iter().map(|owner| owner.id.uuid)));
    let others = C::Entity::find().filter(others).all(tx).await?;
    owners.extend(others.iter().map(|row| {
        let claims = Claims::of::<C>(row);
        let id = EntryId {
            content_type: C::TYPE,
            uuid: row.stamp().entry_id,
        };
        Owner {
            id,
            name: name::<C>(id, &claims),
            list: claims.list(scope.list).to_vec(),
        }
    }));
    Ok(owners)
}

/// What an entry is called: by what is unique in its type, or else by its id.
fn name<C: Content>(id: EntryId, claims: &Claims) -> String {
    let mut unique = unique_fields::<C>();
    let name = unique.find_map(|field| claims.value(field.path).cloned());
    name.unwrap_or_else(|| id.to_string())
}

/// The values of those that are listed, as they are public once the candidates are.
async fn values<C: Content>(
    tx: &DatabaseTransaction,
    scope: &Scope,
    candidates: &[Candidate],
    listed: &BTreeSet<EntryId>,
) -> Result<HashMap<Uuid, String>> {
    let value = |candidate: &Candidate| {
        let value = candidate.claims.value(scope.path)?;
        Some((candidate.id.uuid, value.clone()))
    };
    let of_type = |id: &EntryId| id.content_type == C::TYPE;
    let own = candidates.iter().filter(|candidate| of_type(&candidate.id));
    let mut values: HashMap<Uuid, String> = own.filter_map(value).collect();
    let others = listed.iter().filter(|id| of_type(id)).map(|id| id.uuid);
    let others: Vec<Uuid> = others.filter(|id| !values.contains_key(id)).collect();
    if others.is_empty() {
        return Ok(values);
    }
    let rows = C::Entity::find()
        .filter(Expr::col("published"))
        .filter(Expr::col("entry_id").is_in(others))
        .all(tx)
        .await?;
    values.extend(rows.iter().filter_map(|row| {
        let claims = Claims::of::<C>(row);
        Some((row.stamp().entry_id, claims.value(scope.path)?.clone()))
    }));
    Ok(values)
}
