//! Reads a path by the grammar of RFC 9535, and checks its types (section 2.4.3).

use super::super::Json;
use super::syntax::{Comparable, Logical, Match, Operator, Pattern, Query, Segment, Selector, Start};
use super::{JsonPath, JsonPathError, regexp};

/// How deep filters, parentheses and functions may nest. It bounds the recursion here and in `filter`.
const MAX_DEPTH: usize = 50;

/// The largest index and the largest number in a slice (RFC 7493, "I-JSON").
const MAX_INTEGER: i64 = (1 << 53) - 1;

/// Reads a whole path.
pub(super) fn path(text: &str) -> Result<JsonPath, JsonPathError> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    if !parser.takes("$") {
        let length = text.len() - text.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').len();
        let length = length.max(text.chars().next().map_or(0, char::len_utf8));
        return Err(error(0, length, "a path begins with \"$\", which stands for the whole document"));
    }
    let segments = parser.segments()?;
    if parser.at < text.len() {
        return Err(parser.unexpected("\".name\", \"[..]\" or the end of the path"));
    }
    Ok(JsonPath { segments })
}

pub(super) fn error(offset: usize, length: usize, message: impl Into<String>) -> JsonPathError {
    JsonPathError { offset, length, message: message.into(), suggestion: None }
}

pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    depth: usize,
}

/// What may stand on one side of a comparison or alone in a filter.
enum Operand {
    Literal(Json),
    Query(Query),
    /// The result of a function that is a value.
    Value(Comparable),
    /// The result of a function that is true or false.
    Truth(Logical),
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn takes(&mut self, token: &str) -> bool {
        let is_here = self.text[self.at..].starts_with(token);
        self.at += if is_here { token.len() } else { 0 };
        is_here
    }

    fn expect(&mut self, token: &str) -> Result<(), JsonPathError> {
        if self.takes(token) { Ok(()) } else { Err(self.unexpected(&format!("{token:?}"))) }
    }

    fn blank(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn unexpected(&self, expected: &str) -> JsonPathError {
        let found = self.text[self.at..].chars().next();
        let what = found.map_or("the end of the path".to_owned(), |found| format!("{found:?}"));
        error(self.at, found.map_or(0, char::len_utf8), format!("expected {expected}, found {what}"))
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, JsonPathError>) -> Result<T, JsonPathError> {
        if self.depth == MAX_DEPTH {
            return Err(error(self.at, 1, format!("filters nest more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// Reads the steps after `$` or `@`. White space after the last step is left.
    fn segments(&mut self) -> Result<Vec<Segment>, JsonPathError> {
        let mut segments = Vec::new();
        loop {
            let before = self.at;
            self.blank();
            match self.peek() {
                Some(b'[') => segments.push(Segment::Child(self.brackets()?)),
                Some(b'.') => segments.push(self.dotted()?),
                _ => {
                    self.at = before;
                    return Ok(segments);
                }
            }
        }
    }

    fn dotted(&mut self) -> Result<Segment, JsonPathError> {
        let is_descendant = self.takes("..");
        if !is_descendant {
            self.at += 1;
        }
        let selectors = match self.peek() {
            Some(b'*') => {
                self.at += 1;
                vec![Selector::Wildcard]
            }
            Some(b'[') if is_descendant => self.brackets()?,
            _ => vec![Selector::Name(self.member_name()?)],
        };
        Ok(if is_descendant { Segment::Descendant(selectors) } else { Segment::Child(selectors) })
    }

    /// Reads a name without quotes.
    fn member_name(&mut self) -> Result<String, JsonPathError> {
        let rest = &self.text[self.at..];
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii();
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        if length == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(self.unexpected("a name or \"*\" (names with other characters: ['my-name'])"));
        }
        self.at += length;
        Ok(rest[..length].to_owned())
    }

    fn brackets(&mut self) -> Result<Vec<Selector>, JsonPathError> {
        let start = self.at;
        self.at += 1;
        let mut selectors = Vec::new();
        loop {
            self.blank();
            selectors.push(self.selector()?);
            self.blank();
            if self.takes("]") {
                return Ok(selectors);
            }
            if self.at == self.text.len() {
                return Err(error(start, self.at - start, "the bracket is not closed"));
            }
            if !self.takes(",") {
                return Err(self.unexpected("\",\" or \"]\""));
            }
        }
    }

    fn selector(&mut self) -> Result<Selector, JsonPathError> {
        match self.peek() {
            Some(quote @ (b'"' | b'\'')) => self.string(quote).map(Selector::Name),
            Some(b'*') => {
                self.at += 1;
                Ok(Selector::Wildcard)
            }
            Some(b'?') => {
                self.at += 1;
                self.blank();
                self.deeper(Self::logical).map(Selector::Filter)
            }
            Some(b'-' | b'0'..=b'9' | b':') => self.index_or_slice(),
            _ => Err(self.unexpected("an index, a name in quotes, \"*\", \":\" or a filter \"?\"")),
        }
    }

    fn index_or_slice(&mut self) -> Result<Selector, JsonPathError> {
        let start = self.integer()?;
        let after_start = self.at;
        self.blank();
        if !self.takes(":") {
            self.at = after_start;
            return match start {
                Some(index) => Ok(Selector::Index(index)),
                None => Err(self.unexpected("an index")),
            };
        }
        self.blank();
        let end = self.integer()?;
        let after_end = self.at;
        self.blank();
        if !self.takes(":") {
            self.at = after_end;
            return Ok(Selector::Slice { start, end, step: 1 });
        }
        self.blank();
        let step = self.integer()?.unwrap_or(1);
        Ok(Selector::Slice { start, end, step })
    }

    fn integer(&mut self) -> Result<Option<i64>, JsonPathError> {
        let start = self.at;
        self.takes("-");
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        let written = &self.text[start..self.at];
        let wrong = |message| Err(error(start, written.len(), message));
        let digits = written.trim_start_matches('-');
        if written.is_empty() {
            return Ok(None);
        }
        if digits.is_empty() || (digits.starts_with('0') && written != "0") {
            return wrong("a whole number has digits and does not begin with 0");
        }
        match written.parse() {
            Ok(number) if (-MAX_INTEGER..=MAX_INTEGER).contains(&number) => Ok(Some(number)),
            _ => wrong("an index has at most 53 bits"),
        }
    }

    /// `a || b || c`
    fn logical(&mut self) -> Result<Logical, JsonPathError> {
        let mut parts = vec![self.conjunction()?];
        while self.continues_with("||") {
            parts.push(self.conjunction()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Logical::Or(parts) })
    }

    /// `a && b && c`
    fn conjunction(&mut self) -> Result<Logical, JsonPathError> {
        let mut parts = vec![self.condition()?];
        while self.continues_with("&&") {
            parts.push(self.condition()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Logical::And(parts) })
    }

    fn continues_with(&mut self, operator: &str) -> bool {
        let before = self.at;
        self.blank();
        let continues = self.takes(operator);
        if continues {
            self.blank();
        } else {
            self.at = before;
        }
        continues
    }

    /// A comparison, a test, or an expression in parentheses.
    fn condition(&mut self) -> Result<Logical, JsonPathError> {
        let is_negated = self.takes("!");
        if is_negated {
            self.blank();
        }
        let negated = |logical| if is_negated { Logical::Not(Box::new(logical)) } else { logical };
        if self.takes("(") {
            self.blank();
            let inside = self.deeper(Self::logical)?;
            self.blank();
            self.expect(")")?;
            return Ok(negated(inside));
        }
        let start = self.at;
        let left = self.operand()?;
        let after_left = self.at;
        self.blank();
        let operator_at = self.at;
        let Some(operator) = self.operator() else {
            self.at = after_left;
            return test(left, start, after_left).map(negated);
        };
        if is_negated {
            return Err(error(operator_at, 1, "\"!\" before a comparison needs parentheses: !(a == b)"));
        }
        let left = comparable(left, start, after_left)?;
        self.blank();
        let start = self.at;
        let right = self.operand()?;
        Ok(Logical::Compare(left, operator, comparable(right, start, self.at)?))
    }

    fn operator(&mut self) -> Option<Operator> {
        const OPERATORS: [(&str, Operator); 6] = [
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        OPERATORS.into_iter().find(|(token, _)| self.takes(token)).map(|(_, operator)| operator)
    }

    fn operand(&mut self) -> Result<Operand, JsonPathError> {
        match self.peek() {
            Some(b'$' | b'@') => self.query().map(Operand::Query),
            Some(quote @ (b'"' | b'\'')) => Ok(Operand::Literal(Json::String(self.string(quote)?))),
            Some(b'-' | b'0'..=b'9') => self.number().map(Operand::Literal),
            Some(b'a'..=b'z') => self.word(),
            _ => Err(self.unexpected("\"@\", \"$\", a string, a number, true, false, null or a function")),
        }
    }

    fn query(&mut self) -> Result<Query, JsonPathError> {
        let start = if self.takes("$") { Start::Root } else { Start::Current };
        self.at += usize::from(start == Start::Current);
        Ok(Query { start, segments: self.segments()? })
    }

    /// Reads a number in the grammar of JSON.
    fn number(&mut self) -> Result<Json, JsonPathError> {
        let rest = &self.text[self.at..];
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E');
        let written = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        match super::super::parse(written) {
            Ok(number) => {
                self.at += written.len();
                Ok(number)
            }
            Err(_) => Err(error(self.at, written.len(), format!("{written:?} is not a number of JSON"))),
        }
    }

    /// Reads `true`, `false`, `null` or a function.
    fn word(&mut self) -> Result<Operand, JsonPathError> {
        let start = self.at;
        let rest = &self.text[start..];
        let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let word = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        self.at += word.len();
        match word {
            "true" => return Ok(Operand::Literal(Json::Bool(true))),
            "false" => return Ok(Operand::Literal(Json::Bool(false))),
            "null" => return Ok(Operand::Literal(Json::Null)),
            "length" | "count" | "value" | "match" | "search" => {}
            _ => {
                let message = format!("{word:?} is not a function: there are length, count, value, match and search");
                return Err(error(start, word.len(), message));
            }
        }
        self.expect("(")?;
        self.blank();
        let called = match word {
            "length" => Operand::Value(Comparable::Length(Box::new(self.deeper(Self::value_argument)?))),
            "count" => Operand::Value(Comparable::Count(self.query_argument(word)?)),
            "value" => Operand::Value(Comparable::Value(self.query_argument(word)?)),
            _ => Operand::Truth(self.match_arguments(word == "match")?),
        };
        self.blank();
        self.expect(")")?;
        Ok(called)
    }

    fn value_argument(&mut self) -> Result<Comparable, JsonPathError> {
        let start = self.at;
        let operand = self.operand()?;
        comparable(operand, start, self.at)
    }

    fn query_argument(&mut self, function: &str) -> Result<Query, JsonPathError> {
        match self.peek() {
            Some(b'$' | b'@') => self.deeper(Self::query),
            _ => {
                Err(self.unexpected(&format!("a path, such as @.* ({function}() counts or reads what a path selects)")))
            }
        }
    }

    fn match_arguments(&mut self, whole: bool) -> Result<Logical, JsonPathError> {
        let text = self.deeper(Self::value_argument)?;
        self.blank();
        self.expect(",")?;
        self.blank();
        let start = self.at;
        let pattern = match self.deeper(Self::value_argument)? {
            Comparable::Literal(Json::String(pattern)) => match regexp::compile(&pattern, whole) {
                Ok(regex) => Pattern::Known(regex),
                Err(wrong) => {
                    let wrong = wrong.to_string();
                    let reason = wrong.lines().last().unwrap_or_default().trim_start_matches("error: ");
                    let message = format!("{pattern:?} is not a valid regular expression: {reason}");
                    return Err(error(start, self.at - start, message));
                }
            },
            other => Pattern::Unknown(other),
        };
        Ok(Logical::Matches(Box::new(Match { text, pattern, whole })))
    }
}

/// Makes a side of a comparison, or an argument that must be one value. It was written from `start` to `end`.
fn comparable(operand: Operand, start: usize, end: usize) -> Result<Comparable, JsonPathError> {
    let wrong = |message| Err(error(start, end - start, message));
    match operand {
        Operand::Literal(json) => Ok(Comparable::Literal(json)),
        Operand::Query(query) if query.is_singular() => Ok(Comparable::Query(query)),
        Operand::Query(_) => wrong("this path may select several values, which have no comparison: use value(..)"),
        Operand::Value(value) => Ok(value),
        Operand::Truth(_) => wrong("match(..) and search(..) are true or false and are not compared"),
    }
}

/// Makes a condition of an operand that is not compared.
fn test(operand: Operand, start: usize, end: usize) -> Result<Logical, JsonPathError> {
    let wrong = |message| Err(error(start, end - start, message));
    match operand {
        Operand::Query(query) => Ok(Logical::Exists(query)),
        Operand::Truth(logical) => Ok(logical),
        Operand::Literal(_) => wrong("this value must be compared with something, such as @.name == \"value\""),
        Operand::Value(_) => wrong("the result of this function must be compared, such as length(@.name) > 3"),
    }
}
