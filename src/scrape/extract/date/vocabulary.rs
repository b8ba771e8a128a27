//! Finds the meanings of words and phrases.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::super::locale::{ENGLISH, Language, Meaning, fold};

/// The words of a language, ready to be looked up.
#[derive(Debug, Clone)]
pub(super) struct Vocabulary {
    meanings: HashMap<String, Vec<Meaning>>,
}

/// The most words of a phrase, and the most characters of a word of a language that does not separate words.
pub(super) const LONGEST_PHRASE: usize = 5;

impl Vocabulary {
    pub(super) fn new(language: &Language) -> Self {
        let mut words = Self { meanings: HashMap::new() };
        for (month, forms) in (1..).zip(language.months) {
            words.add(forms, Meaning::Month(month));
        }
        for (weekday, forms) in (1..).zip(language.weekdays) {
            words.add(forms, Meaning::Weekday(weekday));
        }
        for (meaning, forms) in language.phrases {
            words.add(forms, *meaning);
        }
        words
    }

    /// Returns the words that are read in any locale.
    pub(super) fn english() -> &'static Self {
        static WORDS: LazyLock<Vocabulary> = LazyLock::new(|| Vocabulary::new(ENGLISH));
        &WORDS
    }

    /// Returns the meanings of a phrase, whose words are separated by spaces. An unknown phrase has none.
    pub(super) fn meanings(&self, phrase: &str) -> &[Meaning] {
        self.meanings.get(&fold(phrase)).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, forms: &str, meaning: Meaning) {
        for form in forms.split(", ").filter(|form| !form.is_empty()) {
            let phrase: Vec<&str> = form.split([' ', '-', '\'', '’']).filter(|word| !word.is_empty()).collect();
            let meanings = self.meanings.entry(fold(&phrase.join(" "))).or_default();
            if !meanings.contains(&meaning) {
                meanings.push(meaning);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::locale::{Locale, Meaning};
    use super::Vocabulary;

    #[test]
    fn no_word_names_two_months_or_two_weekdays() {
        for name in Locale::NAMES {
            let words = Vocabulary::new(Locale::find(name).expect("a locale").language());
            for (word, meanings) in &words.meanings {
                let months = meanings.iter().filter(|it| matches!(it, Meaning::Month(_))).count();
                let weekdays = meanings.iter().filter(|it| matches!(it, Meaning::Weekday(_))).count();
                assert!(months < 2 && weekdays < 2, "{name}: {word} means {meanings:?}");
            }
        }
    }
}
