//! Where a browser may be sent after signing in: to pages of origins that belong to this site, and nowhere else.

use url::Url;

use crate::config::Config;

const LONGEST: usize = 2_000;

/// Whether a browser may be sent to an address. It must begin with an allowed origin letter by letter, and hold nothing that
/// browsers read in another way than we do. What follows `#` is ours.
pub(super) fn is_allowed(config: &Config, address: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\\#\"<>^`{|}".contains(&byte);
    if address.len() > LONGEST || !address.bytes().all(is_plain) {
        return false;
    }
    let Some((scheme, rest)) = address.split_once("://") else {
        return false;
    };
    let host = rest.find(['/', '?']).unwrap_or(rest.len());
    let origin = &address[..scheme.len() + "://".len() + host];
    let is_read_alike =
        Url::parse(address).is_ok_and(|url| url.origin().ascii_serialization() == origin);
    is_read_alike && config.is_own_origin(origin)
}
