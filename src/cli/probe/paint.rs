//! Colours on standard output, if it is a terminal.

use std::io;

use clap::builder::styling::{AnsiColor, Style};

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// The name of a field.
    Name,
    /// A value of the page.
    Value,
    /// Where a value stands.
    Place,
    /// What may be wrong.
    Trouble,
    /// What may have been meant.
    Advice,
}

/// Paints texts, or does not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    is_on: bool,
}

impl Paint {
    /// Paints if standard output is a terminal and the environment does not forbid it (`NO_COLOR`, `CLICOLOR`, `TERM`).
    pub(super) fn of_output() -> Self {
        Self { is_on: anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never }
    }

    #[cfg(test)]
    pub(super) fn of(is_on: bool) -> Self {
        Self { is_on }
    }

    /// Paints a text that controls no terminal.
    pub(super) fn paint(self, tone: Tone, text: &str) -> String {
        if !self.is_on || text.is_empty() {
            return text.to_owned();
        }
        let style: Style = match tone {
            Tone::Name => Style::new().bold(),
            Tone::Value => AnsiColor::Green.on_default(),
            Tone::Place => AnsiColor::BrightBlack.on_default(),
            Tone::Trouble => AnsiColor::Yellow.on_default().bold(),
            Tone::Advice => AnsiColor::Cyan.on_default(),
        };
        format!("{style}{text}{style:#}")
    }
}
