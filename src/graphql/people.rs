//! What is done with accounts that are there: names, roles, suspension, erasing.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    account::{Account, AccountRole, reader},
    actor::{account_id, named_account},
};
use crate::{auth::people, content::user_error::UserError, error::Result};

/// Mutations about people.
#[derive(Default)]
pub struct PeopleMutation;

#[Object]
impl PeopleMutation {
    /// Gives an account another name: one's own, or for admins anybody's.
    async fn update_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be different.")] input: UpdateAccountInput,
    ) -> Result<UpdateAccountPayload> {
        let reader = reader(ctx)?;
        let (app, client, who) = (&reader.app, &reader.client, &reader.principal);
        let id = input.account.as_ref().map(named_account);
        let changed = people::rename(app, client, who, id, &input.name).await;
        let (account, user_errors) = UserError::split(changed)?;
        Ok(UpdateAccountPayload {
            account: account.map(Account::from),
            user_errors,
        })
    }

    /// Gives an account another role, and ends its sessions. The last admin stays one. For admins, with a fresh password.
    async fn change_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose role, and which.")] input: ChangeRoleInput,
    ) -> Result<ChangeRolePayload> {
        let reader = reader(ctx)?;
        let (app, client, who) = (&reader.app, &reader.client, &reader.principal);
        let (id, role) = (named_account(&input.account), input.role.into());
        let changed = people::change_role(app, client, who, id, role).await;
        let (account, user_errors) = UserError::split(changed)?;
        Ok(ChangeRolePayload {
            account: account.map(Account::from),
            user_errors,
        })
    }

    /// Suspends an account: nobody can sign in with it, and its sessions and links end. The last admin cannot be suspended.
    /// For admins, with a fresh password.
    async fn suspend_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which account.")] input: SuspendAccountInput,
    ) -> Result<SuspendAccountPayload> {
        let reader = reader(ctx)?;
        let (app, client, who) = (&reader.app, &reader.client, &reader.principal);
        let id = named_account(&input.account);
        let (account, user_errors) = UserError::split(people::suspend(app, client, who, id).await)?;
        Ok(SuspendAccountPayload {
            account: account.map(Account::from),
            user_errors,
        })
    }

    /// Lets an account that was suspended be signed in with again. For admins, with a fresh password.
    async fn reactivate_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which account.")] input: ReactivateAccountInput,
    ) -> Result<ReactivateAccountPayload> {
        let reader = reader(ctx)?;
        let (app, client, who) = (&reader.app, &reader.client, &reader.principal);
        let id = named_account(&input.account);
        let (account, user_errors) =
            UserError::split(people::reactivate(app, client, who, id).await)?;
        Ok(ReactivateAccountPayload {
            account: account.map(Account::from),
            user_errors,
        })
    }

    /// Erases an account for ever. What it did stays in the history, under its id. The last admin cannot be erased. For
    /// admins, with a fresh password.
    async fn erase_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which account.")] input: EraseAccountInput,
    ) -> Result<EraseAccountPayload> {
        let reader = reader(ctx)?;
        let (app, client, who) = (&reader.app, &reader.client, &reader.principal);
        let id = named_account(&input.account);
        let (erased, user_errors) = UserError::split(people::erase(app, client, who, id).await)?;
        Ok(EraseAccountPayload {
            account_id: erased.map(account_id),
            user_errors,
        })
    }
}

/// What of an account is to be different.
#[derive(InputObject)]
struct UpdateAccountInput {
    /// The id of the account, for admins; without it, that of whoever is signed in.
    account: Option<ID>,
    /// What others are shown. 1 to 200 characters on one line.
    name: String,
}

/// Whose role is to change, and to which.
#[derive(InputObject)]
struct ChangeRoleInput {
    /// The id of the account.
    account: ID,
    /// What it may do from now on.
    role: AccountRole,
}

/// Which account to suspend.
#[derive(InputObject)]
struct SuspendAccountInput {
    /// Its id.
    account: ID,
}

/// Which account to reactivate.
#[derive(InputObject)]
struct ReactivateAccountInput {
    /// Its id.
    account: ID,
}

/// Which account to erase.
#[derive(InputObject)]
struct EraseAccountInput {
    /// Its id.
    account: ID,
}

/// What became of an account's new name.
#[derive(SimpleObject)]
struct UpdateAccountPayload {
    /// The account; null if there are errors.
    account: Option<Account>,
    /// What kept it from being changed.
    user_errors: Vec<UserError>,
}

/// What became of an account's new role.
#[derive(SimpleObject)]
struct ChangeRolePayload {
    /// The account; null if there are errors.
    account: Option<Account>,
    /// What kept it from being changed.
    user_errors: Vec<UserError>,
}

/// What became of suspending an account.
#[derive(SimpleObject)]
struct SuspendAccountPayload {
    /// The account; null if there are errors.
    account: Option<Account>,
    /// What kept it from being suspended.
    user_errors: Vec<UserError>,
}

/// What became of reactivating an account.
#[derive(SimpleObject)]
struct ReactivateAccountPayload {
    /// The account; null if there are errors.
    account: Option<Account>,
    /// What kept it from being reactivated.
    user_errors: Vec<UserError>,
}

/// What became of erasing an account.
#[derive(SimpleObject)]
struct EraseAccountPayload {
    /// The id that the account had; null if there are errors.
    account_id: Option<ID>,
    /// What kept it from being erased.
    user_errors: Vec<UserError>,
}
