//! Guesses the format of a file that is not a list of URLs.

/// How files that are not lists begin when they are read as text.
const BEGINNINGS: [(&str, &str); 6] = [
    ("%PDF", "a PDF"),
    ("WARC/", "a WARC archive (--input-format warc reads it)"),
    ("PAR1", "Parquet (duckdb -c \"COPY (FROM 'FILE') TO 'list.csv'\" makes CSV of it)"),
    ("SQLite format 3", "a database of SQLite (sqlite3 -csv -header FILE 'SELECT ...' makes CSV of it)"),
    ("PK\u{3}\u{4}", "a zip archive, as spreadsheets are"),
    ("\u{fffd}7zXZ", "xz (xzcat unpacks it)"),
];

/// Element names that indicate HTML and not another kind of XML.
const HTML: [&str; 20] = [
    "!doctype html",
    "html",
    "head",
    "body",
    "title",
    "meta",
    "link",
    "script",
    "style",
    "a",
    "p",
    "div",
    "span",
    "h1",
    "ul",
    "ol",
    "li",
    "table",
    "main",
    "section",
];

/// The likely format of a text, with a hint how to make a list from it. `lines` are its first lines without surrounding
/// white space.
pub(super) fn looks_like(lines: &[&str]) -> Option<&'static str> {
    let first = lines.first()?;
    if let Some((_, format)) = BEGINNINGS.iter().find(|(begin, _)| first.starts_with(begin)) {
        return Some(format);
    }
    if lines.iter().any(|line| line.contains('\0')) {
        return Some("UTF-16 without a byte-order mark, or not text (save it as UTF-8)");
    }
    if first.starts_with('<') {
        return Some(if is_html(lines) {
            "HTML (--pages DIR reads a folder of saved pages)"
        } else {
            "XML (--input-format sitemap reads a sitemap or a feed)"
        });
    }
    if is_toml(first) {
        return Some("TOML (--config names a settings file)");
    }
    if first.starts_with(['{', '[']) {
        return Some("JSON (--input-format json reads an array, jsonl a value on each line)");
    }
    if most(lines, |line| line.contains('\t')) {
        return Some("TSV (--input-format tsv reads it)");
    }
    if most(lines, |line| line.starts_with("- ") || line.starts_with("* ")) {
        return Some("YAML or Markdown (sed 's/^[-*] *//' removes the marks)");
    }
    if most(lines, |line| line.contains(',')) {
        return Some("CSV (--input-format csv reads it)");
    }
    most(lines, |line| line.contains(';')).then_some("a table with semicolons (cut -d';' -f N extracts column N)")
}

/// Whether a line that is not a URL is the header of a table with a column of URLs. The rows of such a table may look
/// like URLs: in `http://h/a,1`, the comma may be part of the path.
pub(super) fn is_header(line: &str) -> bool {
    let is_such = |separator: char| {
        let cells: Vec<&str> = line.split(separator).map(|cell| cell.trim().trim_matches('"')).collect();
        let is_url = |cell: &&str| ["url", "link", "href"].iter().any(|name| name.eq_ignore_ascii_case(cell));
        cells.len() > 1 && cells.iter().any(is_url)
    };
    [',', '\t', ';'].into_iter().any(is_such)
}

fn most(lines: &[&str], is_such: impl Fn(&str) -> bool) -> bool {
    lines.iter().filter(|line| is_such(line)).count() * 2 > lines.len()
}

fn is_html(lines: &[&str]) -> bool {
    let names = lines.iter().filter_map(|line| line.strip_prefix('<')).map(str::to_ascii_lowercase);
    // An XHTML page begins with an XML declaration, and any page may have comments first.
    let mut names = names.filter(|name| !name.starts_with(['?', '/']) && !name.starts_with("!--"));
    names.next().is_some_and(|name| {
        let begins = |known: &str| name.strip_prefix(known).is_some_and(|rest| !rest.starts_with(is_part_of_name));
        HTML.iter().any(|known| begins(known))
    })
}

/// Whether a line is `[table]`, `[[table]]` or `key = value`.
fn is_toml(line: &str) -> bool {
    let is_key = |text: &str| {
        let text = text.trim();
        text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && text.chars().all(|c| is_part_of_name(c) || matches!(c, '.' | '"' | '\'' | ' '))
    };
    if let Some(table) = line.strip_prefix('[') {
        let table = table.strip_prefix('[').unwrap_or(table);
        return table.split_once(']').is_some_and(|(name, _)| is_key(name));
    }
    line.split_once('=').is_some_and(|(key, value)| is_key(key) && !value.trim().is_empty())
}

fn is_part_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::{is_header, looks_like};

    #[test]
    fn a_format_is_recognized_by_its_first_lines() {
        let table: [(&str, &str); 33] = [
            ("WARC/1.0\r\nWARC-Type: warcinfo", "a WARC archive (--input-format warc"),
            ("PAR1\u{15}\0\u{fffd}", "Parquet"),
            ("SQLite format 3\0\u{10}\0", "a database of SQLite"),
            ("name,url\nBook,http://h/", "CSV (--input-format csv"),
            ("\"A book\",\"http://h/\"", "CSV (--input-format csv"),
            ("name;url\nBook;http://h/", "a table with semicolons (cut -d';'"),
            ("name\turl\nBook\thttp://h/", "TSV"),
            ("http://h/\ttitle", "TSV"),
            ("[\n{\"url\": \"http://h/\"}\n]", "JSON"),
            ("{\"url\": \"http://h/\"}\n{\"url\": \"http://h/b\"}", "JSON"),
            ("[\"http://h/\", \"http://h/b\"]", "JSON"),
            ("{\n\"a\": 1,\n\"b\": 2\n}", "JSON"),
            ("[1, 2]", "JSON"),
            ("[pool]\nworkers = 4", "TOML"),
            ("[hosts.\"books.example\"]\ndelay = \"1s\"", "TOML"),
            ("[[lists]]", "TOML"),
            ("title = \"h1::text\"", "TOML"),
            ("a.b = [1, 2]", "TOML"),
            ("<?xml version=\"1.0\"?>\n<urlset>\n<url><loc>http://h/</loc></url>", "XML"),
            ("<urlset xmlns=\"x\">", "XML"),
            ("<rss>", "XML"),
            ("<articles>", "XML"),
            ("<!DOCTYPE html>\n<title>A</title>", "HTML"),
            ("<!-- saved -->\n<HTML lang=en>", "HTML"),
            ("<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"x\">\n<html>", "HTML"),
            ("<a href=\"http://h/\">b</a>", "HTML"),
            ("<p>text", "HTML"),
            ("- http://h/a\n- http://h/b", "YAML or Markdown"),
            ("* http://h/a", "YAML or Markdown"),
            ("%PDF-1.7", "a PDF"),
            ("PK\u{3}\u{4}x", "a zip archive"),
            ("\u{fffd}7zXZ\0", "xz"),
            ("\u{4e00}\nh\0t\0t\0p\0", "UTF-16 without a byte-order mark"),
        ];
        for (text, expected) in table {
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            let format = looks_like(&lines).unwrap_or("nothing");
            assert!(format.starts_with(expected), "{text:?} looks like {format}");
        }
    }

    #[test]
    fn a_header_has_several_names_one_of_which_is_that_of_urls() {
        for header in ["url,n", "n,URL", "\"Link\"; n", "a\thref\tb"] {
            assert!(is_header(header), "{header}");
        }
        for other in ["url", "", "h.example/url,link?x", "urls,links", "a url, b"] {
            assert!(!is_header(other), "{other}");
        }
    }

    #[test]
    fn text_without_a_known_format_gets_none() {
        for text in ["", "example.com\nexample.org/a?b=c", "two words", "/a/b.html", "localhost:8080", "=", "a ="] {
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(looks_like(&lines), None, "{text:?}");
        }
    }
}
