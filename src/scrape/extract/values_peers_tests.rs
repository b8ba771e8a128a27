//! Writes how the texts of `tests/peers` are read, to compare them with what other libraries read.

use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::{env, fs};

use jiff::Timestamp;
use serde_json::json;

use super::date::Dates;
use super::locale::Locale;
use super::number::{Notation, decimal};

/// The time that relative dates count from: a Friday.
const NOW: &str = "2024-03-15T12:30:45Z";

/// `GLEANER_PEERS=values.jsonl cargo test --lib values_are_written_for_peers -- --ignored`
///
/// Writes one object a line, with a text, its locale, and what is read. Each line of the tables is a locale and a text.
#[test]
#[ignore = "writes the file that `tests/peers` reads"]
fn values_are_written_for_peers() {
    let file = env::var_os("GLEANER_PEERS").expect("GLEANER_PEERS names a file");
    let mut out = BufWriter::new(fs::File::create(file).expect("a file"));
    let now: Timestamp = NOW.parse().expect("a timestamp");
    for (name, text) in table("numbers.tsv") {
        let number = decimal(&text, Notation::Locale(Locale::find(&name).expect("a locale")));
        writeln!(out, "{}", json!({ "locale": name, "text": text, "number": number })).expect("room on the disk");
    }
    for (name, text) in table("dates.tsv") {
        let dates = Dates::new(Locale::find(&name), None, None).expect("valid settings");
        let (date, datetime) = (dates.date(&text, now), dates.datetime(&text, now));
        let line = json!({ "locale": name, "text": text, "now": NOW, "date": date, "datetime": datetime });
        writeln!(out, "{line}").expect("room on the disk");
    }
    out.flush().expect("room on the disk");
}

fn table(name: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name);
    let text = fs::read_to_string(path).expect("a table");
    let row = |line: &str| line.split_once('\t').map(|(name, text)| (name.to_owned(), text.to_owned()));
    text.lines().map(|line| row(line).expect("a locale, a tab and a text")).collect()
}
