//! Whether selectors and regular expressions will compile in the workers: the seam to `scrape::extract`.

use super::error::Complaint;

/// Says what is wrong with the texts of a rule. `Complaint::at` counts bytes of the text.
pub(super) trait RuleChecks {
    /// A selector of values, whose branches may end in a pseudo-element.
    fn selector(&self, css: &str) -> Result<(), Complaint>;
    /// A selector of elements, without any pseudo-element.
    fn each(&self, css: &str) -> Result<(), Complaint>;
    /// A regular expression.
    fn regex(&self, pattern: &str) -> Result<(), Complaint>;
}

/// Compiles the texts with the crates that the workers use.
///
/// It knows pseudo-elements by name and takes them off before the rest is compiled. As soon as `scrape::extract` parses
/// its own selectors, its parser belongs here, so that no selector passes here and fails there.
pub(super) struct Compile;

/// The pseudo-elements that give values, as they are suggested.
const PSEUDO_ELEMENTS: &[&str] = &["text", "attr", "text-content", "inner-html", "url"];

impl RuleChecks for Compile {
    fn selector(&self, css: &str) -> Result<(), Complaint> {
        elements(&without_pseudo_elements(css)?)
    }

    fn each(&self, css: &str) -> Result<(), Complaint> {
        match pseudo_elements(css).first() {
            Some((at, _)) => Err(Complaint::new("is no selector of elements: it ends in a pseudo-element")
                .at(*at..css.len())
                .with_help("the fields below it take the values: text = \"span::text\"")),
            None => elements(css),
        }
    }

    fn regex(&self, pattern: &str) -> Result<(), Complaint> {
        let Err(error) = regex::Regex::new(pattern) else {
            return Ok(());
        };
        // The error is a drawing for a terminal: the pattern, indented by four, carets, and `error: what it is`.
        let drawing = error.to_string();
        let what = drawing.lines().last().unwrap_or_default();
        let what = what.strip_prefix("error: ").unwrap_or(what);
        let complaint = Complaint::new(format!("is no regular expression: {what}"));
        let caret = drawing
            .lines()
            .find(|line| line.trim_start().starts_with('^'))
            .and_then(|line| line.find('^')?.checked_sub(4))
            .and_then(|column| pattern.char_indices().nth(column));
        Err(match caret {
            Some((at, c)) if !pattern.contains('\n') => complaint.at(at..at + c.len_utf8()),
            _ => complaint,
        })
    }
}

fn elements(css: &str) -> Result<(), Complaint> {
    match scraper::Selector::parse(css) {
        Ok(_) => Ok(()),
        Err(error) => Err(Complaint::new(format!("is no selector: {}", lowercase_first(&error.to_string())))),
    }
}

/// The selector of the elements alone: every known pseudo-element gives way to `*` or to spaces.
fn without_pseudo_elements(css: &str) -> Result<String, Complaint> {
    let mut rest = css.to_owned();
    for (at, length) in pseudo_elements(css).into_iter().rev() {
        let written = &css[at + 2..at + length];
        let name = written.split('(').next().unwrap_or_default();
        let takes_argument = name == "attr";
        if !PSEUDO_ELEMENTS.contains(&name) || takes_argument != written.contains('(') {
            let complaint =
                Complaint::new(format!("is no selector: unknown pseudo-element `::{written}`")).at(at..at + length);
            let near = super::suggest::nearest(name, PSEUDO_ELEMENTS.iter().copied());
            return Err(match near {
                Some("attr") => complaint.with_help("did you mean `::attr(name)`?"),
                Some(near) => complaint.with_help(format!("did you mean `::{near}`?")),
                None => complaint.with_help("there are ::text, ::attr(name), ::text-content, ::inner-html and ::url"),
            });
        }
        // `div > ::text` is `div > *::text`.
        let alone = css[..at].trim_end_matches(' ').len() < at || at == 0 || css[..at].ends_with(['>', '+', '~', ',']);
        let element = if alone { "*" } else { "" };
        rest.replace_range(at..at + length, element);
    }
    Ok(rest)
}

/// Where pseudo-elements stand outside of brackets and quotes, and how long they are.
fn pseudo_elements(css: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut quote = None;
    let mut depth = 0_usize;
    for (at, c) in css.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => depth = depth.saturating_sub(1),
            (None, ':') if depth == 0 && css[at..].starts_with("::") => {
                let name = &css[at + 2..];
                let end = name.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_'))).unwrap_or(name.len());
                let argument = &name[end..];
                let length = match argument.find(')') {
                    Some(close) if argument.starts_with('(') => close + 1,
                    None if argument.starts_with('(') => argument.len(),
                    _ => 0,
                };
                found.push((at, 2 + end + length));
            }
            _ => {}
        }
    }
    found
}

fn lowercase_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_with_known_pseudo_elements_pass() {
        for css in [
            "h1",
            "h1::text",
            "a::attr(href)",
            "a::attr('data-x')",
            "h1::text, img::attr(alt)",
            "div *::text",
            "div > ::text",
            "::text",
            "p::text-content, p::inner-html",
            "a[title='::nothing']::url",
        ] {
            assert_eq!(Compile.selector(css), Ok(()), "{css}");
        }
    }

    #[test]
    fn bad_selectors_are_refused_at_their_place() {
        let table = [
            ("h1::txt", Some(2..7), Some("did you mean `::text`?")),
            ("h1, h2::before", Some(6..14), None),
            ("a::attr", Some(1..7), Some("did you mean `::attr(name)`?")),
            ("div:not(p::text)", None, None),
            ("div[", None, None),
            ("", None, None),
        ];
        for (css, at, help) in table {
            let complaint = Compile.selector(css).expect_err(css);
            assert_eq!(complaint.at, at, "{css}");
            if help.is_some() {
                assert_eq!(complaint.help.as_deref(), help, "{css}");
            }
        }
    }

    #[test]
    fn each_takes_elements_only() {
        assert_eq!(Compile.each("div.quote"), Ok(()));
        assert_eq!(Compile.each("div::text").expect_err("a value").at, Some(3..9));
        assert!(Compile.each("div >").is_err());
    }

    #[test]
    fn bad_regular_expressions_are_refused_at_their_place() {
        assert_eq!(Compile.regex(r"(\d+) €"), Ok(()));
        for (pattern, message, at) in [
            ("ab(c", "is no regular expression: unclosed group", Some(2..3)),
            (
                "é[z-a]",
                "is no regular expression: invalid character class range, the start must be <= the end",
                Some(3..4),
            ),
            ("a\n(", "is no regular expression: unclosed group", None),
        ] {
            let complaint = Compile.regex(pattern).expect_err(pattern);
            assert_eq!((complaint.message.as_str(), complaint.at), (message, at), "{pattern}");
        }
    }
}
