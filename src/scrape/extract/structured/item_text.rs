//! The text of an element, as extruct gives it for microdata: the rules of
//! [html-text](https://github.com/zytedata/html-text).
//!
//! White space collapses. Elements are separated by a space, blocks by a line break, and paragraphs by an empty line.

use crate::scrape::document::{Dom, Kind, Name, known};

/// Returns the text of an element.
pub(super) fn item_text(dom: &Dom, at: u32) -> String {
    let mut text = Text::default();
    let mut open: Vec<u32> = Vec::new();
    let (mut next, end) = (at, dom.node(at).end);
    while next < end {
        while let Some(last) = open.pop_if(|last| dom.node(*last).end <= next) {
            text.edge(Edge::of(dom.node(last).name()));
        }
        let node = dom.node(next);
        if is_left_out(dom, next) {
            next = node.end;
            continue;
        }
        if node.is_element() {
            text.edge(Edge::of(node.name()));
            open.push(next);
        } else if node.is_text() {
            text.piece.push_str(dom.text(next));
        }
        next += 1;
    }
    while let Some(last) = open.pop() {
        text.edge(Edge::of(dom.node(last).name()));
    }
    text.out.truncate(text.out.trim_end().len());
    text.out
}

/// Whether the node is left out with everything below it. The texts around it are one text.
fn is_left_out(dom: &Dom, at: u32) -> bool {
    let node = dom.node(at);
    match node.kind() {
        Kind::Element => matches!(node.name(), known::SCRIPT | known::STYLE | known::LINK | known::META),
        Kind::Text => false,
        _ => true,
    }
}

/// What the start and the end of an element mean for the layout.
#[derive(Clone, Copy)]
enum Edge {
    Inline,
    Line,
    Paragraph,
}

impl Edge {
    fn of(name: Name) -> Self {
        match name {
            known::ARTICLE
            | known::ASIDE
            | known::BR
            | known::DD
            | known::DETAILS
            | known::DIV
            | known::DT
            | known::FIELDSET
            | known::FIGCAPTION
            | known::FOOTER
            | known::FORM
            | known::HEADER
            | known::HR
            | known::LEGEND
            | known::LI
            | known::MAIN
            | known::NAV
            | known::TABLE
            | known::TR => Self::Line,
            known::BLOCKQUOTE
            | known::DL
            | known::FIGURE
            | known::H1
            | known::H2
            | known::H3
            | known::H4
            | known::H5
            | known::H6
            | known::OL
            | known::P
            | known::PRE
            | known::TITLE
            | known::UL => Self::Paragraph,
            _ => Self::Inline,
        }
    }
}

/// What the text so far ends with.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Before {
    /// An empty line, or nothing.
    #[default]
    EmptyLine,
    LineBreak,
    Space,
    /// An opening parenthesis.
    Opening,
    Word,
}

#[derive(Default)]
struct Text {
    out: String,
    before: Before,
    /// The text since the last start or end of an element.
    piece: String,
}

impl Text {
    fn edge(&mut self, edge: Edge) {
        self.flush();
        match (edge, self.before) {
            (Edge::Inline, _) | (_, Before::EmptyLine) | (Edge::Line, Before::LineBreak) => {}
            (Edge::Line, _) => {
                self.out.push('\n');
                self.before = Before::LineBreak;
            }
            (Edge::Paragraph, before) => {
                self.out.push_str(if before == Before::LineBreak { "\n" } else { "\n\n" });
                self.before = Before::EmptyLine;
            }
        }
    }

    fn flush(&mut self) {
        let mut words = self.piece.split_whitespace();
        if let Some(first) = words.next() {
            let has_space = match self.before {
                Before::EmptyLine | Before::LineBreak | Before::Opening => false,
                Before::Space => true,
                Before::Word => !first.starts_with([',', ':', ';', '.', '!', '?', '"', ')']),
            };
            if has_space {
                self.out.push(' ');
            }
            self.out.push_str(first);
            for word in words {
                self.out.push(' ');
                self.out.push_str(word);
            }
            self.before = match self.piece.chars().next_back() {
                Some('(') => Before::Opening,
                Some(last) if last.is_whitespace() => Before::Space,
                _ => Before::Word,
            };
        }
        self.piece.clear();
    }
}
