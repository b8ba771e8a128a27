//! Cuts a CSS selector into pieces: the branches of a comma list, and their simple selectors.

use cssparser::{ParseError, Parser, Token};

/// A branch of a selector that is valid.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Branch {
    pub(super) start: usize,
    /// Where the pseudo-element begins, or the branch ends.
    pub(super) end: usize,
    /// Where the branch ends, with its pseudo-element.
    pub(super) end_of_take: usize,
    pub(super) pieces: Vec<Piece>,
}

/// A simple selector, such as `.price`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Simple,
    /// What stands between it and the compound before it. `None` in the middle of a compound, and at the beginning.
    pub(super) combinator: Option<Combinator>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Combinator {
    Descendant,
    Child,
    /// `+` or `~`
    Sibling,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Simple {
    Tag(String),
    Class(String),
    Id(String),
    /// An attribute, and the value that it is compared with.
    Attribute(String, Option<String>),
    /// A pseudo-class, or anything else.
    Other,
}

/// Returns the branches of a selector.
pub(super) fn branches(css: &str) -> Vec<Branch> {
    let mut input = Parser::new(css);
    let mut branches = Vec::new();
    let mut cutter = Cutter::at(0);
    loop {
        let start = input.position().byte_index();
        let Ok(token) = input.next_including_whitespace_and_comments().cloned() else { break };
        if token == Token::Comma {
            branches.extend(cutter.ends(start));
            cutter = Cutter::at(input.position().byte_index());
            continue;
        }
        cutter.takes(&token, start, &mut input);
    }
    branches.extend(cutter.ends(css.len()));
    branches
}

/// Reads one branch.
struct Cutter {
    pieces: Vec<Piece>,
    /// Where the branch begins; `None` until its first token.
    start: Option<usize>,
    combinator: Option<Combinator>,
    /// Where the pseudo-element begins.
    take: Option<usize>,
    /// Where the last token ends that is not white space.
    end: usize,
}

impl Cutter {
    fn at(start: usize) -> Self {
        Self { pieces: Vec::new(), start: None, combinator: None, take: None, end: start }
    }

    fn ends(self, _: usize) -> Option<Branch> {
        let end = self.take.unwrap_or(self.end);
        let start = self.start?;
        Some(Branch { start, end, end_of_take: self.end, pieces: self.pieces })
    }

    fn takes(&mut self, token: &Token<'_>, start: usize, input: &mut Parser<'_>) {
        if matches!(token, Token::WhiteSpace(_) | Token::Comment(_)) {
            if self.start.is_some() && self.take.is_none() {
                self.combinator.get_or_insert(Combinator::Descendant);
            }
            return;
        }
        self.start.get_or_insert(start);
        let kind = self.kind(token, input);
        let end = input.position().byte_index();
        self.end = end;
        if let Some(kind) = kind {
            let combinator = self.combinator.take().filter(|_| !self.pieces.is_empty());
            self.pieces.push(Piece { start, end, kind, combinator });
        }
    }

    /// Returns the kind of the simple selector that begins with a token, and reads the rest of it.
    fn kind(&mut self, token: &Token<'_>, input: &mut Parser<'_>) -> Option<Simple> {
        if self.take.is_some() {
            skip_block(token, input);
            return None;
        }
        match token {
            Token::Ident(name) => Some(Simple::Tag(name.to_string())),
            Token::Delim('*') => Some(Simple::Other),
            Token::Delim('.') => Some(match input.expect_ident() {
                Ok(name) => Simple::Class(name.to_string()),
                Err(_) => Simple::Other,
            }),
            Token::IDHash(name) | Token::Hash(name) => Some(Simple::Id(name.to_string())),
            Token::SquareBracketBlock => {
                let read: Result<Simple, ParseError<()>> = input.parse_nested_block(|input| Ok(attribute(input)));
                Some(read.unwrap_or(Simple::Other))
            }
            Token::Colon => {
                let at = input.position().byte_index();
                let next = input.next_including_whitespace_and_comments().cloned().ok()?;
                if next == Token::Colon {
                    self.take = Some(at - 1);
                    return None;
                }
                skip_block(&next, input);
                Some(Simple::Other)
            }
            Token::Delim('>') => self.combines(Combinator::Child),
            Token::Delim('+' | '~') => self.combines(Combinator::Sibling),
            // `dc|creator` is one simple selector.
            Token::Delim('|') => {
                let prefix = self.pieces.pop();
                let name = input.expect_ident().map(ToString::to_string).unwrap_or_default();
                if let Some(prefix) = prefix {
                    let end = input.position().byte_index();
                    self.pieces.push(Piece { end, kind: Simple::Tag(name), ..prefix });
                    return None;
                }
                Some(Simple::Tag(name))
            }
            other => {
                skip_block(other, input);
                Some(Simple::Other)
            }
        }
    }

    fn combines(&mut self, combinator: Combinator) -> Option<Simple> {
        self.combinator = Some(combinator);
        None
    }
}

fn skip_block(token: &Token<'_>, input: &mut Parser<'_>) {
    if matches!(token, Token::Function(_) | Token::ParenthesisBlock | Token::SquareBracketBlock) {
        // The closure reads nothing, so the parser skips to the end of the block.
        let skipped: Result<(), ParseError<()>> = input.parse_nested_block(|_| Ok(()));
        drop(skipped);
    }
}

/// Reads the inside of `[name="value"]`.
fn attribute(input: &mut Parser<'_>) -> Simple {
    let Ok(name) = input.expect_ident().map(ToString::to_string) else { return Simple::Other };
    let mut value = None;
    while let Ok(token) = input.next() {
        if let Token::QuotedString(text) | Token::Ident(text) = token {
            value.get_or_insert_with(|| text.to_string());
        }
    }
    Simple::Attribute(name, value)
}

#[cfg(test)]
mod tests {
    use super::{Combinator, branches};

    /// Writes each piece with its combinator before it, and the pseudo-element.
    fn cut(css: &str) -> Vec<String> {
        let piece = |piece: &super::Piece| {
            let before = match piece.combinator {
                None => "",
                Some(Combinator::Descendant) => "_",
                Some(Combinator::Child) => ">",
                Some(Combinator::Sibling) => "+",
            };
            format!("{before}{}", &css[piece.start..piece.end])
        };
        let branch = |branch: super::Branch| {
            let pieces: Vec<String> = branch.pieces.iter().map(piece).collect();
            format!("{} {}", pieces.join(" "), &css[branch.end..branch.end_of_take])
        };
        branches(css).into_iter().map(|it| branch(it).trim_end().to_owned()).collect()
    }

    #[test]
    fn a_selector_is_cut_into_simple_selectors() {
        let table: [(&str, &[&str]); 12] = [
            ("article.product > h3 a", &["article .product >h3 _a"]),
            ("a", &["a"]),
            (" a , b::text ", &["a", "b ::text"]),
            ("#x.y:first-child", &["#x .y :first-child"]),
            ("div:has(> a, b) ~ p:not(.x)", &["div :has(> a, b) +p :not(.x)"]),
            ("a[href^=\"x,y\"]::attr(href)", &["a [href^=\"x,y\"] ::attr(href)"]),
            ("dc|creator > b", &["dc|creator >b"]),
            (":scope>*", &[":scope >*"]),
            (".sm\\:flex", &[".sm\\:flex"]),
            ("li:nth-child(2 of .x) /* c */ b", &["li :nth-child(2 of .x) _b"]),
            ("a:contains('x, y')::url, b", &["a :contains('x, y') ::url", "b"]),
            ("", &[]),
        ];
        for (css, expected) in table {
            assert_eq!(cut(css), expected, "{css}");
        }
    }
}
