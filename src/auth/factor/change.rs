//! Changes of factors: who may make them, and what follows.

use entity::{account, session};
use sea_orm::{ColumnTrait, Condition, prelude::Uuid};

use super::{
    super::{
        Client, Principal,
        authority::begin_on_accounts,
        challenge::{self, Challenge, Purpose},
        end::end,
        session::{Tokens, begin, public_id},
        sign_in::require_fresh,
        step::{self, Asked},
    },
    Factors, Needed, held, needed, policy,
};
use crate::{
    app::App,
    auth::audit::{self, AuditAction, AuditEvent},
    crypto::Secret,
    database::Transaction,
    error::{Error, ProblemCode, Result},
};

/// Who changes the factors of their account.
pub(super) enum Changer {
    /// Somebody who is signed in and has shown who they are a moment ago.
    Session {
        account: Uuid,
        session: Uuid,
        principal: Box<Principal>,
    },
    /// Somebody who must make a factor to come to the end of signing in.
    SigningIn(Box<Challenge<Option<Asked>>>),
}

/// A change that has begun: the account is locked.
pub(super) struct Change {
    pub(super) tx: Transaction,
    pub(super) account: account::Model,
    /// What it had before.
    pub(super) factors: Factors,
    changer: Changer,
}

impl Changer {
    /// Whoever holds the challenge, or else whoever is signed in.
    pub(super) async fn of(
        app: &App,
        principal: &Principal,
        challenge: Option<&Secret>,
    ) -> Result<Self> {
        if let Some(token) = challenge {
            let challenge = step::look(app, token).await?;
            return Ok(Self::SigningIn(Box::new(challenge)));
        }
        let (account, session) = principal.signed_in()?;
        require_fresh(app, principal).await?;
        Ok(Self::Session {
            account,
            session: session.id,
            principal: Box::new(principal.clone()),
        })
    }

    /// Whose factors they are.
    pub(super) fn account(&self) -> Result<Uuid> {
        match self {
            Self::Session { account, .. } => Ok(*account),
            Self::SigningIn(challenge) => challenge.account.ok_or(Error::Unauthenticated),
        }
    }

    /// Begins a change. Whoever signs in may only make the first factor, and only where the role needs one.
    pub(super) async fn begin(self, app: &App) -> Result<Change> {
        let id = self.account()?;
        let tx = match &self {
            Self::Session { principal, .. } => begin_on_accounts(app, principal, &[]).await?,
            Self::SigningIn(_) => app.database.begin().await?,
        };
        let account = step::standing(&tx, id)
            .await?
            .ok_or(Error::Unauthenticated)?;
        let factors = match &self {
            Self::Session { .. } => held(&tx, id).await?,
            Self::SigningIn(challenge) => {
                step::check_age(&tx, id, challenge).await?;
                if !matches!(needed(&tx, &account).await?, Needed::Enrolment) {
                    return Err(nothing_to_enrol());
                }
                held(&tx, id).await?
            }
        };
        let changer = self;
        Ok(Change {
            tx,
            account,
            factors,
            changer,
        })
    }
}

impl Change {
    /// Refuses to leave the account without a factor where its role needs one.
    pub(super) async fn check_left(&self, is_any_left: bool) -> Result<()> {
        if is_any_left || !policy::is_required(&self.tx, self.account.role).await? {
            return Ok(());
        }
        let message = "your role needs a second factor: add another one before you remove this one";
        Err(Error::invalid(ProblemCode::Invalid, "", message))
    }

    /// Ends the other sessions of the account, writes what has happened, and commits. Whoever was signing in is signed in by
    /// that.
    pub(super) async fn commit(
        self,
        app: &App,
        client: &Client,
        event: AuditEvent,
    ) -> Result<Option<Tokens>> {
        let (now, id) = (app.clock.now(), self.account.id);
        let mut others = Condition::all().add(session::Column::AccountId.eq(id));
        if let Changer::Session { session, .. } = &self.changer {
            others = others.add(session::Column::Id.ne(*session));
        }
        let ended = end(&self.tx, others, now).await?.into_iter();
        let ended = ended.map(|session| {
            AuditEvent::new(AuditAction::SessionEnded, Some(id)).at(public_id(session))
        });
        let mut events: Vec<AuditEvent> = ended.collect();
        events.push(event.from(client.network()));
        let tokens = match &self.changer {
            Changer::Session { .. } => {
                audit::append(&self.tx, events, Some(id), now).await?;
                self.tx.commit().await?;
                None
            }
            Changer::SigningIn(challenge) => {
                challenge::spend(&self.tx, Purpose::SignIn, challenge, now).await?;
                Some(begin(app, self.tx, self.account, client, events).await?)
            }
        };
        app.recent.clear();
        Ok(tokens)
    }
}

fn nothing_to_enrol() -> Error {
    let message = "this account needs no new factor to sign in; use completeSignIn";
    Error::invalid(ProblemCode::Invalid, "challenge", message)
}
