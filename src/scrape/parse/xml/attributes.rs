//! The attributes of a start tag (XML 1.0, 3.1 and 3.3.3).

use super::characters::{is_name, is_space, take_while};
use super::fault::shorten;

/// An attribute as it is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written<'t> {
    pub(super) name: &'t str,
    /// What stands between the quotes.
    pub(super) value: &'t str,
}

/// Reads the attributes of a tag, one after another. `rest` is what follows the name of the element.
#[derive(Debug)]
pub(super) struct Attributes<'t> {
    pub(super) rest: &'t str,
}

impl<'t> Attributes<'t> {
    /// Returns the next attribute, or `None` at the end.
    ///
    /// # Errors
    /// Fails if the rest is not an attribute. `rest` then begins at the fault.
    pub(super) fn next(&mut self) -> Result<Option<Written<'t>>, String> {
        let (space, rest) = take_while(self.rest, is_space);
        self.rest = rest;
        if rest.is_empty() {
            return Ok(None);
        }
        let (name, after) = take_while(rest, |c| !is_space(c) && !matches!(c, '=' | '"' | '\'' | '<' | '/'));
        if !is_name(name) {
            return Err(format!("`{}` is not a valid name of an attribute", shorten(rest)));
        }
        if space.is_empty() {
            return Err(format!("there must be white space before attribute `{}`", shorten(name)));
        }
        let Some(after) = after.trim_start_matches(is_space).strip_prefix('=') else {
            return Err(format!("attribute `{}` has no value", shorten(name)));
        };
        let after = after.trim_start_matches(is_space);
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
        let Some((value, after)) = quote.and_then(|quote| after[1..].split_once(quote)) else {
            return Err(format!("the value of attribute `{}` is not in quotes", shorten(name)));
        };
        if value.contains('<') {
            return Err(format!("the value of attribute `{}` contains a `<`: write it as `&lt;`", shorten(name)));
        }
        self.rest = after;
        Ok(Some(Written { name, value }))
    }
}
