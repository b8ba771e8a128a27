//! Reads the inside of declarations and tags, from left to right.

use super::characters::{continues_name, is_name, is_space, take_while};

/// The unread rest of a part of the document.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'t> {
    pub(super) rest: &'t str,
    length: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text, length: text.len() }
    }

    /// Returns how many bytes were read.
    pub(super) fn offset(&self) -> usize {
        self.length - self.rest.len()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Skips white space. Returns whether there is any.
    pub(super) fn space(&mut self) -> bool {
        let (space, rest) = take_while(self.rest, is_space);
        self.rest = rest;
        !space.is_empty()
    }

    /// Skips a word, if it is there.
    pub(super) fn word(&mut self, word: &str) -> bool {
        let after = self.rest.strip_prefix(word);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    /// Reads a `Name`.
    pub(super) fn name(&mut self) -> Option<&'t str> {
        let (name, rest) = take_while(self.rest, continues_name);
        is_name(name).then(|| {
            self.rest = rest;
            name
        })
    }

    /// Reads a text in quotes, and returns the text between them.
    pub(super) fn quoted(&mut self) -> Option<&'t str> {
        let quote = self.rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (inside, rest) = self.rest[1..].split_once(quote)?;
        self.rest = rest;
        Some(inside)
    }

    /// Reads up to `end` and skips it. Returns what stands before it.
    pub(super) fn up_to(&mut self, end: &str) -> Option<&'t str> {
        let (before, rest) = self.rest.split_once(end)?;
        self.rest = rest;
        Some(before)
    }
}
