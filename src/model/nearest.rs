/// Returns the known name that is most similar to a name, if the two are similar enough. Case and the kind of dash do
/// not count.
///
/// `alike` is how similar they must be: 1 for equal names, 0 for names that have nothing in common.
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>, alike: f64) -> Option<&'k str> {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let name = plain(name);
    known
        .into_iter()
        .map(|known| (strsim::normalized_damerau_levenshtein(&name, &plain(known)), known))
        .filter(|(likeness, _)| *likeness >= alike)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}
