//! On or off.

use crate::config::error::Complaint;
use crate::config::written::Node;

/// `true` or `false`.
pub(in crate::config) fn read(node: &Node) -> Result<bool, Complaint> {
    if let Some(truth) = node.boolean() {
        return Ok(truth);
    }
    let complaint = Complaint::new("must be true or false");
    Err(match node.string() {
        Some("true" | "false") => complaint.with_help("leave out the quotes"),
        _ => complaint,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::element::sample;

    #[test]
    fn a_truth_value_is_taken_from_a_file_and_from_a_flag() {
        assert_eq!(read(&sample::toml("true")), Ok(true));
        assert_eq!(read(&sample::flag("false")), Ok(false));
    }

    #[test]
    fn what_is_neither_is_refused() {
        for (written, help) in [("'true'", Some("leave out the quotes")), ("'yes'", None), ("1", None), ("[]", None)] {
            let complaint = read(&sample::toml(written)).expect_err(written);
            assert_eq!(
                (complaint.message.as_str(), complaint.help.as_deref()),
                ("must be true or false", help),
                "{written}"
            );
        }
        assert!(read(&sample::flag("on")).is_err());
    }
}
