//! Holds the shape that docs/architecture.md draws: who may name whom, who alone does what, and how long files are.
//!
//! It reads text, not types: paths are found in `use` statements and in code, never in comments or strings. There are
//! no exceptions to ask for. Where a rule stands in the way, the code moves, or the rule changes for everybody.

mod blank;
mod public;
mod source;

use source::{Source, read, root, sources};

/// The modules of `src` from top to bottom. Each may name what stands below it, and what stands in its own line.
const LAYERS: &[&[&str]] = &[
    &["main"],
    &["cli"],
    &["http", "worker"],
    &["delivery"],
    &["graphql"],
    &["demo"],
    &["content"],
    &["event", "job", "auth"],
    &["app", "idempotency"],
    &["media", "mail", "crypto"],
    &[
        "database",
        "budget",
        "config",
        "recent",
        "telemetry",
        "clock",
        "id",
        "identifier",
        "error",
        "fold",
        "folder",
    ],
];

const RUST_FOLDERS: &[&str] = &["src", "entity", "migration", "tests", "benches"];
const LONGEST_FILE: usize = 400;
const MEDIAN_FILE: usize = 120;

const READS_THE_TIME: &[[&str; 2]] = &[
    ["Utc", "now"],
    ["Local", "now"],
    ["SystemTime", "now"],
    ["OffsetDateTime", "now_utc"],
    ["Timestamp", "now"],
    ["Zoned", "now"],
    ["Expr", "current_timestamp"],
    ["Expr", "current_date"],
];

#[test]
fn a_module_names_only_what_lies_below_it() {
    let reexports = reexports();
    let mut findings = Vec::new();
    for source in sources("src")
        .iter()
        .filter(|source| source.path != "src/lib.rs")
    {
        let own = &source.module()[0];
        let Some(own_layer) = layer(own) else {
            findings.push(format!(
                "{}:1 `{own}` stands in no line of LAYERS",
                source.path
            ));
            continue;
        };
        for (line, path) in source.paths() {
            let Some(mut named) = source.top_module(&path) else {
                continue;
            };
            if let Some((_, module)) = reexports.iter().find(|(name, _)| *name == named) {
                named.clone_from(module);
            }
            if layer(&named).is_some_and(|layer| layer < own_layer) || path[..] == ["crate", "*"] {
                findings.push(format!(
                    "{}:{line} `{own}` names `{}`",
                    source.path,
                    path.join("::")
                ));
            }
        }
    }
    hold(
        "a module names only what lies below it (see LAYERS)",
        &findings,
    );
}

#[test]
fn only_http_names_axum() {
    let is_http = |path: &str| path == "src/http.rs" || path.starts_with("src/http/");
    let findings = find(&["src"], is_http, |path| path[0].starts_with("axum"));
    hold("only src/http names axum", &findings);
}

#[test]
fn content_sees_the_graphql_context_only_in_its_types_and_its_view() {
    let may = |path: &str| {
        !path.starts_with("src/content/")
            || path.starts_with("src/content/types/")
            || path == "src/content/view.rs"
    };
    let findings = find(&["src"], may, |path| {
        path[0] == "async_graphql"
            && path
                .get(1)
                .is_some_and(|name| name == "Context" || name == "*")
    });
    hold(
        "async_graphql::Context is seen in src/content only in types/ and view.rs",
        &findings,
    );
}

#[test]
fn only_the_clock_reads_the_time() {
    let is_clock = |path: &str| path == "src/clock.rs";
    let mut findings = find(&["src", "entity/src"], is_clock, |path| {
        path.windows(2).any(|pair| {
            READS_THE_TIME
                .iter()
                .any(|[of, name]| pair[0] == *of && pair[1] == *name)
        })
    });
    for source in sources("src")
        .iter()
        .filter(|source| !is_clock(&source.path))
    {
        for (line, text) in source.with_strings.lines().enumerate() {
            let text = text.to_lowercase();
            if text.contains("current_timestamp") || text.contains("'now'") {
                findings.push(format!(
                    "{}:{} asks the database for the time",
                    source.path,
                    line + 1
                ));
            }
        }
    }
    hold("only src/clock.rs reads the time", &findings);
}

#[test]
fn only_the_id_module_makes_ids_and_secrets() {
    let findings = find(
        &["src", "entity/src"],
        |path| path == "src/id.rs",
        |path| {
            path.windows(2).any(|pair| {
                pair[0] == "Uuid" && (pair[1].starts_with("now_v") || pair[1].starts_with("new_v"))
            }) || path[0] == "getrandom"
        },
    );
    hold("only src/id.rs makes ids and secrets", &findings);
}

#[test]
fn only_publish_moves_what_is_public() {
    let is_publish = |path: &str| path == "src/content/publish.rs";
    let mut findings = find(&["src"], is_publish, |path| {
        path.windows(2)
            .any(|pair| pair == ["publication", "ActiveModel"])
    });
    for source in sources("src")
        .iter()
        .filter(|source| !is_publish(&source.path))
    {
        let lines = public::writes(&source.code)
            .into_iter()
            .chain(public::updates(&source.with_strings));
        findings.extend(lines.map(|line| format!("{}:{line} writes what is public", source.path)));
    }
    hold(
        "only src/content/publish.rs writes what is public (an insert leaves the column to its default)",
        &findings,
    );
}

#[test]
fn entity_and_migration_stand_alone() {
    let forbidden: [(&str, &[&str]); 2] = [
        (
            "entity",
            &["async_graphql", "axum", "kindling", "migration"],
        ),
        (
            "migration",
            &["entity", "kindling", "async_graphql", "axum"],
        ),
    ];
    let mut findings = Vec::new();
    for (package, names) in forbidden {
        findings.extend(find(
            &[&format!("{package}/src")],
            |_| false,
            |path| names.contains(&path[0].as_str()),
        ));
        let manifest = format!("{package}/Cargo.toml");
        for (line, text) in read(&manifest).lines().enumerate() {
            let key = text
                .split(['=', '.', ' '])
                .next()
                .unwrap_or_default()
                .trim_matches('"')
                .replace('-', "_");
            if text.contains('=') && names.contains(&key.as_str()) {
                findings.push(format!("{manifest}:{} depends on {key}", line + 1));
            }
        }
    }
    hold(
        "entity knows no API and no server, migration knows no entity",
        &findings,
    );
}

#[test]
fn files_are_short() {
    let mut lengths: Vec<(usize, String)> = RUST_FOLDERS
        .iter()
        .filter(|folder| root().join(folder).is_dir())
        .flat_map(|folder| sources(folder))
        .map(|source| (source.code.lines().count(), source.path))
        .collect();
    lengths.sort();
    let (median, middle) = &lengths[lengths.len() / 2];
    let mut findings: Vec<String> = lengths
        .iter()
        .filter(|(length, _)| *length > LONGEST_FILE)
        .map(|(length, path)| format!("{path}:{length} is longer than {LONGEST_FILE} lines"))
        .collect();
    if *median > MEDIAN_FILE {
        findings.push(format!(
            "the median file, {middle}, has {median} lines, more than {MEDIAN_FILE}"
        ));
    }
    hold("files are short", &findings);
}

#[test]
fn every_module_is_drawn() {
    let drawing = read("docs/architecture.md");
    let is_drawn = |name: &str| {
        drawing
            .match_indices(name)
            .any(|(at, _)| !drawing[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    let findings: Vec<String> = sources("src")
        .into_iter()
        .filter_map(|source| {
            let names = source.path.rsplit('/').collect::<Vec<_>>();
            let name = if names[0] == "mod.rs" {
                format!("{}/", names[1])
            } else {
                names[0].to_owned()
            };
            (!is_drawn(&name))
                .then(|| format!("{}:1 `{name}` is not in docs/architecture.md", source.path))
        })
        .collect();
    hold("docs/architecture.md names every module", &findings);
}

/// Names that lib.rs lifts to the root, with the module that they come from.
fn reexports() -> Vec<(String, String)> {
    let lib = Source::new("src/lib.rs".to_owned(), &read("src/lib.rs"));
    let paths = lib.paths().into_iter().map(|(_, path)| path);
    let paths = paths.map(|path| {
        path.into_iter()
            .filter(|name| name != "crate" && name != "self")
            .collect::<Vec<_>>()
    });
    paths
        .filter_map(|path| Some((path.last()?.clone(), path.first()?.clone())))
        .collect()
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// Every path that is forbidden in the files of some folders, but for files that may.
fn find(
    folders: &[&str],
    may: impl Fn(&str) -> bool,
    forbidden: impl Fn(&[String]) -> bool,
) -> Vec<String> {
    let sources = folders
        .iter()
        .flat_map(|folder| sources(folder))
        .filter(|source| !may(&source.path));
    sources
        .flat_map(|source| {
            let paths = source
                .paths()
                .into_iter()
                .filter(|(_, path)| forbidden(path))
                .collect::<Vec<_>>();
            paths.into_iter().map(move |(line, path)| {
                format!("{}:{line} names `{}`", source.path, path.join("::"))
            })
        })
        .collect()
}

fn hold(rule: &str, findings: &[String]) {
    assert!(
        findings.is_empty(),
        "\n{rule}, but:\n  {}\n",
        findings.join("\n  ")
    );
}
