//! Accounts as admins see them: all of them, and each.

use std::collections::HashMap;

use async_graphql::{Context, ID, InputObject, InputType, Object};
use entity::account;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, Select,
    prelude::{Expr, Uuid},
};

use super::{
    account::{Account, AccountRole, AccountStatus, reader},
    actor::parse_account_id,
    page::Page,
};
use crate::{
    auth::{
        Right, Role,
        directory::{Status, last_seen},
        factor,
    },
    content::{
        connection::Connection,
        order::{Key, OrderColumn, OrderDirection, Step},
        page_args::{ListIdentity, RawPageArgs},
        work_list::{containing, holding},
    },
    error::{Error, ProblemCode, Result},
    identifier,
};

/// Which accounts the list holds. Everything that is named must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct AccountFilter {
    /// With one of these roles; at most 100.
    #[graphql(validator(max_items = 100))]
    role: Option<Vec<AccountRole>>,
    /// That stand so; at most 100.
    #[graphql(validator(max_items = 100))]
    status: Option<Vec<AccountStatus>>,
    /// Whose name or e-mail address holds this, whatever its case and accents; at most 200 characters.
    search: Option<String>,
}

/// The longest text to look for, in characters.
const LONGEST_TEXT: usize = 200;

/// Questions about other accounts.
#[derive(Default)]
pub struct PeopleQuery;

#[Object]
impl PeopleQuery {
    /// An account; null if there is none. For admins; everybody sees their own as `viewer`.
    async fn account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<Account>> {
        let reader = reader(ctx)?;
        reader.principal.require(Right::ManageAccounts)?;
        let Some(id) = parse_account_id(&id) else {
            return Ok(None);
        };
        let found: Vec<account::Model> =
            reader.snapshot.all(account::Entity::find_by_id(id)).await?;
        Ok(found.into_iter().next().map(Account::from))
    }

    /// All accounts, by their e-mail addresses. For admins.
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The size of a page counted from the start: 0 to 100, usually 20.")]
        first: Option<i32>,
        #[graphql(desc = "The cursor after which the page starts.")] after: Option<String>,
        #[graphql(desc = "The size of a page counted from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor before which the page ends.")] before: Option<String>,
        #[graphql(name = "where", desc = "Which accounts the list holds.")] filter: Option<
            AccountFilter,
        >,
    ) -> Result<Connection<Account>> {
        let reader = reader(ctx)?;
        reader.principal.require(Right::ManageAccounts)?;
        let filter = filter.unwrap_or_default();
        let identity = ListIdentity::of(&["accounts", &filter.to_value().to_string()]);
        let page = RawPageArgs {
            first,
            after,
            last,
            before,
        };
        let page = Page::read(ctx, identity, page, filter.select()?, by_address).await?;
        let seen = last_seen(&reader.snapshot, page.rows().map(|row| row.id)).await?;
        let selection = ctx.look_ahead();
        let nodes = selection.field("nodes").field("factors");
        let shows_factors = nodes.exists()
            || selection
                .field("edges")
                .field("node")
                .field("factors")
                .exists();
        let ids: Vec<Uuid> = page.rows().map(|row| row.id).collect();
        let mut factors = if shows_factors {
            factor::read_all(&reader.snapshot, &ids).await?
        } else {
            HashMap::new()
        };
        page.shown(|row| {
            let seen = seen.get(&row.id).copied();
            let factors = shows_factors.then(|| factors.remove(&row.id).unwrap_or_default());
            Account::seen(row, seen).with_factors(factors.map(Into::into))
        })
    }
}

/// No two accounts have one address.
fn by_address() -> Step<account::Model> {
    let by = OrderColumn::new(account::Column::Email, |row: &account::Model| {
        Key::Text(row.email.clone())
    });
    Step {
        by,
        direction: OrderDirection::Asc,
    }
}

impl AccountFilter {
    fn select(self) -> Result<Select<account::Entity>> {
        let is_no_text = |text: &String| text.chars().count() > LONGEST_TEXT || text.contains('\0');
        if self.search.as_ref().is_some_and(is_no_text) {
            let message = "must be at most 200 characters, without NUL";
            return Err(Error::invalid(
                ProblemCode::Invalid,
                "where.search",
                message,
            ));
        }
        let roles = self.role.map(|roles| roles.into_iter().map(Role::from));
        let statuses = self.status.map(|statuses| {
            let nothing = Condition::any().add(Expr::val(1).eq(0));
            let conditions = statuses
                .into_iter()
                .map(|status| Status::from(status).condition());
            conditions.fold(nothing, Condition::add)
        });
        let search = self.search.filter(|text| !text.trim().is_empty());
        let says = search.map(|text| {
            // An address keeps its accents, which are part of it.
            let address = identifier::normalize(text.trim()).to_lowercase();
            let email = account::Column::Email;
            Condition::any()
                .add(email.like(holding(&address)))
                .add(email.like(containing(&text)))
                .add(account::Column::NameFolded.like(containing(&text)))
        });
        let condition = Condition::all()
            .add_option(roles.map(|roles| account::Column::Role.is_in(roles)))
            .add_option(statuses)
            .add_option(says);
        Ok(account::Entity::find().filter(condition))
    }
}
