//! Where a request comes from, as far as that is known.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// An IPv6 provider gives each customer at least this much.
const V6_PREFIX: u8 = 64;
const LONGEST_DEVICE: usize = 200;

/// Who sends a request, below all accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    address: Address,
    device: String,
}

/// The address of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Address {
    /// The request comes from this process.
    #[default]
    None,
    Known(IpAddr),
    /// A trusted proxy names no address that can be read.
    Unreadable,
}

/// The network of clients whose address cannot be read. They share all limits of networks.
const UNKNOWN_NETWORK: &str = "unknown";

impl Client {
    /// A client at this address that calls itself this.
    pub fn new(address: Option<IpAddr>, device: &str) -> Self {
        let address = address.map(|address| address.to_canonical());
        Self::at(address.map_or(Address::None, Address::Known), device)
    }

    /// A client behind a proxy that names no address that can be read.
    pub fn unreadable(device: &str) -> Self {
        Self::at(Address::Unreadable, device)
    }

    fn at(address: Address, device: &str) -> Self {
        let device = device.chars().filter(|c| !c.is_control());
        Self {
            address,
            device: device.take(LONGEST_DEVICE).collect(),
        }
    }

    /// What the client calls itself; may be empty.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// Its address, if that is known.
    pub fn address(&self) -> Option<IpAddr> {
        match self.address {
            Address::Known(address) => Some(address),
            Address::None | Address::Unreadable => None,
        }
    }

    /// Whether a proxy should have named its address and did not.
    pub fn is_unreadable(&self) -> bool {
        self.address == Address::Unreadable
    }

    /// The network that somebody can have for themselves: the address, or the first half of one of IPv6; "unknown" where the
    /// address cannot be read. Empty for this process itself.
    pub fn network(&self) -> String {
        match self.address {
            Address::Known(address) => network_of(address).to_string(),
            Address::Unreadable => UNKNOWN_NETWORK.to_owned(),
            Address::None => String::new(),
        }
    }
}

/// The network around an address that somebody can have for themselves.
pub fn network_of(address: IpAddr) -> IpNet {
    match address {
        IpAddr::V4(address) => Ipv4Net::from(address).into(),
        IpAddr::V6(address) => {
            let network = Ipv6Net::new(address, V6_PREFIX).unwrap_or(address.into());
            network.trunc().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Client;

    #[test]
    fn a_network_is_what_one_can_have_for_oneself() {
        for (address, network) in [
            ("203.0.113.7", "203.0.113.7/32"),
            ("::ffff:203.0.113.7", "203.0.113.7/32"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ] {
            let client = Client::new(address.parse().ok(), "");
            assert_eq!(client.network(), network);
        }
        assert_eq!(Client::default().network(), "");
        assert_eq!(Client::unreadable("").network(), "unknown");
    }
}
