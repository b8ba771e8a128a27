//! The functions: `XPath`'s core library (section 4), parsel's `has-class`, and EXSLT's for sets.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::evaluate::Context;
use super::expression::{Expr, Function, Piece, Replacement, XPathType};
use super::name;
use super::tree::{Place, TooMuchWork, Tree};
use super::value::{Value, is_space, text_number};
use crate::scrape::document::{AttributeNamespace, Kind, known};

/// How a function is called.
#[derive(Debug)]
pub(super) struct Signature {
    pub(super) name: &'static str,
    pub(super) function: Function,
    /// The fewest and the most arguments.
    pub(super) fewest: usize,
    pub(super) most: usize,
    /// Whether the arguments must be nodes.
    pub(super) of_nodes: bool,
    /// Whether a missing argument means the context node.
    pub(super) of_context: bool,
}

/// All functions, except those with a regular expression.
pub(super) static SIGNATURES: &[Signature] = {
    use Function as F;
    const fn plain(name: &'static str, function: Function, fewest: usize, most: usize) -> Signature {
        Signature { name, function, fewest, most, of_nodes: false, of_context: false }
    }
    const fn nodes(name: &'static str, function: Function, count: usize) -> Signature {
        Signature { name, function, fewest: count, most: count, of_nodes: true, of_context: false }
    }
    const fn context(name: &'static str, function: Function, of_nodes: bool) -> Signature {
        Signature { name, function, fewest: 0, most: 1, of_nodes, of_context: true }
    }
    &[
        plain("boolean", F::Boolean, 1, 1),
        plain("ceiling", F::Ceiling, 1, 1),
        plain("concat", F::Concat, 2, usize::MAX),
        plain("contains", F::Contains, 2, 2),
        nodes("count", F::Count, 1),
        plain("false", F::False, 0, 0),
        plain("floor", F::Floor, 1, 1),
        plain("has-class", F::HasClass, 1, usize::MAX),
        plain("id", F::Id, 1, 1),
        plain("lang", F::Lang, 1, 1),
        plain("last", F::Last, 0, 0),
        context("local-name", F::LocalName, true),
        context("name", F::Name, true),
        context("namespace-uri", F::NamespaceUri, true),
        context("normalize-space", F::NormalizeSpace, false),
        plain("not", F::Not, 1, 1),
        context("number", F::Number, false),
        plain("position", F::Position, 0, 0),
        plain("round", F::Round, 1, 1),
        plain("starts-with", F::StartsWith, 2, 2),
        context("string", F::String, false),
        context("string-length", F::StringLength, false),
        plain("substring", F::Substring, 2, 3),
        plain("substring-after", F::SubstringAfter, 2, 2),
        plain("substring-before", F::SubstringBefore, 2, 2),
        nodes("sum", F::Sum, 1),
        plain("translate", F::Translate, 3, 3),
        plain("true", F::True, 0, 0),
        nodes("set:difference", F::SetDifference, 2),
        nodes("set:distinct", F::SetDistinct, 1),
        nodes("set:has-same-node", F::SetHasSameNode, 2),
        nodes("set:intersection", F::SetIntersection, 2),
        nodes("set:leading", F::SetLeading, 2),
        nodes("set:trailing", F::SetTrailing, 2),
    ]
};

impl Function {
    pub(super) fn gives(self) -> XPathType {
        match self {
            Self::Id
            | Self::SetDifference
            | Self::SetDistinct
            | Self::SetIntersection
            | Self::SetLeading
            | Self::SetTrailing => XPathType::Nodes,
            Self::Concat
            | Self::LocalName
            | Self::Name
            | Self::NamespaceUri
            | Self::NormalizeSpace
            | Self::String
            | Self::Substring
            | Self::SubstringAfter
            | Self::SubstringBefore
            | Self::Translate => XPathType::String,
            Self::Ceiling
            | Self::Count
            | Self::Floor
            | Self::Last
            | Self::Number
            | Self::Position
            | Self::Round
            | Self::StringLength
            | Self::Sum => XPathType::Number,
            Self::Boolean
            | Self::Contains
            | Self::False
            | Self::HasClass
            | Self::Lang
            | Self::Not
            | Self::SetHasSameNode
            | Self::StartsWith
            | Self::True => XPathType::Boolean,
        }
    }
}

impl<'d> Tree<'d> {
    /// Calls a function. The compiler has checked the number and the types of the arguments.
    pub(super) fn call(
        &self,
        function: Function,
        arguments: &[Expr],
        context: Context,
    ) -> Result<Value<'d>, TooMuchWork> {
        match function.gives() {
            XPathType::Nodes => self.nodes_of_call(function, arguments, context).map(Value::Nodes),
            XPathType::String => self.text_of_call(function, arguments, context).map(Value::Text),
            XPathType::Number => self.number_of_call(function, arguments, context).map(Value::Number),
            XPathType::Boolean => self.truth_of_call(function, arguments, context).map(Value::Truth),
        }
    }

    fn nodes_of_call(
        &self,
        function: Function,
        arguments: &[Expr],
        context: Context,
    ) -> Result<Vec<Place>, TooMuchWork> {
        if function == Function::Id {
            return self.by_id(self.evaluate(&arguments[0], context)?);
        }
        let one = self.nodes(&arguments[0], context)?;
        let other = arguments.get(1).map(|other| self.nodes(other, context)).transpose()?.unwrap_or_default();
        self.work(one.len() + other.len())?;
        let is_in_other = |place: &Place| other.binary_search(place).is_ok();
        Ok(match function {
            Function::SetDifference => one.into_iter().filter(|place| !is_in_other(place)).collect(),
            Function::SetIntersection => one.into_iter().filter(is_in_other).collect(),
            Function::SetLeading | Function::SetTrailing => {
                let is_leading = function == Function::SetLeading;
                match other.first() {
                    None => one,
                    Some(first) => match one.binary_search(first) {
                        Ok(nth) if is_leading => one[..nth].to_vec(),
                        Ok(nth) => one[nth + 1..].to_vec(),
                        Err(_) => Vec::new(),
                    },
                }
            }
            _ => {
                let (mut texts, mut distinct) = (HashSet::new(), Vec::new());
                for place in one {
                    if texts.insert(self.string_value(place)?) {
                        distinct.push(place);
                    }
                }
                distinct
            }
        })
    }

    /// Returns the first element with each of the ids.
    fn by_id(&self, ids: Value<'d>) -> Result<Vec<Place>, TooMuchWork> {
        let texts = match ids {
            Value::Nodes(nodes) => {
                nodes.into_iter().map(|node| self.string_value(node)).collect::<Result<Vec<_>, _>>()?
            }
            other => vec![other.text(self)?],
        };
        let mut ids: HashSet<&str> = texts.iter().flat_map(|text| text.split(is_space)).collect();
        self.work(self.dom.nodes().len())?;
        let with_id = self
            .dom
            .elements(self.dom.whole())
            .filter(|at| self.dom.attribute(*at, known::ID).is_some_and(|id| !id.is_empty() && ids.remove(id)));
        Ok(with_id.map(Place::node).collect())
    }

    fn text_of_call(
        &self,
        function: Function,
        arguments: &[Expr],
        context: Context,
    ) -> Result<Cow<'d, str>, TooMuchWork> {
        if matches!(function, Function::Name | Function::LocalName | Function::NamespaceUri) {
            let nodes = self.nodes(&arguments[0], context)?;
            return Ok(match (nodes.first(), function) {
                (Some(first), Function::Name) => self.name(*first).into_owned().into(),
                (Some(first), Function::LocalName) => self.local_name(*first).to_owned().into(),
                _ => Cow::Borrowed(""),
            });
        }
        let text = self.text(&arguments[0], context)?;
        self.copy(text.len())?;
        let argument = |nth: usize| self.text(&arguments[nth], context);
        let cut = |text: &Cow<'d, str>, range: std::ops::Range<usize>| match text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[range]),
            Cow::Owned(text) => Cow::Owned(text[range].to_owned()),
        };
        Ok(match function {
            Function::NormalizeSpace => {
                let words: Vec<&str> = text.split(is_space).filter(|word| !word.is_empty()).collect();
                words.join(" ").into()
            }
            Function::Concat => {
                let mut all = text.into_owned();
                for argument in &arguments[1..] {
                    let text = self.text(argument, context)?;
                    self.copy(text.len())?;
                    all.push_str(&text);
                }
                all.into()
            }
            Function::SubstringBefore => {
                let end = text.find(&*argument(1)?).unwrap_or(0);
                cut(&text, 0..end)
            }
            Function::SubstringAfter => {
                let separator = argument(1)?;
                let start = text.find(&*separator).map_or(text.len(), |at| at + separator.len());
                cut(&text, start..text.len())
            }
            Function::Substring => {
                let number = |nth: usize| self.evaluate(&arguments[nth], context)?.number(self);
                let start = round(number(1)?);
                let end = if arguments.len() > 2 { start + round(number(2)?) } else { f64::INFINITY };
                let is_in = |position: u32| f64::from(position) >= start && f64::from(position) < end;
                text.chars().zip(1..).filter(|(_, position)| is_in(*position)).map(|(character, _)| character).collect()
            }
            Function::Translate => {
                let (from, to) = (argument(1)?, argument(2)?);
                translate(&text, &from, &to).into()
            }
            _ => text,
        })
    }

    fn number_of_call(&self, function: Function, arguments: &[Expr], context: Context) -> Result<f64, TooMuchWork> {
        let number = || self.evaluate(&arguments[0], context)?.number(self);
        #[expect(clippy::cast_precision_loss, reason = "a page has fewer than 2^52 nodes and characters")]
        let count = |count: usize| count as f64;
        Ok(match function {
            Function::Position => count(context.position),
            Function::Last => count(context.size),
            Function::Count => count(self.nodes(&arguments[0], context)?.len()),
            Function::Ceiling => number()?.ceil(),
            Function::Floor => number()?.floor(),
            Function::Round => round(number()?),
            Function::StringLength => {
                let text = self.text(&arguments[0], context)?;
                self.copy(text.len())?;
                count(text.chars().count())
            }
            Function::Sum => {
                let mut sum = 0.0;
                for node in self.nodes(&arguments[0], context)? {
                    sum += text_number(&self.string_value(node)?);
                }
                sum
            }
            _ => number()?,
        })
    }

    fn truth_of_call(&self, function: Function, arguments: &[Expr], context: Context) -> Result<bool, TooMuchWork> {
        Ok(match function {
            Function::True => true,
            Function::False => false,
            Function::Not => !self.truth(&arguments[0], context)?,
            Function::Contains | Function::StartsWith => {
                let (text, part) = (self.text(&arguments[0], context)?, self.text(&arguments[1], context)?);
                self.copy(text.len())?;
                if function == Function::Contains { text.contains(&*part) } else { text.starts_with(&*part) }
            }
            Function::Lang => self.has_language(context.node, &self.text(&arguments[0], context)?)?,
            Function::HasClass => {
                let at = Some(context.node).filter(|node| !node.is_attribute()).map(Place::at);
                let Some(classes) = at.and_then(|at| self.dom.attribute(at, known::CLASS)) else { return Ok(false) };
                for class in arguments {
                    let class = self.text(class, context)?;
                    self.copy(classes.len())?;
                    if !classes.split_ascii_whitespace().any(|its| its == class) {
                        return Ok(false);
                    }
                }
                true
            }
            Function::SetHasSameNode => {
                let (one, other) = (self.nodes(&arguments[0], context)?, self.nodes(&arguments[1], context)?);
                self.work(one.len())?;
                one.iter().any(|place| other.binary_search(place).is_ok())
            }
            _ => self.truth(&arguments[0], context)?,
        })
    }

    fn local_name(&self, place: Place) -> &str {
        if place.is_attribute() || self.dom.node(place.at()).is_element() {
            return name::local(self.dom, place);
        }
        match self.dom.node(place.at()).kind() {
            Kind::Instruction => self.target(place.at()),
            _ => "",
        }
    }

    /// Whether the nearest `xml:lang` above a node is this language, or a dialect of it.
    fn has_language(&self, place: Place, language: &str) -> Result<bool, TooMuchWork> {
        let mut at = place.at();
        loop {
            self.work(1)?;
            let is_it = |it: &&crate::scrape::document::Attribute| {
                it.namespace() == AttributeNamespace::Xml && self.dom.name_text(it.name()) == "lang"
            };
            if let Some(found) = self.dom.attributes(at).iter().find(is_it).map(|it| self.dom.value(it)) {
                let (start, rest) = found.split_at_checked(language.len()).unwrap_or((found, ""));
                return Ok(start.eq_ignore_ascii_case(language) && (rest.is_empty() || rest.starts_with('-')));
            }
            if at == 0 {
                return Ok(false);
            }
            at = self.dom.node(at).parent();
        }
    }

    pub(super) fn replace(&self, text: &str, replacement: &Replacement) -> Result<String, TooMuchWork> {
        let mut replaced = String::new();
        let mut done = 0;
        for captures in replacement.regex.captures_iter(text) {
            let whole = captures.get_match();
            let before = replaced.len();
            replaced.push_str(&text[done..whole.start()]);
            for piece in &replacement.pieces {
                match piece {
                    Piece::Text(text) => replaced.push_str(text),
                    Piece::Group(group) => replaced.push_str(captures.get(*group).map_or("", |group| group.as_str())),
                }
            }
            self.copy(replaced.len() - before)?;
            done = whole.end();
            if !replacement.all {
                break;
            }
        }
        replaced.push_str(&text[done..]);
        self.copy(replaced.len())?;
        Ok(replaced)
    }
}

/// Rounds half up, as `XPath` does. Numbers between -0.5 and 0 become the negative zero.
fn round(number: f64) -> f64 {
    let floor = number.floor();
    let rounded = if number - floor >= 0.5 { floor + 1.0 } else { floor };
    if number.is_sign_negative() && rounded == 0.0 {
        -0.0
    } else if number.is_finite() {
        rounded
    } else {
        number
    }
}

/// Replaces each character of `from` by the one at the same place of `to`, or by nothing.
fn translate(text: &str, from: &str, to: &str) -> String {
    let mut pairs = HashMap::new();
    let mut to = to.chars();
    for character in from.chars() {
        // The first of several places counts.
        let other = to.next();
        pairs.entry(character).or_insert(other);
    }
    text.chars().filter_map(|character| pairs.get(&character).copied().unwrap_or(Some(character))).collect()
}
