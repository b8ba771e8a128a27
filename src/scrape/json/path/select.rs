//! Finds the values that a path selects.

use super::super::Json;
use super::budget::{Budget, TooMany};
use super::syntax::{Query, Segment, Selector, Start};

/// The keys that are compared in one step.
const KEYS_OF_A_STEP: usize = 8;

/// One use of a path.
pub(super) struct Run<'j> {
    root: &'j Json,
    pub(super) budget: Budget<'j>,
}

impl<'j> Run<'j> {
    pub(super) fn new(root: &'j Json) -> Self {
        Self { root, budget: Budget::new(root) }
    }

    /// Returns the values to which the segments lead from `start`.
    pub(super) fn nodes(&self, segments: &[Segment], start: &'j Json) -> Result<Vec<&'j Json>, TooMany> {
        let mut nodes = vec![start];
        for segment in segments {
            let mut found = Vec::new();
            for node in nodes {
                match segment {
                    Segment::Child(selectors) => self.children(node, selectors, &mut found)?,
                    Segment::Descendant(selectors) => self.descendants(node, selectors, &mut found)?,
                }
            }
            nodes = found;
        }
        Ok(nodes)
    }

    /// Returns the values of a query in a filter. `current` is what the filter judges.
    pub(super) fn query(&self, query: &Query, current: &'j Json) -> Result<Vec<&'j Json>, TooMany> {
        self.nodes(&query.segments, self.start(query, current))
    }

    /// Returns the value of a query that selects at most one.
    pub(super) fn single(&self, query: &Query, current: &'j Json) -> Result<Option<&'j Json>, TooMany> {
        let mut node = self.start(query, current);
        for segment in &query.segments {
            let (Segment::Child(selectors) | Segment::Descendant(selectors)) = segment;
            let found = match &selectors[..] {
                [Selector::Name(name)] => self.named(node, name)?,
                [Selector::Index(index)] => self.at_index(node, *index)?,
                _ => None,
            };
            match found {
                Some(found) => node = found,
                None => return Ok(None),
            }
        }
        Ok(Some(node))
    }

    fn start(&self, query: &Query, current: &'j Json) -> &'j Json {
        match query.start {
            Start::Root => self.root,
            Start::Current => current,
        }
    }

    /// Selects from the children of the value and of everything below it. Values nest less than `MAX_DEPTH` deep, so
    /// the recursion is bounded.
    fn descendants(&self, node: &'j Json, selectors: &[Selector], found: &mut Vec<&'j Json>) -> Result<(), TooMany> {
        self.budget.spend(1)?;
        self.children(node, selectors, found)?;
        match node {
            Json::Array(values) => values.iter().try_for_each(|value| self.descendants(value, selectors, found)),
            Json::Object(entries) => {
                entries.iter().try_for_each(|(_, value)| self.descendants(value, selectors, found))
            }
            _ => Ok(()),
        }
    }

    fn children(&self, node: &'j Json, selectors: &[Selector], found: &mut Vec<&'j Json>) -> Result<(), TooMany> {
        for selector in selectors {
            match selector {
                Selector::Name(name) => found.extend(self.named(node, name)?),
                Selector::Index(index) => found.extend(self.at_index(node, *index)?),
                Selector::Slice { start, end, step } => {
                    if let Json::Array(values) = node {
                        self.slice(values, *start, *end, *step, found)?;
                    }
                }
                Selector::Wildcard => {
                    let before = found.len();
                    match node {
                        Json::Array(values) => found.extend(values),
                        Json::Object(entries) => found.extend(entries.iter().map(|(_, value)| value)),
                        _ => {}
                    }
                    self.budget.spend(found.len() - before)?;
                }
                Selector::Filter(filter) => {
                    let mut judge = |value: &'j Json| {
                        self.budget.spend(1)?;
                        if self.is_true(filter, value)? {
                            found.push(value);
                        }
                        Ok(())
                    };
                    match node {
                        Json::Array(values) => values.iter().try_for_each(&mut judge)?,
                        Json::Object(entries) => entries.iter().try_for_each(|(_, value)| judge(value))?,
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }

    fn named(&self, node: &'j Json, name: &str) -> Result<Option<&'j Json>, TooMany> {
        if let Json::Object(entries) = node {
            self.budget.spend(1 + entries.len() / KEYS_OF_A_STEP)?;
        }
        Ok(node.get(name))
    }

    fn at_index(&self, node: &'j Json, index: i64) -> Result<Option<&'j Json>, TooMany> {
        self.budget.spend(1)?;
        let Json::Array(values) = node else { return Ok(None) };
        let index = if index < 0 { index + length(values) } else { index };
        Ok(usize::try_from(index).ok().and_then(|index| values.get(index)))
    }

    /// RFC 9535, section 2.3.4.2.2.
    fn slice(
        &self,
        values: &'j [Json],
        start: Option<i64>,
        end: Option<i64>,
        step: i64,
        found: &mut Vec<&'j Json>,
    ) -> Result<(), TooMany> {
        let length = length(values);
        let from_front = |index: i64| if index < 0 { index + length } else { index };
        let indices = if step > 0 {
            let start = from_front(start.unwrap_or(0)).clamp(0, length);
            let end = from_front(end.unwrap_or(length)).clamp(0, length);
            (start, end - start)
        } else {
            let start = from_front(start.unwrap_or(length - 1)).clamp(-1, length - 1);
            let end = end.map_or(-1, |end| from_front(end).clamp(-1, length - 1));
            (start, start - end)
        };
        let (mut index, mut distance) = indices;
        while distance > 0 && step != 0 {
            self.budget.spend(1)?;
            found.extend(usize::try_from(index).ok().and_then(|index| values.get(index)));
            index = index.saturating_add(step);
            distance -= step.saturating_abs();
        }
        Ok(())
    }
}

fn length(values: &[Json]) -> i64 {
    i64::try_from(values.len()).unwrap_or(i64::MAX)
}
