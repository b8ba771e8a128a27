//! Tests of the whole sink: records in, bytes out.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::*;
use crate::model::{
    Carried, Dialect, Done, Failure, FailureKind, Fit, ListPoint, Outcome, Page, Record, RowsHead, Seqs, Stage,
    WorkerLabel,
};

/// The limit for a record to reach the reader of a stream. For a file it may take longer.
const AT_ONCE: Duration = Duration::from_secs(1);

fn record(seq: u64) -> Record {
    let outcome = if seq % 5 == 3 {
        Outcome::Failure(Failure::new(FailureKind::Dns, Stage::Fetch, "no such host"))
    } else {
        Outcome::Page(Page {
            final_url: format!("http://h/{seq}"),
            status: 200,
            bytes: seq,
            data: Bytes::from(format!(r#"{{"title":"{seq}"}}"#)),
            fit: Fit::default(),
        })
    };
    Record {
        seq,
        url: format!("http://h/{seq}"),
        input: Carried::default(),
        outcome,
        attempts: 1,
        elapsed: Duration::ZERO,
        worker: Some(WorkerLabel::of_process(1)),
        cached: None,
        fetched_at: None,
    }
}

/// A record with the data that the format needs: as a table, each page has two rows.
fn record_of(format: Format, seq: u64) -> Record {
    let mut record = record(seq);
    if let (Outcome::Page(page), Some(delimiter)) = (&mut record.outcome, format.delimiter()) {
        let rows = format!("{seq},x\0{seq},\"a\nb\"");
        page.data = [&RowsHead::new(delimiter, 2).to_bytes()[..], rows.as_bytes()].concat().into();
    }
    record
}

fn options(path: impl Into<PathBuf>) -> Options {
    Options {
        destination: Destination::File(path.into()),
        format: Format::Jsonl,
        shape: Shape::Data,
        window_memory: 1 << 20,
        table: Table {
            carried: super::CarriedColumns::None,
            input_prefix: String::new(),
            columns: vec![Column::Seq, Column::Url],
            fields: ["title", "stock"].map(str::to_owned).to_vec(),
            dialect: Dialect::default(),
        },
        ..Options::default()
    }
}

/// A sink that writes to a pipe, and the reading end of the pipe.
fn sink_into_pipe(options: &Options) -> (Sink, io::PipeReader) {
    let (reader, writer) = io::pipe().expect("a pipe");
    (Sink::to_stream(options, writer, "the pipe").expect("a sink"), reader)
}

/// The output of `Shape::Data` and `Format::Jsonl` for the records with these numbers.
fn data_lines(seqs: impl IntoIterator<Item = u64>) -> String {
    let line = |seq| {
        if seq % 5 == 3 { "null\n".to_owned() } else { format!("{{\"title\":\"{seq}\"}}\n") }
    };
    seqs.into_iter().map(line).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a file")
}

fn unpacked(packing: Packing, file: &[u8]) -> String {
    let mut text = String::new();
    match packing {
        Packing::None => io::Read::read_to_string(&mut &*file, &mut text),
        Packing::Gzip => flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text),
        Packing::Zstd => zstd::Decoder::new(file).expect("zstd").read_to_string(&mut text),
    }
    .expect("valid");
    text
}

async fn until(sink: &Sink, reached: impl Fn(&Sink) -> bool) {
    let reached = async {
        while !reached(sink) {
            sink.changed().await;
        }
    };
    // The limit is only reached if the test fails.
    tokio::time::timeout(Duration::from_secs(20), reached).await.expect("the state is reached");
}

#[tokio::test]
async fn every_format_and_shape_has_its_exact_layout() {
    let full = |seq: u64| {
        format!(
            r#"{{"seq":{seq},"url":"http://h/{seq}","final_url":"http://h/{seq}","status":200,"data":{{"title":"{seq}"}},"failure":null,"attempts":1,"elapsed_ms":0.0,"bytes":{seq},"worker":1,"fetched_at":null}}"#
        )
    };
    let table = [
        (Format::Csv, Shape::Full, 0, "seq,url,title,stock\n".to_owned()),
        (
            Format::Csv,
            Shape::Full,
            4,
            "seq,url,title,stock\n0,http://h/0,0,x\n0,http://h/0,0,\"a\nb\"\n1,http://h/1,1,x\n1,http://h/1,1,\"a\nb\"\n\
             2,http://h/2,2,x\n2,http://h/2,2,\"a\nb\"\n3,http://h/3,,\n"
                .to_owned(),
        ),
        (Format::Json, Shape::Data, 0, "[]\n".to_owned()),
        (Format::Json, Shape::Data, 1, "[\n{\"title\":\"0\"}\n]\n".to_owned()),
        (
            Format::Json,
            Shape::Data,
            4,
            "[\n{\"title\":\"0\"},\n{\"title\":\"1\"},\n{\"title\":\"2\"},\nnull\n]\n".to_owned(),
        ),
        (Format::Json, Shape::Full, 2, format!("[\n{},\n{}\n]\n", full(0), full(1))),
        (Format::Jsonl, Shape::Data, 0, String::new()),
        (Format::Jsonl, Shape::Data, 2, "{\"title\":\"0\"}\n{\"title\":\"1\"}\n".to_owned()),
        (Format::Jsonl, Shape::Full, 1, full(0) + "\n"),
    ];
    for (format, shape, count, expected) in table {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out");
        let sink = Sink::open(&Options { format, shape, ..options(&path) }).expect("a sink");
        sink.push((0..count).rev().map(|seq| record_of(format, seq)).collect());
        let written = sink.finish().await.expect("written");
        assert_eq!(read(&path), expected, "{format:?} {shape:?} {count}");
        assert_eq!(written, Written { records: count, bytes: expected.len() as u64, path: Some(path.clone()) });
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "no other file is left");
    }
}

#[tokio::test]
async fn the_output_is_the_same_for_every_order_of_arrival_and_every_size_of_the_window() {
    const COUNT: u64 = 5000;
    let orders: [fn(u64) -> u64; 4] = [
        |at| at,
        |at| COUNT - 1 - at,
        // Backwards in blocks, like batches.
        |at| at / 100 * 100 + (99 - at % 100),
        // The first record comes last.
        |at| (at + 1) % COUNT,
    ];
    for order in orders {
        for window_memory in [0, 10_000, 1 << 30] {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("out");
            let sink = Sink::open(&Options { window_memory, ..options(&path) }).expect("a sink");
            for batch in (0..COUNT).map(order).collect::<Vec<_>>().chunks(64) {
                sink.push(batch.iter().copied().map(record).collect());
            }
            assert_eq!(sink.finish().await.expect("written").records, COUNT);
            assert!(read(&path) == data_lines(0..COUNT), "window of {window_memory}");
        }
    }
}

#[tokio::test]
async fn in_completion_order_records_are_written_as_they_arrive() {
    let (sink, mut reader) = sink_into_pipe(&Options { order: Order::Completion, ..options("") });
    sink.push([5, 0, 9].map(record).into());
    until(&sink, |sink| sink.emitted() == 3).await;
    assert_eq!(sink.finish().await.expect("written").path, None);
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("text");
    assert_eq!(text, data_lines([5, 0, 9]));
}

#[tokio::test]
async fn a_second_record_with_the_same_number_is_dropped() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out");
    let sink = Sink::open(&options(&path)).expect("a sink");
    sink.push([0, 0, 2, 2, 1, 2].map(record).into());
    sink.finish().await.expect("written");
    assert_eq!(read(&path), data_lines(0..3));
}

#[tokio::test]
async fn an_output_with_a_missing_record_is_not_renamed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out");
    let sink = Sink::open(&options(&path)).expect("a sink");
    sink.push([0, 1, 3, 4].map(record).into());
    let error = sink.finish().await.expect_err("2 is missing");
    assert_eq!(error.kind(), ErrorKind::Io);
    let message = error.to_string();
    assert!(
        message.contains("task 2 has no record and 2 records wait for it") && message.contains("out.part"),
        "{message}"
    );
    assert!(!path.exists());
    assert_eq!(read(&folder.path().join("out.part")), data_lines(0..2));
}

/// A list point after all tasks of these tests.
fn everything() -> ListPoint {
    ListPoint { tasks: 1 << 40, crc: 7 }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_stopped_or_dropped_sink_keeps_finished_records_and_a_later_one_resumes() {
    for order in [Order::Input, Order::Completion] {
        for dropped in [false, true] {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("out");
            let part = folder.path().join("out.part");
            let options = Options { order, ..options(&path) };
            fs::write(&path, "old").expect("written");
            let sink = Sink::open(&options).expect("a sink");
            sink.consumed(everything());
            sink.push([0, 1, 3, 8].map(record).into());
            let in_part: &[u64] = if order == Order::Input { &[0, 1] } else { &[0, 1, 3, 8] };
            if dropped {
                drop(sink);
            } else {
                let bytes = data_lines(in_part.iter().copied()).len() as u64;
                let expected = Written { records: in_part.len() as u64, bytes, path: Some(part.clone()) };
                assert_eq!(sink.stop().await.expect("written"), expected);
            }
            assert_eq!(read(&part), data_lines(in_part.iter().copied()));
            assert_eq!(read(&path), "old");

            let error = Sink::open(&options).expect_err("an earlier run has left its work");
            assert_eq!(
                error.to_string(),
                format!(
                    "start `{}`: it is left over from an unfinished run; continue it with --resume, or discard it \
                     with --restart",
                    part.display()
                )
            );
            let sink = Sink::open(&Options { left_over: LeftOver::Resume, ..options }).expect("a sink");
            let before = Before {
                done: Done { seqs: [0, 1, 3, 8].into_iter().collect(), points: vec![everything()], kept: None },
                failures: [(FailureKind::Dns, 2)].into(),
            };
            assert_eq!(*sink.before(), before);
            assert_eq!(sink.emitted(), in_part.len() as u64);
            sink.push([4, 5, 7, 6, 2].map(record).into());
            let written = sink.finish().await.expect("written");
            assert_eq!((written.records, written.bytes), (9, fs::metadata(&path).expect("there").len()));
            let whole = if order == Order::Input { data_lines(0..9) } else { data_lines([0, 1, 3, 8, 4, 5, 7, 6, 2]) };
            assert_eq!(read(&path), whole);
            assert_eq!(names(folder.path()), ["out"]);
        }
    }
}

#[tokio::test]
async fn every_format_shape_and_packing_can_be_resumed_many_times() {
    for (format, packing) in [
        (Format::Json, Packing::None),
        (Format::Jsonl, Packing::None),
        (Format::Csv, Packing::None),
        (Format::Json, Packing::Gzip),
        (Format::Jsonl, Packing::Zstd),
        (Format::Tsv, Packing::Gzip),
    ] {
        let record = |seq| record_of(format, seq);
        for shape in [Shape::Full, Shape::Data] {
            let folder = tempfile::tempdir().expect("a folder");
            let undisturbed = Options { format, shape, ..options(folder.path().join("undisturbed")) };
            let sink = Sink::open(&undisturbed).expect("a sink");
            sink.push((0..40).map(record).collect());
            sink.finish().await.expect("written");

            let resumed = Options { left_over: LeftOver::Resume, ..options(folder.path().join("resumed")) };
            let resumed = Options { format, packing, shape, ..resumed };
            for stretch in 0..4_u64 {
                let sink = Sink::open(&resumed).expect("a sink");
                let failed = sink.before().failures.get(&FailureKind::Dns).copied();
                assert_eq!((sink.before().done.seqs.count(), failed.unwrap_or(0)), (10 * stretch, 2 * stretch));
                sink.consumed(everything());
                // A few records of each stretch wait for its last record.
                sink.push((10 * stretch..10 * stretch + 7).rev().map(record).collect());
                sink.stop().await.expect("written");
                let sink = Sink::open(&resumed).expect("a sink");
                sink.push((10 * stretch + 7..10 * stretch + 10).map(record).collect());
                sink.stop().await.expect("written");
            }
            Sink::open(&resumed).expect("a sink").finish().await.expect("written");
            let resumed = fs::read(folder.path().join("resumed")).expect("a file");
            assert_eq!(unpacked(packing, &resumed), read(&folder.path().join("undisturbed")), "{format:?} {packing:?}");
        }
    }
}

#[tokio::test]
async fn a_packed_output_is_valid_whether_it_has_no_record_or_many_members() {
    for packing in [Packing::Gzip, Packing::Zstd] {
        for (format, count) in [(Format::Json, 0), (Format::Jsonl, 0), (Format::Csv, 0), (Format::Jsonl, 100)] {
            let folder = tempfile::tempdir().expect("a folder");
            let [plain, packed] = ["plain", "packed"].map(|name| folder.path().join(name));
            for (path, packing) in [(&plain, Packing::None), (&packed, packing)] {
                let sink = Sink::open(&Options { format, packing, ..options(path) }).expect("a sink");
                sink.push((0..count).map(large).collect());
                let written = sink.finish().await.expect("written");
                assert_eq!((written.records, written.bytes), (count, fs::metadata(path).expect("there").len()));
            }
            let file = fs::read(&packed).expect("a file");
            assert!(unpacked(packing, &file) == read(&plain), "{packing:?} {format:?}");
            assert!(!file.is_empty(), "{packing:?} {format:?}");
            if count > 0 {
                // The first member alone, which a reader without others would see.
                let mut first = Vec::new();
                match packing {
                    Packing::Zstd => {
                        zstd::Decoder::new(&file[..]).expect("zstd").single_frame().read_to_end(&mut first)
                    }
                    _ => flate2::read::GzDecoder::new(&file[..]).read_to_end(&mut first),
                }
                .expect("valid");
                assert!((1 << 20..3 << 19).contains(&first.len()) && first.ends_with(b"\n"), "{}", first.len());
            }
        }
    }
}

#[tokio::test]
async fn a_killed_run_has_all_records_of_its_last_member() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { packing: Packing::Gzip, left_over: LeftOver::Resume, ..options(folder.path().join("out")) };
    let sink = Sink::open(&options).expect("a sink");
    sink.consumed(everything());
    sink.push((0..40).map(large).collect());
    let length = |name: &str| fs::metadata(folder.path().join(name)).expect("a file").len();
    until(&sink, |_| length("out.part.log") > 0).await;
    // Bytes of a member that was being written.
    let killed = tempfile::tempdir().expect("a folder");
    for name in names(folder.path()) {
        fs::copy(folder.path().join(&name), killed.path().join(&name)).expect("copied");
    }
    let part = killed.path().join("out.part");
    let bytes = fs::read(&part).expect("a file");
    fs::write(&part, [&bytes[..], &bytes[..100]].concat()).expect("written");
    let later = Options { destination: Destination::File(killed.path().join("out")), ..options };
    let later = Sink::open(&later).expect("a sink");
    assert_eq!(later.before().done.seqs, (0..40).collect());
    later.push(vec![large(40)]);
    later.finish().await.expect("written");
    let file = fs::read(killed.path().join("out")).expect("a file");
    assert!(unpacked(Packing::Gzip, &file) == large_lines(0..41));
}

#[tokio::test]
async fn a_reader_of_a_packed_stream_gets_its_records_while_the_run_waits() {
    let (sink, mut reader) = sink_into_pipe(&Options { packing: Packing::Gzip, ..options("") });
    sink.push((0..3).map(record).collect());
    let mut text = vec![0; data_lines(0..3).len()];
    flate2::read::GzDecoder::new(&mut reader).read_exact(&mut text).expect("a member");
    assert_eq!(String::from_utf8(text).expect("UTF-8"), data_lines(0..3));
    sink.finish().await.expect("written");
}

/// A conversion that adds a line to the records.
fn signed() -> Conversion {
    Box::new(|records, into| fs::write(into, fs::read_to_string(records)? + "signed\n"))
}

#[tokio::test]
async fn a_converted_output_appears_when_it_is_complete_and_leaves_no_records_beside_it() {
    for count in [0, 40] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out");
        fs::write(&path, "old").expect("written");
        fs::write(folder.path().join("out.part.converted"), "of a killed run").expect("written");
        let options = Options { format: Format::Parquet, ..options(&path) };
        let sink = Sink::open_with(&options, Some(signed())).expect("a sink");
        sink.push((0..count).map(record).collect());
        let expected = data_lines(0..count) + "signed\n";
        let written = sink.finish().await.expect("written");
        assert_eq!(written, Written { records: count, bytes: expected.len() as u64, path: Some(path.clone()) });
        assert_eq!(read(&path), expected);
        assert_eq!(names(folder.path()), ["out"]);
    }
}

#[tokio::test]
async fn a_conversion_that_fails_or_is_killed_can_be_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    let killed = tempfile::tempdir().expect("a folder");
    let resumed =
        |folder: &Path| Options { format: Format::Parquet, left_over: LeftOver::Resume, ..options(folder.join("out")) };
    // The files that a process leaves if it is killed in the middle of the conversion.
    let (of, to) = (folder.path().to_owned(), killed.path().to_owned());
    let fails: Conversion = Box::new(move |_, into| {
        fs::write(into, "half of it")?;
        for name in names(&of) {
            fs::copy(of.join(&name), to.join(&name))?;
        }
        Err(io::Error::other("the worker has died"))
    });
    let sink = Sink::open_with(&resumed(folder.path()), Some(fails)).expect("a sink");
    sink.consumed(everything());
    sink.push((0..40).map(record).collect());
    let error = sink.finish().await.expect_err("it fails");
    let message = error.to_string();
    assert!(message.contains("convert the records to") && message.contains("are in `"), "{message}");
    assert_eq!(error.kept(), Some(&*folder.path().join("out.part")));
    assert!(!folder.path().join("out.part.converted").exists(), "a part of the file is of no use");
    assert_eq!(read(&killed.path().join("out.part.converted")), "half of it");
    for folder in [folder, killed] {
        let sink = Sink::open_with(&resumed(folder.path()), Some(signed())).expect("a sink");
        assert_eq!(sink.before().done.seqs, (0..40).collect(), "the records are known");
        sink.finish().await.expect("written");
        assert_eq!(read(&folder.path().join("out")), data_lines(0..40) + "signed\n");
        assert_eq!(names(folder.path()), ["out"]);
    }
}

#[tokio::test]
async fn a_run_that_ends_between_its_archive_and_its_output_is_resumed_if_others_may_write_the_archive() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("pages.warc.gz");
    // The archive will have the mode of the one that it replaces.
    fs::write(&archive, "of an earlier run").expect("written");
    fs::set_permissions(&archive, fs::Permissions::from_mode(0o664)).expect("the file is ours");
    let mode = || fs::metadata(&archive).expect("an archive").permissions().mode() & 0o777;
    let options = Options {
        format: Format::Parquet,
        left_over: LeftOver::Resume,
        archive: Some(ArchiveOptions { path: archive.clone(), obeys_robots: true }),
        ..options(folder.path().join("out"))
    };
    let fails: Conversion = Box::new(|_, _| Err(io::Error::other("the worker has died")));
    let sink = Sink::open_with(&options, Some(fails)).expect("a sink");
    sink.consumed(everything());
    sink.archive(vec![Bytes::from_static(b"a member")]);
    sink.push((0..4).map(record).collect());
    sink.finish().await.expect_err("the conversion fails");
    assert_eq!(mode(), 0o644, "the archive has its name, and nobody else may write it");
    let sink = Sink::open_with(&options, Some(signed())).expect("it is resumed");
    assert_eq!(sink.before().done.seqs, (0..4).collect());
    sink.finish().await.expect("written");
    assert!(fs::read(&archive).expect("an archive").ends_with(b"a member"));
    assert_eq!(names(folder.path()), ["out", "pages.warc.gz"]);
    fs::set_permissions(&archive, fs::Permissions::from_mode(0o664)).expect("the file is ours");
    let sink = Sink::open_with(&options, Some(signed())).expect("a sink");
    sink.push((0..4).map(record).collect());
    sink.finish().await.expect("written");
    assert_eq!(mode(), 0o664, "a complete archive has the mode of the one before");
}

#[tokio::test]
async fn a_failure_that_cannot_be_listed_is_not_kept_either() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out");
    let options = options(&path);
    let sink = Sink::open(&Options { failed_out: Some("/dev/full".into()), ..options.clone() }).expect("a sink");
    sink.consumed(everything());
    // So many bytes are written before the list of failures, which has no room.
    sink.push((0..5).map(record).chain((5..9).map(large)).collect());
    let error = sink.finish().await.expect_err("the list cannot be written").to_string();
    assert!(error.contains("write the failed tasks to `/dev/full`: free some space"), "{error}");
    let resumed = Sink::open(&Options { left_over: LeftOver::Resume, ..options }).expect("it is resumed");
    assert!(!resumed.before().done.seqs.contains(3), "a later run must list it: {:?}", resumed.before());
}

#[test]
fn a_converted_output_must_be_a_file() {
    for destination in [Destination::Stdout, Destination::File("/dev/null".into())] {
        let options = Options { destination, format: Format::Parquet, ..options("") };
        let error = Sink::open_with(&options, Some(signed())).expect_err("a stream");
        assert_eq!(error.kind(), ErrorKind::Unusable);
        assert!(error.to_string().ends_with("it needs a regular file; name one with --output"), "{error}");
    }
}

#[tokio::test]
async fn a_sink_that_is_stopped_before_its_first_record_leaves_no_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let sink = Sink::open(&options(folder.path().join("out"))).expect("a sink");
    sink.consumed(everything());
    assert_eq!(sink.stop().await.expect("nothing to write"), Written { records: 0, bytes: 0, path: None });
    assert!(names(folder.path()).is_empty());
}

#[tokio::test]
async fn a_single_waiting_record_is_kept_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { left_over: LeftOver::Resume, ..options(folder.path().join("out")) };
    let sink = Sink::open(&options).expect("a sink");
    sink.consumed(everything());
    sink.push(vec![record(1)]);
    assert!(sink.stop().await.expect("written").path.is_some());
    let sink = Sink::open(&options).expect("a sink");
    assert_eq!(sink.before().done.seqs, [1].into_iter().collect());
    sink.push(vec![record(0)]);
    sink.finish().await.expect("written");
    assert_eq!(read(&folder.path().join("out")), data_lines(0..2));
}

#[tokio::test]
async fn records_in_memory_count_for_the_window_until_it_is_their_turn() {
    let (sink, reader) = sink_into_pipe(&options("unused"));
    sink.push(vec![record(1), record(2)]);
    until(&sink, |sink| sink.window() > 0).await;
    sink.push(vec![record(0)]);
    until(&sink, |sink| sink.window() == 0 && sink.emitted() == 3).await;
    drop((sink, reader));
}

#[tokio::test]
async fn only_a_restart_discards_a_part_without_a_manifest() {
    for log in [false, true] {
        for left_over in [LeftOver::Refuse, LeftOver::Resume, LeftOver::Replace] {
            let folder = tempfile::tempdir().expect("a folder");
            fs::write(folder.path().join("out.part"), "somebody's").expect("written");
            if log {
                fs::write(folder.path().join("out.part.log"), "somebody's").expect("written");
            }
            let opened = Sink::open(&Options { left_over, ..options(folder.path().join("out")) });
            if left_over == LeftOver::Replace {
                drop(opened.expect("a sink"));
                continue;
            }
            let message = opened.expect_err("the part is not ours").to_string();
            assert!(message.contains("its manifest is missing, so --resume cannot continue it"), "{message}");
            assert_eq!(read(&folder.path().join("out.part")), "somebody's");
            assert!(!folder.path().join("out.part.manifest").exists());
        }
    }
}

#[tokio::test]
async fn files_without_a_part_are_ignored() {
    // A run leaves these files if it dies after it renamed the output, and before it removed the other files.
    for left_over in [LeftOver::Refuse, LeftOver::Resume, LeftOver::Replace] {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["out.part.log", "out.part.pending", "out.part.pending.new", "out.part.manifest"] {
            fs::write(folder.path().join(name), "left over").expect("written");
        }
        let sink = Sink::open(&Options { left_over, ..options(folder.path().join("out")) }).expect("a sink");
        assert_eq!(*sink.before(), Before::default());
        sink.push(vec![record(0)]);
        sink.finish().await.expect("written");
        assert_eq!(names(folder.path()), ["out"], "{left_over:?}");
    }
}

#[tokio::test]
async fn an_output_that_cannot_be_started_leaves_no_files() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("out.part.log")).expect("created");
    let error = Sink::open(&options(folder.path().join("out"))).expect_err("a folder has the name of the log");
    assert_eq!(error.kind(), ErrorKind::Unusable);
    assert_eq!(names(folder.path()), ["out.part.log"]);
}

#[tokio::test]
async fn a_second_run_with_the_same_output_is_rejected() {
    let folder = tempfile::tempdir().expect("a folder");
    for left_over in [LeftOver::Refuse, LeftOver::Replace, LeftOver::Resume] {
        let options = Options { left_over, ..options(folder.path().join("out")) };
        let first = Sink::open(&options).expect("a sink");
        first.push(vec![record(0)]);
        let error = Sink::open(&options).expect_err("the first sink is still open");
        assert_eq!(error.kind(), ErrorKind::Unusable);
        assert!(error.to_string().contains("another run is writing it at this moment"), "{error}");
        first.finish().await.expect("undisturbed");
        assert_eq!(names(folder.path()), ["out"]);
    }
    drop(Sink::open(&options(folder.path().join("out"))).expect("a sink"));
    Sink::open(&options(folder.path().join("out"))).expect("an empty part does not count as unfinished output");
}

#[tokio::test]
async fn the_output_of_another_version_or_other_settings_is_not_resumed() {
    let folder = tempfile::tempdir().expect("a folder");
    let identity = |version: &str, rule: &str| Identity {
        version: version.to_owned(),
        settings: [("extract.title".to_owned(), rule.to_owned())].into(),
        ..Identity::default()
    };
    let options = |identity| Options { identity, left_over: LeftOver::Resume, ..options(folder.path().join("out")) };
    let sink = Sink::open(&options(identity("1", "h1"))).expect("there is no unfinished output");
    sink.consumed(everything());
    sink.push(vec![record(0)]);
    sink.stop().await.expect("written");
    for (other, expected) in [
        (identity("2", "h1"), "it was started by gleaner 1, but this is gleaner 2"),
        (identity("1", "h2"), "`extract.title` has changed since it was started"),
    ] {
        let error = Sink::open(&options(other)).expect_err(expected);
        assert_eq!(error.kind(), ErrorKind::Unusable);
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert_eq!(
        Sink::open(&options(identity("1", "h1"))).expect("the settings are the same").before().done.seqs.count(),
        1
    );
}

#[tokio::test]
async fn a_task_that_the_log_does_not_know_is_done_again() {
    // The task cannot be compared with the list.
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { left_over: LeftOver::Resume, ..options(folder.path().join("out")) };
    let sink = Sink::open(&options).expect("a sink");
    sink.consumed(ListPoint { tasks: 5, crc: 1 });
    sink.push([0, 3, 7].map(record).into());
    sink.stop().await.expect("written");
    let sink = Sink::open(&options).expect("a sink");
    assert_eq!(sink.before().done.seqs, [0, 3].into_iter().collect());
    sink.push((0..10).filter(|seq| ![0, 3].contains(seq)).map(record).collect());
    sink.finish().await.expect("written");
    assert_eq!(read(&folder.path().join("out")), data_lines(0..10));
}

#[tokio::test]
async fn records_that_wait_longer_than_a_moment_are_on_disk_while_the_first_one_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let pending = folder.path().join("out.part.pending");
    let options = Options { left_over: LeftOver::Resume, ..options(folder.path().join("out")) };
    let sink = Sink::open(&options).expect("a sink");
    sink.consumed(everything());
    sink.push((1..100).map(record).collect());
    until(&sink, |_| fs::metadata(&pending).expect("a file").len() > 0).await;
    until(&sink, |_| fs::metadata(folder.path().join("out.part.log")).expect("a file").len() > 0).await;
    // The files that a killed process leaves.
    let killed = tempfile::tempdir().expect("a folder");
    for name in names(folder.path()) {
        fs::copy(folder.path().join(&name), killed.path().join(&name)).expect("copied");
    }
    let later = Sink::open(&Options { destination: Destination::File(killed.path().join("out")), ..options.clone() });
    assert_eq!(later.expect("a sink").before().done.seqs, (1..100).collect());
    sink.push(vec![record(0)]);
    sink.finish().await.expect("written");
    assert_eq!(read(&folder.path().join("out")), data_lines(0..100));
}

#[tokio::test]
async fn waiting_records_are_kept_until_a_checkpoint_has_them_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { left_over: LeftOver::Resume, ..options(folder.path().join("out")) };
    for _ in 0..2 {
        let sink = Sink::open(&options).expect("a sink");
        sink.consumed(everything());
        sink.push((1..50).map(record).collect());
        sink.stop().await.expect("written");
    }
    let sink = Sink::open(&options).expect("a sink");
    sink.push(vec![record(0)]);
    until(&sink, |sink| sink.emitted() == 50).await;
    // The log says that the pending file is no longer needed, but that entry is not synced yet.
    let length = |name: &str| fs::metadata(folder.path().join(name)).expect("a file").len();
    let before = length("out.part.log");
    until(&sink, |_| length("out.part.log") > before && length("out.part.pending") > 0).await;
    // The files that a process leaves if it is killed at this moment.
    let killed = tempfile::tempdir().expect("a folder");
    for name in names(folder.path()) {
        fs::copy(folder.path().join(&name), killed.path().join(&name)).expect("copied");
    }
    let later = Sink::open(&Options { destination: Destination::File(killed.path().join("out")), ..options });
    let done = later.expect("a sink").before().done.seqs.clone();
    assert!((1..50).all(|seq| done.contains(seq)), "{done:?}");
}

#[tokio::test]
async fn a_reader_of_a_stream_gets_each_record_at_once() {
    let (sink, reader) = sink_into_pipe(&options(""));
    let mut lines = BufReader::new(reader).lines();
    let start = Instant::now();
    for seq in 0..3 {
        sink.push(vec![record(seq)]);
        assert_eq!(lines.next().expect("a line").expect("text") + "\n", data_lines([seq]));
    }
    assert!(start.elapsed() < AT_ONCE);
}

#[tokio::test]
async fn a_file_has_its_records_after_the_sink_was_idle() {
    let folder = tempfile::tempdir().expect("a folder");
    let part = folder.path().join("out.part");
    let sink = Sink::open(&options(folder.path().join("out"))).expect("a sink");
    sink.push(vec![record(0)]);
    until(&sink, |_| fs::metadata(&part).expect("a file").len() > 0).await;
    assert_eq!(read(&part), data_lines([0]));
}

#[tokio::test]
async fn a_slow_first_record_a_tiny_window_and_a_slow_reader_cause_no_deadlock() {
    const COUNT: u64 = 30_000;
    let (sink, mut reader) = sink_into_pipe(&Options { window_memory: 100, ..options("") });
    for first in (1..COUNT).step_by(100) {
        sink.push((first..(first + 100).min(COUNT)).map(record).collect());
    }
    // Nobody reads, and the first record is missing, so all records go to disk.
    until(&sink, |sink| sink.backlog() == 0).await;
    assert_eq!(sink.emitted(), 0);
    sink.push(vec![record(0)]);
    let reading = std::thread::spawn(move || {
        let mut text = Vec::new();
        let mut piece = [0; 1000];
        loop {
            match reader.read(&mut piece).expect("a pipe") {
                0 => return text,
                count => text.extend_from_slice(&piece[..count]),
            }
        }
    });
    assert_eq!(sink.finish().await.expect("written").records, COUNT);
    assert!(reading.join().expect("read") == data_lines(0..COUNT).into_bytes());
}

#[tokio::test]
async fn the_backlog_shrinks_only_while_the_stream_is_read() {
    // More records than the pipe and the buffer can hold.
    const COUNT: u64 = 100_000;
    let (sink, mut reader) = sink_into_pipe(&options(""));
    sink.push((0..COUNT).map(record).collect());
    let handed_over = sink.backlog();
    assert!(handed_over > COUNT * 50);
    sink.push(vec![record(COUNT)]);
    assert!(sink.backlog() > handed_over, "the thread cannot have written the whole first batch");
    let reading = std::thread::spawn(move || io::copy(&mut reader, &mut io::sink()).expect("read"));
    until(&sink, |sink| sink.backlog() == 0 && sink.emitted() == COUNT + 1).await;
    let bytes = sink.finish().await.expect("written").bytes;
    assert_eq!(reading.join().expect("read"), bytes);
}

#[tokio::test]
async fn a_closed_reader_differs_from_a_failure() {
    let (sink, reader) = sink_into_pipe(&options(""));
    drop(reader);
    sink.push(vec![record(0)]);
    until(&sink, |sink| sink.failed().is_some()).await;
    sink.push(vec![record(1)]);
    assert_eq!(sink.finish().await.expect_err("nobody reads").kind(), ErrorKind::Closed);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_detected_before_the_end() {
    let refused = Sink::open(&options("/dev/full")).expect_err("the device is full before the first record");
    assert_eq!(refused.kind(), ErrorKind::Unusable);
    assert_eq!(refused.to_string(), "open the output `/dev/full`: nothing can be written to it");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("it can be opened");
    let sink = Sink::to_stream(&options(""), full, "`/dev/full`").expect("a sink");
    sink.push(vec![record(0)]);
    until(&sink, |sink| sink.failed().is_some()).await;
    let error = sink.finish().await.expect_err("no space");
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(error.to_string(), "write to `/dev/full`: free some space (or inodes)");
}

#[cfg(unix)]
#[tokio::test]
async fn the_error_for_a_removed_folder_names_the_part() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out");
    let sink = Sink::open(&options(&path)).expect("a sink");
    fs::remove_dir_all(folder.path()).expect("removed");
    sink.push((0..20_000).map(record).collect());
    until(&sink, |sink| sink.failed().is_some()).await;
    let message = sink.finish().await.expect_err("gone").to_string();
    assert!(message.contains("out.part"), "{message}");
}

fn before(done: &Seqs, failed: u64) -> Before {
    let done = Done { seqs: done.clone(), points: vec![everything()], kept: None };
    Before { done, failures: [(FailureKind::Dns, failed)].into() }
}

/// A record of about 100 kB, or a failure.
fn large(seq: u64) -> Record {
    if seq % 10 == 3 {
        return record(seq);
    }
    let data = Bytes::from(format!("\"{}{seq:06}\"", "x".repeat(100_000)));
    let page = Page { final_url: format!("http://h/{seq}"), status: 200, bytes: 1, data, fit: Fit::default() };
    Record { outcome: Outcome::Page(page), ..record(seq) }
}

fn large_lines(seqs: impl IntoIterator<Item = u64>) -> String {
    let mut lines = String::new();
    for seq in seqs {
        if seq % 10 == 3 {
            lines.push_str("null\n");
            continue;
        }
        lines.extend(["\"", &"x".repeat(100_000), &format!("{seq:06}\"\n")]);
    }
    lines
}

#[tokio::test]
async fn the_pending_file_does_not_grow_with_the_output_if_some_record_always_waits() {
    const WIDTH: u64 = 20;
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { window_memory: 0, left_over: LeftOver::Resume, ..options(folder.path().join("out")) };
    // The next slow record is missing before the last one is done, so some record always waits.
    let mut done: Seqs = (1..WIDTH).collect();
    let mut sink = Sink::open(&options).expect("a sink");
    sink.consumed(everything());
    sink.push((1..WIDTH).map(large).collect());
    for head in (0..40).map(|head| head * WIDTH) {
        sink.push((head + WIDTH + 1..head + 2 * WIDTH).map(large).collect());
        sink.push(vec![large(head)]);
        done.insert(head + WIDTH + 1..head + 2 * WIDTH);
        done.insert(head..head + 1);
        if head % (20 * WIDTH) == 19 * WIDTH {
            // A stop makes a checkpoint, like those of a run that continues.
            sink.stop().await.expect("written");
            let length = fs::metadata(folder.path().join("out.part.pending")).expect("a file").len();
            assert!((1_500_000..4_000_000).contains(&length), "{length}");
            sink = Sink::open(&options).expect("a sink");
            let failed = done.ranges().flatten().filter(|seq| seq % 10 == 3).count() as u64;
            assert_eq!(*sink.before(), before(&done, failed));
            sink.consumed(everything());
        }
    }
    sink.push(vec![large(40 * WIDTH)]);
    sink.finish().await.expect("written");
    assert!(read(&folder.path().join("out")) == large_lines(0..41 * WIDTH));
    assert_eq!(names(folder.path()), ["out"]);
}

#[tokio::test]
async fn records_that_move_to_another_temporary_file_are_read_back_unchanged() {
    let (sink, mut reader) = sink_into_pipe(&Options { window_memory: 0, ..options("") });
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).map(|_| text)
    });
    sink.push((1..300).chain(301..330).map(large).collect());
    for seq in [0, 300] {
        sink.push(vec![large(seq)]);
    }
    sink.finish().await.expect("written");
    assert!(reading.join().expect("no panic").expect("read") == large_lines(0..330));
}
