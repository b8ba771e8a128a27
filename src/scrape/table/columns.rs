//! Which columns the rules give.

use regex::Regex;

use super::ColumnsError;
use crate::model::ValueKind;
use crate::scrape::extract::{
    Arity, Extraction, Fields, FirstOf, Root, Rule, Steps, ValueRule, ValueType, joined, makes_objects,
};

/// The columns that the rules of a run give, in the order of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    pub(super) fields: Vec<Field>,
    /// The index of the field of which each element gives a row.
    pub(super) rows: Option<usize>,
}

/// A field, and how it is spread over columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) spread: Spread,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spread {
    /// The field is one cell.
    Cell,
    /// The field is an object (or, in the field that gives rows, a list of objects). Each of these keys has columns.
    Object(Vec<Field>),
}

impl Field {
    fn cell(name: &str) -> Self {
        Self { name: name.to_owned(), spread: Spread::Cell }
    }
}

impl Columns {
    /// The columns for these rules. `rows` is the field of which each element gives a row.
    ///
    /// # Errors
    /// If `rows` does not name a field with `each`.
    pub fn new(extraction: &Extraction, rows: Option<&str>) -> Result<Self, ColumnsError> {
        let rules = joined(extraction);
        let mut fields = of_fields(&rules);
        let Some(name) = rows else { return Ok(Self { fields, rows: None }) };
        let elements =
            |name: &str| rules.iter().find(|(known, _)| known == name).and_then(|(_, rule)| of_elements(rule));
        let Some((at, element)) = rules.iter().position(|(known, _)| known == name).zip(elements(name)) else {
            let each = rules.iter().filter(|(_, rule)| of_elements(rule).is_some()).map(|(name, _)| name.clone());
            return Err(ColumnsError::NoRows { name: name.to_owned(), each: each.collect() });
        };
        fields[at].spread = Spread::Object(element);
        Ok(Self { fields, rows: Some(at) })
    }

    /// The columns for fields of these types. `rows` is the field of which each element gives a row.
    ///
    /// # Errors
    /// If `rows` does not name a field with lists of objects.
    pub fn of_kinds(kinds: &[(String, ValueKind)], rows: Option<&str>) -> Result<Self, ColumnsError> {
        let mut fields: Vec<Field> = kinds.iter().map(of_kind).collect();
        let Some(name) = rows else { return Ok(Self { fields, rows: None }) };
        let elements = |kind: &ValueKind| match kind {
            ValueKind::List(element) => match &**element {
                ValueKind::Object(keys) => Some(keys.iter().map(of_kind).collect()),
                _ => None,
            },
            _ => None,
        };
        let found = kinds.iter().position(|(known, _)| known == name);
        let Some((at, element)) = found.and_then(|at| Some((at, elements(&kinds[at].1)?))) else {
            let each = kinds.iter().filter(|(_, kind)| elements(kind).is_some()).map(|(name, _)| name.clone());
            return Err(ColumnsError::NoRows { name: name.to_owned(), each: each.collect() });
        };
        fields[at].spread = Spread::Object(element);
        Ok(Self { fields, rows: Some(at) })
    }

    /// The names of the columns.
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        add_names(&self.fields, "", &mut names);
        names
    }
}

fn add_names(fields: &[Field], around: &str, names: &mut Vec<String>) {
    for Field { name, spread } in fields {
        let name = if around.is_empty() { name.clone() } else { format!("{around}.{name}") };
        match spread {
            Spread::Cell => names.push(name),
            Spread::Object(fields) => add_names(fields, &name, names),
        }
    }
}

fn of_kind((name, kind): &(String, ValueKind)) -> Field {
    let spread = match kind {
        ValueKind::Object(keys) if !keys.is_empty() => Spread::Object(keys.iter().map(of_kind).collect()),
        _ => Spread::Cell,
    };
    Field { name: name.clone(), spread }
}

fn of_fields(rules: &Fields) -> Vec<Field> {
    rules.iter().map(|(name, rule)| Field { name: name.clone(), spread: of_rule(rule) }).collect()
}

/// The columns of each element of a field, if each rule of the field makes a list of objects.
fn of_elements(rule: &Rule) -> Option<Vec<Field>> {
    match rule {
        Rule::Value(_) => None,
        Rule::Each(each) => Some(of_fields(&each.fields)),
        Rule::FirstOf(FirstOf { rules, .. }) => {
            let all = rules.iter().map(of_elements).collect::<Option<Vec<_>>>()?;
            Some(all.into_iter().reduce(joint).unwrap_or_default())
        }
    }
}

fn of_rule(rule: &Rule) -> Spread {
    match rule {
        Rule::Value(rule) => keys(rule).map_or(Spread::Cell, Spread::Object),
        // A default stands for the whole object.
        Rule::Each(_) | Rule::FirstOf(FirstOf { default: Some(_), .. }) => Spread::Cell,
        Rule::FirstOf(FirstOf { rules, .. }) => {
            let objects = rules.iter().map(|rule| match of_rule(rule) {
                Spread::Cell => None,
                Spread::Object(fields) => Some(fields),
            });
            let objects = objects.collect::<Option<Vec<_>>>();
            objects.and_then(|all| all.into_iter().reduce(joint)).map_or(Spread::Cell, Spread::Object)
        }
    }
}

/// The fields of both, each once. A field that the two spread in different ways is one cell.
fn joint(mut fields: Vec<Field>, others: Vec<Field>) -> Vec<Field> {
    for other in others {
        match fields.iter_mut().find(|field| field.name == other.name) {
            None => fields.push(other),
            Some(field) if field.spread == other.spread => {}
            Some(field) => field.spread = Spread::Cell,
        }
    }
    fields
}

/// The keys of the object that a rule gives, if it gives one.
fn keys(rule: &ValueRule) -> Option<Vec<Field>> {
    if rule.arity == Arity::Many || rule.is_list() || rule.default.is_some() {
        return None;
    }
    Some(object_keys(rule)?.iter().map(|name| Field::cell(name)).collect())
}

/// The keys of each object that a rule gives, if the rule alone decides them. Their values are texts.
pub(super) fn object_keys(rule: &ValueRule) -> Option<Vec<String>> {
    if let Some(re) = rule.steps.re.as_deref().filter(|re| makes_objects(re)) {
        let regex = Regex::new(re).ok()?;
        return Some(regex.capture_names().flatten().map(str::to_owned).collect());
    }
    let is_whole = rule.source.json.is_none() && rule.kind == ValueType::Json && rule.steps == Steps::default();
    match rule.source.root {
        Root::Article { markdown } if is_whole => {
            let keys = ["title", "byline", "date", "language", "site", "excerpt", "text", "html"];
            let markdown = markdown.then_some("markdown");
            Some(keys.into_iter().chain(markdown).map(str::to_owned).collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrape::extract::{EachRule, Preset, Scalar};

    fn value(css: &str) -> Rule {
        Rule::Value(ValueRule::new(css, Arity::One))
    }

    fn with_groups() -> Rule {
        let mut rule = ValueRule::new("p", Arity::One);
        rule.steps.re = Some("(?<day>\\d+)/(?<month>\\d+)".to_owned());
        Rule::Value(rule)
    }

    fn each(names: &[&str]) -> Rule {
        let fields = names.iter().map(|name| ((*name).to_owned(), value("b"))).collect();
        Rule::Each(EachRule { each: Root::Css("li".to_owned()).into(), fields })
    }

    fn first_of(rules: Vec<Rule>, default: Option<Scalar>) -> Rule {
        Rule::FirstOf(FirstOf { rules, required: false, default })
    }

    fn names(fields: Vec<(&str, Rule)>, rows: Option<&str>) -> Result<Vec<String>, ColumnsError> {
        let fields: Fields = fields.into_iter().map(|(name, rule)| (name.to_owned(), rule)).collect();
        Columns::new(&fields.into(), rows).map(|columns| columns.names())
    }

    #[test]
    fn objects_whose_keys_the_rules_know_have_a_column_for_each_key() {
        let article = |markdown| Rule::Value(ValueRule::of(Root::Article { markdown }.into(), Arity::One));
        let mut many = ValueRule::new("p", Arity::Many);
        many.steps.re = Some("(?<day>\\d+)".to_owned());
        let links = Rule::Value(ValueRule::of(Root::Links.into(), Arity::One));
        let table = [
            (value("h1"), "a"),
            (Rule::Value(ValueRule::new("p", Arity::Many)), "a"),
            (with_groups(), "a.day,a.month"),
            (Rule::Value(many), "a"),
            (each(&["x", "y"]), "a"),
            (links, "a"),
            (article(false), "a.title,a.byline,a.date,a.language,a.site,a.excerpt,a.text,a.html"),
            (article(true), "a.title,a.byline,a.date,a.language,a.site,a.excerpt,a.text,a.html,a.markdown"),
            (first_of(vec![with_groups(), with_groups()], None), "a.day,a.month"),
            (first_of(vec![with_groups(), value("p")], None), "a"),
            (first_of(vec![with_groups()], Some(Scalar::Boolean(false))), "a"),
        ];
        for (rule, expected) in table {
            assert_eq!(names(vec![("a", rule.clone())], None).expect("columns").join(","), expected, "{rule:?}");
        }
    }

    #[test]
    fn a_field_with_each_gives_the_columns_of_its_elements_if_it_gives_rows() {
        let fields = || vec![("a", value("h1")), ("b", each(&["x", "y"])), ("c", value("h2"))];
        assert_eq!(names(fields(), None).expect("columns"), ["a", "b", "c"]);
        assert_eq!(names(fields(), Some("b")).expect("columns"), ["a", "b.x", "b.y", "c"]);
        let either = vec![("b", first_of(vec![each(&["x", "y"]), each(&["y", "z"])], None))];
        assert_eq!(names(either, Some("b")).expect("columns"), ["b.x", "b.y", "b.z"]);
        let nested = Rule::each("li", vec![("x".to_owned(), each(&["y"])), ("d".to_owned(), with_groups())]);
        assert_eq!(names(vec![("b", nested)], Some("b")).expect("columns"), ["b.x", "b.d.day", "b.d.month"]);
        for name in ["a", "x", "b.x", ""] {
            let error = names(fields(), Some(name)).expect_err(name).to_string();
            let end =
                format!("rows of the field `{name}`: output.rows must name a field with `each`, which is one of `b`");
            assert!(error.ends_with(&end), "{error}");
        }
        let error = names(vec![("a", value("h1"))], Some("a")).expect_err("no each").to_string();
        assert!(error.ends_with("and no field has one"), "{error}");
    }

    #[test]
    fn fields_without_rules_have_columns_by_their_types() {
        let text = |name: &str| (name.to_owned(), ValueKind::Text);
        let objects = ValueKind::Object(vec![text("x"), ("y".to_owned(), ValueKind::Object(vec![text("z")]))]);
        let kinds = [text("a"), ("b".to_owned(), objects.clone()), ("c".to_owned(), objects.listed())];
        let names = |rows| Columns::of_kinds(&kinds, rows).map(|columns| columns.names().join(","));
        assert_eq!(names(None).expect("columns"), "a,b.x,b.y.z,c");
        assert_eq!(names(Some("c")).expect("columns"), "a,b.x,b.y.z,c.x,c.y.z");
        for name in ["a", "b", "d"] {
            assert!(names(Some(name)).expect_err(name).to_string().contains("one of `c`"));
        }
    }

    #[test]
    fn a_preset_has_columns() {
        let page = Columns::new(&Extraction::default(), None).expect("columns");
        assert_eq!(&page.names()[..3], ["title", "description", "canonical"]);
        let article = Extraction { preset: Some(Preset::Article), ..Extraction::default() };
        assert_eq!(Columns::new(&article, None).expect("columns").names()[1], "article.title");
    }
}
