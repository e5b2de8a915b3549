//! Under which address this server is reached.

use std::net::SocketAddr;

use super::{Config, WebOrigin};

impl Config {
    /// Address at which visitors reach this server, without a slash at its end, if the settings name one.
    pub fn public_base(&self) -> Option<&str> {
        let url = self.public_url.as_ref()?;
        Some(url.as_str().trim_end_matches('/'))
    }

    /// What paths of that address begin with, without a slash at its end; none if that is nothing.
    pub fn public_path(&self) -> Option<&str> {
        let path = self.public_url.as_ref()?.path().trim_end_matches('/');
        Some(path).filter(|path| !path.is_empty())
    }

    /// What links to this server begin with, without a slash at its end: what the settings name, or else where it listens.
    /// `address` is where it really listens, if that is known.
    pub fn link_base(&self, address: Option<SocketAddr>) -> String {
        let address = address.unwrap_or(self.listen);
        match self.public_base() {
            Some(base) => base.to_owned(),
            // No browser finds the address that means all of them.
            None if address.ip().is_unspecified() => {
                format!("{}://localhost:{}", self.scheme(), address.port())
            }
            None => format!("{}://{address}", self.scheme()),
        }
    }

    /// How clients speak to this server where nothing is in front of it.
    pub fn scheme(&self) -> &'static str {
        if self.tls_certificate.is_some() {
            "https"
        } else {
            "http"
        }
    }

    /// Whether pages of this origin belong to this server: it is the one of its public address, or listed.
    pub fn is_own_origin(&self, origin: &str) -> bool {
        let public = self.public_url.as_ref().map(WebOrigin::of);
        let mut own = public.iter().chain(self.cors_origins.listed());
        own.any(|known| known.as_str() == origin)
    }
}
