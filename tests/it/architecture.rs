//! Checks the rules of ARCHITECTURE.md that the compiler does not check: imports, file names, file lengths, and the map
//! of files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The sources of our packages.
const SOURCES: [&str; 2] = ["src", POOL];

/// Those of the package `gleaner-pool`, which counts as the module `pool`.
const POOL: &str = "crates/pool/src";

/// What each folder (or file) right under `src/` may use of the others. ARCHITECTURE.md has the same table.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("pool", &[]),
    ("cookies", &[]),
    ("exit_code", &[]),
    ("frame", &[]),
    ("own_files", &[]),
    ("streams", &[]),
    ("warc", &[]),
    ("cache", &["model", "own_files"]),
    ("input", &["frame", "model", "streams", "warc"]),
    ("robots", &["model"]),
    ("scrape", &["model", "robots", "warc"]),
    ("observation", &["model", "scrape"]),
    ("report", &["model", "observation"]),
    ("schedule", &["model", "robots"]),
    ("sink", &["frame", "model", "own_files", "streams", "warc"]),
    ("dataset", &["input", "model", "sink"]),
    ("convert", &["model", "pool", "sink"]),
    ("config", &["input", "model", "pool", "schedule", "scrape", "sink"]),
    (
        "coordinator",
        &["cache", "cookies", "input", "model", "observation", "pool", "robots", "schedule", "scrape", "sink", "warc"],
    ),
    ("live", &["coordinator", "model", "observation", "report"]),
    (
        "cli",
        &[
            "cache",
            "config",
            "convert",
            "cookies",
            "coordinator",
            "dataset",
            "exit_code",
            "input",
            "live",
            "model",
            "observation",
            "own_files",
            "pool",
            "report",
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
                wrong.push(format!("{} uses `{imported}`, and `{importer}` may use {allowed:?}", file.name));
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
        if file.name == "src/model/web_url.rs" {
            continue;
        }
        let code: Vec<&str> = file.text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).collect();
        for reader in ["Url::parse(", "Url::options("] {
            // Names such as `ProxyUrl` only end in `Url`.
            let is_ours = |before: &str| !before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            let names_it = |line: &str| line.match_indices(reader).any(|(at, _)| is_ours(&line[..at]));
            let found = code.iter().find(|line| names_it(line));
            assert_eq!(found, None, "{}: `crate::model::parse_url` reads URLs by the standard", file.name);
        }
    }
}

#[test]
fn file_names_describe_their_content() {
    for name in paths().keys() {
        let stem = name.trim_end_matches(".rs");
        let empty = stem.split(['/', '_']).find(|word| EMPTY_NAMES.contains(word));
        assert_eq!(empty, None, "{name}: say what it holds");
    }
}

#[test]
fn files_are_short() {
    for file in sources() {
        let length = lines_without_tests(&file.text);
        match LONGER.iter().find(|(name, ..)| *name == file.name) {
            None => assert!(length <= LONGEST, "{} has {length} lines, more than {LONGEST}: split it", file.name),
            Some((_, most, reason)) => {
                assert!(length <= *most, "{} has {length} lines, more than the {most} allowed: {reason}", file.name);
                assert!(length > LONGEST, "{} is short enough now: take it off the list", file.name);
            }
        }
    }
    let names: BTreeSet<String> = sources().into_iter().map(|file| file.name).collect();
    for (name, ..) in LONGER {
        assert!(names.contains(*name), "{name} is gone: take it off the list");
    }
}

#[test]
fn every_folder_names_its_files_in_its_documentation() {
    let mut missing = Vec::new();
    let paths = paths();
    for name in paths.keys() {
        let (folder, file) = name.rsplit_once('/').expect("a file is in a folder");
        // The roots of the packages have an overview of their own.
        let overviews = [format!("{folder}/mod.rs"), format!("{POOL}/lib.rs")];
        let overview = &overviews[usize::from(folder == POOL)];
        let stem = file.trim_end_matches(".rs");
        if folder == SOURCES[0] || ["mod", "lib"].contains(&stem) {
            continue;
        }
        let text = read(overview);
        let prose: String = text.lines().take_while(|line| !line.contains("mod ") || line.starts_with("//")).collect();
        if ![format!("`{stem}`"), format!("`{file}`")].iter().any(|name| prose.contains(name)) {
            missing.push(format!("{overview}: `{stem}`"));
        }
    }
    assert!(
        missing.is_empty(),
        "add a line on each of these files to the list at the top of its `mod.rs`: {missing:#?}"
    );
}

#[test]
fn the_architecture_document_lists_every_folder_and_stays_short() {
    let document = read("ARCHITECTURE.md");
    assert!(document.len() <= 20_000, "ARCHITECTURE.md has {} bytes: move details to `mod.rs` files", document.len());
    for name in paths().keys().filter(|name| name.matches('/').count() == 1 && name.starts_with("src/")) {
        let is_root = name.ends_with("/lib.rs") || name.ends_with("/main.rs");
        let is_listed = document.contains(&format!("`{name}`"));
        let is_small = name.ends_with("exit_code.rs") || name.ends_with("fuzzing.rs");
        assert!(is_root || is_small || is_listed, "ARCHITECTURE.md does not list {name}");
    }
}

// ---- tests of the checks -----------------------------------------------------------------------------------------

#[test]
fn imports_are_found_in_any_notation() {
    let table: &[(&[&str], &str, &[&str])] = &[
        (&["input"], "use crate::model::Task;", &["model"]),
        (&["input", "child"], "use crate::{input, sink::{self, Sink}};", &["input", "sink"]),
        (&["input"], "fn f() -> crate :: model :: Task { crate::config::load() }", &["model", "config"]),
        (&["input", "child"], "use super::super::model::Task;", &["model"]),
        (&["input", "child"], "use super::wire; use self::x; use super::super::input::Job;", &["input"]),
        (&["input"], "use super::{model, schedule::Order};", &["model", "schedule"]),
        (&["input"], "mod inner { use super::super::sink; use super::child; }", &["sink"]),
        (&["input"], "pub(in crate::input) fn f() { m!(crate::scrape::X) }", &["input", "scrape"]),
        (&["input"], "// crate::model\n/// crate::model\nfn f() { \"crate::model\"; 'c'; r#\"crate::sink\"#; }", &[]),
        (&["input"], "#[cfg(test)] mod tests { use crate::model; } use crate::sink;", &["sink"]),
        (&["input"], "#[cfg(test)] #[path = \"x.rs\"] mod tests; use crate::sink;", &["sink"]),
        (&["input"], "#[cfg(test)] use crate::model; #[cfg(unix)] use crate::sink;", &["sink"]),
        (&["input"], "use gleaner_pool::{Core, Event}; fn f() { gleaner_pool::serve::<Job>() }", &["pool"]),
        (&["input"], "use gleaner_pool as p; // gleaner::sink", &["pool"]),
        (&["pool"], "use crate::wire::Frames; mod inner { use super::super::sink; }", &[]),
        (&["pool", "roster"], "use super::super::wire; fn f() { gleaner::model::parse() }", &["gleaner"]),
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

// ---- parsing -----------------------------------------------------------------------------------------------------

struct Source {
    /// Its path, with slashes.
    name: String,
    /// `src/input/task.rs` is `["input", "task"]`, `src/input/mod.rs` is `["input"]`, a root is `[]`. All files of the
    /// pool's package begin with `pool`.
    module: Vec<String>,
    text: String,
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every folder and file of our sources, by name.
fn paths() -> BTreeMap<String, PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeMap::new();
    let mut folders: Vec<PathBuf> = SOURCES.iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("sources can be read") {
            let path = entry.expect("sources can be read").path();
            let name = path.strip_prefix(root).expect("it lies below").to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                folders.push(path.clone());
            }
            found.insert(name, path);
        }
    }
    found
}

/// Every file of code; files that hold tests alone are left out.
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
            let module = module(&name);
            Source { text: fs::read_to_string(path).expect("a source is text"), name, module }
        })
        .collect();
    for folder in SOURCES {
        let count = found.iter().filter(|file| file.name.starts_with(folder)).count();
        assert!(count > 20, "these cannot be all sources of {folder}: {count}");
    }
    found
}

/// The module that a file is.
fn module(name: &str) -> Vec<String> {
    let folder = SOURCES.iter().find(|folder| name.starts_with(*folder)).expect("it is a source");
    let within = name[folder.len()..].trim_start_matches('/');
    let mut module: Vec<String> = within.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    if ROOTS.contains(&within) {
        module.clear();
    }
    if *folder == POOL {
        module.insert(0, "pool".to_owned());
    }
    module
}

fn allowed(importer: &str) -> &'static [&'static str] {
    MAY_IMPORT.iter().find(|(module, _)| *module == importer).map_or(&[], |(_, others)| others)
}

fn lines_without_tests(text: &str) -> usize {
    text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count()
}

/// The names right under the crate's root that the code in `module` uses, its tests apart. The pool's package is `pool`
/// to the other one; in itself it is one module, of which only what it uses of the other package is of interest.
fn imports(module: &[String], text: &str) -> BTreeSet<String> {
    let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{module:?} is not Rust: {error}"));
    let mut found = BTreeSet::new();
    let is_pool = module.first().is_some_and(|first| first == "pool");
    walk(tokens, (!is_pool).then_some(module.len()), &mut found);
    found
}

/// `depth`: how many `super`s lead from here to the root; `None` where the root is not of interest.
fn walk(tokens: TokenStream, depth: Option<usize>, found: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if is_test_attribute(&tokens[at..]) {
            at = after_item(&tokens, at + 2);
            continue;
        }
        // Skips `crate` and `super` in the middle of a path, which was handled at its beginning.
        let begins_path = at < 2 || !is_colons(&tokens[at - 2..]);
        if begins_path && let Some(after) = depth.and_then(|depth| leads_to_root(&tokens[at..], depth)) {
            found.extend(names(&tokens[at + after..]));
        }
        match &tokens[at] {
            TokenTree::Ident(word) if begins_path && word == "gleaner_pool" => drop(found.insert("pool".to_owned())),
            TokenTree::Ident(word) if begins_path && word == "gleaner" => drop(found.insert("gleaner".to_owned())),
            TokenTree::Group(group) => {
                let is_module = at >= 2
                    && group.delimiter() == Delimiter::Brace
                    && matches!(&tokens[at - 2], TokenTree::Ident(word) if word == "mod");
                walk(group.stream(), depth.map(|depth| depth + usize::from(is_module)), found);
            }
            _ => {}
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
