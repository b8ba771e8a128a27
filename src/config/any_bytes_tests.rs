//! Settings of any text: each gives a plan, or an error that can be shown.

use std::num::NonZeroUsize;
use std::path::Path;

use super::sources::text_of_file;
use super::{Flag, Sources, of_layers, written};

/// Reads `file` as a settings file, and each line of `given` as a variable or as flags.
pub(crate) fn check(file: &[u8], given: &str) {
    let mut sources = Sources {
        config: None,
        folder: "/nowhere/at/all".into(),
        user: 0,
        environment: Vec::new(),
        flags: Vec::new(),
        cpus: NonZeroUsize::MIN,
    };
    for line in given.lines() {
        if let Some((name, value)) = line.split_once('=').filter(|(name, _)| name.starts_with("GLEANER_")) {
            sources.environment.push((name.into(), value.into()));
            continue;
        }
        sources.flags.push(Flag::set(line));
        if let Some(header) = line.strip_prefix('-') {
            sources.flags = vec![Flag::header("-H", header), Flag::new("--workers", "pool.workers", header)];
        }
    }
    let mut layers = sources.layers();
    let file = text_of_file(Path::new("gleaner.toml"), file).map_err(|problem| vec![problem]);
    layers.insert(1, file.and_then(|text| written::document(&text)));
    match of_layers(layers, &sources) {
        Ok(loaded) => {
            for setting in &loaded.in_force {
                assert!(!setting.value.contains('\n'), "{} is shown on one line: {:?}", setting.name, setting.value);
                assert!(!setting.place.to_string().is_empty());
            }
        }
        Err(error) => {
            assert!(!error.problems().is_empty());
            for problem in error.problems() {
                assert!(!problem.message().is_empty() && problem.to_string().starts_with(problem.message()));
            }
            assert!(!error.to_string().is_empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::check;
    use crate::config::defaults;

    /// A stretch of text that means something to the reader, or nothing.
    fn word() -> impl Strategy<Value = String> {
        const WORDS: &[&str] = &[
            "[pool]\n",
            "workers = ",
            "\"auto\"\n",
            "[fetch]\n",
            "headers = {",
            "}",
            "[",
            "]",
            "\"",
            "'",
            "'''",
            "\\",
            "[extract]\n",
            "[extract.x]\n",
            "each = 'p'\n",
            "css = ",
            "type = 'number'",
            "re = ",
            "'(a'",
            "a::text",
            "= ",
            "\n",
            "\r",
            ".",
            ",",
            "{ ",
            "é",
            "\u{0}",
            "\u{feff}",
            "\t",
            "99999999999999999999",
            "1e999",
            "5s",
            "#",
            "GLEANER_POOL_WORKERS=",
            "GLEANER_FETCH_",
            "fetch.timeout",
            "-",
            "a: b",
            "output.format=",
        ];
        prop_oneof![8 => proptest::sample::select(WORDS).prop_map(str::to_owned), 1 => ".{0,3}"]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn any_settings_give_a_plan_or_an_error_that_can_be_shown(
            file in proptest::collection::vec(word(), 0..24),
            given in proptest::collection::vec(word(), 0..8),
        ) {
            check(file.concat().as_bytes(), &given.concat());
        }

        #[test]
        fn so_do_the_defaults_with_some_bytes_changed(
            changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let mut file = defaults().as_bytes().to_vec();
            for (at, byte) in changes {
                let at = at.index(file.len());
                file[at] = byte;
            }
            check(&file, "");
        }
    }
}
