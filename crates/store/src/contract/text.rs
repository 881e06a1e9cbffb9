//! Text is kept as it came: bodies, keys and names.

use claviger_resources::app_client::{AppClient, ClientSecret};
use claviger_resources::{ClientId, Sealed, Timestamp, UserPoolId};

use super::{Shared, assert_fails, find, holder, insert, key, name, tenant};
use crate::{Key, Listing, Name, Namespace, StoreError, TransactionExt as _};

/// JSON that a parser would write back differently: spacing, order and repetition of members, escapes, numbers.
const BODIES: &[&str] = &[
    "{}",
    "null",
    "\"\"",
    " \t\r\n{ \"b\" : 1 ,\r\n\t\"a\" : [ ] } \n\n",
    r#"{"b":1,"a":2,"b":3}"#,
    r#"{"zero":"a\u0000b","slash":"\/","escaped":"\u00e9\ud83d\ude00","plain":"é😀"}"#,
    r#"{"numbers":[1.0,1e2,-0,0.10,123456789012345678901234567890,1E-7]}"#,
    "\"\u{feff}\u{200b}\u{2028}e\u{301}\u{fffd}\u{10ffff}\u{7f}\"",
    r#"{"sql":"'; DROP TABLE record; --","percent":"100%","dollar":"$1 $$"}"#,
];

/// What is read is what was written, to the byte, however it is read.
pub async fn keeps_bodies_byte_for_byte(store: Shared) -> Result<(), StoreError> {
    for (number, body) in BODIES.iter().enumerate() {
        insert(&store, &key("inserted", &number.to_string()), &[name(&number.to_string())], body).await?;
        let replaced = key("replaced", &number.to_string());
        let mut tx = store.write().await?;
        tx.insert_row(&replaced, &[], "1").await?;
        tx.replace_row(&replaced, 1, &[], body).await?;
        tx.commit().await?;
    }
    let mut tx = store.read().await?;
    for (number, body) in BODIES.iter().enumerate() {
        let number = number.to_string();
        for parent in ["inserted", "replaced"] {
            assert_eq!(tx.row(&key(parent, &number)).await?.map(|row| row.body).as_deref(), Some(*body));
        }
        assert_eq!(tx.row_named(&name(&number)).await?.map(|row| row.body).as_deref(), Some(*body));
    }
    let tenant = tenant();
    let listing = Listing { kind: key("", "").kind, tenant: &tenant, parent: "replaced", after: None, limit: 100 };
    assert!(tx.rows(&listing).await?.iter().map(|row| &*row.body).eq(BODIES.iter().copied()));
    Ok(())
}

/// A body may be as large as the largest document that can be imported.
pub async fn keeps_large_bodies(store: Shared) -> Result<(), StoreError> {
    let line = "{\"openapi\":\"3.0.1\",\"paths\":{\"/weather/{id}\":\"☂\"}} ";
    let body = line.repeat(6 * 1024 * 1024 / line.len() + 1);
    insert(&store, &key("pool", "large"), &[], &body).await?;
    assert!(find(&store, &key("pool", "large")).await?.is_some_and(|row| row.body == body));
    let mut tx = store.write().await?;
    tx.replace_row(&key("pool", "large"), 1, &[], &body[1..]).await?;
    tx.commit().await?;
    assert!(find(&store, &key("pool", "large")).await?.is_some_and(|row| row.body == body[1..]));
    Ok(())
}

/// Keys and names may hold any text but U+0000, compared as it is: no case folding, no normal forms, no trimming.
pub async fn keeps_keys_and_names_of_any_script(store: Shared) -> Result<(), StoreError> {
    let texts = [
        "https://weather.example/api?q=1#2",
        "é",
        "e\u{301}",
        "É",
        "ß",
        "ss",
        " a",
        "a ",
        "a",
        "a\u{1}",
        "%",
        "_",
        "'",
        "\"",
        "\\",
        "天気",
        "\u{1f327}",
        "ı",
        "i",
        "I",
    ];
    for text in texts {
        insert(&store, &key(text, text), &[name(text)], "1").await?;
    }
    for text in texts {
        assert!(find(&store, &key(text, text)).await?.is_some(), "{text:?}");
        assert_eq!(holder(&store, &name(text)).await?.as_deref(), Some(text));
    }
    Ok(())
}

/// Not every backend can keep U+0000, so none takes it.
pub async fn refuses_u_0000_in_keys_and_names(store: Shared) -> Result<(), StoreError> {
    let with_names = |names: &[&str]| names.iter().map(|text| name(text)).collect::<Vec<_>>();
    let cases: [(Key, Vec<Name>); 5] = [
        (key("\0", "a"), vec![]),
        (key("pool", "a\0"), vec![]),
        (key("pool", "\0a"), vec![]),
        (key("pool", "a"), with_names(&["a\0b"])),
        (key("pool", "a"), with_names(&["fine", "\0"])),
    ];
    insert(&store, &key("pool", "b"), &[], "1").await?;
    for (key, names) in &cases {
        let mut tx = store.write().await?;
        assert_fails!(tx.insert_row(key, names, "1").await, StoreError::NulCharacter);
    }
    let mut tx = store.write().await?;
    let names = [Name::new(Namespace::ApiId, "\0")];
    assert_fails!(tx.replace_row(&key("pool", "b"), 1, &names, "2").await, StoreError::NulCharacter);
    tx.commit().await?;
    assert_eq!(find(&store, &key("pool", "b")).await?.map(|row| row.version), Some(1));
    assert_eq!(holder(&store, &name("fine")).await?, None);
    Ok(())
}

/// Sealed secrets, whatever their bytes, come back as they were.
pub async fn keeps_sealed_secrets(store: Shared) -> Result<(), StoreError> {
    let pool = UserPoolId::parse("us-east-1_AbCdEfGhI").expect("a pool id");
    let id = ClientId::parse("1example23456789").expect("a client id");
    let client = AppClient {
        id: id.clone(),
        pool: pool.clone(),
        tenant: tenant(),
        name: "machine".to_owned(),
        created: Timestamp::from_milliseconds(1_700_000_000_123),
        modified: Timestamp::from_milliseconds(1_700_000_000_456),
        secrets: vec![ClientSecret {
            id: format!("{id}--1700000000123"),
            created: Timestamp::from_milliseconds(1_700_000_000_123),
            digest: Sealed::from_bytes((0..=255).rev().collect::<Vec<u8>>()),
            sealed: Sealed::from_bytes((0..=255).collect::<Vec<u8>>()),
            original: true,
        }],
        oauth_enabled: true,
        oauth_flows: None,
        oauth_scopes: Some(vec!["https://weather.example/read".to_owned()]),
        access_token_validity: None,
        access_token_unit: None,
        limits: None,
        extra_claims: serde_json::Map::new(),
        configuration: serde_json::Map::new(),
    };
    let mut tx = store.write().await?;
    tx.insert(&client).await?;
    tx.commit().await?;
    let mut tx = store.read().await?;
    let by_key = tx.find::<AppClient>(&tenant(), pool.as_str(), id.as_str()).await?;
    assert!(by_key.is_some_and(|found| found.record == client));
    let by_name = tx.find_named::<AppClient>(&name(id.as_str())).await?;
    assert!(by_name.is_some_and(|found| found.record == client));
    Ok(())
}
