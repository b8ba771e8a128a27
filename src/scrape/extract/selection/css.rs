//! Extends the CSS of the `selectors` crate with our pseudo-elements.
//!
//! Pseudo-elements are allowed only where CSS allows them: at the end of a branch, but not inside `:is(..)`.

use std::cell::{Cell, RefCell};

use cssparser::{CowRcStr, ParseError, Parser as Input, ToCss, Token};
use selectors::parser::{self, SelectorParseErrorKind};

use super::SelectionError;
use super::hint;
use super::name::{LocalName, Prefix, PseudoClass, Text};
use super::take::{AttributeName, Take};
use crate::scrape::extract::nearest::nearest;

/// The types of our CSS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::scrape::extract) struct Css;

impl parser::SelectorImpl for Css {
    type ExtraMatchingData<'a> = ();
    type AttrValue = Text;
    type Identifier = Text;
    type LocalName = LocalName;
    type NamespaceUrl = Prefix;
    type NamespacePrefix = Text;
    type BorrowedNamespaceUrl = Prefix;
    type BorrowedLocalName = LocalName;
    type NonTSPseudoClass = PseudoClass;
    type PseudoElement = Take;
}

impl parser::NonTSPseudoClass for PseudoClass {
    fn is_active_or_hover(&self) -> bool {
        false
    }

    fn is_user_action_state(&self) -> bool {
        false
    }
}

impl parser::PseudoElement for Take {}

impl ToCss for Take {
    fn to_css<W: std::fmt::Write>(&self, dest: &mut W) -> std::fmt::Result {
        write!(dest, "{self}")
    }
}

/// The names that are valid after `::`.
pub(super) const PSEUDO_ELEMENTS: [&str; 5] = ["text", "text-content", "attr", "url", "inner-html"];

/// Names that are valid after one colon. They are only used for suggestions.
const PSEUDO_CLASSES: [&str; 18] = [
    "contains",
    "empty",
    "first-child",
    "first-of-type",
    "has",
    "is",
    "last-child",
    "last-of-type",
    "not",
    "nth-child",
    "nth-last-child",
    "nth-last-of-type",
    "nth-of-type",
    "only-child",
    "only-of-type",
    "root",
    "scope",
    "where",
];

const EXPECTED: &str = "::text, ::text-content, ::attr(name), ::url or ::inner-html";

/// Parses one selector string. The hooks of the CSS parser cannot return a message, so they store it in `said`.
pub(super) struct Grammar<'i> {
    text: &'i str,
    pub(super) said: RefCell<Option<SelectionError>>,
    pub(super) pseudo_element: Cell<bool>,
    /// Whether the parsed text contains `:has(..)`.
    pub(super) has: Cell<bool>,
}

impl<'i> Grammar<'i> {
    pub(super) fn new(text: &'i str) -> Self {
        Self { text, said: RefCell::new(None), pseudo_element: Cell::new(false), has: Cell::new(false) }
    }

    /// Returns the offset of a token, which is a slice of the selector string.
    fn offset_of(&self, token: &str) -> usize {
        (token.as_ptr() as usize)
            .checked_sub(self.text.as_ptr() as usize)
            .filter(|at| *at < self.text.len())
            .unwrap_or(0)
    }

    fn fail<T>(&self, offset: usize, length: usize, message: String, suggestion: Option<String>) -> Result<T, Failed> {
        self.said.borrow_mut().get_or_insert(SelectionError { offset, length, message, suggestion });
        Err(ParseError::custom(SelectorParseErrorKind::UnsupportedPseudoClassOrElement))
    }

    fn unknown_pseudo_element<T>(&self, name: &str, call: &str) -> Result<T, Failed> {
        let suggestion = nearest(name, &PSEUDO_ELEMENTS).map(spelled);
        let offset = self.offset_of(name).saturating_sub(2);
        self.fail(
            offset,
            name.len() + 2,
            format!("unknown pseudo-element `::{name}{call}`, expected {EXPECTED}"),
            suggestion,
        )
    }

    fn unknown_pseudo_class<T>(&self, name: &str, call: &str) -> Result<T, Failed> {
        let offset = self.offset_of(name).saturating_sub(1);
        let lower = name.to_ascii_lowercase();
        if PSEUDO_ELEMENTS.contains(&lower.as_str()) {
            let message = format!("`:{name}{call}` is a pseudo-element, which needs two colons");
            return self.fail(offset, name.len() + 1, message, Some(spelled(&lower)));
        }
        if let Some((message, suggestion)) = hint::instead_of(&lower) {
            let message = format!("unknown pseudo-class `:{name}{call}`: {message}");
            return self.fail(offset, name.len() + 1, message, Some(suggestion.to_owned()));
        }
        let suggestion = nearest(name, &PSEUDO_CLASSES).map(|name| format!(":{name}"));
        self.fail(offset, name.len() + 1, format!("unknown pseudo-class `:{name}{call}`"), suggestion)
    }
}

type Failed = ParseError<SelectorParseErrorKind>;

impl<'i> parser::Parser<'i> for Grammar<'i> {
    type Impl = Css;
    type Error = SelectorParseErrorKind;

    /// Allows any prefix.
    fn namespace_for_prefix(&self, prefix: &Text) -> Option<Prefix> {
        Some(Prefix::from(prefix.as_str()))
    }

    fn parse_nth_child_of(&self) -> bool {
        true
    }

    fn parse_is_and_where(&self) -> bool {
        true
    }

    fn parse_has(&self) -> bool {
        self.has.set(true);
        true
    }

    /// Makes `:is(a, ::nonsense)` an error instead of `:is(a)`: a rule that silently finds less is worse than an error.
    fn allow_forgiving_selectors(&self) -> bool {
        false
    }

    fn parse_non_ts_pseudo_class(&self, name: CowRcStr<'i>) -> Result<PseudoClass, Failed> {
        if is_contains(&name) {
            let offset = self.offset_of(&name).saturating_sub(1);
            let suggestion = Some(":contains(\"text\")".to_owned());
            return self.fail(offset, name.len() + 1, format!("`:{name}` needs a text in brackets"), suggestion);
        }
        self.unknown_pseudo_class(&name, "")
    }

    fn parse_non_ts_functional_pseudo_class(
        &self,
        name: CowRcStr<'i>,
        arguments: &mut Input<'i>,
        _after_part: bool,
    ) -> Result<PseudoClass, Failed> {
        if !is_contains(&name) {
            return self.unknown_pseudo_class(&name, "(..)");
        }
        let offset = arguments.position().byte_index();
        let texts: Result<Vec<Text>, _> = arguments.parse_comma_separated(|input| {
            let text = input.expect_ident_or_string()?;
            Ok::<_, ParseError<()>>(Text::from(&**text))
        });
        if let Ok(texts) = texts {
            return Ok(PseudoClass::Contains(texts.into()));
        }
        let message = format!("`:{name}(..)` takes a text in quotes");
        self.fail(offset, 0, message, Some(":contains(\"text\")".to_owned()))
    }

    fn parse_pseudo_element(&self, name: CowRcStr<'i>) -> Result<Take, Failed> {
        self.pseudo_element.set(true);
        match_lower(&name, |lower| match lower {
            "text" => Ok(Take::Text),
            "text-content" => Ok(Take::TextContent),
            "inner-html" => Ok(Take::InnerHtml),
            "url" => Ok(Take::Url),
            "attr" => {
                let offset = self.offset_of(&name).saturating_sub(2);
                let message = "`::attr` needs the name of an attribute".to_owned();
                self.fail(offset, name.len() + 2, message, Some("::attr(href)".to_owned()))
            }
            _ => self.unknown_pseudo_element(&name, ""),
        })
    }

    fn parse_functional_pseudo_element(&self, name: CowRcStr<'i>, arguments: &mut Input<'i>) -> Result<Take, Failed> {
        self.pseudo_element.set(true);
        match_lower(&name, |lower| match lower {
            "attr" => {
                let offset = arguments.position().byte_index();
                let Ok(attribute) = arguments.expect_ident_or_string().cloned() else {
                    let message = "`::attr(..)` takes one name of an attribute, with or without quotes".to_owned();
                    return self.fail(offset, 0, message, Some("::attr(href)".to_owned()));
                };
                // `xlink:href` or `xlink|href`.
                let is_separator = |token: &Token<'_>| matches!(token, Token::Colon | Token::Delim('|'));
                let local = arguments.try_parse(|arguments| {
                    let has_prefix = arguments.next().is_ok_and(is_separator);
                    arguments.expect_ident_cloned().ok().filter(|_| has_prefix).ok_or(())
                });
                let attribute = match local {
                    Ok(local) => CowRcStr::from(format!("{attribute}:{local}")),
                    Err(()) => attribute,
                };
                if !arguments.is_exhausted() {
                    let message = "`::attr(..)` takes one name of an attribute, and nothing after it".to_owned();
                    return self.fail(arguments.position().byte_index(), 0, message, None);
                }
                Ok(Take::Attribute(AttributeName::new(&attribute)))
            }
            "text" | "text-content" | "inner-html" | "url" => {
                let offset = self.offset_of(&name).saturating_sub(2);
                self.fail(offset, name.len() + 2, format!("`::{lower}` takes no argument"), Some(format!("::{lower}")))
            }
            _ => self.unknown_pseudo_element(&name, "(..)"),
        })
    }
}

/// Whether a pseudo-class looks for text: cssselect's name, which parsel knows, or soupsieve's.
fn is_contains(name: &str) -> bool {
    name.eq_ignore_ascii_case("contains") || name.eq_ignore_ascii_case("-soup-contains")
}

fn match_lower<T>(name: &str, with: impl FnOnce(&str) -> T) -> T {
    with(&name.to_ascii_lowercase())
}

fn spelled(name: &str) -> String {
    if name == "attr" { "::attr(name)".to_owned() } else { format!("::{name}") }
}
