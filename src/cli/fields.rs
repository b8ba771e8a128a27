//! Says what the rules of a run give: type, one value or a list, and from where.

use crate::scrape::extract::{
    Arity, EachRule, Fact, Fields, FirstOf, Root, Rule, Scalar, Source, Structured, ValueRule, ValueType, makes_objects,
};

/// How far the fields of an object are indented.
const INDENT: &str = "  ";

/// Describes each field on a line, such as `price: number or null, the first match of ".price::text"`. The fields of
/// objects and the rules of a `first_of` follow on indented lines.
pub(super) fn described(fields: &Fields) -> Vec<String> {
    let mut lines = Vec::new();
    add_fields(&mut lines, "", fields);
    lines
}

fn add_fields(lines: &mut Vec<String>, indent: &str, fields: &Fields) {
    for (name, rule) in fields {
        add(lines, indent, &format!("{name}: "), rule, true);
    }
}

/// Adds a rule. `is_field`: whether it is the rule of a field, which may be `null`, and not one of several.
fn add(lines: &mut Vec<String>, indent: &str, label: &str, rule: &Rule, is_field: bool) {
    let inner = format!("{indent}{INDENT}");
    match rule {
        Rule::Value(rule) => {
            let missing = if is_field { missing(rule) } else { String::new() };
            lines.push(format!("{indent}{label}{}{missing}, {}", kind(rule), origin(rule)));
        }
        Rule::Each(EachRule { each, fields }) => {
            lines.push(format!("{indent}{label}list of objects, one for each {}", match_of(each)));
            add_fields(lines, &inner, fields);
        }
        Rule::FirstOf(FirstOf { rules, required, default }) => {
            let end = match (default, is_field) {
                (Some(default), _) => format!(", or {} if none does", shown(default)),
                (None, true) if *required => "; a page without one fails".to_owned(),
                (None, true) if !never_missing(rules) => ", or null".to_owned(),
                (None, _) => String::new(),
            };
            lines.push(format!("{indent}{label}the first of these that gives a value{end}"));
            rules.iter().for_each(|rule| add(lines, &inner, "- ", rule, false));
        }
    }
}

fn never_missing(rules: &[Rule]) -> bool {
    let is_never_missing =
        |rule: &ValueRule| rule.is_list() || rule.source.gives_lists() || matches!(rule.source.root, Root::Const(_));
    match rules.last() {
        Some(Rule::Value(rule)) => is_never_missing(rule),
        Some(Rule::Each(_)) => true,
        Some(Rule::FirstOf(first)) => never_missing(&first.rules),
        None => false,
    }
}

/// The type of a field.
fn kind(rule: &ValueRule) -> String {
    let names_values = rule.steps.join.is_none() && matches!(rule.kind, ValueType::String | ValueType::Json);
    let (one, many) = match rule.kind {
        _ if rule.steps.re.as_deref().is_some_and(makes_objects) => ("object", "objects"),
        _ if names_values && !rule.steps.map.is_empty() => ("value of `map`", "values of `map`"),
        ValueType::Json => of_json(&rule.source),
        ValueType::String => ("string", "strings"),
        ValueType::Number => ("number", "numbers"),
        ValueType::Integer => ("whole number", "whole numbers"),
        ValueType::Boolean => ("true or false", "true or false"),
        ValueType::Html => ("HTML", "HTML"),
        ValueType::Markdown => ("Markdown", "Markdown"),
        ValueType::Url => ("URL", "URLs"),
        ValueType::Date => ("date", "dates"),
        ValueType::DateTime => ("date with time", "dates with time"),
    };
    if rule.is_list() { format!("list of {many}") } else { one.to_owned() }
}

/// What a source of JSON gives, as far as this is known.
fn of_json(source: &Source) -> (&'static str, &'static str) {
    match &source.root {
        _ if source.json.is_some() => ("JSON value", "JSON values"),
        Root::Structured(Structured::OpenGraph) | Root::Article { .. } => ("object", "objects"),
        Root::Structured(Structured::JsonLd | Structured::Microdata) | Root::Links | Root::Feed | Root::Table(_) => {
            ("list of objects", "lists of objects")
        }
        Root::Const(Scalar::Integer(_)) | Root::Fact(Fact::Status | Fact::Seq) => ("whole number", "whole numbers"),
        Root::Const(Scalar::Float(_)) => ("number", "numbers"),
        Root::Const(Scalar::Boolean(_)) => ("true or false", "true or false"),
        Root::Fact(_)
        | Root::Structured(Structured::Published | Structured::Author)
        | Root::Const(Scalar::String(_)) => ("string", "strings"),
        Root::Body | Root::Css(_) | Root::XPath(_) => ("JSON value", "JSON values"),
    }
}

/// What stands for a missing value.
fn missing(rule: &ValueRule) -> String {
    let is_never_missing = match &rule.source.root {
        Root::Const(_) => true,
        Root::Fact(fact) => rule.steps.re.is_none() && !matches!(fact, Fact::Header(_) | Fact::Input(_)),
        _ => false,
    };
    match &rule.default {
        _ if rule.required => " (a page without it fails)".to_owned(),
        Some(default) => format!(" or {} if there is none", shown(default)),
        None if is_never_missing || rule.is_list() || rule.source.gives_lists() => String::new(),
        None => " or null".to_owned(),
    }
}

/// Where the values come from.
fn origin(rule: &ValueRule) -> String {
    let what = matched(&rule.source);
    let from = match &rule.source.root {
        Root::Const(_) | Root::Fact(_) => what,
        _ if rule.source.is_single() => what,
        Root::Table(_) if rule.arity == Arity::One && rule.source.json.is_none() => what,
        _ if rule.arity == Arity::Many => format!("every match of {what}"),
        _ => format!("the first match of {what}"),
    };
    let found = match &rule.steps.re {
        Some(re) if rule.arity == Arity::Many => format!("every match of `re` {re:?} in {from}"),
        Some(re) => format!("`re` {re:?} of {from}"),
        None => from,
    };
    let parts = match &rule.steps.split {
        Some(mark) => format!("the parts between {mark:?} of {found}"),
        None => found,
    };
    match &rule.steps.join {
        Some(mark) => format!("{parts}, joined with {mark:?}"),
        None => parts,
    }
}

/// One match of a source, as in "one for each ..".
fn match_of(source: &Source) -> String {
    match (&source.root, &source.json) {
        (Root::Css(_), None) => matched(source),
        _ => format!("match of {}", matched(source)),
    }
}

/// What a source selects.
fn matched(source: &Source) -> String {
    let root = match &source.root {
        Root::Css(css) => format!("{css:?}"),
        Root::XPath(xpath) => format!("the XPath {xpath:?}"),
        Root::Body => String::new(),
        Root::Structured(Structured::JsonLd) => "the JSON-LD of the page".to_owned(),
        Root::Structured(Structured::OpenGraph) => "the Open Graph data of the page".to_owned(),
        Root::Structured(Structured::Microdata) => "the microdata of the page".to_owned(),
        Root::Structured(Structured::Published) => "when the page says that it was published".to_owned(),
        Root::Structured(Structured::Author) => "who the page says has written it".to_owned(),
        Root::Table(css) => format!("the rows of the table {css:?}"),
        Root::Links => "the links of the page".to_owned(),
        Root::Feed => "the entries of the feed".to_owned(),
        Root::Article { markdown: false } => "the article of the page".to_owned(),
        Root::Article { markdown: true } => "the article of the page, with Markdown".to_owned(),
        Root::Const(value) => format!("always {}", shown(value)),
        Root::Fact(fact) => fact_of_page(fact),
    };
    let conditions = [("with", &source.has), ("without", &source.not)];
    let conditions =
        conditions.into_iter().filter_map(|(word, css)| Some(format!(" {word} {:?} inside", css.as_ref()?)));
    let root = std::iter::once(root).chain(conditions).collect::<String>();
    match &source.json {
        Some(path) if root.is_empty() => format!("the JSON path {path:?}"),
        Some(path) => format!("the JSON path {path:?} in {root}"),
        None => root,
    }
}

fn fact_of_page(fact: &Fact) -> String {
    match fact {
        Fact::Url => "the URL of the list".to_owned(),
        Fact::FinalUrl => "the URL after all redirects".to_owned(),
        Fact::Status => "the HTTP status".to_owned(),
        Fact::Header(name) => format!("the response header {name:?}"),
        Fact::FetchedAt => "the time of the fetch".to_owned(),
        Fact::Seq => "the number of the task".to_owned(),
        Fact::Input(column) => format!("the column {column:?} of the list"),
    }
}

fn shown(scalar: &Scalar) -> String {
    match scalar {
        Scalar::String(text) => format!("{text:?}"),
        Scalar::Integer(number) => number.to_string(),
        Scalar::Float(number) => number.to_string(),
        Scalar::Boolean(truth) => truth.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::described;
    use crate::config::{Flag, Sources, load};
    use crate::scrape::extract::joined;

    /// What is said about the fields that these flags set.
    fn said(settings: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let sources = Sources {
            config: None,
            folder: folder.path().to_owned(),
            user: rustix::process::geteuid().as_raw(),
            environment: Vec::new(),
            flags: settings.iter().map(|setting| Flag::set(*setting)).collect(),
            cpus: std::num::NonZeroUsize::MIN,
        };
        let loaded = load(&sources).unwrap_or_else(|error| panic!("{error}"));
        described(&joined(&loaded.plan.scrape.extract))
    }

    #[test]
    fn each_rule_says_its_type_whether_it_is_a_list_and_where_it_comes_from() {
        let table = [
            ("'h1::text'", "string or null, the first match of \"h1::text\""),
            ("['a::url']", "list of strings, every match of \"a::url\""),
            ("{ css = 'p', type = 'number' }", "number or null, the first match of \"p\""),
            ("{ css = ['p'], type = 'integer' }", "list of whole numbers, every match of \"p\""),
            ("{ css = 'p', required = true }", "string (a page without it fails), the first match of \"p\""),
            ("{ css = 'p', default = '-' }", "string or \"-\" if there is none, the first match of \"p\""),
            (
                "{ css = 'p', has = 'b', not = 'i' }",
                "string or null, the first match of \"p\" with \"b\" inside without \"i\" inside",
            ),
            ("{ xpath = '//p' }", "string or null, the first match of the XPath \"//p\""),
            ("{ json = '$.a' }", "JSON value or null, the first match of the JSON path \"$.a\""),
            (
                "{ css = 'script::text', json = '$.a', type = 'date' }",
                "date or null, the first match of the JSON path \"$.a\" in \"script::text\"",
            ),
            ("{ structured = 'json_ld' }", "list of objects, the JSON-LD of the page"),
            (
                "{ structured = 'json_ld', json = ['$..name'] }",
                "list of JSON values, every match of the JSON path \"$..name\" in the JSON-LD of the page",
            ),
            ("{ table = 'table' }", "list of objects, the rows of the table \"table\""),
            ("{ links = true }", "list of objects, the links of the page"),
            ("{ article = true, type = 'markdown' }", "object or null, the article of the page, with Markdown"),
            ("{ const = 5 }", "whole number, always 5"),
            ("{ fact = 'status' }", "whole number, the HTTP status"),
            ("{ fact = 'header:etag' }", "string or null, the response header \"etag\""),
            ("{ css = 'p', split = ',' }", "list of strings, the parts between \",\" of the first match of \"p\""),
            ("{ css = 'p', join = ', ' }", "string or null, every match of \"p\", joined with \", \""),
            ("{ css = 'p', re = '(?P<a>.)' }", "object or null, `re` \"(?P<a>.)\" of the first match of \"p\""),
            ("{ css = 'p', map = { a = true } }", "value of `map` or null, the first match of \"p\""),
        ];
        for (rule, expected) in table {
            assert_eq!(
                said(&[&format!("extract.x={rule}").replace("='h1::text'", "=h1::text")]),
                [format!("x: {expected}")],
                "{rule}"
            );
        }
    }

    #[test]
    fn fields_of_objects_and_rules_of_first_of_are_indented() {
        let expected = [
            "quotes: list of objects, one for each \"div.quote\"",
            "  text: string or null, the first match of \"span::text\"",
            "  tags: list of objects, one for each match of the XPath \".//a\"",
            "    name: string or null, the first match of \"b\"",
            "name: the first of these that gives a value",
            "  - string, the first match of \"h1\"",
            "  - string, always \"none\"",
        ];
        let quotes = "extract.quotes={ each = 'div.quote', text = 'span::text', tags = { each = { xpath = './/a' }, name = 'b' } }";
        assert_eq!(said(&[quotes, "extract.name={ first_of = ['h1', { const = 'none' }] }"]), expected);
        let table = [
            ("first_of = ['a']", "x: the first of these that gives a value, or null"),
            ("first_of = ['a'], required = true", "x: the first of these that gives a value; a page without one fails"),
            ("first_of = ['a'], default = '-'", "x: the first of these that gives a value, or \"-\" if none does"),
            ("first_of = ['a', ['b']]", "x: the first of these that gives a value"),
            ("first_of = ['a', { links = true }]", "x: the first of these that gives a value"),
        ];
        for (written, expected) in table {
            assert_eq!(said(&[&format!("extract.x={{ {written} }}")])[0], expected, "{written}");
        }
    }

    #[test]
    fn without_rules_the_fields_are_those_of_the_preset() {
        assert_eq!(said(&[])[0], "title: string or null, the first match of \"title:not(svg title)::text-content\"");
        assert_eq!(said(&["extraction.preset=links"])[1], "links: list of objects, the links of the page");
    }
}
