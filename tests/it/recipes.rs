//! Runs every recipe of docs/recipes.md as it is printed there.

use std::fs;
use std::path::Path;

use regex::Regex;

use crate::support::{Run, fixture, gleaner};

/// A recipe as it is printed.
struct Recipe<'d> {
    title: &'d str,
    /// The settings, whose first line names their file: `# books.toml`.
    settings: String,
    command: &'d str,
    /// What standard output and then standard error say.
    printed: Vec<&'d str>,
}

impl<'d> Recipe<'d> {
    /// Reads a section, which begins with its title.
    fn read(section: &'d str) -> Self {
        let title = section.lines().next().unwrap_or_default();
        let block = |language: &str| {
            let fence = format!("```{language}");
            let mut lines = section.lines().skip_while(move |line| *line != fence).skip(1);
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            assert!(!lines.any(|line| line == format!("```{language}")), "{title}: there are two {language} blocks");
            block
        };
        let console = block("console");
        let command = console.first().and_then(|line| line.strip_prefix("$ "));
        let command = command.unwrap_or_else(|| panic!("{title}: there is no command"));
        Self { title, settings: block("toml").join("\n"), command, printed: console[1..].to_vec() }
    }

    /// Runs the command and compares what it says.
    fn run(&self, folder: &Path) {
        let title = self.title;
        let file = self.settings.lines().next().and_then(|line| line.strip_prefix("# "));
        let file = file.unwrap_or_else(|| panic!("{title}: the settings do not begin with the name of their file"));
        fs::write(folder.join(file), &self.settings).expect("written");
        let mut words = self.command.split(' ');
        assert_eq!(words.next(), Some("gleaner"), "{title}");
        let mut command = gleaner();
        command.args(words).current_dir(folder);
        let run = Run::to_end(command).exited(0);

        let (records, said): (Vec<&str>, Vec<&str>) = self.printed.iter().partition(|line| line.starts_with('{'));
        assert!(!records.is_empty(), "{title}: no record is printed");
        assert_eq!(without_chance(&run.stdout), without_chance(&(records.join("\n") + "\n")), "{title}");
        // The last line has the time of the run, so it is not printed.
        let is_time = |line: &&str| line.ends_with(" s") && line.contains(" with data");
        let closing: Vec<&str> = run.stderr.lines().filter(|line| !is_time(line)).collect();
        assert_eq!(closing, said, "{title}");
    }
}

/// Removes what is different in each run.
fn without_chance(records: &str) -> String {
    let numbers = Regex::new(r#""(elapsed_ms|worker)":[0-9.]+"#).expect("an expression");
    numbers.replace_all(records, "\"$1\":_").into_owned()
}

#[test]
fn every_recipe_gives_what_it_prints() {
    let document =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/recipes.md")).expect("it exists");
    let folder = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(fixture(""), folder.path().join("fixtures")).expect("a link");
    let recipes: Vec<Recipe<'_>> = document.split("\n## ").skip(1).map(Recipe::read).collect();
    assert!(recipes.len() >= 12, "some are missing: {}", recipes.len());
    for recipe in recipes {
        recipe.run(folder.path());
    }
}
