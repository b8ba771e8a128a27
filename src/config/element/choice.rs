//! One of a few words.

use serde_json::{Value, json};

use crate::config::error::Complaint;
use crate::config::suggest;
use crate::config::written::Node;

/// Gives the value of the word. `words` are all words there are, with their values.
pub(in crate::config) fn read<T: Copy>(node: &Node, words: &[(&str, T)]) -> Result<T, Complaint> {
    let written = node.string();
    if let Some((_, value)) = words.iter().find(|(word, _)| Some(*word) == written) {
        return Ok(*value);
    }
    let all: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
    let complaint = Complaint::new(format!("must be one of {}", all.join(", ")));
    let near = written.and_then(|written| suggest::nearest(written, words.iter().map(|(word, _)| *word)));
    Err(match near {
        Some(word) => complaint.with_help(format!("did you mean {}?", node.as_written(word))),
        None => complaint,
    })
}

/// The form of one of these words, as JSON Schema.
pub(in crate::config) fn form<T>(words: &[(&str, T)]) -> Value {
    let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    json!({ "enum": words })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::element::sample;

    const WORDS: &[(&str, u8)] = &[("input", 1), ("completion", 2)];

    #[test]
    fn a_known_word_is_taken_from_a_file_and_from_a_flag() {
        assert_eq!(read(&sample::toml("'completion'"), WORDS), Ok(2));
        assert_eq!(read(&sample::flag("input"), WORDS), Ok(1));
    }

    #[test]
    fn another_word_is_refused_with_the_words_there_are_and_the_nearest_of_them() {
        let table = [
            ("'Input'", Some("did you mean \"input\"?")),
            ("'completed'", Some("did you mean \"completion\"?")),
            ("'sorted'", None),
            ("true", None),
            ("['input']", None),
        ];
        for (written, help) in table {
            let complaint = read(&sample::toml(written), WORDS).expect_err(written);
            assert_eq!(complaint.message, "must be one of \"input\", \"completion\"", "{written}");
            assert_eq!(complaint.help.as_deref(), help, "{written}");
        }
        let complaint = read(&sample::flag("inputs"), WORDS).expect_err("no such word");
        assert_eq!(complaint.help.as_deref(), Some("did you mean input?"));
    }
}
