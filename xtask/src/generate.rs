//! `cargo xtask generate`: writes what a program can derive, or says with `--check` what is stale.
//!
//! AWS publishes what each service demands of its callers in service descriptions; the `botocore` package carries them.
//! From these come the tables of shapes. Only facts are taken (names, types, bounds, HTTP bindings), never prose.

mod botocore;
mod description;
mod names;
mod resource_types;
mod tables;

use std::fs;
use std::process::Stdio;

use anyhow::{Context as _, bail};

use crate::project::{command, root};

/// A service whose tables are generated: adding one is adding a row.
pub(crate) struct Service {
    /// Its name in botocore.
    name: &'static str,
    /// The version of its description.
    version: &'static str,
    /// The folder that takes its tables.
    folder: &'static str,
    /// Values that the service accepts although its description does not list them: shape and value.
    extra_values: &'static [(&'static str, &'static str)],
    /// Shapes whose pattern the service does not hold its callers to.
    without_pattern: &'static [&'static str],
    /// Shapes whose values the service checks in words of its own.
    without_values: &'static [&'static str],
    /// The operations that get tables, where it is not all of them.
    operations: Option<&'static [&'static str]>,
    /// The order in which the service's messages were seen to list values, where it is not the description's.
    value_orders: &'static [(&'static str, &'static [&'static str])],
}

static SERVICES: &[Service] = &[
    Service {
        name: "cognito-idp",
        version: "2016-04-18",
        folder: "crates/control-plane/src/cognito",
        extra_values: &[("ExplicitAuthFlowsType", "ALLOW_CLIENT_TOKEN_AUTH")],
        // A custom domain has dots, which the pattern forbids; for a prefix the service has a message of its own.
        without_pattern: &["DomainType"],
        without_values: &[],
        operations: None,
        value_orders: &[],
    },
    Service {
        name: "apigateway",
        version: "2015-07-09",
        folder: "crates/control-plane/src/apigateway",
        extra_values: &[],
        without_pattern: &[],
        without_values: &[],
        operations: None,
        value_orders: &[("IntegrationType", &["HTTP", "MOCK", "AWS_PROXY", "HTTP_PROXY", "AWS"])],
    },
    Service {
        name: "apigatewayv2",
        version: "2018-11-29",
        folder: "crates/control-plane/src/apigatewayv2",
        extra_values: &[],
        without_pattern: &[],
        without_values: &[],
        operations: None,
        value_orders: &[],
    },
    Service {
        name: "lambda",
        version: "2015-03-31",
        folder: "crates/control-plane/src/lambda",
        extra_values: &[],
        without_pattern: &["Alias"],
        without_values: &["Runtime"],
        operations: Some(&[
            "AddPermission",
            "CreateAlias",
            "CreateFunction",
            "DeleteAlias",
            "DeleteFunction",
            "DeleteFunctionConcurrency",
            "DeleteFunctionEventInvokeConfig",
            "DeleteLayerVersion",
            "GetAlias",
            "GetFunction",
            "GetFunctionConcurrency",
            "GetFunctionConfiguration",
            "GetFunctionEventInvokeConfig",
            "GetLayerVersion",
            "GetLayerVersionByArn",
            "GetPolicy",
            "Invoke",
            "ListAliases",
            "ListFunctionEventInvokeConfigs",
            "ListFunctions",
            "ListLayerVersions",
            "ListLayers",
            "ListTags",
            "ListVersionsByFunction",
            "PublishLayerVersion",
            "PublishVersion",
            "PutFunctionConcurrency",
            "PutFunctionEventInvokeConfig",
            "RemovePermission",
            "TagResource",
            "UntagResource",
            "UpdateAlias",
            "UpdateFunctionCode",
            "UpdateFunctionConfiguration",
            "UpdateFunctionEventInvokeConfig",
        ]),
        value_orders: &[],
    },
    Service {
        name: "iam",
        version: "2010-05-08",
        folder: "crates/control-plane/src/iam",
        extra_values: &[],
        without_pattern: &[],
        without_values: &[],
        operations: Some(&[
            "AttachRolePolicy",
            "CreateInstanceProfile",
            "CreatePolicy",
            "CreateRole",
            "DeletePolicy",
            "DeleteRole",
            "DeleteRolePolicy",
            "DetachRolePolicy",
            "GetPolicy",
            "GetPolicyVersion",
            "GetRole",
            "GetRolePolicy",
            "GetUser",
            "ListAttachedRolePolicies",
            "ListPolicies",
            "ListRolePolicies",
            "ListRoleTags",
            "ListRoles",
            "PutRolePolicy",
            "TagRole",
            "UntagRole",
            "UpdateAssumeRolePolicy",
            "UpdateRole",
        ]),
        value_orders: &[],
    },
    Service {
        name: "cloudformation",
        version: "2010-05-15",
        folder: "crates/control-plane/src/cloudformation",
        extra_values: &[],
        without_pattern: &["StackName", "StackNameOrId"],
        without_values: &[],
        operations: Some(&[
            "CancelUpdateStack",
            "ContinueUpdateRollback",
            "CreateChangeSet",
            "CreateStack",
            "DeleteChangeSet",
            "DeleteStack",
            "DescribeAccountLimits",
            "DescribeChangeSet",
            "DescribeEvents",
            "DescribeStackEvents",
            "DescribeStackResource",
            "DescribeStackResources",
            "DescribeStacks",
            "DetectStackDrift",
            "EstimateTemplateCost",
            "ExecuteChangeSet",
            "GetStackPolicy",
            "GetTemplate",
            "GetTemplateSummary",
            "ListChangeSets",
            "ListExports",
            "ListImports",
            "ListStackResources",
            "ListStacks",
            "RollbackStack",
            "SetStackPolicy",
            "SignalResource",
            "UpdateStack",
            "UpdateTerminationProtection",
            "ValidateTemplate",
        ]),
        value_orders: &[],
    },
    Service {
        name: "ssm",
        version: "2014-11-06",
        folder: "crates/control-plane/src/ssm",
        extra_values: &[],
        without_pattern: &[],
        without_values: &["ResourceTypeForTagging"],
        operations: Some(&[
            "AddTagsToResource",
            "DeleteParameter",
            "DeleteParameters",
            "DescribeParameters",
            "GetParameter",
            "GetParameterHistory",
            "GetParameters",
            "GetParametersByPath",
            "LabelParameterVersion",
            "ListTagsForResource",
            "PutParameter",
            "RemoveTagsFromResource",
            "UnlabelParameterVersion",
        ]),
        value_orders: &[],
    },
    Service {
        name: "secretsmanager",
        version: "2017-10-17",
        folder: "crates/control-plane/src/secrets_manager",
        extra_values: &[],
        without_pattern: &[],
        without_values: &[],
        operations: None,
        value_orders: &[],
    },
    Service {
        name: "logs",
        version: "2014-03-28",
        folder: "crates/control-plane/src/logs",
        extra_values: &[],
        without_pattern: &[],
        without_values: &[],
        operations: Some(&[
            "AssociateKmsKey",
            "CreateLogGroup",
            "CreateLogStream",
            "DeleteLogGroup",
            "DeleteLogStream",
            "DeleteRetentionPolicy",
            "DescribeLogGroups",
            "DescribeLogStreams",
            "DescribeSubscriptionFilters",
            "DisassociateKmsKey",
            "FilterLogEvents",
            "GetLogEvents",
            "ListTagsForResource",
            "ListTagsLogGroup",
            "PutLogEvents",
            "PutRetentionPolicy",
            "PutSubscriptionFilter",
            "StartQuery",
            "TagLogGroup",
            "TagResource",
            "UntagLogGroup",
            "UntagResource",
        ]),
        value_orders: &[],
    },
    Service {
        name: "ecr",
        version: "2015-09-21",
        folder: "crates/control-plane/src/ecr",
        extra_values: &[],
        without_pattern: &[],
        without_values: &[],
        operations: Some(&["DescribeRepositories"]),
        value_orders: &[],
    },
    Service {
        name: "sts",
        version: "2011-06-15",
        folder: "crates/control-plane/src/sts",
        extra_values: &[],
        without_pattern: &[],
        without_values: &[],
        operations: None,
        value_orders: &[],
    },
];

/// Writes every generated file; with `check` only compares, and fails when one is stale.
pub(crate) fn run(check: bool) -> anyhow::Result<()> {
    let botocore = botocore::Botocore::find()?;
    let mut stale = Vec::new();
    for service in SERVICES {
        let mut description = botocore.description(service.name, service.version)?;
        if let Some(names) = service.operations {
            description.keep_operations(names)?;
        }
        let tables = tables::write(service, &description).with_context(|| format!("generating {}", service.name))?;
        for (file, text) in [("shapes.rs", tables.inputs), ("output_shapes.rs", tables.outputs)] {
            renew(format!("{}/{file}", service.folder), &formatted(&text)?, check, &mut stale)?;
        }
    }
    for (path, text) in resource_types::files(botocore.python())? {
        renew(path, &text, check, &mut stale)?;
    }
    if check && !stale.is_empty() {
        bail!("stale: {}; run `cargo xtask generate` and commit the result", stale.join(", "));
    }
    Ok(())
}

/// Writes a file unless it is as it should be, or with `check` only notes that it is not.
fn renew(path: String, text: &str, check: bool, stale: &mut Vec<String>) -> anyhow::Result<()> {
    let file = root().join(&path);
    if fs::read_to_string(&file).is_ok_and(|current| current == text) {
        return Ok(());
    }
    if !check {
        file.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(&file, text).with_context(|| format!("writing {path}"))?;
        eprintln!("wrote {path}");
    }
    stale.push(path);
    Ok(())
}

/// The text as `cargo fmt` would leave it.
fn formatted(text: &str) -> anyhow::Result<String> {
    let mut rustfmt = command("rustfmt", &["--edition", "2024", "--emit", "stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start rustfmt; `rustup component add rustfmt` brings it")?;
    // rustfmt reads to the end before it writes, so feeding it all first cannot block.
    std::io::Write::write_all(&mut rustfmt.stdin.take().context("rustfmt takes no input")?, text.as_bytes())?;
    let output = rustfmt.wait_with_output()?;
    if !output.status.success() {
        bail!("rustfmt refuses the generated text: {}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}
