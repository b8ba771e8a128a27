//! Chooses the columns of a table by its header: the one that has the URLs, and those that are carried.

use super::did_you_mean;
use crate::input::options::{Keep, Options};

/// Names of columns that have URLs, in the order of preference, in any case.
const NAMES_OF_URLS: [&str; 3] = ["url", "link", "href"];

/// The columns of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// The number of columns.
    pub(super) count: usize,
    /// The place of the URL, from 0.
    pub(super) url: usize,
    /// The places and names of the columns that are carried.
    pub(super) carried: Vec<(usize, String)>,
}

/// The columns of a table with this header.
///
/// # Errors
/// If the header does not tell which column has the URLs, or lacks a column that the options name.
pub(super) fn choose(header: &[&str], options: &Options) -> Result<Columns, String> {
    if let Some(url) = header.iter().find(|cell| is_url(cell)) {
        let url = crate::input::redact::redact(url);
        return Err(format!(
            "its first row has the URL `{url}`, but the first row of a table has the names of its columns: write them above \
             it, or read it as lines of text with --input-format txt"
        ));
    }
    if let [only] = header
        && let Some(way_out) = separated(only).filter(|_| !is_chosen(only, &options.url_column))
    {
        let only: String = only.trim().chars().take(MOST_SHOWN).collect();
        return Err(format!("its header is a single column, `{only}`: {way_out} (--url-column 1 takes it as it is)"));
    }
    let name = |(at, cell): (usize, &&str)| match cell.trim() {
        // Spreadsheets leave the last names empty, and pandas the first one.
        "" => format!("column {}", at + 1),
        name => name.to_owned(),
    };
    let names: Vec<String> = header.iter().enumerate().map(name).collect();
    let url = url_column(&names, &options.url_column)?;
    let known = || names.iter().enumerate().filter(|(at, _)| *at != url).map(|(_, name)| name.as_str());
    if let Keep::Only(kept) = &options.keep
        && let Some(unknown) = kept.iter().find(|kept| !known().any(|name| name == *kept))
    {
        return Err(format!(
            "it has no other column `{unknown}` to keep{}; {}",
            did_you_mean(unknown, known()),
            listed(&names)
        ));
    }
    let carried = names.iter().enumerate().filter(|(at, name)| *at != url && options.keep.has(name));
    let carried: Vec<(usize, String)> = carried.map(|(at, name)| (at, name.clone())).collect();
    let mut seen = std::collections::HashSet::new();
    if let Some((_, twice)) = carried.iter().find(|(_, name)| !seen.insert(name.as_str())) {
        return Err(format!(
            "two of its columns are called `{twice}`, but a record can carry only one of them: rename one, or choose \
             others with --keep"
        ));
    }
    match options.needed.iter().find(|needed| !carried.iter().any(|(_, name)| name == *needed)) {
        None => Ok(Columns { count: names.len(), url, carried }),
        Some(missing) if names.contains(missing) && names[url] != *missing => {
            Err(format!("a rule reads its column `{missing}`, but --keep (input.keep) leaves it out"))
        }
        Some(missing) if names[url] == *missing => Err(format!(
            "a rule reads its column `{missing}` as input:{missing}, but that is the URL: use fact = \"url\""
        )),
        Some(missing) => Err(format!(
            "a rule reads its column `{missing}` (input:{missing}), which it does not have{}; {}",
            did_you_mean(missing, carried.iter().map(|(_, name)| name.as_str())),
            listed(&names)
        )),
    }
}

/// The place of the column that has the URLs. `wanted` is its name or number; empty if the names decide.
fn url_column(names: &[String], wanted: &str) -> Result<usize, String> {
    let of_name = |is_it: &dyn Fn(&str) -> bool| {
        let mut found = names.iter().enumerate().filter(|(_, name)| is_it(name)).map(|(at, _)| at);
        (found.next(), found.next().is_some())
    };
    if wanted.is_empty() {
        if names.len() == 1 {
            return Ok(0);
        }
        for known in NAMES_OF_URLS {
            match of_name(&|name| name.eq_ignore_ascii_case(known)) {
                (Some(at), false) => return Ok(at),
                (Some(_), true) => {
                    return Err(format!("two of its columns are called `{known}`; {}", choose_one(names)));
                }
                (None, _) => {}
            }
        }
        return Err(format!("none of its columns is called url, link or href; {}", choose_one(names)));
    }
    match of_name(&|name| name == wanted) {
        (Some(at), false) => return Ok(at),
        (Some(_), true) => {
            return Err(format!(
                "two of its columns are called `{wanted}`: choose one by its number; {}",
                listed(names)
            ));
        }
        (None, _) => {}
    }
    if let Some(number) = wanted.parse::<usize>().ok().filter(|number| (1..=names.len()).contains(number)) {
        return Ok(number - 1);
    }
    let near = did_you_mean(wanted, names.iter().map(String::as_str));
    Err(format!("it has no column `{wanted}` (--url-column){near}; {}", listed(names)))
}

/// What to do about a header that has the separators of another form of tables. `None` if it has none.
fn separated(header: &str) -> Option<String> {
    let separators = [('\t', "tabs"), (';', "semicolons"), ('|', "vertical bars"), (',', "commas")];
    let (separator, name) = separators.into_iter().find(|(separator, _)| header.contains(*separator))?;
    Some(match separator {
        '\t' => "its cells seem to be separated by tabs, which --input-format tsv reads".to_owned(),
        ',' => "its cells seem to be separated by commas, which --input-format csv reads".to_owned(),
        _ => format!(
            "its cells seem to be separated by {name}, which are not read: save it as CSV with commas, or as TSV with tabs"
        ),
    })
}

/// Whether the setting names the only column of a header.
fn is_chosen(header: &str, url_column: &str) -> bool {
    url_column == "1" || url_column == header.trim()
}

fn choose_one(names: &[String]) -> String {
    format!("choose the column of the URLs with --url-column NAME or its number; {}", listed(names))
}

/// The most columns that an error lists, and the most characters of a name.
const MOST_LISTED: usize = 30;
const MOST_SHOWN: usize = 60;

fn listed(names: &[String]) -> String {
    let short = |name: &String| name.chars().take(MOST_SHOWN).collect::<String>();
    let all: Vec<String> =
        names.iter().take(MOST_LISTED).enumerate().map(|(at, name)| format!("{} `{}`", at + 1, short(name))).collect();
    let more =
        if names.len() > MOST_LISTED { format!(" and {} more", names.len() - MOST_LISTED) } else { String::new() };
    format!("its columns are {}{more}", all.join(", "))
}

fn is_url(cell: &str) -> bool {
    let begin = cell.trim_start();
    ["http://", "https://"]
        .iter()
        .any(|scheme| begin.get(..scheme.len()).is_some_and(|own| own.eq_ignore_ascii_case(scheme)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(header: &[&str], url_column: &str, keep: Keep, needed: &[&str]) -> Result<(usize, String), String> {
        let needed = needed.iter().map(ToString::to_string).collect();
        let options = Options { url_column: url_column.to_owned(), keep, needed, ..Options::default() };
        let columns = choose(header, &options)?;
        assert_eq!(columns.count, header.len());
        let carried: Vec<String> = columns.carried.into_iter().map(|(at, name)| format!("{at}{name} ")).collect();
        Ok((columns.url, carried.concat()))
    }

    fn only(names: &[&str]) -> Keep {
        Keep::Only(names.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_name_or_the_number_tells_the_column_of_the_urls_and_the_others_are_carried() {
        let table: [(&[&str], &str, Keep, usize, &str); 13] = [
            (&["page"], "", Keep::All, 0, ""),
            (&["page;1"], "1", Keep::All, 0, ""),
            (&["pages, all"], "pages, all", Keep::All, 0, ""),
            (&["sku", "URL", "n"], "", Keep::All, 1, "0sku 2n "),
            (&["Link", "url"], "", Keep::All, 1, "0Link "),
            (&["href", " Link "], "", Keep::All, 1, "0href "),
            (&["a", "b"], "2", Keep::All, 1, "0a "),
            (&["a", "b"], "a", Keep::All, 0, "1b "),
            (&["2", "b"], "2", Keep::All, 0, "1b "),
            (&["", "url", "x", ""], "", Keep::All, 1, "0column 1 2x 3column 4 "),
            (&["url", "a", "b"], "", only(&["b"]), 0, "2b "),
            (&["url", "a", "a"], "", only(&[]), 0, ""),
            (&["url", "url", "b"], "2", only(&["b"]), 1, "2b "),
        ];
        for (header, url_column, keep, url, carried) in table {
            assert_eq!(chosen(header, url_column, keep, &[]), Ok((url, carried.to_owned())), "{header:?} {url_column}");
        }
        assert_eq!(chosen(&["url", "sku"], "", Keep::All, &["sku"]), Ok((0, "1sku ".to_owned())));
    }

    /// A header, `url_column`, what is kept, what rules read, and parts of the error.
    type Bad<'a> = (&'a [&'a str], &'a str, Keep, &'a [&'a str], &'a [&'a str]);

    #[test]
    fn a_header_that_does_not_fit_the_options_is_an_error_that_lists_the_columns() {
        let table: [Bad; 16] = [
            (&["id;url;n"], "", Keep::All, &[], &["single column, `id;url;n`", "by semicolons", "save it as CSV"]),
            (&["url;n"], "url", Keep::All, &[], &["single column, `url;n`", "--url-column 1"]),
            (&["id\turl"], "2", Keep::All, &[], &["by tabs, which --input-format tsv reads"]),
            (&["id|url"], "", Keep::All, &[], &["by vertical bars", "or as TSV with tabs"]),
            (&["id,url"], "", Keep::All, &[], &["by commas, which --input-format csv reads"]),
            (&["a", "b"], "", Keep::All, &[], &["none of its columns is called url, link or href", "1 `a`, 2 `b`"]),
            (&["url", "URL"], "", Keep::All, &[], &["two of its columns are called `url`", "--url-column"]),
            (&["a", "b"], "3", Keep::All, &[], &["no column `3`", "1 `a`, 2 `b`"]),
            (&["a", "b"], "0", Keep::All, &[], &["no column `0`"]),
            (&["adress", "b"], "address", Keep::All, &[], &["no column `address`", "did you mean `adress`?"]),
            (&["url", "a", "a"], "", Keep::All, &[], &["two of its columns are called `a`", "--keep"]),
            (&["url", "price"], "", only(&["prize"]), &[], &["no other column `prize`", "did you mean `price`?"]),
            (&["url", "a"], "", only(&["url"]), &[], &["no other column `url` to keep"]),
            (&["http://u:p@h/1"], "", Keep::All, &[], &["first row has the URL `http://h/1`", "--input-format txt"]),
            (&["url", "sku"], "", Keep::All, &["skku"], &["input:skku", "did you mean `sku`?"]),
            (&["url", "sku", "b"], "", only(&["b"]), &["sku"], &["`sku`, but --keep (input.keep) leaves it out"]),
        ];
        for (header, url_column, keep, needed, parts) in table {
            let error = chosen(header, url_column, keep, needed).expect_err("a bad header");
            for part in parts {
                assert!(error.contains(part), "{header:?}: {error}");
            }
        }
        let error = chosen(&["url", "sku"], "", Keep::All, &["url"]).expect_err("the URL is not carried");
        assert!(error.contains("use fact = \"url\""), "{error}");
    }
}
