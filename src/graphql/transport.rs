//! How the tokens of a session travel: in the answer, or in cookies that no script can read.

use async_graphql::{Context, Enum};
use chrono::TimeDelta;

use super::account::reader;
use crate::{
    auth::session::Tokens,
    crypto::Secret,
    error::{Error, Result},
};

/// The cookie of the access token. Its prefix has browsers take it over HTTPS and for this very host only.
pub(crate) const ACCESS_COOKIE: &str = "__Host-kindling-access";
/// The cookie of the refresh token.
pub(crate) const REFRESH_COOKIE: &str = "__Host-kindling-refresh";

/// How the tokens of a session travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum Transport {
    /// In the answer, and with each request as `Authorization: Bearer …`. For programs.
    Bearer,
    /// In cookies that scripts cannot read. For pages in a browser, which send `Kindling-CSRF: 1` with each request.
    Cookie,
}

/// What is known of the browser that a request came from.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    /// Whether a page of this site has sent the request on purpose.
    pub(crate) is_proven: bool,
    /// The refresh token among its cookies. There is none unless the request is proven.
    pub(crate) refresh: Option<Secret>,
}

/// The browser that the operation came from.
pub(super) fn browser(ctx: &Context<'_>) -> Browser {
    ctx.data_opt::<Browser>().cloned().unwrap_or_default()
}

impl Transport {
    /// Refuses to set cookies for a request that another site may have sent: it would sign somebody in as somebody else.
    /// Comes before everything that could begin a session.
    pub(super) fn check(self, ctx: &Context<'_>) -> Result<()> {
        if self == Self::Cookie && !browser(ctx).is_proven {
            Err(Error::Csrf)
        } else {
            Ok(())
        }
    }

    /// The access and the refresh token as the answer gives them: not at all if they go in cookies.
    pub(super) fn hand_over(
        self,
        ctx: &Context<'_>,
        tokens: &Tokens,
    ) -> Result<(Option<String>, Option<String>)> {
        let (access, refresh) = (tokens.access.expose(), tokens.refresh.expose());
        if self == Self::Bearer {
            return Ok((Some(access.to_owned()), Some(refresh.to_owned())));
        }
        let now = reader(ctx)?.app.clock.now();
        set(ctx, ACCESS_COOKIE, access, tokens.access_expires_at - now);
        set(
            ctx,
            REFRESH_COOKIE,
            refresh,
            tokens.refresh_expires_at - now,
        );
        Ok((None, None))
    }
}

/// Has the browser forget the cookies of its session.
pub(super) fn clear(ctx: &Context<'_>) {
    if browser(ctx).is_proven {
        set(ctx, ACCESS_COOKIE, "", TimeDelta::zero());
        set(ctx, REFRESH_COOKIE, "", TimeDelta::zero());
    }
}

fn set(ctx: &Context<'_>, name: &str, value: &str, life: TimeDelta) {
    let seconds = life.num_seconds().max(0);
    let cookie = set_cookie(name, value, "Strict", seconds);
    // It tells whether there was one before, which does not matter.
    ctx.append_http_header("set-cookie", cookie);
}

/// The value of `Set-Cookie` that keeps this for so many seconds, from scripts and from other hosts. What goes with requests
/// from other sites, `SameSite` says.
pub(crate) fn set_cookie(name: &str, value: &str, same_site: &str, seconds: i64) -> String {
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite={same_site}")
}
