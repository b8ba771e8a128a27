//! Decides for each task of a list whether it keeps its record in an older output.
//!
//! A repair walks through the list and the output side by side. An update looks up each URL of the list: it holds 16
//! bytes of memory for each record with data, most of them a hash of the URL. Places of records are in a temporary
//! file, so neither depends on the length of records.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;

use siphasher::sip128::SipHasher13;

use super::head::{Found, Records, as_recorded};
use super::{Dataset, Error};
use crate::input::{Batch, Delivery, Receiver};
use crate::model::{FailureKind, ListPoint, Task};
use crate::sink::{Kept, KeptBuilder, Numbers};

/// What is done with an older output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// It is an output of the same list. Failures of these kinds are fetched again; of all kinds if there are none.
    Repair(Vec<FailureKind>),
    /// It is an output of a similar list. Records with data are found by their URL and get new numbers.
    Update,
}

/// How a list compares with an older output.
#[derive(Debug)]
pub struct Comparison {
    /// The records that are kept.
    pub kept: Kept,
    /// The number of tasks that keep their record.
    pub keeps: u64,
    /// The number of failures among them.
    pub kept_failures: u64,
    /// The number of tasks to fetch.
    pub fetches: u64,
    /// The number of records with data whose URL is not in the list any more. 0 for a repair.
    pub dropped: u64,
    /// A text that differs if the older output does.
    pub fingerprint: String,
}

/// Compares a list with an older output. Reads both to their ends.
///
/// # Errors
/// If one of them cannot be read, or if the output is not one of the list: the error names the first difference.
pub fn compare(dataset: &Dataset, list: Receiver, mode: &Mode) -> Result<Comparison, Error> {
    match mode {
        Mode::Repair(only) => repair(dataset, list, only),
        Mode::Update => update(dataset, list),
    }
}

/// The tasks of a list, one after another.
struct Tasks {
    list: Receiver,
    batch: std::vec::IntoIter<Task>,
    point: ListPoint,
}

impl Tasks {
    fn new(list: Receiver) -> Self {
        Self { list, batch: Vec::new().into_iter(), point: ListPoint::default() }
    }

    fn next(&mut self) -> Result<Option<Task>, Error> {
        loop {
            if let Some(task) = self.batch.next() {
                return Ok(Some(task));
            }
            match self.list.blocking_recv() {
                None => return Ok(None),
                Some(Err(error)) => return Err(Error::of_list(error)),
                Some(Ok(Delivery::Ask(_))) => return Err(Error::of_sitemaps()),
                Some(Ok(Delivery::Batch(Batch { tasks, point }))) => {
                    (self.batch, self.point) = (tasks.into_iter(), point);
                }
            }
        }
    }
}

/// Counts while the index is made.
struct Plan {
    builder: KeptBuilder,
    keeps: u64,
    kept_failures: u64,
    fetches: u64,
}

impl Plan {
    fn new() -> Result<Self, Error> {
        let builder = KeptBuilder::new().map_err(no_index)?;
        Ok(Self { builder, keeps: 0, kept_failures: 0, fetches: 0 })
    }

    fn keep(&mut self, offset: u64, length: u32, failed: Option<FailureKind>) -> Result<(), Error> {
        self.keeps += 1;
        self.kept_failures += u64::from(failed.is_some());
        self.builder.keep(offset, length, failed).map_err(no_index)
    }

    fn fetch(&mut self) -> Result<(), Error> {
        self.fetches += 1;
        self.builder.fetch().map_err(no_index)
    }

    fn end(
        self,
        dataset: &Dataset,
        records: &Records,
        count: u64,
        list: ListPoint,
        numbers: Numbers,
    ) -> Result<Comparison, Error> {
        let Self { builder, keeps, kept_failures, fetches } = self;
        let kept = builder.finish(dataset.clone_file()?, list, numbers).map_err(no_index)?;
        let fingerprint = format!("{count} records, {:08x}", records.crc());
        Ok(Comparison { kept, keeps, kept_failures, fetches, dropped: 0, fingerprint })
    }
}

fn no_index(error: io::Error) -> Error {
    Error::new("note which records are kept (TMPDIR names the folder for temporary files)").because(error)
}

fn length(found: &Found) -> Result<u32, Error> {
    u32::try_from(found.length).map_err(|_| Error::new(format!("take over the record {}: it is too large", found.seq)))
}

fn repair(dataset: &Dataset, list: Receiver, only: &[FailureKind]) -> Result<Comparison, Error> {
    let (mut records, mut tasks, mut plan) = (Records::new(dataset)?, Tasks::new(list), Plan::new()?);
    let is_table = dataset.format().delimiter().is_some();
    let differ = |why: String| Error::new(format!("compare `{}` with the list: {why}", dataset.shown()));
    let mut count = 0;
    loop {
        let (task, record) = match (tasks.next()?, records.next()?) {
            (Some(task), Some(record)) => (task, record),
            (None, None) => break,
            (Some(task), None) => {
                return Err(differ(format!(
                    "it has {count} records, but the list goes on with `{}`; give the list that it was made of, or take a \
                     list that has grown with --since",
                    task.line
                )));
            }
            (None, Some(record)) => {
                return Err(differ(format!(
                    "the list has {count} tasks, but it goes on with a record of `{}`; give the list that it was made of",
                    record.url
                )));
            }
        };
        if record.seq != count {
            return Err(differ(format!(
                "record {count} has the seq {}, so its records are not in the order of the list (--order completion)",
                record.seq
            )));
        }
        if record.url != as_recorded(&task.line, is_table) {
            return Err(differ(format!(
                "record {count} is of `{}`, but task {count} of the list is `{}`; give the list that it was made of",
                record.url, task.line
            )));
        }
        match record.failed {
            Some(kind) if only.is_empty() || only.contains(&kind) => plan.fetch()?,
            failed => plan.keep(record.offset, length(&record)?, failed)?,
        }
        count += 1;
    }
    plan.end(dataset, &records, count, tasks.point, Numbers::Stay)
}

fn update(dataset: &Dataset, list: Receiver) -> Result<Comparison, Error> {
    let mut records = Records::new(dataset)?;
    let mut known = Known::of(&mut records)?;
    let (mut tasks, mut plan) = (Tasks::new(list), Plan::new()?);
    let is_table = dataset.format().delimiter().is_some();
    while let Some(task) = tasks.next()? {
        match known.take(&as_recorded(&task.line, is_table)).map_err(no_index)? {
            Some((offset, length)) => plan.keep(offset, length, None)?,
            None => plan.fetch()?,
        }
    }
    let numbers = match (records.seq_column(), dataset.format().delimiter()) {
        (Some(column), Some(delimiter)) => Numbers::InColumn { column, delimiter },
        _ => Numbers::InJson,
    };
    let dropped = known.hashes.len() as u64 - plan.keeps;
    let compared = plan.end(dataset, &records, known.count, tasks.point, numbers)?;
    Ok(Comparison { dropped, ..compared })
}

/// The records with data, by their URL.
struct Known {
    /// The hash of the URL (96 bits) and the number of the record among those with data (32 bits), ascending.
    hashes: Vec<u128>,
    /// One bit for each of `hashes`: whether the record was taken.
    taken: Vec<u64>,
    /// The places of the records with data: 8 bytes offset, 4 bytes length.
    places: File,
    keyed: SipHasher13,
    /// The number of all records.
    count: u64,
}

const PLACE: usize = 12;

impl Known {
    fn of(records: &mut Records) -> Result<Self, Error> {
        let mut key = [0; 16];
        rustix::rand::getrandom(&mut key, rustix::rand::GetRandomFlags::empty())
            .map_err(|error| no_index(error.into()))?;
        let keyed = SipHasher13::new_with_key(&key);
        let folder = std::env::temp_dir();
        let mut index = BufWriter::new(tempfile::tempfile_in(folder).map_err(no_index)?);
        let (mut hashes, mut count) = (Vec::new(), 0);
        while let Some(record) = records.next()? {
            count += 1;
            if record.failed.is_some() {
                continue;
            }
            let number = u32::try_from(hashes.len())
                .map_err(|_| Error::new("update an output of more than four thousand million records"))?;
            hashes.push(hash(&keyed, &record.url) << 32 | u128::from(number));
            index.write_all(&record.offset.to_le_bytes()).map_err(no_index)?;
            index.write_all(&length(&record)?.to_le_bytes()).map_err(no_index)?;
        }
        let places = index.into_inner().map_err(|error| no_index(error.into_error()))?;
        hashes.sort_unstable();
        let taken = vec![0; hashes.len().div_ceil(64)];
        Ok(Self { hashes, taken, places, keyed, count })
    }

    /// The place of the first record of this URL that was not taken yet. From now on it is taken.
    fn take(&mut self, url: &str) -> io::Result<Option<(u64, u32)>> {
        let hash = hash(&self.keyed, url);
        let begin = self.hashes.partition_point(|entry| entry >> 32 < hash);
        let end = begin + self.hashes[begin..].partition_point(|entry| entry >> 32 == hash);
        // Records of one URL are taken in their order, so those that were taken are the first ones.
        let (mut low, mut high) = (begin, end);
        while low < high {
            let middle = low.midpoint(high);
            if self.taken[middle / 64] >> (middle % 64) & 1 == 1 {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if low == end {
            return Ok(None);
        }
        self.taken[low / 64] |= 1 << (low % 64);
        let number = self.hashes[low] & u128::from(u32::MAX);
        let mut place = [0; PLACE];
        self.places.read_exact_at(&mut place, u64::try_from(number).map_err(io::Error::other)? * PLACE as u64)?;
        let (offset, length) = place.split_at(8);
        let offset = offset.try_into().map(u64::from_le_bytes).map_err(io::Error::other)?;
        Ok(Some((offset, length.try_into().map(u32::from_le_bytes).map_err(io::Error::other)?)))
    }
}

/// 96 bits of a hash with a key that nobody else knows, so that no two URLs of a list have the same.
fn hash(keyed: &SipHasher13, url: &str) -> u128 {
    keyed.hash(url.as_bytes()).as_u128() >> 32
}

#[cfg(test)]
#[path = "repair_tests.rs"]
mod tests;
