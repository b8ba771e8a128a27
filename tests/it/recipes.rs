//! Checks the documents of the extraction language: runs every recipe of docs/recipes.md as it is printed there, and
//! compares what docs/extraction.md lists with the program.

use std::fs;
use std::path::Path;

use regex::Regex;

use crate::support::{Run, fixture, gleaner};

/// A recipe as it is printed: one run, or several that follow each other.
struct Recipe<'d> {
    title: &'d str,
    runs: Vec<Printed<'d>>,
}

struct Printed<'d> {
    /// The settings, whose first line names their file: `# books.toml`.
    settings: String,
    command: &'d str,
    /// What standard output and then standard error say.
    says: Vec<&'d str>,
}

impl<'d> Recipe<'d> {
    /// Reads a section, which begins with its title. Each run has a block with its settings and one with its command.
    fn read(section: &'d str) -> Self {
        let title = section.lines().next().unwrap_or_default();
        let mut runs = Vec::new();
        let mut settings = None;
        let mut lines = section.lines();
        while let Some(line) = lines.next() {
            let Some(language) = line.strip_prefix("```") else { continue };
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            match language {
                "toml" => assert!(settings.replace(block.join("\n")).is_none(), "{title}: settings without a command"),
                "console" => {
                    let command = block.first().and_then(|line| line.strip_prefix("$ "));
                    let command = command.unwrap_or_else(|| panic!("{title}: there is no command"));
                    let settings = settings.take().unwrap_or_else(|| panic!("{title}: a command without settings"));
                    runs.push(Printed { settings, command, says: block[1..].to_vec() });
                }
                other => panic!("{title}: a block of {other}"),
            }
        }
        assert!(!runs.is_empty() && settings.is_none(), "{title}: there is no command");
        Self { title, runs }
    }

    fn run(&self, folder: &Path) {
        self.runs.iter().for_each(|run| run.run(self.title, folder));
    }
}

impl Printed<'_> {
    /// Runs the command and compares what it says.
    fn run(&self, title: &str, folder: &Path) {
        let file = self.settings.lines().next().and_then(|line| line.strip_prefix("# "));
        let file = file.unwrap_or_else(|| panic!("{title}: the settings do not begin with the name of their file"));
        fs::write(folder.join(file), &self.settings).expect("written");
        let mut words = self.command.split(' ');
        assert_eq!(words.next(), Some("gleaner"), "{title}");
        let mut command = gleaner();
        command.args(words).current_dir(folder);
        let run = Run::to_end(command).exited(0);

        let (is_table, is_silent) = (self.command.ends_with("-f csv"), self.command.contains(" -o "));
        let (records, said): (Vec<&str>, Vec<&str>) =
            self.says.iter().partition(|line| is_table || line.starts_with('{'));
        assert_eq!(records.is_empty(), is_silent, "{title}: the records are printed, unless they go to a file");
        let records: String = records.iter().flat_map(|line| [line, "\n"]).collect();
        assert_eq!(without_chance(&run.stdout), without_chance(&records), "{title}");
        // The last line has the time of the run, so it is not printed.
        let is_time = |line: &&str| line.ends_with(" s") && line.contains(" with data");
        let closing: Vec<&str> = run.stderr.lines().filter(|line| !is_time(line)).collect();
        assert_eq!(closing, said, "{title}");
    }
}

/// Removes what is different in each run.
fn without_chance(records: &str) -> String {
    let numbers = Regex::new(r#""(elapsed_ms|worker|fetched_at)":("[^"]*"|[0-9.]+)"#).expect("an expression");
    numbers.replace_all(records, "\"$1\":_").into_owned()
}

#[test]
fn every_recipe_gives_what_it_prints() {
    let document =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/recipes.md")).expect("it exists");
    let folder = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(fixture(""), folder.path().join("fixtures")).expect("a link");
    let recipes: Vec<Recipe<'_>> = document.split("\n## ").skip(1).map(Recipe::read).collect();
    assert!(recipes.len() >= 13, "some are missing: {}", recipes.len());
    for recipe in recipes {
        recipe.run(folder.path());
    }
}

/// Runs the program with the settings block of the README that contains a text, and returns its data.
fn with_settings_of_the_readme(marker: &str, arguments: &[&str]) -> Vec<serde_json::Value> {
    let readme = document("README.md");
    let blocks = readme.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let settings = blocks.into_iter().find(|block| block.contains(marker)).expect("the README has the example");
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("rules.toml"), settings).expect("written");
    std::os::unix::fs::symlink(fixture(""), folder.path().join("fixtures")).expect("a link");
    let mut command = gleaner();
    command.args(arguments).args(["-c", "rules.toml", "-f", "jsonl", "--set", "output.record=data"]);
    command.current_dir(folder.path());
    let run = Run::to_end(command).exited(0);
    run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn the_rules_of_the_readme_give_what_it_says() {
    let books = with_settings_of_the_readme("[extract.reviews]", &["fixtures/books.txt", "--site", "fixtures/site"]);
    let readme = document("README.md");
    let (_, printed) = readme.split_once("| @tsv'\n").expect("the README has the example");
    let printed: Vec<&str> = printed.lines().take_while(|line| *line != "```").collect();
    assert!(printed.len() >= 3, "{printed:?}");
    for (line, book) in printed.iter().zip(&books) {
        let title = book["title"].as_str().expect("a title");
        assert_eq!(*line, format!("{title}\t{}\t{}", book["price"], book["stock"]));
    }

    let urls = ["http://site.localhost/shop/lampe.html", "http://site.localhost/product.html"];
    let prices = with_settings_of_the_readme("1.299,00", &[urls[0], urls[1], "--site", "fixtures/recipes"]);
    let lamp = fs::read_to_string(fixture("recipes/shop/lampe.html")).expect("the page");
    assert!(lamp.contains("ab 1.299,00 €"), "{lamp}");
    assert_eq!(prices, [serde_json::json!({ "price": 1299 }), serde_json::json!({ "price": 12.5 })]);
}

// ---- docs/extraction.md ------------------------------------------------------------------------------------------

fn document(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name))
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The texts between backticks in the first column of the table with this head.
fn first_column(document: &str, head: &str) -> Vec<String> {
    let rows = document.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let cells = rows.take_while(|line| line.starts_with('|')).filter_map(|line| line.split(" | ").next());
    let listed: Vec<String> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect();
    assert!(!listed.is_empty(), "no table begins with {head}");
    listed
}

/// What `gleaner check` says about settings: its standard output and its standard error.
fn check(settings: &str) -> (String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rules.toml");
    fs::write(&file, settings).expect("written");
    let mut command = gleaner();
    let check = command.args(["check", "-c"]).arg(&file).output().expect("it runs");
    (String::from_utf8(check.stdout).expect("UTF-8"), String::from_utf8(check.stderr).expect("UTF-8"))
}

/// The words in double quotes behind "must be one of".
fn allowed(settings: &str) -> Vec<String> {
    let (_, error) = check(settings);
    let (_, listed) = error.split_once("must be one of ").unwrap_or_else(|| panic!("nothing is listed: {error}"));
    let listed = listed.lines().next().unwrap_or_default();
    listed.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_documented_types_and_facts_are_those_of_the_program() {
    let text = document("docs/extraction.md");
    let unquoted = |words: Vec<String>| words.iter().map(|word| word.trim_matches('"').to_owned()).collect::<Vec<_>>();
    let sorted = |mut words: Vec<String>| {
        words.sort();
        words
    };
    for (head, settings) in [
        ("| `type` |", "extract.x = { css = 'p', type = '?' }"),
        ("| `fact` |", "extract.x = { fact = '?' }"),
        ("| `preset` |", "extraction.preset = '?'"),
    ] {
        let listed = unquoted(first_column(&text, head));
        let allowed = allowed(settings).into_iter().filter(|word| word != "auto").collect();
        assert_eq!(sorted(listed), sorted(allowed), "{head}");
    }
}

#[test]
fn the_documented_languages_are_those_of_the_program() {
    let (_, error) = check("extraction.locale = 'xx'");
    let (_, known) = error.split_once("the languages are ").unwrap_or_else(|| panic!("none are listed: {error}"));
    let known: Vec<&str> = known.split(';').next().unwrap_or_default().split(", ").collect();
    assert_eq!(known.len(), 15, "{error}");
    let text = document("docs/extraction.md");
    let (_, listed) = text.split_once("Languages are ").expect("they are listed");
    let listed: Vec<&str> = listed.split(", some").next().unwrap_or_default().split('`').skip(1).step_by(2).collect();
    assert_eq!(listed, known);
}

#[test]
fn the_documented_fields_of_presets_are_those_of_the_program() {
    let text = document("docs/extraction.md");
    for row in text.lines().skip_while(|line| !line.starts_with("| `preset` |")).skip(2) {
        let mut words = row.split('`').skip(1).step_by(2);
        let Some(preset) = words.next().filter(|_| row.starts_with('|')) else { break };
        let (fields, error) = check(&format!("extraction.preset = {preset}"));
        let is_field = |line: &&str| !line.starts_with(['#', ' ']) && !line.starts_with("extraction.");
        let fields: Vec<&str> = fields.lines().filter(is_field).filter_map(|line| line.split(':').next()).collect();
        assert_eq!(words.collect::<Vec<_>>(), fields, "{preset}: {error}");
    }
    let (page, _) = check("");
    let fields: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).collect();
    let readme = document("README.md");
    for name in fields.iter().filter_map(|line| line.split(':').next()) {
        assert!(readme.contains(&format!("`{name}`")), "README.md does not name {name}");
    }
}

#[test]
fn every_rule_in_the_text_of_a_document_is_valid() {
    let mut rules = Vec::new();
    for name in ["docs/extraction.md", "docs/recipes.md", "README.md"] {
        let text = document(name);
        let is_rule = |code: &&str| code.starts_with("{ ") && code.ends_with(" }") && code.contains(" = ");
        rules.extend(text.split('`').skip(1).step_by(2).filter(is_rule).map(str::to_owned));
    }
    let text = document("docs/extraction.md");
    for source in first_column(&text, "| source | gives |") {
        let fields = if source.starts_with("each") { ", name = 'h3::text'" } else { "" };
        rules.push(format!("{{ {source}{fields} }}"));
    }
    rules.extend(first_column(&text, "| path |").iter().map(|path| format!("{{ json = \"{path}\" }}")));
    for each in first_column(&text, "| `each` | makes") {
        rules.push(format!("{{ each = {each}, site = {{ const = 'x' }} }}"));
    }
    let steps = first_column(&text, "| key | meaning |");
    for step in steps.iter().filter(|step| step.contains(" = ")) {
        rules.push(format!("{{ css = ['p::text'], {step} }}"));
    }
    assert!(rules.len() > 30, "some are missing: {}", rules.len());
    let numbered = rules.iter().enumerate().map(|(nth, rule)| format!("x{nth} = {rule}\n"));
    let (said, error) = check(&format!("[extract]\n{}", numbered.collect::<String>()));
    assert!(error.is_empty(), "{error}");
    assert!(said.contains("\nx0: "), "{said}");
}

#[test]
fn the_documented_numbers_and_dates_are_read_as_documented() {
    let table = [
        ("type = 'number'", "From £1,234.50", "1234.5"),
        ("type = 'number'", "1 995 Kč", "1995"),
        ("type = 'number'", "From $ 24.95", "24.95"),
        ("type = 'number'", "12 %", "12"),
        ("type = 'number'", "EUR 12,-", "12"),
        ("type = 'number'", "3-4", "null"),
        ("type = 'number'", "4.5 out of 5", "null"),
        ("type = 'number'", "5 million", "null"),
        ("type = 'number'", "1,234.5", "1234.5"),
        ("type = 'number'", "1.234,5", "1234.5"),
        ("type = 'number'", "1,234", "1234"),
        ("type = 'number'", "1.234", "1.234"),
        ("type = 'number', locale = 'de'", "1.234", "1234"),
        ("type = 'date'", "March 5, 2024", "\"2024-03-05\""),
        ("type = 'date'", "01/02/2024", "null"),
        ("type = 'date', locale = 'en-GB'", "01/02/2024", "\"2024-02-01\""),
        ("type = 'date', format = '%d.%m.%Y'", "05.03.2024", "\"2024-03-05\""),
        ("type = 'datetime'", "2024-03-01", "null"),
        ("type = 'datetime'", "2024-03-01T10:00:00", "\"2024-03-01T10:00:00\""),
        ("type = 'datetime', timezone = 'Europe/Berlin'", "2024-03-01T08:30:00", "\"2024-03-01T08:30:00+01:00\""),
    ];
    let documented = document("docs/extraction.md");
    let folder = tempfile::tempdir().expect("a folder");
    let texts: Vec<&str> = table.iter().map(|(_, text, _)| *text).collect();
    let page = format!("<meta charset=utf-8><p>{}</p>", texts.join("</p><p>"));
    fs::write(folder.path().join("index.html"), page).expect("written");
    let mut command = gleaner();
    command.args(["http://site.localhost/", "-f", "jsonl", "--set", "output.record=data", "--site"]).arg(folder.path());
    for (nth, (options, text, _)) in table.iter().enumerate() {
        let in_form = options.contains("format") || text.contains("T08:30:00");
        assert!(in_form || documented.contains(text), "docs/extraction.md does not name {text}");
        let rule = format!("extract.x{nth}={{ css = 'p:nth-of-type({})::text', {options} }}", nth + 1);
        command.args(["--set", &rule]);
    }
    let values: Vec<String> =
        table.iter().enumerate().map(|(nth, (.., value))| format!("\"x{nth}\":{value}")).collect();
    assert_eq!(Run::to_end(command).exited(0).stdout, format!("{{{}}}\n", values.join(",")));
}
