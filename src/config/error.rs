//! What can be wrong with settings.

use std::fmt;
use std::ops::Range;

use super::place::Place;

/// Everything that is wrong with the settings, in the order of the layers, and within a layer in the order of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    problems: Vec<Problem>,
}

impl SettingsError {
    /// `Err` with all of `problems`, if there are any.
    pub(super) fn unless_empty(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self::of(problems)) }
    }

    /// All of `problems`, which must have at least one.
    pub(super) fn of(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// What is wrong; never empty.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl std::error::Error for SettingsError {}

/// Every problem with an excerpt of its source, as plain text of several lines.
impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.problems.len() > 1 {
            write!(f, "{} errors in the settings\n\n", self.problems.len())?;
        }
        for (number, problem) in self.problems.iter().enumerate() {
            if number > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    kind: ProblemKind,
    message: String,
    place: Option<Place>,
    help: Vec<String>,
}

/// What sort of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// The settings file cannot be read.
    Unreadable,
    /// Nobody named the settings file of the current folder, and it may belong to somebody else.
    Untrusted,
    /// It is not valid TOML.
    Syntax,
    /// No setting has this name.
    UnknownName,
    /// The setting cannot have this value.
    BadValue,
    /// Two settings contradict each other.
    Conflict,
}

impl Problem {
    pub(super) fn new(kind: ProblemKind, message: impl Into<String>, place: Place) -> Self {
        Self { kind, message: message.into(), place: Some(place), help: Vec::new() }
    }

    #[must_use]
    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// What sort of problem it is.
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The problem in one line, without its place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where it was written.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let margin = self.place.as_ref().map_or(1, Place::margin);
        if let Some(place) = &self.place {
            place.write_excerpt(f)?;
        }
        for help in &self.help {
            write!(f, "\n{:margin$} = help: {help}", "")?;
        }
        Ok(())
    }
}

/// What is wrong with a value, before it is known which setting it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Complaint {
    /// The bytes of the string that are wrong, if not all of it is.
    pub(super) at: Option<Range<usize>>,
    /// Where that is, if it is already known: an item of a list has its own place.
    pub(super) place: Option<Place>,
    /// Follows the name of the setting: "must be ...".
    pub(super) message: String,
    /// The way out.
    pub(super) help: Option<String>,
}

impl Complaint {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { at: None, place: None, message: message.into(), help: None }
    }

    #[must_use]
    pub(super) fn at(mut self, at: Range<usize>) -> Self {
        self.at = Some(at);
        self
    }

    #[must_use]
    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What is wrong with `setting`, whose value was written at `place`, as `text` if it is a string.
    pub(super) fn about(self, setting: &str, place: &Place, text: Option<&str>) -> Problem {
        let place = self.place_within(place, text);
        let problem = Problem::new(ProblemKind::BadValue, format!("`{setting}` {}", self.message), place);
        match self.help {
            Some(help) => problem.with_help(help),
            None => problem,
        }
    }

    /// The same complaint, about this part of a setting's value.
    #[must_use]
    pub(super) fn of(mut self, part: &Place, text: Option<&str>) -> Self {
        self.place = Some(self.place_within(part, text));
        self
    }

    fn place_within(&self, whole: &Place, text: Option<&str>) -> Place {
        match (&self.place, &self.at, text) {
            (Some(place), ..) => place.clone(),
            (None, Some(at), Some(text)) => whole.within(text, at.clone()),
            (None, ..) => whole.clone(),
        }
    }
}
