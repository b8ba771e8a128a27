//! Finds out how the output is written, from its name and the settings.

use std::path::Path;

use anyhow::{Context as _, bail};

use crate::sink::{Format, Packing};

/// The format and the packing of an output. `path` is what the command line names; `-` and `None` are standard output.
/// `format` is what the settings say; with `None`, the extension decides. Whether the output is packed follows from its
/// name alone.
///
/// # Errors
/// For an unknown extension, because the content of the file would not match its name, and for a packed file of a format
/// that is not written in order.
pub(super) fn of(path: Option<&Path>, format: Option<Format>) -> anyhow::Result<(Format, Packing)> {
    let Some(path) = path.filter(|path| path.as_os_str() != "-") else {
        return Ok((format.unwrap_or_default(), Packing::None));
    };
    let (packing, name) = Packing::of_name(path);
    let format = match format {
        Some(format) => format,
        None => by_extension(&name, path)?,
    };
    if format.is_converted() && packing != Packing::None {
        bail!(
            "write the output to `{}`: a file of this format cannot be compressed as a whole; leave out the last \
             extension",
            path.display()
        );
    }
    Ok((format, packing))
}

/// The format of the extension of `name`, which is the name of `path` without the extension of its packing.
fn by_extension(name: &Path, path: &Path) -> anyhow::Result<Format> {
    let extension = name.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    if extension.is_empty() {
        return Ok(Format::default());
    }
    Format::of_extension(&extension).with_context(|| {
        let list = |extensions: Vec<&str>| {
            extensions.into_iter().map(|known| format!(".{known}")).collect::<Vec<_>>().join(", ")
        };
        format!(
            "write the output to `{}`: `.{extension}` is not a format that gleaner writes: use one of {} (each also with \
             {} after it), or choose the format with --format jsonl (convert: --set output.format=jsonl)",
            path.display(),
            list(Format::extensions().collect()),
            list(Packing::extensions().collect()),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_the_format_and_the_packing_and_a_setting_gives_only_the_format() {
        let table = [
            (None, None, (Format::Json, Packing::None)),
            (None, Some(Format::Csv), (Format::Csv, Packing::None)),
            (Some("-"), Some(Format::Jsonl), (Format::Jsonl, Packing::None)),
            (Some("out"), None, (Format::Json, Packing::None)),
            (Some("out.csv"), None, (Format::Csv, Packing::None)),
            (Some("out.CSV.GZ"), None, (Format::Csv, Packing::Gzip)),
            (Some("a.b/out.ndjson.zst"), None, (Format::Jsonl, Packing::Zstd)),
            (Some("out.gz"), None, (Format::Json, Packing::Gzip)),
            (Some("out.gz"), Some(Format::Tsv), (Format::Tsv, Packing::Gzip)),
            (Some("out.sqlite"), None, (Format::Sqlite, Packing::None)),
            (Some("out.json.zst"), Some(Format::Csv), (Format::Csv, Packing::Zstd)),
            (Some("out.txt"), Some(Format::Csv), (Format::Csv, Packing::None)),
        ];
        for (path, format, expected) in table {
            assert_eq!(of(path.map(Path::new), format).expect("a format"), expected, "{path:?} {format:?}");
        }
    }

    #[test]
    fn a_format_that_is_not_written_in_order_cannot_be_packed() {
        for (path, format) in [("out.parquet.gz", None), ("out.db.zst", None), ("out.gz", Some(Format::Parquet))] {
            let error = of(Some(Path::new(path)), format).expect_err(path).to_string();
            assert!(error.contains(path) && error.contains("leave out the last extension"), "{error}");
        }
    }

    #[test]
    fn an_unknown_extension_is_refused_with_those_that_are_known() {
        for path in ["out.xlsx", "out.txt.gz", "out.gz.gz", "out.json.zstd"] {
            let error = of(Some(Path::new(path)), None).expect_err(path).to_string();
            let parts = [path, "use one of .json, .jsonl", "(each also with .gz, .zst after it)", "--format jsonl"];
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        }
    }
}
