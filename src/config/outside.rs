//! What settings take from outside of what was written: environment variables.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::HeaderValue;

use super::element::template::{Environment, Template};
use super::error::{Complaint, Problem, ProblemKind};
use super::hosts::setting_name;
use super::settings::{Given, Headers, Host};
use super::sources::Sources;
use crate::model::HostKey;
use crate::scrape::{HostSettings, Proxies, ProxyUrl};

const AUTHORIZATION: &str = "Authorization";

/// Fills in what is not in the settings themselves, and collects what is wrong with it.
pub(super) struct Outside<'a> {
    environment: Environment<'a>,
    /// Where relative paths begin.
    pub(super) folder: &'a Path,
    pub(super) problems: Vec<Problem>,
    /// The settings that name environment variables, as they were written.
    pub(super) from_environment: BTreeMap<String, String>,
}

impl<'a> Outside<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        let environment = Environment(&sources.environment);
        Self { environment, folder: &sources.folder, problems: Vec::new(), from_environment: BTreeMap::new() }
    }

    /// The headers of the setting `name`, with their variables filled in.
    pub(super) fn headers(&mut self, name: &str, headers: &Headers) -> Vec<(String, String)> {
        let mut filled = Vec::with_capacity(headers.len());
        for (header, value) in headers {
            let setting = format!("{name}.{}", header.to_ascii_lowercase());
            filled.extend(self.fill(&setting, value, no_check).map(|value| (header.clone(), value)));
        }
        filled
    }

    /// What is said to one host alone.
    pub(super) fn host(&mut self, key: &HostKey, host: &Host) -> HostSettings {
        let mut headers = self.headers(&setting_name(key, "headers"), &host.headers);
        headers.extend(self.authorization(key, host).map(|value| (AUTHORIZATION.to_owned(), value)));
        let proxy = host.proxy.if_given().and_then(|proxy| self.proxy(&setting_name(key, "proxy"), proxy));
        let proxy = proxy.map(|proxy| proxy.map_or(Proxies::None, |proxy| Proxies::These(vec![proxy])));
        HostSettings { headers, proxy }
    }

    /// `network.proxies`: none are those of the environment, and `"none"` alone is no proxy at all.
    pub(super) fn proxies(&mut self, given: &[Given<Template>]) -> Proxies {
        const NAME: &str = "network.proxies";
        let mut proxies = Vec::new();
        for proxy in given {
            match self.proxy(NAME, proxy) {
                None => {}
                Some(Some(proxy)) => proxies.push(proxy),
                Some(None) if given.len() == 1 => return Proxies::None,
                Some(None) => {
                    let complaint = Complaint::new("must have \"none\" alone or not at all");
                    self.problems.push(complaint.about(NAME, &proxy.place, None));
                }
            }
        }
        if proxies.is_empty() { Proxies::OfEnvironment } else { Proxies::These(proxies) }
    }

    /// A proxy, `Some(None)` for "none", or nothing where something is wrong with it.
    #[expect(clippy::option_option, reason = "it is taken apart at once")]
    fn proxy(&mut self, setting: &str, given: &Given<Template>) -> Option<Option<ProxyUrl>> {
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
    fn authorization(&mut self, key: &HostKey, host: &Host) -> Option<String> {
        let written = host.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(AUTHORIZATION));
        let given = [
            ("headers.authorization", written.map(|(_, given)| given)),
            ("basic", host.basic.if_given()),
            ("bearer", host.bearer.if_given()),
        ];
        let mut given = given.into_iter().filter_map(|(name, given)| Some((name, given?)));
        if let (Some((first, one)), Some((second, other))) = (given.next(), given.next()) {
            let message = format!("`{}` contradicts `{}`", setting_name(key, second), setting_name(key, first));
            let problem = Problem::new(ProblemKind::Conflict, message, other.place.clone());
            self.problems.push(problem.with_help(format!("keep one of them; the other was set by {}", one.place)));
            return None;
        }
        if let Some(basic) = host.basic.if_given() {
            let pair = self.fill(&setting_name(key, "basic"), basic, |pair| {
                let complaint = Complaint::new("must be user name and password with a colon between them");
                if pair.contains(':') { Ok(()) } else { Err(complaint.with_help("write \"user:${PASSWORD}\"")) }
            })?;
            return Some(format!("Basic {}", BASE64_STANDARD.encode(pair)));
        }
        let token = self.fill(&setting_name(key, "bearer"), host.bearer.if_given()?, |token| {
            let is_token = !token.is_empty() && !token.contains(char::is_whitespace);
            if is_token && HeaderValue::from_str(token).is_ok() {
                return Ok(());
            }
            Err(Complaint::new("must be a token without spaces, and without \"Bearer\" before it"))
        })?;
        Some(format!("Bearer {token}"))
    }

    /// The text that is meant, if nothing is wrong with it.
    fn fill(
        &mut self,
        setting: &str,
        given: &Given<Template>,
        check: impl FnOnce(&str) -> Result<(), Complaint>,
    ) -> Option<String> {
        let Given { value: template, place } = given;
        if template.has_variables() {
            self.from_environment.insert(setting.to_owned(), template.written().to_owned());
        }
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

/// The literal parts of a header have been checked where they were read, and variables bring nothing that it cannot have.
#[expect(clippy::unnecessary_wraps, reason = "it stands for a check")]
fn no_check(_: &str) -> Result<(), Complaint> {
    Ok(())
}
