//! The settings of `claviger serve`: the whole list on one screen. Each has a key in the file, a flag and a variable, and
//! all three follow from its one row here; so does the table in `docs/configuration.md`.

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Its key in the file, the tables it stands in before it.
    pub(crate) key: &'static str,
    /// What it takes.
    pub(crate) kind: Kind,
    /// What holds when it is not given, in words for the documentation.
    pub(crate) default: &'static str,
    /// What it is for, in one sentence.
    pub(crate) help: &'static str,
}

/// What a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text.
    Text,
    /// A whole number that is not negative.
    Number,
    /// `true` or `false`.
    Switch,
    /// Texts; as a flag it may be repeated, and each may hold several, separated by commas.
    List,
    /// Tables; as a flag, a TOML array of inline tables.
    Tables,
}

/// Every setting.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        key: "data_dir",
        kind: Kind::Text,
        default: "none: must be given",
        help: "The directory for what the server keeps in files: objects, code of functions, logs, and the embedded store",
    },
    Setting {
        key: "store",
        kind: Kind::Text,
        default: "`sqlite:` and `claviger.db` in `data_dir`",
        help: "Where records are kept: `sqlite:PATH`, or `postgres://…` for several nodes",
    },
    Setting {
        key: "account",
        kind: Kind::Text,
        default: "`000000000000`",
        help: "The AWS account of callers whose credentials name none: 12 digits",
    },
    Setting {
        key: "roles",
        kind: Kind::Tables,
        default: "`admin`, `deployer`, `auditor` and `secret-reader`",
        help: "Further roles in which access keys call, each a table with a `name` and `statements`",
    },
    Setting {
        key: "issuer",
        kind: Kind::Text,
        default: "none: must be given",
        help: "What tokens name as their issuer: `aws` for AWS's own form, or the `https` URL that pool ids are appended to",
    },
    Setting {
        key: "suffixes",
        kind: Kind::List,
        default: "none",
        help: "Host names under which services are found as under AWS's, as in `cognito-idp.SUFFIX`",
    },
    Setting {
        key: "listen.data",
        kind: Kind::List,
        default: "`127.0.0.1:4566`",
        help: "Addresses that answer traffic: tokens, keys, APIs, and what proxies ask",
    },
    Setting {
        key: "listen.control",
        kind: Kind::List,
        default: "those of `listen.data`",
        help: "Addresses that answer the AWS calls of operators and deploy tools",
    },
    Setting {
        key: "listen.operations",
        kind: Kind::List,
        default: "those of `listen.data`",
        help: "Addresses that answer what machines ask of the server itself: whether it is ready",
    },
    Setting {
        key: "listen.connections_max",
        kind: Kind::Number,
        default: "16384",
        help: "Connections served at once at each address; further ones wait",
    },
    Setting {
        key: "tls.certificates",
        kind: Kind::Tables,
        default: "none: plain HTTP",
        help: "Certificates, each a table with the PEM files `certificate` (with its chain) and `key`; clients get the one \
               for the name they ask for, and the first when they name none",
    },
    Setting {
        key: "tls.behind_proxy",
        kind: Kind::Switch,
        default: "false",
        help: "Whether plain HTTP is allowed at addresses beyond this machine, because a proxy in front ends TLS",
    },
    Setting {
        key: "master_key.file",
        kind: Kind::Text,
        default: "none",
        help: "A file that holds the master key: 64 hexadecimal digits, and in further lines older keys that still open",
    },
    Setting {
        key: "master_key.variable",
        kind: Kind::Text,
        default: "none",
        help: "The environment variable that holds the same",
    },
    Setting {
        key: "master_key.command",
        kind: Kind::List,
        default: "none",
        help: "A program and its arguments that print the same",
    },
    Setting {
        key: "run_functions",
        kind: Kind::Switch,
        default: "false",
        help: "Whether stored Lambda functions are run, each process kept apart from the server",
    },
    Setting {
        key: "functions",
        kind: Kind::List,
        default: "none",
        help: "Functions that stand behind URLs, as `ARN=URL`",
    },
    Setting {
        key: "revoke_on_delete",
        kind: Kind::Switch,
        default: "true",
        help: "Whether the tokens of an app client are refused once it is deleted; at AWS they live until they expire",
    },
    Setting {
        key: "audit.records",
        kind: Kind::Text,
        default: "`all`",
        help: "What the audit log records: `all`, `calls` for what names an access key alone, or `off`",
    },
    Setting {
        key: "audit.retention_days",
        kind: Kind::Number,
        default: "90",
        help: "Days that files of the audit log are kept",
    },
    Setting {
        key: "audit.tokens_mib_max",
        kind: Kind::Number,
        default: "10240",
        help: "The size of all audit files about requests for tokens, in MiB; over it, the oldest go before their time",
    },
    Setting {
        key: "quotas",
        kind: Kind::List,
        default: "AWS's",
        help: "Other values than AWS's for quotas, as `NAME=VALUE`",
    },
    Setting {
        key: "request_rates",
        kind: Kind::Text,
        default: "`off`",
        help: "Whose request rates are enforced: `off` for nobody's, `aws` for AWS's",
    },
    Setting {
        key: "token_cache_mib",
        kind: Kind::Number,
        default: "16",
        help: "Memory for tokens that the gate has verified, in MiB; 0 verifies every time",
    },
    Setting {
        key: "upstreams",
        kind: Kind::List,
        default: "none",
        help: "How backends are called, as `[ORIGIN ]NAME=VALUE`",
    },
    Setting {
        key: "cut_off_seconds",
        kind: Kind::Number,
        default: "0",
        help: "With PostgreSQL: seconds without it after which a node refuses token requests and traffic (503) rather than to go by what it knows; 0: never",
    },
    Setting {
        key: "drain_delay_seconds",
        kind: Kind::Number,
        default: "0",
        help: "Seconds that the server goes on, and says that it is not ready, before it stops: for load balancers to notice",
    },
    Setting {
        key: "drain_seconds",
        kind: Kind::Number,
        default: "30",
        help: "Seconds that requests may still take when the server has stopped taking new ones",
    },
    Setting {
        key: "address_file",
        kind: Kind::Text,
        default: "none",
        help: "A file that holds the URL of the first address of `listen.data` while the server listens",
    },
    Setting { key: "log", kind: Kind::Text, default: "`warn`", help: "What is logged: a level, or levels by part" },
    Setting {
        key: "log_format",
        kind: Kind::Text,
        default: "`text`",
        help: "How lines of the log are written: `text` or `json`",
    },
];

impl Setting {
    /// The setting with this key.
    pub(crate) fn find(key: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.key == key)
    }

    /// Its flag, without the dashes in front.
    pub(crate) fn flag(&self) -> String {
        self.key.replace(['.', '_'], "-")
    }

    /// What the command's help says of it.
    pub(crate) fn text(&self) -> String {
        let Self { help, default, .. } = self;
        format!("{help} [env: {}] [default: {}]", self.variable(), default.replace('`', ""))
    }

    /// Its environment variable.
    pub(crate) fn variable(&self) -> String {
        format!("CLAVIGER_{}", self.key.replace('.', "_").to_ascii_uppercase())
    }
}

impl Kind {
    /// What it takes, in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a whole number that is not negative",
            Self::Switch => "true or false",
            Self::List => "a list of texts",
            Self::Tables => "a list of tables",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_names_of_its_own() {
        for (place, setting) in SETTINGS.iter().enumerate() {
            let others = SETTINGS.iter().skip(place + 1);
            assert!(others.clone().all(|other| other.flag() != setting.flag()), "{}", setting.key);
            let inside = format!("{}.", setting.key);
            assert!(SETTINGS.iter().all(|other| !other.key.starts_with(&inside)), "{}", setting.key);
            assert!(!setting.help.ends_with('.') && !setting.default.ends_with('.'), "{}", setting.key);
        }
    }

    #[test]
    fn the_documentation_lists_them_all() {
        let rows: String = SETTINGS.iter().map(row).collect();
        let page = include_str!("../../../../docs/configuration.md");
        assert!(page.contains(&rows), "docs/configuration.md needs this table:\n{rows}");
    }

    fn row(setting: &Setting) -> String {
        format!(
            "| `{}` | `--{}` | `{}` | {} | {} | {} |\n",
            setting.key,
            setting.flag(),
            setting.variable(),
            setting.kind.words(),
            setting.default,
            setting.help
        )
    }
}
