//! Variables of the environment that name no setting: most are misspelt, and the setting would silently keep its default.

use super::{ConfigError, SETTINGS, reference::CONFIG_VARIABLE, setting, source::Environment};

/// What the names of all variables of Kindling begin with.
pub(super) const PREFIX: &str = "KINDLING_";

/// Variables of this repository's tests and benches, which its developers may have set for all programs that they start.
const OF_TESTS: [&str; 4] = [
    "KINDLING_BIN",
    "KINDLING_ENDURANCE",
    "KINDLING_ORACLE_",
    "KINDLING_TEST_",
];

/// Adds a mistake for each variable that looks like one of Kindling and names no setting. Its value may be a secret.
pub(super) fn check(env: &Environment, mistakes: &mut Vec<ConfigError>) {
    for (name, value) in env {
        let Some(rest) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let is_known = name == CONFIG_VARIABLE
            || SETTINGS.iter().any(|setting| setting.variable() == *name)
            || OF_TESTS.iter().any(|prefix| name.starts_with(prefix));
        if value.is_empty() || is_known || is_service_link(name, value) {
            continue;
        }
        mistakes.push(ConfigError::UnknownVariable {
            name: name.clone(),
            suggestion: setting::nearest(rest).map(setting::Setting::variable),
        });
    }
}

/// Whether Kubernetes sets the variable in every container, for a service that is called `kindling` or `kindling-…`:
/// `KINDLING_SERVICE_HOST`, `KINDLING_SERVICE_PORT`, `KINDLING_SERVICE_PORT_HTTP`, `KINDLING_PORT`, `KINDLING_PORT_8080_TCP`
/// and, for each such port, `…_PROTO`, `…_PORT` and `…_ADDR`.
fn is_service_link(name: &str, value: &str) -> bool {
    let is_service = name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_");
    // Somebody who means the port to listen on writes a number.
    let is_address = name.ends_with("_PORT") && value.contains("://");
    is_service
        || is_address
        || name
            .split_once("_PORT_")
            .is_some_and(|(_, port)| is_port(port))
}

/// Whether this is `8080_TCP`, or what is said of such a port.
fn is_port(text: &str) -> bool {
    let mut parts = text.split('_');
    let number = parts.next().is_some_and(|part| part.parse::<u16>().is_ok());
    let protocol = matches!(parts.next(), Some("TCP" | "UDP" | "SCTP"));
    number && protocol && matches!(parts.next(), None | Some("PROTO" | "PORT" | "ADDR"))
}

#[cfg(test)]
mod tests {
    use super::{Environment, SETTINGS, check, is_service_link};

    fn mistakes(variables: &[(&str, &str)]) -> Vec<String> {
        let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let env: Environment = variables.iter().map(text).collect();
        let mut mistakes = Vec::new();
        check(&env, &mut mistakes);
        mistakes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_variable_that_is_misspelt_is_a_mistake_that_keeps_its_value_secret() {
        let wrong = [
            ("KINDLING_DATABASE_URI", "postgres://ann:s3cret@db/kindling"),
            ("KINDLING_PORT", "9000"),
            ("KINDLING_secret_key", "s3cret"),
        ];
        let expected = [
            "KINDLING_DATABASE_URI: no setting has this environment variable; did you mean KINDLING_DATABASE_URL?",
            "KINDLING_PORT: no setting has this environment variable; `kindling settings` lists those that there are",
            "KINDLING_secret_key: no setting has this environment variable; did you mean KINDLING_SECRET_KEY?",
        ];
        assert_eq!(mistakes(&wrong), expected);
    }

    #[test]
    fn variables_of_others_are_left_alone() {
        let address = "tcp://10.96.0.10:8080";
        let of_others = [
            ("KINDLING_SERVICE_HOST", "10.96.0.10"),
            ("KINDLING_SERVICE_PORT", "8080"),
            ("KINDLING_SERVICE_PORT_HTTP", "8080"),
            ("KINDLING_PORT", address),
            ("KINDLING_PORT_8080_TCP", address),
            ("KINDLING_PORT_8080_TCP_PROTO", "tcp"),
            ("KINDLING_PORT_8080_TCP_PORT", "8080"),
            ("KINDLING_PORT_8080_TCP_ADDR", "10.96.0.10"),
            ("KINDLING_DB_SERVICE_HOST", "10.96.0.11"),
            ("KINDLING_DB_PORT_5432_TCP_ADDR", "10.96.0.11"),
            ("KINDLING_TEST_POSTGRES", "postgres://localhost"),
            ("KINDLING_ENDURANCE", "full"),
            ("KINDLING_ENDURANCE_KILLS", "8"),
            ("KINDLING_BIN", "/kindling"),
            ("KINDLING_ORACLE_DOCUMENTS", "100"),
            ("KINDLING_UNKNOWN", ""),
            ("KINDLING_CONFIG", "kindling.toml"),
            ("KINDLINGS", "1"),
            ("PORT", "8080"),
        ];
        assert_eq!(mistakes(&of_others), [""; 0]);
    }

    #[test]
    fn no_setting_looks_like_a_variable_of_others() {
        for setting in SETTINGS {
            let name = setting.variable();
            assert!(!is_service_link(&name, "tcp://10.96.0.10:8080"), "{name}");
            assert!(mistakes(&[(&name, "x")]).is_empty(), "{name}");
        }
    }
}
