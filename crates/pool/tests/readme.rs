//! Checks that README's program is the compiled example, and that it does what README says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Returns the path of an example, if cargo has built it. `cargo test` builds all of them.
fn example(name: &str) -> Option<PathBuf> {
    let own = std::env::current_exe().expect("a path");
    let folder = own.parent()?.parent()?;
    Some(folder.join("examples").join(name)).filter(|path| path.exists())
}

#[test]
fn the_program_in_the_readme_is_the_example_that_is_compiled() {
    let example = read("examples/readme.rs");
    let program: Vec<&str> = example.lines().skip_while(|line| !line.starts_with("use ")).collect();
    let readme = read("README.md");
    let shown: Vec<&str> =
        readme.lines().skip_while(|line| *line != "```rust,no_run").skip(1).take_while(|line| *line != "```").collect();
    assert_eq!(shown, program);
}

#[test]
fn every_file_that_the_readme_links_to_exists() {
    let readme = read("README.md");
    let links = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    for link in links.filter(|link| !link.contains("://")) {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(link).exists(), "{link}");
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "readers of the test's output must see that it was skipped")]
fn the_program_in_the_readme_counts_words_and_reports_files_that_it_cannot_read() {
    let Some(example) = example("readme") else {
        println!("SKIPPED: the examples are not built; `cargo test` without `--test` builds them");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("words"), "extraordinary words are sometimes remarkably long").expect("it is written");
    let output = Command::new(example).args(["words", "missing"]).current_dir(folder.path()).output().expect("it runs");
    let said = String::from_utf8(output.stdout).expect("it is text");
    assert_eq!(said, "words: 3\nmissing: No such file or directory (os error 2)\n");
    assert!(output.status.success());
}
