//! Compiled expressions.

use regex::Regex;

use super::name::NameTest;

/// An expression. The type of every expression is known before it meets a page, because there are no variables.
#[derive(Debug)]
pub(super) enum Expr {
    Or(Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    /// `=`, or `!=` if the first field is false.
    Equality(bool, Box<Expr>, Box<Expr>),
    Order(Order, Box<Expr>, Box<Expr>),
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    Negate(Box<Expr>),
    Union(Box<Expr>, Box<Expr>),
    Path(Path),
    Text(String),
    Number(f64),
    Call(Function, Vec<Expr>),
    /// `re:test(text, "pattern")`
    Test(Box<Expr>, Regex),
    /// `re:replace(text, "pattern", "flags", "replacement")`
    Replace(Box<Expr>, Replacement),
}

/// The type of an expression's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XPathType {
    /// Nodes of the document.
    Nodes,
    /// A string.
    String,
    /// A number.
    Number,
    /// True or false.
    Boolean,
}

/// Where a path starts, and its steps.
#[derive(Debug)]
pub(super) struct Path {
    pub(super) start: Start,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug)]
pub(super) enum Start {
    /// The document node: `/..`
    Root,
    /// The context node.
    Context,
    /// The nodes of an expression, filtered by predicates: `(..)[1]/..`
    Nodes(Box<Expr>, Vec<Predicate>),
}

#[derive(Debug)]
pub(super) struct Step {
    pub(super) axis: Axis,
    pub(super) test: Test,
    pub(super) predicates: Vec<Predicate>,
}

#[derive(Debug)]
pub(super) enum Predicate {
    /// `[3]`
    Nth(usize),
    /// Depends on the place of a node among its siblings of the axis: `[last()]`, `[position() < 3]`, `[count(a)]`.
    Positional(Expr),
    /// Depends only on the node.
    Plain(Expr),
}

/// The axes, except `namespace`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Ancestor,
    AncestorOrSelf,
    Attribute,
    Child,
    Descendant,
    DescendantOrSelf,
    Following,
    FollowingSibling,
    Parent,
    Preceding,
    PrecedingSibling,
    Itself,
}

#[derive(Debug)]
pub(super) enum Test {
    /// `node()`
    Node,
    /// `text()`
    Text,
    /// `comment()`
    Comment,
    /// `processing-instruction()`, with or without a target.
    Instruction(Option<String>),
    /// A name, `*`, or `prefix:*`. On the axis `attribute` it means attributes, and elements elsewhere.
    Name(NameTest),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// The functions, except those with a regular expression. A function that may read the context node instead of an
/// argument always has the argument here: `string()` is compiled as `string(.)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Boolean,
    Ceiling,
    Concat,
    Contains,
    Count,
    False,
    Floor,
    HasClass,
    Id,
    Lang,
    Last,
    LocalName,
    Name,
    NamespaceUri,
    NormalizeSpace,
    Not,
    Number,
    Position,
    Round,
    StartsWith,
    String,
    StringLength,
    Substring,
    SubstringAfter,
    SubstringBefore,
    Sum,
    Translate,
    True,
    SetDifference,
    SetDistinct,
    SetHasSameNode,
    SetIntersection,
    SetLeading,
    SetTrailing,
}

/// A compiled `re:replace`.
#[derive(Debug)]
pub(super) struct Replacement {
    pub(super) regex: Regex,
    /// Whether every match is replaced, not only the first.
    pub(super) all: bool,
    pub(super) pieces: Vec<Piece>,
}

/// A piece of the text that replaces a match.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Group(usize),
}

impl Step {
    /// Whether the result depends on the place of nodes on the axis of one context node.
    pub(super) fn is_positional(&self) -> bool {
        self.predicates.iter().any(|predicate| !matches!(predicate, Predicate::Plain(_)))
    }
}

impl Expr {
    pub(super) fn kind(&self) -> XPathType {
        match self {
            Self::Or(..) | Self::And(..) | Self::Equality(..) | Self::Order(..) | Self::Test(..) => XPathType::Boolean,
            Self::Arithmetic(..) | Self::Negate(_) | Self::Number(_) => XPathType::Number,
            Self::Union(..) | Self::Path(_) => XPathType::Nodes,
            Self::Text(_) | Self::Replace(..) => XPathType::String,
            Self::Call(function, _) => function.gives(),
        }
    }

    /// Whether it asks for `position()` or `last()` of its own context.
    pub(super) fn asks_for_position(&self) -> bool {
        match self {
            Self::Or(one, other)
            | Self::And(one, other)
            | Self::Equality(_, one, other)
            | Self::Order(_, one, other)
            | Self::Arithmetic(_, one, other)
            | Self::Union(one, other) => one.asks_for_position() || other.asks_for_position(),
            Self::Negate(one) | Self::Test(one, _) | Self::Replace(one, _) => one.asks_for_position(),
            // Predicates have contexts of their own.
            Self::Path(Path { start: Start::Nodes(nodes, _), .. }) => nodes.asks_for_position(),
            Self::Path(_) | Self::Text(_) | Self::Number(_) => false,
            Self::Call(Function::Position | Function::Last, _) => true,
            Self::Call(_, arguments) => arguments.iter().any(Self::asks_for_position),
        }
    }

    /// Whether it can only give elements.
    pub(super) fn gives_elements(&self) -> bool {
        match self {
            Self::Union(one, other) => one.gives_elements() && other.gives_elements(),
            Self::Path(Path { start, steps }) => match (steps.last(), start) {
                (Some(Step { axis, test, .. }), _) => *axis != Axis::Attribute && matches!(test, Test::Name(_)),
                (None, Start::Nodes(nodes, _)) => nodes.gives_elements(),
                (None, _) => false,
            },
            Self::Call(function, arguments) => match function {
                Function::Id => true,
                Function::SetDifference
                | Function::SetDistinct
                | Function::SetIntersection
                | Function::SetLeading
                | Function::SetTrailing => arguments[0].gives_elements(),
                _ => false,
            },
            _ => false,
        }
    }
}
