//! The known name that somebody may have meant.

/// How alike two names must be, from 0 to 1, to be taken for one another.
const ALIKE: f64 = 0.6;

/// The one of `known` that is nearest to `name`, if any is near.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase().replace('-', "_");
    known
        .into_iter()
        .map(|candidate| {
            (
                strsim::normalized_damerau_levenshtein(&name, candidate),
                candidate,
            )
        })
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn misspelt_names_find_what_was_meant_and_strange_ones_find_nothing() {
        let known = [
            "workers",
            "concurrency",
            "max_tasks_per_worker",
            "task_timeout",
        ];
        let table = [
            ("worker", Some("workers")),
            ("Workers", Some("workers")),
            ("concurency", Some("concurrency")),
            ("max-tasks-per-worker", Some("max_tasks_per_worker")),
            ("max_tasks_per_child", Some("max_tasks_per_worker")),
            ("colour", None),
            ("", None),
        ];
        for (name, expected) in table {
            assert_eq!(nearest(name, known), expected, "{name}");
        }
    }
}
