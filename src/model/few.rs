//! Reads lists of limited length from workers. Without a limit, items of one byte on the wire could each take a hundred
//! bytes of memory.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// Reads a list of at most `MOST` items, for serde's `deserialize_with`.
///
/// # Errors
/// If the list has more items.
pub(super) fn read<'de, D: Deserializer<'de>, T: Deserialize<'de>, const MOST: usize>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    from.deserialize_seq(Few::<T, MOST>(PhantomData))
}

struct Few<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Few<T, MOST> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {MOST} items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
        let mut few = Vec::new();
        while let Some(item) = items.next_element()? {
            if few.len() == MOST {
                return Err(A::Error::invalid_length(MOST + 1, &self));
            }
            few.push(item);
        }
        Ok(few)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Listed(#[serde(deserialize_with = "super::read::<_, _, 3>")] Vec<String>);

    #[test]
    fn a_list_that_is_too_long_is_not_read() {
        for length in 0..6 {
            let list = vec![String::from("x"); length];
            let read = postcard::from_bytes::<Listed>(&postcard::to_stdvec(&list).expect("bytes")).ok();
            assert_eq!(read, (length <= 3).then_some(Listed(list)), "{length}");
        }
    }
}
