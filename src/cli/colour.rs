//! Colours on standard error, in the same places and styles as in clap's messages.

use std::io;

use clap::builder::Styles;
use clap::builder::styling::{AnsiColor, Style};

/// Colours are used so from now on, also by clap. By default, the environment decides.
pub(super) fn choose(when: Option<clap::ColorChoice>) {
    match when {
        Some(clap::ColorChoice::Always) => anstream::ColorChoice::Always,
        Some(clap::ColorChoice::Never) => anstream::ColorChoice::Never,
        Some(clap::ColorChoice::Auto) | None => anstream::ColorChoice::Auto,
    }
    .write_global();
}

/// The labels that are coloured.
#[derive(Debug, Clone, Copy)]
pub(super) enum Label {
    Error,
    Warning,
}

/// Formats a label for standard error: in colour on a terminal, unless `--color` or the environment says
/// otherwise (`NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE`, `TERM`).
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
