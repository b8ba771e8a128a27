//! `[extract]`: every form, and the order of the fields.

use super::file;
use crate::scrape::extract::{Arity, Extraction, Fields, Rule, Scalar, Steps, ValueRule, ValueType};

#[track_caller]
fn fields(text: &str) -> Fields {
    let plan = file(format!("[extract]\n{text}\n")).plan();
    plan.scrape.extract.fields
}

/// The rule of the only field.
#[track_caller]
fn rule(value: &str) -> Rule {
    let mut fields = fields(&format!("x = {value}"));
    assert_eq!(fields.len(), 1);
    fields.remove(0).1
}

fn one(css: &str) -> ValueRule {
    ValueRule::new(css, Arity::One)
}

fn many(css: &str) -> ValueRule {
    ValueRule::new(css, Arity::Many)
}

#[test]
fn each_form_of_a_value_gives_its_rule() {
    let table = [
        ("'h1::text'", one("h1::text")),
        ("['a::url']", many("a::url")),
        ("[\n  'h1, h2',\n]", many("h1, h2")),
        ("{ css = 'p' }", one("p")),
        ("{ css = ['p'] }", many("p")),
        ("{ css = 'p', required = false, trim = true }", one("p")),
        ("{ css = 'p', trim = false }", ValueRule { steps: Steps { trim: false, ..Steps::default() }, ..one("p") }),
        ("{ css = ['p'], required = true }", ValueRule { required: true, ..many("p") }),
        (
            r"{ css = 'p', re = '(\d+) €' }",
            ValueRule { steps: Steps { re: Some(r"(\d+) €".to_owned()), ..Steps::default() }, ..one("p") },
        ),
        ("{ type = 'string', css = 'p' }", one("p")),
        ("{ type = 'number', css = 'p' }", ValueRule { kind: ValueType::Number, ..one("p") }),
        ("{ type = 'integer', css = ['p'] }", ValueRule { kind: ValueType::Integer, ..many("p") }),
        ("{ type = 'boolean', css = 'p' }", ValueRule { kind: ValueType::Boolean, ..one("p") }),
        ("{ type = 'html', css = 'p' }", ValueRule { kind: ValueType::Html, ..one("p") }),
    ];
    for (written, expected) in table {
        assert_eq!(rule(written), Rule::Value(expected), "{written}");
    }
}

#[test]
fn a_default_is_of_the_type_of_its_value() {
    let table = [
        ("string", "''", Scalar::String(String::new())),
        ("html", "'<p>'", Scalar::String("<p>".to_owned())),
        ("number", "0", Scalar::Integer(0)),
        ("number", "-0.5", Scalar::Float(-0.5)),
        ("integer", "9223372036854775807", Scalar::Integer(i64::MAX)),
        ("boolean", "false", Scalar::Boolean(false)),
    ];
    for (kind, default, expected) in table {
        let written = format!("{{ default = {default}, css = 'p', type = '{kind}' }}");
        let Rule::Value(rule) = rule(&written) else { panic!("{written} is a value") };
        assert_eq!(rule.default, Some(expected), "{written}");
    }
    let refused = [
        ("string", "0"),
        ("string", "['']"),
        ("html", "true"),
        ("number", "'0'"),
        ("number", "inf"),
        ("number", "nan"),
        ("integer", "0.5"),
        ("integer", "1e3"),
        ("integer", "9223372036854775808"),
        ("boolean", "'true'"),
        ("boolean", "1"),
    ];
    for (kind, default) in refused {
        let written = format!("extract.x = {{ css = 'p', type = '{kind}', default = {default} }}");
        let error = file(&written).error();
        let message = error.problems()[0].message();
        let expected = format!("as `type` is \"{kind}\"");
        assert!(message.starts_with("`extract.x.default` must be"), "{written}: {message}");
        assert!(message.ends_with(&expected), "{written}: {message}");
    }
}

#[test]
fn a_table_with_each_holds_fields_of_any_name_and_further_tables() {
    let found = fields(
        "[extract.shops]\n\
         type = 'small::text'\n\
         each = 'div.shop'\n\
         required = { css = 'b', type = 'boolean' }\n\
         goods.each = 'li'\n\
         goods.name = ['i']\n",
    );
    let goods = Rule::each("li", vec![("name".to_owned(), Rule::Value(many("i")))]);
    let boolean = ValueRule { kind: ValueType::Boolean, ..one("b") };
    let shops = Rule::each(
        "div.shop",
        vec![
            ("type".to_owned(), Rule::Value(one("small::text"))),
            ("required".to_owned(), Rule::Value(boolean)),
            ("goods".to_owned(), goods),
        ],
    );
    assert_eq!(found, [("shops".to_owned(), shops)]);
}

#[test]
fn fields_stand_in_the_order_in_which_they_were_written() {
    let table = [
        ("z = 'p'\na = 'p'\nm = 'p'", vec!["z", "a", "m"]),
        ("z = 'p'\n[extract.b]\neach = 'p'\nx = 'p'\n[extract.a]\neach = 'p'\nx = 'p'", vec!["z", "b", "a"]),
        ("'2' = 'p'\n\"10\" = 'p'\n1 = 'p'\n'' = 'p'", vec!["2", "10", "1", ""]),
    ];
    for (written, expected) in table {
        let names: Vec<String> = fields(written).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, expected, "{written}");
    }
}

#[test]
fn an_empty_section_means_the_fields_of_every_page() {
    assert_eq!(file("[extract]\n").plan().scrape.extract, Extraction::default());
}
