//! Tests on real files, some of them damaged.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::cache::request::tests::request;
use crate::cache::{Cache, Kept, Lookup};

const PAGES: u32 = 60;

fn kept(number: u32, version: u32) -> Kept {
    let data = format!("{{\"page\":{number},\"version\":{version},\"text\":\"{}\"}}", "lorem ".repeat(number as usize));
    Kept { bytes: u64::from(number), data: data.into(), fit: crate::model::Fit::default() }
}

fn url(number: u32) -> String {
    format!("http://h/{number}")
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn fresh() -> Vec<(String, String)> {
    vec![("cache-control".to_owned(), "max-age=60".to_owned())]
}

/// Writes a file that only its owner may read, like those of caches.
fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::write(path, bytes).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("the file is ours");
}

/// Stores all pages and closes the file.
fn fill(path: &Path, version: u32) {
    let cache = Cache::open(path).expect("a good file");
    (0..PAGES).for_each(|number| cache.keep(&request(&url(number), &[]), &fresh(), &kept(number, version), now()));
    end(cache.close());
}

fn end<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

#[test]
fn stored_pages_are_there_when_the_file_is_opened_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache");
    for version in [1, 2] {
        fill(&path, version);
        let cache = Cache::open(&path).expect("it was closed");
        for number in 0..PAGES {
            assert_eq!(cache.find(&request(&url(number), &[]), now()), Lookup::Fresh(kept(number, version), now()));
        }
        assert_eq!(cache.find(&request(&url(PAGES), &[]), now()), Lookup::Nothing);
        assert_eq!(cache.find(&request(&url(0), &[("a", "b")]), now()), Lookup::Nothing);
        let later = now() + Duration::from_secs(60);
        assert_eq!(cache.find(&request(&url(0), &[]), later), Lookup::Nothing, "nothing to ask the server by");
    }
}

#[test]
fn what_an_older_version_has_stored_is_ignored_and_the_file_is_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache");
    write(&path, "");
    let database = Database::create(&path).expect("a database");
    let transaction = database.begin_write().expect("it can be written");
    for name in ["gleaner-cache-heads-1", "gleaner-cache-data-1"] {
        let table: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new(name);
        let mut table = transaction.open_table(table).expect("a table");
        table.insert(request(&url(0), &[]).key.bytes(), &b"another form"[..]).expect("inserted");
    }
    transaction.commit().expect("written");
    drop(database);
    let cache = Cache::open(&path).expect("a file of ours");
    assert_eq!(cache.find(&request(&url(0), &[]), now()), Lookup::Nothing);
    end(cache.close());
    fill(&path, 1);
    let cache = Cache::open(&path).expect("it was closed");
    assert_eq!(cache.find(&request(&url(0), &[]), now()), Lookup::Fresh(kept(0, 1), now()));
}

#[test]
fn a_page_that_may_no_longer_be_kept_is_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache");
    fill(&path, 1);
    let cache = Cache::open(&path).expect("it was closed");
    let no_store = [("cache-control".to_owned(), "no-store".to_owned())];
    cache.keep(&request(&url(3), &[]), &no_store, &kept(3, 2), now());
    end(cache.close());
    let cache = Cache::open(&path).expect("it was closed");
    assert_eq!(cache.find(&request(&url(3), &[]), now()), Lookup::Nothing);
    assert_eq!(cache.find(&request(&url(4), &[]), now()), Lookup::Fresh(kept(4, 1), now()));
}

#[test]
fn a_304_confirms_the_requested_answer_and_no_later_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache");
    let tagged = |tag: &str| vec![("etag".to_owned(), tag.to_owned())];
    let page = request(&url(1), &[]);
    let keep = |tag: &str, version| {
        let cache = Cache::open(&path).expect("no process has it open");
        cache.keep(&page, &tagged(tag), &kept(1, version), now());
        end(cache.close());
    };
    keep("\"a\"", 1);
    let cache = Cache::open(&path).expect("it was closed");
    let Lookup::Stale(asked) = cache.find(&page, now()) else { panic!("it has a tag") };
    assert_eq!(asked.headers(), [("if-none-match".to_owned(), "\"a\"".to_owned())]);
    assert_eq!(cache.confirmed(&page, &asked, &tagged("\"b\""), now()), None);
    assert_eq!(cache.confirmed(&page, &asked, &fresh(), now()), Some(kept(1, 1)));
    end(cache.close());
    let cache = Cache::open(&path).expect("it was closed");
    assert_eq!(cache.find(&page, now()), Lookup::Fresh(kept(1, 1), now()), "the confirmation said how long");
    drop(cache);
    keep("\"b\"", 2);
    let cache = Cache::open(&path).expect("it was closed");
    assert_eq!(cache.confirmed(&page, &asked, &[], now()), None, "another task has replaced it");
}

#[test]
fn only_one_process_can_open_the_file_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache");
    let first = Cache::open(&path).expect("a new file");
    let error = Cache::open(&path).expect_err("it is open");
    assert!(matches!(error.kind(), ErrorKind::Taken), "{error}");
    end(first.close());
    Cache::open(&path).expect("it was closed");
}

#[test]
fn a_file_that_is_not_a_cache_is_rejected() {
    let folder = tempfile::tempdir().expect("a folder");
    let other = folder.path().join("other");
    let database = Database::create(&other).expect("a database");
    let changes = database.begin_write().expect("a transaction");
    changes.open_table(TableDefinition::<u64, u64>::new("accounts")).expect("a table");
    changes.commit().expect("a disk");
    drop(database);
    write(&other, fs::read(&other).expect("there"));
    let text = folder.path().join("text");
    write(&text, "a list of URLs, say\n".repeat(1000));
    let short = folder.path().join("short");
    write(&short, "redb");
    for path in [&other, &text, &short] {
        let error = Cache::open(path).expect_err("not a cache");
        assert!(matches!(error.kind(), ErrorKind::Foreign(_)), "{error:?}");
        let message = error.to_string();
        assert!(message.contains(&path.display().to_string()) && message.contains("delete it"), "{message}");
    }
    assert!(matches!(Cache::open(folder.path()).expect_err("a folder").kind(), ErrorKind::Folder));
    let nowhere = folder.path().join("nowhere/cache");
    assert!(matches!(Cache::open(&nowhere).expect_err("no folder").kind(), ErrorKind::Io(_)));
    assert_eq!(fs::read(&text).expect("still there").len(), 20_000, "the file is unchanged");
}

#[test]
fn a_page_that_the_disk_has_changed_is_not_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache");
    let (page, later) = (request(&url(7), &[]), now() + Duration::from_secs(70));
    for (written, made_of_it) in [("max-age=60", "max-age=90"), ("{\"page\":7,", "{\"page\":8,")] {
        fill(&path, 1);
        let mut bytes = fs::read(&path).expect("the file");
        let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(written.as_bytes())).collect();
        assert!(!places.is_empty(), "{written}");
        for at in places {
            bytes[at..at + written.len()].copy_from_slice(made_of_it.as_bytes());
        }
        write(&path, bytes);
        let cache = Cache::open(&path).expect("the database does not look that closely");
        assert_eq!(cache.find(&page, now()), Lookup::Nothing, "{made_of_it}");
        assert_eq!(cache.find(&page, later), Lookup::Nothing, "{made_of_it}");
        drop(cache);
        fs::remove_file(&path).expect("there");
    }
}

#[test]
fn a_damaged_file_gives_the_stored_page_or_nothing_or_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cache");
    fill(&path, 1);
    let good = fs::read(&path).expect("the file");
    let damaged = folder.path().join("damaged");
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).expect("31 bits") % below
    };
    // Damages only bytes that are not zero, so that the damage does not hit only empty space.
    let full: Vec<usize> = (0..good.len()).filter(|at| good[*at] != 0).collect();
    let (mut hits, mut misses, mut errors) = (0, 0, 0);
    for round in 0..150 {
        let mut bytes = good.clone();
        if round % 10 == 9 {
            bytes.truncate(next(good.len()));
        } else {
            for _ in 0..=round % 10 * 3 {
                let at = full[next(full.len())];
                bytes[at] = u8::try_from(next(256)).expect("a byte");
            }
        }
        write(&damaged, &bytes);
        let Ok(cache) = Cache::open(&damaged) else {
            errors += 1;
            continue;
        };
        for number in 0..PAGES {
            match cache.find(&request(&url(number), &[]), now()) {
                Lookup::Fresh(found, _) => {
                    assert_eq!(found, kept(number, 1), "round {round}");
                    hits += 1;
                }
                Lookup::Nothing => misses += 1,
                Lookup::Stale(validators) => panic!("round {round}: {validators:?}"),
            }
            cache.keep(&request(&url(number), &[]), &fresh(), &kept(number, 2), now());
        }
        end(cache.close());
    }
    assert!(hits > 0 && misses > 0 && errors > 0);
}
