//! `[extract]`: every form, and the order of the fields.

use super::{file, nothing};
use crate::config::Flag;
use crate::scrape::extract::{
    Arity, Case, Decimal, EachRule, Extraction, Fact, Fields, FirstOf, Notation, Preset, Root, Rule, Scalar, Source,
    Steps, Structured, ValueRule, ValueType,
};

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

#[expect(clippy::unnecessary_wraps, reason = "it is written for fields that are optional")]
fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn json(root: Root, path: &str) -> Source {
    Source { json: text(path), ..Source::from(root) }
}

#[test]
fn each_source_is_read_and_json_is_given_as_it_is() {
    let css = |css: &str| Root::Css(css.to_owned());
    let fact = |fact: Fact| ValueRule::of(Root::Fact(fact).into(), Arity::One);
    let constant = |value: Scalar| ValueRule::of(Root::Const(value).into(), Arity::One);
    let table = [
        ("{ xpath = '//h1/text()' }", ValueRule::of(Root::XPath("//h1/text()".to_owned()).into(), Arity::One)),
        ("{ xpath = ['//a/@href'] }", ValueRule::of(Root::XPath("//a/@href".to_owned()).into(), Arity::Many)),
        ("{ css = 'p', all = true }", many("p")),
        ("{ css = ['p'], all = true }", many("p")),
        ("{ css = 'p', all = false }", one("p")),
        ("{ json = '$.a' }", ValueRule::of(json(Root::Body, "$.a"), Arity::One)),
        ("{ json = ['$.a[*]'] }", ValueRule::of(json(Root::Body, "$.a[*]"), Arity::Many)),
        ("{ css = 'script::text', json = '$.a' }", ValueRule::of(json(css("script::text"), "$.a"), Arity::One)),
        ("{ css = ['script::text'], json = '$.a' }", ValueRule::of(json(css("script::text"), "$.a"), Arity::Many)),
        (
            "{ json = '$.a', xpath = '//p/text()' }",
            ValueRule::of(json(Root::XPath("//p/text()".to_owned()), "$.a"), Arity::One),
        ),
        ("{ structured = 'json_ld' }", ValueRule::of(Root::Structured(Structured::JsonLd).into(), Arity::One)),
        ("{ structured = 'open_graph' }", ValueRule::of(Root::Structured(Structured::OpenGraph).into(), Arity::One)),
        (
            "{ structured = 'microdata', json = '$[*].type', all = true }",
            ValueRule::of(json(Root::Structured(Structured::Microdata), "$[*].type"), Arity::Many),
        ),
        ("{ table = 'table.prices' }", ValueRule::of(Root::Table("table.prices".to_owned()).into(), Arity::One)),
        ("{ table = ['table'] }", ValueRule::of(Root::Table("table".to_owned()).into(), Arity::Many)),
        ("{ links = true }", ValueRule::of(Root::Links.into(), Arity::One)),
        ("{ links = true, json = ['$[*].url'] }", ValueRule::of(json(Root::Links, "$[*].url"), Arity::Many)),
        ("{ feed = true }", ValueRule::of(Root::Feed.into(), Arity::One)),
        ("{ article = true }", ValueRule::of(Root::Article { markdown: false }.into(), Arity::One)),
        ("{ article = true, type = 'markdown' }", ValueRule::of(Root::Article { markdown: true }.into(), Arity::One)),
        (
            "{ article = true, json = '$.title' }",
            ValueRule::of(json(Root::Article { markdown: false }, "$.title"), Arity::One),
        ),
        ("{ const = 'a' }", constant(Scalar::String("a".to_owned()))),
        ("{ const = 1 }", constant(Scalar::Integer(1))),
        ("{ const = 1.5 }", constant(Scalar::Float(1.5))),
        ("{ const = true }", constant(Scalar::Boolean(true))),
        ("{ const = 1, type = 'integer' }", ValueRule { kind: ValueType::Integer, ..constant(Scalar::Integer(1)) }),
        ("{ fact = 'url' }", fact(Fact::Url)),
        ("{ fact = 'final_url' }", fact(Fact::FinalUrl)),
        ("{ fact = 'status' }", fact(Fact::Status)),
        ("{ fact = 'header:Content-Type' }", fact(Fact::Header("content-type".to_owned()))),
        ("{ fact = 'fetched_at' }", fact(Fact::FetchedAt)),
        ("{ fact = 'seq' }", fact(Fact::Seq)),
        ("{ fact = 'input:SKU: old' }", fact(Fact::Input("SKU: old".to_owned()))),
        (
            "{ css = 'p', has = 'b', not = 'i, a' }",
            ValueRule::of(Source { has: text("b"), not: text("i, a"), ..Source::from(css("p")) }, Arity::One),
        ),
    ];
    for (written, expected) in table {
        assert_eq!(rule(written), Rule::Value(expected), "{written}");
    }
}

#[test]
fn each_step_is_read() {
    let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let steps = Steps::default;
    let listed = vec![("in stock".to_owned(), Scalar::Boolean(true)), ("few".to_owned(), Scalar::Integer(3))];
    let table = [
        ("re = 'a'", Arity::One, Steps { re: text("a"), ..steps() }),
        ("trim = false", Arity::One, Steps { trim: false, ..steps() }),
        (
            "replace = [['a', 'b'], ['c', '']]",
            Arity::One,
            Steps { replace: vec![pair("a", "b"), pair("c", "")], ..steps() },
        ),
        ("replace = ['a', 'b']", Arity::One, Steps { replace: vec![pair("a", "b")], ..steps() }),
        ("split = ', '", Arity::One, Steps { split: text(", "), ..steps() }),
        ("split = ',', all = true", Arity::Many, Steps { split: text(","), ..steps() }),
        ("strip = '()'", Arity::One, Steps { strip: text("()"), ..steps() }),
        ("lower = true", Arity::One, Steps { case: Some(Case::Lower), ..steps() }),
        ("upper = true, lower = false", Arity::One, Steps { case: Some(Case::Upper), ..steps() }),
        ("map = { 'in stock' = true, few = 3 }", Arity::One, Steps { map: listed, ..steps() }),
        ("join = ''", Arity::Many, Steps { join: text(""), ..steps() }),
        ("join = '/', split = ','", Arity::One, Steps { split: text(","), join: text("/"), ..steps() }),
    ];
    for (written, arity, steps) in table {
        let expected = ValueRule { arity, steps, ..one("p") };
        assert_eq!(rule(&format!("{{ css = 'p', {written} }}")), Rule::Value(expected), "{written}");
    }
}

#[test]
fn without_a_type_json_is_given_as_it_is_unless_a_step_reads_it_as_text() {
    let table = [
        ("json = '$.a'", ValueType::Json),
        ("json = '$.a', trim = false", ValueType::Json),
        ("json = '$.a', trim = true", ValueType::String),
        ("json = '$.a', re = 'a'", ValueType::String),
        ("json = '$.a', map = { a = 1 }", ValueType::String),
        ("fact = 'url', split = '/'", ValueType::String),
        ("json = '$.a', type = 'number'", ValueType::Number),
        ("css = 'p', type = 'markdown'", ValueType::Markdown),
        ("css = 'p::text', type = 'url'", ValueType::Url),
        ("css = 'p::text', type = 'json'", ValueType::Json),
        ("css = 'p', type = 'date'", ValueType::Date),
        ("css = 'p', type = 'datetime'", ValueType::DateTime),
    ];
    for (written, expected) in table {
        let Rule::Value(rule) = rule(&format!("{{ {written} }}")) else { panic!("{written} is a value") };
        assert_eq!(rule.kind, expected, "{written}");
    }
}

#[test]
fn a_default_may_have_any_type_if_the_values_may() {
    let table = [
        ("json = '$.a', default = 0", Scalar::Integer(0)),
        ("json = '$.a', default = ''", Scalar::String(String::new())),
        ("css = 'p', map = { a = true }, default = false", Scalar::Boolean(false)),
        ("css = 'p', join = ', ', default = '-'", Scalar::String("-".to_owned())),
        ("css = 'p', type = 'date', default = '2024-03-01'", Scalar::String("2024-03-01".to_owned())),
        (
            "css = 'p', type = 'datetime', default = '2024-03-01T10:00:00'",
            Scalar::String("2024-03-01T10:00:00".to_owned()),
        ),
    ];
    for (written, expected) in table {
        let Rule::Value(rule) = rule(&format!("{{ {written} }}")) else { panic!("{written} is a value") };
        assert_eq!(rule.default, Some(expected), "{written}");
    }
}

#[test]
fn the_options_beside_first_of_count_for_rules_without_their_own() {
    let found = rule(
        "{ first_of = ['b::text', ['i::text'], { css = 'p::text', type = 'integer', trim = false, decimal = '.' }, \
         { const = 0 }], type = 'number', decimal = ',', strip = '-' }",
    );
    let steps = || Steps { strip: text("-"), ..Steps::default() };
    let comma = || Notation { decimal: Some(Decimal::Comma), ..Notation::default() };
    let point = Notation { decimal: Some(Decimal::Point), ..Notation::default() };
    let number = |rule: ValueRule| ValueRule { kind: ValueType::Number, steps: steps(), notation: comma(), ..rule };
    let integer = ValueRule {
        kind: ValueType::Integer,
        steps: Steps { trim: false, ..steps() },
        notation: point,
        ..one("p::text")
    };
    let constant = ValueRule::of(Root::Const(Scalar::Integer(0)).into(), Arity::One);
    let rules = [number(one("b::text")), number(many("i::text")), integer, constant];
    let expected = FirstOf { rules: rules.map(Rule::Value).to_vec(), required: false, default: None };
    assert_eq!(found, Rule::FirstOf(expected));
}

#[test]
fn first_of_takes_rules_of_every_form() {
    let found = rule("{ first_of = [{ each = 'p', required = 'b' }, { first_of = ['i', 'u'] }], required = true }");
    let value = |css: &str| Rule::Value(one(css));
    let each = EachRule { each: Root::Css("p".to_owned()).into(), fields: vec![("required".to_owned(), value("b"))] };
    let inner = FirstOf { rules: vec![value("i"), value("u")], required: false, default: None };
    let expected = FirstOf { rules: vec![Rule::Each(each), Rule::FirstOf(inner)], required: true, default: None };
    assert_eq!(found, Rule::FirstOf(expected));
    let Rule::FirstOf(found) = rule("{ first_of = ['p', 'b'], default = 'none' }") else { panic!("it is a first_of") };
    assert_eq!(found.default, Some(Scalar::String("none".to_owned())));
}

#[test]
fn each_selects_elements_or_values_of_json() {
    let css = |css: &str| Root::Css(css.to_owned());
    let table = [
        ("'div'", Source::from(css("div")), "'p'"),
        ("{ css = 'div' }", Source::from(css("div")), "'p'"),
        ("{ xpath = '//div' }", Source::from(Root::XPath("//div".to_owned())), "'p'"),
        (
            "{ css = 'div', has = 'a', not = 'b' }",
            Source { has: text("a"), not: text("b"), ..Source::from(css("div")) },
            "'p'",
        ),
        ("{ json = '$.a[*]' }", json(Root::Body, "$.a[*]"), "{ json = '$.p' }"),
        ("{ css = 'script::text', json = '$[*]' }", json(css("script::text"), "$[*]"), "{ json = '$.p' }"),
        (
            "{ structured = 'json_ld', json = '$[*]' }",
            json(Root::Structured(Structured::JsonLd), "$[*]"),
            "{ json = '$.p' }",
        ),
        ("{ feed = true, json = '$[*]' }", json(Root::Feed, "$[*]"), "{ fact = 'url' }"),
    ];
    for (written, expected, field) in table {
        let found = rule(&format!("{{ each = {written}, css = {field}, type = {field} }}"));
        let Rule::Each(each) = found else { panic!("{written} makes objects") };
        assert_eq!(each.each, expected, "{written}");
        let names: Vec<&str> = each.fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["css", "type"], "{written}: all other keys are fields");
    }
}

#[test]
fn the_notation_of_all_fields_counts_where_a_field_has_none_and_its_type_needs_one() {
    let notation = |locale: Option<&str>, decimal: Option<Decimal>| Notation {
        locale: locale.map(str::to_owned),
        decimal,
        ..Notation::default()
    };
    let (comma, point) = (Some(Decimal::Comma), Some(Decimal::Point));
    let table = [
        ("{ css = 'p', type = 'number' }", notation(Some("de"), point)),
        ("{ css = 'p', type = 'integer', decimal = ',' }", notation(Some("de"), comma)),
        ("{ css = 'p', type = 'number', locale = 'fr' }", notation(Some("fr"), None)),
        ("{ css = 'p', type = 'date' }", notation(Some("de"), None)),
        ("{ css = 'p', type = 'datetime', locale = 'fr' }", notation(Some("fr"), None)),
        ("{ css = 'p' }", Notation::default()),
        ("{ json = '$.a' }", Notation::default()),
    ];
    for (written, expected) in table {
        // In each position, and whatever layer says it.
        let field = format!("x = {written}\ny = {{ first_of = [{written}] }}\nz = {{ each = 'p', x = {written} }}");
        let field = field.replace("z = { each = 'p', x = { json", "z = { each = { json = '$' }, x = { json");
        let case = file(format!("[extract]\n{field}\n[extraction]\nlocale = 'it'\n"));
        let fields = case.set("extraction.locale=de").set("extraction.decimal=.").plan().scrape.extract.fields;
        let found = fields.into_iter().map(|(_, rule)| match rule {
            Rule::FirstOf(first) => first.rules[0].clone(),
            Rule::Each(each) => each.fields[0].1.clone(),
            rule @ Rule::Value(_) => rule,
        });
        for rule in found {
            let Rule::Value(rule) = rule else { panic!("{written} is a value") };
            assert_eq!(rule.notation, expected, "{written}");
        }
    }
}

#[test]
fn the_settings_of_the_whole_extraction_are_read() {
    assert_eq!(nothing().plan().scrape.extract, Extraction::default());
    let table = [
        ("page", Preset::Page),
        ("article", Preset::Article),
        ("links", Preset::Links),
        ("metadata", Preset::Metadata),
    ];
    for (written, preset) in table {
        let extract = file(format!("extraction = {{ preset = '{written}', strict = true }}")).plan().scrape.extract;
        assert_eq!(extract, Extraction { preset: Some(preset), strict: true, ..Extraction::default() });
    }
}

#[test]
fn rules_that_are_set_by_flags_are_those_of_a_file() {
    let table: [(&[&str], &str); 6] = [
        (&["x={ first_of = ['a', 'b'], type = 'number' }"], "{ first_of = ['a', 'b'], type = 'number' }"),
        (&["x.first_of=['a', 'b']", "x.type=number"], "{ first_of = ['a', 'b'], type = 'number' }"),
        (&["x.json=$.a", "x.default=0"], "{ json = '$.a', default = 0 }"),
        (&["x.links=true"], "{ links = true }"),
        (&["x.const=5", "x.type=string"], "{ const = '5', type = 'string' }"),
        (
            &["x.each.xpath=//p", "x.a.css=b", "x.a.replace=[['a', 'b']]"],
            "{ each = { xpath = '//p' }, a = { css = 'b', replace = ['a', 'b'] } }",
        ),
    ];
    for (parts, expected) in table {
        let case = parts.iter().fold(nothing(), |case, part| case.set(&format!("extract.{part}")));
        assert_eq!(case.plan().scrape.extract.fields, fields(&format!("x = {expected}")), "{parts:?}");
    }
}

#[test]
fn a_selection_is_a_field_in_the_language_of_its_text() {
    let fields = |selections: &[&str]| {
        let case = selections.iter().fold(nothing(), |case, it| case.flag(Flag::select(*it)));
        case.plan().scrape.extract.fields
    };
    let table = [
        ("title=h1::text", "title = 'h1::text'"),
        ("Preis in €=.p::text", "'Preis in €' = '.p::text'"),
        (" a = [href]", "a = '[href]'"),
        ("a=a[href='x']::url", "a = \"a[href='x']::url\""),
        ("links=['a::url']", "links = ['a::url']"),
        ("price={ css = '.p', type = 'number' }", "price = { css = '.p', type = 'number' }"),
        ("t=//h1/text()", "t = { xpath = '//h1/text()' }"),
        ("t=(//h1)[1]", "t = { xpath = '(//h1)[1]' }"),
        ("t=$.title", "t = { json = '$.title' }"),
        ("json=$.title", "json = { json = '$.title' }"),
        ("\"a.b\"=h1", "'a.b' = 'h1'"),
    ];
    for (selection, written) in table {
        assert_eq!(
            fields(&[selection]),
            file(format!("[extract]\n{written}")).plan().scrape.extract.fields,
            "{selection}"
        );
    }
    let parts = ["q.each=//div", "q.text=span", "q.id=./@id", "n.css=p::text", "n.re=(a)", "b=i"];
    let written = "q = { each = { xpath = '//div' }, text = 'span', id = { xpath = './@id' } }\n\
                   n = { css = 'p::text', re = '(a)' }\nb = 'i'";
    assert_eq!(fields(&parts), file(format!("[extract]\n{written}")).plan().scrape.extract.fields);
}

#[test]
fn every_key_of_a_rule_changes_what_runs_must_share() {
    let shaping = |rule: &str| file(format!("[extract]\nx = {rule}\n")).plan().shaping;
    let table = [
        "{ css = 'p', all = true }",
        "{ css = 'p', has = 'b' }",
        "{ css = 'p', not = 'b' }",
        "{ css = 'p', re = 'a' }",
        "{ css = 'p', trim = false }",
        "{ css = 'p', replace = ['a', 'b'] }",
        "{ css = 'p', split = ',' }",
        "{ css = 'p', strip = ',' }",
        "{ css = 'p', lower = true }",
        "{ css = 'p', upper = true }",
        "{ css = 'p', map = { a = 1 } }",
        "{ css = 'p', map = { a = 2 } }",
        "{ css = 'p', join = ',' }",
        "{ css = 'p', default = '' }",
        "{ css = 'p', required = true }",
        "{ css = 'p', type = 'number' }",
        "{ css = 'p', type = 'number', decimal = ',' }",
        "{ css = 'p', type = 'number', locale = 'de' }",
        "{ css = 'p', type = 'date' }",
        "{ css = 'p', type = 'date', format = '%Y-%m-%d' }",
        "{ css = 'p', type = 'date', timezone = 'Europe/Berlin' }",
        "{ xpath = 'p' }",
        "{ json = '$.p' }",
        "{ const = 'p' }",
        "{ fact = 'url' }",
        "{ fact = 'header:p' }",
        "{ first_of = ['p'] }",
        "{ each = 'p', p = 'p' }",
    ];
    for (nth, one) in table.iter().enumerate() {
        assert_ne!(shaping(one), shaping("'p'"), "{one}");
        for other in &table[nth + 1..] {
            assert_ne!(shaping(one), shaping(other), "{one}, {other}");
        }
    }
    assert_eq!(shaping("{ css = 'p' }"), shaping("'p'"));
}
