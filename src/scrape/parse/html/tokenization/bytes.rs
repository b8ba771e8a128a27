//! The classes of bytes that the tokenizer distinguishes. Only ASCII bytes end a name or a value.

/// White space in markup: tab, LF, FF and space. Each CR has already become an LF.
const SPACE: u8 = 1;
/// Bytes that end the name of a tag or attribute: white space, `/`, `>`.
const NAME_END: u8 = 1 << 1;
/// A byte that also ends the name of an attribute: `=`.
const EQUALS: u8 = 1 << 2;
/// Bytes that end a value without quotes: white space, `>`.
const VALUE_END: u8 = 1 << 3;

static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let space = SPACE | NAME_END | VALUE_END;
    classes[b'\t' as usize] = space;
    classes[b'\n' as usize] = space;
    classes[b'\x0c' as usize] = space;
    classes[b' ' as usize] = space;
    classes[b'/' as usize] = NAME_END;
    classes[b'>' as usize] = NAME_END | VALUE_END;
    classes[b'=' as usize] = EQUALS;
    classes
};

#[inline]
fn is(byte: u8, classes: u8) -> bool {
    CLASSES[byte as usize] & classes != 0
}

#[inline]
pub(super) fn is_space(byte: u8) -> bool {
    is(byte, SPACE)
}

#[inline]
pub(super) fn ends_tag_name(byte: u8) -> bool {
    is(byte, NAME_END)
}

#[inline]
pub(super) fn ends_attribute_name(byte: u8) -> bool {
    is(byte, NAME_END | EQUALS)
}

#[inline]
pub(super) fn ends_unquoted_value(byte: u8) -> bool {
    is(byte, VALUE_END)
}

const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * EACH;

/// Converts the ASCII capitals of eight bytes to lower case at once.
#[inline]
pub(super) fn to_lower(word: u64) -> u64 {
    let low = word & !HIGH;
    // The high bit of each byte says whether the byte is at least `A`, or more than `Z`.
    let from_a = low + (0x80 - u64::from(b'A')) * EACH;
    let after_z = low + (0x7f - u64::from(b'Z')) * EACH;
    let capitals = from_a & !after_z & !word & HIGH;
    word | (capitals >> 2)
}

#[cfg(test)]
mod tests {
    use super::{ends_attribute_name, ends_tag_name, ends_unquoted_value, is_space, to_lower};

    #[test]
    fn eight_bytes_are_converted_like_single_bytes() {
        for byte in 0..=u8::MAX {
            for at in 0..8 {
                let mut bytes = *b"aZ@[`z\xff\0";
                bytes[at] = byte;
                let lower = to_lower(u64::from_le_bytes(bytes)).to_le_bytes();
                assert_eq!(lower, bytes.map(|byte| byte.to_ascii_lowercase()), "{bytes:?}");
            }
        }
    }

    #[test]
    fn the_classes_of_bytes_follow_the_standard() {
        for byte in 0..=u8::MAX {
            let space = matches!(byte, b'\t' | b'\n' | b'\x0c' | b' ');
            assert_eq!(is_space(byte), space);
            assert_eq!(ends_tag_name(byte), space || matches!(byte, b'/' | b'>'));
            assert_eq!(ends_attribute_name(byte), space || matches!(byte, b'/' | b'>' | b'='));
            assert_eq!(ends_unquoted_value(byte), space || byte == b'>');
        }
    }
}
