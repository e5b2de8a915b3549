//! Which roles need a second factor, and taking away those of somebody who has lost them. For admins.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::role_policy;

use super::{
    account::{Account, AccountRole, reader},
    actor::parse_account_id,
};
use crate::{
    auth::factor::{policy, reset},
    content::user_error::UserError,
    error::Result,
};

/// Questions about what roles need.
#[derive(Default)]
pub struct FactorPolicyQuery;

#[Object]
impl FactorPolicyQuery {
    /// Which roles need a second factor. For admins.
    async fn second_factor_policy(&self, ctx: &Context<'_>) -> Result<Vec<SecondFactorPolicy>> {
        let reader = reader(ctx)?;
        let policies = policy::all(&reader.snapshot, &reader.principal).await?;
        Ok(policies.into_iter().map(SecondFactorPolicy::from).collect())
    }
}

/// Mutations about what roles need.
#[derive(Default)]
pub struct FactorPolicyMutation;

#[Object]
impl FactorPolicyMutation {
    /// Sets whether a role needs a second factor. If it does, the sessions of those who have none end, and their next sign-in
    /// makes one. For admins with a fresh password.
    async fn set_second_factor_policy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which role needs what.")] input: SetSecondFactorPolicyInput,
    ) -> Result<SetSecondFactorPolicyPayload> {
        let reader = reader(ctx)?;
        let (role, required) = (input.role.into(), input.required);
        let set = Box::pin(policy::set(&reader.app, &reader.principal, role, required)).await;
        let (policy, user_errors) = UserError::split(set)?;
        Ok(SetSecondFactorPolicyPayload {
            policy: policy.map(SecondFactorPolicy::from),
            user_errors,
        })
    }

    /// Takes all second factors and recovery codes from an account whose owner has lost them, and ends its sessions. For admins
    /// with a fresh password.
    async fn reset_factors(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose factors.")] input: ResetFactorsInput,
    ) -> Result<ResetFactorsPayload> {
        let reader = reader(ctx)?;
        let (app, client, principal) = (&reader.app, &reader.client, &reader.principal);
        let account = parse_account_id(&input.account).unwrap_or_default();
        let reset = Box::pin(reset::reset(app, client, principal, account)).await;
        let (account, user_errors) = UserError::split(reset)?;
        Ok(ResetFactorsPayload {
            account: account.map(Account::from),
            user_errors,
        })
    }
}

/// Whether a role needs a second factor.
#[derive(Clone, Copy, Debug, SimpleObject)]
struct SecondFactorPolicy {
    /// The role.
    role: AccountRole,
    /// Whether whoever has it needs one.
    required: bool,
}

impl From<role_policy::Model> for SecondFactorPolicy {
    fn from(policy: role_policy::Model) -> Self {
        Self {
            role: policy.role.into(),
            required: policy.requires_second_factor,
        }
    }
}

/// Which role needs what.
#[derive(Clone, Copy, Debug, InputObject)]
struct SetSecondFactorPolicyInput {
    /// The role.
    role: AccountRole,
    /// Whether whoever has it needs a second factor.
    required: bool,
}

/// Whose factors are to go.
#[derive(Clone, Debug, InputObject)]
struct ResetFactorsInput {
    /// The account.
    account: ID,
}

/// What became of a policy.
#[derive(SimpleObject)]
struct SetSecondFactorPolicyPayload {
    /// What holds now; null if there are errors.
    policy: Option<SecondFactorPolicy>,
    /// What kept it from being set.
    user_errors: Vec<UserError>,
}

/// What became of taking somebody's factors away.
#[derive(SimpleObject)]
struct ResetFactorsPayload {
    /// The account; null if there are errors.
    account: Option<Account>,
    /// What kept them from going. Nothing was changed.
    user_errors: Vec<UserError>,
}
