//! Checks the rules of ARCHITECTURE.md that the compiler does not check: imports, file names, file lengths, and the map
//! of files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What each folder or file directly under `src/` may import from the others. ARCHITECTURE.md has the same table.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("pool", &[]),
    ("cookies", &[]),
    ("exit_code", &[]),
    ("own_files", &[]),
    ("streams", &[]),
    ("cache", &["model", "own_files"]),
    ("input", &["model", "streams"]),
    ("robots", &["model"]),
    ("scrape", &["model", "robots"]),
    ("schedule", &["model", "robots"]),
    ("sink", &["model", "own_files", "streams"]),
    ("config", &["model", "pool", "schedule", "scrape", "sink"]),
    ("coordinator", &["cache", "cookies", "input", "model", "pool", "robots", "schedule", "scrape", "sink"]),
    (
        "cli",
        &[
            "cache",
            "config",
            "cookies",
            "coordinator",
            "exit_code",
            "input",
            "model",
            "own_files",
            "pool",
            "schedule",
            "scrape",
            "sink",
            "streams",
        ],
    ),
    ("fuzzing", &["config", "coordinator", "input", "pool", "robots", "scrape", "sink"]),
];

/// The roots of the library and of the program. They may import everything.
const ROOTS: [&str; 2] = ["lib.rs", "main.rs"];

/// Maximum number of lines of a file without its tests. A longer file has more than one job.
const LONGEST: usize = 500;

/// Exceptions: a file, its maximum number of lines, and the reason.
const LONGER: &[(&str, usize, &str)] = &[];

/// File names that do not describe their content.
const EMPTY_NAMES: [&str; 9] = ["common", "helper", "helpers", "imp", "manager", "misc", "shared", "util", "utils"];

// ---- rules -------------------------------------------------------------------------------------------------------

#[test]
fn modules_import_only_what_the_table_allows() {
    let mut wrong = Vec::new();
    for file in sources() {
        let Some(importer) = file.module.first() else { continue };
        let allowed = allowed(importer);
        for imported in imports(&file.module, &file.text) {
            if imported != *importer && !allowed.contains(&imported.as_str()) {
                wrong.push(format!("src/{} uses `{imported}`, and `{importer}` may use {allowed:?}", file.name));
            }
        }
    }
    assert!(wrong.is_empty(), "imports that the table does not allow:\n{}", wrong.join("\n"));
}

#[test]
fn the_import_table_lists_exactly_the_existing_modules() {
    let there: BTreeSet<String> = sources().iter().filter_map(|file| file.module.first().cloned()).collect();
    let listed: BTreeSet<String> = MAY_IMPORT.iter().map(|(module, _)| (*module).to_owned()).collect();
    assert_eq!(there, listed);
}

#[test]
fn the_import_table_has_no_cycle() {
    // Modules that import none of the remaining modules are removed, one after another. Only a cycle remains.
    let mut left: BTreeMap<&str, BTreeSet<&str>> =
        MAY_IMPORT.iter().map(|(module, others)| (*module, others.iter().copied().collect())).collect();
    while let Some(free) = left.iter().find(|(_, others)| others.is_empty()).map(|(module, _)| *module) {
        left.remove(free);
        for others in left.values_mut() {
            others.remove(free);
        }
    }
    assert!(left.is_empty(), "these modules import each other: {left:?}");
}

#[test]
fn architecture_md_has_the_same_import_table() {
    let document = read("ARCHITECTURE.md");
    for (module, others) in MAY_IMPORT {
        let others = match others {
            [] => "nothing".to_owned(),
            others => others.iter().map(|other| format!("`{other}`")).collect::<Vec<_>>().join(", "),
        };
        let row = format!("| `{module}` | {others} |");
        assert!(document.lines().any(|line| line == row), "ARCHITECTURE.md lacks the row\n{row}");
    }
}

#[test]
fn urls_are_parsed_in_one_place() {
    for file in sources() {
        if file.name == "model/web_url.rs" {
            continue;
        }
        let code: Vec<&str> = file.text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).collect();
        for reader in [" Url::parse(", "(Url::parse(", "Url::options("] {
            let found = code.iter().find(|line| line.contains(reader));
            assert_eq!(found, None, "src/{}: use `crate::model::parse_url`, which follows the standard", file.name);
        }
    }
}

#[test]
fn file_names_describe_their_content() {
    for name in paths().keys() {
        let stem = name.trim_end_matches(".rs");
        let empty = stem.split(['/', '_']).find(|word| EMPTY_NAMES.contains(word));
        assert_eq!(empty, None, "src/{name}: choose a name that describes the content");
    }
}

#[test]
fn files_are_short() {
    for file in sources() {
        let length = lines_without_tests(&file.text);
        match LONGER.iter().find(|(name, ..)| *name == file.name) {
            None => assert!(length <= LONGEST, "src/{} has {length} lines, more than {LONGEST}: split it", file.name),
            Some((_, most, reason)) => {
                assert!(
                    length <= *most,
                    "src/{} has {length} lines, more than the {most} allowed: {reason}",
                    file.name
                );
                assert!(length > LONGEST, "src/{} is short enough now: remove the exception", file.name);
            }
        }
    }
    let names: BTreeSet<String> = sources().into_iter().map(|file| file.name).collect();
    for (name, ..) in LONGER {
        assert!(names.contains(*name), "src/{name} does not exist: remove the exception");
    }
}

#[test]
fn the_map_lists_every_folder_and_every_file() {
    let mapped: BTreeSet<String> = map(&read("ARCHITECTURE.md")).into_iter().collect();
    let there: BTreeSet<String> = paths().into_keys().collect();
    let missing: Vec<_> = there.difference(&mapped).collect();
    let gone: Vec<_> = mapped.difference(&there).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "the map of ARCHITECTURE.md lacks {missing:?}, and lists {gone:?}, which do not exist"
    );
}

// ---- tests of the checks -----------------------------------------------------------------------------------------

#[test]
fn imports_are_found_in_any_notation() {
    let table: &[(&[&str], &str, &[&str])] = &[
        (&["pool"], "use crate::model::Task;", &["model"]),
        (&["pool", "child"], "use crate::{input, sink::{self, Sink}};", &["input", "sink"]),
        (&["pool"], "fn f() -> crate :: model :: Task { crate::config::load() }", &["model", "config"]),
        (&["pool", "child"], "use super::super::model::Task;", &["model"]),
        (&["pool", "child"], "use super::wire; use self::x; use super::super::pool::Job;", &["pool"]),
        (&["pool"], "use super::{model, schedule::Order};", &["model", "schedule"]),
        (&["pool"], "mod inner { use super::super::sink; use super::child; }", &["sink"]),
        (&["pool"], "pub(in crate::pool) fn f() { m!(crate::scrape::X) }", &["pool", "scrape"]),
        (&["pool"], "// crate::model\n/// crate::model\nfn f() { \"crate::model\"; 'c'; r#\"crate::sink\"#; }", &[]),
        (&["pool"], "#[cfg(test)] mod tests { use crate::model; } use crate::sink;", &["sink"]),
        (&["pool"], "#[cfg(test)] #[path = \"x.rs\"] mod tests; use crate::sink;", &["sink"]),
        (&["pool"], "#[cfg(test)] use crate::model; #[cfg(unix)] use crate::sink;", &["sink"]),
    ];
    for (module, text, expected) in table {
        let module: Vec<String> = module.iter().map(ToString::to_string).collect();
        let expected: BTreeSet<String> = expected.iter().map(ToString::to_string).collect();
        assert_eq!(imports(&module, text), expected, "{text}");
    }
}

#[test]
fn lines_of_tests_are_not_counted() {
    assert_eq!(lines_without_tests("a\nb\n\n#[cfg(test)]\nmod tests {\n}\n"), 3);
    assert_eq!(lines_without_tests("a\n    #[cfg(test)]\nb\n"), 3);
}

#[test]
fn the_map_is_parsed_by_its_indentation() {
    let document = "```text\nsrc/\n  a.rs   first\n  b/      a folder\n    c.rs  third\n  d.rs\n```\n";
    assert_eq!(map(document), ["a.rs", "b", "b/c.rs", "d.rs"]);
}

// ---- parsing -----------------------------------------------------------------------------------------------------

struct Source {
    /// The path below `src/`, with slashes.
    name: String,
    /// `pool/child.rs` is `["pool", "child"]`, `pool/mod.rs` is `["pool"]`, a root is `[]`.
    module: Vec<String>,
    text: String,
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// All folders and files below `src/`, by name.
fn paths() -> BTreeMap<String, PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("src can be read") {
            let path = entry.expect("src can be read").path();
            let name = path.strip_prefix(&root).expect("the path is below src").to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                folders.push(path.clone());
            }
            found.insert(name, path);
        }
    }
    found
}

/// All source files except those that contain only tests.
fn sources() -> Vec<Source> {
    let is_code = |name: &str| {
        let mut parts = name.trim_end_matches(".rs").split('/');
        Path::new(name).extension().is_some_and(|extension| extension == "rs")
            && !parts.any(|part| part == "tests" || part.ends_with("_tests"))
    };
    let found: Vec<Source> = paths()
        .into_iter()
        .filter(|(name, _)| is_code(name))
        .map(|(name, path)| {
            let mut module: Vec<String> = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
            if module.last().is_some_and(|last| last == "mod") {
                module.pop();
            }
            if ROOTS.contains(&name.as_str()) {
                module.clear();
            }
            Source { text: fs::read_to_string(path).expect("a source is text"), name, module }
        })
        .collect();
    assert!(found.len() > 50, "some sources are missing: {}", found.len());
    found
}

fn allowed(importer: &str) -> &'static [&'static str] {
    MAY_IMPORT.iter().find(|(module, _)| *module == importer).map_or(&[], |(_, others)| others)
}

fn lines_without_tests(text: &str) -> usize {
    text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count()
}

/// The paths in the first code block that begins with `src/`: one path per line, two spaces of indentation per level.
fn map(document: &str) -> Vec<String> {
    let mut folders: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for line in document.lines().skip_while(|line| *line != "src/").skip(1).take_while(|line| *line != "```") {
        let depth = (line.len() - line.trim_start().len()) / 2;
        let name = line.split_whitespace().next().unwrap_or_default();
        folders.truncate(depth.saturating_sub(1));
        folders.push(name.trim_end_matches('/'));
        found.push(folders.join("/"));
    }
    found
}

/// The modules at the crate's root that the code in `module` uses, without its tests.
fn imports(module: &[String], text: &str) -> BTreeSet<String> {
    let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{module:?} is not valid Rust: {error}"));
    let mut found = BTreeSet::new();
    walk(tokens, module.len(), &mut found);
    found
}

/// Collects imports. `depth` is the number of `super`s from here to the root.
fn walk(tokens: TokenStream, depth: usize, found: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if is_test_attribute(&tokens[at..]) {
            at = after_item(&tokens, at + 2);
            continue;
        }
        // Skips `crate` and `super` in the middle of a path, which was handled at its beginning.
        let begins_path = at < 2 || !is_colons(&tokens[at - 2..]);
        if begins_path && let Some(after) = leads_to_root(&tokens[at..], depth) {
            found.extend(names(&tokens[at + after..]));
        }
        if let TokenTree::Group(group) = &tokens[at] {
            let is_module = at >= 2
                && group.delimiter() == Delimiter::Brace
                && matches!(&tokens[at - 2], TokenTree::Ident(word) if word == "mod");
            walk(group.stream(), depth + usize::from(is_module), found);
        }
        at += 1;
    }
}

/// Whether the tokens begin with `#[cfg(test)]`.
fn is_test_attribute(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Punct(hash), TokenTree::Group(group), ..]
        if hash.as_char() == '#' && group.stream().to_string().replace(' ', "") == "cfg(test)")
}

/// The position after the item that begins at `at`: after its `;` or its braces.
fn after_item(tokens: &[TokenTree], at: usize) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    };
    let end = at + tokens[at..].iter().take_while(|token| !ends(token)).count();
    // `use a::{b};` has its `;` after the braces.
    let semicolon = matches!(tokens.get(end + 1), Some(TokenTree::Punct(punct)) if punct.as_char() == ';');
    end + 1 + usize::from(semicolon)
}

/// The number of tokens that lead to the root (`crate ::`, or `depth` times `super ::`); `None` if they do not.
fn leads_to_root(tokens: &[TokenTree], depth: usize) -> Option<usize> {
    let is_step = |at: usize, name: &str| {
        matches!(tokens.get(at), Some(TokenTree::Ident(word)) if word == name)
            && tokens.get(at + 1..).is_some_and(is_colons)
    };
    if is_step(0, "crate") {
        return Some(3);
    }
    (depth > 0 && (0..depth).all(|step| is_step(3 * step, "super"))).then_some(3 * depth)
}

fn is_colons(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Punct(one), TokenTree::Punct(two), ..] if one.as_char() == ':' && two.as_char() == ':')
}

/// The first name, or the first name of each branch in braces.
fn names(tokens: &[TokenTree]) -> Vec<String> {
    match tokens.first() {
        Some(TokenTree::Ident(name)) => vec![name.to_string()],
        Some(TokenTree::Group(group)) => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
            inner.split(is_comma).flat_map(names).collect()
        }
        _ => Vec::new(),
    }
}
