//! How numbers and dates are written: what a field says goes before what the tables around it say.

use crate::scrape::extract::{Fields, Notation, Rule, ValueType};

/// Fills in what a notation does not say. A decimal mark and a locale both say how numbers are written, so neither of an
/// outer table overrides one of a field.
pub(super) fn inherit(own: &mut Notation, outer: &Notation) {
    if own.locale.is_none() && own.decimal.is_none() {
        own.decimal = outer.decimal;
    }
    own.locale = own.locale.take().or_else(|| outer.locale.clone());
    own.format = own.format.take().or_else(|| outer.format.clone());
    own.timezone = own.timezone.take().or_else(|| outer.timezone.clone());
}

pub(super) fn is_number(kind: ValueType) -> bool {
    matches!(kind, ValueType::Number | ValueType::Integer)
}

pub(super) fn is_date(kind: ValueType) -> bool {
    matches!(kind, ValueType::Date | ValueType::DateTime)
}

/// Keeps what matters for a type.
pub(super) fn of_type(kind: ValueType, notation: Notation) -> Notation {
    let Notation { locale, decimal, format, timezone } = notation;
    Notation {
        locale: locale.filter(|_| is_number(kind) || is_date(kind)),
        decimal: decimal.filter(|_| is_number(kind)),
        format: format.filter(|_| is_date(kind)),
        timezone: timezone.filter(|_| is_date(kind)),
    }
}

/// Gives all fields the notation of `[extraction]`, where they have no own.
pub(in crate::config) fn fill(fields: &mut Fields, general: &Notation) {
    fields.iter_mut().for_each(|(_, rule)| fill_rule(rule, general));
}

fn fill_rule(rule: &mut Rule, general: &Notation) {
    match rule {
        Rule::Value(value) => {
            inherit(&mut value.notation, general);
            value.notation = of_type(value.kind, std::mem::take(&mut value.notation));
        }
        Rule::FirstOf(first) => first.rules.iter_mut().for_each(|rule| fill_rule(rule, general)),
        Rule::Each(each) => fill(&mut each.fields, general),
    }
}
