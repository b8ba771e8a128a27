//! A validator for the part of JSON Schema (draft-07) that the program writes. It fails for any other keyword.
//! `tests/peers/schemas.py` checks the same schemas with the package jsonschema.

use regex::Regex;
use serde_json::{Map, Value};

/// Whether `value` is valid. `root` is the whole schema.
pub(crate) fn is_valid(root: &Value, value: &Value) -> bool {
    fits(root, root, value)
}

fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
    let schema = schema.as_object().expect("a schema is an object");
    if let Some(reference) = schema.get("$ref") {
        assert_eq!(schema.len(), 1, "draft-07 ignores what stands beside $ref");
        let pointer = reference.as_str().and_then(|it| it.strip_prefix('#')).expect("a reference into the schema");
        return fits(root, root.pointer(pointer).expect("the definition exists"), value);
    }
    schema.iter().all(|(keyword, argument)| keyword_fits(root, schema, keyword, argument, value))
}

fn keyword_fits(root: &Value, schema: &Map<String, Value>, keyword: &str, argument: &Value, value: &Value) -> bool {
    let schemas = || argument.as_array().expect("a list of schemas").iter();
    let valid = |schema: &Value| fits(root, schema, value);
    let limit = || usize::try_from(argument.as_u64().expect("a length")).expect("small");
    match keyword {
        "$schema" | "title" | "description" | "default" | "examples" | "definitions" | "format" => true,
        "type" => match argument {
            Value::Array(types) => types.iter().any(|name| has_type(name, value)),
            name => has_type(name, value),
        },
        "enum" => argument.as_array().expect("a list").contains(value),
        "const" => argument == value,
        "anyOf" => schemas().any(valid),
        "allOf" => schemas().all(valid),
        "oneOf" => schemas().filter(|schema| valid(schema)).count() == 1,
        "not" => !valid(argument),
        "pattern" => value.as_str().is_none_or(|text| regex(argument).is_match(text)),
        "minLength" => value.as_str().is_none_or(|text| text.chars().count() >= limit()),
        "maxLength" => value.as_str().is_none_or(|text| text.chars().count() <= limit()),
        "minimum" => number(value).is_none_or(|number| number >= argument.as_f64().expect("a number")),
        "maximum" => number(value).is_none_or(|number| number <= argument.as_f64().expect("a number")),
        "exclusiveMinimum" => number(value).is_none_or(|number| number > argument.as_f64().expect("a number")),
        "minItems" => value.as_array().is_none_or(|items| items.len() >= limit()),
        "maxItems" => value.as_array().is_none_or(|items| items.len() <= limit()),
        "items" => value.as_array().is_none_or(|items| items_fit(root, argument, items)),
        "minProperties" => value.as_object().is_none_or(|object| object.len() >= limit()),
        "required" => value
            .as_object()
            .is_none_or(|object| schemas().all(|key| object.contains_key(key.as_str().expect("a name")))),
        "propertyNames" => value
            .as_object()
            .is_none_or(|object| object.keys().all(|key| fits(root, argument, &Value::from(key.as_str())))),
        "properties" => value.as_object().is_none_or(|object| {
            let known = argument.as_object().expect("names and schemas");
            object.iter().all(|(key, value)| known.get(key).is_none_or(|schema| fits(root, schema, value)))
        }),
        "additionalProperties" => value.as_object().is_none_or(|object| {
            let known = schema.get("properties").and_then(Value::as_object);
            let others = object.iter().filter(|(key, _)| known.is_none_or(|known| !known.contains_key(*key)));
            match argument {
                Value::Bool(allowed) => *allowed || others.count() == 0,
                schema => others.map(|(_, value)| value).all(|value| fits(root, schema, value)),
            }
        }),
        _ => panic!("the validator does not know `{keyword}`"),
    }
}

fn items_fit(root: &Value, schema: &Value, items: &[Value]) -> bool {
    match schema {
        Value::Array(schemas) => items.iter().zip(schemas).all(|(item, schema)| fits(root, schema, item)),
        schema => items.iter().all(|item| fits(root, schema, item)),
    }
}

fn regex(pattern: &Value) -> Regex {
    Regex::new(pattern.as_str().expect("a pattern")).expect("a valid pattern")
}

fn number(value: &Value) -> Option<f64> {
    if value.is_number() { value.as_f64() } else { None }
}

fn has_type(name: &Value, value: &Value) -> bool {
    match name.as_str().expect("the name of a type") {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        // A number without a fraction is one in whatever way it is written.
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("`{other}` is not a type"),
    }
}
