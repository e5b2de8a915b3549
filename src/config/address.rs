//! Under which address this server is reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

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
    pub fn link_base(&self) -> String {
        match self.public_base() {
            Some(base) => base.to_owned(),
            None => self.base_of(self.listen),
        }
    }

    /// What links to an address of this server begin with, on this machine. No browser finds the address that means all of them.
    pub fn base_of(&self, address: SocketAddr) -> String {
        let (scheme, port) = (self.scheme(), address.port());
        match address.ip() {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => format!("{scheme}://127.0.0.1:{port}"),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => format!("{scheme}://localhost:{port}"),
            _ => format!("{scheme}://{address}"),
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
