//! The content of one paragraph, heading or cell.
//!
//! Texts, marks and breaks are collected first and written when the paragraph is complete, because a mark depends on the
//! characters on both of its sides: `**` is only a mark if it touches its text, and blanks must stay outside of it.

use super::escape::{self, Around};

/// How often the marks of a paragraph are looked at again after some of them were left out.
const PASSES: usize = 8;

/// A mark around a part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Strong,
    Emphasis,
    Strike,
    Link,
}

impl Mark {
    fn delimiter(self) -> &'static str {
        match self {
            Self::Strong => "**",
            Self::Emphasis => "*",
            Self::Strike => "~~",
            Self::Link => "[",
        }
    }
}

/// Where the text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// It may have several lines.
    Paragraph,
    /// It has one line.
    Heading,
    /// It has one line, and `|` would end it.
    Cell,
}

impl Mode {
    fn line_break(self) -> &'static str {
        match self {
            Self::Paragraph => "\\\n",
            Self::Heading => " ",
            Self::Cell => "<br>",
        }
    }
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Space,
    Break,
    Open(Mark),
    /// The end of a mark, and the target of a link.
    Close(Mark, String),
    Code(String),
    /// Text that is Markdown already.
    Markdown(String),
}

/// The pieces of a paragraph.
#[derive(Default)]
pub(super) struct Inline {
    pieces: Vec<Piece>,
    /// The marks that are open, with the targets of links. A mark is never open twice.
    open: Vec<(Mark, String)>,
}

impl Inline {
    /// Makes an empty paragraph in which the same marks are open as in this one.
    pub(super) fn inherit(&self) -> Self {
        let mut inline = Self { pieces: Vec::new(), open: self.open.clone() };
        inline.reopen();
        inline
    }

    /// Adds text. White space of ASCII is folded, as CSS does by default.
    pub(super) fn text(&mut self, text: &str) {
        for (nth, word) in text.split(|char: char| char.is_ascii_whitespace()).enumerate() {
            if nth > 0 {
                self.space();
            }
            if word.is_empty() {
                continue;
            }
            let is_spaced = matches!(self.pieces.as_slice(), [.., Piece::Text(_), Piece::Space]);
            if is_spaced {
                self.pieces.pop();
            }
            match self.pieces.last_mut() {
                Some(Piece::Text(last)) => {
                    if is_spaced {
                        last.push(' ');
                    }
                    last.push_str(word);
                }
                _ => self.pieces.push(Piece::Text(word.to_owned())),
            }
        }
    }

    /// Adds code.
    pub(super) fn code(&mut self, text: &str) {
        let words = escape::folded(text);
        let is_blank = |edge: Option<char>| edge.is_some_and(|char| char.is_ascii_whitespace());
        if words.is_empty() {
            if is_blank(text.chars().next()) {
                self.space();
            }
            return;
        }
        if is_blank(text.chars().next()) {
            self.space();
        }
        match self.pieces.as_mut_slice() {
            [.., Piece::Code(last)] => last.push_str(&words),
            _ => self.pieces.push(Piece::Code(words)),
        }
        if is_blank(text.chars().next_back()) {
            self.space();
        }
    }

    /// Adds text that is Markdown already, such as an image.
    pub(super) fn markdown(&mut self, text: String) {
        self.pieces.push(Piece::Markdown(text));
    }

    /// Adds a space, unless there is one.
    pub(super) fn space(&mut self) {
        let at = self.before_open_marks();
        if !matches!(self.pieces[..at].last(), None | Some(Piece::Space | Piece::Break)) {
            self.pieces.insert(at, Piece::Space);
        }
    }

    /// Adds a line break. Returns `false` if there is one already: two of them make a paragraph.
    pub(super) fn line_break(&mut self) -> bool {
        let at = self.before_open_marks();
        match self.pieces[..at].last() {
            None => true,
            Some(Piece::Break) => false,
            Some(Piece::Space) => {
                self.pieces[at - 1] = Piece::Break;
                !matches!(self.pieces[..at - 1].last(), Some(Piece::Break))
            }
            _ => {
                self.pieces.insert(at, Piece::Break);
                true
            }
        }
    }

    /// Whether nothing was added yet.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.iter().all(|piece| matches!(piece, Piece::Open(_)))
    }

    /// Opens a mark. Returns `false` if it is open already. `target` is that of a link, in parentheses.
    pub(super) fn open(&mut self, mark: Mark, target: String) -> bool {
        if self.open.iter().any(|(open, _)| *open == mark) {
            return false;
        }
        self.open.push((mark, target));
        self.push_open(mark);
        true
    }

    /// Closes a mark that is open.
    pub(super) fn close(&mut self, mark: Mark) {
        let Some(at) = self.open.iter().rposition(|(open, _)| *open == mark) else { return };
        // Marks that were opened inside of it and are still open, because HTML nests them properly or not at all.
        let inner = self.open.split_off(at + 1);
        for (mark, target) in inner.iter().rev() {
            self.push_close(*mark, target);
        }
        let (mark, target) = self.open.pop().expect("the mark is open");
        self.push_close(mark, &target);
        for (mark, target) in inner {
            self.open(mark, target);
        }
    }

    /// Ends the paragraph and returns its Markdown. The open marks are open in the next paragraph, too.
    pub(super) fn take(&mut self, mode: Mode) -> String {
        let open = std::mem::take(&mut self.open);
        for (mark, target) in open.iter().rev() {
            self.push_close(*mark, target);
        }
        self.open = open;
        while matches!(self.pieces.last(), Some(Piece::Space | Piece::Break)) {
            self.pieces.pop();
        }
        let pieces = std::mem::take(&mut self.pieces);
        self.reopen();
        if pieces.is_empty() { String::new() } else { Writer::new(&pieces, mode).write() }
    }

    fn reopen(&mut self) {
        for nth in 0..self.open.len() {
            self.push_open(self.open[nth].0);
        }
    }

    fn push_open(&mut self, mark: Mark) {
        match self.pieces.last() {
            // Two neighbours with the same mark are one.
            Some(Piece::Close(last, _)) if *last == mark && mark != Mark::Link => drop(self.pieces.pop()),
            _ => self.pieces.push(Piece::Open(mark)),
        }
    }

    fn push_close(&mut self, mark: Mark, target: &str) {
        let blank = self.pieces.pop_if(|last| matches!(last, Piece::Space | Piece::Break));
        if self.pieces.pop_if(|last| matches!(last, Piece::Open(open) if *open == mark)).is_none() {
            self.pieces.push(Piece::Close(mark, target.to_owned()));
        }
        match blank {
            Some(Piece::Break) => drop(self.line_break()),
            Some(_) => self.space(),
            None => {}
        }
    }

    /// Returns the index before the marks that were opened right here.
    fn before_open_marks(&self) -> usize {
        let marks = self.pieces.iter().rev().take_while(|piece| matches!(piece, Piece::Open(_))).count();
        self.pieces.len() - marks
    }
}

/// Writes the pieces of a paragraph.
struct Writer<'p> {
    pieces: &'p [Piece],
    mode: Mode,
    out: String,
}

impl<'p> Writer<'p> {
    fn new(pieces: &'p [Piece], mode: Mode) -> Self {
        Self { pieces, mode, out: String::new() }
    }

    fn write(mut self) -> String {
        let written = self.written_marks();
        let tildes = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.bytes().filter(|byte| *byte == b'~').count(),
            Piece::Open(Mark::Strike) => 2,
            _ => 0,
        });
        let has_tildes = tildes.sum::<usize>() > 1;
        let mut is_in_link = false;
        let mut is_after_code = false;
        for (at, piece) in self.pieces.iter().enumerate() {
            match piece {
                Piece::Text(text) => {
                    let before = self.out.chars().next_back().filter(|char| *char != '\n');
                    let after = self.char_after(at, false, &written);
                    escape::text(&mut self.out, text, Around { before, after, is_in_link, has_tildes });
                }
                Piece::Space => self.out.push(' '),
                Piece::Break => self.out.push_str(self.mode.line_break()),
                Piece::Open(mark) if written[at] => {
                    is_in_link |= *mark == Mark::Link;
                    self.out.push_str(mark.delimiter());
                }
                Piece::Close(Mark::Link, target) => {
                    is_in_link = false;
                    self.out.push(']');
                    self.out.push_str(target);
                }
                Piece::Close(mark, _) if written[at] => self.out.push_str(mark.delimiter()),
                Piece::Open(_) | Piece::Close(..) => continue,
                Piece::Code(text) => {
                    // Two codes side by side would be one.
                    if is_after_code {
                        self.out.push_str("<!-- -->");
                    }
                    self.out.push_str(&escape::code(text));
                }
                Piece::Markdown(text) => self.out.push_str(text),
            }
            is_after_code = matches!(piece, Piece::Code(_));
        }
        self.finish()
    }

    /// Escapes what depends on the line or the cell.
    fn finish(self) -> String {
        match self.mode {
            Mode::Paragraph => {
                let mut out = String::with_capacity(self.out.len() + 2);
                for (nth, line) in self.out.split('\n').enumerate() {
                    if nth > 0 {
                        out.push('\n');
                    }
                    match escape::line_start(line, nth == 0) {
                        Some(at) => out.extend([&line[..at], "\\", &line[at..]]),
                        None => out.push_str(line),
                    }
                }
                out
            }
            Mode::Heading => {
                let text = self.out.trim_end_matches('#');
                let closes = text.len() < self.out.len() && (text.is_empty() || text.ends_with(' '));
                if closes { [text, "\\", &self.out[text.len()..]].concat() } else { self.out }
            }
            Mode::Cell => self.out.replace('|', "\\|"),
        }
    }

    /// Whether the mark of each piece is written. A mark that `CommonMark` would not read as one is left out
    /// (`CommonMark`, "left-flanking delimiter run"). Each mark that is left out changes the neighbours of others.
    fn written_marks(&self) -> Vec<bool> {
        let mut pairs = Vec::new();
        let mut open = Vec::new();
        for (at, piece) in self.pieces.iter().enumerate() {
            match piece {
                Piece::Open(_) => open.push(at),
                Piece::Close(mark, _) => {
                    let Some(start) = open.pop() else { continue };
                    pairs.push(Pair { start, end: at, mark: *mark, around: open.clone() });
                }
                _ => {}
            }
        }
        let mut written = vec![true; self.pieces.len()];
        for _ in 0..PASSES {
            let before = pairs.len();
            pairs.retain(|pair| {
                let fits = pair.mark == Mark::Link || self.flanks(pair, &written);
                (written[pair.start], written[pair.end]) = (fits, fits);
                fits
            });
            if pairs.len() == before {
                return written;
            }
        }
        // No mark is right for sure.
        for pair in pairs.iter().filter(|pair| pair.mark != Mark::Link) {
            (written[pair.start], written[pair.end]) = (false, false);
        }
        written
    }

    fn flanks(&self, pair: &Pair, written: &[bool]) -> bool {
        let is_star = pair.mark != Mark::Strike;
        let is_word = |char: Option<char>| char.is_some_and(char::is_alphanumeric);
        let is_blank = |char: Option<char>| char.is_none_or(char::is_whitespace);
        let touches = |inner, outer| is_word(inner) || !is_blank(inner) && !is_word(outer);
        let (after, before) = (|at| self.char_after(at, is_star, written), |at| self.char_before(at, is_star, written));
        // An opening mark that could also be a closing one would close a longer run around it.
        let closes = touches(before(pair.start), after(pair.start));
        let is_long = |start: &usize| written[*start] && self.is_long(*start, written);
        touches(after(pair.start), before(pair.start))
            && touches(before(pair.end), after(pair.end))
            && !self.is_ambiguous(pair.start, written)
            && !(is_star && closes && pair.around.iter().any(is_long))
    }

    /// Whether the `*` of this opening mark are written next to those of another one.
    fn is_long(&self, start: usize, written: &[bool]) -> bool {
        let is_star = |at: usize| matches!(self.pieces[at], Piece::Open(Mark::Strong | Mark::Emphasis));
        let mut after = (start + 1..self.pieces.len()).filter(|at| written[*at]);
        let mut before = (0..start).rev().filter(|at| written[*at]);
        is_star(start) && (after.next().is_some_and(is_star) || before.next().is_some_and(is_star))
    }

    /// Whether a mark opens right after others close, and more than one closes or opens there: nobody can tell which `*`
    /// belongs to which.
    fn is_ambiguous(&self, start: usize, written: &[bool]) -> bool {
        let is_mark = |at: &usize| {
            written[*at] && matches!(self.pieces[*at], Piece::Open(mark) | Piece::Close(mark, _) if mark != Mark::Link)
        };
        let is_dropped = |at: &usize| !written[*at];
        let is_in_run = |at: &usize| is_mark(at) || is_dropped(at);
        let closes = |at: &usize| written[*at] && matches!(self.pieces[*at], Piece::Close(..));
        let before = (0..start).rev().take_while(is_in_run);
        let (mut closing, mut others) = (0, 0);
        let is_strike =
            |at: &usize| matches!(self.pieces[*at], Piece::Open(Mark::Strike) | Piece::Close(Mark::Strike, _));
        if is_strike(&start) && before.clone().find(is_mark).is_some_and(|last| is_strike(&last)) {
            return true;
        }
        for at in before.filter(is_mark) {
            if closes(&at) { closing += 1 } else { others += 1 }
        }
        let after = (start + 1..self.pieces.len()).take_while(is_in_run).filter(is_mark).count();
        closing > 0 && closing + others + after > 1
    }

    /// Returns the character after the piece at `at`. With `skips_stars`, the marks that are written with `*` do not
    /// count.
    fn char_after(&self, at: usize, skips_stars: bool, written: &[bool]) -> Option<char> {
        let mut after = (at + 1..self.pieces.len()).filter(|at| written[*at]).map(|at| &self.pieces[at]);
        match after.find(|piece| !(skips_stars && piece.is_of_stars()))? {
            Piece::Break => self.mode.line_break().chars().next(),
            piece => piece.text().chars().next(),
        }
    }

    fn char_before(&self, at: usize, skips_stars: bool, written: &[bool]) -> Option<char> {
        let mut before = (0..at).rev().filter(|at| written[*at]).map(|at| &self.pieces[at]);
        match before.find(|piece| !(skips_stars && piece.is_of_stars()))? {
            Piece::Break => self.mode.line_break().chars().next_back(),
            piece => piece.text().chars().next_back(),
        }
    }
}

/// A mark, from its beginning to its end, and the beginnings of the marks around it.
struct Pair {
    start: usize,
    end: usize,
    mark: Mark,
    around: Vec<usize>,
}

impl Piece {
    /// Whether it is written with `*`.
    fn is_of_stars(&self) -> bool {
        matches!(self, Self::Open(Mark::Strong | Mark::Emphasis) | Self::Close(Mark::Strong | Mark::Emphasis, _))
    }

    /// Returns a text that begins and ends as the piece does.
    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Markdown(text) => text,
            Self::Space | Self::Break => " ",
            Self::Close(Mark::Link, _) => "])",
            Self::Open(mark) | Self::Close(mark, _) => mark.delimiter(),
            Self::Code(_) => "`",
        }
    }
}
