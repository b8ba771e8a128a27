//! The sets of rules that are measured, from few to many.

use gleaner::scrape::extract::{Arity, Fields, Root, Rule, ValueRule, ValueType};

/// Returns each set with its name.
pub(crate) fn sets() -> [(&'static str, Fields); 8] {
    let fifteen = [four(), eleven()].concat();
    let each = ("items".to_owned(), Rule::each("article.product_pod", six()));
    let with_each = [fifteen.clone(), vec![each]].concat();
    let twenty_five = [fifteen, ten()].concat();
    [
        ("title", one()),
        ("4 fields", four()),
        ("15 fields, each of 6", with_each),
        ("25 fields", twenty_five.clone()),
        ("4 fields, matching", matching(four())),
        ("25 fields, matching", matching(twenty_five)),
        ("structural", structural()),
        ("markup", markup()),
    ]
}

fn fields<const N: usize>(rules: [(&str, Arity, &str); N]) -> Fields {
    rules.map(|(name, arity, css)| (name.to_owned(), Rule::Value(ValueRule::new(css, arity)))).into()
}

/// Returns the same selectors, but nothing is extracted from the elements that they match.
fn matching(mut fields: Fields) -> Fields {
    for (_, rule) in &mut fields {
        let Rule::Value(rule) = rule else { continue };
        let Root::Css(css) = &mut rule.source.root else { continue };
        let selector = css.split("::").next().unwrap_or_default();
        *css = format!("{selector}::attr(nobody-has-this)");
    }
    fields
}

fn one() -> Fields {
    fields([("title", Arity::One, "title::text")])
}

fn four() -> Fields {
    fields([
        ("title", Arity::One, "title::text"),
        ("names", Arity::Many, "article.product_pod h3 a::attr(title)"),
        ("prices", Arity::Many, ".product_price .price_color::text"),
        ("links", Arity::Many, "article.product_pod > h3 > a::url"),
    ])
}

fn eleven() -> Fields {
    fields([
        ("shelves", Arity::Many, "nav li a::text"),
        ("shelf_links", Arity::Many, "nav > ul > li > a::url"),
        ("images", Arity::Many, "img.thumbnail::attr(src)"),
        ("alts", Arity::Many, ".image_container img::attr(alt)"),
        ("stock", Arity::Many, "p.instock.availability::text"),
        ("ratings", Arity::Many, "p.star-rating::attr(class)"),
        ("texts", Arity::Many, "article > p.description::text"),
        ("language", Arity::One, "html::attr(lang)"),
        ("charset", Arity::One, "meta[charset]::attr(charset)"),
        ("style", Arity::One, "link[rel=stylesheet]::url"),
        ("footer", Arity::One, "footer p::text-content"),
    ])
}

/// Rules that match few elements, so that mainly the time of matching is measured.
fn ten() -> Fields {
    fields([
        ("description", Arity::One, "meta[name=description]::attr(content)"),
        ("canonical", Arity::One, "link[rel=canonical]::url"),
        ("author", Arity::One, "#author .name::text"),
        ("date", Arity::One, "time.published::attr(datetime)"),
        ("next", Arity::One, "li.next > a::url"),
        ("crumbs", Arity::Many, "ul.breadcrumb li a::text"),
        ("sku", Arity::One, "table.specs td.sku::text"),
        ("reviews", Arity::Many, "section.reviews article.review p::text"),
        ("count", Arity::One, "#result-count strong::text"),
        ("banner", Arity::One, "header .banner img::attr(src)"),
    ])
}

/// Selectors that masks alone cannot decide.
fn structural() -> Fields {
    fields([
        ("first", Arity::Many, "li:first-child > a::text"),
        ("odd", Arity::Many, "article:nth-child(odd) h3 a::text"),
        ("headings", Arity::Many, ":is(h1, h2, h3, h4)::text-content"),
        ("others", Arity::Many, "p:not(.price_color, .instock)::attr(class)"),
        ("after", Arity::Many, "h3 + div p::text"),
        ("with", Arity::Many, "article:has(.icon-star)::attr(data-id)"),
    ])
}

fn markup() -> Fields {
    fields([("outer", Arity::Many, "article.product_pod"), ("inner", Arity::Many, ".product_price::inner-html")])
}

fn six() -> Fields {
    let mut fields = fields([
        ("id", Arity::One, ":scope::attr(data-id)"),
        ("title", Arity::One, "h3 a::attr(title)"),
        ("link", Arity::One, "h3 > a::url"),
        ("price", Arity::One, ".price_color::text"),
        ("image", Arity::One, "img::url"),
    ]);
    let stars = ValueRule { kind: ValueType::String, ..ValueRule::new("i.icon-star::attr(class)", Arity::Many) };
    fields.push(("stars".to_owned(), Rule::Value(stars)));
    fields
}
