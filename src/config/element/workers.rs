//! How many workers there are: a number, or one for each CPU.

use std::num::NonZeroUsize;

use serde_json::{Value, json};

use crate::config::element::count;
use crate::config::error::Complaint;
use crate::config::written::Node;

/// How many workers were asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::config) enum Workers {
    /// One for each CPU.
    #[default]
    Auto,
    /// This many.
    Exactly(NonZeroUsize),
}

/// `auto`, or a number from 1.
pub(in crate::config) fn read(node: &Node) -> Result<Workers, Complaint> {
    if node.string() == Some("auto") {
        return Ok(Workers::Auto);
    }
    match count::parallel(node) {
        Ok(number) => Ok(Workers::Exactly(number)),
        Err(complaint) if complaint.message.starts_with("must be a whole number") => {
            Err(Complaint { message: "must be \"auto\" or a whole number, 1 or more".to_owned(), ..complaint })
        }
        Err(complaint) => Err(complaint),
    }
}

/// The form, as JSON Schema.
pub(in crate::config) fn form() -> Value {
    json!({ "anyOf": [{ "const": "auto" }, count::parallel_form()] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::element::sample;

    #[test]
    fn a_number_or_auto_is_taken() {
        let two = Workers::Exactly(NonZeroUsize::MIN.saturating_add(1));
        for (node, expected) in [
            (sample::toml("'auto'"), Workers::Auto),
            (sample::flag("auto"), Workers::Auto),
            (sample::toml("2"), two),
            (sample::flag("2"), two),
        ] {
            assert_eq!(read(&node), Ok(expected));
        }
    }

    #[test]
    fn no_workers_half_workers_and_unnumbered_workers_are_refused() {
        let expected = "must be \"auto\" or a whole number, 1 or more";
        for written in ["0", "-1", "0.5", "'many'", "'Auto'", "true"] {
            assert_eq!(read(&sample::toml(written)).expect_err(written).message, expected, "{written}");
        }
        assert_eq!(read(&sample::toml("65536")).expect_err("too many").message, "must be at most 65535");
        let quoted = read(&sample::toml("'4'")).expect_err("it is a string");
        assert_eq!(quoted.help.as_deref(), Some("write 4 without quotes"));
    }
}
