//! Our inputs and outputs held against AWS's description of them, name by name and type by type.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use claviger_aws_protocol::shape::{Kind, Shape, Wording, check_types, find};
use serde::de::value::Error as Stop;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde_json::{Map, Value, json};

use super::operations::OPERATIONS;
use super::output_shapes::{EXCEPTIONS, OUTPUTS};
use super::sign_in::{account, challenge, change_password, flow, refresh, sign_out};
use super::{
    app_client, client_secret, client_token, group, group_member, identity_provider, log_delivery,
    managed_login_branding, mfa, password_reset, provisioned_limit, resource_server, risk, schema, shapes, sign_up,
    signing_certificate, tags, user, user_creation, user_list, user_password, user_pool, user_pool_domain, user_update,
};
use crate::operation::{Operation, Procedure};

/// Stops as soon as a struct says which members it has.
struct Members<'a>(&'a mut Option<&'static [&'static str]>);

impl<'de> Deserializer<'de> for Members<'_> {
    type Error = Stop;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
        Err(Stop::custom("not a struct whose members are all named"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        members: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        *self.0 = Some(members);
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The members an input names; `None` when it also takes those it does not name.
fn members<T: DeserializeOwned>() -> Option<BTreeSet<&'static str>> {
    let mut members = None;
    let _ = T::deserialize(Members(&mut members));
    members.map(|members| members.iter().copied().collect())
}

/// A value with every member of its shape, right in type if not in content.
fn sample(shape: &Shape) -> Value {
    match shape.kind {
        Kind::Boolean => json!(true),
        Kind::Integer | Kind::Long => json!(1),
        Kind::Double | Kind::Timestamp => json!(1.5),
        Kind::Blob | Kind::String => json!(shape.values.first().unwrap_or(&"x")),
        Kind::Document => json!({}),
        Kind::List(element) => json!([sample(element)]),
        Kind::Map(key, element) => json!({sample(key).as_str().unwrap_or_default(): sample(element)}),
        Kind::Structure(members) => {
            members.iter().map(|member| (member.key.to_owned(), sample(member.shape))).collect::<Map<_, _>>().into()
        }
    }
}

fn check<Input: DeserializeOwned>(name: &'static str, inputs: &mut BTreeSet<&'static str>) {
    let input = find(shapes::OPERATIONS, name).unwrap().input;
    inputs.insert(name);
    let known: BTreeSet<&str> = input.members().iter().map(|member| member.key).collect();
    if let Some(named) = members::<Input>() {
        assert_eq!(named, known, "{name}");
    }
    let whole = sample(input);
    let read = serde_json::from_value::<Input>(whole.clone());
    assert!(read.is_ok(), "{name} cannot be read with all of its members: {:?}", read.err());
    let mut least = whole;
    let required = |key: &str| input.member(key).is_some_and(|member| member.required);
    least.as_object_mut().unwrap().retain(|key, _| required(key));
    for key in known {
        let mut object = least.clone();
        object.as_object_mut().unwrap().remove(key);
        let read = serde_json::from_value::<Input>(object);
        assert_eq!(read.is_ok(), !required(key), "{name} without {key}");
    }
}

#[test]
fn inputs_name_the_members_of_their_shapes_and_need_those_that_are_required() {
    let mut checked = BTreeSet::new();
    macro_rules! check_all {
        ($kind:ident, $($module:ident: $($operation:ident),*;)*) => {
            $($(check::<<$module::$operation as $kind>::Input>($module::$operation::NAME, &mut checked);)*)*
        };
    }
    check_all! { Procedure,
        client_token: GetClientToken;
    }
    check_all! { Operation,
        user_pool: CreateUserPool, DescribeUserPool, ListUserPools, UpdateUserPool, DeleteUserPool;
        mfa: GetUserPoolMfaConfig, SetUserPoolMfaConfig;
        signing_certificate: GetSigningCertificate;
        log_delivery: GetLogDeliveryConfiguration, SetLogDeliveryConfiguration;
        risk: DescribeRiskConfiguration;
        identity_provider: ListIdentityProviders;
        managed_login_branding: CreateManagedLoginBranding, DescribeManagedLoginBranding,
            DescribeManagedLoginBrandingByClient, UpdateManagedLoginBranding, DeleteManagedLoginBranding;
        schema: AddCustomAttributes;
        resource_server: CreateResourceServer, DescribeResourceServer, ListResourceServers, UpdateResourceServer,
            DeleteResourceServer;
        app_client: CreateUserPoolClient, DescribeUserPoolClient, ListUserPoolClients, UpdateUserPoolClient,
            DeleteUserPoolClient;
        client_secret: AddUserPoolClientSecret, ListUserPoolClientSecrets, DeleteUserPoolClientSecret;
        user_pool_domain: CreateUserPoolDomain, DescribeUserPoolDomain, UpdateUserPoolDomain, DeleteUserPoolDomain;
        tags: TagResource, UntagResource, ListTagsForResource;
        sign_out: RevokeToken, GlobalSignOut, AdminUserGlobalSignOut;
        account: GetUser, UpdateUserAttributes, DeleteUserAttributes, GetUserAttributeVerificationCode,
            VerifyUserAttribute, DeleteUser;
        provisioned_limit: GetProvisionedLimit, UpdateProvisionedLimit;
        user: AdminGetUser, AdminEnableUser, AdminDisableUser, AdminDeleteUser;
        user_creation: AdminCreateUser;
        user_list: ListUsers;
        user_update: AdminUpdateUserAttributes, AdminDeleteUserAttributes;
        password_reset: AdminResetUserPassword, ForgotPassword;
        sign_up: ConfirmSignUp, AdminConfirmSignUp, ResendConfirmationCode;
        group: CreateGroup, GetGroup, ListGroups, UpdateGroup, DeleteGroup;
        group_member: AdminAddUserToGroup, AdminRemoveUserFromGroup, AdminListGroupsForUser, ListUsersInGroup;
    }
    check_all! { Procedure,
        sign_up: SignUp;
        user_password: AdminSetUserPassword;
        password_reset: ConfirmForgotPassword;
        flow: InitiateAuth, AdminInitiateAuth;
        challenge: RespondToAuthChallenge, AdminRespondToAuthChallenge;
        refresh: GetTokensFromRefreshToken;
        change_password: ChangePassword;
    }
    assert_eq!(checked, OPERATIONS.iter().map(|row| row.name).collect());
}

/// Fails when a value has a member that its shape has not.
fn assert_known(shape: &Shape, value: &Value, place: &str) {
    match (&shape.kind, value) {
        (Kind::Structure(_), Value::Object(object)) => {
            for (key, value) in object {
                let member = shape.member(key).unwrap_or_else(|| panic!("AWS has no member {place}.{key}"));
                assert_known(member.shape, value, &format!("{place}.{key}"));
            }
        }
        (Kind::Map(_, element), Value::Object(entries)) => {
            for value in entries.values() {
                assert_known(element, value, place);
            }
        }
        (Kind::List(element), Value::Array(elements)) => {
            for value in elements {
                assert_known(element, value, place);
            }
        }
        _ => {}
    }
}

#[test]
fn answers_have_the_members_types_and_exceptions_of_the_description() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/goldens/cognito");
    for row in OPERATIONS {
        let text = fs::read_to_string(folder.join(format!("{}.txt", row.name))).unwrap();
        let (_, output) = OUTPUTS.iter().find(|(name, _)| *name == row.name).unwrap();
        for exchange in text.split("\n----\n\n") {
            let answer = exchange.splitn(3, "\n\n").nth(2).unwrap();
            let (head, body) = answer.split_once("\n\n").unwrap_or((answer, "null"));
            let body: Value = serde_json::from_str(body).unwrap();
            match (head.starts_with("200 OK"), output) {
                (true, Some(shape)) => {
                    check_types(shape, &body, Wording::AwsJson).unwrap();
                    assert_known(shape, &body, row.name);
                    for member in shape.members().iter().filter(|member| member.required) {
                        assert!(body.get(member.key).is_some(), "{} answers without {}", row.name, member.key);
                    }
                }
                (true, None) => assert!(body.is_null(), "{} answers nothing: {body}", row.name),
                (false, _) => {
                    let exception = body["__type"].as_str().unwrap();
                    assert!(
                        EXCEPTIONS.iter().any(|(name, _)| *name == exception),
                        "{} refuses with {exception}",
                        row.name
                    );
                }
            }
        }
    }
}
