//! Elements and text -> the fields of a record.

mod rules;

pub use rules::{Arity, Fields, Rule, Scalar, ValueRule, ValueType};
