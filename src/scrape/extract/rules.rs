//! The extraction rules of the settings: plain values that are sent to the workers.
//!
//! Nothing is compiled here. `Extractor::new` compiles the rules once per worker. `config` compiles them beforehand
//! too, so that a bad selector is an error with its position in the file, instead of a failure for each of ten million
//! pages.

use serde::{Deserialize, Serialize};

/// The fields of one object, in the order of the settings.
pub type Fields = Vec<(String, Rule)>;

/// What is extracted from each page of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Extraction {
    /// The fields of the settings.
    pub fields: Fields,
    /// A ready-made set of fields. A field of the settings replaces one of the same name. Without fields and without
    /// this, the set is [`Preset::Page`].
    pub preset: Option<Preset>,
    /// Whether a value that does not fit its type fails the whole page as `bad_value`. Otherwise the value is `null`,
    /// and the record has a warning.
    pub strict: bool,
}

impl From<Fields> for Extraction {
    fn from(fields: Fields) -> Self {
        Self { fields, preset: None, strict: false }
    }
}

/// A ready-made set of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Preset {
    /// What a page says about itself, its headings and its links.
    Page,
    /// The main text of an article.
    Article,
    /// All links with their texts.
    Links,
    /// What a page says about itself in markup for machines.
    Metadata,
}

/// The rule of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "a run has few rules, and nearly all of them are values")]
pub enum Rule {
    /// A value, or a list of values.
    Value(ValueRule),
    /// The first of several rules that gives a value.
    FirstOf(FirstOf),
    /// One object for each match.
    Each(EachRule),
}

impl Rule {
    /// Makes the rule for one object per element that a CSS selector matches.
    pub fn each(css: impl Into<String>, fields: Fields) -> Self {
        Self::Each(EachRule { each: Root::Css(css.into()).into(), fields })
    }
}

/// Several rules for one field. The first one that gives a value counts, in the order of the settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FirstOf {
    /// The rules. None of them has `required` or a default of its own.
    pub rules: Vec<Rule>,
    /// Whether the page fails as `missing_field` if no rule gives a value.
    pub required: bool,
    /// The value if no rule gives one. `None` means `null`, or an empty list if the last rule makes a list.
    pub default: Option<Scalar>,
}

/// A list of objects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EachRule {
    /// What the objects are made from: elements or values of JSON.
    pub each: Source,
    /// The fields of each object. As in parsel, their selectors match the element itself and everything below it.
    /// `:scope` matches the element itself. For a value of JSON, `$` in a path is the value.
    pub fields: Fields,
}

/// A value, made in this order: source -> steps -> type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValueRule {
    /// Where the value comes from.
    pub source: Source,
    /// Whether the value is the first match that is not empty, or a list of all matches.
    pub arity: Arity,
    /// How the text is changed before it is read as a type.
    pub steps: Steps,
    /// The type of the value.
    pub kind: ValueType,
    /// How numbers and dates are written.
    pub notation: Notation,
    /// Whether the whole page fails as `missing_field` if the page (or an `each` object) does not have the value, and
    /// as `bad_value` if the value does not fit its type.
    pub required: bool,
    /// Replaces a missing single value. `None` means `null`.
    pub default: Option<Scalar>,
}

impl ValueRule {
    /// Makes the rule that a selector without other settings stands for.
    pub fn new(css: impl Into<String>, arity: Arity) -> Self {
        Self::of(Source::from(Root::Css(css.into())), arity)
    }

    /// Makes a rule with nothing but a source. Values of JSON stay as they are; everything else is a string.
    pub fn of(source: Source, arity: Arity) -> Self {
        let kind = if source.gives_json() { ValueType::Json } else { ValueType::String };
        let (steps, notation) = (Steps::default(), Notation::default());
        Self { source, arity, steps, kind, notation, required: false, default: None }
    }

    /// Whether its value is a list.
    pub fn is_list(&self) -> bool {
        self.steps.join.is_none() && (self.arity == Arity::Many || self.steps.split.is_some())
    }
}

/// Where values come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// What is selected first.
    pub root: Root,
    /// A selector that must match something inside the selected element.
    pub has: Option<String>,
    /// A selector that must match nothing inside the selected element.
    pub not: Option<String>,
    /// A path (RFC 9535) into the JSON that `root` gives.
    pub json: Option<String>,
}

impl From<Root> for Source {
    fn from(root: Root) -> Self {
        Self { root, has: None, not: None, json: None }
    }
}

impl Source {
    /// Whether it gives values of JSON instead of text.
    pub fn gives_json(&self) -> bool {
        let is_json = match &self.root {
            Root::Css(_) | Root::XPath(_) => false,
            Root::Body
            | Root::Structured(_)
            | Root::Table(_)
            | Root::Links
            | Root::Feed
            | Root::Article { .. }
            | Root::Const(_)
            | Root::Fact(_) => true,
        };
        is_json || self.json.is_some()
    }

    /// Whether each of its values is a list, which is empty if the page has nothing for it.
    pub fn gives_lists(&self) -> bool {
        let gives_lists = match &self.root {
            Root::Structured(what) => matches!(what, Structured::JsonLd | Structured::Microdata),
            Root::Table(_) | Root::Links | Root::Feed => true,
            Root::Css(_) | Root::XPath(_) | Root::Body | Root::Article { .. } | Root::Const(_) | Root::Fact(_) => false,
        };
        gives_lists && self.json.is_none()
    }

    /// Whether it gives at most one value, whatever the page is.
    pub fn is_single(&self) -> bool {
        let is_single = match &self.root {
            Root::Css(_) | Root::XPath(_) | Root::Table(_) => false,
            Root::Body
            | Root::Structured(_)
            | Root::Links
            | Root::Feed
            | Root::Article { .. }
            | Root::Const(_)
            | Root::Fact(_) => true,
        };
        is_single && self.json.is_none()
    }
}

/// What a source selects first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Root {
    /// A CSS selector. Every branch of a comma list may end in one of our pseudo-elements (`h1::text`).
    Css(String),
    /// An expression of `XPath` 1.0.
    XPath(String),
    /// The page itself, if it is JSON, or the value that `each` selected.
    Body,
    /// Data for machines in the page's markup.
    Structured(Structured),
    /// The rows of the HTML tables that a CSS selector matches, as objects.
    Table(String),
    /// All links, with their texts.
    Links,
    /// The entries of a feed.
    Feed,
    /// The main text of the page.
    Article {
        /// Whether the text is wanted as Markdown too.
        markdown: bool,
    },
    /// A value of the settings.
    Const(Scalar),
    /// What is known about the page beside its content.
    Fact(Fact),
}

/// Data for machines in a page's markup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Structured {
    /// The objects of `<script type="application/ld+json">`.
    JsonLd,
    /// The `<meta property="og:..">` elements.
    OpenGraph,
    /// The items of `itemscope` and `itemprop`.
    Microdata,
    /// When the page says that it was published.
    Published,
    /// Who the page says has written it.
    Author,
}

/// What is known about a page beside its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    /// The URL of the list.
    Url,
    /// The URL that answered after all redirects.
    FinalUrl,
    /// The HTTP status.
    Status,
    /// The values of a response header, whose name is in lower case.
    Header(String),
    /// When the page was fetched, by the clock of this machine.
    FetchedAt,
    /// The number of the task.
    Seq,
    /// A column of the list, by its name.
    Input(String),
}

/// How many values a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arity {
    /// The first match that is not empty, or `null` if there is none.
    One,
    /// A list of all matches, in document order.
    Many,
}

/// How a text is changed, in the order of the fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Steps {
    /// A regular expression. The strings that it yields follow parsel's rules. If it has named groups, each match
    /// yields an object, and no other step follows.
    pub re: Option<String>,
    /// Whether to remove white space at both ends, and text nodes that are only white space.
    pub trim: bool,
    /// Texts, and what replaces them.
    pub replace: Vec<(String, String)>,
    /// A text at which the text is split into several.
    pub split: Option<String>,
    /// The characters to remove from both ends.
    pub strip: Option<String>,
    /// The case that letters are changed to.
    pub case: Option<Case>,
    /// Texts, and the values that they stand for. A text that is not listed is a bad value.
    pub map: Vec<(String, Scalar)>,
    /// A text that joins all values into one.
    pub join: Option<String>,
}

impl Default for Steps {
    fn default() -> Self {
        Self {
            re: None,
            trim: true,
            replace: Vec::new(),
            split: None,
            strip: None,
            case: None,
            map: Vec::new(),
            join: None,
        }
    }
}

/// A case of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Case {
    /// `abc`
    Lower,
    /// `ABC`
    Upper,
}

/// How numbers and dates are written on a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notation {
    /// The language, such as `de` or `de-CH`. It gives the marks of numbers, the names of months and the order of dates.
    pub locale: Option<String>,
    /// The decimal mark. It takes precedence over that of the locale.
    pub decimal: Option<Decimal>,
    /// The format of dates, as for `strptime`.
    pub format: Option<String>,
    /// The time zone of dates that have none, such as `Europe/Berlin`.
    pub timezone: Option<String>,
}

/// The mark between a number's whole part and its fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decimal {
    /// `1,234.5`
    Point,
    /// `1.234,5`
    Comma,
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ValueType {
    /// The text.
    String,
    /// A decimal number: the only number of the text, whatever stands beside it.
    Number,
    /// A whole number: the only number of the text, whatever stands beside it.
    Integer,
    /// `true`/`false`, `yes`/`no`, `1`/`0`, `on`/`off`, in any case.
    Boolean,
    /// The markup of the matched element (outer HTML). The pseudo-element is ignored.
    Html,
    /// The matched element as Markdown. The pseudo-element is ignored.
    Markdown,
    /// The text as a link, made absolute.
    Url,
    /// A date, such as `2024-03-01`.
    Date,
    /// A date with a time, by RFC 3339. It has an offset only if the offset is known.
    DateTime,
    /// A value of JSON as it is. A text is read as JSON.
    Json,
}

/// A value in the settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Scalar {
    /// Text.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A decimal number.
    Float(f64),
    /// True or false.
    Boolean(bool),
}
