//! `Fn::Cidr`: blocks of addresses within a block.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Blocks that one call gives.
const COUNT_MAX: u32 = 256;

/// Why there are no such blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CidrError {
    /// The block is not one.
    Block,
    /// Too few or too many are asked for.
    Count,
    /// The bits leave no block.
    Bits,
    /// There is not room for so many.
    Room,
}

/// The first blocks of so many host bits within a block.
pub(super) fn blocks(block: &str, count: u32, host_bits: Option<u32>) -> Result<Vec<String>, CidrError> {
    let (address, prefix) = block.split_once('/').ok_or(CidrError::Block)?;
    let address: IpAddr = address.parse().map_err(|_| CidrError::Block)?;
    let prefix: u32 = prefix.parse().map_err(|_| CidrError::Block)?;
    let (width, start) = match address {
        IpAddr::V4(address) => (32, u128::from(u32::from(address))),
        IpAddr::V6(address) => (128, u128::from(address)),
    };
    if prefix > width {
        return Err(CidrError::Block);
    }
    if !(1..=COUNT_MAX).contains(&count) {
        return Err(CidrError::Count);
    }
    // Without bits an IPv4 block gives the largest parts that are enough of them; of IPv6, AWS demands the bits.
    let host_bits = match (host_bits, width) {
        (Some(bits), _) => bits,
        (None, 32) => {
            (width - prefix).checked_sub(count.next_power_of_two().trailing_zeros()).ok_or(CidrError::Room)?
        }
        (None, _) => return Err(CidrError::Bits),
    };
    if !(1..=width).contains(&host_bits) {
        return Err(CidrError::Bits);
    }
    let spare = (width - prefix).checked_sub(host_bits).ok_or(CidrError::Room)?;
    if spare < 32 && u64::from(count) > 1_u64 << spare {
        return Err(CidrError::Room);
    }
    let start = start & mask(width, prefix);
    let parts = (0..u128::from(count)).map(|part| {
        let address = start + (part << host_bits.min(127));
        let address = match width {
            32 => IpAddr::V4(Ipv4Addr::from(u32::try_from(address).unwrap_or_default())),
            _ => IpAddr::V6(Ipv6Addr::from(address)),
        };
        format!("{address}/{}", width - host_bits)
    });
    Ok(parts.collect())
}

/// The bits of an address that a prefix fixes.
fn mask(width: u32, prefix: u32) -> u128 {
    let all = if width == 32 { u128::from(u32::MAX) } else { u128::MAX };
    all & u128::MAX.checked_shl(width - prefix).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_blocks() {
        let check = |block: &str, count: u32, bits: Option<u32>, expected: Result<&[&str], CidrError>| {
            let expected = expected.map(|blocks| blocks.iter().map(|block| (*block).to_owned()).collect::<Vec<_>>());
            assert_eq!(blocks(block, count, bits), expected, "{block} {count} {bits:?}");
        };
        check("192.168.0.0/24", 3, Some(5), Ok(&["192.168.0.0/27", "192.168.0.32/27", "192.168.0.64/27"]));
        check("10.0.7.9/16", 2, Some(8), Ok(&["10.0.0.0/24", "10.0.1.0/24"]));
        check("10.0.0.0/16", 4, None, Ok(&["10.0.0.0/18", "10.0.64.0/18", "10.0.128.0/18", "10.0.192.0/18"]));
        check("2600:1f18::/56", 2, Some(64), Ok(&["2600:1f18::/64", "2600:1f18:0:1::/64"]));
        check("0.0.0.0/0", 1, Some(32), Ok(&["0.0.0.0/0"]));
        check("::/0", 1, Some(128), Ok(&["::/0"]));
        check("10.0.0.0/24", 9, Some(5), Err(CidrError::Room));
        check("10.0.0.0/24", 1, Some(9), Err(CidrError::Room));
        check("10.0.0.0/16", 0, Some(8), Err(CidrError::Count));
        check("10.0.0.0/8", 257, Some(8), Err(CidrError::Count));
        check("10.0.0.0/24", 1, Some(0), Err(CidrError::Bits));
        check("2600::/56", 1, None, Err(CidrError::Bits));
        check("10.0.0/16", 1, Some(8), Err(CidrError::Block));
        check("10.0.0.0/33", 1, Some(8), Err(CidrError::Block));
        check("10.0.0.0", 1, Some(8), Err(CidrError::Block));
    }
}
