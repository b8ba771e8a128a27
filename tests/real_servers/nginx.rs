//! nginx with a few hundred pages.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::certificates::Signed;
use super::server::Server;
use super::support::{PROMPTLY, wait_until};

/// Number of pages in each of its folders.
pub(crate) const PAGES: usize = 400;

/// The folders, and nginx's caching directives for each.
const FOLDERS: [(&str, &str); 4] = [
    ("plain", ""),
    ("fresh", "add_header Cache-Control max-age=3600;"),
    // Its age exceeds the time for which it was fresh.
    ("aged", "add_header Cache-Control max-age=3600; add_header Age 4000;"),
    ("asks", "add_header Cache-Control 'max-age=0, must-revalidate';"),
];

pub(crate) struct Nginx {
    server: Server,
}

/// One line of its access log.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) is_http2: bool,
    pub(crate) status: u16,
}

impl Nginx {
    /// Starts nginx without TLS on its first port, and with TLS and HTTP/2 on one more port for each certificate.
    pub(crate) fn start(certificates: &[Signed]) -> Self {
        Self::with("", certificates)
    }

    /// As [`start`](Self::start), with one more directive.
    pub(crate) fn with(directive: &str, certificates: &[Signed]) -> Self {
        let server = Server::start("nginx", 1 + certificates.len(), |command, folder, ports| {
            write_pages(folder);
            for (number, signed) in certificates.iter().enumerate() {
                fs::write(folder.join(format!("{number}.crt")), &signed.certificate).expect("written");
                fs::write(folder.join(format!("{number}.key")), &signed.key).expect("written");
            }
            fs::write(folder.join("nginx.conf"), settings(folder, ports, directive)).expect("written");
            // A single process, so that killing it ends everything.
            command.args(["-g", "daemon off; master_process off;", "-e", "error.log", "-c", "nginx.conf", "-p"]);
            command.arg(folder);
        });
        Self { server }
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.ports[0]
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// The origin with the certificate of this number.
    pub(crate) fn tls_url(&self, number: usize) -> String {
        format!("https://localhost:{}", self.server.ports[1 + number])
    }

    /// The number of connections since its start, including the connection of this query.
    pub(crate) fn accepted(&self) -> usize {
        let status = get(self.port(), "/status", "");
        let counts = status.lines().skip_while(|line| !line.starts_with("server accepts")).nth(1).expect(&status);
        counts.split_whitespace().next().and_then(|count| count.parse().ok()).expect("a number")
    }

    /// Waits until the log has `count` lines after line `from`, and returns them.
    #[track_caller]
    pub(crate) fn log(&self, from: usize, count: usize) -> Vec<Access> {
        let lines = || self.server.read("access.log").lines().skip(from).map(access).collect::<Vec<_>>();
        wait_until("all requests in the log", PROMPTLY, || lines().len() >= count);
        lines()
    }

    /// The number of lines in the log.
    pub(crate) fn logged(&self) -> usize {
        self.server.read("access.log").lines().count()
    }
}

/// The paths of `count` pages of a folder.
pub(crate) fn paths(folder: &str, count: usize) -> impl Iterator<Item = String> {
    (0..count).map(move |number| format!("/{folder}/{number}.html"))
}

/// The server's answer to a GET request with one more header line.
pub(crate) fn get(port: u16, path: &str, line: &str) -> String {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the server listens");
    let head = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n{line}\r\n");
    stream.write_all(head.as_bytes()).expect("loopback");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer in UTF-8");
    answer
}

fn write_pages(folder: &Path) {
    for (name, _) in FOLDERS {
        let folder = folder.join("pages").join(name);
        fs::create_dir_all(&folder).expect("a folder");
        for number in 0..PAGES {
            let text = format!("<p>Entry {number} – größer als sein Nachbar.</p>\n").repeat(5 + number % 40);
            let page = format!("<!doctype html><meta charset=utf-8><title>{name} {number}</title>\n{text}");
            let mut file = fs::File::create(folder.join(format!("{number}.html"))).expect("a file");
            file.write_all(page.as_bytes()).expect("written");
            // A page that was changed in the same second as the request gets no usable `Last-Modified` (RFC 9110,
            // 8.8.2.2).
            file.set_modified(SystemTime::now() - Duration::from_secs(3600)).expect("our own file");
        }
    }
}

fn settings(folder: &Path, ports: &[u16], directive: &str) -> String {
    let folder = folder.display();
    let mut locations = "location = /status { stub_status; access_log off; }".to_owned();
    for (name, directives) in FOLDERS {
        write!(locations, " location /{name}/ {{ {directives} }}").expect("writing to a string succeeds");
    }
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {folder}/{name};"))
        .concat();
    let mut servers = format!("server {{ listen 127.0.0.1:{}; {locations} }}", ports[0]);
    for (number, port) in ports[1..].iter().enumerate() {
        let tls = format!("ssl_certificate {folder}/{number}.crt; ssl_certificate_key {folder}/{number}.key;");
        write!(servers, " server {{ listen 127.0.0.1:{port} ssl http2; {tls} {locations} }}")
            .expect("writing to a string succeeds");
    }
    format!(
        "pid {folder}/nginx.pid;
        error_log {folder}/error.log;
        events {{ worker_connections 1000; }}
        http {{
            {temporary}
            log_format test '\"$http2\" $status';
            access_log {folder}/access.log test;
            types {{ text/html html; }}
            root {folder}/pages;
            gzip on; gzip_vary on; gzip_proxied any; gzip_min_length 200;
            {directive}
            {servers}
        }}"
    )
}

fn access(line: &str) -> Access {
    let (http2, status) = line.split_once(' ').expect(line);
    Access { is_http2: http2 == "\"h2\"", status: status.parse().expect(line) }
}
