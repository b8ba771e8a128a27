//! Collects what is wrong with a rule.

use super::first_of::Outer;
use crate::config::error::{Complaint, Problem, ProblemKind};
use crate::config::place::Place;
use crate::config::written::{Key, Node, Table};

/// Goes through a rule and collects what is wrong. A method gives `None` if it has found something.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) problems: Vec<Problem>,
}

/// Where a rule stands.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    /// The full name for messages: `extract.quotes.text`.
    pub(super) name: &'a str,
    /// The place of its key, or of the rule itself if it has no key.
    pub(super) place: &'a Place,
    pub(super) around: Around,
    /// The `first_of` around it.
    pub(super) outer: Option<&'a Outer<'a>>,
}

/// What a rule reads from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    Page,
    /// The element that an `each` selects.
    Element,
    /// The value of JSON that an `each` selects.
    Json,
}

/// Finds a key of a table.
pub(super) fn entry<'t>(table: &'t Table, name: &str) -> Option<(&'t Key, &'t Node)> {
    table.iter().find(|(key, _)| key.name == name).map(|(key, node)| (key, node))
}

impl Reader {
    pub(super) fn check<T>(&mut self, name: &str, node: &Node, result: Result<T, Complaint>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(complaint) => {
                self.refuse(name, node, complaint);
                None
            }
        }
    }

    pub(super) fn refuse(&mut self, name: &str, node: &Node, complaint: Complaint) {
        self.push(node.problem(name, complaint));
    }

    pub(super) fn refuse_at(&mut self, name: &str, place: &Place, message: &str, help: &str) {
        let problem = Problem::new(ProblemKind::BadValue, format!("`{name}` {message}"), place.clone());
        self.push(problem.with_help(help));
    }

    /// Adds a problem. Several rules of a `first_of` may find the same problem with a key that they share.
    pub(super) fn push(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    pub(super) fn boolean(&mut self, name: &str, node: &Node) -> Option<bool> {
        let truth = node.boolean().ok_or_else(|| Complaint::new("must be true or false"));
        self.check(name, node, truth)
    }

    /// Reads a value whose only choice is `true`.
    pub(super) fn is_true(&mut self, name: &str, node: &Node) -> Option<()> {
        let truth = match node.boolean() {
            Some(true) => Ok(()),
            _ => Err(Complaint::new("must be true").with_help("leave it out if it is not wanted")),
        };
        self.check(name, node, truth)
    }

    pub(super) fn string<'n>(&mut self, name: &str, node: &'n Node) -> Option<&'n str> {
        let text = node.string().ok_or_else(|| Complaint::new("must be a string"));
        self.check(name, node, text)
    }

    /// Reads a string that has something in it.
    pub(super) fn text(&mut self, name: &str, node: &Node) -> Option<String> {
        let text = self.string(name, node)?;
        let text = if text.is_empty() { Err(Complaint::new("must not be empty")) } else { Ok(text.to_owned()) };
        self.check(name, node, text)
    }
}
