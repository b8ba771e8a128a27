use std::fs;

use super::*;

/// The tasks of a folder with these files.
fn tasks(folder: &Path, files: &[(&str, &[u8])], options: &Options) -> Vec<Task> {
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, bytes).expect("written");
    }
    let mut pages = Pages::new(folder, options).expect("a folder");
    let mut tasks = Vec::new();
    while let Some(entry) = pages.next(tasks.len() as u64).expect("readable") {
        tasks.extend(entry.task);
    }
    tasks
}

fn media_type(task: &Task) -> Option<&str> {
    match &task.stored.as_ref()?.form {
        StoredForm::File { media_type } => Some(media_type),
        StoredForm::Message => None,
    }
}

#[test]
fn the_url_of_a_page_is_the_one_that_it_was_saved_from_or_that_of_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let in_page = |text: &str| format!("<!DOCTYPE html>\n{text}\n<title>A</title>").into_bytes();
    let saved = "<!-- saved from url=(0014)http://h.example/ -->";
    let table: Vec<(&str, Vec<u8>, &str, &str)> = vec![
        ("a b.html", in_page(""), "file:///a%20b.html", "text/html"),
        ("c/\u{e9}.XML", in_page(""), "file:///c/%C3%A9.XML", "application/xml"),
        ("d1", in_page(saved), "http://h.example/", ""),
        ("d2.htm", saved.as_bytes().to_vec(), "http://h.example/", "text/html"),
        ("d3", in_page("<!-- saved from url=(9)https://u:p@h/?a=b&c -->"), "https://h/?a=b&c", ""),
        ("e1", in_page("<!-- saved from url=(0016)about:internet -->"), "file:///e1", ""),
        ("e2", in_page("<!-- saved from url=()http://h/ -->"), "file:///e2", ""),
        ("e3", in_page("<!-- saved from url=(0014)http://[/ -->"), "file:///e3", ""),
        ("e4", in_page("<!-- saved from url=(0014)"), "file:///e4", ""),
        ("e5", in_page(&format!("{}{saved}", " ".repeat(BEGINNING))), "file:///e5", ""),
        ("e6", Vec::new(), "file:///e6", ""),
        ("e7.json", b"{}".to_vec(), "file:///e7.json", "application/json"),
        ("e8.png", b"\x89PNG".to_vec(), "file:///e8.png", ""),
    ];
    let files: Vec<(&str, &[u8])> = table.iter().map(|(name, bytes, ..)| (*name, bytes.as_slice())).collect();
    let tasks = tasks(root, &files, &Options::default());
    assert_eq!(tasks.len(), table.len());
    let prefix = Url::from_directory_path(root).expect("absolute").to_string();
    for ((seq, task), (name, bytes, url, known)) in (0..).zip(&tasks).zip(&table) {
        assert_eq!((task.seq, task.line.replace(&prefix, "file:///").as_str()), (seq, *url), "{name}");
        assert_eq!(task.input.texts(), [("file".to_owned(), (*name).to_owned())]);
        assert!(task.url.is_ok(), "{name}");
        assert_eq!(media_type(task), Some(*known), "{name}");
        let stored = task.stored.as_ref().expect("a page");
        assert_eq!((&stored.bytes[..], stored.at.is_some()), (bytes.as_slice(), true), "{name}");
    }
    assert_eq!(tasks[4].url.as_ref().expect("a URL").as_str(), "https://u:p@h/?a=b&c", "links may need the password");
}

#[test]
fn a_file_of_headers_belongs_to_its_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let redirected = b"HTTP/1.1 301 Moved\r\nLocation: /b\r\n\r\nHTTP/2 404 \r\nContent-Location: http://h/b\r\n\r\n";
    let too_long = vec![b'x'; 500_000];
    let files: [(&str, &[u8]); 12] = [
        ("a.html", b"A"),
        ("a.html.headers", redirected),
        ("b", b"<!-- saved from url=(0014)http://saved/ -->"),
        ("b.headers", b"Content-Type: text/plain\ncontent-LOCATION : http://h/b\n"),
        ("c", b"C"),
        ("c.headers", b"\r\n"),
        ("d", b"D"),
        ("d.headers", b"HTTP/1.1 200 OK\nContent-Location: /relative\nX: \xe9"),
        ("e", b"E"),
        ("e.headers", &too_long),
        ("f.headers", b"of no page"),
        ("g/h.headers/i", b"I"),
    ];
    let tasks = tasks(folder.path(), &files, &Options::default());
    let names: Vec<String> = tasks.iter().map(|task| task.input.texts()[0].1.clone()).collect();
    assert_eq!(names, ["a.html", "b", "c", "d", "e", "g/h.headers/i"]);
    let bytes: Vec<Option<&[u8]>> =
        tasks.iter().map(|task| task.stored.as_ref().map(|stored| &stored.bytes[..])).collect();
    let expected: [Option<&[u8]>; 6] = [
        Some(b"HTTP/2 404 \nContent-Location: http://h/b\n\nA"),
        Some(b"HTTP/1.1 200 OK\nContent-Type: text/plain\ncontent-LOCATION : http://h/b\n\n<!-- saved from url=(0014)http://saved/ -->"),
        Some(b"C"),
        Some(b"HTTP/1.1 200 OK\nContent-Location: /relative\nX: \xe9\n\nD"),
        None,
        Some(b"I"),
    ];
    assert_eq!(bytes, expected);
    assert_eq!((tasks[0].line.as_str(), tasks[1].line.as_str()), ("http://h/b", "http://saved/"));
    assert!(tasks[3].line.starts_with("file:///"), "{}", tasks[3].line);
    assert_eq!(tasks[0].stored.as_ref().map(|stored| &stored.form), Some(&StoredForm::Message));
    let failure = tasks[4].url.as_ref().expect_err("too many headers");
    assert_eq!(failure.kind, FailureKind::Truncated);
    assert!(failure.message.contains("`e`: more than 408 KiB of headers"), "{}", failure.message);
}

#[test]
fn a_file_that_is_too_large_is_a_task_that_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = format!("<!-- saved from url=(0014)http://h/ -->{}", "x".repeat(100));
    let files: [(&str, &[u8]); 3] = [("a", &[b'x'; 100]), ("b", &[b'x'; 101]), ("c", page.as_bytes())];
    let options = Options { max_stored: 100, keep: Keep::Only(Vec::new()), ..Options::default() };
    let tasks = tasks(folder.path(), &files, &options);
    assert!(tasks[0].url.is_ok() && tasks[0].stored.is_some());
    for task in &tasks[1..] {
        let failure = task.url.as_ref().expect_err("too large");
        assert_eq!((failure.kind, task.stored.is_none()), (FailureKind::TooLarge, true));
        assert!(failure.message.contains("is larger than 100 bytes (`fetch.max_body`"), "{}", failure.message);
    }
    assert_eq!((tasks[2].line.as_str(), tasks[2].input.json()), ("http://h/", None));
}

#[test]
fn only_a_whole_comment_of_an_http_page_tells_its_url() {
    let table = [
        ("<!-- saved from url=(0018)http://h/page.html -->", Some("http://h/page.html")),
        ("<!doctype html>\n<!-- saved from url=(0014)https://h.x/ --><p>", Some("https://h.x/")),
        ("<!-- saved from url=(0014)about:internet -->", None),
        ("<!-- saved from url=(0014)http://h/", None),
        ("<p>", None),
    ];
    for (page, url) in table {
        assert_eq!(saved_from(page.as_bytes()).as_deref(), url, "{page}");
    }
}
