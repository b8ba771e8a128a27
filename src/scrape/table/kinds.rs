//! Which types the values of the fields have. They follow from the rules alone.

use super::columns::object_keys;
use crate::model::ValueKind;
use crate::scrape::extract::{
    Extraction, Fact, Fields, FirstOf, Root, Rule, Scalar, Source, Steps, ValueRule, ValueType, joined,
};

/// The fields that the rules of a run give, in their order, and the types of their values. A value of JSON whose form the
/// page decides is text.
pub fn kinds(extraction: &Extraction) -> Vec<(String, ValueKind)> {
    of_fields(&joined(extraction))
}

fn of_fields(rules: &Fields) -> Vec<(String, ValueKind)> {
    rules.iter().map(|(name, rule)| (name.clone(), of_rule(rule))).collect()
}

fn of_rule(rule: &Rule) -> ValueKind {
    match rule {
        Rule::Value(rule) => of_value(rule),
        Rule::Each(each) => ValueKind::Object(of_fields(&each.fields)).listed(),
        Rule::FirstOf(FirstOf { rules, default, .. }) => {
            with_scalars(rules.iter().map(of_rule).reduce(ValueKind::joint), default)
        }
    }
}

fn of_value(rule: &ValueRule) -> ValueKind {
    let kind = match (object_keys(rule), rule.kind) {
        (Some(keys), _) => ValueKind::Object(keys.into_iter().map(|key| (key, ValueKind::Text)).collect()),
        (None, ValueType::Number) => ValueKind::Number,
        (None, ValueType::Integer) => ValueKind::Integer,
        (None, ValueType::Boolean) => ValueKind::Boolean,
        (None, ValueType::Date) => ValueKind::Date,
        (None, ValueType::DateTime) => ValueKind::DateTime,
        // Without a type, the values of `map` may have any type.
        (None, ValueType::String) if rule.steps.join.is_none() && !rule.steps.map.is_empty() => {
            with_scalars(None, rule.steps.map.iter().map(|(_, value)| value))
        }
        (None, ValueType::Json) if rule.source.json.is_none() && rule.steps == Steps::default() => {
            of_source(&rule.source)
        }
        (None, ValueType::String | ValueType::Html | ValueType::Markdown | ValueType::Url | ValueType::Json) => {
            ValueKind::Text
        }
    };
    if rule.is_list() { kind.listed() } else { with_scalars(Some(kind), &rule.default) }
}

/// The type of a value that is taken as it is.
fn of_source(source: &Source) -> ValueKind {
    match &source.root {
        Root::Const(scalar) => of_scalar(scalar),
        Root::Fact(Fact::Status | Fact::Seq) => ValueKind::Integer,
        Root::Fact(Fact::FetchedAt) => ValueKind::DateTime,
        Root::Css(_)
        | Root::XPath(_)
        | Root::Body
        | Root::Structured(_)
        | Root::Table(_)
        | Root::Links
        | Root::Feed
        | Root::Article { .. }
        | Root::Fact(_) => ValueKind::Text,
    }
}

/// The type that also has these values of the settings.
fn with_scalars<'s>(kind: Option<ValueKind>, scalars: impl IntoIterator<Item = &'s Scalar>) -> ValueKind {
    let joint = |kind: Option<ValueKind>, scalar: &Scalar| match (kind, scalar) {
        // The settings are checked to have a date there.
        (Some(kind @ (ValueKind::Date | ValueKind::DateTime)), Scalar::String(_)) => kind,
        (Some(kind), scalar) => kind.joint(of_scalar(scalar)),
        (None, scalar) => of_scalar(scalar),
    };
    scalars.into_iter().fold(kind, |kind, scalar| Some(joint(kind, scalar))).unwrap_or(ValueKind::Text)
}

fn of_scalar(scalar: &Scalar) -> ValueKind {
    match scalar {
        Scalar::String(_) => ValueKind::Text,
        Scalar::Integer(_) => ValueKind::Integer,
        Scalar::Float(_) => ValueKind::Number,
        Scalar::Boolean(_) => ValueKind::Boolean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrape::extract::{Arity, Structured};

    fn value(kind: ValueType, arity: Arity) -> ValueRule {
        ValueRule { kind, ..ValueRule::new("p", arity) }
    }

    fn of(root: Root) -> ValueRule {
        ValueRule::of(root.into(), Arity::One)
    }

    fn mapped(values: &[Scalar]) -> ValueRule {
        let mut rule = value(ValueType::String, Arity::One);
        rule.steps.map = values.iter().map(|value| ("x".to_owned(), value.clone())).collect();
        rule
    }

    fn with_re(re: &str, arity: Arity) -> ValueRule {
        let mut rule = value(ValueType::String, arity);
        rule.steps.re = Some(re.to_owned());
        rule
    }

    fn with_default(kind: ValueType, default: Scalar) -> ValueRule {
        ValueRule { default: Some(default), ..value(kind, Arity::One) }
    }

    fn texts(names: &[&str]) -> ValueKind {
        ValueKind::Object(names.iter().map(|name| ((*name).to_owned(), ValueKind::Text)).collect())
    }

    #[test]
    fn each_type_arity_and_source_has_its_type() {
        use ValueKind::{Boolean, Date, DateTime, Integer, Number, Text};
        let string = |text: &str| Scalar::String(text.to_owned());
        let table = [
            (value(ValueType::String, Arity::One), Text),
            (value(ValueType::Html, Arity::Many), Text.listed()),
            (value(ValueType::Url, Arity::One), Text),
            (value(ValueType::Number, Arity::One), Number),
            (value(ValueType::Integer, Arity::Many), Integer.listed()),
            (value(ValueType::Boolean, Arity::One), Boolean),
            (value(ValueType::Date, Arity::One), Date),
            (value(ValueType::DateTime, Arity::One), DateTime),
            (value(ValueType::Json, Arity::One), Text),
            (with_default(ValueType::Number, Scalar::Integer(0)), Number),
            (with_default(ValueType::Integer, Scalar::Integer(0)), Integer),
            (with_default(ValueType::Date, string("2024-03-01")), Date),
            (with_default(ValueType::Json, Scalar::Boolean(true)), Text),
            (mapped(&[Scalar::Boolean(true), Scalar::Boolean(false)]), Boolean),
            (mapped(&[Scalar::Integer(1), Scalar::Float(1.5)]), Number),
            (mapped(&[Scalar::Integer(1), string("many")]), Text),
            (of(Root::Const(Scalar::Float(1.5))), Number),
            (of(Root::Fact(Fact::Status)), Integer),
            (of(Root::Fact(Fact::FetchedAt)), DateTime),
            (of(Root::Fact(Fact::Url)), Text),
            (of(Root::Links), Text),
            (of(Root::Structured(Structured::JsonLd)), Text),
            (of(Root::Body), Text),
            (with_re("(?<a>x)(?<b>y)?", Arity::One), texts(&["a", "b"])),
            (with_re("(?<a>x)", Arity::Many), texts(&["a"]).listed()),
            (with_re("(x)", Arity::Many), Text.listed()),
        ];
        for (rule, expected) in table {
            assert_eq!(of_rule(&Rule::Value(rule.clone())), expected, "{rule:?}");
        }
        let ValueKind::Object(article) = of_rule(&Rule::Value(of(Root::Article { markdown: true }))) else {
            panic!("an article is an object")
        };
        assert_eq!(article.first().map(|(name, _)| name.as_str()), Some("title"));
    }

    #[test]
    fn nested_fields_are_objects_and_alternatives_have_a_joint_type() {
        let number = || ("n".to_owned(), Rule::Value(value(ValueType::Number, Arity::One)));
        let whole = || ("n".to_owned(), Rule::Value(value(ValueType::Integer, Arity::One)));
        let object = |kind| ValueKind::Object(vec![("n".to_owned(), kind)]);
        let each = Rule::each("li", vec![number()]);
        assert_eq!(of_rule(&each), object(ValueKind::Number).listed());
        let nested = Rule::each("ul", vec![("items".to_owned(), each.clone())]);
        let ValueKind::List(outer) = of_rule(&nested) else { panic!("a list") };
        assert_eq!(*outer, ValueKind::Object(vec![("items".to_owned(), object(ValueKind::Number).listed())]));
        let first = |rules, default| of_rule(&Rule::FirstOf(FirstOf { rules, required: false, default }));
        assert_eq!(first(vec![number().1, whole().1], None), ValueKind::Number);
        assert_eq!(first(vec![whole().1], Some(Scalar::Integer(3))), ValueKind::Integer);
        assert_eq!(first(vec![whole().1], Some(Scalar::Boolean(true))), ValueKind::Text);
        assert_eq!(first(vec![each.clone(), whole().1], None), ValueKind::Text);
        assert_eq!(first(vec![each, Rule::each("p", vec![whole()])], None), object(ValueKind::Number).listed());
    }

    #[test]
    fn a_preset_has_types() {
        let page = kinds(&Extraction::default());
        assert_eq!(page[0], ("title".to_owned(), ValueKind::Text));
    }
}
