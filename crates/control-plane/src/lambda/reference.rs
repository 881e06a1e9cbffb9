//! Which function a call is about: what callers may name it by, held against where they call from.

use claviger_resources::Tenant;
use claviger_resources::function::{self, Function, FunctionReference, LATEST};
use claviger_store::{Stored, TransactionExt};

use super::errors::Error;
use super::version;
use crate::operation::Context;

/// A function as it was named: by a name in the caller's own account and region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    /// The version or alias that was named, too.
    pub(super) qualifier: Option<String>,
}

impl Named {
    /// Reads a name or an ARN, and the qualifier beside it, for the operation of this name.
    pub(super) fn parse(
        tenant: &Tenant,
        text: &str,
        qualifier: Option<&str>,
        operation: &'static str,
    ) -> Result<Self, Error> {
        let Some(reference) = FunctionReference::parse(text) else {
            return Err(Error::invalid(format!("{text} names no function")));
        };
        if let Some(region) = reference.region.filter(|region| *region != tenant.region.as_str()) {
            let message = format!("Functions from '{region}' are not reachable in this region ('{}')", tenant.region);
            return Err(Error::NotFound(message));
        }
        let arn = function::arn(tenant, reference.name);
        if let Some(account) = reference.account.filter(|account| *account != tenant.account.as_str()) {
            let function = arn.replace(&format!(":{}:", tenant.account), &format!(":{account}:"));
            return Err(Error::NotAuthorized { account: tenant.account.to_string(), operation, function });
        }
        if let (Some(one), Some(other)) = (reference.qualifier, qualifier)
            && one != other
        {
            let message = "The derived qualifier from the function name does not match the specified qualifier.";
            return Err(Error::invalid(message));
        }
        let qualifier = reference.qualifier.or(qualifier).map(str::to_owned);
        Ok(Self { name: reference.name.to_owned(), qualifier })
    }

    /// The same, unless it names a version or an alias: those cannot be changed this way.
    pub(super) fn latest_only(self, tenant: &Tenant) -> Result<Self, Error> {
        match self.own_qualifier() {
            None => Ok(self),
            Some(qualifier) => Err(Error::FunctionNotFound(format!("{}:{qualifier}", self.arn(tenant)))),
        }
    }

    /// The qualifier, when it names another version than the latest.
    pub(super) fn own_qualifier(&self) -> Option<&str> {
        self.qualifier.as_deref().filter(|qualifier| *qualifier != LATEST)
    }

    /// Its ARN, with the qualifier that was named.
    pub(super) fn qualified_arn(&self, tenant: &Tenant) -> String {
        match &self.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", self.arn(tenant)),
            None => self.arn(tenant),
        }
    }

    /// Its ARN, without a version.
    pub(super) fn arn(&self, tenant: &Tenant) -> String {
        function::arn(tenant, &self.name)
    }

    /// The function, and the version of it that is meant.
    pub(super) async fn resolve(&self, cx: &mut Context<'_>) -> Result<(Stored<Function>, Function), Error> {
        let latest = self.find(cx).await?;
        let aliases = &latest.qualified.aliases;
        let version = self.own_qualifier().map(|name| aliases.get(name).map_or(name, |alias| &alias.version));
        let function = match version.filter(|version| *version != LATEST) {
            None => latest.record.clone(),
            Some(number) => {
                let found = version::find(cx, &self.name, number).await?;
                found.ok_or_else(|| Error::FunctionNotFound(self.qualified_arn(cx.tenant)))?.record.function
            }
        };
        Ok((latest, function))
    }

    /// The function itself.
    pub(super) async fn find(&self, cx: &mut Context<'_>) -> Result<Stored<Function>, Error> {
        let found = cx.tx.find::<Function>(cx.tenant, "", &self.name).await?;
        found.ok_or_else(|| Error::FunctionNotFound(self.arn(cx.tenant)))
    }
}

/// Whether the caller saw the function as it is.
pub(super) fn check_revision(given: Option<&str>, current: &str) -> Result<(), Error> {
    match given {
        Some(given) if given != current => Err(Error::RevisionMismatch),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use claviger_resources::{AccountId, Region};

    use super::*;

    #[test]
    fn a_function_is_named_from_where_the_caller_is() {
        let tenant = Tenant { account: AccountId::parse("123456789012").unwrap(), region: Region::us_east_1() };
        let check = |text: &str, qualifier: Option<&str>, expected: Result<(&str, Option<&str>), &str>| {
            let named = Named::parse(&tenant, text, qualifier, "GetFunction").map_err(|error| error.to_string());
            let named = named.as_ref().map(|named| (&*named.name, named.qualifier.as_deref())).map_err(|text| &**text);
            assert_eq!(named, expected, "{text} {qualifier:?}");
        };
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:storms";
        check("storms", None, Ok(("storms", None)));
        check("storms", Some("$LATEST"), Ok(("storms", Some("$LATEST"))));
        check("storms:$LATEST", None, Ok(("storms", Some("$LATEST"))));
        check("storms:live", Some("live"), Ok(("storms", Some("live"))));
        check(arn, None, Ok(("storms", None)));
        check("123456789012:function:storms", None, Ok(("storms", None)));
        check("storms", Some("1"), Ok(("storms", Some("1"))));
        check(
            "storms:$LATEST",
            Some("1"),
            Err("The derived qualifier from the function name does not match the specified qualifier."),
        );
        check(
            "arn:aws:lambda:eu-west-1:123456789012:function:storms",
            None,
            Err("Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"),
        );
        check(
            "210987654321:function:storms",
            None,
            Err("User: arn:aws:iam::123456789012:root is not authorized to perform: lambda:GetFunction on resource: \
                 arn:aws:lambda:us-east-1:210987654321:function:storms because no resource-based policy allows the \
                 lambda:GetFunction action"),
        );
    }
}
