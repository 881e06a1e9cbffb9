//! `AWS::Serverless::Function`: the function, its role, its version and alias, and what its events need.

use serde_json::{Map, Value, json};

use super::definition::{Definition, tag_list};
use super::{Writer, fingerprint, members, role};
use crate::TemplateError;

/// Properties that the function takes over as they are.
const TAKEN: [&str; 20] = [
    "Architectures",
    "CodeSigningConfigArn",
    "Description",
    "Environment",
    "EphemeralStorage",
    "FileSystemConfigs",
    "FunctionName",
    "Handler",
    "ImageConfig",
    "KmsKeyArn",
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "PackageType",
    "RecursiveLoop",
    "ReservedConcurrentExecutions",
    "Runtime",
    "RuntimeManagementConfig",
    "SnapStart",
    "Timeout",
];

/// Properties that something else is made of.
const MADE: [&str; 19] = [
    "AssumeRolePolicyDocument",
    "AutoPublishAlias",
    "CodeUri",
    "DeadLetterQueue",
    "EventInvokeConfig",
    "Events",
    "ImageUri",
    "InlineCode",
    "PermissionsBoundary",
    "Policies",
    "PropagateTags",
    "ProvisionedConcurrencyConfig",
    "Role",
    "RolePath",
    "Tags",
    "Tracing",
    "VersionDescription",
    "VersionDeletionPolicy",
    "VpcConfig",
];

impl Writer<'_> {
    pub(super) fn function(&mut self, definition: &Definition) -> Result<(), TemplateError> {
        definition.check_properties(&[&TAKEN[..], &MADE[..]].concat())?;
        let id = &definition.id;
        let given = |name: &str| definition.properties.get(name).cloned();
        let mut tags = definition.map("Tags")?;
        tags.insert("lambda:createdBy".to_owned(), "SAM".into());
        let code = code(definition)?;
        let mut function = definition.taken(&TAKEN);
        function.extend(definition.taken(&["VpcConfig"]));
        function.insert("Code".to_owned(), code.clone());
        function.insert("Tags".to_owned(), tag_list(&tags));
        function.extend(given("Tracing").map(|mode| ("TracingConfig".to_owned(), json!({ "Mode": mode }))));
        let dead_letters = given("DeadLetterQueue").and_then(|queue| queue.get("TargetArn").cloned());
        function.extend(dead_letters.map(|target| ("DeadLetterConfig".to_owned(), json!({ "TargetArn": target }))));
        let role = if let Some(role) = given("Role") {
            role
        } else {
            let role_id = format!("{id}Role");
            let role_tags = if given("PropagateTags") == Some(true.into()) {
                tags.clone()
            } else {
                members(json!({ "lambda:createdBy": "SAM" }))
            };
            let role = role::properties(definition, &self.pseudo.partition, &role_tags)?;
            self.add(definition, &role_id, "AWS::IAM::Role", role)?;
            json!({ "Fn::GetAtt": [role_id, "Arn"] })
        };
        function.insert("Role".to_owned(), role);
        self.add(definition, id, "AWS::Lambda::Function", function)?;
        let alias = self.alias(definition, &code)?;
        if given("EventInvokeConfig").is_some() {
            let mut config = definition.map("EventInvokeConfig")?;
            config.insert("FunctionName".to_owned(), json!({ "Ref": id }));
            config.insert("Qualifier".to_owned(), given("AutoPublishAlias").unwrap_or_else(|| "$LATEST".into()));
            let mut written = json!({ "Type": "AWS::Lambda::EventInvokeConfig", "Properties": config });
            if let Value::Object(written) = &mut written {
                written.extend(definition.shared.clone());
                // It names the alias by its name, which is no reference.
                written.extend(alias.as_ref().map(|alias| ("DependsOn".to_owned(), json!([alias]))));
            }
            self.insert(definition, &format!("{id}EventInvokeConfig"), written)?;
        }
        self.events(definition, alias.as_deref())
    }

    /// A version of the code and the alias that leads to it: `AutoPublishAlias`.
    fn alias(&mut self, definition: &Definition, code: &Value) -> Result<Option<String>, TemplateError> {
        let id = &definition.id;
        let name = match definition.properties.get("AutoPublishAlias") {
            None => {
                if definition.properties.contains_key("ProvisionedConcurrencyConfig") {
                    return Err(definition.invalid(
                        "To set ProvisionedConcurrencyConfig AutoPublishALias must be defined on the function",
                    ));
                }
                return Ok(None);
            }
            Some(Value::String(name)) => name,
            Some(_) => return Err(definition.invalid("'AutoPublishAlias' must be a string.")),
        };
        let version_id = format!("{id}Version{}", fingerprint(code));
        let mut version = members(json!({ "FunctionName": { "Ref": id } }));
        let description = definition.properties.get("VersionDescription").cloned();
        version.extend(description.map(|description| ("Description".to_owned(), description)));
        let mut written = json!({ "Type": "AWS::Lambda::Version", "Properties": version });
        if let Value::Object(written) = &mut written {
            written.extend(definition.shared.clone());
            let policy = definition.properties.get("VersionDeletionPolicy").cloned();
            written.insert("DeletionPolicy".to_owned(), policy.unwrap_or_else(|| "Retain".into()));
        }
        self.insert(definition, &version_id, written)?;
        let alias_id = format!("{id}Alias{}", super::alphanumeric(name));
        let mut alias = members(json!({
            "Name": name,
            "FunctionName": { "Ref": id },
            "FunctionVersion": { "Fn::GetAtt": [version_id, "Version"] },
        }));
        alias.extend(definition.taken(&["ProvisionedConcurrencyConfig"]));
        self.add(definition, &alias_id, "AWS::Lambda::Alias", alias)?;
        self.aliases.insert(format!("{id}.Version"), version_id);
        self.aliases.insert(format!("{id}.Alias"), alias_id.clone());
        Ok(Some(alias_id))
    }
}

/// Where the code is.
fn code(definition: &Definition) -> Result<Value, TemplateError> {
    if let Some(inline) = definition.properties.get("InlineCode") {
        return Ok(json!({ "ZipFile": inline }));
    }
    if let Some(image) = definition.properties.get("ImageUri") {
        return Ok(json!({ "ImageUri": image }));
    }
    let location: Option<Map<String, Value>> =
        definition.s3_location("CodeUri", ("S3Bucket", "S3Key", "S3ObjectVersion"))?;
    location
        .map(Value::Object)
        .ok_or_else(|| definition.invalid("One of 'InlineCode', 'CodeUri' or 'ImageUri' is required."))
}
