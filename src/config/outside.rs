//! Reads the environment variables that settings name.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::HeaderValue;

use super::draft::{Headers, HostDraft, Placed};
use super::element::template::{Environment, Template};
use super::error::{Complaint, Problem, ProblemKind};
use super::hosts::setting_name;
use super::sources::Sources;
use crate::model::{HostKey, HostSettings, Proxies, ProxyUrl};

const AUTHORIZATION: &str = "Authorization";

/// Fills in the environment variables that settings name, and collects what is wrong.
pub(super) struct Outside<'a> {
    environment: Environment<'a>,
    /// Where relative paths begin.
    pub(super) folder: &'a Path,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Outside<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        let environment = Environment(&sources.environment);
        Self { environment, folder: &sources.folder, problems: Vec::new() }
    }

    /// Gives the headers of the setting `name`, with their variables filled in.
    pub(super) fn headers(&mut self, name: &str, headers: &Headers) -> Vec<(String, String)> {
        let mut filled = Vec::with_capacity(headers.len());
        for (header, value) in headers {
            let setting = format!("{name}.{}", header.to_ascii_lowercase());
            filled.extend(self.fill(&setting, value, no_check).map(|value| (header.clone(), value)));
        }
        filled
    }

    /// Gives what only this host is sent.
    pub(super) fn host(&mut self, key: &HostKey, host: &HostDraft) -> HostSettings {
        let mut headers = self.headers(&setting_name(key, "headers"), &host.headers);
        headers.extend(self.authorization(key, host).map(|value| (AUTHORIZATION.to_owned(), value)));
        let proxy = host.proxy.as_ref().and_then(|proxy| self.proxy(&setting_name(key, "proxy"), proxy));
        let proxy = proxy.map(|proxy| proxy.map_or(Proxies::None, |proxy| Proxies::These(vec![proxy])));
        HostSettings { headers, proxy }
    }

    /// Gives `network.proxies`. An empty list is those of the environment, and `"none"` alone is no proxy at all.
    pub(super) fn proxies(&mut self, given: &[Placed<Template>]) -> Proxies {
        const NAME: &str = "network.proxies";
        let mut proxies = Vec::new();
        for proxy in given {
            match self.proxy(NAME, proxy) {
                None => {}
                Some(Some(proxy)) => proxies.push(proxy),
                Some(None) if given.len() == 1 => return Proxies::None,
                Some(None) => {
                    let complaint = Complaint::new("must not have \"none\" beside other proxies");
                    self.problems.push(complaint.about(NAME, &proxy.place, None));
                }
            }
        }
        if proxies.is_empty() { Proxies::OfEnvironment } else { Proxies::These(proxies) }
    }

    /// Gives a proxy, `Some(None)` for "none", or `None` if something is wrong with it.
    #[expect(clippy::option_option, reason = "it is taken apart at once")]
    fn proxy(&mut self, setting: &str, given: &Placed<Template>) -> Option<Option<ProxyUrl>> {
        let mut proxy = None;
        self.fill(setting, given, |text| {
            if text != "none" {
                proxy = Some(ProxyUrl::parse(text).map_err(|error| Complaint::new(error.to_string()))?);
            }
            Ok(())
        })?;
        Some(proxy)
    }

    /// The `Authorization` that `basic` or `bearer` stands for (RFC 7617, RFC 6750).
    fn authorization(&mut self, key: &HostKey, host: &HostDraft) -> Option<String> {
        let written = host.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(AUTHORIZATION));
        let given = [
            ("headers.authorization", written.map(|(_, given)| given)),
            ("basic", host.basic.as_ref()),
            ("bearer", host.bearer.as_ref()),
        ];
        let mut given = given.into_iter().filter_map(|(name, given)| Some((name, given?)));
        if let (Some((first, one)), Some((second, other))) = (given.next(), given.next()) {
            let message = format!("`{}` contradicts `{}`", setting_name(key, second), setting_name(key, first));
            let problem = Problem::new(ProblemKind::Conflict, message, other.place.clone());
            self.problems.push(problem.with_help(format!("keep one of them; the other was set by {}", one.place)));
            return None;
        }
        if let Some(basic) = host.basic.as_ref() {
            let pair = self.fill(&setting_name(key, "basic"), basic, |pair| {
                let complaint = Complaint::new("must be a user name and a password with a colon between them");
                if pair.contains(':') { Ok(()) } else { Err(complaint.with_help("write \"user:${PASSWORD}\"")) }
            })?;
            return Some(format!("Basic {}", BASE64_STANDARD.encode(pair)));
        }
        let token = self.fill(&setting_name(key, "bearer"), host.bearer.as_ref()?, |token| {
            let is_token = !token.is_empty() && !token.contains(char::is_whitespace);
            if is_token && HeaderValue::from_str(token).is_ok() {
                return Ok(());
            }
            Err(Complaint::new("must be a token without spaces and without \"Bearer\" before it"))
        })?;
        Some(format!("Bearer {token}"))
    }

    /// Gives the text with its variables filled in, if nothing is wrong with it.
    fn fill(
        &mut self,
        setting: &str,
        given: &Placed<Template>,
        check: impl FnOnce(&str) -> Result<(), Complaint>,
    ) -> Option<String> {
        let Placed { value: template, place } = given;
        let filled = template.fill(self.environment).and_then(|text| check(&text).map(|()| text));
        match filled {
            Ok(text) => Some(text),
            Err(complaint) => {
                self.problems.push(complaint.about(setting, place, Some(template.written())));
                None
            }
        }
    }
}

/// Accepts everything. The literal parts of a header were checked when they were read, and the values of variables are
/// checked for control characters.
#[expect(clippy::unnecessary_wraps, reason = "it stands for a check")]
fn no_check(_: &str) -> Result<(), Complaint> {
    Ok(())
}
