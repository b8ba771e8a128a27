//! The combinations of keys that make no sense, all in one table.

use super::names::STEPS;
use super::notation::{is_date, is_number};
use super::options::Options;
use super::reader::Around;
use super::source::Found;
use crate::config::checks;
use crate::scrape::extract::{Root, Source, ValueType};

/// What is known about a rule when all its keys are read.
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts, which the table asks for one by one")]
pub(super) struct Facts<'f> {
    pub(super) source: &'f Source,
    options: &'f Options,
    /// The type that its values have.
    pub(super) kind: ValueType,
    /// Whether all matches are taken.
    pub(super) selects_all: bool,
    in_brackets: bool,
    required: bool,
    /// Whether the groups of `re` make objects.
    makes_objects: bool,
    /// Whether the values of the field may have any type.
    pub(super) may_have_any_default: bool,
}

/// Keys that make no sense if something is so.
pub(super) struct Clash {
    /// Each of these keys is refused where it is written.
    pub(super) keys: &'static [&'static str],
    pub(super) reach: Reach,
    pub(super) applies: fn(&Facts<'_>) -> bool,
    /// Follows the name of the key.
    pub(super) message: &'static str,
    pub(super) help: &'static str,
}

/// Whose keys are refused.
#[derive(Clone, Copy)]
pub(super) enum Reach {
    /// Those of the rule's own table. What a `first_of` says for all its rules need not fit each of them.
    Own,
    /// Also those of a `first_of` around it, because the rule cannot give a value with them.
    Outer,
}

/// `has` or `not` where there are no elements.
pub(super) const NEEDS_ELEMENTS: (&str, &str) = (
    "needs a source that selects elements",
    "it is a selector for what must (or must not) be inside the elements of `css`, `xpath` or `table`",
);

/// `json` behind a selector without text.
pub(super) const NEEDS_TEXT: (&str, &str) = (
    "needs text, but the source takes whole elements, whose markup is not JSON",
    "take their text, as in css = \"script#data::text\" or xpath = \"//script/text()\"",
);

pub(super) const CLASHES: &[Clash] = &[
    Clash {
        keys: &["has", "not"],
        reach: Reach::Own,
        applies: |it| !selects_elements(&it.source.root),
        message: NEEDS_ELEMENTS.0,
        help: NEEDS_ELEMENTS.1,
    },
    Clash {
        keys: &["all"],
        reach: Reach::Own,
        applies: |it| it.options.all == Some(true) && it.is_single() && it.options.re.is_none(),
        message: "makes a list, but the source gives only one value",
        help: "remove it, or add a `json` path (or, for a text, an `re`) that finds several values in it",
    },
    Clash {
        keys: &["all"],
        reach: Reach::Own,
        applies: |it| it.options.all == Some(false) && it.in_brackets,
        message: "contradicts the brackets, which make a list",
        help: "remove one of them",
    },
    Clash {
        keys: &["join"],
        reach: Reach::Own,
        applies: |it| {
            let is_one = it.is_single() || it.options.all == Some(false);
            is_one && it.options.re.is_none() && it.options.split.is_none()
        },
        message: "joins several values, but there is only one",
        help: "remove it, or add `split` or `re`, which make several values",
    },
    Clash {
        keys: &["json"],
        reach: Reach::Own,
        applies: |it| it.source.json.is_some() && it.takes_elements(),
        message: NEEDS_TEXT.0,
        help: NEEDS_TEXT.1,
    },
    Clash {
        keys: &["type"],
        reach: Reach::Outer,
        applies: |it| {
            let needs_text = matches!(it.options.kind, Some(ValueType::Json | ValueType::Url));
            needs_text && it.source.json.is_none() && it.takes_elements()
        },
        message: "needs text, but the source takes whole elements, whose markup is neither JSON nor a URL",
        help: "take a text or an attribute: end the CSS selector in ::text, ::attr(name) or, for the link of an element, ::url",
    },
    Clash {
        keys: &["type"],
        reach: Reach::Outer,
        applies: |it| {
            it.gives_objects() && !matches!(it.options.kind, None | Some(ValueType::Json)) && !it.is_markdown()
        },
        message: "cannot be used, because the source gives lists or objects",
        help: "remove it, or add a `json` path to the values, such as json = \"$[*].url\"",
    },
    Clash {
        keys: STEPS,
        reach: Reach::Outer,
        applies: |it| it.gives_objects(),
        message: "changes text, but the source gives lists or objects",
        help: "remove it, or add a `json` path to the values, such as json = \"$[*].url\"",
    },
    Clash {
        keys: STEPS,
        reach: Reach::Own,
        applies: |it| matches!(it.source.root, Root::Const(_)),
        message: "changes text of the page, but `const` is known",
        help: "remove it, and write the value of `const` as you want it",
    },
    Clash {
        keys: &["default", "required"],
        reach: Reach::Own,
        applies: |it| matches!(it.source.root, Root::Const(_)),
        message: "has no effect, because `const` is never missing",
        help: "remove it",
    },
    Clash {
        keys: &["format", "timezone"],
        reach: Reach::Own,
        applies: |it| !is_date(it.kind),
        message: "has no effect without a date",
        help: "add type = \"date\" or type = \"datetime\", or remove it",
    },
    Clash {
        keys: &["decimal"],
        reach: Reach::Own,
        applies: |it| !is_number(it.kind),
        message: "has no effect without a number",
        help: "add type = \"number\" or type = \"integer\", or remove it",
    },
    Clash {
        keys: &["locale"],
        reach: Reach::Own,
        applies: |it| !is_number(it.kind) && !is_date(it.kind),
        message: "has no effect without a number or a date",
        help: "add type = \"number\", \"integer\", \"date\" or \"datetime\", or remove it",
    },
    Clash {
        keys: &["upper"],
        reach: Reach::Outer,
        applies: |it| it.options.lower == Some(true) && it.options.upper == Some(true),
        message: "contradicts `lower = true`",
        help: "remove one of them",
    },
    Clash {
        keys: &["replace", "split", "strip", "lower", "upper", "map", "join", "type"],
        reach: Reach::Outer,
        applies: |it| it.makes_objects,
        message: "cannot follow an `re` with named groups, which makes objects",
        help: "remove it, or write (?:...) for groups without a name",
    },
    Clash {
        keys: &["default"],
        reach: Reach::Own,
        applies: |it| it.required,
        message: "contradicts `required = true`",
        help: "a page without a match fails or gets the default: remove one of the two",
    },
    Clash {
        keys: &["default"],
        reach: Reach::Own,
        applies: |it| it.is_list(),
        message: "cannot be used for a list",
        help: "a list without matches is empty",
    },
];

impl<'f> Facts<'f> {
    pub(super) fn new(found: &'f Found<'_>, options: &'f Options, required: bool, makes_objects: bool) -> Self {
        let source = &found.source;
        let (implied, has_values) = match (source.gives_json(), options.change_text()) {
            (true, false) => (ValueType::Json, true),
            (_, true) => (ValueType::String, options.map.is_some() && options.join.is_none()),
            (false, false) => (ValueType::String, false),
        };
        let joins_all = options.join.is_some() && options.split.is_none();
        Self {
            source,
            options,
            kind: options.kind.unwrap_or(implied),
            selects_all: found.in_brackets || options.all.unwrap_or(joins_all),
            in_brackets: found.in_brackets,
            required,
            makes_objects,
            may_have_any_default: options.kind.is_none() && (has_values || makes_objects),
        }
    }

    /// Whether a written key changes anything. A step that is switched off does not contradict other keys.
    pub(super) fn has_effect(&self, key: &str) -> bool {
        match key {
            "lower" => self.options.lower == Some(true),
            "upper" => self.options.upper == Some(true),
            "type" if self.makes_objects => {
                !matches!(self.options.kind, None | Some(ValueType::String | ValueType::Json))
            }
            _ => true,
        }
    }

    fn is_list(&self) -> bool {
        self.options.join.is_none() && (self.selects_all || self.options.split.is_some())
    }

    /// Whether the source gives at most one value.
    fn is_single(&self) -> bool {
        let finds_one = matches!(&self.source.root, Root::XPath(xpath) if checks::finds_one(xpath));
        self.source.is_single() || (finds_one && self.source.json.is_none())
    }

    /// Whether the source gives lists or objects, which are neither text nor numbers.
    fn gives_objects(&self) -> bool {
        let root = &self.source.root;
        let gives_objects =
            matches!(root, Root::Structured(_) | Root::Table(_) | Root::Links | Root::Feed | Root::Article { .. });
        gives_objects && self.source.json.is_none()
    }

    /// Whether the Markdown of an article is asked for, which is one more key of its object.
    fn is_markdown(&self) -> bool {
        matches!(self.source.root, Root::Article { .. }) && self.options.kind == Some(ValueType::Markdown)
    }

    fn takes_elements(&self) -> bool {
        match &self.source.root {
            Root::Css(css) => checks::takes_elements(css),
            Root::XPath(xpath) => checks::finds_elements(xpath),
            _ => false,
        }
    }
}

pub(super) fn selects_elements(root: &Root) -> bool {
    match root {
        Root::Css(_) | Root::Table(_) => true,
        Root::XPath(xpath) => checks::finds_elements(xpath),
        _ => false,
    }
}

/// Why a source cannot give a value where it stands, and the way out.
pub(super) fn misplaced(root: &Root, around: Around) -> Option<(&'static str, &'static str)> {
    match (around, root) {
        (Around::Page, _)
        | (_, Root::Const(_) | Root::Fact(_))
        | (Around::Json, Root::Body)
        | (Around::Element, Root::Css(_) | Root::XPath(_) | Root::Table(_) | Root::Links) => None,
        (_, Root::Structured(_) | Root::Feed | Root::Article { .. }) => {
            Some(("reads the whole page, so it cannot be inside of `each`", "make it a field outside of `each`"))
        }
        (Around::Element, Root::Body) => Some((
            "alone reads JSON, but the `each` around it selects elements",
            "add the selector of the text to read, such as css = \"script::text\"",
        )),
        (Around::Json, Root::Css(_) | Root::XPath(_) | Root::Table(_) | Root::Links) => Some((
            "reads elements, but the `each` around it selects values of JSON",
            "write { json = \"$.name\" }, where $ is the value that `each` selected",
        )),
    }
}
