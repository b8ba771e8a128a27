//! `[extract]`: the value of a field -> the rule for what is extracted.
//!
//! A string is the first match. A string in brackets is every match. A table with a source (`css`, `json` ..) is the same
//! with options. A table with `first_of` is the first rule that gives a value. A table with `each` is one object for each
//! match, and all its other keys are fields.
//!
//! The files in reading order:
//!
//! - `names`: the keys of a table, and what they are called elsewhere
//! - `reader`: collects what is wrong
//! - `rule`: decides which form a rule has
//! - `source`: reads where values come from
//! - `options`: reads the steps, the type and the notation of a value
//! - `value`: makes the rule of a value from its source and its options
//! - `first_of`: reads several rules for one field
//! - `each`: reads rules that make objects
//! - `clashes`: the table of keys that make no sense together
//! - `scalar`: reads values such as defaults, and checks their types
//! - `notation`: gives the notation of `[extraction]` to all fields
//! - `form`: what a rule looks like, as JSON Schema

mod clashes;
mod each;
mod first_of;
pub(super) mod form;
mod names;
mod notation;
mod options;
mod reader;
mod rule;
mod scalar;
mod source;
mod value;

pub(super) use names::{DECIMALS, SOURCES, is_option};
pub(super) use notation::fill;
pub(super) use rule::language;

use super::draft::{Draft, replace};
use super::error::Problem;
use super::written::{Key, Node};
use crate::scrape::extract::Rule;
use reader::{Around, At, Reader};

/// Reads the field `key` of `[extract]`, whose full name is `name`, and puts it among the fields. Gives what it means.
/// Errs with everything that is wrong with it.
pub(super) fn put(draft: &mut Draft, name: &str, (key, node): (&Key, &Node)) -> Result<String, Vec<Problem>> {
    let rule = read(name, key, node)?;
    let meaning = format!("{rule:?}");
    // A field of one layer replaces that of another as a whole, and takes its position among the fields.
    replace(&mut draft.extract, &key.name, rule, |one, other| one == other);
    Ok(meaning)
}

fn read(name: &str, key: &Key, node: &Node) -> Result<Rule, Vec<Problem>> {
    let mut reader = Reader::default();
    let rule = if key.name == "each" && node.string().is_some() {
        reader.refuse_at(
            name,
            &key.place,
            "must be inside of a field",
            "write it below [extract.NAME], with the fields of the objects",
        );
        None
    } else {
        reader.rule(At { name, place: &key.place, around: Around::Page, outer: None }, node)
    };
    match rule {
        Some(rule) if reader.problems.is_empty() => Ok(rule),
        _ => Err(reader.problems),
    }
}
