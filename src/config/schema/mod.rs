//! The table of all settings. One row has all there is to know of a setting: its name, how it is read and where its
//! value goes, its default, what it affects, and what users read about it.
//!
//! A file for each section holds its rows. `text` makes `config/default.toml` of them, which is also the lowest layer
//! of every run. `elsewhere` has the names by which other tools call our settings.
//!
//! Further files:
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
//! - `output`: `[output]`

mod cache;
mod cookies;
pub(super) mod elsewhere;
mod extract;
mod extraction;
mod fetch;
mod hosts;
mod limits;
mod network;
mod output;
mod politeness;
mod pool;
pub(super) mod text;
mod tls;

use std::fmt;
use std::path::PathBuf;

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
    /// The comment below its settings; may be empty.
    pub(super) remarks: &'static str,
}

/// What a section may contain.
pub(super) enum Keys {
    /// These settings.
    Known(&'static [Setting]),
    /// Tables under the names of hosts, each with these settings (`[hosts]`).
    Hosts(&'static [Setting<HostDraft>]),
    /// Keys of any name, all of which affect the data (`[extract]`).
    Free(ReadFree),
}

/// Reads an entry of a section with free names, whose full name is given, and puts it into the draft. Gives what it means.
pub(super) type ReadFree = fn(&mut Draft, &str, (&Key, &Node)) -> Result<String, Vec<Problem>>;

/// A row: one setting of a section, or one of a host. `S` is where its value goes.
pub(super) struct Setting<S = Draft> {
    pub(super) name: &'static str,
    pub(super) read: Read<S>,
    /// The default, as TOML. A setting of a host has no default, so this is an example.
    pub(super) default: &'static str,
    pub(super) affects: Affects,
    /// The comment above it in `config/default.toml`, without `#`. A line is a paragraph; long ones are wrapped there.
    pub(super) doc: &'static str,
}

/// How a setting is read.
pub(super) enum Read<S> {
    /// Reads a value and puts it where it belongs; a later value replaces it.
    Value(Put<S>),
    /// A value that neither errors nor lists of settings show.
    Secret(Put<S>),
    /// A URL, or several of them, whose user name and password are not shown.
    Url(Put<S>),
    /// A table of request headers. Each header is set on its own: a later layer adds to the earlier ones.
    Headers(fn(&mut S) -> &mut Headers),
}

/// Reads a value and puts it where it belongs, as [`put`] does. Gives what it means.
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
    output::OUTPUT,
];

/// The section of this name.
pub(super) fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}

/// The rank of a setting, given by its dotted name, in the order of [`SECTIONS`]. A header has the rank of its table.
pub(super) fn position(name: &str) -> (usize, usize) {
    let mut parts = name.split('.');
    let section = parts.next().unwrap_or_default();
    let key = parts.next().unwrap_or_default();
    let section = SECTIONS.iter().position(|known| known.name == section).unwrap_or(SECTIONS.len());
    let settings = SECTIONS.get(section).map_or(&[][..], Section::settings);
    (section, settings.iter().position(|known| known.name == key).unwrap_or(settings.len()))
}

impl Section {
    /// The setting of this name.
    pub(super) fn setting(&self, name: &str) -> Option<&'static Setting> {
        self.settings().iter().find(|setting| setting.name == name)
    }

    /// The settings that this section knows by name.
    pub(super) fn settings(&self) -> &'static [Setting] {
        match self.keys {
            Keys::Known(settings) => settings,
            Keys::Hosts(_) | Keys::Free(_) => &[],
        }
    }
}

/// Reads a value into its place. Gives what it means, so that two ways to write one value are the same (`1MiB`, `1024KiB`).
fn put<T: fmt::Debug>(
    place: &mut T,
    node: &Node,
    read: impl FnOnce(&Node) -> Result<T, Complaint>,
) -> Result<String, Complaint> {
    *place = read(node)?;
    Ok(format!("{place:?}"))
}

/// Reads a text that may name variables, and keeps where it was written.
fn placed_template(node: &Node) -> Result<Placed<Template>, Complaint> {
    Ok(Placed { value: template::read(node)?, place: node.place.clone() })
}

/// Reads the name of a file, and keeps where it was written; `None` if no file is named.
fn placed_file(node: &Node) -> Result<Option<Placed<PathBuf>>, Complaint> {
    Ok(file::read(node)?.map(|value| Placed { value, place: node.place.clone() }))
}
