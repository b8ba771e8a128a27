//! Colours on standard error, in the same places and styles as in clap's messages.

use std::io;

use clap::builder::Styles;
use clap::builder::styling::{AnsiColor, Style};

/// The labels that are coloured.
#[derive(Debug, Clone, Copy)]
pub(super) enum Label {
    Error,
    Warning,
}

/// Formats a label for standard error: in colour on a terminal, unless the environment forbids it (`NO_COLOR`,
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
