//! Suggests the known name that somebody may have meant.

use crate::model;

/// How similar two names must be, from 0 to 1, for one to be suggested for the other.
const ALIKE: f64 = 0.6;

/// How long a name must be to be searched for inside of others.
const PART: usize = 3;

/// Gives the one of `known` that is most similar to `name`, if it is similar enough; or else the only one that contains
/// `name`.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known: Vec<&str> = known.into_iter().collect();
    let alike = model::nearest(name, known.iter().copied(), ALIKE);
    alike.or_else(|| {
        let name = name.to_lowercase().replace('-', "_");
        let mut having = known.iter().filter(|candidate| name.len() >= PART && candidate.contains(&name));
        match (having.next(), having.next()) {
            (Some(only), None) => Some(*only),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn misspelt_names_find_what_was_meant_and_strange_ones_find_nothing() {
        let known = ["workers", "concurrency", "max_tasks_per_worker", "task_timeout"];
        let table = [
            ("worker", Some("workers")),
            ("Workers", Some("workers")),
            ("concurency", Some("concurrency")),
            ("max-tasks-per-worker", Some("max_tasks_per_worker")),
            ("max_tasks_per_child", Some("max_tasks_per_worker")),
            ("timeout", Some("task_timeout")),
            ("conc", Some("concurrency")),
            ("work", None),
            ("ma", None),
            ("colour", None),
            ("", None),
        ];
        for (name, expected) in table {
            assert_eq!(nearest(name, known), expected, "{name}");
        }
    }
}
