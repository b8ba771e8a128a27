//! A number of bytes as people write it: `64KiB`, `512MB` (the units of the `bytesize` crate), or just a number.

use bytesize::ByteSize;
use serde_json::{Value, json};

use crate::config::error::Complaint;
use crate::config::written::Node;

/// The least that a worker needs. The pool requires twice what a new worker takes, which is some 5 MiB. (In a debug
/// build it is some 11 MiB; there, the pool refuses what is too little.)
const LEAST_WORKER: u64 = 16 << 20;

/// Zero bytes, or more.
pub(in crate::config) fn read(node: &Node) -> Result<u64, Complaint> {
    let bytes = match (node.integer(), node.string()) {
        (Some(number), _) => u64::try_from(number).ok(),
        (None, Some(text)) => text.trim().parse().ok().map(|ByteSize(bytes)| bytes),
        (None, None) => None,
    };
    match bytes {
        // For a size that is too large, the parser gives the largest number instead of an error.
        Some(u64::MAX) => Err(Complaint::new("must be less than 16EiB")),
        Some(bytes) => Ok(bytes),
        None => {
            Err(Complaint::new("must be a size such as \"64KiB\", \"16MiB\" or \"512MB\", or a whole number of bytes")
                .with_help("the units are B, KiB, MiB, GiB (powers of 1024) and KB, MB, GB (powers of 1000)"))
        }
    }
}

/// One byte, or more.
pub(in crate::config) fn positive(node: &Node) -> Result<u64, Complaint> {
    match read(node)? {
        0 => Err(Complaint::new("must be more than zero")),
        bytes => Ok(bytes),
    }
}

/// What a worker needs, or more.
pub(in crate::config) fn worker(node: &Node) -> Result<u64, Complaint> {
    match read(node)? {
        ..LEAST_WORKER => Err(Complaint::new(format!("must be {}MiB or more", LEAST_WORKER >> 20))
            .with_help("a worker takes some 5MiB before its first page, and pages must fit in too")),
        bytes => Ok(bytes),
    }
}

/// The form of [`read`](fn@read), as JSON Schema.
pub(in crate::config) fn form() -> Value {
    form_from(0)
}

/// The form of [`positive`].
pub(in crate::config) fn positive_form() -> Value {
    let mut form = form_from(1);
    form["not"] = json!({ "type": "string", "pattern": "^[^1-9]*$" });
    form
}

/// The form of [`worker`]. It cannot say that a size with a unit is too small.
pub(in crate::config) fn worker_form() -> Value {
    form_from(LEAST_WORKER)
}

fn form_from(least: u64) -> Value {
    let with_unit = r"([0-9]+(\.[0-9]*)?|\.[0-9]+)\s*([bB]|[kKmMgGtTpPeE][iI]?[bB]?)";
    json!({ "anyOf": [
        { "type": "string", "pattern": format!(r"^\s*([0-9]+|{with_unit})\s*$") },
        { "type": "integer", "minimum": least },
    ] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::element::sample;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let table = [
            ("16MiB", 16 << 20),
            ("512MB", 512_000_000),
            ("64KiB", 64 << 10),
            ("1.5 GiB", 3 << 29),
            ("100B", 100),
            ("100", 100),
            ("0", 0),
        ];
        for (written, expected) in table {
            assert_eq!(read(&sample::toml(&format!("'{written}'"))), Ok(expected), "{written}");
            assert_eq!(read(&sample::flag(written)), Ok(expected), "{written}");
        }
        assert_eq!(read(&sample::toml("65_536")), Ok(65_536));
    }

    #[test]
    fn what_is_not_a_size_is_refused() {
        for written in ["-1", "0.5", "'-1MiB'", "'lots'", "'16 XB'", "''", "true", "[1]", "'1..5MB'"] {
            let complaint = read(&sample::toml(written)).expect_err(written);
            assert!(complaint.message.starts_with("must be a size such as"), "{written}");
        }
        for written in ["'16EiB'", "'99999999999EiB'"] {
            let complaint = read(&sample::toml(written)).expect_err(written);
            assert_eq!(complaint.message, "must be less than 16EiB", "{written}");
        }
    }

    #[test]
    fn zero_bytes_are_refused_if_they_make_no_sense() {
        assert_eq!(positive(&sample::toml("'0MiB'")), Err(Complaint::new("must be more than zero")));
        assert_eq!(positive(&sample::toml("1")), Ok(1));
        for written in ["0", "5", "'1KiB'", "16777215"] {
            let complaint = worker(&sample::toml(written)).expect_err(written);
            assert_eq!(complaint.message, "must be 16MiB or more", "{written}");
        }
        assert_eq!(worker(&sample::toml("'16MiB'")), Ok(16 << 20));
    }
}
