//! Access keys: with them operators and their tools sign calls of the control plane, each in one role.

use serde::{Deserialize, Serialize};

use crate::{AccessKeyId, AccountId, Region, RoleName, Sealed, Tenant, Timestamp};

/// An access key, as it is stored.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessKey {
    /// Its id, unique over all accounts.
    pub id: AccessKeyId,
    /// Where it is filed. Access keys are in no region: all are filed under the first.
    pub tenant: Tenant,
    /// Whose it is, in words of whoever made it: the name of the user in its Amazon Resource Name.
    pub user_name: String,
    /// The role in which it calls.
    pub role: RoleName,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its secret under the store's data key.
    pub sealed: Sealed,
    /// Whether it still opens anything. One that was revoked never does again; it stays for those who look.
    pub status: AccessKeyStatus,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// The key that it is to replace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotated_from: Option<AccessKeyId>,
}

/// Whether an access key opens anything, in IAM's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccessKeyStatus {
    /// It does.
    Active,
    /// It was revoked.
    Inactive,
}

impl AccessKey {
    /// The tenant that an account's keys are filed under.
    pub fn tenant_of(account: AccountId) -> Tenant {
        Tenant { account, region: Region::us_east_1() }
    }

    /// The Amazon Resource Name of the user whose it is.
    pub fn user_arn(&self) -> String {
        user_arn(self.tenant.account, &self.user_name)
    }

    /// Whether it opens anything at this moment.
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.status == AccessKeyStatus::Active && self.expires.is_none_or(|expires| now < expires)
    }
}

/// The Amazon Resource Name of a user.
pub fn user_arn(account: AccountId, user_name: &str) -> String {
    format!("arn:aws:iam::{account}:user/{user_name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_good_until_it_is_revoked_or_ends() {
        let key = AccessKey {
            id: AccessKeyId::parse("AKIAQAAAAAAAAAAAAAAA").unwrap(),
            tenant: AccessKey::tenant_of(AccountId::DEFAULT),
            user_name: "ci".to_owned(),
            role: RoleName::parse("deployer").unwrap(),
            description: None,
            sealed: Sealed::from_bytes(vec![0]),
            status: AccessKeyStatus::Active,
            created: Timestamp::from_seconds(0),
            expires: Some(Timestamp::from_seconds(10)),
            rotated_from: None,
        };
        let check = |key: &AccessKey, seconds: i64, expected: bool| {
            assert_eq!(key.is_good(Timestamp::from_seconds(seconds)), expected, "{seconds}");
        };
        check(&key, 9, true);
        check(&key, 10, false);
        check(&AccessKey { expires: None, ..key.clone() }, i64::MAX / 1000, true);
        check(&AccessKey { status: AccessKeyStatus::Inactive, ..key.clone() }, 0, false);
        assert_eq!(key.user_arn(), "arn:aws:iam::000000000000:user/ci");
        let read: AccessKey = serde_json::from_str(&serde_json::to_string(&key).unwrap()).unwrap();
        assert!(read == key);
    }
}
