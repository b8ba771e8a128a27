//! The JSON Schema (draft-07) of the data that rules give.

use regex::Regex;
use serde_json::{Map, Value, json};

use super::pattern::makes_objects;
use super::rules::{
    EachRule, Fact, Fields, FirstOf, Root, Rule, Scalar, Source, Steps, Structured, ValueRule, ValueType,
};

/// The schema of the object that these fields give, if the settings are `strict` or not.
pub fn data_schema(fields: &Fields, strict: bool) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|(name, rule)| (name.clone(), of_rule(rule, strict))).collect();
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    json!({ "type": "object", "properties": properties, "required": names, "additionalProperties": false })
}

fn of_rule(rule: &Rule, strict: bool) -> Value {
    match rule {
        Rule::Value(rule) => of_value(rule, strict),
        Rule::FirstOf(first) => of_first(first, strict),
        Rule::Each(each) => of_each(each, strict),
    }
}

fn of_each(each: &EachRule, strict: bool) -> Value {
    json!({ "type": "array", "items": data_schema(&each.fields, strict) })
}

/// The schema of any of its rules. As a list is only for those of its rules that make one, `null` is always possible.
fn of_first(first: &FirstOf, strict: bool) -> Value {
    let FirstOf { rules, required, default } = first;
    let mut any: Vec<Value> = rules.iter().map(|rule| of_alternative(rule, strict || *required)).collect();
    any.extend(default.as_ref().map(constant));
    let always_gives = matches!(rules.last(), Some(Rule::Value(last)) if is_const(last) && !is_missing_sometimes(last));
    if !required && !always_gives {
        any.push(json!({ "type": "null" }));
    }
    json!({ "anyOf": any })
}

fn is_const(rule: &ValueRule) -> bool {
    matches!(rule.source.root, Root::Const(_))
}

/// The schema of a rule of a `first_of`, which alone gives no `null`.
fn of_alternative(rule: &Rule, strict: bool) -> Value {
    match rule {
        Rule::Value(rule) if rule.is_list() => list(rule, strict),
        Rule::Value(rule) => one(rule),
        Rule::FirstOf(first) => {
            json!({ "anyOf": first.rules.iter().map(|rule| of_alternative(rule, strict)).collect::<Vec<_>>() })
        }
        Rule::Each(each) => of_each(each, strict),
    }
}

fn of_value(rule: &ValueRule, strict: bool) -> Value {
    if rule.is_list() {
        let mut schema = list(rule, strict || rule.required);
        if rule.required {
            schema["minItems"] = json!(1);
        }
        return schema;
    }
    let mut any = vec![one(rule)];
    any.extend(rule.default.as_ref().map(constant));
    if !rule.required && (is_bad_sometimes(rule, strict) || (rule.default.is_none() && is_missing_sometimes(rule))) {
        any.push(json!({ "type": "null" }));
    }
    if let ([_], Some(only)) = (any.as_slice(), any.first()) { only.clone() } else { json!({ "anyOf": any }) }
}

/// A list has `null` in the place of a value that does not fit, and a `null` of the page.
fn list(rule: &ValueRule, must_fit: bool) -> Value {
    let item = one(rule);
    let has_null = is_bad_sometimes(rule, must_fit) || rule.source.gives_json();
    let items = if has_null { json!({ "anyOf": [item, { "type": "null" }] }) } else { item };
    json!({ "type": "array", "items": items })
}

/// Whether the value of a page may be `null` because it does not fit.
fn is_bad_sometimes(rule: &ValueRule, strict: bool) -> bool {
    let ValueRule { source, steps, kind, .. } = rule;
    let is_text = matches!(kind, ValueType::String | ValueType::Html) && steps.map.is_empty();
    let always_fits = match &source.root {
        Root::Const(_) => true,
        Root::Css(_) | Root::XPath(_) | Root::Fact(_) => {
            source.json.is_none() && (is_text || (*kind == ValueType::Json && matches!(source.root, Root::Fact(_))))
        }
        _ => source.json.is_none() && *kind == ValueType::Json,
    };
    !strict && !always_fits
}

/// Whether a page may have no value, so that the field is `null`.
fn is_missing_sometimes(rule: &ValueRule) -> bool {
    match &rule.source.root {
        Root::Const(value) => matches!(value, Scalar::String(text) if text.is_empty()),
        // A step may leave nothing of a text.
        Root::Fact(fact) => rule.steps != Steps::default() || matches!(fact, Fact::Header(_) | Fact::Input(_)),
        _ => !rule.source.gives_lists(),
    }
}

/// The schema of a single value.
fn one(rule: &ValueRule) -> Value {
    let steps = &rule.steps;
    if let Some(re) = steps.re.as_deref().filter(|re| makes_objects(re)) {
        return groups(re);
    }
    if !steps.map.is_empty() && steps.join.is_none() {
        let values: Vec<Value> = steps.map.iter().map(|(_, value)| json_of(value)).collect();
        return json!({ "enum": distinct(values) });
    }
    match rule.kind {
        ValueType::Json => of_json(&rule.source),
        ValueType::String | ValueType::Html | ValueType::Markdown => json!({ "type": "string" }),
        ValueType::Number => json!({ "type": "number" }),
        ValueType::Integer => json!({ "type": "integer" }),
        ValueType::Boolean => json!({ "type": "boolean" }),
        ValueType::Url => json!({ "type": "string", "format": "uri" }),
        ValueType::Date => json!({ "type": "string", "format": "date" }),
        // It has an offset only if the page says one.
        ValueType::DateTime => json!({ "type": "string", "pattern": r"^-?[0-9]+-[0-9]{2}-[0-9]{2}T" }),
    }
}

/// The object of the groups with names. A group that has no part in the match is `null`.
fn groups(re: &str) -> Value {
    let regex = Regex::new(re).expect("the settings are checked");
    let names: Vec<&str> = regex.capture_names().flatten().collect();
    let text = json!({ "type": ["string", "null"] });
    let properties: Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), text.clone())).collect();
    json!({ "type": "object", "properties": properties, "required": names, "additionalProperties": false })
}

/// What a source gives as JSON, as far as this is known.
fn of_json(source: &Source) -> Value {
    let objects = || json!({ "type": "array", "items": { "type": "object" } });
    match &source.root {
        _ if source.json.is_some() => json!({}),
        Root::Structured(Structured::OpenGraph) | Root::Article { .. } => json!({ "type": "object" }),
        // Pages may have anything in their JSON-LD.
        Root::Structured(Structured::JsonLd) => json!({ "type": "array" }),
        Root::Structured(Structured::Microdata) | Root::Links | Root::Feed | Root::Table(_) => objects(),
        Root::Const(value) => constant(value),
        Root::Fact(Fact::Status | Fact::Seq) => json!({ "type": "integer" }),
        Root::Fact(_) | Root::Structured(Structured::Published | Structured::Author) => json!({ "type": "string" }),
        Root::Body | Root::Css(_) | Root::XPath(_) => json!({}),
    }
}

fn constant(value: &Scalar) -> Value {
    json!({ "const": json_of(value) })
}

fn json_of(value: &Scalar) -> Value {
    match value {
        Scalar::String(text) => json!(text),
        Scalar::Integer(number) => json!(number),
        Scalar::Float(number) => json!(number),
        Scalar::Boolean(truth) => json!(truth),
    }
}

/// Each value once, as `enum` requires.
fn distinct(values: Vec<Value>) -> Vec<Value> {
    let mut distinct: Vec<Value> = Vec::new();
    for value in values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    distinct
}
