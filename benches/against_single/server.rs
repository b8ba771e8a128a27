//! A server that uses as little CPU time as possible. It is a separate process, and sends prepared answers over
//! keep-alive connections.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::pages::{Kind, page};

/// The process of the server. It ends when this value is dropped.
pub(crate) struct Server {
    process: Child,
    base: String,
}

impl Server {
    pub(crate) fn start() -> Option<Self> {
        let mut process = Command::new(std::env::current_exe().ok()?)
            .env("BENCH_ROLE", "server")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take()?).read_line(&mut line).ok()?;
        Some(Self { process, base: line.trim().to_owned() })
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves until standard input ends, which happens when the benchmark ends.
pub(crate) fn serve() {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        #[expect(clippy::exit, reason = "the benchmark has ended")]
        std::process::exit(0);
    });
    let answers: HashMap<&str, Vec<Vec<u8>>> = Kind::ALL
        .into_iter()
        .map(|kind| (kind.name(), (0..kind.variety()).map(|number| answer(&page(kind, number))).collect()))
        .collect();
    let answers = Arc::new(answers);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
        // Two thousand connections arrive at once. With the usual backlog, some clients would have to try again a
        // second later.
        let listener = socket.listen(4096).expect("a port");
        println!("http://{}", listener.local_addr().expect("an address"));
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let _ = stream.set_nodelay(true);
            tokio::spawn(converse(stream, Arc::clone(&answers)));
        }
    });
}

fn answer(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

async fn converse(mut stream: TcpStream, answers: Arc<HashMap<&'static str, Vec<Vec<u8>>>>) {
    let mut request = Vec::with_capacity(1024);
    loop {
        request.clear();
        while !request.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let mut path = request.split(|byte| *byte == b' ').nth(1).unwrap_or_default().split(|byte| *byte == b'/');
        let kind = path.nth(1).and_then(|kind| std::str::from_utf8(kind).ok()).unwrap_or_default();
        let number: usize = path.next().and_then(|n| std::str::from_utf8(n).ok()?.parse().ok()).unwrap_or(0);
        let written = if kind == "slow" {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let pages = &answers["small"];
            stream.write_all(&pages[number % pages.len()]).await
        } else {
            let pages = &answers[kind];
            stream.write_all(&pages[number % pages.len()]).await
        };
        if written.is_err() {
            return;
        }
    }
}
