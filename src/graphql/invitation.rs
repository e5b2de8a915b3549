//! Inviting people, and accepting an invitation.
//!
//! Nothing here that holds a password, a token or a link can be printed: no `Debug`.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    account::{Account, AccountRole, reader},
    actor::named_account,
};
use crate::{
    auth::invitation::{self, Delivery, Invitation, Invited},
    content::user_error::UserError,
    crypto::Secret,
    error::Result,
};

/// Mutations about invitations.
#[derive(Default)]
pub struct InvitationMutation;

#[Object]
impl InvitationMutation {
    /// Invites somebody to have an account: a link goes to their address, which they accept with `acceptInvitation`. For
    /// admins, with a fresh password.
    async fn invite_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who is to have an account.")] input: InviteAccountInput,
    ) -> Result<InviteAccountPayload> {
        let reader = reader(ctx)?;
        let invitation = Invitation {
            email: &input.email,
            name: &input.name,
            role: input.role.into(),
        };
        let (app, client, who) = (&reader.app, &reader.client, &reader.principal);
        let invited = invitation::invite(app, client, who, &invitation, Delivery::Mail).await;
        let (invited, user_errors) = UserError::split(invited)?;
        let (account, link) = shown(invited);
        Ok(InviteAccountPayload {
            account,
            link,
            user_errors,
        })
    }

    /// Invites somebody once more who has not come yet; the link that they were sent before ends. For admins, with a fresh
    /// password.
    async fn resend_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to invite once more.")] input: ResendInvitationInput,
    ) -> Result<ResendInvitationPayload> {
        let reader = reader(ctx)?;
        let (app, client, who) = (&reader.app, &reader.client, &reader.principal);
        let id = named_account(&input.account);
        let invited = invitation::resend(app, client, who, id, Delivery::Mail).await;
        let (invited, user_errors) = UserError::split(invited)?;
        let (account, link) = shown(invited);
        Ok(ResendInvitationPayload {
            account,
            link,
            user_errors,
        })
    }

    /// Comes to the account that one is invited to, with the token of the link. It works once; then sign in with `signIn`.
    async fn accept_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who comes.")] input: AcceptInvitationInput,
    ) -> Result<AcceptInvitationPayload> {
        let reader = reader(ctx)?;
        let (token, password) = (Secret::new(input.token), Secret::new(input.password));
        let (client, name) = (&reader.client, input.name.as_deref());
        let joined = invitation::accept(&reader.app, client, &token, name, password).await;
        let (account, user_errors) = UserError::split(joined)?;
        Ok(AcceptInvitationPayload {
            account: account.map(Account::from),
            user_errors,
        })
    }
}

/// The account, and the link that whoever invites must hand over.
fn shown(invited: Option<Invited>) -> (Option<Account>, Option<String>) {
    match invited {
        None => (None, None),
        Some(Invited { account, link }) => {
            let link = link.map(|link| link.expose().to_owned());
            (Some(account.into()), link)
        }
    }
}

/// Who is to have an account.
#[derive(InputObject)]
struct InviteAccountInput {
    /// The address to sign in with. Case does not count.
    email: String,
    /// What others are shown. 1 to 200 characters on one line.
    name: String,
    /// What the account may do.
    role: AccountRole,
}

/// Whom to invite once more.
#[derive(InputObject)]
struct ResendInvitationInput {
    /// The id of the account.
    account: ID,
}

/// Who comes to the account that they are invited to.
#[derive(InputObject)]
struct AcceptInvitationInput {
    /// What follows `#` in the link.
    token: String,
    /// What others are shown, if it is not to be what the invitation said. 1 to 200 characters on one line.
    name: Option<String>,
    /// The password to sign in with. 12 to 1,024 characters, and not easy to guess.
    password: String,
}

/// What became of inviting somebody.
#[derive(SimpleObject)]
struct InviteAccountPayload {
    /// The new account; null if there are errors.
    account: Option<Account>,
    /// The link to hand over, if this server sends no mail. Keep it out of logs.
    link: Option<String>,
    /// What kept the account from being made.
    user_errors: Vec<UserError>,
}

/// What became of inviting somebody once more.
#[derive(SimpleObject)]
struct ResendInvitationPayload {
    /// The account; null if there are errors.
    account: Option<Account>,
    /// The link to hand over, if this server sends no mail. Keep it out of logs.
    link: Option<String>,
    /// What kept the link from being made.
    user_errors: Vec<UserError>,
}

/// What became of accepting an invitation.
#[derive(SimpleObject)]
struct AcceptInvitationPayload {
    /// The account, which can be signed in with; null if there are errors.
    account: Option<Account>,
    /// What kept it from being joined. Nothing was changed.
    user_errors: Vec<UserError>,
}
