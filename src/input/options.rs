//! How lists are read: their format, and what of an entry is the URL and what is carried into its record.

use std::ffi::OsStr;
use std::path::Path;

use super::format::warc;
use super::{Source, pages};
use crate::model::LISTED_FACTS;

/// How lists are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The format of all lists; `None` is by the extension of each.
    pub format: Option<Format>,
    /// The column of a table that has the URLs: its name, or its number from 1. Empty means that the names of the
    /// columns decide.
    pub url_column: String,
    /// The keys that lead to the URL in a value of JSON, joined by dots.
    pub url_field: String,
    /// What is carried.
    pub keep: Keep,
    /// The most bytes of an answer that an archive or a file has. A longer one fails without being read.
    pub max_stored: u64,
    /// The columns that rules read (`fact = "input:COLUMN"`). A table that lacks one of them is refused.
    pub needed: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        let (format, url_column, needed) = (None, String::new(), Vec::new());
        let max_stored = u64::MAX;
        Self { format, url_column, url_field: "url".to_owned(), keep: Keep::All, max_stored, needed }
    }
}

/// The columns or keys that are carried into the record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Keep {
    /// All except the URL.
    #[default]
    All,
    /// Only these; may be empty.
    Only(Vec<String>),
}

impl Keep {
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.iter().any(|kept| kept == name),
        }
    }
}

/// The format of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A URL on each line.
    Text,
    /// A table whose cells are separated by commas (RFC 4180).
    Csv,
    /// A table whose cells are separated by tabs.
    Tsv,
    /// A value of JSON on each line.
    Jsonl,
    /// An array of JSON.
    Json,
    /// A sitemap, a sitemap index, RSS or Atom. Unlike lists of the other formats, it is read by a worker.
    Sitemap,
    /// An archive of answers (WARC).
    Warc,
}

/// The extensions that tell a format. A list with any other name is text.
const EXTENSIONS: [(&str, Format); 9] = [
    ("csv", Format::Csv),
    ("tsv", Format::Tsv),
    ("jsonl", Format::Jsonl),
    ("ndjson", Format::Jsonl),
    ("json", Format::Json),
    ("xml", Format::Sitemap),
    ("rss", Format::Sitemap),
    ("atom", Format::Sitemap),
    ("warc", Format::Warc),
];

/// The extensions of compressed files, which stand after that of the format.
const PACKED: [&str; 2] = ["gz", "zst"];

impl Options {
    /// The columns that a source carries whatever is in it; `None` if only the source tells.
    pub(super) fn fixed_columns(&self, source: &Source) -> Option<&'static [&'static str]> {
        match self.format_of(source) {
            Format::Text if matches!(source, Source::Pages(_)) => Some(&pages::CARRIED),
            Format::Text => Some(&[]),
            Format::Sitemap => Some(&LISTED_FACTS),
            Format::Warc => Some(&warc::CARRIED),
            Format::Csv | Format::Tsv | Format::Jsonl | Format::Json => None,
        }
    }

    /// The columns that are kept, if they are named.
    pub(super) fn kept_columns(&self) -> Option<Vec<String>> {
        match &self.keep {
            Keep::All => None,
            Keep::Only(names) => Some(names.clone()),
        }
    }

    /// The keys of JSON that are kept, if they are named. The one that leads to the URL is never kept.
    pub(super) fn kept_keys(&self) -> Option<Vec<String>> {
        let of_url = self.url_field.split('.').next();
        let names = self.kept_columns()?;
        Some(names.into_iter().filter(|name| Some(name.as_str()) != of_url).collect())
    }

    /// The format of a source. Nothing is guessed from what the list contains.
    pub(super) fn format_of(&self, source: &Source) -> Format {
        match (source, self.format) {
            (Source::Sitemap(_), _) => Format::Sitemap,
            (Source::Url(_) | Source::Pages(_), _) | (Source::Stdin, None) => Format::Text,
            (_, Some(format)) => format,
            (Source::File(path), None) => by_extension(path),
        }
    }
}

fn by_extension(path: &Path) -> Format {
    let is = |path: &Path, known: &str| path.extension().is_some_and(|own| own.eq_ignore_ascii_case(OsStr::new(known)));
    let stem = PACKED.iter().any(|packed| is(path, packed)).then(|| path.file_stem()).flatten().map(Path::new);
    let path = stem.unwrap_or(path);
    EXTENSIONS.iter().find(|(known, _)| is(path, known)).map_or(Format::Text, |(_, format)| *format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_or_the_setting_tells_the_format() {
        let table = [
            ("a.csv", None, Format::Csv),
            ("a.CSV.GZ", None, Format::Csv),
            ("dir.csv/a.tsv.zst", None, Format::Tsv),
            ("a.jsonl", None, Format::Jsonl),
            ("a.ndjson.gz", None, Format::Jsonl),
            ("a.json", None, Format::Json),
            ("sitemap.xml", None, Format::Sitemap),
            ("sitemap.XML.gz", None, Format::Sitemap),
            ("a.rss", None, Format::Sitemap),
            ("a.atom", None, Format::Sitemap),
            ("-", Some(Format::Sitemap), Format::Sitemap),
            ("a.xml", Some(Format::Text), Format::Text),
            ("a.warc", None, Format::Warc),
            ("CC-MAIN-2026.warc.gz", None, Format::Warc),
            ("a.warc.zst", None, Format::Warc),
            ("a.txt", None, Format::Text),
            ("a.gz", None, Format::Text),
            (".csv", None, Format::Text),
            ("csv", None, Format::Text),
            ("a.dat", Some(Format::Csv), Format::Csv),
            ("a.csv", Some(Format::Text), Format::Text),
            ("-", Some(Format::Jsonl), Format::Jsonl),
            ("-", None, Format::Text),
            ("http://h/a.csv", Some(Format::Csv), Format::Text),
        ];
        for (argument, format, expected) in table {
            let options = Options { format, ..Options::default() };
            assert_eq!(options.format_of(&Source::from_argument(argument)), expected, "{argument} {format:?}");
        }
    }
}
