//! A file that may be left out.

use std::path::PathBuf;

use crate::config::error::Complaint;
use crate::config::written::Node;

/// The path; `None` for an empty one.
pub(in crate::config) fn read(node: &Node) -> Result<Option<PathBuf>, Complaint> {
    match node.string() {
        None => Err(Complaint::new("must be a path, in quotes").with_help("\"\" is none")),
        Some(path) if path.contains('\0') => Err(Complaint::new("must not have NUL characters: no path has")),
        Some(path) => Ok((!path.is_empty()).then(|| path.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::element::sample;

    #[test]
    fn a_path_is_taken_as_it_is_written_and_an_empty_one_is_none() {
        let table = [("''", None), ("'a b/c.db'", Some("a b/c.db")), ("'~'", Some("~"))];
        for (written, path) in table {
            assert_eq!(read(&sample::toml(written)), Ok(path.map(PathBuf::from)), "{written}");
        }
        assert_eq!(read(&sample::flag("cache.db")), Ok(Some("cache.db".into())));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        let table = [
            ("true", "must be a path, in quotes"),
            ("['a']", "must be a path, in quotes"),
            (r#""a\u0000b""#, "must not have NUL characters: no path has"),
        ];
        for (written, expected) in table {
            assert_eq!(read(&sample::toml(written)).expect_err(written).message, expected, "{written}");
        }
    }
}
