//! What a path consists of. The names are those of RFC 9535.

use regex::Regex;

use super::super::Json;

/// One step of a path.
#[derive(Debug, Clone)]
pub(super) enum Segment {
    /// `[..]` or `.name`: selects from the children.
    Child(Vec<Selector>),
    /// `..[..]` or `..name`: selects from the children of the value and of everything below it.
    Descendant(Vec<Selector>),
}

#[derive(Debug, Clone)]
pub(super) enum Selector {
    Name(String),
    Wildcard,
    /// A negative index counts from the end.
    Index(i64),
    Slice {
        start: Option<i64>,
        end: Option<i64>,
        step: i64,
    },
    Filter(Logical),
}

/// A filter expression, which is true or false.
#[derive(Debug, Clone)]
pub(super) enum Logical {
    Or(Vec<Logical>),
    And(Vec<Logical>),
    Not(Box<Logical>),
    Compare(Comparable, Operator, Comparable),
    /// The query selects at least one value.
    Exists(Query),
    Matches(Box<Match>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What gives one value or nothing.
#[derive(Debug, Clone)]
pub(super) enum Comparable {
    Literal(Json),
    /// A query that selects at most one value, by its form.
    Query(Query),
    Length(Box<Comparable>),
    Count(Query),
    /// The only value of a query, or nothing.
    Value(Query),
}

/// A path inside a filter.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) start: Start,
    pub(super) segments: Vec<Segment>,
}

impl Query {
    /// Whether the form of the query says that it selects at most one value.
    pub(super) fn is_singular(&self) -> bool {
        let is_one = |segment: &Segment| {
            let Segment::Child(selectors) = segment else { return false };
            matches!(selectors[..], [Selector::Name(_) | Selector::Index(_)])
        };
        self.segments.iter().all(is_one)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// `$`
    Root,
    /// `@`
    Current,
}

/// `match(text, pattern)` or `search(text, pattern)`
#[derive(Debug, Clone)]
pub(super) struct Match {
    pub(super) text: Comparable,
    pub(super) pattern: Pattern,
    /// Whether the pattern must match the whole text.
    pub(super) whole: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Pattern {
    /// A literal, which is compiled once.
    Known(Regex),
    /// A pattern from the document.
    Unknown(Comparable),
}
