//! Makes a plan from rules.

use super::super::extractor::FieldInfo;
use super::super::pattern::Pattern;
use super::super::rules::{Arity, EachRule, Fact, Fields, Rule, Scalar, Structured, ValueRule};
use super::super::selection::{Branch, Scan, Selection, Symbols, Take};
use super::super::xpath::XPath;
use super::super::{rules, value};
use super::{Content, Each, Field, FirstOf, Inside, Kind, Origin, Plan, Root, Selected, Source, Steps, Value};
use super::{RuleError, RuleErrorKind};
use crate::scrape::json::{self, Json, JsonPath};

/// The most fields. An answer of a worker, which has a count for each field, cannot have more.
const MOST_FIELDS: usize = 100_000;

/// Compiles the rules. Adds the names of all selectors to `symbols`. Also returns all fields, by number,
/// and the number of selectors.
pub(in crate::scrape::extract) fn compile(
    fields: &Fields,
    symbols: &mut Symbols,
) -> Result<(Plan, Vec<FieldInfo>, usize), RuleError> {
    let mut compiler = Compiler { symbols, fields: Vec::new(), selectors: 0 };
    let plan = compiler.plan(fields, "", 0, Around::Page)?;
    Ok((plan, compiler.fields, compiler.selectors))
}

/// What the fields are made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    Page,
    Element,
    Json,
}

/// Makes the plans of one extractor.
struct Compiler<'s> {
    symbols: &'s mut Symbols,
    /// The fields so far.
    fields: Vec<FieldInfo>,
    /// The number of selectors so far.
    selectors: usize,
}

/// The branches of one plan.
type Branches = Vec<(Branch, Origin)>;

impl Compiler<'_> {
    /// `first`: the smallest number that a field of this object can have. Several rules of one field may make objects
    /// with the same fields, which then have the same numbers.
    fn plan(&mut self, rules: &Fields, path: &str, first: usize, around: Around) -> Result<Plan, RuleError> {
        let (mut fields, mut branches) = (Vec::with_capacity(rules.len()), Branches::new());
        let known = first..self.fields.len();
        for (name, rule) in rules {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let same = self.fields[known.clone()].iter().position(|field| field.path == path);
            let number = same.map_or(self.fields.len(), |nth| first + nth);
            if number >= MOST_FIELDS {
                return Err(RuleError { path, kind: RuleErrorKind::TooManyFields });
            }
            if same.is_none() {
                self.fields.push(FieldInfo { path: path.clone(), is_of_settings: false });
            }
            let content = self.content(rule, (&path, number), around, &mut branches)?;
            let mut key = Vec::new();
            json::string(&mut key, name);
            key.push(b':');
            fields.push(Field { number, name: name.clone(), key, content });
        }
        let mut selected: Vec<usize> = branches.iter().map(|(_, origin)| origin.selected).collect();
        selected.dedup();
        Ok(Plan { fields, scan: Scan::new(branches, self.symbols), selected })
    }

    fn content(
        &mut self,
        rule: &Rule,
        (path, number): (&str, usize),
        around: Around,
        branches: &mut Branches,
    ) -> Result<Content, RuleError> {
        let at = |kind| RuleError { path: path.to_owned(), kind };
        match rule {
            Rule::Value(rule) => self.value(rule, around, branches).map(Box::new).map(Content::Value).map_err(at),
            Rule::FirstOf(first) => {
                let rules = first.rules.iter();
                let contents =
                    rules.map(|rule| self.content(rule, (path, number), around, branches)).collect::<Result<_, _>>()?;
                let default = match &first.default {
                    Some(_) if first.required => return Err(at(RuleErrorKind::DefaultOfRequired)),
                    Some(default) => value::scalar(default),
                    None => missing(first.rules.last()).to_vec(),
                };
                Ok(Content::FirstOf(FirstOf { contents, required: first.required, default }))
            }
            Rule::Each(EachRule { each, fields }) => {
                let source = self.source(each, &Kind::Json, true, around, branches).map_err(at)?;
                let inner = if each.gives_json() { Around::Json } else { Around::Element };
                Ok(Content::Each(Box::new(Each { source, plan: self.plan(fields, path, number + 1, inner)? })))
            }
        }
    }

    fn value(&mut self, rule: &ValueRule, around: Around, branches: &mut Branches) -> Result<Value, RuleErrorKind> {
        let kind = Kind::new(rule.kind, &rule.notation)?;
        let source = self.source(&rule.source, &kind, false, around, branches)?;
        let steps = Steps::new(&rule.steps).map_err(RuleErrorKind::Pattern)?;
        let mut value = Value { source, arity: rule.arity, steps, kind, required: rule.required, default: Vec::new() };
        value.default = match &rule.default {
            None if value.is_list() || rule.source.gives_lists() => b"[]".to_vec(),
            None => b"null".to_vec(),
            Some(_) if value.is_list() => return Err(RuleErrorKind::DefaultOfList),
            Some(_) if rule.required => return Err(RuleErrorKind::DefaultOfRequired),
            Some(default) => value::scalar(default),
        };
        if let Some(pattern) = &value.steps.pattern {
            check_groups(pattern, rule)?;
        }
        Ok(value)
    }

    /// `is_each`: whether the matches become objects, not values.
    fn source(
        &mut self,
        source: &rules::Source,
        kind: &Kind,
        is_each: bool,
        around: Around,
        branches: &mut Branches,
    ) -> Result<Source, RuleErrorKind> {
        check_place(&source.root, around)?;
        let (root, shown) = match &source.root {
            rules::Root::Css(css) => {
                let selection = if is_each && source.json.is_none() {
                    Selection::parse_elements(css).map_err(RuleErrorKind::Each)?
                } else {
                    Selection::parse(css).map_err(RuleErrorKind::Selector)?
                };
                let whole = kind.reads_markup() && source.json.is_none();
                (Root::Css(self.selected(selection, whole, branches)), css.clone())
            }
            rules::Root::Table(css) => {
                let selection = Selection::parse_elements(css).map_err(RuleErrorKind::Selector)?;
                (Root::Table(self.selected(selection, true, branches)), css.clone())
            }
            rules::Root::XPath(xpath) => {
                let compiled = XPath::new(xpath).map_err(RuleErrorKind::XPath)?;
                if is_each && source.json.is_none() && !compiled.gives_elements() {
                    return Err(RuleErrorKind::EachWithoutElements);
                }
                (Root::XPath(compiled), xpath.clone())
            }
            rules::Root::Body => (Root::Body, String::new()),
            rules::Root::Structured(what) => (Root::Structured(*what), name_of(&source.root).to_owned()),
            rules::Root::Links => (Root::Links, "links".to_owned()),
            rules::Root::Feed => (Root::Feed, "feed".to_owned()),
            rules::Root::Article { markdown } => (Root::Article { markdown: *markdown }, "article".to_owned()),
            rules::Root::Const(scalar) => (Root::Const(constant(scalar)), "const".to_owned()),
            rules::Root::Fact(fact) => (Root::Fact(fact.clone()), shown_fact(fact)),
        };
        let shown = [Some(shown), source.json.clone()].into_iter().flatten().filter(|part| !part.is_empty());
        let json = source.json.as_deref().map(JsonPath::new).transpose().map_err(RuleErrorKind::JsonPath)?;
        let inside = self.inside(source)?;
        Ok(Source { root, inside, json, shown: shown.collect::<Vec<_>>().join(" ") })
    }

    fn inside(&mut self, source: &rules::Source) -> Result<Option<Inside>, RuleErrorKind> {
        let mut scan = |css: &Option<String>| -> Result<Option<Scan<()>>, RuleErrorKind> {
            let Some(css) = css else { return Ok(None) };
            let selection = Selection::parse_elements(css).map_err(RuleErrorKind::Selector)?;
            let branches = selection.branches.into_iter().map(|branch| (branch, ()));
            Ok(Some(Scan::new(branches.collect(), self.symbols)))
        };
        let (has, not) = (scan(&source.has)?, scan(&source.not)?);
        Ok((has.is_some() || not.is_some()).then_some(Inside { has, not }))
    }

    /// Adds the branches of a selector to those of the plan. `whole`: whether the elements themselves are wanted,
    /// whatever their pseudo-elements are.
    fn selected(&mut self, selection: Selection, whole: bool, branches: &mut Branches) -> Selected {
        let mut its_branches = selection.branches;
        if whole {
            for branch in &mut its_branches {
                branch.take = Take::OuterHtml;
            }
        }
        let mut takes: Vec<Take> = its_branches.iter().map(|branch| branch.take.clone()).collect();
        takes.sort();
        takes.dedup();
        let number = self.selectors;
        self.selectors += 1;
        branches.extend(its_branches.into_iter().map(|branch| {
            let take = takes.iter().position(|take| *take == branch.take).unwrap_or_default();
            let take = u32::try_from(take).expect("a selector has fewer than 2^32 branches");
            (branch, Origin { selected: number, take })
        }));
        Selected { number, takes }
    }
}

/// Checks that the groups of a regular expression fit the rest of a rule.
fn check_groups(pattern: &Pattern, rule: &ValueRule) -> Result<(), RuleErrorKind> {
    if pattern.makes_objects() {
        let steps = rules::Steps { re: rule.steps.re.clone(), trim: rule.steps.trim, ..rules::Steps::default() };
        let has_type = !matches!(rule.kind, rules::ValueType::String | rules::ValueType::Json);
        return if has_type || steps != rule.steps { Err(RuleErrorKind::StepsAfterObjects) } else { Ok(()) };
    }
    let strings = pattern.strings_of_a_match();
    let is_single = rule.arity == Arity::One && rule.steps.join.is_none() && rule.steps.split.is_none();
    if strings > 1 && is_single { Err(RuleErrorKind::SeveralGroups(strings)) } else { Ok(()) }
}

/// Checks that a source can give a value where it stands.
fn check_place(root: &rules::Root, around: Around) -> Result<(), RuleErrorKind> {
    use rules::Root;
    match (around, root) {
        (Around::Page, _)
        | (_, Root::Const(_) | Root::Fact(_))
        | (Around::Json, Root::Body)
        | (Around::Element, Root::Css(_) | Root::XPath(_) | Root::Table(_) | Root::Links) => Ok(()),
        (_, Root::Structured(_) | Root::Feed | Root::Article { .. }) => Err(RuleErrorKind::WholePage(name_of(root))),
        (Around::Element, Root::Body) => Err(RuleErrorKind::JsonInElements),
        (Around::Json, Root::Css(_) | Root::XPath(_) | Root::Table(_) | Root::Links) => {
            Err(RuleErrorKind::ElementsInJson(name_of(root)))
        }
    }
}

/// The key of a source in the settings.
fn name_of(root: &rules::Root) -> &'static str {
    use rules::Root;
    match root {
        Root::Css(_) => "css",
        Root::XPath(_) => "xpath",
        Root::Body => "json",
        Root::Structured(Structured::Published) => "published",
        Root::Structured(Structured::Author) => "author",
        Root::Structured(_) => "structured",
        Root::Table(_) => "table",
        Root::Links => "links",
        Root::Feed => "feed",
        Root::Article { .. } => "article",
        Root::Const(_) => "const",
        Root::Fact(_) => "fact",
    }
}

fn shown_fact(fact: &Fact) -> String {
    match fact {
        Fact::Url => "url".to_owned(),
        Fact::FinalUrl => "final_url".to_owned(),
        Fact::Status => "status".to_owned(),
        Fact::Header(name) => format!("header:{name}"),
        Fact::FetchedAt => "fetched_at".to_owned(),
        Fact::Seq => "seq".to_owned(),
        Fact::Input(column) => format!("input:{column}"),
    }
}

/// What stands for a missing value, as JSON, if the rules of a field end with this one.
fn missing(last: Option<&Rule>) -> &'static [u8] {
    match last {
        Some(Rule::Each(_)) => b"[]",
        Some(Rule::Value(rule)) if rule.is_list() || rule.source.gives_lists() => b"[]",
        Some(Rule::FirstOf(first)) => missing(first.rules.last()),
        Some(Rule::Value(_)) | None => b"null",
    }
}

fn constant(scalar: &Scalar) -> Json {
    match scalar {
        Scalar::String(text) => Json::from(text.as_str()),
        Scalar::Boolean(truth) => Json::Bool(*truth),
        Scalar::Integer(_) | Scalar::Float(_) => match String::from_utf8(value::scalar(scalar)) {
            Ok(digits) if digits != "null" => Json::Number(digits.into()),
            _ => Json::Null,
        },
    }
}
