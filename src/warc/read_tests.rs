use super::*;

/// Gives at most this many bytes in each read, and then the error that cut-off gzip data gives.
struct InPieces<'a> {
    bytes: &'a [u8],
    piece: usize,
    is_torn: bool,
}

impl Read for InPieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_empty() && self.is_torn && !into.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let length = self.piece.min(into.len());
        self.bytes.read(&mut into[..length])
    }
}

/// Reads an archive in pieces, without blocks of more than `most` bytes.
fn read_in_pieces(bytes: &[u8], piece: usize, most: u64, is_torn: bool) -> (Vec<Record>, Option<String>) {
    let mut reader = Reader::new(InPieces { bytes, piece, is_torn });
    let mut records = Vec::new();
    let error = loop {
        match reader.take(|_| most) {
            Ok(Some(record)) => records.push(record),
            Ok(None) => match reader.refill() {
                Ok(0) => match reader.take_rest() {
                    Ok(rest) => {
                        records.extend(rest);
                        break None;
                    }
                    Err(error) => break Some(error),
                },
                Ok(_) => {}
                Err(error) => break Some(error),
            },
            Err(error) => break Some(error),
        }
    };
    (records, error.map(|error| error.to_string()))
}

/// Reads an archive, which must give the same whatever the lengths of the reads, and whether its end is that of a file
/// or of torn gzip data. Torn data is an error if nothing else tells that the end is missing.
fn read(bytes: &[u8], most: u64) -> (Vec<Record>, Option<String>) {
    let whole = read_in_pieces(bytes, usize::MAX, most, false);
    let pieces: &[usize] = if bytes.len() < 10_000 { &[1, 2, 3, 7, 64, usize::MAX] } else { &[100, usize::MAX] };
    for piece in pieces {
        for is_torn in [false, true] {
            let (records, error) = read_in_pieces(bytes, *piece, most, is_torn);
            let is_cut_off = records.last().is_some_and(|last| matches!(last.block, Block::CutOff(_)));
            let torn = (is_torn && !is_cut_off).then(|| io::Error::from(io::ErrorKind::UnexpectedEof).to_string());
            assert_eq!(records, whole.0, "in pieces of {piece}, torn {is_torn}");
            assert_eq!(error, whole.1.clone().or(torn), "in pieces of {piece}, torn {is_torn}");
        }
    }
    whole
}

fn record(fields: &str, block: &str) -> String {
    format!("WARC/1.0\r\n{fields}\r\nContent-Length: {}\r\n\r\n{block}\r\n\r\n", block.len())
}

/// What a record is, in short.
fn shown(record: &Record) -> String {
    let block = match &record.block {
        Block::Whole(block) => format!("{:?}", String::from_utf8_lossy(block)),
        other => format!("{other:?}"),
    };
    format!("{}: {} {block}", record.at, record.head.get("a").unwrap_or("?"))
}

#[test]
fn records_follow_one_another_with_any_line_ends_between_them() {
    let two = record("A: 1", "x\r\n\r\ny") + &record("A: 2", "");
    let table: [(&str, String, &[&str]); 9] = [
        ("empty", String::new(), &[]),
        ("only line ends", "\r\n\r\n\n".to_owned(), &[]),
        ("two records", two, &["0: 1 \"x\\r\\n\\r\\ny\"", "47: 2 \"\""]),
        (
            "only line feeds",
            "WARC/1.1\nA: 1\nContent-Length: 2\n\nxy\n\nWARC/1.1\nA: 2\nContent-Length: 1\n\nz".to_owned(),
            &["0: 1 \"xy\"", "37: 2 \"z\""],
        ),
        (
            "nothing between the records",
            "WARC/1.0\r\nA: 1\r\nContent-Length: 2\r\n\r\nxyWARC/1.0\r\nContent-Length: 0\r\nA: 2\r\n\r\n".to_owned(),
            &["0: 1 \"xy\"", "39: 2 \"\""],
        ),
        (
            "many lines between the records",
            format!("\n\n{}\r\n\r\n\r\n\r\n\n{}", record("A: 1", "x"), record("A: 2", "y")),
            &["2: 1 \"x\"", "53: 2 \"y\""],
        ),
        ("no fields but the length", "WARC/0.18\r\nContent-Length: 1\r\n\r\nx".to_owned(), &["0: ? \"x\""]),
        (
            "a block that looks like a record",
            record("A: 1", &record("A: 2", "")),
            &["0: 1 \"WARC/1.0\\r\\nA: 2\\r\\nContent-Length: 0\\r\\n\\r\\n\\r\\n\\r\\n\""],
        ),
        ("the same length twice", record("A: 1\r\nContent-Length: 1", "x"), &["0: 1 \"x\""]),
    ];
    for (what, archive, expected) in table {
        let (records, error) = read(archive.as_bytes(), 1000);
        assert_eq!(records.iter().map(shown).collect::<Vec<_>>(), expected, "{what}");
        assert_eq!(error, None, "{what}");
    }
}

#[test]
fn what_is_not_a_record_ends_the_archive_with_its_place_and_the_way_out() {
    let first = record("A: 1", "xyz");
    let begin = first.len();
    let after = |bytes: &str| format!("{first}{bytes}");
    let short = first.replace("Content-Length: 3", "Content-Length: 2");
    let long = first.replace("Content-Length: 3", "Content-Length: 9") + &record("A: 2", "");
    let table: Vec<(&str, String, usize, String)> = vec![
        ("text", "http://h/\n".to_owned(), 0, "byte 0 of the unpacked archive: it is not a WARC archive".to_owned()),
        ("ARC", "filedesc://a.arc 0.0.0.0 ".to_owned(), 0, "older ARC format: convert it".to_owned()),
        ("a zstd dictionary", "\u{5d}*M\u{18}".to_owned(), 0, "zstd dictionary".to_owned()),
        (
            "a length that is too short",
            short,
            1,
            format!("byte {} of the unpacked archive: no record begins here", begin - 5),
        ),
        (
            "a length that is too long",
            long,
            1,
            format!("byte {} of the unpacked archive: no record begins here", begin + 2),
        ),
        ("junk", after("junk"), 1, format!("byte {begin} of the unpacked archive: no record begins here")),
        ("no length", after("WARC/1.0\r\nA: 2\r\n\r\n"), 1, "a record has no `Content-Length`".to_owned()),
        (
            "two lengths",
            after(&record("Content-Length: 1", "")),
            1,
            "two different values of `Content-Length`".to_owned(),
        ),
        (
            "a negative length",
            after("WARC/1.0\nContent-Length: -1\n\n"),
            1,
            "not a valid number of bytes: `-1`".to_owned(),
        ),
        (
            "a signed length",
            after("WARC/1.0\nContent-Length: +1\n\n"),
            1,
            "not a valid number of bytes: `+1`".to_owned(),
        ),
        ("an empty length", after("WARC/1.0\nContent-Length:\n\n"), 1, "not a valid number of bytes: ``".to_owned()),
        (
            "2^64",
            after("WARC/1.0\nContent-Length: 18446744073709551616\n\n"),
            1,
            "not a valid number of bytes".to_owned(),
        ),
        (
            "the beginning of a head",
            after("WARC/1.0\r\nA: 2\r\n"),
            1,
            format!("byte {begin} of the unpacked archive: the archive ends in the head"),
        ),
        ("one byte of a head", after("W"), 1, "the archive ends in the head of a record".to_owned()),
        ("a long head", after(&format!("WARC/1.0\r\nA: {}", "x".repeat(80_000))), 1, "longer than 64 KiB".to_owned()),
        (
            "a long head with its end",
            after(&format!("WARC/1.0\r\nA: {}\r\n\r\n", "x".repeat(66_000))),
            1,
            "longer than 64 KiB".to_owned(),
        ),
    ];
    for (what, archive, count, message) in table {
        let (records, error) = read(archive.as_bytes(), 1000);
        assert_eq!(records.len(), count, "{what}");
        assert!(error.as_ref().is_some_and(|error| error.contains(&message)), "{what}: {error:?}");
    }
}

#[test]
fn a_block_that_is_too_long_or_cut_off_is_not_kept() {
    let long = "x".repeat(300_000);
    let whole = record("A: 1", &long) + &record("A: 2", "y");
    let head = whole.find('x').expect("a block");
    let of_length = |length: &str| format!("WARC/1.0\r\nA: 1\r\nContent-Length: {length}\r\n\r\nxyz");
    let table: [(&str, String, u64, &[&str]); 8] = [
        ("too long", whole.clone(), 299_999, &["0: 1 TooLong(300000)", "300046: 2 \"y\""]),
        ("cut off in a long block", whole[..head + 200_000].to_owned(), 1000, &["0: 1 CutOff(200000)"]),
        ("cut off in a wanted block", whole[..head + 200_000].to_owned(), 400_000, &["0: 1 CutOff(200000)"]),
        ("cut off before the block", whole[..head].to_owned(), 400_000, &["0: 1 CutOff(0)"]),
        ("cut off behind the block", whole[..head + 300_000].to_owned(), 10, &["0: 1 TooLong(300000)"]),
        ("2^63", of_length("9223372036854775808"), 1000, &["0: 1 CutOff(3)"]),
        ("2^64 - 1", of_length("18446744073709551615"), 1000, &["0: 1 CutOff(3)"]),
        ("many zeros", of_length(&format!("{}3", "0".repeat(100))), 1000, &["0: 1 \"xyz\""]),
    ];
    for (what, archive, most, expected) in table {
        let (records, error) = read(archive.as_bytes(), most);
        let records: Vec<String> = records.iter().map(shown).collect();
        assert_eq!(
            (records.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), error),
            (expected, None),
            "{what}"
        );
    }
    let (records, _) = read(whole.as_bytes(), 300_000);
    assert_eq!(records[0].block, Block::Whole(long.into_bytes()));
}

#[test]
fn an_error_of_the_source_is_passed_on_and_interruptions_are_not_errors() {
    /// Fails only once, as a decoder may.
    struct Failing<'a>(&'a [u8], u32, bool);
    impl Read for Failing<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            match (self.1 % 2, self.0.is_empty()) {
                (1, _) => Err(io::ErrorKind::Interrupted.into()),
                (_, true) if !std::mem::replace(&mut self.2, true) => Err(io::Error::other("the disk broke")),
                _ => self.0.read(&mut into[..1]),
            }
        }
    }
    for archive in [record("A: 1", "x"), record("A: 1", "xyz")[..39].to_owned()] {
        let mut reader = Reader::new(Failing(archive.as_bytes(), 0, false));
        let error = loop {
            match reader.take(|_| 1000).and_then(|record| if record.is_some() { Ok(1) } else { reader.refill() }) {
                Ok(length) => assert!(length > 0, "the end of the archive is not reached"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.to_string(), "the disk broke");
    }
}
