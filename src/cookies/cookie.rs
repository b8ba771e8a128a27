//! One cookie.

/// The most bytes that name and value may have together (6265bis, 5.6).
const LONGEST: usize = 4096;

/// A cookie, but for the domain that it is for: the jar has that.
#[derive(Clone)]
pub(super) struct Cookie {
    /// Empty for a cookie that has none.
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
        if self.name.is_empty() && self.value.is_empty() {
            return Err("name and value are empty");
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
        // 6265bis, 4.1.3 and 5.7: in any case, since servers may not mind it.
        if begins(&self.name, SECURE) && !self.secure {
            return Err("the name begins with `__Secure-`, and the cookie is not for https alone");
        }
        if begins(&self.name, HOST) && !(self.secure && self.host_only && &*self.path == "/") {
            return Err(
                "the name begins with `__Host-`, and the cookie is not for https, one host and all of its paths",
            );
        }
        // A server could not tell it from a cookie that has the name.
        if self.name.is_empty() && (begins(&self.value, SECURE) || begins(&self.value, HOST)) {
            return Err("the cookie has no name, and its value begins with `__Secure-` or `__Host-`");
        }
        Ok(())
    }

    /// Whether it may only be set with a `Path` (6265bis, 5.7).
    pub(super) fn needs_a_path(&self) -> bool {
        begins(&self.name, HOST)
    }

    /// Whether a file of cookies can hold it: there, tabs stand between the fields.
    pub(super) fn fits_a_file(&self) -> bool {
        ![&self.name, &self.value, &self.path].iter().any(|text| text.contains('\t'))
    }
}

const SECURE: &str = "__Secure-";
const HOST: &str = "__Host-";

/// A tab is no such character (6265bis, 5.6).
fn is_control(c: char) -> bool {
    c.is_ascii_control() && c != '\t'
}

fn begins(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
}
