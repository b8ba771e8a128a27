//! Why an `XPath` expression finds nothing.

use std::sync::LazyLock;

use regex::Regex;

use super::super::xpath::{Found, Place, Tree, XPath};
use super::css::{attributes, list, part};
use super::look::Page;
use super::near::Names;
use super::report::Hint;
use crate::scrape::document::{Dom, known};

/// The most pieces of an expression that are looked at.
const MOST_PIECES: usize = 30;
/// The most elements whose names are compared.
const MOST_ELEMENTS: usize = 100_000;

/// `@class="x"`, `contains(@class, "x")`, `has-class("x")`: the attribute, if it is named, and the text.
static TEST: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r#"(?:@([\w:.-]+)\s*(?:=|,)|has-class\()\s*(?:"([^"]*)"|'([^']*)')"#;
    Regex::new(pattern).expect("a regular expression")
});
/// The name of an element or attribute.
static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^@?[\w.:-]+$").expect("a regular expression"));

/// Explains why an expression finds nothing in the page, or inside of an element. `None` if there is nothing to say.
pub(super) fn hint(page: &Page<'_>, scope: Option<u32>, xpath: &str) -> Option<Hint> {
    let search = Search { page, dom: page.dom(), scope };
    alternatives(xpath).into_iter().find_map(|path| search.path(path))
}

/// Returns the nodes that an expression finds. `None` if it is not valid, finds no nodes but a value, or takes too much
/// work.
fn nodes(dom: &Dom, scope: Option<u32>, xpath: &str) -> Option<Vec<Place>> {
    // The document of a page that is JSON has no element.
    if scope.is_none() && dom.nodes().len() < 2 {
        return Some(Vec::new());
    }
    match XPath::new(xpath).ok()?.select(&Tree::new(dom), scope).ok()? {
        Found::Nodes(nodes) => Some(nodes),
        _ => None,
    }
}

struct Search<'s> {
    page: &'s Page<'s>,
    dom: &'s Dom,
    scope: Option<u32>,
}

impl Search<'_> {
    fn path(&self, path: &str) -> Option<Hint> {
        let ends: Vec<usize> = cut(path).into_iter().take(MOST_PIECES).collect();
        let mut before: Vec<Place> = Vec::new();
        let mut start = 0;
        for end in ends {
            let prefix = &path[..end];
            let found = nodes(self.dom, self.scope, prefix)?;
            if !found.is_empty() {
                (before, start) = (found, end);
                continue;
            }
            if let Some(inner) = in_parentheses(prefix) {
                return hint(self.page, self.scope, inner);
            }
            let longest = (start > 0 && &path[..start] != ".").then(|| part(path[..start].trim_end(), before.len()));
            let mut hint = Hint { longest, stops_at: Some(prefix.trim().to_owned()), ..Hint::default() };
            let elements: Vec<u32> = before.iter().filter(|place| !place.is_attribute()).map(|it| it.at()).collect();
            self.explain((&path[..start], &path[start..end], &path[end..]), &elements, &mut hint);
            return Some(hint);
        }
        None
    }

    /// Says what stands where a piece finds nothing. `before` has the elements that were found up to this piece.
    fn explain(&self, (head, piece, tail): (&str, &str, &str), before: &[u32], hint: &mut Hint) {
        let mut instead: Vec<String> = Vec::new();
        let step = piece.trim_start_matches('/').trim();
        let slashes = &piece[..piece.len() - piece.trim_start_matches('/').len()];
        if piece.starts_with('[') {
            self.predicate(piece, before, &mut instead, hint);
        } else if let Some(name) = step.strip_prefix('@') {
            let (names, _) = attributes(self.dom, &self.within(slashes == "//", before, true), name);
            instead.extend(names.near(name).iter().map(|near| format!("{slashes}@{near}")));
            list(&mut hint.notes, "attributes there", names.frequent().iter().map(|name| format!("@{name}")));
        } else if step == "text()" {
            hint.notes.push("these elements have no text directly inside".to_owned());
            instead.push("//text()".to_owned());
        } else if NAME.is_match(step) {
            let mut names = Names::default();
            for at in self.within(slashes == "//", before, false) {
                names.add(self.dom.name_text(self.dom.node(at).name()));
            }
            instead.extend(names.near(step).iter().map(|near| format!("{slashes}{near}")));
            list(&mut hint.notes, "elements there", names.frequent().iter().map(|name| (*name).to_owned()));
        }
        if slashes == "/" && !head.is_empty() {
            instead.push(format!("/{piece}"));
        } else if slashes == "/" {
            instead.push(format!("//{step}"));
        }
        self.suggest((head, tail), &instead, hint);
        if !hint.did_you_mean.is_empty() {
            hint.notes.clear();
        }
    }

    fn suggest(&self, (head, tail): (&str, &str), instead: &[String], hint: &mut Hint) {
        /// The most suggestions.
        const MOST: usize = 3;
        let count = |path: &str| nodes(self.dom, self.scope, path).map_or(0, |found| found.len());
        for instead in instead {
            let (whole, begin) = (format!("{head}{instead}{tail}"), format!("{head}{instead}"));
            let suggestion = match count(&whole) {
                0 => part(&begin, count(&begin)),
                all => part(&whole, all),
            };
            let is_new = suggestion.matches > 0 && !hint.did_you_mean.contains(&suggestion);
            if is_new && hint.did_you_mean.len() < MOST {
                hint.did_you_mean.push(suggestion);
            }
        }
    }

    /// Returns the elements in which a step searches, or whose attributes it reads.
    fn within(&self, is_deep: bool, before: &[u32], with_themselves: bool) -> Vec<u32> {
        let dom = self.dom;
        if before.is_empty() {
            let whole = self.scope.map_or_else(|| dom.whole(), |at| dom.subtree(at));
            return dom.elements(whole).take(MOST_ELEMENTS).collect();
        }
        if with_themselves && !is_deep {
            return before.to_vec();
        }
        let is_element = |at: &u32| dom.node(*at).is_element();
        let mut places: Vec<u32> = if is_deep {
            before.iter().flat_map(|at| dom.elements(dom.descendants(*at))).take(MOST_ELEMENTS).collect()
        } else {
            before.iter().flat_map(|at| dom.children(*at).filter(is_element)).take(MOST_ELEMENTS).collect()
        };
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Suggests another text for the comparison of a predicate.
    fn predicate(&self, piece: &str, before: &[u32], instead: &mut Vec<String>, hint: &mut Hint) {
        if piece[1..].trim_end_matches(']').trim().parse::<u64>().is_ok() {
            hint.notes.push("a number counts the matches inside of each parent element, from 1".to_owned());
            return;
        }
        let Some(found) = TEST.captures(piece) else { return };
        let Some(text) = found.get(2).or(found.get(3)) else { return };
        let name = found.get(1).map_or("class", |name| name.as_str());
        let (names, mut values) = attributes(self.dom, before, name);
        if values.frequent().is_empty() {
            let at = found.get(1).map(|name| name.range());
            let renamed =
                |near: &String| Some(format!("{}{near}{}", &piece[..at.clone()?.start], &piece[at.clone()?.end..]));
            instead.extend(names.near(name).iter().filter_map(renamed));
            list(&mut hint.notes, "attributes there", names.frequent().iter().map(|name| format!("@{name}")));
            return;
        }
        if !piece.contains("@class=") {
            // One class of several is a part of the value.
            for at in before.iter().take(MOST_ELEMENTS) {
                let classes = self.dom.attribute(*at, known::CLASS).filter(|_| name == "class").unwrap_or_default();
                classes.split_ascii_whitespace().take(MOST_PIECES).for_each(|class| values.add(class));
            }
        }
        let replaced = |near: &String| format!("{}{near}{}", &piece[..text.start()], &piece[text.end()..]);
        instead.extend(values.near(text.as_str()).iter().filter(|near| !near.contains(['"', '\''])).map(replaced));
        list(
            &mut hint.notes,
            &format!("values of @{name} there"),
            values.frequent().iter().map(|it| format!("{it:?}")),
        );
    }
}

/// Splits an expression at each `|` outside of brackets and quotes.
fn alternatives(xpath: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    outside(xpath, |at, c, _| {
        if c == '|' {
            parts.push(&xpath[start..at]);
            start = at + 1;
        }
    });
    parts.push(&xpath[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// Returns where the pieces of a path end: its steps, and each of their predicates.
fn cut(path: &str) -> Vec<usize> {
    let mut ends = Vec::new();
    outside(path, |at, c, before| {
        if at > 0 && (c == '[' || (c == '/' && before != Some('/'))) {
            ends.push(at);
        }
    });
    ends.push(path.len());
    ends
}

/// Calls `see` with each character outside of brackets and quotes, its place, and the character before it. An opening
/// bracket counts as outside.
fn outside(text: &str, mut see: impl FnMut(usize, char, Option<char>)) {
    let (mut depth, mut quote, mut before) = (0_usize, None, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, _) => {
                if depth == 0 {
                    see(at, c, before);
                }
                depth += usize::from(matches!(c, '(' | '['));
            }
        }
        before = Some(c);
    }
}

/// Returns what is between the parentheses around a whole path.
fn in_parentheses(path: &str) -> Option<&str> {
    let inner = path.trim().strip_prefix('(')?.strip_suffix(')')?;
    (!inner.contains([')', '('])).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::{alternatives, cut};

    #[test]
    fn a_path_is_cut_into_steps_and_predicates() {
        let table: [(&str, &[&str]); 6] = [
            ("//article[@class='a/b']/h3", &["//article", "[@class='a/b']", "/h3"]),
            (".//a[b[1]][2]/@href", &[".", "//a", "[b[1]]", "[2]", "/@href"]),
            ("(//a)[1]/text()", &["(//a)", "[1]", "/text()"]),
            ("a", &["a"]),
            ("/html//b", &["/html", "//b"]),
            ("//p[contains(., \"]\")]", &["//p", "[contains(., \"]\")]"]),
        ];
        for (path, expected) in table {
            let mut start = 0;
            let pieces: Vec<&str> = cut(path)
                .into_iter()
                .map(|end| {
                    let piece = &path[start..end];
                    start = end;
                    piece
                })
                .collect();
            assert_eq!(pieces, expected, "{path}");
        }
        assert_eq!(alternatives("//a | //b[c|d] | '|'"), ["//a", "//b[c|d]", "'|'"]);
    }
}
