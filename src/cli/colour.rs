//! Colours on standard error: where clap has them for its own messages, and as clap has them.

use std::io;

use clap::builder::Styles;
use clap::builder::styling::{AnsiColor, Style};

/// What is coloured.
#[derive(Debug, Clone, Copy)]
pub(super) enum Label {
    Error,
    Warning,
}

/// A label as standard error takes it: in colour on a terminal, unless the environment says otherwise (`NO_COLOR`,
/// `CLICOLOR`, `CLICOLOR_FORCE`, `TERM`).
pub(super) fn painted(label: Label, text: &str) -> String {
    if anstream::AutoStream::choice(&io::stderr()) == anstream::ColorChoice::Never {
        return text.to_owned();
    }
    let style: Style = match label {
        Label::Error => *Styles::styled().get_error(),
        Label::Warning => AnsiColor::Yellow.on_default().bold(),
    };
    format!("{style}{text}{style:#}")
}
