//! Finds the Rust files of the repository and the paths that they name.

use std::fs;
use std::path::Path;

use crate::blank::blank;

/// One file, with what is not code blanked out. Lines stay where they were.
pub(crate) struct Source {
    /// From the repository's root, with `/`.
    pub(crate) path: String,
    pub(crate) code: String,
    pub(crate) with_strings: String,
}

impl Source {
    pub(crate) fn new(path: String, text: &str) -> Self {
        Self {
            path,
            code: blank(text, false),
            with_strings: blank(text, true),
        }
    }

    /// `src/content/types/page.rs` is content, types, page; `src/content/mod.rs` is content.
    pub(crate) fn module(&self) -> Vec<String> {
        let path = self
            .path
            .split_once("src/")
            .map_or(self.path.as_str(), |(_, rest)| rest);
        let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
        path.split('/').map(str::to_owned).collect()
    }

    /// The module of `src` in which a path lies, if it begins in this crate.
    pub(crate) fn top_module(&self, path: &[String]) -> Option<String> {
        let first = path.iter().position(|name| name != "super")?;
        if first > 0 {
            let own = self.module();
            return own[..own.len().saturating_sub(first)]
                .first()
                .or(path.get(first))
                .cloned();
        }
        matches!(path[0].as_str(), "crate" | "kindling").then(|| path.get(1).cloned())?
    }

    /// Every path of two names or more with its line; a `use` statement gives one path per name that it brings.
    pub(crate) fn paths(&self) -> Vec<(usize, Vec<String>)> {
        let mut found = Vec::new();
        let mut code = self.code.clone();
        while let Some((start, tree)) = next_use(&code) {
            let end = code[tree..].find(';').map_or(code.len(), |at| tree + at);
            let line = line_of(&code, tree);
            expand("", &code[tree..end], &mut |path| found.push((line, path)));
            let blanked: String = code[start..end]
                .chars()
                .map(|c| if c == '\n' { c } else { ' ' })
                .collect();
            code.replace_range(start..end, &blanked);
        }
        for (number, line) in code.lines().enumerate() {
            let words = line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
            let paths = words.map(names).filter(|path| path.len() > 1);
            found.extend(paths.map(|path| (number + 1, path)));
        }
        found
    }
}

/// Where the next `use` statement and its tree begin.
fn next_use(code: &str) -> Option<(usize, usize)> {
    code.match_indices("use ")
        .map(|(at, word)| (at, at + word.len()))
        .find(|(at, _)| {
            let before = code[..*at]
                .rsplit(['\n', ';', '{', '}'])
                .next()
                .unwrap_or_default()
                .trim();
            before.is_empty() || before.starts_with("pub")
        })
}

fn expand(prefix: &str, tree: &str, found: &mut impl FnMut(Vec<String>)) {
    let Some((head, group)) = tree.split_once('{') else {
        let leaf = tree.split(" as ").next().unwrap_or_default().trim();
        let path = format!("{prefix}{leaf}");
        found(names(path.trim_end_matches("::self")));
        return;
    };
    let prefix = format!("{prefix}{}", head.trim());
    let (mut depth, mut start) = (0_usize, 0);
    for (at, c) in group.char_indices() {
        if depth == 0 && matches!(c, ',' | '}') {
            if !group[start..at].trim().is_empty() {
                expand(&prefix, &group[start..at], found);
            }
            start = at + 1;
        }
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return,
            '}' => depth -= 1,
            _ => {}
        }
    }
}

fn names(path: &str) -> Vec<String> {
    path.split("::")
        .map(|name| name.trim().trim_start_matches('$'))
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

pub(crate) fn sources(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found);
    assert!(
        !found.is_empty(),
        "there is no Rust below {folder}: this test looks in the wrong place"
    );
    found
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path
                .strip_prefix(root())
                .unwrap_or(&path)
                .to_string_lossy()
                .replace('\\', "/");
            found.push(Source::new(name.clone(), &read(&name)));
        }
    }
}

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

#[test]
fn the_scanner_sees_paths_and_neither_comments_nor_strings() {
    let text = "use a::{b, c::{self, d as e}};\n// x::y\nlet s = \"//x::y\"; /* x /* y */ x::y */ f::<'a'>(g::h::i, '\"');\n";
    let source = Source::new("src/event/mod.rs".to_owned(), text);
    let paths: Vec<String> = source
        .paths()
        .into_iter()
        .map(|(line, path)| format!("{line} {}", path.join("::")))
        .collect();
    assert_eq!(paths, ["1 a::b", "1 a::c", "1 a::c::d", "3 g::h::i"]);
    let path = |text: &str| text.split("::").map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        source.top_module(&path("super::auth::x")).as_deref(),
        Some("auth")
    );
    assert_eq!(
        source.top_module(&path("crate::app::App")).as_deref(),
        Some("app")
    );
    assert_eq!(source.top_module(&path("sea_orm::entity")), None);
}
