/// Finds the end of a value in an array of JSON, one byte after another. It does not check that the value is valid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ValueScan {
    /// How many arrays and objects of the value are open.
    depth: u64,
    is_in_string: bool,
    is_escaped: bool,
}

impl ValueScan {
    /// Takes the next byte. Returns whether the value has ended before it: it is a comma or a bracket of the array.
    pub fn ends_before(&mut self, byte: u8) -> bool {
        if self.is_in_string {
            self.is_in_string = self.is_escaped || byte != b'"';
            self.is_escaped = byte == b'\\' && !self.is_escaped;
            return false;
        }
        match byte {
            b'"' => self.is_in_string = true,
            b'[' | b'{' => self.depth += 1,
            b',' | b']' if self.depth == 0 => return true,
            b']' | b'}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::ValueScan;

    #[test]
    fn a_value_ends_before_the_comma_or_the_bracket_of_its_array() {
        let table = [
            ("1,2]", "1"),
            ("\"a,]\\\",]\\\\\",", "\"a,]\\\",]\\\\\""),
            ("{\"a\":[1,{}],\"b\":2} ]", "{\"a\":[1,{}],\"b\":2} "),
            ("[[],[1,2]],3", "[[],[1,2]]"),
            ("],", ""),
        ];
        for (text, value) in table {
            let mut scan = ValueScan::default();
            let end = text.bytes().position(|byte| scan.ends_before(byte));
            assert_eq!(end.map(|end| &text[..end]), Some(value), "{text}");
        }
    }
}
