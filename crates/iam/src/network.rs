//! Ranges of addresses, as the conditions on addresses write them. RFC 4632, RFC 4291.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range. An IPv4 range written inside IPv6 (`::ffff:0:0/96`) is held as the IPv4 range it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Network {
    V4(Ipv4Addr, u32),
    V6(Ipv6Addr, u32),
}

/// Bits before an IPv4 address inside IPv6.
const MAPPED_BITS: u32 = 96;

impl Network {
    /// An address, or an address, a slash and the bits that count.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(parse_bits(bits)?)),
            None => (text, None),
        };
        match address.parse().ok()? {
            IpAddr::V4(address) => Self::v4(address, bits.unwrap_or(32)),
            IpAddr::V6(address) => Self::v6(address, bits.unwrap_or(128)),
        }
    }

    /// Whether an address, IPv4 inside IPv6 or not, is in the range.
    pub(crate) fn contains(self, address: IpAddr) -> bool {
        match (self, address.to_canonical()) {
            (Self::V4(_, bits), IpAddr::V4(address)) => Self::v4(address, bits) == Some(self),
            (Self::V6(_, bits), IpAddr::V6(address)) => Self::v6(address, bits) == Some(self),
            (Self::V4(..), IpAddr::V6(_)) | (Self::V6(..), IpAddr::V4(_)) => false,
        }
    }

    fn v4(address: Ipv4Addr, bits: u32) -> Option<Self> {
        let mask = u32::MAX.checked_shl(32_u32.checked_sub(bits)?).unwrap_or(0);
        Some(Self::V4(Ipv4Addr::from_bits(address.to_bits() & mask), bits))
    }

    fn v6(address: Ipv6Addr, bits: u32) -> Option<Self> {
        let mask = u128::MAX.checked_shl(128_u32.checked_sub(bits)?).unwrap_or(0);
        let first = Ipv6Addr::from_bits(address.to_bits() & mask);
        match (first.to_ipv4_mapped(), bits.checked_sub(MAPPED_BITS)) {
            (Some(inner), Some(bits)) => Self::v4(inner, bits),
            _ => Some(Self::V6(first, bits)),
        }
    }
}

fn parse_bits(text: &str) -> Option<u32> {
    let is_number = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_what_they_cover_not_how_they_are_written() {
        for (written, same) in [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("192.0.2.1", "192.0.2.1/32"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("2001:DB8::1/32", "2001:db8::/32"),
            ("9.9.9.9/0", "0.0.0.0/0"),
            ("1::/0", "::/0"),
            ("10.0.0.0/08", "10.0.0.0/8"),
        ] {
            assert_eq!(Network::parse(written), Network::parse(same), "{written}");
            assert!(Network::parse(written).is_some(), "{written}");
        }
    }

    #[test]
    fn what_is_no_range_is_none() {
        for text in [
            "",
            "/",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
            "10.0.0",
            "10.0.0.0/0008",
            "010.0.0.1",
            "*",
            "10.*",
            "::/129",
            "fe80::1%eth0",
            " 10.0.0.0/8",
            "localhost",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_are_in_ranges_of_their_own_kind() {
        for (range, inside, outside) in [
            ("203.0.113.0/24", "203.0.113.255", "203.0.114.0"),
            ("203.0.113.7", "::ffff:203.0.113.7", "203.0.113.8"),
            ("::ffff:10.0.0.0/104", "10.9.9.9", "::10.9.9.9"),
            ("0.0.0.0/0", "8.8.8.8", "2001:db8::1"),
            ("::/0", "2001:db8::1", "8.8.8.8"),
            ("2001:db8:1234:5678::/64", "2001:DB8:1234:5678::9", "2001:db8:1234:5679::"),
            ("2001:db8::1", "2001:db8:0:0::1", "2001:db8::2"),
        ] {
            let network = Network::parse(range).unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{inside} in {range}");
            assert!(!network.contains(outside.parse().unwrap()), "{outside} in {range}");
        }
    }
}
