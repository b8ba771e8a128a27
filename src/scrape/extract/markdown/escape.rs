//! Escapes characters, where Markdown would read them as markup.

/// What is known about the surroundings of a text.
#[derive(Clone, Copy)]
pub(super) struct Around {
    /// The character before the text, or `None` at the beginning of a line.
    pub(super) before: Option<char>,
    /// The character after the text, or `None` at the end of a line.
    pub(super) after: Option<char>,
    /// Whether the text is part of a link or an image, in which brackets must be escaped.
    pub(super) is_in_link: bool,
    /// Whether the paragraph has several `~`, which strike the text between them.
    pub(super) has_tildes: bool,
}

/// Appends a text without line ends.
pub(super) fn text(out: &mut String, text: &str, around: Around) {
    let mut before = around.before;
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        let after = rest.clone().next().or(around.after);
        if char.is_ascii_punctuation() && is_markup(char, before, after, rest.as_str(), around) {
            out.push('\\');
        }
        out.push(char);
        before = Some(char);
    }
}

/// Whether Markdown may read this character as markup.
fn is_markup(char: char, before: Option<char>, after: Option<char>, rest: &str, around: Around) -> bool {
    let is_blank = |char: Option<char>| char.is_none_or(char::is_whitespace);
    let is_word = |char: Option<char>| char.is_some_and(char::is_alphanumeric);
    match char {
        '`' => true,
        '\\' => rest.is_empty() || after.is_some_and(|char| char.is_ascii_punctuation()),
        '*' => !(is_blank(before) && is_blank(after)),
        '_' => !(is_blank(before) && is_blank(after) || is_word(before) && is_word(after)),
        '~' => around.has_tildes,
        // There are no references in our output, so that brackets alone mean nothing.
        '[' => around.is_in_link || before.is_none(),
        ']' => around.is_in_link || matches!(after, Some('(' | '[')),
        '!' => rest.is_empty() && after == Some('['),
        '<' => after.is_some_and(|char| char.is_ascii_alphabetic() || matches!(char, '/' | '!' | '?')),
        '&' => is_reference(rest),
        _ => false,
    }
}

/// Whether a text after `&` makes a character reference.
fn is_reference(rest: &str) -> bool {
    let length = rest.bytes().take(32).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#').count();
    length > 0 && rest[length..].starts_with(';')
}

/// Escapes what would mean something at the beginning of a line of a paragraph. `is_first` is the paragraph's first line.
pub(super) fn line_start(line: &str, is_first: bool) -> Option<usize> {
    let is_blank = |rest: &str| rest.is_empty() || rest.starts_with(' ');
    let trimmed = line.trim_end();
    let only = |chars: &[char]| !trimmed.is_empty() && trimmed.chars().all(|char| chars.contains(&char));
    let first = line.chars().next()?;
    let marks = match first {
        '#' => {
            let rest = line.trim_start_matches('#');
            line.len() - rest.len() <= 6 && is_blank(rest)
        }
        '>' => true,
        '+' | '*' => is_blank(&line[1..]),
        '-' => is_blank(&line[1..]) || only(&['-', ' ']) && trimmed.len() > 2,
        '_' => only(&['_', ' ']),
        '=' => !is_first && only(&['=']),
        '~' => line.starts_with("~~~"),
        '|' | ':' => !is_first && only(&['|', ':', '-', ' ']),
        '0'..='9' => {
            let digits = line.len() - line.trim_start_matches(|char: char| char.is_ascii_digit()).len();
            let rest = &line[digits..];
            let is_number = digits <= 9 && rest.starts_with(['.', ')']) && is_blank(&rest[1..]);
            return is_number.then_some(digits);
        }
        _ => false,
    };
    let marks = marks || first == '-' && !is_first && only(&['|', ':', '-', ' ']);
    marks.then_some(0)
}

/// Returns a link or image's target and title, in parentheses.
pub(super) fn target(url: &str, title: Option<&str>) -> String {
    let mut out = String::with_capacity(url.len() + 2);
    out.push('(');
    for char in url.chars() {
        match char {
            '(' | ')' => out.extend(['\\', char]),
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            '\\' => out.push_str("%5C"),
            ' ' => out.push_str("%20"),
            _ if char.is_control() || char.is_whitespace() => {}
            _ => out.push(char),
        }
    }
    let title = title.map(folded).filter(|title| !title.is_empty());
    if let Some(title) = title {
        out.push_str(" \"");
        for (at, char) in title.char_indices() {
            let is_reference = char == '&' && is_reference(&title[at + 1..]);
            if is_reference || matches!(char, '"' | '\\') {
                out.push('\\');
            }
            out.push(char);
        }
        out.push('"');
    }
    out.push(')');
    out
}

/// Returns a text on one line, with single spaces between its words.
pub(super) fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_ascii_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Returns back-ticks that enclose this code: more of them than the code has side by side, and at least `least`.
pub(super) fn fence(code: &str, least: usize) -> String {
    let longest = code.split(|char| char != '`').map(str::len).max().unwrap_or_default();
    let needed = if longest >= least { longest + 1 } else { least };
    "`".repeat(needed)
}

/// Returns code that stands in a line.
pub(super) fn code(code: &str) -> String {
    let fence = fence(code, 1);
    let is_padded = code.starts_with(' ') && code.ends_with(' ') && !code.trim().is_empty();
    let pad = if is_padded || code.starts_with('`') || code.ends_with('`') { " " } else { "" };
    [&fence, pad, code, pad, &fence].concat()
}
