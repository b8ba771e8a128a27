//! Compresses the output, one member after another (RFC 1952, section 2.2; RFC 8878, section 3). A member is complete by
//! itself, so a file can be cut after any member and continued there.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use zstd::bulk::Compressor;

/// How many bytes a member holds before they are compressed: more make the file hardly smaller.
pub(super) const MEMBER: usize = 1 << 20;

/// The default level of `gzip`.
const GZIP_LEVEL: u32 = 6;

/// The default level of `zstd`.
const ZSTD_LEVEL: i32 = 3;

/// How the output is compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Packing {
    /// It is not.
    #[default]
    None,
    /// gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
}

impl Packing {
    const EXTENSIONS: [(&'static str, Self); 2] = [("gz", Self::Gzip), ("zst", Self::Zstd)];

    /// The packing of a file of this name, and the name without the extension that says so.
    pub fn of_name(path: &Path) -> (Self, PathBuf) {
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        match Self::EXTENSIONS.into_iter().find(|(known, _)| *known == extension) {
            Some((_, packing)) => (packing, path.with_extension("")),
            None => (Self::None, path.to_owned()),
        }
    }

    /// All extensions of packed files.
    pub fn extensions() -> impl Iterator<Item = &'static str> {
        Self::EXTENSIONS.into_iter().map(|(extension, _)| extension)
    }
}

/// Makes members.
pub(super) enum Packer {
    Gzip,
    /// It keeps its memory between two members.
    Zstd(Compressor<'static>),
}

impl Packer {
    /// `None` if the output is not compressed.
    pub(super) fn new(packing: Packing) -> io::Result<Option<Self>> {
        Ok(match packing {
            Packing::None => None,
            Packing::Gzip => Some(Self::Gzip),
            Packing::Zstd => {
                let mut compressor = Compressor::new(ZSTD_LEVEL)?;
                compressor.include_checksum(true)?;
                Some(Self::Zstd(compressor))
            }
        })
    }

    /// Compresses bytes into one member. Equal bytes give equal members: the header has neither a time nor a name.
    pub(super) fn member(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip => {
                let mut member = GzBuilder::new().write(Vec::new(), Compression::new(GZIP_LEVEL));
                member.write_all(bytes)?;
                member.finish()
            }
            Self::Zstd(compressor) => compressor.compress(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn the_last_extension_says_how_a_file_is_packed() {
        let table = [
            ("out.csv.gz", Packing::Gzip, "out.csv"),
            ("a/b.c/out.JSONL.GZ", Packing::Gzip, "a/b.c/out.JSONL"),
            ("out.tsv.zst", Packing::Zstd, "out.tsv"),
            ("out.zst", Packing::Zstd, "out"),
            ("out.gz.csv", Packing::None, "out.gz.csv"),
            ("out.gz.gz", Packing::Gzip, "out.gz"),
            (".gz", Packing::None, ".gz"),
            ("gz", Packing::None, "gz"),
            ("", Packing::None, ""),
        ];
        for (name, packing, rest) in table {
            assert_eq!(Packing::of_name(Path::new(name)), (packing, PathBuf::from(rest)), "{name}");
        }
    }

    #[test]
    fn members_in_a_row_are_one_file_and_equal_bytes_give_equal_members() {
        let texts = [b"[\n{}".to_vec(), Vec::new(), b"a,b\n".repeat(500_000)];
        for packing in [Packing::Gzip, Packing::Zstd] {
            let mut packer = Packer::new(packing).expect("memory").expect("packed");
            let members: Vec<Vec<u8>> = texts.iter().map(|text| packer.member(text).expect("memory")).collect();
            let mut again = Packer::new(packing).expect("memory").expect("packed");
            assert!(texts.iter().zip(&members).all(|(text, member)| again.member(text).expect("memory") == *member));
            let (file, mut unpacked) = (members.concat(), Vec::new());
            match packing {
                Packing::Zstd => zstd::Decoder::new(&file[..]).expect("zstd").read_to_end(&mut unpacked),
                _ => flate2::read::MultiGzDecoder::new(&file[..]).read_to_end(&mut unpacked),
            }
            .expect("valid");
            assert_eq!(unpacked, texts.concat(), "{packing:?}");
            assert!(file.len() < unpacked.len() / 10, "{packing:?}");
        }
        assert!(Packer::new(Packing::None).expect("memory").is_none());
    }
}
