//! A whole number of things.

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;

use serde_json::{Value, json};

use crate::config::error::Complaint;
use crate::config::written::Node;

/// The most workers, and the most tasks in flight in each. This is far more than helps, and low enough that a typing
/// error does not start a million processes.
pub(in crate::config) const MOST_PARALLEL: u16 = u16::MAX;

/// 0 or more, at most the largest number of 32 bits.
pub(in crate::config) fn any(node: &Node) -> Result<u32, Complaint> {
    let number = within(node, 0..=u64::from(u32::MAX))?;
    Ok(u32::try_from(number).unwrap_or(u32::MAX))
}

/// 1 or more, at most the largest integer of TOML.
pub(in crate::config) fn positive(node: &Node) -> Result<u64, Complaint> {
    within(node, 1..=i64::MAX.unsigned_abs())
}

/// 1 or more, at most [`MOST_PARALLEL`].
pub(in crate::config) fn parallel(node: &Node) -> Result<NonZeroUsize, Complaint> {
    let number = within(node, 1..=u64::from(MOST_PARALLEL))?;
    let number = usize::try_from(number).ok().and_then(NonZeroUsize::new);
    Ok(number.unwrap_or(NonZeroUsize::MIN))
}

fn within(node: &Node, range: RangeInclusive<u64>) -> Result<u64, Complaint> {
    let number = node.integer();
    if let Some(number) = number.and_then(|number| u64::try_from(number).ok())
        && range.contains(&number)
    {
        return Ok(number);
    }
    let (least, most) = (range.start(), range.end());
    if number.is_some_and(|number| number > i128::from(*most)) {
        return Err(Complaint::new(format!("must be at most {most}")));
    }
    let complaint = Complaint::new(format!("must be a whole number, {least} or more"));
    let quoted = node.string().and_then(|text| text.parse::<u64>().ok());
    Err(match (number, quoted) {
        (None, Some(number)) => complaint.with_help(format!("write {number} without quotes")),
        _ => complaint,
    })
}

/// The form of [`any`], as JSON Schema.
pub(in crate::config) fn any_form() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX })
}

/// The form of [`positive`]. No integer of TOML is too large.
pub(in crate::config) fn positive_form() -> Value {
    json!({ "type": "integer", "minimum": 1 })
}

/// The form of [`parallel`].
pub(in crate::config) fn parallel_form() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": MOST_PARALLEL })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::element::sample;

    #[test]
    fn whole_numbers_are_read_from_files_and_flags() {
        for (written, expected) in [("0", 0), ("7", 7), ("1_000", 1000), ("0x10", 16), ("4294967295", u32::MAX)] {
            assert_eq!(any(&sample::toml(written)), Ok(expected), "{written}");
            assert_eq!(any(&sample::flag(written)), Ok(expected), "{written}");
        }
    }

    #[test]
    fn what_is_not_a_count_is_refused() {
        let natural = "must be a whole number, 0 or more";
        let table = [
            ("-1", natural),
            ("0.5", natural),
            ("1e3", natural),
            ("'x'", natural),
            ("true", natural),
            ("[1]", natural),
            ("4294967296", "must be at most 4294967295"),
            ("99999999999999999999999999999999999999999999", "must be at most 4294967295"),
            ("-99999999999999999999999999999999999999999999", natural),
        ];
        for (written, expected) in table {
            assert_eq!(any(&sample::toml(written)), Err(Complaint::new(expected)), "{written}");
        }
        for written in ["-1", "0.5", "x", "", "4 workers"] {
            assert_eq!(any(&sample::flag(written)), Err(Complaint::new(natural)), "{written}");
        }
    }

    #[test]
    fn a_quoted_number_is_refused_with_the_way_out() {
        let complaint = any(&sample::toml("\"4\"")).expect_err("it is a string");
        assert_eq!(complaint.help.as_deref(), Some("write 4 without quotes"));
    }

    #[test]
    fn zero_is_refused_where_one_is_the_least() {
        let least = Complaint::new("must be a whole number, 1 or more");
        assert_eq!(positive(&sample::toml("0")), Err(least.clone()));
        assert_eq!(parallel(&sample::toml("0")), Err(least));
        assert_eq!(parallel(&sample::toml("65536")), Err(Complaint::new("must be at most 65535")));
        assert_eq!(parallel(&sample::toml("3")), Ok(NonZeroUsize::MIN.saturating_add(2)));
        assert_eq!(positive(&sample::toml("9223372036854775807")), Ok(i64::MAX.unsigned_abs()));
    }
}
