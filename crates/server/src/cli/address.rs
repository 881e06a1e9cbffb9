//! The address of a server: what clients write for it, where it is told, and what to do when it cannot be had.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::Context;

use super::trust::write_private;

/// What to do about an address that cannot be listened on.
pub(super) fn not_listening(address: SocketAddr, error: io::Error, setting: &str) -> anyhow::Error {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "port {} is taken, perhaps by another server; choose another with {setting}, as {}, or let the system choose \
             with port 0",
            address.port(),
            SocketAddr::new(address.ip(), address.port().checked_add(1).unwrap_or(0))
        ),
        io::ErrorKind::PermissionDenied => {
            format!("port {} needs privileges; choose one above 1023 with {setting}", address.port())
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("{} is no address of this machine; choose one that is with {setting}", address.ip())
        }
        _ => format!("choose another address with {setting}"),
    };
    anyhow::Error::new(error).context(advice).context(format!("cannot listen on {address}"))
}

/// The address as clients on this machine write it.
pub(super) fn url(scheme: &str, address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("{scheme}://{}", SocketAddr::new(ip, address.port()))
}

/// A file that is there while the server listens.
pub(super) struct AddressFile(PathBuf);

impl AddressFile {
    /// Removes the file that a killed server left: it would name an address where nobody, or somebody else, listens.
    pub(super) fn clear(path: PathBuf) -> anyhow::Result<Self> {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot replace the address file {}", path.display()))
            }
            _ => Ok(Self(path)),
        }
    }

    pub(super) fn write(&self, url: &str) -> anyhow::Result<()> {
        write_private(&self.0, url).with_context(|| format!("cannot write the address file {}", self.0.display()))
    }
}

impl Drop for AddressFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_an_address_that_clients_reach() {
        let check = |bound: &str, expected: &str| assert_eq!(url("http", bound.parse().unwrap()), expected);
        check("127.0.0.1:4566", "http://127.0.0.1:4566");
        check("0.0.0.0:80", "http://127.0.0.1:80");
        check("[::]:4566", "http://[::1]:4566");
        check("10.0.0.1:4566", "http://10.0.0.1:4566");
    }

    #[test]
    fn says_how_to_choose_another_address() {
        let check = |kind: io::ErrorKind, address: &str, expected: &str| {
            let error = format!("{:#}", not_listening(address.parse().unwrap(), kind.into(), "--listen"));
            assert!(error.starts_with(&format!("cannot listen on {address}: ")) && error.contains(expected), "{error}");
        };
        check(io::ErrorKind::AddrInUse, "127.0.0.1:4566", "port 4566 is taken");
        check(io::ErrorKind::AddrInUse, "127.0.0.1:4566", "--listen, as 127.0.0.1:4567");
        check(io::ErrorKind::AddrInUse, "[::1]:65535", "--listen, as [::1]:0");
        check(io::ErrorKind::PermissionDenied, "0.0.0.0:80", "port 80 needs privileges");
        check(io::ErrorKind::AddrNotAvailable, "10.0.0.1:80", "10.0.0.1 is no address of this machine");
        check(io::ErrorKind::Other, "10.0.0.1:80", "--listen");
    }
}
