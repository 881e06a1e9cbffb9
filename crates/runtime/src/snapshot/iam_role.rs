//! What roles of IAM allow whoever bears their credentials: the functions that have them.

use std::sync::Arc;

use claviger_gateway::policy::{Decision, Policy, Question};
use claviger_resources::role::{ManagedPolicy, Role};

use super::Snapshot;
use crate::temporary_credentials;

/// A role of IAM, its policies ready to be asked.
#[derive(Clone, Debug)]
pub(super) struct IamRole {
    arn: String,
    /// Its own policies; `None` when one of them cannot be read, and so says nobody knows what.
    own: Option<Vec<Arc<Policy>>>,
    attached: Vec<String>,
    boundary: Option<String>,
}

/// What a role of IAM allows.
#[derive(Clone, Debug, Default)]
pub struct IamRights {
    /// Of these, one must allow.
    any: Vec<Arc<Policy>>,
    /// This one must, too.
    boundary: Option<Arc<Policy>>,
}

/// What AWS's own managed policies allow, as far as functions have them: name and actions.
const OF_AWS: [(&str, &str); 5] = [
    ("AdministratorAccess", r#""*""#),
    ("AmazonAPIGatewayInvokeFullAccess", r#"["execute-api:Invoke", "execute-api:ManageConnections"]"#),
    ("AmazonCognitoPowerUser", r#""cognito-idp:*""#),
    ("AmazonSSMReadOnlyAccess", r#"["ssm:Describe*", "ssm:Get*", "ssm:List*"]"#),
    (
        "service-role/AWSLambdaBasicExecutionRole",
        r#"["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]"#,
    ),
];

impl IamRole {
    /// Reads a role.
    pub(super) fn new(role: &Role) -> Self {
        let own: Result<_, _> = role.policies.values().map(|text| Policy::parse(text).map(Arc::new)).collect();
        if own.is_err() {
            tracing::warn!(role = role.arn(), "a policy of the role cannot be read; the role allows nothing");
        }
        Self {
            arn: role.arn(),
            own: own.ok(),
            attached: role.attached.iter().cloned().collect(),
            boundary: role.permissions_boundary.clone(),
        }
    }
}

/// Reads a managed policy; one that cannot be read allows nothing, and nor does any role that has it.
pub(super) fn managed(record: &ManagedPolicy) -> Option<Arc<Policy>> {
    Policy::parse(&record.document).ok().map(Arc::new)
}

/// Where a role or a policy is filed: its account and its name, which no other of its kind has there.
pub(super) fn filed(account: &str, name: &str) -> String {
    format!("{account}/{name}")
}

impl Snapshot {
    /// What the role of IAM with this ARN allows: nothing when nobody made it, or when one of its policies cannot be read.
    pub fn iam_rights(&self, arn: &str) -> IamRights {
        let rights = || {
            let (account, name) = temporary_credentials::role(arn)?;
            let role = self.iam_roles.get(&filed(account.as_str(), name)).filter(|role| role.arn == arn)?;
            let mut any = role.own.clone()?;
            for attached in &role.attached {
                any.push(self.managed_policy(attached)?);
            }
            let boundary = match &role.boundary {
                Some(arn) => Some(self.managed_policy(arn)?),
                None => None,
            };
            Some(IamRights { any, boundary })
        };
        rights().unwrap_or_default()
    }

    fn managed_policy(&self, arn: &str) -> Option<Arc<Policy>> {
        let (account, path) = arn.strip_prefix("arn:aws:iam::")?.split_once(":policy/")?;
        if account == "aws" {
            let (_, actions) = OF_AWS.iter().find(|(name, _)| *name == path)?;
            let document = format!(r#"{{"Statement": {{"Effect": "Allow", "Action": {actions}, "Resource": "*"}}}}"#);
            return Policy::parse(&document).ok().map(Arc::new);
        }
        let (held, policy) = self.iam_policies.get(&filed(account, path.rsplit('/').next()?))?;
        Some(Arc::clone(policy.as_ref()?)).filter(|_| held == arn)
    }
}

impl IamRights {
    /// What they say to a question.
    pub fn decide(&self, question: &Question<'_>) -> Decision {
        let mut decision = Decision::NotAllowed;
        for policy in &self.any {
            match policy.decide(question) {
                Decision::Denied => return Decision::Denied,
                Decision::Allowed => decision = Decision::Allowed,
                Decision::NotAllowed => {}
            }
        }
        match self.boundary.as_ref().map(|boundary| boundary.decide(question)) {
            None | Some(Decision::Allowed) => decision,
            Some(other) => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::net::Ipv4Addr;

    use claviger_gateway::policy::{Asker, Circumstances};
    use claviger_resources::{AccountId, Region, Tenant, Timestamp};
    use claviger_store::TransactionExt;
    use claviger_testkit::memory_store;

    use super::*;
    use crate::issuers::Issuers;
    use crate::snapshot::Builder;

    fn allowing(actions: &str) -> String {
        format!(r#"{{"Statement": {{"Effect": "Allow", "Action": "{actions}", "Resource": "*"}}}}"#)
    }

    fn role(name: &str, own: &[&str], attached: &[&str], boundary: Option<&str>) -> Role {
        let tenant = Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() };
        let policies = own.iter().enumerate().map(|(place, text)| (place.to_string(), (*text).to_owned()));
        Role {
            name: name.to_owned(),
            tenant,
            path: "/".to_owned(),
            id: "AROA".to_owned(),
            created: Timestamp::from_seconds(0),
            trust_policy: String::new(),
            description: None,
            session_seconds_max: 3_600,
            permissions_boundary: boundary.map(str::to_owned),
            tags: BTreeMap::new(),
            policies: policies.collect(),
            attached: attached.iter().map(|arn| (*arn).to_owned()).collect::<BTreeSet<_>>(),
        }
    }

    #[tokio::test]
    async fn a_role_of_iam_allows_what_all_of_its_policies_say_and_nothing_when_one_is_unknown() {
        let store = memory_store();
        let mut tx = store.write().await.unwrap();
        let (logs, pools) = (allowing("logs:*"), allowing("cognito-idp:*"));
        let managed = "arn:aws:iam::000000000000:policy/pools";
        let basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
        for record in [
            role("own", &[&logs], &[], None),
            role("attached", &[], &[managed, basic], None),
            role("bounded", &[&logs, &pools], &[], Some(managed)),
            role("unreadable", &[&logs, "{"], &[], None),
            role("unknown", &[&logs], &["arn:aws:iam::aws:policy/AmazonS3FullAccess"], None),
            role("gone", &[&logs], &["arn:aws:iam::000000000000:policy/gone"], None),
        ] {
            tx.insert(&record).await.unwrap();
        }
        let tenant = Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() };
        let policy = ManagedPolicy {
            name: "pools".to_owned(),
            tenant,
            path: "/".to_owned(),
            id: "ANPA".to_owned(),
            created: Timestamp::from_seconds(0),
            document: pools.clone(),
            description: None,
            tags: BTreeMap::new(),
        };
        tx.insert(&policy).await.unwrap();
        tx.commit().await.unwrap();
        let snapshot = Builder::new(Issuers::Aws).load(&mut *store.read().await.unwrap()).await.unwrap();
        let circumstances = Circumstances {
            source_ip: Ipv4Addr::LOCALHOST.into(),
            now: Timestamp::from_seconds(0),
            secure: true,
            user_agent: None,
            referer: None,
        };
        let check = |role: &str, expected: [bool; 3]| {
            let rights = snapshot.iam_rights(&format!("arn:aws:iam::000000000000:role/{role}"));
            let found = ["logs:PutLogEvents", "cognito-idp:ListUserPools", "s3:GetObject"].map(|action| {
                let asked = Question { asker: Asker::Bearer, action, resource: "*", circumstances: &circumstances };
                rights.decide(&asked) == Decision::Allowed
            });
            assert_eq!(found, expected, "{role}");
        };
        check("own", [true, false, false]);
        check("attached", [true, true, false]);
        check("bounded", [false, true, false]);
        check("unreadable", [false; 3]);
        check("unknown", [false; 3]);
        check("gone", [false; 3]);
        check("nobody", [false; 3]);
        check("path/own", [false; 3]);
    }
}
