//! Prometheus, which scrapes one target.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::nginx::get;
use super::server::Server;

pub(crate) struct Prometheus {
    server: Server,
}

impl Prometheus {
    /// Starts it with a target, `HOST:PORT`.
    pub(crate) fn scraping(target: &str) -> Self {
        let server = Server::start("prometheus", 1, |command, folder, ports| {
            let settings = format!(
                "global: {{scrape_interval: 1s}}\nscrape_configs: [{{job_name: gleaner, static_configs: [{{targets: \
                 ['{target}']}}]}}]\n"
            );
            fs::write(folder.join("prometheus.yml"), settings).expect("written");
            command.arg(format!("--config.file={}", folder.join("prometheus.yml").display()));
            command.arg(format!("--storage.tsdb.path={}", folder.join("data").display()));
            command.arg(format!("--web.listen-address=127.0.0.1:{}", ports[0]));
        });
        Self { server }
    }

    /// The value of an expression, if it has exactly one now. The expression is percent-encoded.
    pub(crate) fn value(&self, expression: &str) -> Option<f64> {
        let answer = get(self.server.ports[0], &format!("/api/v1/query?query={expression}"), "");
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        let answer: Value = serde_json::from_str(body).ok()?;
        let [result] = answer["data"]["result"].as_array()?.as_slice() else { return None };
        result["value"][1].as_str()?.parse().ok()
    }
}

/// What `promtool check metrics` objects to.
pub(crate) fn objections(metrics: &str) -> String {
    let mut check = Command::new("promtool");
    check.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut check = check.spawn().expect("promtool starts");
    check.stdin.take().expect("it is piped").write_all(metrics.as_bytes()).expect("promtool reads");
    let output = check.wait_with_output().expect("promtool ends");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    if output.status.success() { text } else { format!("{}: {text}", output.status) }
}
