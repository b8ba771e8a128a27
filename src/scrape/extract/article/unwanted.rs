//! Decides which parts of a page do not belong to any article.

use super::measure::Measures;
use super::{Kept, words};
use crate::scrape::document::{Dom, Kind, known};
use crate::scrape::extract::markdown::look;

/// What may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// Parts whose names say that they are not part of the text.
    Names,
    /// Only parts that are not text, whatever they are called.
    Links,
}

/// Parts with more text than this are not left out because of a word for short parts.
const MOST_SHORT_TEXT: usize = 400;

/// A part with more than this much of the running text, in percent, is the article, whatever it is called.
const MOST: u64 = 25;

/// Leaves out what the names and attributes of elements give away.
pub(super) fn leave_out(dom: &Dom, kept: &mut Kept, strictness: Strictness) {
    let measures = Measures::of(dom, kept);
    let mut judge = Judge { dom, measures, strictness, words: Vec::new(), inside: Vec::new() };
    let mut at = 1;
    let end = dom.whole().end;
    while at < end {
        let node = dom.node(at);
        let drops = match node.kind() {
            Kind::Element => judge.is_unwanted(at),
            Kind::Text | Kind::Document => false,
            Kind::Fragment | Kind::Doctype | Kind::Comment | Kind::Instruction => true,
        };
        if drops {
            kept.leave_out(dom, at);
            at = node.end;
        } else {
            at += 1;
        }
    }
}

struct Judge<'a> {
    dom: &'a Dom,
    measures: Measures,
    strictness: Strictness,
    /// The words of the element's names.
    words: Vec<String>,
    /// The ends of the open elements that have a meaning for those inside them.
    inside: Vec<(u32, Inside)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Main,
    Quote,
}

impl Judge<'_> {
    fn is_unwanted(&mut self, at: u32) -> bool {
        let dom = self.dom;
        while self.inside.pop_if(|(end, _)| *end <= at).is_some() {}
        let node = dom.node(at);
        let name = node.name();
        match name {
            known::HTML | known::BODY => return false,
            known::MAIN | known::ARTICLE => self.inside.push((node.end, Inside::Main)),
            known::BLOCKQUOTE | known::FIGURE => self.inside.push((node.end, Inside::Quote)),
            _ => {}
        }
        if look::is_silent(dom, at)
            || look::is_hidden(dom, at)
            || matches!(name, known::BUTTON | known::DIALOG | known::NAV)
        {
            return true;
        }
        if self.strictness == Strictness::Links {
            return false;
        }
        let role = dom.attribute(at, known::ROLE).unwrap_or_default();
        let is_apart = matches!(
            role,
            "navigation"
                | "banner"
                | "complementary"
                | "contentinfo"
                | "search"
                | "dialog"
                | "alertdialog"
                | "menu"
                | "menubar"
                | "toolbar"
                | "tablist"
                | "tooltip"
        );
        if matches!(name, known::MAIN | known::PRE | known::CODE | known::TBODY | known::TR) {
            return false;
        }
        self.read_names(at);
        match name {
            known::FOOTER => return !self.is_inside(Inside::Quote),
            known::ASIDE => return !self.has_any(words::NOTES),
            known::HEADER if !self.is_inside(Inside::Main) => return true,
            known::SUP => return is_footnote_mark(dom, at),
            _ => {}
        }
        is_apart || self.has_unwanted_name(at)
    }

    fn is_inside(&self, what: Inside) -> bool {
        self.inside.iter().any(|(_, inside)| *inside == what)
    }

    fn read_names(&mut self, at: u32) {
        self.words.clear();
        for name in [known::CLASS, known::ID, known::ITEMPROP] {
            if let Some(value) = self.dom.attribute(at, name) {
                words::split(value, &mut self.words);
                // Words of different attributes do not follow each other.
                self.words.push(String::new());
            }
        }
    }

    fn has_any(&self, list: &[&str]) -> bool {
        self.words.iter().any(|word| list.contains(&word.as_str()))
    }

    fn has_unwanted_name(&self, at: u32) -> bool {
        if self.words.is_empty() {
            return false;
        }
        let name = self.dom.node(at).name();
        // A class of the whole page or article tells which parts it has: `has-sidebar`.
        let is_whole = name == known::ARTICLE || self.has_any(&["has", "with", "no", "without"]);
        if is_whole {
            return false;
        }
        let is_pair = |pair: &[String]| words::NEVER_PAIRS.iter().any(|(one, two)| pair[0] == *one && pair[1] == *two);
        let is_never = self.has_any(words::NEVER) || self.words.windows(2).any(is_pair);
        if is_never {
            return !self.holds_the_article(at);
        }
        self.has_any(words::SHORT) && is_short(self.dom, at) && !self.is_inside(Inside::Quote)
    }

    /// Whether a page gave an unlucky name to the element that holds its article.
    fn holds_the_article(&self, at: u32) -> bool {
        let is_most = u64::from(self.measures.at(at).running) * 100 > u64::from(self.measures.at(0).running) * MOST;
        if is_most && !self.has_any(words::READERS) {
            return true;
        }
        let mut inside = self.dom.elements(self.dom.descendants(at)).take(2_000);
        inside.any(|below| {
            let node = self.dom.node(below);
            node.is_html(known::MAIN)
                || node.is_html(known::H1)
                || self.dom.attribute(below, known::ITEMPROP).is_some_and(|value| value == "articleBody")
        })
    }
}

fn is_short(dom: &Dom, at: u32) -> bool {
    let mut length = 0;
    dom.texts(dom.descendants(at)).all(|text| {
        length += text.trim_ascii().len();
        length <= MOST_SHORT_TEXT
    })
}

/// Whether this is the mark of a footnote: `[3]`, which is a link to a place on the same page.
fn is_footnote_mark(dom: &Dom, at: u32) -> bool {
    let leads_down = |below| dom.attribute(below, known::HREF).is_some_and(|href| href.contains('#'));
    dom.elements(dom.descendants(at)).take(8).any(leads_down)
}

/// The most text of a box with fields to fill in, in characters.
const MOST_TEXT_OF_BOX: u32 = 300;

/// Leaves out parts that consist of links, forms, and short texts that lead away.
pub(super) fn leave_out_links(dom: &Dom, measures: &Measures, kept: &mut Kept) {
    let all = measures.at(0);
    let end = dom.whole().end;
    let mut at = 1;
    while at < end {
        let node = dom.node(at);
        if !node.is_element() || !kept.contains(at) {
            at += 1;
            continue;
        }
        if is_of_links(dom, at, measures, all.running) {
            kept.leave_out(dom, at);
            at = node.end;
        } else {
            at += 1;
        }
    }
}

fn is_of_links(dom: &Dom, at: u32, measures: &Measures, all: u32) -> bool {
    let its = measures.at(at);
    let name = dom.node(at).name();
    if its.text == 0 || u64::from(its.running) * 10 > u64::from(all) * 4 {
        return false;
    }
    // A box that asks for a mail address.
    let is_box = its.fields > 0 && its.text < MOST_TEXT_OF_BOX;
    match name {
        known::DIV | known::SECTION if is_box => true,
        known::UL | known::OL | known::DL | known::MENU => its.is_linked(60) && its.links > 1,
        known::DIV | known::SECTION | known::HEADER | known::TABLE | known::ARTICLE | known::CENTER => {
            its.is_linked(50)
        }
        known::FORM | known::FIELDSET => true,
        known::H1 | known::H2 | known::H3 | known::H4 => its.is_linked(90) && name != known::H1,
        known::A => its.text < 200 && leads_away(&text_of(dom, at)),
        known::P => its.is_linked(80) || its.text < 200 && its.links > 0 && leads_away(&text_of(dom, at)),
        _ => false,
    }
}

/// Whether a text announces another page.
fn leads_away(text: &str) -> bool {
    let text = text.to_lowercase();
    let text = text.trim_start_matches(|char: char| !char.is_alphanumeric());
    words::LEADS_AWAY.iter().any(|start| text.starts_with(start))
}

/// Returns the text of a short element.
pub(super) fn text_of(dom: &Dom, at: u32) -> String {
    let mut text = String::new();
    for piece in dom.texts(dom.descendants(at)) {
        text.push_str(piece);
        if text.len() > 2_000 {
            break;
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
