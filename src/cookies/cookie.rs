//! One cookie.

/// The most bytes that name and value may have together (6265bis, 5.6).
const LONGEST: usize = 4096;

/// A cookie, but for the domain that it is for: the jar has that.
#[derive(Clone)]
pub(super) struct Cookie {
    pub(super) name: Box<str>,
    /// As the server wrote it, with quotes if it wrote any.
    pub(super) value: Box<str>,
    /// Begins with a slash.
    pub(super) path: Box<str>,
    /// For the very host, not for those below it.
    pub(super) host_only: bool,
    /// For https alone.
    pub(super) secure: bool,
    /// Not for scripts. There are none here; it is kept for the file.
    pub(super) http_only: bool,
    /// Seconds since 1970; `None`: when the session ends.
    pub(super) expires: Option<u64>,
}

impl Cookie {
    /// Whether a later one takes the place of this one, in the jar of one domain (6265bis, 5.7).
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && self.path == other.path && self.host_only == other.host_only
    }

    pub(super) fn is_expired(&self, now: u64) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// What name and value have on the wire: there every character is a byte, and here those above 0x7F take two.
    pub(super) fn bytes(&self) -> usize {
        self.name.chars().count() + self.value.chars().count()
    }

    /// Refuses what no cookie may be. The reason names no part of it: cookies are secrets.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.name.is_empty() {
            return Err("the name is empty");
        }
        if self.bytes() > LONGEST {
            return Err("name and value have more than 4096 bytes");
        }
        let has_other = |text: &str| text.contains(|c| is_control(c) || c > '\u{ff}' || c == ';');
        if has_other(&self.name) || has_other(&self.value) || has_other(&self.path) || self.name.contains('=') {
            return Err("name, value or path has a character that it cannot have");
        }
        if !self.path.starts_with('/') {
            return Err("the path does not begin with a slash");
        }
        // 6265bis, 4.1.3 and 5.6: in any case, since servers may not mind it.
        if begins(&self.name, "__Secure-") && !self.secure {
            return Err("the name begins with `__Secure-`, and the cookie is not for https alone");
        }
        if begins(&self.name, "__Host-") && !(self.secure && self.host_only && &*self.path == "/") {
            return Err(
                "the name begins with `__Host-`, and the cookie is not for https, one host and all of its paths",
            );
        }
        Ok(())
    }
}

/// Tabs among them, which 6265bis allows: a file of cookies could not hold them.
fn is_control(c: char) -> bool {
    c.is_ascii_control()
}

fn begins(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
}
