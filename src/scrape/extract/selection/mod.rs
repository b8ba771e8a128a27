//! Selector strings: which elements match, and what is taken from each.
//!
//! ```text
//! h1::text, img.logo::attr(alt)
//! ^^        ^^^^^^^^               branches: CSS selectors
//!   ^^^^^^          ^^^^^^^^^^^    what each branch takes
//! ```
//!
//! `css` holds the grammar, `name` its names, `take` the pseudo-elements, and `branch` one branch. `hint` knows what is
//! CSS elsewhere. `contains` finds text for `:contains(..)`.
//!
//! The `selectors` crate can tell for any element whether a branch matches it (`element` connects it to our document).
//! But nearly all elements of a page match nothing. So every name in the selectors of an extractor becomes a bit
//! (`symbols`). One walk over a page gives each element a mask of the names that it has, and one of the names that its
//! ancestors have (`marks`). Each branch is compiled to conditions on these masks (`filter`), and `scan` looks for many
//! branches at once. The masks alone decide most selectors. The crate decides the others, but only for elements with
//! the right masks.
//!
//! `scan_tests` compares the results of the masks with those of the crate alone.

mod branch;
mod contains;
mod css;
mod element;
mod filter;
mod hint;
mod marks;
mod name;
mod scan;
mod symbols;
mod take;

use cssparser::{BasicParseErrorKind, Delimiter, ParseErrorKind, Parser, Token};
use selectors::parser::{Selector, SelectorParseErrorKind};

pub(super) use branch::Branch;
pub(super) use element::Tree;
pub(super) use marks::Marks;
pub(super) use scan::{Scan, Scanner};
pub(super) use symbols::Symbols;
pub(super) use take::Take;

use css::{Css, Grammar};

/// A parsed selector string, from a rule's `css` or `each`.
#[derive(Debug, Clone)]
pub struct Selection {
    pub(super) branches: Vec<Branch>,
}

/// Why a selector is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", .suggestion.as_ref().map(|it| format!(" (did you mean `{it}`?)")).unwrap_or_default())]
pub struct SelectionError {
    /// The offset of the error in the selector string, in bytes.
    pub offset: usize,
    /// The length of the wrong part, in bytes. It is 0 if something is missing.
    pub length: usize,
    /// What was found and what was expected.
    pub message: String,
    /// The most similar valid name.
    pub suggestion: Option<String>,
}

impl Selection {
    /// Parses a selector. Every branch of a comma list may end in one of our pseudo-elements.
    ///
    /// # Errors
    /// Fails at the first part that is neither CSS nor one of our pseudo-elements.
    pub fn parse(css: &str) -> Result<Self, SelectionError> {
        let mut branches = Vec::new();
        let mut input = Parser::new(css);
        loop {
            let (selector, has) = parse_branch(css, &mut input)?;
            branches.extend(Branch::all_of(&selector, has));
            // A branch ends at a comma or at the end of the string.
            if input.next().is_err() {
                return Ok(Self { branches });
            }
        }
    }

    /// Whether any branch takes the markup of whole elements.
    pub fn takes_elements(&self) -> bool {
        self.branches.iter().any(|branch| branch.take == Take::OuterHtml)
    }

    /// Parses a selector that matches whole elements, for `each`.
    ///
    /// # Errors
    /// Fails like `parse`, and also if there is a pseudo-element.
    pub fn parse_elements(css: &str) -> Result<Self, SelectionError> {
        let selection = Self::parse(css)?;
        match selection.branches.iter().find(|branch| branch.take != Take::OuterHtml) {
            None => Ok(selection),
            Some(branch) => {
                let pseudo = branch.take.to_string();
                let name = pseudo.split('(').next().unwrap_or_default();
                Err(SelectionError {
                    offset: css.find(name).unwrap_or(0),
                    length: name.len(),
                    message: format!("`each` selects elements and cannot end in `{name}`"),
                    suggestion: None,
                })
            }
        }
    }
}

fn parse_branch<'i>(css: &'i str, input: &mut Parser<'i>) -> Result<(Selector<Css>, bool), SelectionError> {
    let grammar = Grammar::new(css);
    let start = input.position().byte_index();
    let (mut end, mut complete) = (start, false);
    let parsed = input.parse_until_before(Delimiter::Comma, |input| {
        let parsed = input.parse_entirely(|input| {
            let selector = Selector::parse(&grammar, input)?;
            complete = true;
            Ok(selector)
        });
        end = input.position().byte_index();
        parsed
    });
    parsed.map(|selector| (selector, grammar.has.get())).map_err(|error| {
        if let Some(said) = grammar.said.take() {
            return said;
        }
        let (message, fault) = explain(&error.kind, complete, grammar.pseudo_element.get());
        let (offset, length) = match fault {
            Fault::Missing => (end, 0),
            Fault::LastToken => token(css, start, |_, token_end| token_end >= end),
            Fault::NextToken => token(css, start, |token_start, _| token_start >= end),
        };
        let is_empty = matches!(error.kind, ParseErrorKind::Custom(SelectorParseErrorKind::EmptySelector));
        let suggestion = if is_empty { with_scope(css, end) } else { None };
        SelectionError { offset, length, message: message.to_owned(), suggestion }
    })
}

/// Returns the selector that `> a` stands for in jQuery, if a branch begins like this at `at`.
fn with_scope(css: &str, at: usize) -> Option<String> {
    let branch = css[at..].trim_start();
    let before = &css[..css.len() - branch.len()];
    let begins = before.trim_end().is_empty() || before.trim_end().ends_with(',');
    (begins && branch.starts_with('>')).then(|| format!("{before}:scope {branch}"))
}

/// Which part of the selector is wrong.
enum Fault {
    /// Something is missing at the position where parsing stopped.
    Missing,
    /// The last token that was read.
    LastToken,
    /// The next token.
    NextToken,
}

/// Returns the message, and the part that is wrong.
fn explain(
    kind: &ParseErrorKind<SelectorParseErrorKind>,
    complete: bool,
    pseudo_element: bool,
) -> (&'static str, Fault) {
    use SelectorParseErrorKind as Kind;
    let custom = match kind {
        ParseErrorKind::Custom(kind) => kind,
        ParseErrorKind::Basic(_) if pseudo_element && complete => {
            return ("expected a comma or the end after the pseudo-element", Fault::NextToken);
        }
        ParseErrorKind::Basic(_) if complete => return ("expected a comma or the end", Fault::NextToken),
        ParseErrorKind::Basic(BasicParseErrorKind::EndOfInput) => {
            return ("the selector ends too early", Fault::Missing);
        }
        ParseErrorKind::Basic(_) => return ("expected a CSS selector", Fault::LastToken),
    };
    match custom {
        Kind::EmptySelector => ("expected a selector", Fault::Missing),
        Kind::DanglingCombinator => ("expected a selector after the combinator", Fault::Missing),
        Kind::ClassNeedsIdent => ("expected the name of a class after `.`", Fault::LastToken),
        Kind::InvalidState => ("a pseudo-element is only allowed at the end of a branch", Fault::LastToken),
        Kind::ExpectedNamespace | Kind::ExplicitNamespaceUnexpectedToken => {
            ("expected the name of an element after the prefix and `|`", Fault::LastToken)
        }
        Kind::NoQualifiedNameInAttributeSelector
        | Kind::UnexpectedTokenInAttributeSelector
        | Kind::ExpectedBarInAttr
        | Kind::BadValueInAttr
        | Kind::InvalidQualNameInAttr => {
            ("expected an attribute selector such as [href] or [rel=\"next\"]", Fault::LastToken)
        }
        Kind::PseudoElementExpectedIdent | Kind::NoIdentForPseudo => {
            ("expected a name after the colon", Fault::LastToken)
        }
        _ => ("expected a CSS selector", Fault::LastToken),
    }
}

/// Returns the position and length of the first token that satisfies `is_it`, which gets the start and end of a token.
/// Only looks at outermost tokens from `start` on: a token that opens brackets includes their content.
fn token(css: &str, start: usize, is_it: impl Fn(usize, usize) -> bool) -> (usize, usize) {
    let mut input = Parser::new(&css[start..]);
    loop {
        input.skip_whitespace();
        let token_start = start + input.position().byte_index();
        let Ok(token) = input.next() else { return (css.len(), 0) };
        if matches!(token, Token::Function(_) | Token::ParenthesisBlock | Token::SquareBracketBlock) {
            // The closure parses nothing, so the parser skips to the end of the block.
            let skipped: Result<(), cssparser::ParseError<()>> = input.parse_nested_block(|_| Ok(()));
            drop(skipped);
        }
        let token_end = start + input.position().byte_index();
        if is_it(token_start, token_end) {
            return (token_start, token_end - token_start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Marks, Scan, Scanner, Selection, Symbols, Tree};
    use crate::scrape::document::known;
    use crate::scrape::parse::parse;

    #[test]
    fn an_invalid_selector_is_refused_with_its_offset_and_a_suggestion() {
        let cases = [
            ("h1::txt", 2..7, Some("::text"), "unknown pseudo-element `::txt`"),
            ("h1, h2::before", 6..14, None, "unknown pseudo-element `::before`"),
            ("h1,\n é::Texxt", 7..14, Some("::text"), "unknown pseudo-element `::Texxt`"),
            ("a::atr(href)", 1..6, Some("::attr(name)"), "unknown pseudo-element `::atr(..)`"),
            ("a::attr", 1..7, Some("::attr(href)"), "needs the name"),
            ("a::attr()", 8..8, Some("::attr(href)"), "takes one name"),
            ("a::attr(a b)", 9..9, None, "nothing after it"),
            ("a::text(x)", 1..7, Some("::text"), "takes no argument"),
            ("a:text", 1..6, Some("::text"), "needs two colons"),
            ("a:nth-chld(2)", 1..10, Some(":nth-child"), "unknown pseudo-class"),
            ("p:frist-child", 1..13, Some(":first-child"), "unknown pseudo-class"),
            ("p:contain('x')", 1..9, Some(":contains"), "unknown pseudo-class"),
            ("p:contains", 1..10, Some(":contains(\"text\")"), "needs a text"),
            ("p:contains()", 11..11, Some(":contains(\"text\")"), "takes a text"),
            ("p:contains(a b)", 11..11, Some(":contains(\"text\")"), "takes a text"),
            ("p:contains(.x)", 11..11, Some(":contains(\"text\")"), "takes a text"),
            ("li:eq(0)", 2..5, Some(":nth-child(1)"), "counts among siblings, from 1"),
            ("li:first", 2..8, Some(":first-child"), "takes the first match anyway"),
            ("li:LAST::text", 2..7, Some(":last-child"), "jQuery"),
            ("li:gt(2)", 2..5, Some(":nth-child(n+2)"), "jQuery"),
            ("p:visible", 1..9, Some(":not([hidden])"), "no page is shown"),
            ("option:selected", 6..15, Some("[selected]"), "jQuery"),
            ("a:link", 1..6, Some("[href]"), "nobody has used the page"),
            ("p:icontains('x')", 1..11, Some(":contains(\"text\")"), "re:test"),
            ("p:is(:first)", 5..11, Some(":first-child"), "first match anyway"),
            ("a::text b", 8..9, None, "comma or the end"),
            ("a::text::text", 9..13, None, "at the end of a branch"),
            ("a:is(b::text)", 2..13, None, "at the end of a branch"),
            ("a::text.x", 7..8, None, "at the end of a branch"),
            ("", 0..0, None, "expected a selector"),
            ("a,", 2..2, None, "expected a selector"),
            (",a", 0..0, None, "expected a selector"),
            ("a, , b", 3..3, None, "expected a selector"),
            ("a >", 3..3, None, "after the combinator"),
            ("> a", 0..0, Some(":scope > a"), "expected a selector"),
            ("b, > a", 3..3, Some("b, :scope > a"), "expected a selector"),
            ("~ a", 0..0, None, "expected a selector"),
            ("b > > a", 4..4, None, "after the combinator"),
            ("a.1x", 1..4, None, "comma or the end"),
            ("a. x", 3..4, None, "name of a class"),
            ("a[", 2..2, None, "ends too early"),
            ("b a[=x]", 3..7, None, "attribute selector"),
            ("b a[href=]", 10..10, None, "ends too early"),
            ("p::", 3..3, None, "ends too early"),
            ("p:nth-child(x)", 2..14, None, "expected a CSS selector"),
        ];
        for (css, place, suggestion, message) in cases {
            let error = Selection::parse(css).expect_err(css);
            assert_eq!(error.offset..error.offset + error.length, place, "{css}: {error}");
            assert_eq!(error.suggestion.as_deref(), suggestion, "{css}: {error}");
            assert!(error.message.contains(message), "{css}: {error}");
        }
    }

    #[test]
    fn what_scrapy_users_type_finds_what_it_should() {
        const PAGE: &str = "<body><div id=a class='x sm:flex 2y'><p id=b>One <b id=c>two</b></p><p id=d class=x></p></div>\
            <ul id=e><li id=f class=k>1<li id=g>2<li id=h class=k lang=EN>3</ul><a id=i href='/A.PDF'>two three</a>";
        let table = [
            ("p:contains('One two')", "b"),
            ("p:contains(two)", "b"),
            (":contains('two'):not(:has(*))", "c i"),
            ("p:-soup-contains('nothing', \"two\")", "b"),
            ("p:contains('ONE')", ""),
            ("p:not(:contains('One'))", "d"),
            ("div:has(:contains('two')) > p", "b d"),
            ("p:contains('One'):contains('two')", "b"),
            ("div:contains('')", "a"),
            ("div:has(> p.x)", "a"),
            ("div:has(> b)", ""),
            ("p:has(+ p)", "b"),
            (":is(p, li):not(.k, #b)", "d g"),
            (":where(p, li).x", "d"),
            ("li:nth-child(1 of .k)", "f"),
            ("li:nth-child(2 of .k)", "h"),
            ("li:nth-last-child(1 of .k)", "h"),
            ("li:first-of-type, p:last-of-type", "d f"),
            ("a[href$='.pdf' i]", "i"),
            ("a[href$='.pdf']", ""),
            ("a[href$='.pdf' s]", ""),
            ("li[lang|=en i]", "h"),
            (".sm\\:flex", "a"),
            (".\\32 y", "a"),
            ("div p:empty", "d"),
            (":root > body > ul", "e"),
            (":scope > body > ul", "e"),
            ("LI.k", "f h"),
        ];
        let document = parse(PAGE).expect("a page");
        for (css, expected) in table {
            let branches = Selection::parse(css).expect(css).branches.into_iter().map(|branch| (branch, ()));
            let (mut symbols, mut marks) = (Symbols::new(), Marks::default());
            let scan = Scan::new(branches.collect(), &mut symbols);
            marks.fill(&document.dom, &symbols);
            let tree = Tree::new(&document.dom);
            let mut found = Vec::new();
            Scanner::new(&tree, &marks).scan(None, &scan, |at, ()| {
                found.extend(document.dom.attribute(at, known::ID));
            });
            assert_eq!(found.join(" "), expected, "{css}");
        }
    }

    #[test]
    fn each_selects_elements_only() {
        for css in ["li", "ul > li, ol > li:not(.x, .y)", "[title='::text']"] {
            assert!(Selection::parse_elements(css).is_ok(), "{css}");
        }
        let error = Selection::parse_elements("li, a::attr(x)").expect_err("a pseudo-element");
        assert_eq!((error.offset, error.length), (5, 6), "{error}");
    }
}
