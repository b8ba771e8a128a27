//! Fits the parts of a line into a width. The least important parts are left out first.

/// What stands between two parts.
const GAP: &str = "  ";

/// Parts from this rank on are there only if all others are as long as they can be.
pub(in crate::cli) const OPTIONAL: u8 = 4;

/// What a part means, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Ink {
    Plain,
    /// Something failed.
    Bad,
    /// Something waits.
    Wait,
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Part {
    /// What it may say, the longest form first.
    pub(in crate::cli) forms: Vec<String>,
    pub(in crate::cli) ink: Ink,
    /// The smaller, the more important. Of equal parts, the first is more important.
    pub(in crate::cli) rank: u8,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Span {
    pub(in crate::cli) text: String,
    pub(in crate::cli) ink: Ink,
}

impl Part {
    pub(in crate::cli) fn new(rank: u8, ink: Ink, forms: impl IntoIterator<Item = String>) -> Self {
        Self { forms: forms.into_iter().collect(), ink, rank }
    }
}

/// The columns of a terminal that a text takes.
pub(in crate::cli) fn width(text: &str) -> usize {
    console::measure_text_width(text)
}

/// A line of at most `columns` columns. The most important part is always there: as long as possible if that leaves room
/// for the second, and cut if it is too long. Then the parts with a rank below [`OPTIONAL`] get their shortest forms, as
/// long as there is room, and then longer ones. The other parts get what is left.
pub(in crate::cli) fn fit(parts: &[Part], columns: usize) -> Vec<Span> {
    let mut by_rank: Vec<usize> = (0..parts.len()).filter(|part| !parts[*part].forms.is_empty()).collect();
    by_rank.sort_by_key(|part| parts[*part].rank);
    let mut chosen: Vec<Option<&str>> = vec![None; parts.len()];
    let shortest = |part: &usize| parts[*part].forms.last().map_or(0, |form| width(form));
    let mut left = columns;
    if let Some(first) = by_rank.first() {
        let room = columns.saturating_sub(by_rank.get(1).map_or(0, |second| GAP.len() + shortest(second)));
        let forms = &parts[*first].forms;
        chosen[*first] = forms.iter().find(|form| width(form) <= room).or(forms.last()).map(String::as_str);
        left = left.saturating_sub(chosen[*first].map_or(0, width));
        by_rank.remove(0);
    }
    let (optional, needed): (Vec<usize>, Vec<usize>) =
        by_rank.into_iter().partition(|part| parts[*part].rank >= OPTIONAL);
    for group in [needed, optional] {
        for part in &group {
            if GAP.len() + shortest(part) <= left {
                chosen[*part] = parts[*part].forms.last().map(String::as_str);
                left -= GAP.len() + shortest(part);
            }
        }
        for part in group {
            let Some(short) = chosen[part].map(width) else { continue };
            if let Some(form) = parts[part].forms.iter().find(|form| width(form) <= short + left) {
                left = (left + short).saturating_sub(width(form));
                chosen[part] = Some(form);
            }
        }
    }
    let mut spans = Vec::new();
    for (part, form) in parts.iter().zip(chosen) {
        let Some(form) = form else { continue };
        if !spans.is_empty() {
            spans.push(Span { text: GAP.to_owned(), ink: Ink::Plain });
        }
        spans.push(Span { text: cut(form, columns), ink: part.ink });
    }
    spans
}

/// The beginning of a text, at most `columns` columns wide. It ends with `…` if something was left out.
pub(in crate::cli) fn cut(text: &str, columns: usize) -> String {
    // No character of a visible text takes so many bytes that more of them would fit.
    let text = crate::model::excerpt(text, columns.saturating_mul(16).max(64));
    if width(&text) <= columns {
        return text.into_owned();
    }
    let ends = text.char_indices().map(|(at, _)| at);
    let fits = |end: &usize| width(&text[..*end]) < columns;
    match ends.take_while(|end| *end == 0 || fits(end)).last() {
        Some(end) if columns > 0 => format!("{}…", &text[..end]),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(parts: &[Part], columns: usize) -> String {
        fit(parts, columns).into_iter().map(|span| span.text).collect()
    }

    fn part(rank: u8, forms: &[&str]) -> Part {
        Part::new(rank, Ink::Plain, forms.iter().map(|form| (*form).to_owned()))
    }

    #[test]
    fn the_least_important_parts_are_left_out_first_and_important_ones_are_long() {
        let parts = [
            part(0, &["first"]),
            part(5, &["x"]),
            part(3, &["last words", "last"]),
            part(4, &["opt"]),
            part(1, &["middle part", "mid"]),
        ];
        let table = [
            (38, "first  x  last words  opt  middle part"),
            (37, "first  last words  opt  middle part"),
            (34, "first  x  last words  middle part"),
            (33, "first  x  last words  middle part"),
            (32, "first  last words  middle part"),
            (30, "first  last words  middle part"),
            (29, "first  last  opt  middle part"),
            (24, "first  last  middle part"),
            (23, "first  last words  mid"),
            (21, "first  last  opt  mid"),
            (19, "first  x  last  mid"),
            (18, "first  last  mid"),
            (15, "first  opt  mid"),
            (14, "first  x  mid"),
            (12, "first  mid"),
            (10, "first  mid"),
            (8, "first  x"),
            (7, "first"),
            (5, "first"),
            (4, "fir…"),
            (1, "…"),
            (0, ""),
        ];
        for (columns, expected) in table {
            assert_eq!(line(&parts, columns), expected, "{columns}");
        }
    }

    #[test]
    fn no_line_is_wider_than_its_columns() {
        let words = ["日本語のページ", "👩‍🔧 works", "ascii", "☺\u{fe0f}☺\u{fe0f}", "a\u{301}e\u{301}", ""];
        for (number, first) in words.iter().enumerate() {
            let others = words.iter().cycle().skip(number).take(4);
            let parts: Vec<Part> = others.map(|word| part(1, &[&word.repeat(3), word])).collect();
            let parts = [&[part(0, &[&first.repeat(5)])], &parts[..]].concat();
            for columns in 0..120 {
                let line = line(&parts, columns);
                assert!(width(&line) <= columns, "{columns}: {line:?}");
            }
        }
    }

    #[test]
    fn a_text_is_cut_by_the_columns_that_its_characters_take() {
        let table = [
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("日本語", 2, "…"),
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
        ];
        for (text, columns, expected) in table {
            assert_eq!(cut(text, columns), expected, "{text} {columns}");
        }
        assert_eq!(width(&cut(&"x".repeat(1 << 20), 80)), 80);
    }
}
