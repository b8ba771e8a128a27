//! `XPath` 1.0 (<https://www.w3.org/TR/1999/REC-xpath-19991116/>), with what parsel adds to it.
//!
//! The crate `xpath-eval` parses expressions. Compiling and evaluating them is our own work: the crate has no place for
//! the functions that parsel adds, no limit for its work, and visits nodes again for each of several nodes above them.
//! Here, an axis that starts from many nodes visits each node of the page once.
//!
//! - `expression`: compiled expressions
//! - `words`: where words stand in an expression; `compile`: turns an expression into its compiled form; `pattern`:
//!   compiles functions with regular expressions
//! - `tree`: a document as `XPath` sees it, and how much work a page may take; `name`: how names compare
//! - `axis`: walks along axes
//! - `evaluate`: evaluates expressions; `call`: the functions; `value`: values, and how they turn into each other
//! - `tests`: tables of expressions
//!
//! As in parsel:
//!
//! - The context of an expression is the root element, or the element of an `each`. So `body` is found and `html` is
//!   not. `//p` searches the whole document also inside an `each`, and `.//p` searches the element.
//! - `has-class("a", "b")` is there, and EXSLT's `re:test`, `re:replace` and `set:..`.
//! - The document node itself is not found: `/` gives nothing.
//! - A boolean is `1` or `0`, and a number is written as Python does: `3.0`.
//!
//! Different from parsel:
//!
//! - The tree is that of the HTML Standard, and not that of libxml2. `//svg` finds elements of SVG too, whose names
//!   keep their capital letters (`//foreignObject`).
//! - The content of a `<template>` is not part of the document, as for CSS.
//! - `string(10000000000)` is `10000000000`, as `XPath` says. libxml2 writes `1e+10`.
//! - `id("x")` finds the attribute `id`.
//! - `re:match`, the axis `namespace` and variables are errors.

mod axis;
mod call;
mod compile;
mod evaluate;
mod expression;
mod name;
mod pattern;
mod tree;
mod value;
mod words;

use std::borrow::Cow;

use evaluate::Context;
use expression::Expr;
use value::Value;

pub use expression::XPathType;
pub(super) use tree::{Place, TooMuchWork, Tree};

/// A compiled expression.
#[derive(Debug)]
pub struct XPath(Expr);

/// Why an expression is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", .suggestion.as_ref().map(|it| format!(" (did you mean `{it}`?)")).unwrap_or_default())]
pub struct XPathError {
    /// The offset of the error in the expression, in bytes.
    pub offset: usize,
    /// The length of the wrong part, in bytes. It is 0 if something is missing.
    pub length: usize,
    /// What was found and what was expected.
    pub message: String,
    /// What may have been meant.
    pub suggestion: Option<String>,
}

/// What an expression finds on a page.
#[derive(Debug, PartialEq)]
pub(super) enum Found<'d> {
    /// Nodes, in document order, each once.
    Nodes(Vec<Place>),
    /// A string.
    String(Cow<'d, str>),
    /// A number.
    Number(f64),
    /// True or false.
    Boolean(bool),
}

impl XPath {
    /// Compiles an expression. All its errors are found here, except `TooMuchWork`.
    ///
    /// # Errors
    /// Fails if the expression is not valid, names a function or an axis that does not exist, calls a function with
    /// wrong arguments, or is too long or nested too deep.
    pub fn new(text: &str) -> Result<Self, XPathError> {
        compile::compile(text).map(Self)
    }

    /// Returns the type of what it finds, which is the same on all pages.
    pub fn gives(&self) -> XPathType {
        self.0.kind()
    }

    /// Whether it can only find elements, as an `each` needs.
    pub fn gives_elements(&self) -> bool {
        self.0.gives_elements()
    }

    /// Evaluates the expression for an element, or for the root element of the document.
    ///
    /// # Errors
    /// Fails if all expressions that were evaluated on this `tree` take too much work together.
    pub(super) fn select<'d>(&self, tree: &Tree<'d>, scope: Option<u32>) -> Result<Found<'d>, TooMuchWork> {
        let node = Place::node(scope.unwrap_or_else(|| tree.root_element()));
        Ok(match tree.evaluate(&self.0, Context::of(node))? {
            Value::Nodes(mut nodes) => {
                nodes.retain(|node| *node != Place::node(0));
                Found::Nodes(nodes)
            }
            Value::Text(text) => Found::String(text),
            Value::Number(number) => Found::Number(number),
            Value::Truth(truth) => Found::Boolean(truth),
        })
    }
}

impl<'d> Found<'d> {
    /// Iterates over the strings that parsel's `getall()` gives.
    pub(super) fn strings<'t>(self, tree: &'t Tree<'d>) -> impl Iterator<Item = Cow<'d, str>> + use<'t, 'd> {
        let (nodes, single) = match self {
            Self::Nodes(nodes) => (nodes, None),
            Self::String(text) => (Vec::new(), Some(text)),
            Self::Number(number) => (Vec::new(), Some(value::python_text(number).into())),
            Self::Boolean(truth) => (Vec::new(), Some(Cow::Borrowed(if truth { "1" } else { "0" }))),
        };
        nodes.into_iter().map(|node| tree.written(node)).chain(single)
    }
}

#[cfg(test)]
mod tests;
