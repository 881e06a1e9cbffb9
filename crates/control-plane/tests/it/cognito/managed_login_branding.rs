//! Managed login branding: one style a client, kept as it came.

use serde_json::{Value, json};

use crate::plane::{Plane, with};

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// A plane, a pool of it and an app client of that.
async fn world() -> (Plane, String, Value) {
    let plane = Plane::new();
    let pool = plane.pool_with_scopes().await;
    let client = plane.client(&pool).await;
    (plane, pool.clone(), json!({"UserPoolId": pool, "ClientId": client["ClientId"]}))
}

#[tokio::test]
async fn a_style_is_shown_as_it_was_given() {
    let (plane, pool, client) = world().await;
    let asset = json!({"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG", "Bytes": "iVBORw0KGgo="});
    let style = json!({"Settings": {"components": {"form": {"borderRadius": 8.0}}}, "Assets": [asset]});
    let created = plane.ok("CreateManagedLoginBranding", with(client.clone(), style.clone())).await;
    let created = &created["ManagedLoginBranding"];
    let key = json!({"UserPoolId": pool, "ManagedLoginBrandingId": created["ManagedLoginBrandingId"]});
    for (operation, input) in
        [("DescribeManagedLoginBranding", &key), ("DescribeManagedLoginBrandingByClient", &client)]
    {
        let shown = plane.ok(operation, input.clone()).await;
        assert_eq!(&shown["ManagedLoginBranding"], created, "{operation}");
        let expected = json!([false, style["Settings"], style["Assets"]]);
        let shown = &shown["ManagedLoginBranding"];
        assert_eq!(json!([shown["UseCognitoProvidedValues"], shown["Settings"], shown["Assets"]]), expected);
    }

    let check = async |changes: Value, expected: Value| {
        let updated = plane.ok("UpdateManagedLoginBranding", with(key.clone(), changes.clone())).await;
        let updated = &updated["ManagedLoginBranding"];
        let said = json!([updated["UseCognitoProvidedValues"], updated["Settings"], updated["Assets"]]);
        assert_eq!(said, expected, "{changes}");
    };
    check(json!({"Settings": {"a": 1}}), json!([false, {"a": 1}, [asset]])).await;
    check(json!({"Assets": []}), json!([false, {"a": 1}, null])).await;
    check(json!({"UseCognitoProvidedValues": true}), json!([true, null, null])).await;
    let merged =
        plane.ok("DescribeManagedLoginBranding", with(key.clone(), json!({"ReturnMergedResources": true}))).await;
    assert_eq!(merged["ManagedLoginBranding"]["Settings"], json!({}));
    assert_eq!(merged["ManagedLoginBranding"]["Assets"], json!([]));
}

#[tokio::test]
async fn refuses_what_contradicts_itself_or_is_not_there() {
    let (plane, pool, client) = world().await;
    let check = async |operation: &str, input: Value, exception: &str, message: &str| {
        plane.refused(operation, input, exception, message).await;
    };
    let id = client["ClientId"].as_str().unwrap();
    let contradiction = "Settings and Assets cannot be given when UseCognitoProvidedValues is true.";
    let provided = with(client.clone(), json!({"UseCognitoProvidedValues": true}));
    let both = with(provided.clone(), json!({"Settings": {}}));
    let unbranded = format!("User pool client {id} has no managed login branding.");
    check("CreateManagedLoginBranding", both, "InvalidParameterException", contradiction).await;
    check("DescribeManagedLoginBrandingByClient", client.clone(), "ResourceNotFoundException", &unbranded).await;
    plane.ok("CreateManagedLoginBranding", provided.clone()).await;
    let exists = format!("User pool client {id} already has a managed login branding.");
    check("CreateManagedLoginBranding", provided, "ManagedLoginBrandingExistsException", &exists).await;
    let nobody = json!({"UserPoolId": pool, "ManagedLoginBrandingId": NOBODY});
    let gone = format!("Managed login branding {NOBODY} does not exist.");
    for operation in ["DescribeManagedLoginBranding", "UpdateManagedLoginBranding", "DeleteManagedLoginBranding"] {
        check(operation, nobody.clone(), "ResourceNotFoundException", &gone).await;
    }
    let missing = "1 validation error detected: Value null at 'managedLoginBrandingId' failed to satisfy constraint: \
                   Member must not be null";
    check("UpdateManagedLoginBranding", json!({"UserPoolId": pool}), "InvalidParameterException", missing).await;
}

#[tokio::test]
async fn a_pool_has_twenty_styles() {
    let (plane, pool, _) = world().await;
    let brand = async || {
        let client = plane.client(&pool).await;
        json!({"UserPoolId": pool, "ClientId": client["ClientId"]})
    };
    for _ in 0..20 {
        plane.ok("CreateManagedLoginBranding", brand().await).await;
    }
    let message = "The quota of 20 managed login branding styles per user pool is used up.";
    plane.refused("CreateManagedLoginBranding", brand().await, "LimitExceededException", message).await;
}

#[tokio::test]
async fn a_style_goes_with_its_client_and_with_its_pool() {
    use claviger_resources::managed_login_branding::ManagedLoginBranding;
    use claviger_resources::signing_certificate::SigningCertificate;
    use claviger_store::TransactionExt;

    let (plane, pool, client) = world().await;
    let tenant = plane.caller.tenant();
    let count = async || plane.stored().await.count_of::<ManagedLoginBranding>(&tenant, &pool).await.unwrap();
    plane.ok("CreateManagedLoginBranding", client.clone()).await;
    plane.ok("DeleteUserPoolClient", client).await;
    assert_eq!(count().await, 0);
    let another = plane.client(&pool).await;
    plane.ok("CreateManagedLoginBranding", json!({"UserPoolId": pool, "ClientId": another["ClientId"]})).await;
    plane.ok("GetSigningCertificate", json!({"UserPoolId": pool})).await;
    let certificate =
        async || plane.stored().await.find::<SigningCertificate>(&tenant, "", &pool).await.unwrap().is_some();
    assert_eq!((count().await, certificate().await), (1, true));
    plane.ok("DeleteUserPool", json!({"UserPoolId": pool})).await;
    assert_eq!((count().await, certificate().await), (0, false));
}
