//! Suggests a known name for a misspelt one.

/// Returns the known name that is most similar to a misspelt one.
pub(super) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    const LIKE_ENOUGH: f64 = 0.5;
    let name = name.to_ascii_lowercase();
    known
        .iter()
        .map(|known| (strsim::normalized_damerau_levenshtein(&name, known), *known))
        .filter(|(likeness, _)| *likeness >= LIKE_ENOUGH)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known)
}
