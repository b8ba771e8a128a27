use serde::{Deserialize, Serialize};

/// The type of the values of a column, for outputs whose columns have types. Each of them may also be null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ValueKind {
    /// Text. Any other value is written as JSON.
    Text,
    /// A decimal number.
    Number,
    /// A whole number of 64 bits.
    Integer,
    /// True or false.
    Boolean,
    /// A date: `2024-03-01`.
    Date,
    /// A date with a time, by RFC 3339. It may have no offset.
    DateTime,
    /// A list of values of one type.
    List(Box<ValueKind>),
    /// An object with these keys.
    Object(Vec<(String, ValueKind)>),
}

impl ValueKind {
    /// A list of values of this type.
    #[must_use]
    pub fn listed(self) -> Self {
        Self::List(Box::new(self))
    }

    /// The narrowest type that has the values of both.
    #[must_use]
    pub fn joint(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Integer, Self::Number) | (Self::Number, Self::Integer) => Self::Number,
            (Self::List(one), Self::List(other)) => one.joint(*other).listed(),
            (Self::Object(mut fields), Self::Object(others)) => {
                for (name, kind) in others {
                    match fields.iter_mut().find(|(known, _)| *known == name) {
                        None => fields.push((name, kind)),
                        Some((_, known)) => *known = std::mem::replace(known, Self::Text).joint(kind),
                    }
                }
                Self::Object(fields)
            }
            _ => Self::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ValueKind::{self, Boolean, Date, DateTime, Integer, Number, Object, Text};

    #[test]
    fn the_joint_type_has_the_values_of_both() {
        let object = |fields: &[(&str, ValueKind)]| {
            Object(fields.iter().map(|(name, kind)| ((*name).to_owned(), kind.clone())).collect())
        };
        let table = [
            (Text, Text, Text),
            (Integer, Number, Number),
            (Integer, Boolean, Text),
            (Date, DateTime, Text),
            (Text, Text.listed(), Text),
            (Integer.listed(), Number.listed(), Number.listed()),
            (Text.listed(), object(&[("a", Text)]), Text),
            (
                object(&[("a", Integer), ("b", Date)]),
                object(&[("a", Boolean), ("c", Date)]),
                object(&[("a", Text), ("b", Date), ("c", Date)]),
            ),
        ];
        for (one, other, expected) in table {
            assert_eq!(one.clone().joint(other.clone()), expected, "{one:?} {other:?}");
        }
    }
}
