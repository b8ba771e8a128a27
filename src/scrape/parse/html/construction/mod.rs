//! Tree construction (WHATWG HTML, 13.2.6). Adds each token to the document.
//!
//! - `insertion`: creates nodes, and decides where they are inserted
//! - `order`: keeps the nodes in document order
//! - `open_elements`: the stack of open elements
//! - `formatting`: the list of active formatting elements
//! - `adoption`: the adoption agency algorithm
//! - `head`, `body`, `body_end`, `table` and `after`: the insertion modes, in the order of the Standard
//! - `foreign`: the rules inside SVG and `MathML`
//! - `foreign_names`: names of SVG and `MathML` with capitals or prefixes
//! - `selected`: the content of a `<selectedcontent>`
//! - `patching`: the content of a `<template for>`

mod adoption;
mod after;
mod body;
mod body_end;
mod foreign;
mod foreign_names;
mod formatting;
mod head;
mod insertion;
mod open_elements;
mod order;
mod patching;
mod selected;
mod table;

use html5ever::tree_builder::QuirksMode;

use super::rules::{Correction, Corrections};
use super::token::{Remark, Run, Split, Tag, Token};
use super::work::Work;
use crate::scrape::document::{Dom, KNOWN, Name, Namespace, Node, known};
use formatting::Format;
use open_elements::Open;
use order::Link;
use patching::Patch;

/// The largest number of entries of each list that are kept for the next page.
const KEPT: usize = 1 << 17;

/// Stands for a missing node.
pub(super) const NONE: u32 = u32::MAX;

/// An insertion mode (13.2.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Initial,
    BeforeHtml,
    BeforeHead,
    InHead,
    InHeadNoscript,
    AfterHead,
    InBody,
    Text,
    InTable,
    InTableText,
    InCaption,
    InColumnGroup,
    InTableBody,
    InRow,
    InCell,
    InTemplate,
    AfterBody,
    InFrameset,
    AfterFrameset,
    AfterAfterBody,
    AfterAfterFrameset,
}

/// The state in which tokenization continues after a token (13.2.5.1 - 13.2.5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Data,
    Rcdata,
    Rawtext,
    ScriptData,
    Plaintext,
}

/// The result of processing a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Done,
    /// "Switch the insertion mode to .., and reprocess the token."
    Reprocess(Mode),
    /// The insertion mode needs white space and other text as separate tokens.
    Split,
}

/// The lists that a parser keeps from page to page.
#[derive(Debug, Default)]
pub(super) struct Lists {
    open: Vec<Open>,
    counts: Vec<u32>,
    formats: Vec<Format>,
    template_modes: Vec<Mode>,
    patches: Vec<Patch>,
    pending_table_text: Vec<Run>,
    links: Vec<Link>,
    /// The nodes in document order, if they were not created in that order.
    ordered: Vec<Node>,
    pub(super) corrections: Corrections,
}

impl Lists {
    fn clear(&mut self) {
        self.open.clear();
        self.counts.clear();
        self.counts.resize(KNOWN, 0);
        self.formats.clear();
        self.template_modes.clear();
        self.patches.clear();
        self.pending_table_text.clear();
        self.links.clear();
        self.ordered.clear();
        self.corrections.clear();
        // The memory of one large page must be released.
        self.open.shrink_to(KEPT);
        self.formats.shrink_to(KEPT);
        self.template_modes.shrink_to(KEPT);
        self.patches.shrink_to(KEPT);
        self.pending_table_text.shrink_to(KEPT);
        self.links.shrink_to(KEPT);
        self.ordered.shrink_to(KEPT);
    }

    /// Returns how many bytes it keeps.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.open.capacity() * size_of::<Open>()
            + self.formats.capacity() * size_of::<Format>()
            + self.pending_table_text.capacity() * size_of::<Run>()
            + self.links.capacity() * size_of::<Link>()
            + self.ordered.capacity() * size_of::<Node>()
    }
}

/// The state of tree construction.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "the Standard has these flags")]
pub(super) struct Construction<'p> {
    /// The page. The document gets it back when it is complete.
    page: &'p str,
    pub(super) dom: &'p mut Dom,
    lists: &'p mut Lists,
    pub(super) work: Work,
    /// The state in which the tokenizer continues.
    pub(super) state: State,
    /// Whether the next token is dropped if it is a line feed.
    pub(super) ignore_line_feed: bool,
    /// The attributes of the last element that may declare an encoding.
    pub(super) declaring: Run,
    mode: Mode,
    original_mode: Mode,
    /// Whether nodes were created in another order than document order. `lists.links` then has the document order.
    linked: bool,
    head: u32,
    form: u32,
    frameset_ok: bool,
    foster_parenting: bool,
    /// Whether a `selectedcontent` was inserted into a `select`.
    shows_selected: bool,
}

impl<'p> Construction<'p> {
    /// Starts with an empty document.
    pub(super) fn new(page: &'p str, dom: &'p mut Dom, lists: &'p mut Lists, work: Work) -> Self {
        lists.clear();
        Self {
            page,
            dom,
            lists,
            work,
            state: State::Data,
            ignore_line_feed: false,
            declaring: Run::EMPTY,
            mode: Mode::Initial,
            original_mode: Mode::Initial,
            linked: false,
            head: NONE,
            form: NONE,
            frameset_ok: true,
            foster_parenting: false,
            shows_selected: false,
        }
    }

    /// Closes all open elements and brings the nodes into document order.
    pub(super) fn finish(&mut self) {
        self.truncate(0);
        self.restore_order();
    }

    /// Whether the insertion mode is "initial".
    pub(super) fn is_initial(&self) -> bool {
        self.mode == Mode::Initial
    }

    /// Whether the insertion mode is "text": the current node is an element that contains only text.
    pub(super) fn is_in_text(&self) -> bool {
        self.mode == Mode::Text
    }

    /// Returns the name of the current node.
    pub(super) fn current_name(&self) -> Name {
        self.current().name
    }

    /// Whether the Standard's rule applies in a case in which html5ever has another rule.
    #[inline]
    pub(super) fn applies(&mut self, correction: Correction) -> bool {
        self.lists.corrections.apply(correction)
    }

    /// Processes a document type in any other insertion mode. All of them ignore it, but it ends a run of text in a
    /// table.
    pub(super) fn late_doctype(&mut self) {
        if self.mode == Mode::InTableText && self.applies(Correction::DoctypeInTable) {
            self.flush_table_text();
            self.mode = self.original_mode;
        }
    }

    /// Processes a document type in the initial insertion mode (13.2.6.4.1).
    pub(super) fn doctype(&mut self, parts: [Run; 3], quirks: QuirksMode) {
        self.append_doctype(parts);
        self.dom.quirks = quirks;
        self.mode = Mode::BeforeHtml;
    }

    /// Processes a text that is not empty and has no U+0000.
    #[inline]
    pub(super) fn text(&mut self, run: Run) {
        if self.mode == Mode::InBody && self.current_is_html() {
            self.text_in_body(run);
        } else {
            self.rare_text(run);
        }
    }

    fn rare_text(&mut self, run: Run) {
        let mut rest = Some(run);
        while let Some(run) = rest.take() {
            let mut token = Token::Text(run, Split::Not);
            while self.dispatch(token) == Flow::Split {
                let (first, split, others) = self.split(run);
                token = Token::Text(first, split);
                rest = others;
            }
        }
    }

    /// Processes any token except text.
    #[inline]
    pub(super) fn process(&mut self, token: Token) {
        let flow = self.dispatch(token);
        debug_assert_eq!(flow, Flow::Done, "only text can be split");
    }

    /// 13.2.6, "tree construction dispatcher".
    fn dispatch(&mut self, token: Token) -> Flow {
        loop {
            let flow =
                if self.is_foreign(&token) { self.in_foreign_content(token) } else { self.step(self.mode, token) };
            match flow {
                Flow::Reprocess(mode) => self.mode = mode,
                other => return other,
            }
        }
    }

    /// "Process the token using the rules for" an insertion mode.
    fn step(&mut self, mode: Mode, token: Token) -> Flow {
        match mode {
            Mode::InBody => self.in_body(token),
            Mode::Initial => self.initial(token),
            Mode::BeforeHtml => self.before_html(token),
            Mode::BeforeHead => self.before_head(token),
            Mode::InHead => self.in_head(token),
            Mode::InHeadNoscript => self.in_head_noscript(token),
            Mode::AfterHead => self.after_head(token),
            Mode::Text => self.in_text(token),
            Mode::InTable => self.in_table(token),
            Mode::InTableText => self.in_table_text(token),
            Mode::InCaption => self.in_caption(token),
            Mode::InColumnGroup => self.in_column_group(token),
            Mode::InTableBody => self.in_table_body(token),
            Mode::InRow => self.in_row(token),
            Mode::InCell => self.in_cell(token),
            Mode::InTemplate => self.in_template(token),
            Mode::AfterBody => self.after_body(token),
            Mode::InFrameset => self.in_frameset(token),
            Mode::AfterFrameset => self.after_frameset(token),
            Mode::AfterAfterBody => self.after_after_body(token),
            Mode::AfterAfterFrameset => self.after_after_frameset(token),
        }
    }

    /// Splits the first piece off a text. The piece has only white space, or no white space.
    fn split(&self, run: Run) -> (Run, Split, Option<Run>) {
        let bytes = self.stretch(run).as_bytes();
        let is_space = bytes[0].is_ascii_whitespace();
        let length = bytes.iter().position(|byte| byte.is_ascii_whitespace() != is_space).unwrap_or(bytes.len());
        let length = u32::try_from(length).unwrap_or(run.length);
        let rest = Run { start: run.start + length, length: run.length - length };
        let split = if is_space { Split::Space } else { Split::Other };
        (Run { length, ..run }, split, (rest.length > 0).then_some(rest))
    }

    fn is_space(&self, run: Run) -> bool {
        self.stretch(run).bytes().all(|byte| byte.is_ascii_whitespace())
    }

    /// Adds a text to the side text.
    pub(super) fn push_side(&mut self, text: &str) -> Run {
        let run = Run { start: self.side_end(), length: u32::try_from(text.len()).unwrap_or(NONE) };
        self.dom.side.push_str(text);
        run
    }

    /// Returns the position of the next text that is added to the side text.
    pub(super) fn side_end(&self) -> u32 {
        u32::try_from(self.page.len() + self.dom.side.len()).expect("the limits of work end parsing long before 4 GiB")
    }

    /// Returns a text that is U+FFFD.
    fn replacement(&mut self) -> Run {
        self.push_side("\u{fffd}")
    }

    /// Returns the text of a run.
    #[inline]
    pub(super) fn stretch(&self, run: Run) -> &str {
        let (start, length) = (run.start as usize, run.length as usize);
        match start.checked_sub(self.page.len()) {
            Some(start) => &self.dom.side[start..start + length],
            None => &self.page[start..start + length],
        }
    }

    /// Returns the value of the attribute with this name. The attributes must have no namespaces yet.
    pub(super) fn attribute(&self, attributes: Run, name: Name) -> Option<&str> {
        let attributes = &self.dom.attributes[attributes.start as usize..attributes.end() as usize];
        let attribute = attributes.iter().find(|attribute| attribute.name == name)?;
        Some(self.stretch(Run { start: attribute.start, length: attribute.length }))
    }

    /// "The generic raw text element parsing algorithm", and "the generic RCDATA element parsing algorithm" (13.2.6.2).
    fn parse_raw_text(&mut self, tag: Tag, state: State) -> Flow {
        self.insert_html(tag);
        self.state = state;
        self.original_mode = self.mode;
        self.mode = Mode::Text;
        Flow::Done
    }

    /// 13.2.4.1, "reset the insertion mode appropriately".
    fn appropriate_mode(&mut self) -> Mode {
        for (at, open) in self.lists.open.iter().enumerate().rev() {
            self.work.look(1);
            if open.namespace != Namespace::Html {
                continue;
            }
            match open.name {
                known::TD | known::TH if at > 0 => return Mode::InCell,
                known::TR => return Mode::InRow,
                known::TBODY | known::THEAD | known::TFOOT => return Mode::InTableBody,
                known::CAPTION => return Mode::InCaption,
                known::COLGROUP => return Mode::InColumnGroup,
                known::TABLE => return Mode::InTable,
                known::TEMPLATE => return self.lists.template_modes.last().copied().unwrap_or(Mode::InTemplate),
                known::HEAD if at > 0 => return Mode::InHead,
                known::BODY => return Mode::InBody,
                known::FRAMESET => return Mode::InFrameset,
                known::HTML if self.head == NONE => return Mode::BeforeHead,
                known::HTML => return Mode::AfterHead,
                _ => {}
            }
        }
        Mode::InBody
    }
}
