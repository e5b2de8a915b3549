//! The words of all mails, in one place. `site` is the name under which readers know the server.

use super::Letter;
use crate::crypto::Secret;

/// To somebody who is to have an account.
pub fn invitation(site: &str, link: Secret) -> Letter {
    Letter {
        subject: format!("You are invited to {site}"),
        before: vec![
            "Hello!".to_owned(),
            format!("You have been invited to work on the content of {site}. Choose a password, and you are in."),
        ],
        link: Some(("Accept the invitation", link)),
        after: vec![
            "The link works once, within 72 hours. If it has ended, ask whoever invited you for a new one.".to_owned(),
            "If you do not know what this is about, do nothing: without you nobody can use it.".to_owned(),
        ],
    }
}

/// To somebody who wants a new password.
pub fn password_reset(site: &str, link: Secret) -> Letter {
    Letter {
        subject: format!("A new password for {site}"),
        before: vec![
            "Hello!".to_owned(),
            format!("Somebody, probably you, wants a new password for your account at {site}."),
        ],
        link: Some(("Set a new password", link)),
        after: vec![
            "The link works once, within 72 hours.".to_owned(),
            "If it was not you, do nothing: your password stays as it is.".to_owned(),
        ],
    }
}

/// To somebody whose password is a new one.
pub fn password_changed(site: &str) -> Letter {
    Letter {
        subject: format!("Your password for {site} was changed"),
        before: vec![
            "Hello!".to_owned(),
            format!(
                "The password of your account at {site} was changed a moment ago, and devices were signed out."
            ),
            "If that was you, all is well. If it was not, tell an admin at once.".to_owned(),
        ],
        link: None,
        after: Vec::new(),
    }
}

/// To the address that an account is to have.
pub fn email_change(site: &str, link: Secret) -> Letter {
    Letter {
        subject: format!("Confirm your new address for {site}"),
        before: vec![
            "Hello!".to_owned(),
            format!("This is to be the address of an account at {site}."),
        ],
        link: Some(("Confirm the address", link)),
        after: vec![
            "The link works once, within 72 hours. After that you sign in with this address; all devices are signed out.".to_owned(),
            "If you do not know what this is about, do nothing.".to_owned(),
        ],
    }
}

/// To the address that an account still has.
pub fn email_change_requested(site: &str) -> Letter {
    Letter {
        subject: format!("Another address for your account at {site}"),
        before: vec![
            "Hello!".to_owned(),
            format!("Somebody who is signed in with your account at {site} wants to change its e-mail address."),
            "If that was you, look into the mailbox of the new address. If it was not, change your password and tell an admin \
             at once."
                .to_owned(),
        ],
        link: None,
        after: Vec::new(),
    }
}

/// To the address that an account no longer has.
pub fn email_changed(site: &str) -> Letter {
    Letter {
        subject: format!("Your account at {site} has another address"),
        before: vec![
            "Hello!".to_owned(),
            format!(
                "Your account at {site} has another e-mail address now. This one no longer belongs to it."
            ),
            "If that was you, all is well. If it was not, tell an admin at once.".to_owned(),
        ],
        link: None,
        after: Vec::new(),
    }
}
