//! The table of all settings. One row has everything about a setting: its name, its type, the field for its value, its
//! default, what it affects, and its description for users.
//!
//! `text` writes `config/default.toml` from the rows. That file is also the lowest layer of every run. `elsewhere` has
//! the names that other tools use for our settings. Each section has a file with its rows:
//!
//! - `pool`: `[pool]`
//! - `fetch`: `[fetch]`
//! - `politeness`: `[politeness]`
//! - `hosts`: `[hosts]`
//! - `network`: `[network]`
//! - `tls`: `[tls]`
//! - `limits`: `[limits]`
//! - `cookies`: `[cookies]`
//! - `cache`: `[cache]`
//! - `extract`: `[extract]`
//! - `extraction`: `[extraction]`
//! - `input`: `[input]`
//! - `output`: `[output]`

mod cache;
mod cookies;
pub(super) mod elsewhere;
mod extract;
mod extraction;
mod fetch;
mod hosts;
mod input;
mod limits;
mod network;
mod output;
mod politeness;
mod pool;
pub(super) mod text;
mod tls;

use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

use super::draft::{Draft, Headers, HostDraft, Placed};
use super::element::file;
use super::element::template::{self, Template};
use super::error::{Complaint, Problem};
use super::plan::Affects;
use super::written::{Key, Node};

/// A table of the settings file.
pub(super) struct Section {
    pub(super) name: &'static str,
    /// The comment above it in `config/default.toml`.
    pub(super) doc: &'static str,
    pub(super) keys: Keys,
    /// The comment below its settings. It may be empty.
    pub(super) remarks: &'static str,
}

/// The keys that a section may contain.
pub(super) enum Keys {
    /// Only these settings.
    Known(&'static [Setting]),
    /// Tables with the names of hosts, which may contain these settings (`[hosts]`).
    Hosts(&'static [Setting<HostDraft>]),
    /// Keys with any names. All of them affect the data (`[extract]`).
    Free(ReadFree),
}

/// Reads an entry of a section with free names into the draft. The text is the full name of the entry. Returns the
/// meaning of the entry.
pub(super) type ReadFree = fn(&mut Draft, &str, (&Key, &Node)) -> Result<String, Vec<Problem>>;

/// A row: one setting of a section or of a host. `S` is the type that stores its value.
pub(super) struct Setting<S = Draft> {
    pub(super) name: &'static str,
    pub(super) read: Read<S>,
    /// What a value in a settings file looks like, as JSON Schema. What `read` accepts has this form.
    pub(super) form: fn() -> Value,
    /// The default, as TOML. A setting of a host has no default, so this is an example.
    pub(super) default: &'static str,
    pub(super) affects: Affects,
    /// The comment above it in `config/default.toml`, without `#`. Each line is a paragraph, and long lines are wrapped
    /// there.
    pub(super) doc: &'static str,
}

/// How a setting is read.
pub(super) enum Read<S> {
    /// Stores a single value. The value of a later layer replaces it.
    Value(Put<S>),
    /// A value that neither errors nor lists of settings show.
    Secret(Put<S>),
    /// One or more URLs. Their user names and passwords are not shown.
    Url(Put<S>),
    /// A table of request headers. A later layer adds to the headers of earlier layers.
    Headers(fn(&mut S) -> &mut Headers),
}

/// Reads and stores a value, like [`put`]. Returns its meaning.
pub(super) type Put<S> = fn(&mut S, &Node) -> Result<String, Complaint>;

/// All sections, in the order of `config/default.toml`.
pub(super) const SECTIONS: &[Section] = &[
    pool::POOL,
    fetch::FETCH,
    politeness::POLITENESS,
    hosts::HOSTS,
    network::NETWORK,
    tls::TLS,
    limits::LIMITS,
    cookies::COOKIES,
    cache::CACHE,
    extraction::EXTRACTION,
    extract::EXTRACT,
    input::INPUT,
    output::OUTPUT,
];

/// Returns the section with this name.
pub(super) fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}

/// Returns the rank of a setting in the order of [`SECTIONS`]. `name` is its dotted name. A header has the rank of its
/// table.
pub(super) fn position(name: &str) -> (usize, usize) {
    let mut parts = name.split('.');
    let section = parts.next().unwrap_or_default();
    let key = parts.next().unwrap_or_default();
    let section = SECTIONS.iter().position(|known| known.name == section).unwrap_or(SECTIONS.len());
    let settings = SECTIONS.get(section).map_or(&[][..], Section::settings);
    (section, settings.iter().position(|known| known.name == key).unwrap_or(settings.len()))
}

impl Section {
    /// Returns the setting with this name.
    pub(super) fn setting(&self, name: &str) -> Option<&'static Setting> {
        self.settings().iter().find(|setting| setting.name == name)
    }

    /// Returns the settings that this section knows by name.
    pub(super) fn settings(&self) -> &'static [Setting] {
        match self.keys {
            Keys::Known(settings) => settings,
            Keys::Hosts(_) | Keys::Free(_) => &[],
        }
    }
}

/// Reads a value into `place`. Returns its meaning, which is the same for different spellings of a value (`1MiB`,
/// `1024KiB`).
fn put<T: fmt::Debug>(
    place: &mut T,
    node: &Node,
    read: impl FnOnce(&Node) -> Result<T, Complaint>,
) -> Result<String, Complaint> {
    *place = read(node)?;
    Ok(format!("{place:?}"))
}

/// Reads a text that may name variables, and stores where it was written.
fn placed_template(node: &Node) -> Result<Placed<Template>, Complaint> {
    Ok(Placed { value: template::read(node)?, place: node.place.clone() })
}

/// Reads the path of a file, and stores where it was written. Returns `None` if the value names no file.
fn placed_file(node: &Node) -> Result<Option<Placed<PathBuf>>, Complaint> {
    Ok(file::read(node)?.map(|value| Placed { value, place: node.place.clone() }))
}
