//! Which addresses are listened on, and what is answered at each.

use std::net::SocketAddr;

use super::Checks;
use super::problem::{Located, Origin};
use crate::planes::Planes;

/// Where `claviger serve` listens when nothing is said.
const DEFAULT: &str = "127.0.0.1:4566";

/// An address and what is answered there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) socket: SocketAddr,
    pub(crate) planes: Planes,
    /// Whether requests without TLS are answered.
    pub(crate) takes_plain: bool,
}

impl Checks<'_> {
    /// The addresses, those of traffic first. Without TLS they must be this machine's own.
    pub(super) fn addresses(&mut self, has_tls: bool) -> Vec<Address> {
        let data = self.given.list("listen.data").to_vec();
        let data = if data.is_empty() { vec![self.default_address()] } else { data };
        let (control, operations) = (self.given.list("listen.control"), self.given.list("listen.operations"));
        // What has no address of its own is answered with traffic.
        let with_data = |list: &[Located<String>], planes| if list.is_empty() { planes } else { Planes::DATA };
        let of_data = with_data(control, Planes::CONTROL) | with_data(operations, Planes::OPERATIONS) | Planes::DATA;
        let mut found: Vec<Address> = Vec::new();
        let groups = [(&*data, of_data), (control, Planes::CONTROL), (operations, Planes::OPERATIONS)];
        for (given, planes) in groups.into_iter().flat_map(|(list, planes)| list.iter().map(move |it| (it, planes))) {
            let Ok(address) = given.value.parse::<SocketAddr>() else {
                let text = format!("{:?} is no address to listen on, as 0.0.0.0:443 is or [::1]:4566", given.value);
                self.refuse_once(given, text);
                continue;
            };
            match found.iter_mut().find(|known| known.socket == address && address.port() != 0) {
                Some(known) if known.planes.contains(planes) => {
                    self.refuse_once(given, format!("{address} stands here twice"));
                }
                Some(known) => known.planes = known.planes | planes,
                None => {
                    let takes_plain = address.ip().to_canonical().is_loopback() || self.given.is_on("tls.behind_proxy");
                    if !takes_plain && !has_tls {
                        self.refuse_plain(given, address);
                    }
                    found.push(Address { socket: address, planes, takes_plain });
                }
            }
        }
        found
    }

    /// Refuses an address, which may count for several planes, once.
    fn refuse_once(&mut self, given: &Located<String>, text: String) {
        let problem = given.problem(text);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn refuse_plain(&mut self, given: &Located<String>, address: SocketAddr) {
        self.refuse(
            given,
            format!(
                "{address} would take secrets in plain HTTP from other machines; name certificates in tls.certificates, or \
                 say tls.behind_proxy = true when a proxy in front ends TLS"
            ),
        );
    }

    fn default_address(&self) -> Located<String> {
        Located { value: DEFAULT.to_owned(), origin: Origin::Missing(self.file.clone()) }
    }
}
