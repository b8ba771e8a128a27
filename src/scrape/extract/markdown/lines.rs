//! Writes blocks of lines below the marks of the quotes and lists that contain them.

/// The deepest nesting of quotes and lists that is shown. Deeper ones look like this one. Every line repeats the marks
/// of its containers, so the output would otherwise grow with the square of the depth.
const DEEPEST: usize = 32;

/// The mark of one container at the beginning of its lines.
struct Container {
    /// The mark of the next line, if it differs: `- ` before the first line of an item.
    first: Option<String>,
    /// The mark of other lines: `> `, or the indentation of an item.
    rest: String,
    /// Whether blank lines separate the parts of an item.
    is_loose: bool,
}

/// The distance to the block before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    /// The block begins on the next line.
    Line,
    /// A blank line comes between.
    Blank,
}

/// The finished lines.
#[derive(Default)]
pub(super) struct Lines {
    out: String,
    containers: Vec<Container>,
    /// The containers that were opened beyond the limit.
    ignored: usize,
    gap: Option<Gap>,
    /// The number of containers that both the last block and the next one are in.
    shared: usize,
    /// The nesting and the mark of the list that ended right here.
    list: Option<(usize, char)>,
}

impl Lines {
    /// Asks for at least this distance to the next block. A block at the beginning of an item is not separated from the
    /// mark of the item.
    pub(super) fn separate(&mut self, gap: Gap) {
        if !self.is_at_mark() {
            self.gap = self.gap.max(Some(gap));
        }
    }

    /// Opens a container. `first` is the mark of its first line, if that differs from `rest`.
    pub(super) fn open(&mut self, first: Option<String>, rest: String) {
        if self.containers.len() < DEEPEST {
            self.containers.push(Container { first, rest, is_loose: false });
        } else {
            self.ignored += 1;
        }
    }

    /// Closes the newest container.
    pub(super) fn close(&mut self) {
        if self.ignored > 0 {
            self.ignored -= 1;
            return;
        }
        let closed = self.containers.pop();
        self.shared = self.shared.min(self.containers.len());
        let is_tight = closed.is_some_and(|it| !it.is_loose && it.rest.trim().is_empty() && it.first.is_none());
        if is_tight && self.gap.is_some() {
            self.gap = Some(Gap::Line);
        }
    }

    /// Marks the item that is open as one that blank lines separate from its neighbours.
    pub(super) fn loosen(&mut self) {
        if let Some(last) = self.containers.last_mut() {
            last.is_loose = true;
        }
    }

    /// Whether any container is open.
    pub(super) fn is_contained(&self) -> bool {
        !self.containers.is_empty()
    }

    /// Returns the mark for a list that begins here. Of two adjacent lists, each has another mark, because Markdown would
    /// join them.
    pub(super) fn list_mark(&self, usual: char, other: char) -> char {
        if self.list == Some((self.containers.len(), usual)) { other } else { usual }
    }

    /// Notes that a list ends here.
    pub(super) fn end_list(&mut self, mark: char) {
        self.list = Some((self.containers.len(), mark));
    }

    /// Writes a block of lines.
    pub(super) fn block(&mut self, text: &str) {
        if !self.out.is_empty() {
            self.out.push('\n');
            if self.gap == Some(Gap::Blank) {
                for container in &mut self.containers[..self.shared] {
                    container.is_loose = true;
                    self.out.push_str(&container.rest);
                }
                self.trim_spaces();
                self.out.push('\n');
            }
        }
        for (nth, line) in text.split('\n').enumerate() {
            if nth > 0 {
                self.out.push('\n');
            }
            for container in &mut self.containers {
                match container.first.take() {
                    Some(first) => self.out.push_str(&first),
                    None => self.out.push_str(&container.rest),
                }
            }
            if line.is_empty() {
                self.trim_spaces();
            }
            self.out.push_str(line);
        }
        self.gap = Some(Gap::Line);
        self.shared = self.containers.len();
        self.list = None;
    }

    /// Returns the text.
    pub(super) fn finish(self) -> String {
        self.out
    }

    fn is_at_mark(&self) -> bool {
        self.ignored == 0 && self.containers.last().is_some_and(|last| last.first.is_some())
    }

    fn trim_spaces(&mut self) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
    }
}
