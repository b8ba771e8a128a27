//! Which answers count as pages: content types that the settings add, and pages that refresh to another URL.

use crate::raw_server::{RawServer, Reply};
use crate::support::{Finished, Run, records, scrape};

fn answer(content_type: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::new(format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}"))
}

fn run(list: &[String], arguments: &[&str]) -> Finished {
    // `block_in_place` lets the test servers continue on other threads.
    tokio::task::block_in_place(|| {
        let mut command = scrape(["-w", "1", "--concurrency", "1", "--max-retries", "0", "-f", "jsonl", "--no-robots"]);
        command.args(["--set", "extract.t=title::text"]).args(arguments).args(list);
        Run::to_end(command)
    })
}

fn outcomes(run: &Finished) -> Vec<String> {
    let records = records(&run.stdout);
    records.iter().map(|record| if record.data.is_some() { record.raw() } else { record.kind() }.to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn additional_content_types_are_pages_if_the_settings_list_them() {
    const PAGE: &str = "<title>T</title>";
    let types = ["application/octet-stream", "image/png", "application/json", "application/xml"];
    let read = r#"{"t":"T"}"#;
    let table: [(&[&str], [&str; 4]); 3] = [
        (&[], ["content_type", "content_type", "content_type", read]),
        (
            &["--set", "fetch.content_types=[\"application/octet-stream\"]"],
            [read, "content_type", "content_type", read],
        ),
        (&["--set", "fetch.content_types=[\"application/*\", \"image/*\"]"], [read, read, "content_type", read]),
    ];
    for (arguments, expected) in table {
        let server = RawServer::start(types.iter().map(|content_type| answer(content_type, PAGE)).collect()).await;
        let list: Vec<String> = types.iter().map(|content_type| server.url(content_type)).collect();
        assert_eq!(outcomes(&run(&list, arguments)), expected, "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_is_a_redirect_if_the_settings_enable_it() {
    let refresh = || answer("text/html", "<title>old</title><meta http-equiv=refresh content='0; url=/new'>");
    let page = || answer("text/html", "<title>new</title>");
    let server = RawServer::start(vec![refresh()]).await;
    let plain = run(&[server.url("old")], &[]).exited(0);
    assert_eq!(outcomes(&plain), [r#"{"t":"old"}"#]);

    // A large page is parsed on another thread.
    for padding in [String::new(), " ".repeat(1 << 20)] {
        let long = format!("<title>old</title><meta http-equiv=refresh content='0; url=/new'>{padding}");
        let server = RawServer::start(vec![answer("text/html", &long), page()]).await;
        let url = server.url("old").replace("http://", "http://user:secret@");
        let followed = run(&[url], &["--set", "fetch.meta_refresh=true"]).exited(0);
        assert_eq!(outcomes(&followed), [r#"{"t":"new"}"#]);
        assert_eq!(records(&followed.stdout)[0].final_url.as_deref(), Some(&*server.url("new")));
        let requests = server.requests();
        assert!(requests[1].starts_with("GET /new ") && requests[1].contains("Basic dXNlcjpzZWNyZXQ="), "{requests:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_refreshes_to_itself_is_extracted_and_a_cycle_of_refreshes_fails() {
    let to =
        |link: &str| answer("text/html", &format!("<title>t</title><meta http-equiv=refresh content='0; url={link}'>"));
    // (the targets of the refreshes, the outcome)
    let table: [(&[&str], &str); 4] = [
        (&["/start"], r#"{"t":"t"}"#),
        (&["#part"], r#"{"t":"t"}"#),
        (&["/next", "/start"], "too_many_redirects"),
        (&["/next", "/other", "/next#part"], "too_many_redirects"),
    ];
    for (links, outcome) in table {
        let server = RawServer::start(links.iter().map(|link| to(link)).collect()).await;
        let run = run(&[server.url("start")], &["--set", "fetch.meta_refresh=true"]);
        assert_eq!(outcomes(&run), [outcome], "{links:?}: {}", run.stdout);
        assert_eq!(server.requests().len(), links.len(), "{links:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refreshes_have_a_maximum_number_and_do_not_reach_private_addresses() {
    let to = |link: &str| answer("text/html", &format!("<meta http-equiv=refresh content='0; url={link}'>"));
    let inside = RawServer::start(vec![]).await;
    let mut replies: Vec<Reply> = (0..4).map(|n| to(&format!("/{n}"))).collect();
    replies.push(to(&inside.url("")));
    let server = RawServer::start(replies).await;
    let list = [server.url("start"), server.url("away")];
    let run = run(&list, &["--set", "fetch.meta_refresh=true", "--set", "fetch.max_redirects=3"]).exited(3);
    assert_eq!(outcomes(&run), ["too_many_redirects", "blocked_address"], "{}", run.stdout);
    assert_eq!(inside.connections(), 0);
}
