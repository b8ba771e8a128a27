//! One cookie.

/// The most bytes of name and value together (6265bis, 5.6).
const LONGEST: usize = 4096;

/// A cookie without its domain. The jar stores the domain.
#[derive(Clone)]
pub(super) struct Cookie {
    /// Empty for a cookie without a name.
    pub(super) name: Box<str>,
    /// The value as the server wrote it, including quotes.
    pub(super) value: Box<str>,
    /// Begins with a slash.
    pub(super) path: Box<str>,
    /// Whether it is for this host only, and not for its subdomains.
    pub(super) host_only: bool,
    /// Whether it is for https only.
    pub(super) secure: bool,
    /// Whether scripts must not see it. It is kept only for the file, because there are no scripts.
    pub(super) http_only: bool,
    /// Expiry in seconds since 1970; `None`: at the end of the session.
    pub(super) expires: Option<u64>,
}

impl Cookie {
    /// Whether a later cookie replaces this one, among the cookies of one domain (6265bis, 5.7).
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && self.path == other.path && self.host_only == other.host_only
    }

    pub(super) fn is_expired(&self, now: u64) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// The length of name and value on the wire. There, every character is one byte; here, characters above 0x7F take
    /// two.
    pub(super) fn bytes(&self) -> usize {
        self.name.chars().count() + self.value.chars().count()
    }

    /// Rejects a cookie that is not valid. The reason contains no part of the cookie, because cookies are secrets.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.name.is_empty() && self.value.is_empty() {
            return Err("the name and the value are empty");
        }
        if self.bytes() > LONGEST {
            return Err("the name and the value have more than 4096 bytes");
        }
        let has_other = |text: &str| text.contains(|c| is_control(c) || c > '\u{ff}' || c == ';');
        if has_other(&self.name) || has_other(&self.value) || has_other(&self.path) || self.name.contains('=') {
            return Err("the name, the value or the path has a character that is not allowed");
        }
        if !self.path.starts_with('/') {
            return Err("the path does not begin with a slash");
        }
        // 6265bis, 4.1.3 and 5.7: upper and lower case count as the same, because servers may treat them as the same.
        if has_prefix(&self.name, SECURE) && !self.secure {
            return Err("the name begins with `__Secure-`, which requires a cookie for https only");
        }
        if has_prefix(&self.name, HOST) && !(self.secure && self.host_only && &*self.path == "/") {
            return Err(
                "the name begins with `__Host-`, which requires a cookie for https only, one host and the path `/`",
            );
        }
        // A server could not distinguish it from a cookie with such a name.
        if self.name.is_empty() && (has_prefix(&self.value, SECURE) || has_prefix(&self.value, HOST)) {
            return Err("the cookie has no name, but its value begins with `__Secure-` or `__Host-`");
        }
        Ok(())
    }

    /// Whether it must have a `Path` attribute (6265bis, 5.7).
    pub(super) fn needs_path(&self) -> bool {
        has_prefix(&self.name, HOST)
    }

    /// Whether a cookie file can hold it. Tabs separate the fields of such a file.
    pub(super) fn fits_in_file(&self) -> bool {
        ![&self.name, &self.value, &self.path].iter().any(|text| text.contains('\t'))
    }
}

const SECURE: &str = "__Secure-";
const HOST: &str = "__Host-";

/// A control character. A tab does not count as one (6265bis, 5.6).
fn is_control(c: char) -> bool {
    c.is_ascii_control() && c != '\t'
}

fn has_prefix(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
}
