//! Writes rules as TOML, and makes names of fields.

use std::collections::HashSet;
use std::fmt::Write as _;

/// The longest name of a field.
const LONGEST: usize = 40;

/// Writes a string of TOML: in single quotes if it has double ones, because that needs no escapes.
pub(super) fn string(text: &str) -> String {
    let is_literal = text.contains(['"', '\\']) && !text.contains(|c: char| c == '\'' || c.is_control());
    if is_literal {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => write!(out, "\\u{:04X}", u32::from(c)).expect("a string takes all text"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The names of the fields of one object.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// Makes a name from words of the page, such as `product_name` of `Product name`. A name that is taken gets a
    /// number. A text without letters gives `other`.
    pub(super) fn of(&mut self, words: &str, other: &str) -> String {
        let mut name = String::new();
        let mut was_lower = false;
        for c in words.chars() {
            if c.is_ascii_uppercase() && was_lower || !c.is_ascii_alphanumeric() {
                name.push('_');
            }
            was_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
            if c.is_ascii_alphanumeric() {
                name.push(c.to_ascii_lowercase());
            }
        }
        let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
        let mut name = words.join("_");
        name.truncate(LONGEST);
        // In a table, `each` is not a field.
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || name == "each" {
            other.clone_into(&mut name);
        }
        let mut unique = name.clone();
        let mut number = 2;
        while !self.taken.insert(unique.clone()) {
            unique = format!("{name}_{number}");
            number += 1;
        }
        unique
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, string};

    #[test]
    fn strings_are_valid_toml_with_the_same_text() {
        for text in ["a::text", "[rel=\"x\"]", "it's", "it's \"x\"", "a\\b", "\u{1}\n", "é"] {
            let read: ::toml::Table = format!("a = {}", string(text)).parse().expect("TOML");
            assert_eq!(read["a"].as_str(), Some(text), "{}", string(text));
        }
        assert_eq!(string("[rel=\"x\"]"), "'[rel=\"x\"]'");
    }

    #[test]
    fn names_are_words_with_underscores_and_unique() {
        let mut names = Names::default();
        let table = [
            ("Product name", "product_name"),
            ("product-name", "product_name_2"),
            ("og:title", "og_title"),
            ("priceCurrency", "price_currency"),
            ("each", "other"),
            ("日本", "other_2"),
            ("2nd", "other_3"),
            ("", "other_4"),
        ];
        for (words, expected) in table {
            assert_eq!(names.of(words, "other"), expected, "{words}");
        }
    }
}
