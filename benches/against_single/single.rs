//! The other program. It has no pool and no worker processes, and does not survive any failure. It is as fast as a
//! simple program can be.

use std::io::Write;
use std::sync::Arc;

use futures_util::StreamExt;
use scraper::{ElementRef, Html, Selector};
use serde::Serialize;

/// The same selectors, as settings of Gleaner.
pub(crate) const RULES: [&str; 4] = [
    "extract.title=title::text",
    "extract.h3=[\"h3 a[title]::attr(title)\"]",
    "extract.prices=[\".price_color::text-content\"]",
    "extract.links=[\"a[href]::attr(href)\"]",
];

#[derive(Serialize)]
struct Record<'a> {
    url: &'a str,
    status: u16,
    title: Option<String>,
    h3: Vec<&'a str>,
    prices: Vec<String>,
    links: Vec<&'a str>,
}

struct Selectors {
    title: Selector,
    h3: Selector,
    prices: Selector,
    links: Selector,
}

pub(crate) fn run() {
    let mut args = std::env::args().skip(1);
    let (list, output) = (args.next().expect("a list"), args.next().expect("an output"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(crate::WORKERS)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(scrape(&list, &output));
}

async fn scrape(list: &str, output: &str) {
    let list = std::fs::read_to_string(list).expect("the list");
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_backend_preconfigured(
            rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("versions")
                .with_root_certificates(rustls::RootCertStore::empty())
                .with_no_client_auth(),
        )
        .build()
        .expect("a client");
    let selector = |css| Selector::parse(css).expect("a selector");
    let selectors = Arc::new(Selectors {
        title: selector("title"),
        h3: selector("h3 a[title]"),
        prices: selector(".price_color"),
        links: selector("a[href]"),
    });
    let mut output = std::io::BufWriter::new(std::fs::File::create(output).expect("the output"));
    let urls: Vec<String> = list.lines().map(str::to_owned).collect();
    let mut records = futures_util::stream::iter(urls.into_iter().map(|url| {
        let (client, selectors) = (client.clone(), Arc::clone(&selectors));
        // A separate tokio task, so that parsing runs on any free thread.
        let task = tokio::spawn(async move { fetch(&client, &selectors, &url).await });
        async move { task.await.expect("no panic") }
    }))
    .buffer_unordered(crate::IN_FLIGHT);
    while let Some(record) = records.next().await {
        output.write_all(&record).expect("writes");
    }
    output.flush().expect("writes");
}

async fn fetch(client: &reqwest::Client, selectors: &Selectors, url: &str) -> Vec<u8> {
    let response = client.get(url).send().await.expect("an answer");
    let status = response.status().as_u16();
    let body = response.bytes().await.expect("a body");
    extract(selectors, url, status, std::str::from_utf8(&body).expect("UTF-8"))
}

fn extract(selectors: &Selectors, url: &str, status: u16, body: &str) -> Vec<u8> {
    let text = |element: ElementRef<'_>| element.text().collect::<String>().trim().to_owned();
    let document = Html::parse_document(body);
    let record = Record {
        url,
        status,
        title: document.select(&selectors.title).next().map(text),
        h3: document.select(&selectors.h3).filter_map(|element| element.value().attr("title")).collect(),
        prices: document.select(&selectors.prices).map(text).collect(),
        links: document.select(&selectors.links).filter_map(|element| element.value().attr("href")).collect(),
    };
    let mut line = serde_json::to_vec(&record).expect("JSON");
    line.push(b'\n');
    line
}
