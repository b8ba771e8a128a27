//! Where settings come from: file, environment, flags. The caller hands in all of it; only [`Sources::of_process`]
//! looks at the process.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::assigned;
use super::bounded;
use super::error::{Problem, ProblemKind};
use super::header_file;
use super::place::{Origin, Place, Text};
use super::rules;
use super::schema::SECTIONS;
use super::schema::text::defaults;
use super::trust::{self, Distrust};
use super::written::{self, Key, Node, Table, Value};

/// The file that is read if it exists and no other file is named.
pub const DEFAULT_FILE: &str = "gleaner.toml";

/// How the names of our environment variables begin.
const PREFIX: &str = "GLEANER_";

/// Everything that settings are read from, lowest first; [`defaults`] are below all of them.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The file that the user named (`--config`), which must exist. `None` is [`DEFAULT_FILE`], if that exists.
    pub config: Option<PathBuf>,
    /// The folder in which relative paths begin.
    pub folder: PathBuf,
    /// The user id that runs the program: [`DEFAULT_FILE`] is read only if it and its folder belong to that user.
    pub user: u32,
    /// Environment variables. `GLEANER_POOL_WORKERS` is `pool.workers`. Names that do not begin with `GLEANER_` and a
    /// section are ignored.
    pub environment: Vec<(OsString, OsString)>,
    /// Flags, in the order in which they were given: a later one overrides an earlier one.
    pub flags: Vec<Flag>,
    /// How many CPUs this process may use: the value of `workers = "auto"`.
    pub cpus: NonZeroUsize,
}

impl Sources {
    /// The sources of a process: its current folder, its environment, its CPUs, and what its command line said.
    ///
    /// # Errors
    /// If the current folder does not exist any more or may not be read.
    pub fn of_process(config: Option<PathBuf>, flags: Vec<Flag>) -> io::Result<Self> {
        Ok(Self {
            config,
            folder: std::env::current_dir()?,
            user: rustix::process::geteuid().as_raw(),
            environment: std::env::vars_os().collect(),
            flags,
            // If the platform cannot tell, one worker is correct, but slow.
            cpus: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        })
    }

    /// What each source says, lowest first, or why it cannot be read.
    pub(super) fn layers(&self) -> Vec<Result<Table, Vec<Problem>>> {
        let mut layers = vec![written::document(&Text::new(Origin::Defaults, defaults()))];
        layers.extend(self.file());
        layers.extend(self.variables());
        layers.extend(self.set_by_flags());
        layers
    }

    fn set_by_flags(&self) -> Vec<Result<Table, Vec<Problem>>> {
        let mut layers = Vec::new();
        for flag in &self.flags {
            match self.written_by(flag) {
                Ok(written) => written.into_iter().for_each(|(keys, value)| assigned::add(&mut layers, keys, value)),
                Err(problems) => layers.push(Err(problems)),
            }
        }
        layers
    }

    /// The settings that a flag sets. Only a file of headers can set several.
    fn written_by(&self, flag: &Flag) -> Result<Vec<(Vec<Key>, Node)>, Vec<Problem>> {
        match &flag.form {
            FlagForm::Header(line) if line.starts_with('@') => header_file::read(&self.folder, &flag.name, &line[1..]),
            _ => flag.written().map(|written| vec![written]),
        }
    }

    /// What the settings file says, if there is one. Errors name it as the user did.
    fn file(&self) -> Option<Result<Table, Vec<Problem>>> {
        let name = self.config.as_deref().unwrap_or(Path::new(DEFAULT_FILE));
        let bytes = match self.read(name) {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(distrust)) => return Some(Err(vec![untrusted(name, distrust)])),
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.config.is_none() => {
                return None;
            }
            Err(error) => return Some(Err(vec![unreadable(name, &error)])),
        };
        Some(match text_of_file(name, &bytes) {
            Ok(text) => written::document(&text),
            Err(problem) => Err(vec![problem]),
        })
    }

    /// Reads the bytes of the settings file `name`. A file that nobody named is read only if it is trusted.
    fn read(&self, name: &Path) -> io::Result<Result<Vec<u8>, Distrust>> {
        let path = self.folder.join(name);
        let file = File::open(&path)?;
        if self.config.is_none() {
            let sudo_uid = self.environment.iter().find(|(name, _)| name == "SUDO_UID");
            let sudo_uid = sudo_uid.map(|(_, value)| value.as_os_str());
            if let Err(distrust) = trust::check(&file, &path, &self.folder, self.user, sudo_uid)? {
                return Ok(Err(distrust));
            }
        }
        bounded::read(file, bounded::LARGEST).map(Ok)
    }

    /// The variables that name a setting, sorted by name, because the order of the environment means nothing.
    fn variables(&self) -> Vec<Result<Table, Vec<Problem>>> {
        let mut ours: Vec<_> = self
            .environment
            .iter()
            .filter_map(|(name, value)| Some((name.to_str()?, value)))
            .filter_map(|(name, value)| Some((name, section_and_key(name)?, value)))
            .collect();
        ours.sort_unstable();
        ours.into_iter().map(|(name, names, value)| variable(name, names, value)).collect()
    }
}

/// The name of the variable for the setting of this dotted name.
pub(super) fn variable_name(setting: &str) -> String {
    format!("{PREFIX}{}", setting.to_uppercase().replace('.', "_"))
}

/// `GLEANER_POOL_WORKERS` gives `pool` and `workers`; `None` for a name that is not ours.
fn section_and_key(name: &str) -> Option<(&'static str, String)> {
    let rest = name.strip_prefix(PREFIX)?;
    SECTIONS.iter().find_map(|section| {
        let key = rest.strip_prefix(&section.name.to_uppercase())?.strip_prefix('_')?;
        (!key.is_empty()).then(|| (section.name, key.to_lowercase()))
    })
}

fn variable(name: &str, (section, key): (&str, String), value: &OsString) -> Result<Table, Vec<Problem>> {
    let origin = Origin::Variable(name.to_owned());
    let Some(value) = value.to_str() else {
        let text = Text::new(origin, format!("{name}={}", value.display()));
        let place = Place::new(&text, name.len() + 1..text.content().len());
        let message = format!("`{section}.{key}` must be UTF-8");
        return Err(vec![Problem::new(ProblemKind::Syntax, message, place)]);
    };
    let text = Text::new(origin, format!("{name}={value}"));
    let node = written::bare(&text, name.len() + 1..text.content().len())?;
    let place = Place::new(&text, 0..name.len());
    let keys = [section.to_owned(), key].map(|name| Key { name, place: place.clone() });
    Ok(written::nest(keys.into(), node))
}

fn unreadable(name: &Path, error: &io::Error) -> Problem {
    let message = format!("cannot read the settings file `{}`: {error}", name.display());
    let text = Text::new(Origin::File(name.to_owned()), "");
    Problem::new(ProblemKind::Unreadable, message, Place::new(&text, 0..0))
}

fn untrusted(name: &Path, distrust: Distrust) -> Problem {
    let name = name.display();
    let message = format!("the settings file `{name}` in the current folder is not read: {distrust}");
    let text = Text::new(Origin::File(PathBuf::from(DEFAULT_FILE)), "");
    Problem::new(ProblemKind::Untrusted, message, Place::new(&text, 0..0))
        .with_help(format!("read the file, then name it if you trust it: --config {name}"))
}

/// Gives the text of a file, without a byte-order mark.
pub(super) fn text_of_file(name: &Path, bytes: &[u8]) -> Result<Arc<Text>, Problem> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let origin = Origin::File(name.to_owned());
    std::str::from_utf8(bytes).map(|content| Text::new(origin.clone(), content)).map_err(|error| {
        let at = error.valid_up_to();
        let text = Text::new(origin, String::from_utf8_lossy(bytes));
        let place = Place::new(&text, at..at + char::REPLACEMENT_CHARACTER.len_utf8());
        Problem::new(ProblemKind::Syntax, "the settings file is not UTF-8", place)
            .with_help("save it as UTF-8, which TOML requires")
    })
}

/// A setting from the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The flag, as errors name it.
    name: String,
    form: FlagForm,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum FlagForm {
    /// The literal value of this setting.
    Value(String, String),
    /// The literal values of this setting. The flag is repeated before each of them.
    Values(String, Vec<String>),
    /// `KEY=VALUE`
    Assignment(String),
    /// `NAME=SELECTOR`
    Selection(String),
    /// `Name: Value`, or `@FILE`
    Header(String),
}

impl Flag {
    /// A flag that sets one setting: `Flag::new("--workers", "pool.workers", "4")`. The value is taken literally.
    pub fn new(name: impl Into<String>, setting: impl Into<String>, value: impl Into<String>) -> Self {
        let form = FlagForm::Value(setting.into(), value.into());
        let name = name.into();
        Self { name, form }
    }

    /// A flag that was given once for each item of a list: `Flag::list("--proxy", "network.proxies", &urls)`.
    pub fn list(name: impl Into<String>, setting: impl Into<String>, values: &[String]) -> Self {
        let form = FlagForm::Values(setting.into(), values.to_vec());
        let name = name.into();
        Self { name, form }
    }

    /// `--set KEY=VALUE`: a dotted key, and a value that is bare (`5s`, `h1::text`) or TOML (`["a::url"]`).
    pub fn set(assignment: impl Into<String>) -> Self {
        let form = FlagForm::Assignment(assignment.into());
        let name = assigned::FLAG.to_owned();
        Self { name, form }
    }

    /// `--select NAME=SELECTOR`: a field, and where its value comes from. As `--set extract.NAME=SELECTOR`, but the name may
    /// have any letters, and a selector that can only be an `XPath` or a JSON path is one.
    pub fn select(selection: impl Into<String>) -> Self {
        let form = FlagForm::Selection(selection.into());
        let name = assigned::SELECT.to_owned();
        Self { name, form }
    }

    /// A request header as curl takes it, `Flag::header("-H", "Accept-Language: en")`, or a file with one on each line,
    /// `Flag::header("-H", "@headers.txt")`.
    pub fn header(name: impl Into<String>, line: impl Into<String>) -> Self {
        let form = FlagForm::Header(line.into());
        let name = name.into();
        Self { name, form }
    }

    /// Gives the keys of the setting, and its value.
    fn written(&self) -> Result<(Vec<Key>, Node), Vec<Problem>> {
        let written = match &self.form {
            FlagForm::Value(_, written)
            | FlagForm::Assignment(written)
            | FlagForm::Selection(written)
            | FlagForm::Header(written) => written,
            FlagForm::Values(_, values) => &values.join(&format!(" {} ", self.name)),
        };
        let text = Text::new(Origin::Flag(self.name.clone()), format!("{} {written}", self.name));
        let start = self.name.len() + 1;
        let all = start..start + written.len();
        match &self.form {
            FlagForm::Value(setting, value) => {
                let node = Node { value: Value::Bare(value.clone()), place: Place::new(&text, all) };
                Ok((self.keys(setting, &text), node))
            }
            FlagForm::Values(setting, values) => {
                let mut at = start;
                let nodes = values.iter().map(|value| {
                    let place = Place::new(&text, at..at + value.len());
                    at += value.len() + self.name.len() + 2;
                    Node { value: Value::Bare(value.clone()), place }
                });
                let node = Node { value: Value::Array(nodes.collect()), place: Place::new(&text, all) };
                Ok((self.keys(setting, &text), node))
            }
            FlagForm::Assignment(_) => written::assignment(&text, all),
            FlagForm::Selection(_) => {
                let (mut keys, value) = written::selection(&text, all)?;
                let value = in_its_language(&keys, value);
                keys.splice(0..0, self.keys("extract", &text));
                Ok((keys, value))
            }
            FlagForm::Header(line) => header(&text, start, line),
        }
    }

    /// Splits a dotted name into keys, whose place is the name of the flag.
    fn keys(&self, setting: &str, text: &Arc<Text>) -> Vec<Key> {
        let place = Place::new(text, 0..self.name.len());
        setting.split('.').map(|name| Key { name: name.to_owned(), place: place.clone() }).collect()
    }
}

/// Makes a rule with `xpath` or `json` of a text that cannot be CSS, unless its key says what it is.
fn in_its_language(keys: &[Key], node: Node) -> Node {
    let is_option = keys.len() > 1 && keys.last().is_some_and(|key| rules::is_option(&key.name));
    let language = match &node.value {
        Value::Bare(text) if !is_option => rules::language(text),
        _ => None,
    };
    let Some(name) = language else { return node };
    let place = node.place.clone();
    let key = Key { name: name.to_owned(), place: place.clone() };
    Node { value: Value::Table(vec![(key, node)]), place }
}

/// Reads `Name: Value`, which begins at byte `start` of `text`. White space around the value does not belong to it (RFC
/// 9110, 5.5).
pub(super) fn header(text: &Arc<Text>, start: usize, line: &str) -> Result<(Vec<Key>, Node), Vec<Problem>> {
    let Some((name, value)) = line.split_once(':') else {
        let place = Place::new(text, start..start + line.len());
        let problem = Problem::new(ProblemKind::Syntax, format!("`{line}` is not a header"), place);
        return Err(vec![problem.with_help("write \"Name: Value\"")]);
    };
    let name_place = Place::new(text, start..start + name.len());
    let keys = ["fetch", "headers", name].map(|name| Key { name: name.to_owned(), place: name_place.clone() });
    let before = name.len() + 1 + (value.len() - value.trim_start().len());
    let value = value.trim();
    let node = Node {
        value: Value::Bare(value.to_owned()),
        place: Place::new(text, start + before..start + before + value.len()),
    };
    Ok((keys.into(), node))
}
