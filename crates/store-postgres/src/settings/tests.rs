use super::*;

fn parse(url: &str) -> Result<Settings, SettingsError> {
    Settings::parse_with(url, |_| None)
}

#[test]
fn understands_hosts_users_and_databases() {
    let check = |url: &str, hosts: &[&str], user: &str, database: &str, password: Option<&str>| {
        let settings = parse(url).unwrap();
        assert_eq!(settings.hosts.iter().map(Host::to_string).collect::<Vec<_>>(), hosts, "{url}");
        assert_eq!((&*settings.user, &*settings.database), (user, database), "{url}");
        let found = settings.hosts[0].password.as_ref().map(|password| &**password.expose());
        assert_eq!(found, password, "{url}");
    };
    check("postgres://node@db/store", &["db:5432"], "node", "store", None);
    check("postgresql://node:s3cret@db:6000/store", &["db:6000"], "node", "store", Some("s3cret"));
    check("postgres://node:p%40ss%3Aword@db", &["db:5432"], "node", "node", Some("p@ss:word"));
    check("postgres://node@a:1,b:2,c/store", &["a:1", "b:2", "c:5432"], "node", "store", None);
    check("postgres://node@a,b/store?port=6000", &["a:6000", "b:6000"], "node", "store", None);
    check("postgres://node@[::1]:6000,[fe80::1]/store", &["[::1]:6000", "[fe80::1]:5432"], "node", "store", None);
    check("postgres://node@%2Frun%2Fpostgresql/store", &["/run/postgresql:5432"], "node", "store", None);
    let parameters = "postgres:///?host=/run/postgresql&user=node&password=word&dbname=store";
    check(parameters, &["/run/postgresql:5432"], "node", "store", Some("word"));
}

#[test]
fn is_never_silently_weaker_than_what_was_asked() {
    let tls = |verifies_name, roots: Option<&str>| Security::Tls {
        verifies_name,
        roots: roots.map(PathBuf::from),
        certificate: None,
    };
    let check = |query: &str, expected: Security| {
        assert_eq!(parse(&format!("postgres://node@db/store{query}")).unwrap().security, expected, "{query}");
    };
    check("", tls(true, None));
    check("?sslmode=verify-full", tls(true, None));
    check("?sslmode=verify-full&sslrootcert=system", tls(true, None));
    check("?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem", tls(true, Some("/etc/ca.pem")));
    check("?sslmode=verify-ca&sslrootcert=ca.pem", tls(false, Some("ca.pem")));
    check("?sslmode=disable", Security::Plain);
    let shown =
        Security::Tls { verifies_name: true, roots: None, certificate: Some(("node.pem".into(), "node.key".into())) };
    check("?sslcert=node.pem&sslkey=node.key", shown);
}

#[test]
fn refuses_what_it_does_not_understand() {
    let check = |url: &str, expected: &str| {
        let error = parse(url).unwrap_err().to_string();
        assert!(error.contains(expected), "{url}: {error}");
    };
    check("mysql://node@db/store", "expected postgres://");
    check("postgres://db/store", "names no user");
    check("postgres://node@/store", "names no host");
    check("postgres://node@db:x/store", "`port` of the database's URL must be a port");
    check("postgres://node@db:70000/store", "must be a port");
    check("postgres://node@[::1]x/store", "expected postgres://");
    check("postgres://node@db/store?sslmode=require", "`sslmode=require` does not find out who answers");
    check("postgres://node@db/store?sslmode=prefer", "`sslmode=prefer` does not find out");
    check("postgres://node@db/store?sslmode=allow", "`sslmode=allow` does not find out");
    check("postgres://node@db/store?sslmode=on", "must be `verify-full`");
    check("postgres://node@db/store?sslmode=verify-ca", "names no sslrootcert");
    check("postgres://node@db/store?sslmode=verify-ca&sslrootcert=system", "names no sslrootcert");
    check("postgres://node@db/store?sslcert=node.pem", "names no sslkey");
    check("postgres://node@db/store?sslkey=node.key", "names no sslcert");
    check("postgres://node@db/store?target_session_attrs=standby", "must be `read-write`");
    check("postgres://node@db/store?schema=Mine", "`schema` of the database's URL must be at most 63");
    check("postgres://node@db/store?schema=a\"b", "must be at most 63");
    check("postgres://node@db/store?readers=0", "a number from 1 to 1000");
    check("postgres://node@db/store?connect_timeout=0", "a number of seconds");
    check("postgres://node@db/store?sslcompression=1", "parameter `sslcompression`, which means nothing here");
    check("postgres://node@db/store?lonely", "expected postgres://");
    check("postgres://node@d%00b/store", "expected postgres://");
}

#[test]
fn takes_the_password_from_where_libpq_does() {
    let password = |url: &str, set: &str| {
        let settings =
            Settings::parse_with(url, |name| (name == "PGPASSWORD" && !set.is_empty()).then(|| set.to_owned()));
        settings.unwrap().hosts[0].password.as_ref().map(|password| password.expose().clone())
    };
    assert_eq!(password("postgres://node@db", ""), None);
    assert_eq!(password("postgres://node@db", "from there").as_deref(), Some("from there"));
    assert_eq!(password("postgres://node:from+here@db", "from there").as_deref(), Some("from+here"));
}

#[test]
fn shows_no_password() {
    let url = "postgres://node:s3cret@db/store?options=-c%20x%3Ds3cret";
    assert!(!format!("{:?}", parse(url).unwrap()).contains("s3cret"));
    let wrong = [
        "postgres://node:s3cret@db:s3cret/store",
        "postgres://node:s3cret/store",
        "postgres:node:s3cret@db",
        "postgres://node:x?s3cret=1@db",
    ];
    for wrong in wrong {
        let error = parse(wrong).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{wrong}");
    }
}
