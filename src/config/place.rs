//! Where something was written, and how to show that place to a person.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// How much of a line an excerpt shows, in characters.
const EXCERPT_WIDTH: usize = 120;

/// Who wrote a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody: it is the built-in default.
    Defaults,
    /// The settings file, under the name by which it was given.
    File(PathBuf),
    /// The environment variable of this name.
    Variable(String),
    /// The flag of this name (`--workers`, `--set`).
    Flag(String),
}

/// A text that settings were read from: a whole file, one variable (`NAME=value`) or one flag (`--name value`).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text {
    origin: Origin,
    content: String,
    /// The bytes of `content` that no excerpt shows.
    hidden: OnceLock<Vec<Range<usize>>>,
}

impl Text {
    pub(super) fn new(origin: Origin, content: impl Into<String>) -> Arc<Self> {
        let content = content.into();
        Arc::new(Self { origin, content, hidden: OnceLock::new() })
    }

    /// Makes excerpts show asterisks in these places. Only the first call counts.
    pub(super) fn hide(&self, secrets: Vec<Range<usize>>) {
        // Each text is read only once.
        let _ = self.hidden.set(secrets);
    }

    /// The bytes `at` as they may be shown.
    fn shown(&self, at: Range<usize>) -> Cow<'_, str> {
        let text = &self.content[at.clone()];
        let hidden = self.hidden.get().map_or(&[][..], Vec::as_slice);
        if !hidden.iter().any(|secret| secret.start < at.end && at.start < secret.end) {
            return Cow::Borrowed(text);
        }
        let is_hidden = |byte: usize| hidden.iter().any(|secret| secret.contains(&(at.start + byte)));
        text.char_indices().map(|(byte, c)| if is_hidden(byte) && !matches!(c, '"' | '\'') { '*' } else { c }).collect()
    }

    pub(super) fn content(&self) -> &str {
        &self.content
    }
}

/// A part of what was written: of the file, a variable or a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    text: Arc<Text>,
    /// Bytes of `text`; empty if something is missing there.
    span: Range<usize>,
}

impl Place {
    pub(super) fn new(text: &Arc<Text>, span: Range<usize>) -> Self {
        Self { text: Arc::clone(text), span }
    }

    /// Who wrote it.
    pub fn origin(&self) -> &Origin {
        &self.text.origin
    }

    /// Line and column in the file, both counted from 1, the column in characters.
    ///
    /// `None` for variables, flags, built-in defaults and files that could not be read, where they mean nothing.
    pub fn line_and_column(&self) -> Option<(usize, usize)> {
        let in_file = matches!(self.origin(), Origin::File(_)) && !self.text.content.is_empty();
        in_file.then(|| {
            let line = self.line();
            (line.number, line.column + 1)
        })
    }

    /// The number of its line in the text, counted from 1. Unlike the above, it is for any text.
    pub(super) fn line_number(&self) -> usize {
        self.line().number
    }

    pub(super) fn start(&self) -> usize {
        self.span.start
    }

    /// The text that it is a part of.
    pub(super) fn text(&self) -> &Text {
        &self.text
    }

    /// What is written there.
    pub(super) fn written(&self) -> &str {
        self.text.content.get(self.span.clone()).unwrap_or_default()
    }

    /// The place of the bytes `at` of the string `decoded`, which was written here.
    ///
    /// It is exact if the string is written without escapes. A string with escapes gives its whole place, because its
    /// offsets differ from those of the text.
    pub(super) fn within(&self, decoded: &str, at: Range<usize>) -> Self {
        let written = self.written();
        let quote = ["\"\"\"", "'''", "\"", "'"]
            .into_iter()
            .find(|quote| written.len() >= 2 * quote.len() && written.starts_with(quote) && written.ends_with(quote))
            .unwrap_or_default();
        let inner = &written[quote.len()..written.len() - quote.len()];
        // TOML drops a line break right after the opening quotes of a multi-line string.
        let dropped = match inner.strip_suffix(decoded) {
            Some(rest @ ("" | "\n" | "\r\n")) => rest.len(),
            _ => return self.clone(),
        };
        let shift = self.span.start + quote.len() + dropped;
        Self::new(&self.text, shift + at.start..shift + at.end.max(at.start))
    }

    /// The line in which the place begins.
    fn line(&self) -> ExcerptLine<'_> {
        let content = self.text.content.as_str();
        let mut start = self.span.start.min(content.len());
        while !content.is_char_boundary(start) {
            start -= 1;
        }
        let before = &content[..start];
        let line_start = before.rfind('\n').map_or(0, |line_break| line_break + 1);
        let line = content[line_start..].split('\n').next().unwrap_or_default();
        let line = line.strip_suffix('\r').unwrap_or(line);
        let marked = self.span.start..self.span.end.min(line_start + line.len());
        ExcerptLine {
            number: before.matches('\n').count() + 1,
            text: self.text.shown(line_start..line_start + line.len()),
            column: content[line_start..start].chars().count(),
            marked: content.get(marked).map_or(1, |text| text.chars().count()).max(1),
        }
    }

    /// How wide the margin of an excerpt is: the digits of its line number, at least one cell.
    pub(super) fn margin(&self) -> usize {
        self.line_and_column().map_or(1, |(line, _)| line.to_string().len())
    }

    /// Writes where the place is, and its line with carets under the place.
    pub(super) fn write_excerpt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let margin = self.margin();
        write!(f, "\n{:margin$}--> {self}", "")?;
        if self.text.content.is_empty() {
            return Ok(());
        }
        let line = self.line();
        let number = self.line_and_column().map_or(String::new(), |(line, _)| line.to_string());
        let (shown, indent, carets) = line.clipped();
        write!(f, "\n{:margin$} |", "")?;
        write!(f, "\n{number:margin$} | {shown}")?;
        write!(f, "\n{:margin$} | {:indent$}{:^<carets$}", "", "", "")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin() {
            Origin::Defaults => write!(f, "default"),
            Origin::Variable(name) => write!(f, "environment variable {name}"),
            Origin::Flag(name) => write!(f, "flag {name}"),
            Origin::File(path) => match self.line_and_column() {
                Some((line, column)) => write!(f, "{}:{line}:{column}", path.display()),
                None => write!(f, "{}", path.display()),
            },
        }
    }
}

/// A line and what is marked in it, in characters.
struct ExcerptLine<'a> {
    number: usize,
    text: Cow<'a, str>,
    column: usize,
    marked: usize,
}

impl ExcerptLine<'_> {
    /// What to show of the line, how far the carets are indented, and how many there are.
    ///
    /// Every character takes one cell (also a tab), so that the carets are under the right characters. Control characters
    /// are replaced, so that they do not reach the terminal.
    fn clipped(&self) -> (String, usize, usize) {
        let length = self.text.chars().count();
        let from = if length <= EXCERPT_WIDTH { 0 } else { self.column.saturating_sub(EXCERPT_WIDTH / 2) };
        let cut = if from > 0 { "…" } else { "" };
        let cells = self.text.chars().skip(from).take(EXCERPT_WIDTH).map(|c| match c {
            '\t' => ' ',
            c if c.is_control() => char::REPLACEMENT_CHARACTER,
            c => c,
        });
        let mut shown: String = cut.chars().chain(cells).collect();
        if length > from + EXCERPT_WIDTH {
            shown.push('…');
        }
        let indent = self.column - from + cut.chars().count();
        let room = (EXCERPT_WIDTH + 1).saturating_sub(indent).max(1);
        (shown, indent, self.marked.min(room))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(content: &str, span: Range<usize>) -> Place {
        Place::new(&Text::new(Origin::File("g.toml".into()), content), span)
    }

    struct Excerpt(Place);

    impl fmt::Display for Excerpt {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.write_excerpt(f)
        }
    }

    #[test]
    fn an_offset_inside_a_string_is_exact_if_the_string_has_no_escapes() {
        // (what the file holds, the decoded string, the offset in it, the offset in the file)
        let table = [
            (r#""h1::txt""#, "h1::txt", 4, 5),
            ("'h1::txt'", "h1::txt", 4, 5),
            (r#""""h1::txt""""#, "h1::txt", 4, 7),
            ("'''\nh1::txt'''", "h1::txt", 4, 8),
            ("h1::txt", "h1::txt", 4, 4),
            (r#""h\u0031::txt""#, "h1::txt", 4, 0),
            (r#""\"h1::txt""#, "\"h1::txt", 5, 0),
        ];
        for (written, decoded, offset, expected) in table {
            let inside = place(written, 0..written.len()).within(decoded, offset..offset + 3);
            assert_eq!(inside.start(), expected, "{written}");
        }
    }

    #[test]
    fn columns_count_characters_and_lines_end_with_or_without_carriage_returns() {
        let content = "a = 1\r\nü = \"ä\"\r\n";
        let at = content.find("\"ä").expect("it is there");
        let value = place(content, at..at + 4);
        assert_eq!(value.line_and_column(), Some((2, 5)));
        assert_eq!(Excerpt(value).to_string(), "\n --> g.toml:2:5\n  |\n2 | ü = \"ä\"\n  |     ^^^");
    }

    #[test]
    fn a_place_at_the_very_end_and_one_of_several_lines_are_shown_on_one_line() {
        assert_eq!(Excerpt(place("a = ", 4..4)).to_string(), "\n --> g.toml:1:5\n  |\n1 | a = \n  |     ^");
        assert_eq!(Excerpt(place("a = [\n1]", 4..8)).to_string(), "\n --> g.toml:1:5\n  |\n1 | a = [\n  |     ^");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place_and_control_characters_are_not_shown() {
        let long = format!("\ta = \"{}\u{1b}[31m{}\"", "x".repeat(500), "y".repeat(500));
        let escape = long.find('\u{1b}').expect("it is there");
        let shown = Excerpt(place(&long, escape..escape + 1)).to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[3].chars().count(), "1 | ".len() + EXCERPT_WIDTH + 2);
        assert!(!shown.contains('\u{1b}'));
        let caret = lines[4].chars().position(|c| c == '^').expect("there is a caret");
        assert_eq!(lines[3].chars().nth(caret), Some(char::REPLACEMENT_CHARACTER));
    }
}
