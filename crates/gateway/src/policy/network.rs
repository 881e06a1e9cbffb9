//! Networks of addresses, as `IpAddress` names them: `192.0.2.0/24`, `2001:db8::/32`, or one address.

use std::net::IpAddr;

/// The addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    first: IpAddr,
    prefix_bits: u32,
}

impl Network {
    /// `None` for a text that is neither an address nor one with the length of its prefix.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().ok()?)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().ok()?;
        let longest = if first.is_ipv4() { 32 } else { 128 };
        let prefix_bits = prefix.unwrap_or(longest);
        (prefix_bits <= longest).then_some(Self { first, prefix_bits })
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let same_prefix = |first: u128, other: u128, bits: u32| {
            let ignored = bits.saturating_sub(self.prefix_bits);
            first.checked_shr(ignored).unwrap_or_default() == other.checked_shr(ignored).unwrap_or_default()
        };
        // An IPv4 client of a listener for both arrives as an IPv6 address.
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(other)) => same_prefix(first.to_bits().into(), other.to_bits().into(), 32),
            (IpAddr::V6(first), IpAddr::V6(other)) => same_prefix(first.to_bits(), other.to_bits(), 128),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_the_addresses_with_its_prefix() {
        let check = |network: &str, address: &str, expected: bool| {
            let parsed = Network::parse(network).unwrap();
            assert_eq!(parsed.contains(address.parse().unwrap()), expected, "{network} {address}");
        };
        check("192.0.2.10", "192.0.2.10", true);
        check("192.0.2.10", "192.0.2.11", false);
        check("192.0.2.0/24", "192.0.2.255", true);
        check("192.0.2.7/24", "192.0.2.1", true);
        check("192.0.2.0/24", "192.0.3.0", false);
        check("192.0.2.0/24", "::ffff:192.0.2.1", true);
        check("0.0.0.0/0", "203.0.113.1", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("2001:db8::/32", "2001:db8:1::1", true);
        check("2001:db8::/32", "2001:db9::1", false);
        check("::/0", "2001:db9::1", true);
        check("::/0", "192.0.2.1", false);
        for text in ["", "192.0.2", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "2001:db8::/129", "*"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
