//! The one token that comes with a request: of a session, of a machine, or of a preview link. None passes for another.

use super::{Principal, api_token, preview_link, session};
use crate::{
    app::App,
    crypto::{Secret, jwt::key_id, machine_token::PREFIX, preview_jwt},
    error::Result,
};

/// Who holds this token; an error if it does not hold, or not any more.
pub async fn authenticate(app: &App, token: &Secret) -> Result<Principal> {
    if token.expose().starts_with(PREFIX) {
        api_token::authenticate(app, token).await
    } else if key_id(token, preview_jwt::KIND).is_some() {
        preview_link::authenticate(app, token).await
    } else {
        session::authenticate(app, token).await
    }
}
