//! Why a CSS selector matches nothing.

use super::super::rules::Source;
use super::super::selection::{Branch as Compiled, Marks, Scan, Scanner, Selection, Symbols, Take, Tree};
use super::css_parts::{Branch, Combinator, Piece, Simple, branches};
use super::look::Page;
use super::near::Names;
use super::places::Places;
use super::report::{Hint, Part};
use crate::scrape::document::{Dom, known};

/// The most simple selectors of a branch that are looked at.
const MOST_PIECES: usize = 30;
/// The most elements whose names are compared.
const MOST_ELEMENTS: usize = 100_000;

/// Returns the elements that each of some selectors matches, in document order. `None` stands for a selector that is
/// not valid.
pub(in crate::scrape::extract) fn find(dom: &Dom, scope: Option<u32>, selectors: &[String]) -> Vec<Vec<u32>> {
    let parsed = selectors.iter().enumerate();
    let parsed = parsed.filter_map(|(nth, css)| Some((nth, Selection::parse_elements(css).ok()?)));
    let branches = parsed.flat_map(|(nth, selection)| selection.branches.into_iter().map(move |it| (it, nth)));
    let mut found = vec![Vec::new(); selectors.len()];
    scan(dom, scope, branches.collect(), |at, nth| found[nth].push(at));
    for places in &mut found {
        places.sort_unstable();
        places.dedup();
    }
    found
}

/// Calls `found` for each element that a branch matches.
fn scan(dom: &Dom, scope: Option<u32>, branches: Vec<(Compiled, usize)>, mut found: impl FnMut(u32, usize)) {
    let mut symbols = Symbols::new();
    let scan = Scan::new(branches, &mut symbols);
    let mut marks = Marks::default();
    marks.fill(dom, &symbols);
    let tree = Tree::new(dom);
    Scanner::new(&tree, &marks).scan(scope, &scan, |at, nth| found(at, *nth));
}

/// Returns the elements that a selector matches in the page (`None`) and inside of elements, in the order of the document
/// for each of them, and what is taken from each match.
pub(super) fn select(dom: &Dom, scopes: &[Option<u32>], selection: Selection) -> Vec<(u32, Take)> {
    let takes: Vec<Take> = selection.branches.iter().map(|branch| branch.take.clone()).collect();
    let mut symbols = Symbols::new();
    let branches = selection.branches.into_iter().enumerate().map(|(nth, branch)| (branch, nth)).collect();
    let scan = Scan::new(branches, &mut symbols);
    let mut marks = Marks::default();
    marks.fill(dom, &symbols);
    let tree = Tree::new(dom);
    let mut scanner = Scanner::new(&tree, &marks);
    let mut all = Vec::new();
    for scope in scopes {
        let mut found: Vec<(u32, &Take)> = Vec::new();
        scanner.scan(*scope, &scan, |at, nth: &usize| found.push((at, &takes[*nth])));
        found.sort_unstable();
        found.dedup();
        all.extend(found.into_iter().map(|(at, take)| (at, take.clone())));
    }
    all
}

/// Returns whether each of some elements fits the conditions of a source: what must, or must not, be inside.
pub(super) fn fit(dom: &Dom, elements: impl Iterator<Item = u32>, source: &Source) -> Vec<bool> {
    let mut symbols = Symbols::new();
    let mut compile = |css: &Option<String>| {
        let selection = Selection::parse_elements(css.as_deref()?).ok()?;
        Some(Scan::new(selection.branches.into_iter().map(|branch| (branch, ())).collect(), &mut symbols))
    };
    let (has, not) = (compile(&source.has), compile(&source.not));
    if has.is_none() && not.is_none() {
        return elements.map(|_| true).collect();
    }
    let mut marks = Marks::default();
    marks.fill(dom, &symbols);
    let tree = Tree::new(dom);
    let mut scanner = Scanner::new(&tree, &marks);
    let mut fits = |at: u32| {
        has.as_ref().is_none_or(|scan| scanner.is_inside(at, scan))
            && !not.as_ref().is_some_and(|scan| scanner.is_inside(at, scan))
    };
    elements.map(|at| if dom.node(at).is_element() { fits(at) } else { source.has.is_none() }).collect()
}

/// Returns a selector that matches only this element, if there is a plain one.
pub(in crate::scrape::extract) fn unique(dom: &Dom, at: u32) -> Option<String> {
    let name = dom.name_text(dom.node(at).name());
    let id = dom.attribute(at, known::ID).filter(|id| !id.is_empty()).map(|id| format!("{name}#{}", escaped(id)));
    let classes = dom.attribute(at, known::CLASS).unwrap_or_default().split_ascii_whitespace().take(4);
    let classes = classes.map(|class| format!("{name}.{}", escaped(class)));
    let path = Places::without_positions(dom).path(at);
    let candidates: Vec<String> = id.into_iter().chain(classes).chain([name.to_owned(), path]).collect();
    let found = find(dom, None, &candidates);
    candidates.into_iter().zip(found).find(|(_, found)| *found == [at]).map(|(selector, _)| selector)
}

/// Explains why a selector matches nothing in the page, or inside of an element. `None` if there is nothing to say.
pub(super) fn hint(page: &Page<'_>, scope: Option<u32>, css: &str) -> Option<Hint> {
    let search = Search { page, dom: page.dom(), scope, css };
    branches(css).iter().find_map(|branch| search.branch(branch))
}

struct Search<'s> {
    page: &'s Page<'s>,
    dom: &'s Dom,
    scope: Option<u32>,
    css: &'s str,
}

impl Search<'_> {
    fn branch(&self, branch: &Branch) -> Option<Hint> {
        let pieces = &branch.pieces[..branch.pieces.len().min(MOST_PIECES)];
        let up_to = |piece: &Piece| self.css[branch.start..piece.end].to_owned();
        let prefixes: Vec<String> = pieces.iter().map(up_to).collect();
        let found = find(self.dom, self.scope, &prefixes);
        let Some(stop) = found.iter().position(Vec::is_empty) else {
            return self.nothing_taken(branch, found.last()?);
        };
        let before: &[u32] = stop.checked_sub(1).map_or(&[], |before| &found[before]);
        let longest = stop.checked_sub(1).map(|nth| part(&prefixes[nth], before.len()));
        let mut hint = Hint { longest, stops_at: Some(prefixes[stop].clone()), ..Hint::default() };
        self.explain(branch, &pieces[stop], before, &mut hint);
        Some(hint)
    }

    /// Says what stands where a piece matches nothing. `before` has the elements that match up to this piece.
    fn explain(&self, branch: &Branch, piece: &Piece, before: &[u32], hint: &mut Hint) {
        let places = self.places(piece.combinator, before);
        let (tags, classes, ids) = (self.tags(&places), self.classes(&places), self.ids(&places));
        let written = |mark: &str, name: &str| format!("{mark}{}", escaped(name));
        let mut instead: Vec<String> = Vec::new();
        match &piece.kind {
            Simple::Class(name) => {
                instead.extend(classes.near(name).iter().map(|near| written(".", near)));
                // Many write a class where the page has a tag or an id of that name.
                instead.extend(ids.near(name).iter().take(1).map(|near| written("#", near)));
                instead.extend(tags.frequent().iter().filter(|tag| *tag == name).map(|tag| written("", tag)));
                list(&mut hint.notes, "classes there", classes.frequent().iter().map(|name| written(".", name)));
            }
            Simple::Id(name) => {
                instead.extend(ids.near(name).iter().map(|near| written("#", near)));
                instead.extend(classes.near(name).iter().map(|near| written(".", near)));
                list(&mut hint.notes, "ids there", ids.frequent().iter().map(|name| written("#", name)));
            }
            Simple::Tag(name) => {
                instead.extend(tags.near(name).iter().map(|near| written("", near)));
                instead.extend(classes.near(name).iter().take(1).map(|near| written(".", near)));
                list(&mut hint.notes, "elements there", tags.frequent().iter().map(|name| written("", name)));
            }
            Simple::Attribute(name, value) => self.attribute(name, value.as_deref(), &places, &mut instead, hint),
            Simple::Other => {}
        }
        let (head, tail) = (&self.css[branch.start..piece.start], &self.css[piece.end..branch.end]);
        let near = instead.iter().map(|instead| (format!("{head}{instead}{tail}"), format!("{head}{instead}")));
        let take = &self.css[branch.end..branch.end_of_take];
        self.suggest(near.collect(), take, hint);
        if !hint.did_you_mean.is_empty() {
            hint.notes.clear();
        }
        let mut looser: Vec<String> = self.with_spaces(branch).into_iter().collect();
        if piece.combinator.is_none() && !before.is_empty() && !tail.is_empty() {
            looser.push(format!("{head}{tail}"));
        }
        self.suggest(looser.into_iter().map(|looser| (looser.clone(), looser)).collect(), take, hint);
    }

    /// Suggests the candidates that match something: each whole, or else only up to the place that is mended.
    fn suggest(&self, candidates: Vec<(String, String)>, take: &str, hint: &mut Hint) {
        /// The most suggestions.
        const MOST: usize = 3;
        let texts: Vec<String> = candidates.iter().flat_map(|(whole, part)| [whole.clone(), part.clone()]).collect();
        let found = find(self.dom, self.scope, &texts);
        for (nth, (whole, begin)) in candidates.into_iter().enumerate() {
            let (all, some) = (found[2 * nth].len(), found[2 * nth + 1].len());
            let suggestion = match (all, some) {
                (1.., _) => part(&format!("{whole}{take}"), all),
                (0, 1..) => part(&begin, some),
                (0, 0) => continue,
            };
            if hint.did_you_mean.len() < MOST && !hint.did_you_mean.contains(&suggestion) {
                hint.did_you_mean.push(suggestion);
            }
        }
    }

    /// Returns the branch with spaces in the place of `>`, if it has any.
    fn with_spaces(&self, branch: &Branch) -> Option<String> {
        let mut loose = String::new();
        let mut has_child = false;
        for piece in &branch.pieces {
            if let Some(combinator) = piece.combinator {
                has_child |= combinator == Combinator::Child;
                loose.push_str(if combinator == Combinator::Sibling { " ~ " } else { " " });
            }
            loose.push_str(&self.css[piece.start..piece.end]);
        }
        has_child.then_some(loose)
    }

    /// Returns the elements that a piece with this combinator could match.
    fn places(&self, combinator: Option<Combinator>, before: &[u32]) -> Vec<u32> {
        let dom = self.dom;
        let whole = self.scope.map_or_else(|| dom.whole(), |at| dom.subtree(at));
        let is_element = |at: &u32| dom.node(*at).is_element();
        let mut places: Vec<u32> = match combinator {
            _ if before.is_empty() => dom.elements(whole).take(MOST_ELEMENTS).collect(),
            None => before.to_vec(),
            Some(Combinator::Descendant) => {
                let below = before.iter().flat_map(|at| dom.elements(dom.descendants(*at)));
                below.take(MOST_ELEMENTS).collect()
            }
            Some(Combinator::Child) => {
                let below = before.iter().flat_map(|at| dom.children(*at).filter(is_element));
                below.take(MOST_ELEMENTS).collect()
            }
            Some(Combinator::Sibling) => {
                let parents = before.iter().map(|at| dom.node(*at).parent());
                let beside = parents.flat_map(|at| dom.children(at).filter(is_element).collect::<Vec<_>>());
                beside.take(MOST_ELEMENTS).collect()
            }
        };
        places.sort_unstable();
        places.dedup();
        places
    }

    fn tags(&self, places: &[u32]) -> Names {
        let mut names = Names::default();
        for at in places {
            names.add(self.dom.name_text(self.dom.node(*at).name()));
        }
        names
    }

    fn classes(&self, places: &[u32]) -> Names {
        let mut names = Names::default();
        for at in places {
            let classes = self.dom.attribute(*at, known::CLASS).unwrap_or_default();
            classes.split_ascii_whitespace().take(MOST_PIECES).for_each(|class| names.add(class));
        }
        names
    }

    fn ids(&self, places: &[u32]) -> Names {
        let mut names = Names::default();
        for at in places {
            names.add(self.dom.attribute(*at, known::ID).unwrap_or_default());
        }
        names
    }

    /// Suggests another attribute, or another value of it.
    fn attribute(&self, name: &str, value: Option<&str>, places: &[u32], instead: &mut Vec<String>, hint: &mut Hint) {
        let (names, values) = attributes(self.dom, places, name);
        if values.frequent().is_empty() {
            let value = value.map(|value| format!("={}", quoted(value))).unwrap_or_default();
            instead.extend(names.near(name).iter().map(|near| format!("[{}{value}]", escaped(near))));
            instead.extend(names.near(name).iter().map(|near| format!("[{}]", escaped(near))));
            list(&mut hint.notes, "attributes there", names.frequent().iter().map(|name| format!("[{name}]")));
            return;
        }
        let near = values.near(value.unwrap_or_default());
        instead.extend(near.iter().map(|near| format!("[{}={}]", escaped(name), quoted(near))));
        list(&mut hint.notes, &format!("values of `{name}` there"), values.frequent().iter().map(|it| quoted(it)));
    }

    /// Explains why elements that match give no text.
    fn nothing_taken(&self, branch: &Branch, matched: &[u32]) -> Option<Hint> {
        let selector = &self.css[branch.start..branch.end];
        let longest = Some(part(selector, matched.len()));
        let stops_at = Some(self.css[branch.start..branch.end_of_take].to_owned());
        let mut hint = Hint { longest, stops_at, ..Hint::default() };
        let compiled = Selection::parse(&self.css[branch.start..branch.end_of_take]).ok()?;
        let suggested = |take: &str| {
            let text = format!("{selector}{take}");
            let values = self.page.count_css(self.scope, &text);
            (values > 0).then_some(Part { selector: text, matches: values })
        };
        match &compiled.branches.first()?.take {
            Take::Text => {
                hint.notes.push("these elements have no text directly inside".to_owned());
                hint.did_you_mean.extend(suggested("::text-content"));
            }
            Take::Attribute(_) => {
                let name = compiled.branches[0].take.to_string();
                let name = name.trim_start_matches("::attr(").trim_end_matches(')');
                let (names, _) = attributes(self.dom, matched, name);
                hint.did_you_mean
                    .extend(names.near(name).iter().filter_map(|near| suggested(&format!("::attr({near})"))));
                if hint.did_you_mean.is_empty() {
                    list(&mut hint.notes, "their attributes", names.frequent().into_iter().map(str::to_owned));
                }
            }
            Take::Url => {
                hint.notes.push("these elements carry no link".to_owned());
                hint.did_you_mean.extend(suggested(" a::url"));
            }
            Take::TextContent | Take::InnerHtml => hint.notes.push("these elements are empty".to_owned()),
            Take::OuterHtml => return None,
        }
        Some(hint)
    }
}

/// Returns the names of the attributes of some elements, and the values of one of them.
pub(super) fn attributes(dom: &Dom, places: &[u32], name: &str) -> (Names, Names) {
    let (mut names, mut values) = (Names::default(), Names::default());
    for at in places {
        for attribute in dom.attributes(*at).iter().take(MOST_PIECES) {
            let its = dom.name_text(attribute.name());
            names.add(its);
            if its == name {
                values.add(dom.value(attribute));
            }
        }
    }
    (names, values)
}

pub(super) fn part(selector: &str, matches: usize) -> Part {
    Part { selector: selector.to_owned(), matches: matches as u64 }
}

/// Adds a note that lists names.
pub(super) fn list(notes: &mut Vec<String>, what: &str, names: impl Iterator<Item = String>) {
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        notes.push(format!("no {what}"));
    } else {
        notes.push(format!("{what}: {}", names.join(", ")));
    }
}

/// Writes a name as CSS does.
pub(in crate::scrape::extract) fn escaped(name: &str) -> String {
    let mut out = String::new();
    cssparser::serialize_identifier(name, &mut out).expect("a string takes all text");
    out
}

fn quoted(value: &str) -> String {
    let mut out = String::new();
    cssparser::serialize_string(value, &mut out).expect("a string takes all text");
    out
}
