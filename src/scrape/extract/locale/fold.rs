//! Makes words comparable.

/// Returns the text in lower case and without accents, so that `FÉVRIER`, `fevrier` and `février` (also with a combining
/// accent) are the same, and Turkish `KASIM` and `kasım` are. Only letters of our languages change.
pub(in super::super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        let plain = match c {
            'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
            'ç' | 'ć' | 'č' => 'c',
            'ď' | 'đ' => 'd',
            'è'..='ë' | 'ē' | 'ę' | 'ě' => 'e',
            'ğ' => 'g',
            'ì'..='ï' | 'ī' | 'ı' => 'i',
            'ł' => 'l',
            'ñ' | 'ń' | 'ň' => 'n',
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => 'o',
            'ř' => 'r',
            'ś' | 'š' | 'ş' | 'ș' => 's',
            'ť' | 'ţ' | 'ț' => 't',
            'ù'..='ü' | 'ū' | 'ů' | 'ű' => 'u',
            'ý' | 'ÿ' => 'y',
            'ź' | 'ż' | 'ž' => 'z',
            'ё' => 'е',
            'й' => 'и',
            // Combining accents, and characters without width.
            '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => continue,
            other => other,
        };
        folded.push(plain);
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn spellings_of_the_same_word_become_equal() {
        let cases = [
            ("février", "fevrier"),
            ("FE\u{301}VRIER", "fevrier"),
            ("KASIM", "kasim"),
            ("kasım", "kasim"),
            ("İki", "iki"),
            ("Paź", "paz"),
            ("МАЙ", "маи"),
            ("маи\u{306}", "маи"),
            ("３月", "３月"),
            ("5\u{200e}.\u{ad}3", "5.3"),
        ];
        for (text, folded) in cases {
            assert_eq!(fold(text), folded, "{text}");
        }
    }
}
