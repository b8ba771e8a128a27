//! Says which fields do not fit the pages of a run.

use crate::observation::{FieldSummary, Summary};

/// The most names in one line.
const NAMED: usize = 8;

/// Returns lines about fields that were empty on every page, that had many bad values, or whose numbers seem to have
/// the other decimal mark.
pub(super) fn lines(summary: &Summary) -> Vec<String> {
    let fields: Vec<&FieldSummary> = summary.fields.iter().filter(|field| field.is_of_settings).collect();
    let is_empty = |field: &FieldSummary| field.pages == 0 && field.bad == 0 && field.empty > 0;
    let empty: Vec<&str> = fields.iter().filter(|field| is_empty(field)).map(|field| field.field.as_str()).collect();
    let mut lines = Vec::new();
    match empty.len() {
        0 => {}
        1 => lines.push(format!("the field {} was empty on every page", empty[0])),
        _ => lines.push(format!("these fields were empty on every page: {}", named(&empty))),
    }
    for field in &fields {
        let all = field.values + field.bad;
        if field.bad * 20 > all {
            lines.push(format!("{}: {} of {all} values do not fit its type", field.field, field.bad));
        }
    }
    for field in fields {
        if let Some((count, mark)) = field.decimals.hint() {
            let values = if count == 1 { "value looks" } else { "values look" };
            lines.push(format!("{}: {count} {values} like decimal = \"{mark}\"", field.field));
        }
    }
    lines
}

fn named(names: &[&str]) -> String {
    match names.len().checked_sub(NAMED) {
        Some(more) if more > 0 => format!("{} and {more} more", names[..NAMED].join(", ")),
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::{FieldSummary, named};
    use crate::scrape::extract::MarkCount;

    fn field(name: &str) -> FieldSummary {
        FieldSummary {
            field: name.to_owned(),
            pages: 1,
            values: 100,
            empty: 0,
            bad: 0,
            decimals: MarkCount::default(),
            is_of_settings: true,
        }
    }

    fn decimals(point: u64, comma: u64, misread: u64) -> MarkCount {
        MarkCount { point, comma, misread }
    }

    fn lines(fields: Vec<FieldSummary>) -> Vec<String> {
        super::lines(&crate::observation::Summary { fields, ..crate::observation::Summary::default() })
    }

    #[test]
    fn fields_that_do_not_fit_are_named() {
        let empty = |name: &str| FieldSummary { pages: 0, values: 0, empty: 7, ..field(name) };
        let table = [
            (vec![field("a")], vec![]),
            (vec![empty("a")], vec!["the field a was empty on every page"]),
            (vec![empty("a"), field("b"), empty("c.d")], vec!["these fields were empty on every page: a, c.d"]),
            (vec![FieldSummary { is_of_settings: false, ..empty("a") }], vec![]),
            // An `each` without objects says nothing about the fields in it.
            (vec![FieldSummary { empty: 0, ..empty("a.b") }], vec![]),
            (vec![FieldSummary { values: 95, bad: 5, ..field("a") }], vec![]),
            (vec![FieldSummary { values: 94, bad: 6, ..field("a") }], vec!["a: 6 of 100 values do not fit its type"]),
            (
                vec![FieldSummary { decimals: decimals(0, 212, 212), ..field("price") }],
                vec!["price: 212 values look like decimal = \",\""],
            ),
            (
                vec![FieldSummary { decimals: decimals(1, 0, 1), ..field("price") }],
                vec!["price: 1 value looks like decimal = \".\""],
            ),
            (vec![FieldSummary { decimals: decimals(1, 212, 212), ..field("price") }], vec![]),
        ];
        for (fields, expected) in table {
            assert_eq!(lines(fields.clone()), expected, "{fields:?}");
        }
    }

    #[test]
    fn many_names_are_counted() {
        assert_eq!(named(&["a"; 8]), "a, a, a, a, a, a, a, a");
        assert_eq!(named(&["a"; 10]), "a, a, a, a, a, a, a, a and 2 more");
    }
}
