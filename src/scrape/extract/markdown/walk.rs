//! Visits the elements and decides what each of them becomes.

use std::ops::Range;

use super::escape;
use super::inline::{Inline, Mark, Mode};
use super::lines::{Gap, Lines};
use super::{look, table};
use crate::scrape::document::{Dom, Kind, Name, Namespace, known};
use crate::scrape::extract::link::Links;

/// The elements to turn into Markdown.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) dom: &'a Dom,
    pub(super) links: Option<&'a Links>,
    /// The nodes to leave out.
    pub(super) skipped: &'a dyn Fn(u32) -> bool,
}

impl Source<'_> {
    pub(super) fn markdown(&self, at: u32) -> String {
        let mut walk = Walk::new(*self, Inline::default(), None);
        walk.run(self.dom.subtree(at));
        walk.flush();
        walk.lines.finish()
    }

    /// Returns a range of nodes as text of one line, in the marks that are open in `outer`.
    pub(super) fn flat(&self, range: Range<u32>, mode: Mode, outer: &Inline) -> String {
        let mut walk = Walk::new(*self, outer.inherit(), Some(mode));
        walk.run(range);
        walk.inline.take(mode)
    }

    /// Whether a node is left out, with everything below it.
    pub(super) fn is_skipped(&self, at: u32) -> bool {
        let dom = self.dom;
        (self.skipped)(at) || dom.node(at).is_element() && (look::is_silent(dom, at) || look::is_hidden(dom, at))
    }
}

/// A list that is open.
struct List {
    mark: char,
    /// The number of the next item, if the list has numbers.
    number: Option<u64>,
}

/// What to do at the end of an element.
enum Leave {
    Block(Gap),
    Mark(Mark),
    Code,
    Quote,
    List { is_indented: bool },
    Item,
    Strong,
    Text(&'static str),
}

struct Walk<'a> {
    source: Source<'a>,
    lines: Lines,
    inline: Inline,
    lists: Vec<List>,
    /// The text of the `<code>` that is open.
    code: Option<String>,
    /// Set if everything becomes one line: blocks are separated by spaces.
    flat: Option<Mode>,
    /// What to do at the ends of the open elements.
    open: Vec<(u32, Leave)>,
}

impl<'a> Walk<'a> {
    fn new(source: Source<'a>, inline: Inline, flat: Option<Mode>) -> Self {
        let (lines, lists, open) = (Lines::default(), Vec::new(), Vec::new());
        Self { source, lines, inline, lists, code: None, flat, open }
    }

    fn run(&mut self, range: Range<u32>) {
        let dom = self.source.dom;
        let mut at = range.start;
        while at < range.end {
            self.leave(at);
            let node = dom.node(at);
            at = match node.kind() {
                Kind::Text if !(self.source.skipped)(at) => {
                    match &mut self.code {
                        Some(code) => code.push_str(dom.text(at)),
                        None => self.inline.text(dom.text(at)),
                    }
                    at + 1
                }
                Kind::Element if self.source.is_skipped(at) => self.skip(at),
                Kind::Element => self.enter(at),
                // The content of a template.
                Kind::Fragment => node.end,
                _ => at + 1,
            };
        }
        self.leave(range.end);
    }

    /// Visits an element that is left out. A check box shows whether a task is done.
    fn skip(&mut self, at: u32) -> u32 {
        let dom = self.source.dom;
        let is_box = dom.node(at).is_html(known::INPUT)
            && dom.attribute(at, known::TYPE).is_some_and(|kind| kind.eq_ignore_ascii_case("checkbox"));
        if is_box && !self.lists.is_empty() && self.flat.is_none() && self.inline.is_empty() {
            let done = dom.attribute(at, known::CHECKED).is_some();
            self.inline.markdown(if done { "[x]" } else { "[ ]" }.to_owned());
            self.inline.space();
        }
        dom.node(at).end
    }

    /// Ends the elements that end at or before `at`.
    fn leave(&mut self, at: u32) {
        while let Some((_, leave)) = self.open.pop_if(|(end, _)| *end <= at) {
            match leave {
                Leave::Block(gap) => self.boundary(gap),
                Leave::Mark(mark) => {
                    self.end_code();
                    self.inline.close(mark);
                }
                Leave::Code => {
                    self.end_code();
                    self.code = None;
                }
                Leave::Quote => {
                    self.flush();
                    self.lines.close();
                    self.lines.separate(Gap::Blank);
                }
                Leave::Item => {
                    self.flush();
                    self.lines.close();
                }
                Leave::List { is_indented } => self.end_list(is_indented),
                Leave::Strong => {
                    self.inline.close(Mark::Strong);
                    self.boundary(Gap::Blank);
                }
                Leave::Text(text) => self.inline.text(text),
            }
        }
    }

    /// Visits an element. Returns the next place to visit.
    fn enter(&mut self, at: u32) -> u32 {
        let dom = self.source.dom;
        let node = dom.node(at);
        if node.namespace() != Namespace::Html {
            return at + 1;
        }
        let name = node.name();
        if look::is_block(name) {
            return if self.flat.is_some() { self.enter_flat(at, name) } else { self.enter_block(at, name) };
        }
        match name {
            known::BR => self.line_break(),
            known::IMG => self.image(at),
            known::A => self.open_link(at),
            known::B | known::STRONG => self.open_mark(at, Mark::Strong),
            known::EM | known::I => self.open_mark(at, Mark::Emphasis),
            known::DEL | known::S | known::STRIKE => self.open_mark(at, Mark::Strike),
            known::CODE | known::KBD | known::SAMP | known::TT if self.code.is_none() => {
                self.code = Some(String::new());
                self.open.push((node.end, Leave::Code));
            }
            known::Q if self.code.is_none() => {
                self.inline.text("\"");
                self.open.push((node.end, Leave::Text("\"")));
            }
            _ => {}
        }
        at + 1
    }

    /// Visits a block in a heading or a cell.
    fn enter_flat(&mut self, at: u32, name: Name) -> u32 {
        let end = self.source.dom.node(at).end;
        self.boundary(Gap::Blank);
        if name == known::PRE && self.code.is_none() {
            let code = self.source.exact(at);
            self.inline.code(&code);
            self.boundary(Gap::Blank);
            return end;
        }
        self.open.push((end, Leave::Block(Gap::Blank)));
        at + 1
    }

    fn enter_block(&mut self, at: u32, name: Name) -> u32 {
        let end = self.source.dom.node(at).end;
        match name {
            known::LI | known::DD => return self.begin_item(at, name),
            known::UL | known::OL | known::MENU | known::DIR => return self.begin_list(at, name),
            _ => self.boundary(Gap::Blank),
        }
        let leave = match name {
            known::H1 | known::H2 | known::H3 | known::H4 | known::H5 | known::H6 => {
                self.heading(at, name);
                return end;
            }
            known::PRE | known::LISTING | known::XMP | known::PLAINTEXT => {
                self.preformatted(at);
                return end;
            }
            known::TABLE if table::is_data(self.source.dom, at) => {
                self.table(at);
                return end;
            }
            known::HR => {
                self.lines.block(if self.lines.is_contained() { "___" } else { "---" });
                self.lines.separate(Gap::Blank);
                return end;
            }
            known::BLOCKQUOTE => {
                self.lines.open(None, "> ".to_owned());
                Leave::Quote
            }
            known::DT | known::SUMMARY if self.inline.open(Mark::Strong, String::new()) => Leave::Strong,
            _ => {
                if name == known::P {
                    self.lines.loosen();
                }
                Leave::Block(Gap::Blank)
            }
        };
        self.open.push((end, leave));
        at + 1
    }

    fn begin_list(&mut self, at: u32, name: Name) -> u32 {
        let dom = self.source.dom;
        let parent = dom.node(dom.node(at).parent());
        let is_inner = !self.lists.is_empty();
        self.boundary(if is_inner { Gap::Line } else { Gap::Blank });
        // A list directly in a list, without an item around it, belongs to the item before it.
        let is_indented = is_inner && [known::UL, known::OL].iter().any(|name| parent.is_html(*name));
        if is_indented {
            let width = self.lists.last().map_or(2, |list| if list.number.is_some() { 3 } else { 2 });
            self.lines.open(None, " ".repeat(width));
        }
        let start = || dom.attribute(at, known::START).and_then(|text| text.trim_ascii().parse().ok());
        let number = (name == known::OL).then(|| start().filter(|start| *start < 1_000_000_000).unwrap_or(1));
        let (usual, other) = if number.is_some() { ('.', ')') } else { ('-', '*') };
        self.lists.push(List { mark: self.lines.list_mark(usual, other), number });
        self.open.push((dom.node(at).end, Leave::List { is_indented }));
        at + 1
    }

    fn end_list(&mut self, is_indented: bool) {
        self.flush();
        if let Some(list) = self.lists.pop() {
            self.lines.end_list(list.mark);
        }
        if is_indented {
            self.lines.close();
        }
        self.lines.separate(Gap::Blank);
    }

    fn begin_item(&mut self, at: u32, name: Name) -> u32 {
        self.flush();
        self.lines.separate(Gap::Line);
        let list = if name == known::LI { self.lists.last_mut() } else { None };
        let mark = match list {
            Some(List { mark, number: Some(number) }) => {
                let text = format!("{number}{mark} ");
                *number = (*number + 1).min(999_999_999);
                text
            }
            Some(List { mark, number: None }) => format!("{mark} "),
            None => "- ".to_owned(),
        };
        let rest = " ".repeat(mark.len());
        self.lines.open(Some(mark), rest);
        self.open.push((self.source.dom.node(at).end, Leave::Item));
        at + 1
    }

    fn heading(&mut self, at: u32, name: Name) {
        let text = self.source.flat(self.source.dom.descendants(at), Mode::Heading, &self.inline);
        let level = [known::H1, known::H2, known::H3, known::H4, known::H5].iter().position(|it| *it == name);
        if !text.is_empty() {
            self.lines.block(&format!("{} {text}", "#".repeat(level.unwrap_or(5) + 1)));
        }
        self.lines.separate(Gap::Blank);
    }

    fn preformatted(&mut self, at: u32) {
        let code = self.source.exact(at);
        let code = code.strip_suffix('\n').unwrap_or(&code);
        if !code.trim().is_empty() {
            let (fence, language) = (escape::fence(code, 3), look::language(self.source.dom, at));
            self.lines.block(&format!("{fence}{language}\n{code}\n{fence}"));
        }
        self.lines.separate(Gap::Blank);
    }

    fn table(&mut self, at: u32) {
        let dom = self.source.dom;
        for caption in dom.children(at).filter(|child| dom.node(*child).is_html(known::CAPTION)) {
            let text = self.source.flat(dom.subtree(caption), Mode::Paragraph, &self.inline);
            if !text.is_empty() {
                self.lines.block(&text);
                self.lines.separate(Gap::Blank);
            }
        }
        self.lines.block(&table::write(&self.source, at, &self.inline));
        self.lines.separate(Gap::Blank);
    }

    fn line_break(&mut self) {
        match &mut self.code {
            Some(code) => code.push(' '),
            None if self.flat.is_none() && !self.inline.line_break() => self.boundary(Gap::Blank),
            None if self.flat.is_some() => drop(self.inline.line_break()),
            None => {}
        }
    }

    fn image(&mut self, at: u32) {
        let dom = self.source.dom;
        let written = look::image_source(dom, at).filter(|_| !look::is_dot(dom, at) && self.code.is_none());
        let Some(url) = written.and_then(|written| self.source.absolute(written)) else { return };
        let mut alt = String::new();
        let around = escape::Around { before: None, after: None, is_in_link: true, has_tildes: false };
        escape::text(&mut alt, &escape::folded(dom.attribute(at, known::ALT).unwrap_or_default()), around);
        let target = escape::target(&url, dom.attribute(at, known::TITLE));
        self.inline.markdown(format!("![{alt}]{target}"));
    }

    fn open_link(&mut self, at: u32) {
        let dom = self.source.dom;
        let Some(written) = dom.attribute(at, known::HREF) else { return };
        let Some(url) = self.source.absolute(written) else { return };
        let is_script = url.get(..11).is_some_and(|scheme| scheme.eq_ignore_ascii_case("javascript:"));
        if !is_script {
            self.end_code();
            let target = escape::target(&url, dom.attribute(at, known::TITLE));
            if self.inline.open(Mark::Link, target) {
                self.open.push((dom.node(at).end, Leave::Mark(Mark::Link)));
            }
        }
    }

    fn open_mark(&mut self, at: u32, mark: Mark) {
        if self.code.is_none() && self.inline.open(mark, String::new()) {
            self.open.push((self.source.dom.node(at).end, Leave::Mark(mark)));
        }
    }

    /// Moves the code so far into the paragraph.
    fn end_code(&mut self) {
        if let Some(code) = &mut self.code {
            self.inline.code(code);
            code.clear();
        }
    }

    /// Ends a paragraph, or a word in text of one line.
    fn boundary(&mut self, gap: Gap) {
        self.end_code();
        if self.flat.is_some() {
            self.inline.space();
        } else {
            self.flush();
            self.lines.separate(gap);
        }
    }

    /// Writes the paragraph so far.
    fn flush(&mut self) {
        self.end_code();
        let text = self.inline.take(Mode::Paragraph);
        if !text.is_empty() {
            self.lines.block(&text);
        }
    }
}

impl Source<'_> {
    /// Returns the absolute form of a link.
    fn absolute(&self, written: &str) -> Option<String> {
        let written = written.trim_ascii();
        match self.links {
            Some(links) => links.resolve(written).map(String::from),
            None => Some(written.to_owned()),
        }
    }

    /// Returns the text of a `<pre>` as it is written.
    fn exact(&self, pre: u32) -> String {
        let dom = self.dom;
        let mut text = String::new();
        let range = dom.descendants(pre);
        let mut at = range.start;
        while at < range.end {
            let node = dom.node(at);
            match node.kind() {
                Kind::Text => text.push_str(dom.text(at)),
                Kind::Element if self.is_skipped(at) => {
                    at = node.end;
                    continue;
                }
                Kind::Element if node.is_html(known::BR) => text.push('\n'),
                // Code with an element for each line.
                Kind::Element if look::is_block(node.name()) && !text.is_empty() && !text.ends_with('\n') => {
                    text.push('\n');
                }
                _ => {}
            }
            at += 1;
        }
        text
    }
}
