//! Request rates of Amazon Cognito: how many requests a second an account may make in a region, category by category, and
//! what a user pool's domain takes (Amazon Cognito, "Quotas in Amazon Cognito").

/// A category of operations that share a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    /// Tokens for machines: the client-credentials grant and `GetClientToken`.
    ClientAuthentication,
    /// Sign-in.
    UserAuthentication,
    /// Answers to challenges, which have three times the rate of sign-in to themselves.
    ChallengeResponses,
    /// New users.
    UserCreation,
    /// Sign-in by another identity provider.
    UserFederation,
    /// Passwords that are changed or forgotten.
    UserAccountRecovery,
    /// One user.
    UserRead,
    /// Changes to a user.
    UserUpdate,
    /// Tokens that users hold.
    UserToken,
    /// What belongs to a user: devices, groups.
    UserResourceRead,
    /// Changes to what belongs to a user.
    UserResourceUpdate,
    /// Lists of users.
    UserList,
    /// User pools.
    UserPoolRead,
    /// Changes to user pools.
    UserPoolUpdate,
    /// What belongs to a pool: resource servers, groups, domains.
    UserPoolResourceRead,
    /// Changes to what belongs to a pool.
    UserPoolResourceUpdate,
    /// App clients.
    UserPoolClientRead,
    /// Changes to app clients.
    UserPoolClientUpdate,
    /// These rates themselves.
    LimitManagement,
}

/// A category with what AWS says of it.
#[derive(Debug)]
pub struct CategoryRow {
    /// Which.
    pub category: Category,
    /// AWS's name for it.
    pub name: &'static str,
    /// Requests a second.
    pub default: u32,
    /// Whether AWS changes it on request.
    pub adjustable: bool,
}

/// Every category, in the order of [`Category`].
pub static CATEGORIES: [CategoryRow; 19] = [
    row(Category::ClientAuthentication, "ClientAuthentication", 150, false),
    row(Category::UserAuthentication, "UserAuthentication", 120, true),
    row(Category::ChallengeResponses, "", 360, false),
    row(Category::UserCreation, "UserCreation", 50, true),
    row(Category::UserFederation, "UserFederation", 25, true),
    row(Category::UserAccountRecovery, "UserAccountRecovery", 30, false),
    row(Category::UserRead, "UserRead", 120, true),
    row(Category::UserUpdate, "UserUpdate", 25, false),
    row(Category::UserToken, "UserToken", 120, true),
    row(Category::UserResourceRead, "UserResourceRead", 50, true),
    row(Category::UserResourceUpdate, "UserResourceUpdate", 25, false),
    row(Category::UserList, "UserList", 30, false),
    row(Category::UserPoolRead, "UserPoolRead", 15, false),
    row(Category::UserPoolUpdate, "UserPoolUpdate", 15, false),
    row(Category::UserPoolResourceRead, "UserPoolResourceRead", 20, false),
    row(Category::UserPoolResourceUpdate, "UserPoolResourceUpdate", 15, false),
    row(Category::UserPoolClientRead, "UserPoolClientRead", 15, false),
    row(Category::UserPoolClientUpdate, "UserPoolClientUpdate", 15, false),
    row(Category::LimitManagement, "LimitManagement", 1, false),
];

/// Requests a second that one operation on one pool may make in the categories of what belongs to a pool.
pub const OPERATION_ON_POOL: u32 = 5;
/// Requests a second from one address to user pool domains.
pub const DOMAIN_PER_ADDRESS: u32 = 300;
/// Requests a second of one app client to its domain.
pub const DOMAIN_PER_CLIENT: u32 = 300;
/// Requests a second to one domain.
pub const DOMAIN: u32 = 500;
/// How many answers to challenges a sign-in is allowed.
const CHALLENGES_PER_SIGN_IN: u32 = 3;

/// The most a category can be set to; AWS publishes no bound for those it adjusts.
pub const RATE_MAX: u32 = 1_000_000;

const fn row(category: Category, name: &'static str, default: u32, adjustable: bool) -> CategoryRow {
    CategoryRow { category, name, default, adjustable }
}

impl Category {
    /// The category of this name.
    pub fn parse(name: &str) -> Option<Self> {
        CATEGORIES.iter().find(|row| row.name == name && !name.is_empty()).map(|row| row.category)
    }

    /// What AWS says of it.
    pub fn row(self) -> Option<&'static CategoryRow> {
        CATEGORIES.iter().find(|row| row.category == self)
    }

    /// AWS's name for it; answers to challenges are a part of sign-in.
    pub fn name(self) -> &'static str {
        match self {
            Self::ChallengeResponses => Self::UserAuthentication.name(),
            category => category.row().map_or("", |row| row.name),
        }
    }

    /// Its requests a second, where `provisioned` tells what an account has set.
    pub fn rate(self, provisioned: impl Fn(Self) -> Option<u32>) -> u32 {
        match self {
            Self::ChallengeResponses => {
                Self::UserAuthentication.rate(provisioned).saturating_mul(CHALLENGES_PER_SIGN_IN)
            }
            category => provisioned(category).unwrap_or_else(|| category.row().map_or(0, |row| row.default)),
        }
    }

    /// Whether each of its operations is also bounded on each pool.
    pub fn is_bounded_by_pool(self) -> bool {
        matches!(
            self,
            Self::UserPoolResourceRead
                | Self::UserPoolResourceUpdate
                | Self::UserPoolClientRead
                | Self::UserPoolClientUpdate
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_is_one_row() {
        for (index, row) in CATEGORIES.iter().enumerate() {
            assert_eq!(row.category as usize, index, "{}", row.name);
            let by_name = Category::parse(row.name);
            assert_eq!(by_name, (!row.name.is_empty()).then_some(row.category), "{}", row.name);
        }
        assert_eq!(Category::parse("userread"), None);
    }

    #[test]
    fn challenges_have_three_times_the_rate_of_sign_in() {
        let check = |category: Category, provisioned: Option<u32>, expected: u32| {
            let rate = category.rate(|asked| provisioned.filter(|_| asked == Category::UserAuthentication));
            assert_eq!(rate, expected, "{category:?}");
        };
        check(Category::UserAuthentication, None, 120);
        check(Category::UserAuthentication, Some(200), 200);
        check(Category::ChallengeResponses, None, 360);
        check(Category::ChallengeResponses, Some(200), 600);
        check(Category::UserRead, Some(200), 120);
        assert_eq!(Category::ChallengeResponses.name(), "UserAuthentication");
    }
}
