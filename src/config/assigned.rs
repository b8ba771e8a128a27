//! `--set KEY=VALUE` and `--select NAME=VALUE`: several flags that set parts of one field make one table. Errors explain quotes that the shell took
//! away.

use super::error::Problem;
use super::place::Origin;
use super::rules::SOURCES;
use super::schema::{self, Keys};
use super::written::{self, Key, Node, Table, Value};

/// The flag, as errors name it.
pub(super) const FLAG: &str = "--set";

/// The short form of it for fields.
pub(super) const SELECT: &str = "--select";

/// Adds what one flag sets to the layers of the flags before it. A part of a field (`extract.quotes.each`) joins the
/// other parts, because no part makes sense alone. Anything else is its own layer.
pub(super) fn add(layers: &mut Vec<Result<Table, Vec<Problem>>>, keys: Vec<Key>, value: Node) {
    let name = |at: usize| keys.get(at).map(|key| key.name.clone()).unwrap_or_default();
    let (section, field) = (name(0), name(1));
    let has_free_names = schema::section(&section).is_some_and(|section| matches!(section.keys, Keys::Free(_)));
    let is_part = keys.len() > 2 && has_free_names;
    let table = written::nest(keys, value);
    let earlier = layers.iter_mut().rev().filter_map(|layer| layer.as_mut().ok());
    let mut of_field = earlier.filter(|layer| field_of(layer, &section, &field).is_some());
    match of_field.next().filter(|_| is_part) {
        Some(layer) if field_of(layer, &section, &field).is_some_and(|node| matches!(node.value, Value::Table(_))) => {
            merge(layer, table);
        }
        _ => layers.push(Ok(table)),
    }
}

/// What a layer says about a field of a section.
fn field_of<'t>(layer: &'t Table, section: &str, field: &str) -> Option<&'t Node> {
    let (_, node) = layer.iter().find(|(key, _)| key.name == section)?;
    let Value::Table(fields) = &node.value else { return None };
    fields.iter().find(|(key, _)| key.name == field).map(|(_, node)| node)
}

/// Merges tables; a later value replaces an earlier one.
fn merge(into: &mut Table, from: Table) {
    for (key, node) in from {
        let earlier = into.iter_mut().find(|(earlier, _)| earlier.name == key.name);
        match (earlier, node.value) {
            (Some((_, Node { value: Value::Table(entries), .. })), Value::Table(new)) => merge(entries, new),
            (Some(earlier), value) => *earlier = (key, Node { value, place: node.place }),
            (None, value) => into.push((key, Node { value, place: node.place })),
        }
    }
}

/// Adds to a problem with `--set` how to write quotes, if the shell seems to have taken them away.
pub(super) fn explain_quotes(problem: Problem) -> Problem {
    let flag = [(FLAG, "extract.links"), (SELECT, "links")].into_iter().find_map(|(flag, name)| {
        let place = problem.place().filter(|place| *place.origin() == Origin::Flag(flag.to_owned()))?;
        Some((flag, name, place.text().content().strip_prefix(flag)?.trim_start()))
    });
    let Some((flag, name, written)) = flag else { return problem };
    // A name after `--select` needs no quotes.
    let assignment = if flag == SELECT { &written[written.find('=').unwrap_or(0)..] } else { written };
    if written.contains(['"', '\'']) || !may_have_had_quotes(assignment) {
        return problem;
    }
    let help =
        format!("the shell removes quotes: put all of it between single quotes, such as {flag} '{name}=[\"a::url\"]'");
    problem.with_help(help)
}

/// Whether an assignment without quotes has a form that needs them: a list, a table, what a shell made of a table (for a
/// shell, `{a,b}` is two words), or a name with a dot or with special characters.
fn may_have_had_quotes(written: &str) -> bool {
    let (key, value) = written.split_once('=').unwrap_or((written, ""));
    let is_odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' '));
    let is_part_of_table = SOURCES.iter().any(|name| value.trim_start().starts_with(&format!("{name}=")));
    value.trim_start().starts_with(['[', '{'])
        || is_part_of_table
        || key.contains(is_odd)
        || (key.starts_with("hosts.") && key.matches('.').count() > 2)
}

#[cfg(test)]
mod tests {
    use super::may_have_had_quotes;

    #[test]
    fn assignments_that_need_quotes_are_told_from_those_that_do_not() {
        let table = [
            ("extract.links=[a::url]", true),
            ("extract.p={css=.price::text}", true),
            ("extract.p=css=.price::text", true),
            ("extract.q=each=div", true),
            ("extract.p=xpath=//p", true),
            ("hosts.books.example.delay=1s", true),
            ("extract.ü=h1", true),
            ("extract.a b/c=h1", true),
            ("extract.title=h1::txt", false),
            ("pool.workers=fast", false),
            ("hosts.localhost.delay=soon", false),
            ("fetch.timeout", false),
        ];
        for (written, expected) in table {
            assert_eq!(may_have_had_quotes(written), expected, "{written}");
        }
    }
}
