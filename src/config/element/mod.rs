//! The types of values. Each type has a file with its parser, its errors and its tests.
//!
//! A parser reads the written value. It returns the parsed value or a [`Complaint`](super::error::Complaint). A form says
//! the same as JSON Schema, as far as that can: it accepts all that the parser accepts in a file. A parser does
//! not know which setting it reads.
//!
//! - `choice`: one of a few words
//! - `count`: a whole number
//! - `decimal`: a number that may have decimal places
//! - `duration`: a duration, as in `50ms`
//! - `failures`: a number or a percentage of failures
//! - `field_path`: keys of JSON, as in `data.links`
//! - `file`: the path of a file
//! - `header`: a request header
//! - `keep`: what of a list is carried into its records
//! - `list`: several values of one type
//! - `media_type`: a media type, as in `application/xml`
//! - `short_text`: a short text on one line
//! - `size`: a size in bytes, as in `16MiB`
//! - `status`: an HTTP status
//! - `template`: a text that may contain environment variables, as in `${NAME}`
//! - `text`: any text
//! - `truth`: true or false
//! - `user`: a user, by name or number
//! - `user_agent`: the User-Agent
//! - `workers`: `"auto"` or a number

pub(super) mod choice;
pub(super) mod count;
pub(super) mod decimal;
pub(super) mod duration;
pub(super) mod failures;
pub(super) mod field_path;
pub(super) mod file;
pub(super) mod header;
pub(super) mod keep;
pub(super) mod list;
pub(super) mod media_type;
pub(super) mod short_text;
pub(super) mod size;
pub(super) mod status;
pub(super) mod template;
pub(super) mod text;
pub(super) mod truth;
pub(super) mod user;
pub(super) mod user_agent;
pub(super) mod workers;

#[cfg(test)]
pub(super) mod sample {
    //! Sample values, as from a file and from a flag.

    use crate::config::place::{Origin, Text};
    use crate::config::written::{self, Node};

    /// Returns the value of `x = VALUE` in a file.
    pub(crate) fn toml(value: &str) -> Node {
        let text = Text::new(Origin::File("gleaner.toml".into()), format!("x = {value}"));
        let mut table = written::document(&text).expect("the sample is TOML");
        table.remove(0).1
    }

    /// Returns the value of a flag.
    pub(crate) fn flag(value: &str) -> Node {
        let text = Text::new(Origin::Flag("--set".into()), value);
        written::bare(&text, 0..value.len()).expect("the sample is a value")
    }
}
