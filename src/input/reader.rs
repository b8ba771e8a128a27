//! The reader thread and its batches.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;

use tokio::sync::mpsc;
use url::Url;

use super::consumed::Consumed;
use super::format::{Entry, Unreadable, entries};
use super::pages::Pages;
use super::sitemap::Sitemaps;
use super::{Ask, Error, ErrorKind, Format, Options, Progress, Source, first_lines, task, walk};
use crate::model::{Done, ListPoint, Task};

/// Maximum number of tasks in one batch. A batch is also handed over before each read that may wait.
const BATCH_TASKS: usize = 256;

/// A batch is handed over when its lines, what they carry, and their stored answers take this many bytes. A short row
/// may carry long names of columns.
const BATCH_BYTES: usize = 1024 * 1024;

/// Number of batches that may wait. The reader then stops until one is taken.
const BATCHES: usize = 4;

/// Receives batches of tasks in list order, and asks for sitemaps between them; then at most one error; then `None`.
///
/// A dropped `recv` future loses no batch. If the receiver is dropped, the reader ends at its next batch.
pub type Receiver = mpsc::Receiver<Result<Delivery, Error>>;

/// What the reader hands over.
#[derive(Debug)]
pub enum Delivery {
    /// Tasks.
    Batch(Batch),
    /// The reader needs a sitemap. It delivers nothing before it has the answer.
    Ask(Ask),
}

/// A part of the list.
#[derive(Debug)]
pub struct Batch {
    /// The tasks in list order. Only the last batch may have none: then it tells where the list ends.
    pub tasks: Vec<Task>,
    /// The state of the list after the last of these tasks, or further on. A resumed run compares its list with this.
    pub point: ListPoint,
}

/// A list whose sources have been checked.
#[derive(Debug)]
pub struct Input {
    /// The sources as they were given.
    given: Vec<Source>,
    /// The same sources, by their formats.
    sources: Vec<Source>,
    options: Options,
    base: Option<Url>,
    limit: Option<u64>,
    progress: Progress,
    /// Where sitemaps are kept for a resumed run.
    kept: Option<File>,
}

impl Input {
    /// Checks the sources. They are read one after another, and their tasks are numbered consecutively.
    ///
    /// With a `base`, lines without a scheme are paths on it. With a `limit` of N, only the first N tasks are
    /// delivered, and the reader stops there.
    ///
    /// # Errors
    /// If a source does not exist, cannot be read, or is a folder; if standard input is named twice.
    pub fn open(sources: &[Source], base: Option<Url>, limit: Option<u64>) -> Result<Self, Error> {
        if sources.iter().filter(|source| source.is_stdin()).count() > 1 {
            return Err(Error::new(ErrorKind::Unusable, "read standard input twice: give `-` only once"));
        }
        let (given, options) = (sources.to_vec(), Options::default());
        let sources: Vec<Source> = given.iter().map(|source| source.clone().in_format(&options)).collect();
        let lengths = sources.iter().map(Source::check).collect::<Result<Vec<_>, _>>()?;
        // If one source is a pipe or a sitemap, the total length is unknown.
        let progress = Progress::new(lengths.into_iter().sum(), limit);
        Ok(Self { given, sources, options, base, limit, progress, kept: None })
    }

    /// Reads the sources as `options` say.
    ///
    /// # Errors
    /// If a rule needs a column, and no source has columns.
    pub fn reading(self, options: Options) -> Result<Self, Error> {
        let sources: Vec<Source> = self.given.iter().map(|source| source.clone().in_format(&options)).collect();
        let progress = if has_sitemaps(&sources) { Progress::new(None, self.limit) } else { self.progress };
        let fixed: Option<Vec<&[&str]>> = sources.iter().map(|source| options.fixed_columns(source)).collect();
        let fixed = fixed.map(|fixed| fixed.concat());
        let is_there = |column: &&String| fixed.as_ref().is_none_or(|fixed| fixed.contains(&column.as_str()));
        let Some(column) = options.needed.iter().find(|column| !is_there(column)) else {
            return Ok(Self { sources, options, progress, ..self });
        };
        let why = match fixed.unwrap_or_default().as_slice() {
            [] => "a list of lines has no columns; give a table (--input-format csv), or remove the rule".to_owned(),
            known => format!("it has only {}", known.join(", ")),
        };
        let context = format!("read the list: a rule reads its column `{column}` (input:{column}), but {why}");
        Err(Error::new(ErrorKind::Unusable, context))
    }

    /// Whether a source is a sitemap.
    pub fn has_sitemaps(&self) -> bool {
        has_sitemaps(&self.sources)
    }

    /// Leaves out the sitemaps, which only a run can read. Also returns their names for people.
    #[must_use]
    pub fn without_sitemaps(self) -> (Self, Vec<String>) {
        let is_sitemap = |source: &Source| matches!(source, Source::Sitemap(_));
        let (left_out, sources): (Vec<Source>, Vec<Source>) = self.sources.into_iter().partition(is_sitemap);
        (Self { sources, ..self }, left_out.iter().map(ToString::to_string).collect())
    }

    /// Whether a list has one of these formats.
    pub fn has_one_of(&self, formats: &[Format]) -> bool {
        self.sources.iter().any(|source| formats.contains(&self.options.format_of(source)))
    }

    /// Whether there is no source.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Keeps the sitemaps that are read in `file`, and reads those from there that an earlier run has kept.
    #[must_use]
    pub fn keeping_sitemaps(self, file: Option<File>) -> Self {
        Self { kept: file, ..self }
    }

    /// Fails if a source is a regular file and none of its first 20 tasks is a URL.
    pub fn check_first_lines(&self) -> Result<(), Error> {
        let check = |source| first_lines::check(source, &self.options, self.base.as_ref());
        self.sources.iter().try_for_each(check)
    }

    /// The names of the columns that the tasks carry, in their order. `None` if they are not known before the list is
    /// read: keys of JSON, and tables that are not regular files, unless the options name what is kept.
    ///
    /// # Errors
    /// If the beginning of a table cannot be read.
    pub fn carried_columns(&self) -> Result<Option<Vec<String>>, Error> {
        let mut names: Vec<String> = Vec::new();
        for source in &self.sources {
            let own = match (self.options.fixed_columns(source), self.options.format_of(source)) {
                (Some(fixed), _) => {
                    let kept = fixed.iter().filter(|name| self.options.keep.has(name));
                    Some(kept.map(ToString::to_string).collect())
                }
                (None, Format::Csv | Format::Tsv) => match first_lines::carried_columns(source, &self.options)? {
                    None => self.options.kept_columns(),
                    known => known,
                },
                (None, _) => self.options.kept_keys(),
            };
            let Some(own) = own else { return Ok(None) };
            for name in own {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        Ok(Some(names))
    }

    /// Whether the list can be read more than once: it is made of regular files and of URLs given as arguments.
    pub fn is_repeatable(&self) -> bool {
        let is_repeatable = |source: &Source| match source {
            Source::Url(_) => true,
            source => matches!(source.open_regular(), Ok(Some(_))),
        };
        !self.has_sitemaps() && self.sources.iter().all(is_repeatable)
    }

    /// A handle that shows how far the list has been read, also after `start`.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Starts a thread that reads until the end of the list, an error, or the receiver is dropped.
    ///
    /// If the thread waits for a silent pipe, it keeps waiting until the process ends.
    pub fn start(self) -> Receiver {
        self.start_after(Done::default())
    }

    /// As `start`, without the tasks that an earlier run has done. The list is read again from its beginning. Nothing
    /// is delivered until its beginning is known to be unchanged; if it has changed, only an error of the kind
    /// `Changed` is delivered.
    pub fn start_after(self, done: Done) -> Receiver {
        on_thread(move |batches| self.read(done, batches))
    }

    fn read(self, done: Done, batches: &Sender) -> Result<(), Stop> {
        let mut sitemaps = Sitemaps::new(batches, self.kept);
        sitemaps.read_roots(&self.sources)?;
        let mut batch = Filling::new(&self.options, self.base.as_ref(), self.limit, done, batches, self.progress);
        for source in &self.sources {
            if batch.is_at_limit() {
                break;
            }
            if let Source::Sitemap(_) = source {
                let root = sitemaps.next_root();
                root.map_or(Ok(()), |root| batch.push_sitemap(root, &mut sitemaps))?;
                continue;
            }
            if let Source::Url(text) = source {
                batch.progress.add_bytes(text.len());
                batch.push_url(text)?;
                continue;
            }
            if let Source::Pages(folder) = source {
                batch.push_pages(source, folder)?;
                continue;
            }
            // A FIFO may have to wait for its writer.
            batch.hand_over()?;
            let reader = source.open().map_err(|error| broken_off(source, &batch, error))?;
            batch.push_list(source, reader)?;
        }
        batch.consumed.end(self.limit).map_err(Stop::Error)?;
        batch.hand_over()?;
        batch.tell_end()?;
        batch.progress.set_tasks(batch.consumed.tasks());
        batch.progress.complete();
        Ok(())
    }
}

fn has_sitemaps(sources: &[Source]) -> bool {
    sources.iter().any(|source| matches!(source, Source::Sitemap(_)))
}

pub(super) type Sender = mpsc::Sender<Result<Delivery, Error>>;

/// Runs `read` on its own thread, and sends the error that ends it to the receiver.
fn on_thread(read: impl FnOnce(&Sender) -> Result<(), Stop> + Send + 'static) -> Receiver {
    let (batches, receiver) = mpsc::channel(BATCHES);
    let sender = batches.clone();
    let thread = thread::Builder::new().name("input".to_owned());
    let spawned = thread.spawn(move || {
        // Without this error, a panic would look like the end of the list.
        let end = catch_unwind(AssertUnwindSafe(|| read(&sender))).unwrap_or_else(|_| {
            let context = "read the list: its reader panicked, which is a bug";
            Err(Stop::Error(Error::new(ErrorKind::BrokenOff, context)))
        });
        if let Err(Stop::Error(error)) = end {
            sender.blocking_send(Err(error)).ok();
        }
    });
    if let Err(error) = spawned {
        let context = "start a thread that reads the list (is there a limit on processes, ulimit -u?)";
        let error = Error::new(ErrorKind::BrokenOff, context).because(error);
        batches.try_send(Err(error)).ok();
    }
    receiver
}

/// Why the reader stops before the end.
#[derive(Debug)]
pub(super) enum Stop {
    /// The receiver was dropped.
    Unwanted,
    /// The list cannot be read further.
    Error(Error),
}

fn broken_off(source: &Source, batch: &Filling<'_>, error: std::io::Error) -> Stop {
    let context = format!("continue reading {source} after {} tasks", batch.consumed.tasks());
    Stop::Error(Error::new(ErrorKind::BrokenOff, context).because(error))
}

/// The batch that is being filled, and the state of the list.
pub(super) struct Filling<'a> {
    tasks: Vec<Task>,
    /// The bytes that `tasks` take, about.
    bytes: usize,
    pub(super) consumed: Consumed,
    /// The limit: no task may have this number or a higher one.
    end: u64,
    pub(super) options: &'a Options,
    pub(super) base: Option<&'a Url>,
    batches: &'a Sender,
    /// The number of tasks before the end of the last batch that was handed over.
    told: Cell<u64>,
    progress: Progress,
}

impl<'a> Filling<'a> {
    fn new(
        options: &'a Options,
        base: Option<&'a Url>,
        limit: Option<u64>,
        done: Done,
        batches: &'a Sender,
        progress: Progress,
    ) -> Self {
        let (consumed, end) = (Consumed::new(done), limit.unwrap_or(u64::MAX));
        Self { tasks: Vec::new(), bytes: 0, consumed, end, options, base, batches, told: Cell::new(0), progress }
    }

    pub(super) fn is_at_limit(&self) -> bool {
        self.consumed.tasks() >= self.end
    }

    fn push_list(&mut self, source: &Source, reader: impl Read) -> Result<(), Stop> {
        let reader = Counted { reader, progress: self.progress.clone() };
        let mut entries = entries(reader, self.options.format_of(source), self.options, self.base);
        // The next read of a pipe may take long. Those of a file do not, and an archive needs one for each of its
        // records.
        let may_wait = !source.is_regular();
        let mut is_at_end = false;
        loop {
            let seq = self.consumed.tasks();
            let entry = if is_at_end { entries.take_rest(seq) } else { entries.take(seq) };
            match entry {
                Ok(Some(entry)) => {
                    self.push_entry(entry)?;
                    if self.is_at_limit() {
                        return Ok(());
                    }
                }
                Ok(None) if is_at_end => return Ok(()),
                Ok(None) => {
                    if may_wait {
                        self.hand_over()?;
                    }
                    let count = entries.refill();
                    is_at_end = self.or_stop(source, count)? == 0;
                }
                Err(error) => return self.or_stop(source, Err(error)),
            }
        }
    }

    fn push_pages(&mut self, source: &Source, folder: &Path) -> Result<(), Stop> {
        let mut pages = match Pages::new(folder, self.options) {
            Ok(pages) => pages,
            Err(error) => {
                self.hand_over()?;
                return Err(broken_off(source, self, error));
            }
        };
        while !self.is_at_limit() {
            match pages.next(self.consumed.tasks()) {
                Ok(Some(entry)) => self.push_entry(entry)?,
                Ok(None) => break,
                Err(walk::Unreadable { folder, error }) => {
                    self.hand_over()?;
                    let context = format!("read the folder `{}` in {source}", folder.display());
                    return Err(Stop::Error(Error::new(ErrorKind::BrokenOff, context).because(error)));
                }
            }
        }
        Ok(())
    }

    /// Hands over the tasks before an error.
    fn or_stop<T>(&mut self, source: &Source, result: Result<T, Unreadable>) -> Result<T, Stop> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => {
                self.hand_over()?;
                Err(self.unreadable(source, error))
            }
        }
    }

    /// The error for a list that cannot be read further. Its first entries, and earlier sources, may have been delivered.
    fn unreadable(&self, source: &Source, error: Unreadable) -> Stop {
        let kind = if self.consumed.tasks() == 0 { ErrorKind::Unusable } else { ErrorKind::BrokenOff };
        match error {
            Unreadable::Io(error) => broken_off(source, self, error),
            Unreadable::Encoding(encoding) => Stop::Error(source.is_in(encoding, kind)),
            Unreadable::Broken(why) => Stop::Error(Error::new(kind, format!("read {source}: {why}"))),
        }
    }

    pub(super) fn push_entry(&mut self, Entry { bytes, task, .. }: Entry<'_>) -> Result<(), Stop> {
        task.map_or(Ok(()), |task| self.push(task, &bytes))
    }

    fn push_url(&mut self, text: &str) -> Result<(), Stop> {
        let task = task::from_text(text, self.consumed.tasks(), self.base);
        task.map_or(Ok(()), |task| self.push(task, text.as_bytes()))
    }

    fn push(&mut self, task: Task, line: &[u8]) -> Result<(), Stop> {
        if self.consumed.add(line.trim_ascii()).map_err(Stop::Error)? {
            let stored = task.stored.as_ref().map_or(0, |stored| stored.bytes.len());
            self.bytes += size_of::<Task>() + task.line.len() + task.input.weight() + stored;
            self.tasks.push(task);
        }
        if self.tasks.len() >= BATCH_TASKS || self.bytes >= BATCH_BYTES { self.hand_over() } else { Ok(()) }
    }

    /// Hands over the current batch. Holds it back while the list is being compared with that of an earlier run. The
    /// tasks held back then are those that the earlier run had in flight.
    pub(super) fn hand_over(&mut self) -> Result<(), Stop> {
        self.progress.set_tasks(self.consumed.tasks());
        if self.tasks.is_empty() || !self.consumed.is_verified() {
            return Ok(());
        }
        let point = self.consumed.point();
        let tasks = std::mem::take(&mut self.tasks);
        self.bytes = 0;
        if tasks.len() <= BATCH_TASKS {
            return self.send(Batch { tasks, point });
        }
        // A batch is this large only after it was held back.
        let mut rest = tasks.into_iter().peekable();
        while rest.peek().is_some() {
            let tasks = rest.by_ref().take(BATCH_TASKS).collect();
            self.send(Batch { tasks, point })?;
        }
        Ok(())
    }

    /// Tells where the list ends, if its last tasks are done and are in no batch.
    fn tell_end(&self) -> Result<(), Stop> {
        let point = self.consumed.point();
        if point.tasks > self.told.get() { self.send(Batch { tasks: Vec::new(), point }) } else { Ok(()) }
    }

    fn send(&self, batch: Batch) -> Result<(), Stop> {
        self.told.set(batch.point.tasks);
        self.batches.blocking_send(Ok(Delivery::Batch(batch))).map_err(|_| Stop::Unwanted)
    }
}

/// Counts the bytes of a source, as they are in its file.
struct Counted<R> {
    reader: R,
    progress: Progress,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(into)?;
        self.progress.add_bytes(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;
    use std::fs;
    use std::io::Write as _;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    /// Starts to read `reader` as a list.
    fn start(limit: Option<u64>, reader: impl Read + Send + 'static) -> Receiver {
        on_thread(move |batches| {
            let (options, progress) = (Options::default(), Progress::new(None, limit));
            let mut batch = Filling::new(&options, None, limit, Done::default(), batches, progress);
            batch.push_list(&Source::Stdin, reader)?;
            batch.hand_over()
        })
    }

    #[test]
    fn nothing_is_delivered_before_the_list_is_known_to_be_unchanged() {
        let mut consumed = Consumed::new(Done::default());
        for seq in 0..1000 {
            consumed.add(format!("http://h/{seq}").as_bytes()).expect("there is no earlier run");
        }
        let done = Done { seqs: [0, 1, 2].into_iter().collect(), points: vec![consumed.point()], kept: None };
        let list = |count: u64, end: &str| {
            (0..count).flat_map(|seq| [format!("http://h/{seq}"), end.to_owned()]).collect::<String>()
        };
        let utf16 = |text: String, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            format!("\u{feff}{text}").encode_utf16().flat_map(bytes).collect()
        };
        let changed = list(1000, "\n").replace("/999\n", "/x\n");
        // A list, and how many tasks it delivers or which error.
        let table: [(&str, Vec<u8>, Result<usize, &str>); 12] = [
            ("the same list", list(1000, "\n").into(), Ok(997)),
            ("with more lines after it", list(2000, "\n").into(), Ok(1997)),
            ("with other line endings", list(1000, " \r\n").into(), Ok(997)),
            ("with CR as line ending", list(1000, "\r").into(), Ok(997)),
            ("with mixed line endings", list(1000, "\r\n\r\r\n\n").into(), Ok(997)),
            ("in UTF-16", utf16(list(1000, "\r\n"), u16::to_le_bytes), Ok(997)),
            ("in big-endian UTF-16", utf16(list(2000, "\r"), u16::to_be_bytes), Ok(1997)),
            ("with a byte-order mark", format!("\u{feff}{}", list(1000, "\n")).into(), Ok(997)),
            ("changed at its end", changed.clone().into(), Err("it differs somewhere from task 0")),
            ("changed in UTF-16", utf16(changed, u16::to_le_bytes), Err("it differs somewhere from task 0")),
            ("too short", list(999, "\r").into(), Err("it ends after 999 tasks")),
            ("empty", Vec::new(), Err("it ends after 0 tasks")),
        ];
        for (what, text, expected) in table {
            let file = tempfile::NamedTempFile::new().expect("a file");
            fs::write(file.path(), text).expect("written");
            let source = Source::from_argument(file.path().as_os_str());
            let mut receiver = Input::open(&[source], None, None).expect("the file exists").start_after(done.clone());
            let (mut count, mut error) = (0, None);
            while let Some(batch) = receiver.blocking_recv() {
                match batch {
                    Ok(Delivery::Batch(batch)) => count += batch.tasks.len(),
                    Ok(Delivery::Ask(ask)) => panic!("{ask:?}"),
                    Err(refusal) => error = Some(refusal.to_string()),
                }
            }
            match expected {
                Ok(expected) => assert_eq!((count, error), (expected, None), "{what}"),
                Err(part) => {
                    assert_eq!(count, 0, "{what}: tasks were delivered");
                    assert!(error.as_deref().is_some_and(|error| error.contains(part)), "{what}: {error:?}");
                }
            }
        }
    }

    #[track_caller]
    fn tasks_of(delivery: Result<Delivery, Error>) -> Vec<Task> {
        match delivery.expect("no error") {
            Delivery::Batch(batch) => batch.tasks,
            Delivery::Ask(ask) => panic!("{ask:?}"),
        }
    }

    /// Reads to the end; returns the lines of all tasks, and the error if there is one.
    fn read_all(mut receiver: Receiver) -> (Vec<String>, Option<Error>) {
        let mut lines = Vec::new();
        while let Some(batch) = receiver.blocking_recv() {
            match batch {
                Ok(Delivery::Ask(ask)) => panic!("{ask:?}"),
                Ok(Delivery::Batch(Batch { tasks, .. })) => {
                    assert!(!tasks.is_empty() && tasks.len() <= BATCH_TASKS);
                    for task in tasks {
                        assert_eq!(task.seq, lines.len() as u64, "tasks are numbered consecutively");
                        lines.push(task.line);
                    }
                }
                Err(error) => {
                    assert!(receiver.blocking_recv().is_none(), "nothing follows an error");
                    return (lines, Some(error));
                }
            }
        }
        (lines, None)
    }

    /// A reader that returns one piece per read, then the result of `end`, and counts the reads.
    struct Pieces {
        left: std::vec::IntoIter<String>,
        end: fn() -> io::Result<usize>,
        reads: Arc<AtomicU64>,
    }

    impl Pieces {
        fn new(pieces: Vec<String>, end: fn() -> io::Result<usize>) -> Self {
            Self { left: pieces.into_iter(), end, reads: Arc::default() }
        }
    }

    impl Read for Pieces {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.reads.fetch_add(1, Relaxed);
            let Some(piece) = self.left.next() else {
                return (self.end)();
            };
            into[..piece.len()].copy_from_slice(piece.as_bytes());
            Ok(piece.len())
        }
    }

    fn urls(range: std::ops::Range<u64>) -> Vec<String> {
        range.map(|number| format!("http://h/{number}\n")).collect()
    }

    #[test]
    fn files_and_urls_are_read_one_after_another_and_numbered_consecutively() {
        let folder = tempfile::tempdir().expect("a folder");
        let list = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("written");
            Source::File(path)
        };
        let sources = [
            list("a.txt", "\u{feff}# books\r\nhttp://h/1\r\n\r\nno url"),
            Source::Url("http://u:p@h/2".to_owned()),
            list("empty.txt", ""),
            list("b.txt", "\u{feff}http://h/3\n  # end\n"),
        ];
        let input = Input::open(&sources, None, None).expect("all can be read");
        let progress = input.progress();
        assert_eq!(progress.fraction(), Some(0.0));
        let (lines, error) = read_all(input.start());
        assert!(error.is_none());
        assert_eq!(lines, ["http://h/1", "no url", "http://h/2", "http://h/3"]);
        assert_eq!((progress.fraction(), progress.tasks(), progress.is_complete()), (Some(1.0), 4, true));
    }

    #[test]
    fn a_missing_source_and_standard_input_given_twice_are_errors_before_the_start() {
        let table: [(&[Source], &str); 2] = [
            (&[Source::Url("http://h/".to_owned()), Source::File("no/list".into())], "read the list `no/list`"),
            (&[Source::Stdin, Source::Stdin], "read standard input twice"),
        ];
        for (sources, message) in table {
            let error = Input::open(sources, None, None).expect_err(message);
            assert_eq!(error.kind(), ErrorKind::Unusable);
            assert!(error.to_string().starts_with(message), "{error}");
        }
    }

    #[test]
    fn a_file_or_pipe_in_an_unsupported_encoding_gives_one_error() {
        let urls = "http://h.example/a\nhttp://h.example/b\n".repeat(4);
        let little: Vec<u8> = urls.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let wide: Vec<u8> = urls.chars().map(u32::from).flat_map(u32::to_be_bytes).collect();
        let table = [
            (little, "it seems to be UTF-16LE without a byte-order mark, save it as UTF-8 (iconv -f UTF-16LE -t UTF-8"),
            (wide, "it seems to be UTF-32BE, save it as UTF-8 (iconv -f UTF-32BE -t UTF-8"),
        ];
        for (bytes, expected) in table {
            let (lines, error) = read_all(start(None, io::Cursor::new(bytes.clone())));
            assert!(lines.is_empty(), "{lines:?}");
            let of_pipe = error.expect("it is refused");
            assert_eq!(of_pipe.kind(), ErrorKind::Unusable);
            let file = tempfile::NamedTempFile::new().expect("a file");
            fs::write(file.path(), bytes).expect("written");
            let of_file = Input::open(&[Source::File(file.path().to_owned())], None, None).expect_err("it is refused");
            assert_eq!(of_file.kind(), ErrorKind::Unusable);
            for error in [of_pipe, of_file] {
                assert!(error.to_string().contains(expected), "{error}");
            }
        }
    }

    #[test]
    fn a_file_without_a_url_among_its_first_lines_is_refused_with_its_likely_format() {
        let site = Url::parse("http://site.localhost/").expect("a URL");
        let bad = "a,b\n".repeat(19);
        // The text, the error, and whether there is a site, so that lines are paths on it.
        let table: [(String, Option<&str>, bool); 16] = [
            ("n,link\n1,b.html".to_owned(), Some("its first line has names of columns, it looks like CSV"), true),
            ("link;n\na, b.html".to_owned(), Some("its first line has names of columns, it looks like a table"), true),
            ("http://h/a,url\nb".to_owned(), None, true),
            ("a,b.html\nb,url.html".to_owned(), None, true),
            (String::new(), None, false),
            ("# a comment alone\n\n".to_owned(), None, false),
            (format!("{bad}http://h/"), None, false),
            (format!("# top\n\n{bad}http://h/\nx"), None, false),
            (format!("{bad}a,b\nhttp://h/"), Some("none of its first 20 lines is a URL, it looks like CSV"), false),
            (bad.clone(), Some("none of its 19 lines is a URL, it looks like CSV"), false),
            (bad, None, true),
            ("{\"a\":1}".to_owned(), Some("its only line is not a URL, it looks like JSON"), false),
            (
                "h.example\nb.example".to_owned(),
                Some("none of its 2 lines is a URL, the first one: no scheme: write"),
                false,
            ),
            ("ftp://h/".to_owned(), Some("its only line is not a URL, the first one: the scheme is `ftp`"), false),
            ("http://h/a\tA\nhttp://h/b\tB".to_owned(), Some("none of its 2 lines is a URL, it looks like TSV"), false),
            (format!("[{}", "1,".repeat(2_000_000)), Some("its only line is not a URL, it looks like JSON"), false),
        ];
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("list");
        for (text, expected, has_site) in table {
            fs::write(&path, &text).expect("written");
            let base = has_site.then(|| site.clone());
            let input = Input::open(&[Source::File(path.clone())], base, None).expect("it can be read");
            let result = input.check_first_lines().map_err(|error| error.to_string());
            let begin: String = text.chars().take(40).collect();
            match expected {
                None => assert_eq!(result, Ok(()), "{begin}"),
                Some(expected) => {
                    let error = result.expect_err(&begin);
                    assert!(error.contains(expected) && error.contains("--force-list"), "{begin}: {error}");
                }
            }
        }
    }

    #[test]
    fn a_line_that_was_not_read_to_its_end_is_not_checked() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("list");
        let comments = format!("#{}\n", "x".repeat(1023)).repeat(1024);
        fs::write(&path, format!("#{}http://h/", &comments[7..])).expect("written");
        let input = Input::open(&[Source::File(path)], None, None).expect("it can be read");
        assert!(input.check_first_lines().is_ok(), "`http:/` is only the beginning of a URL");
    }

    #[test]
    fn short_rows_that_carry_a_long_name_of_a_column_come_in_small_batches() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("list.csv");
        let name = "n".repeat(300_000);
        fs::write(&path, format!("url,{name}\n{}", "http://h/,1\n".repeat(100))).expect("written");
        let mut receiver = Input::open(&[Source::File(path)], None, None).expect("it can be read").start();
        let mut count = 0;
        while let Some(batch) = receiver.blocking_recv() {
            let tasks = tasks_of(batch);
            let bytes: usize = tasks.iter().map(|task| task.input.weight()).sum();
            assert!(bytes < BATCH_BYTES + 2 * name.len(), "{} tasks of {bytes} bytes", tasks.len());
            count += tasks.len();
        }
        assert_eq!(count, 100);
    }

    #[test]
    fn lines_of_a_slow_pipe_are_delivered_while_it_is_silent() {
        let (reader, mut writer) = io::pipe().expect("a pipe");
        let mut receiver = start(None, reader);
        let mut give = |text: &str| {
            writer.write_all(text.as_bytes()).expect("the reader is there");
        };
        let mut batch = || {
            let tasks = tasks_of(receiver.blocking_recv().expect("a batch"));
            tasks.into_iter().map(|task| task.line).collect::<Vec<_>>()
        };
        give("http://h/1\nhttp://h/2\nhttp");
        assert_eq!(batch(), ["http://h/1", "http://h/2"]);
        give("://h/3\nhttp://h/4");
        assert_eq!(batch(), ["http://h/3"]);
        drop(writer);
        assert_eq!(batch(), ["http://h/4"]);
        assert!(receiver.blocking_recv().is_none());
    }

    #[test]
    fn a_read_error_is_delivered_after_the_tasks_before_it() {
        let broken = || Err(io::Error::other("the disk is gone"));
        let (lines, error) = read_all(start(None, Pieces::new(urls(0..700), broken)));
        assert_eq!(lines.len(), 700);
        let error = error.expect("the list broke off");
        assert_eq!(error.kind(), ErrorKind::BrokenOff);
        assert_eq!(error.to_string(), "continue reading the list from standard input after 700 tasks");
        assert_eq!(error.source().expect("a cause").to_string(), "the disk is gone");
    }

    #[test]
    fn a_panic_is_an_error_and_not_the_end_of_the_list() {
        let (lines, error) = read_all(on_thread(|_| panic!("the reader has a bug")));
        assert!(lines.is_empty());
        assert_eq!(error.expect("a panic is an error").kind(), ErrorKind::BrokenOff);
    }

    #[test]
    fn with_a_limit_nothing_is_read_past_it() {
        for (limit, reads) in [(0, 1), (1, 1), (5, 5), (1000, 11)] {
            let pieces = Pieces::new(urls(0..10), || Ok(0));
            let count = Arc::clone(&pieces.reads);
            let (lines, error) = read_all(start(Some(limit), pieces));
            assert!(error.is_none());
            assert_eq!(
                lines.len() as u64,
                limit.clamp(1, 10),
                "even with a limit of 0, an opened list delivers a line"
            );
            assert_eq!(count.load(Relaxed), reads, "limit {limit}");
        }
        let input = Input::open(&[Source::Url("http://h/".to_owned())], None, Some(0)).expect("a URL");
        assert!(read_all(input.start()).0.is_empty(), "a limit of 0 delivers no task");
    }

    #[test]
    fn an_endless_list_is_read_only_as_fast_as_its_batches_are_taken() {
        const LINE: &[u8] = b"http://h/\n";
        struct Yes(Arc<AtomicU64>);
        impl Read for Yes {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                let count = into.len() / LINE.len() * LINE.len();
                into[..count].copy_from_slice(&LINE.repeat(count / LINE.len()));
                self.0.fetch_add(count as u64, Relaxed);
                Ok(count)
            }
        }
        let read = Arc::new(AtomicU64::new(0));
        let mut receiver = start(None, Yes(Arc::clone(&read)));
        for taken in 0..50 {
            // The reader continues until the channel is full.
            while receiver.len() < receiver.max_capacity() {
                thread::yield_now();
            }
            let batches = read.load(Relaxed) / (BATCH_TASKS * LINE.len()) as u64;
            // The waiting batches, the batch to be handed over, and those in the buffer.
            assert!(batches <= taken + 4 + 1 + 26, "{batches} were read when {taken} were taken");
            receiver.blocking_recv().expect("endless").expect("no error");
        }
    }

    #[test]
    fn tasks_before_a_list_that_cannot_be_opened_are_delivered() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a.txt"), "http://h/1\nhttp://h/2").expect("written");
        fs::write(path("b.txt"), "http://h/3").expect("written");
        let sources = [path("a.txt"), path("b.txt")].map(Source::File);
        let input = Input::open(&sources, None, None).expect("both files exist");
        fs::remove_file(path("b.txt")).expect("removed");
        let (lines, error) = read_all(input.start());
        assert_eq!(lines, ["http://h/1", "http://h/2"]);
        let message = error.expect("one is missing").to_string();
        assert!(message.contains("b.txt` after 2 tasks"), "{message}");
    }

    #[test]
    fn long_lines_do_not_make_a_batch_large() {
        let line = format!("http://h/{}\n", "x".repeat(60_000));
        let mut receiver = start(None, io::Cursor::new(line.repeat(20).into_bytes()));
        while let Some(batch) = receiver.blocking_recv() {
            let tasks = tasks_of(batch);
            assert!(tasks.iter().map(|task| task.line.len()).sum::<usize>() < 128 * 1024);
        }
    }
}
