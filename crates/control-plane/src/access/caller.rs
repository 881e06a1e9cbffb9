//! A caller whose signature was proved, or need not be.

use std::net::IpAddr;

use claviger_aws_protocol::failure::Failure;
use claviger_aws_protocol::protocol::Protocol;
use claviger_aws_protocol::sigv4::SignatureError;
use claviger_gateway::policy::{Asker, Circumstances, Decision, Question};
use claviger_resources::{Tenant, Timestamp};
use claviger_runtime::roles::{Judgement, Rights};

use super::Demand;
use super::demands::{EXPLAIN, READ_MESSAGES};
use crate::operation::Caller;

/// Who calls, proved: only a [`Verifier`](super::Verifier) makes one of a signature.
#[derive(Clone, Debug)]
pub struct VerifiedCaller {
    caller: Caller,
    standing: Standing,
}

/// Where a call comes from: what policies may compare.
#[derive(Clone, Debug)]
pub struct Source {
    /// The other end of the connection.
    pub ip: IpAddr,
    /// Whether it came over TLS.
    pub secure: bool,
    /// What the client says it is.
    pub user_agent: Option<String>,
}

/// A right to something that no AWS service has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorRight {
    /// To ask why requests were refused.
    Explain,
    /// To read what was sent to users.
    ReadMessages,
}

impl OperatorRight {
    /// What it allows, in a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Explain => "Explain",
            Self::ReadMessages => "ReadMessages",
        }
    }
}

#[derive(Clone, Debug)]
enum Standing {
    /// Everything is open to it.
    Trusted,
    /// It signed nothing: what needs no signature is open to it.
    Nobody,
    /// It signed, with a key that may do this.
    Proven { rights: Rights, source: Source, now: Timestamp },
}

impl VerifiedCaller {
    /// Whoever it says it is: `claviger dev` takes any credentials, and is the only one who may.
    pub fn trusted_by_dev(caller: Caller) -> Self {
        Self { caller, standing: Standing::Trusted }
    }

    /// Somebody who signed nothing. AWS leaves some operations open to everybody who brings a user's own words or tokens.
    pub fn nobody(tenant: Tenant) -> Self {
        Self { caller: Caller::root(tenant), standing: Standing::Nobody }
    }

    /// Whoever made a signature that holds.
    pub(super) fn proven(caller: Caller, rights: Rights, source: Source, now: Timestamp) -> Self {
        Self { caller, standing: Standing::Proven { rights, source, now } }
    }

    /// Who it is, and where.
    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Whether it is nobody in particular.
    pub(crate) fn is_nobody(&self) -> bool {
        matches!(self.standing, Standing::Nobody)
    }

    /// Whether nothing is refused to it, so that nobody needs to work out what it asks for.
    pub(crate) fn is_trusted(&self) -> bool {
        matches!(self.standing, Standing::Trusted)
    }

    /// Refuses what one of these demands is not allowed.
    pub(crate) fn check(&self, demands: &[Demand], protocol: Protocol) -> Result<(), Failure> {
        if matches!(self.standing, Standing::Nobody) {
            return Err(SignatureError::Missing.failure(protocol));
        }
        for demand in demands {
            let judgement = self.judge(demand);
            if judgement.decision != Decision::Allowed {
                return Err(self.denied(demand, judgement, protocol));
            }
        }
        Ok(())
    }

    /// Refuses what only operators may do who have this right.
    pub fn check_operator(&self, right: OperatorRight) -> Result<(), Failure> {
        let action = match right {
            OperatorRight::Explain => EXPLAIN,
            OperatorRight::ReadMessages => READ_MESSAGES,
        };
        let demand = Demand { is_own: false, ..Demand::own(action, "*") };
        self.check(&[demand], Protocol::AwsJson11)
    }

    /// Whether a demand is allowed.
    pub(crate) fn may(&self, demand: &Demand) -> bool {
        self.judge(demand).decision == Decision::Allowed
    }

    fn judge(&self, demand: &Demand) -> Judgement {
        let said = |decision| Judgement { decision, by_session: false };
        let (rights, source, now) = match &self.standing {
            Standing::Trusted => return said(Decision::Allowed),
            Standing::Nobody => return said(Decision::NotAllowed),
            Standing::Proven { rights, source, now } => (rights, source, *now),
        };
        if demand.is_own && matches!(rights, Rights::OfIamRole { .. }) {
            return said(Decision::Allowed);
        }
        let circumstances = Circumstances {
            source_ip: source.ip,
            now,
            secure: source.secure,
            user_agent: source.user_agent.as_deref(),
            referer: None,
        };
        let ask = |action: &str| {
            let resource = &*demand.resource;
            rights.judge(&Question { asker: Asker::Bearer, action, resource, circumstances: &circumstances })
        };
        let first = ask(&demand.action);
        match demand.alias.as_deref().map(ask) {
            Some(other) if first.decision != Decision::Denied && other.decision != Decision::NotAllowed => other,
            _ => first,
        }
    }

    /// What AWS says to whom it refuses something (IAM User Guide, "Troubleshoot access denied error messages").
    fn denied(&self, demand: &Demand, judgement: Judgement, protocol: Protocol) -> Failure {
        let (code, status) = match protocol {
            Protocol::AwsJson10 | Protocol::AwsJson11 => ("AccessDeniedException", 400),
            Protocol::RestJson => ("AccessDeniedException", 403),
            Protocol::AwsQuery { .. } | Protocol::S3 => ("AccessDenied", 403),
        };
        let (user, action) = (&self.caller.principal.arn, &demand.action);
        let policy = if judgement.by_session { "session" } else { "identity-based" };
        let why = match judgement.decision {
            Decision::Denied => format!("with an explicit deny in {} {policy} policy", article(policy)),
            Decision::Allowed | Decision::NotAllowed => {
                format!("because no {policy} policy allows the {action} action")
            }
        };
        let resource =
            if protocol == Protocol::S3 { format!("{:?}", demand.resource) } else { demand.resource.to_string() };
        let message = format!("User: {user} is not authorized to perform: {action} on resource: {resource} {why}");
        let setting =
            "the role of the access key, and what narrows its session; docs/access-keys.md tells what roles allow";
        Failure::new(code, status, message).for_operators(None, Some(setting.to_owned()))
    }
}

fn article(word: &str) -> &'static str {
    if word.starts_with('i') { "an" } else { "a" }
}
