//! The binding of the media store to the database: one random id in both. A server whose database and store do not belong
//! together would take all files of the store for unused.

use std::collections::HashSet;

use entity::{asset, site};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    prelude::Expr, sea_query::OnConflict,
};

use crate::{
    app::App,
    database::Database,
    error::{Error, Result},
    id,
    media::MediaStore,
};

/// The row's id.
const ONLY: i32 = 1;

/// How a media store and a database stand to each other. Whatever else they can be is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// They are bound to each other.
    Bound,
    /// Neither is bound, and nothing is against it: both are empty, or the files are those of the assets.
    Unbound,
}

/// What a store holds of what a database names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overlap {
    /// Files that assets have, in any of their revisions.
    pub named: usize,
    /// Files in the store.
    pub held: usize,
    /// Those that are both.
    pub both: usize,
}

/// How the store and the database stand to each other; an error with the way out if they do not belong together. Changes
/// nothing.
pub async fn inspect(database: &Database, media: &MediaStore) -> Result<Binding> {
    let site: Option<site::Model> = database.row(site::Entity::find_by_id(ONLY)).await?;
    judge(database, media, site).await
}

/// The same for a database whose migrations have not all run: tables may be missing.
pub async fn inspect_before_migrations(
    database: &Database,
    media: &MediaStore,
) -> Result<Option<Binding>> {
    let site = database.row(site::Entity::find_by_id(ONLY)).await;
    let site: Option<site::Model> = site.unwrap_or_default();
    if site.is_none() && media.site_id().await?.is_none() {
        return Ok(None);
    }
    judge(database, media, site).await.map(Some)
}

async fn judge(
    database: &Database,
    media: &MediaStore,
    site: Option<site::Model>,
) -> Result<Binding> {
    match (site, media.site_id().await?) {
        (Some(site), Some(id)) if site.site_id == id => Ok(Binding::Bound),
        (site, Some(id)) => {
            let own = site.map_or("none yet".to_owned(), |site| site.site_id.to_string());
            Err(apart(&format!(
                "it is bound to the database of site {id}, and this database is that of site {own}"
            )))
        }
        (
            Some(site::Model {
                site_id,
                media_bound_at: Some(at),
                ..
            }),
            None,
        ) => Err(apart(&format!(
            "it is bound to no database, and this database (site {site_id}) has had another store since {at}; is the right \
             folder mounted?"
        ))),
        (_, None) => fitting(overlap(database, media).await?),
    }
}

/// Whether a store and a database that were never bound belong together.
fn fitting(overlap: Overlap) -> Result<Binding> {
    let Overlap { named, held, both } = overlap;
    // Files may be missing or left over; where most are, this is the wrong store or the wrong database.
    if both * 2 < named {
        return Err(apart(&format!(
            "it holds {both} of the {named} files that this database names"
        )));
    }
    if both * 2 < held {
        return Err(apart(&format!(
            "it holds {held} files, of which this database names {both}"
        )));
    }
    Ok(Binding::Unbound)
}

fn apart(why: &str) -> Error {
    Error::internal(format!(
        "the media store does not belong to this database: {why}. Set media_dir and database_url to what belongs \
         together. If they do belong together, bind them once with `kindling media bind`"
    ))
}

/// What the store holds of what the database names.
pub async fn overlap(database: &Database, media: &MediaStore) -> Result<Overlap> {
    Ok(compare(database, media).await?.overlap)
}

/// The files of a store beside those that a database names.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// In numbers.
    pub overlap: Overlap,
    /// The keys of files that assets have and the store does not, in order.
    pub missing: Vec<String>,
}

/// Compares all files of the store with all that the database names.
pub async fn compare(database: &Database, media: &MediaStore) -> Result<Comparison> {
    let select = asset::Entity::find()
        .select_only()
        .column(asset::Column::StorageKey)
        .distinct();
    let named: Vec<Key> = database.snapshot().all(select).await?;
    let named: HashSet<String> = named.into_iter().map(|key| key.storage_key).collect();
    let held = media.files().await?;
    let held: HashSet<String> = held.into_iter().map(|file| file.key).collect();
    let mut missing: Vec<String> = named.difference(&held).cloned().collect();
    missing.sort();
    Ok(Comparison {
        overlap: Overlap {
            named: named.len(),
            held: held.len(),
            both: named.len() - missing.len(),
        },
        missing,
    })
}

#[derive(FromQueryResult)]
struct Key {
    storage_key: String,
}

/// Refuses a store that does not belong to the database; binds both at their first start. A further instance on a machine of
/// its own starts with the empty store there, which takes no files.
pub async fn establish(app: &App) -> Result<()> {
    let binding = match inspect(&app.database, &app.media).await {
        Err(error) if is_further_instance(app).await? => {
            app.media.close();
            tracing::warn!(
                %error,
                "this instance is without the media store: it serves no files and takes none, until media_dir is the folder of \
                 the other instances"
            );
            return Ok(());
        }
        binding => binding?,
    };
    let site = own_site(app).await?;
    if binding == Binding::Unbound {
        let bound = app.media.bind_if_unbound(site.site_id).await?;
        if bound != site.site_id {
            return Err(apart(&format!(
                "the server of site {bound} has bound it a moment ago"
            )));
        }
        tracing::info!(site = %site.site_id, "the media store is bound to this database now");
    }
    if site.media_bound_at.is_none() {
        note_bound(app).await?;
    }
    Ok(())
}

/// Whether this is a machine on which the site has not run before, so that no store was lost: the database is a server, nobody has
/// said where the store is, and it is empty.
async fn is_further_instance(app: &App) -> Result<bool> {
    let is_usual = app.config.media_dir == app.config.data_dir.join("media");
    if app.database.is_embedded() || !is_usual || app.media.site_id().await?.is_some() {
        return Ok(false);
    }
    let is_empty = app.media.files().await?.is_empty() && app.media.trashed().await?.is_empty();
    let site: Option<site::Model> = app.database.row(site::Entity::find_by_id(ONLY)).await?;
    Ok(is_empty && site.is_some_and(|site| site.media_bound_at.is_some()))
}

/// Binds the store to the database, whatever it was bound to: for operators who know that they belong together.
pub async fn bind(app: &App) -> Result<()> {
    let site = own_site(app).await?;
    app.media.bind(site.site_id).await?;
    note_bound(app).await
}

/// Refuses to go on if the store and the database are not bound to each other.
pub(super) async fn require(app: &App) -> Result<()> {
    match inspect(&app.database, &app.media).await? {
        Binding::Bound => Ok(()),
        Binding::Unbound => Err(Error::internal("the media store is not bound yet")),
    }
}

/// The site of the database, which gets its id here.
async fn own_site(app: &App) -> Result<site::Model> {
    let find = || site::Entity::find_by_id(ONLY);
    if let Some(site) = app.database.row(find()).await? {
        return Ok(site);
    }
    let row = site::ActiveModel {
        id: Set(ONLY),
        site_id: Set(id::secret()),
        media_bound_at: Set(None),
    };
    let tx = app.database.begin().await?;
    site::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(&tx)
        .await?;
    tx.commit().await?;
    let site = app.database.row(find()).await?;
    site.ok_or_else(|| Error::internal("the site has no row"))
}

async fn note_bound(app: &App) -> Result<()> {
    let tx = app.database.begin().await?;
    site::Entity::update_many()
        .col_expr(
            site::Column::MediaBoundAt,
            Expr::value(Some(app.clock.now())),
        )
        .filter(site::Column::Id.eq(ONLY))
        .exec(&tx)
        .await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::{Binding, Overlap, fitting};

    #[test]
    fn what_was_never_bound_belongs_together_if_most_files_are_those_of_the_assets() {
        for (named, held, both, fits) in [
            (0, 0, 0, true),
            (10, 10, 10, true),
            (10, 12, 9, true),
            (10, 0, 0, false),
            (0, 10, 0, false),
            (10, 10, 4, false),
            (2, 100, 2, false),
            (100, 2, 2, false),
        ] {
            let fitting = fitting(Overlap { named, held, both });
            let fitting = fitting.is_ok_and(|binding| binding == Binding::Unbound);
            assert_eq!(fitting, fits, "{named} {held} {both}");
        }
    }
}
