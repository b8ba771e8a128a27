//! The properties that two requests must share so that one may get the stored answer of the other.

use std::hash::Hasher;

use http::HeaderMap;
use http::header::{CACHE_CONTROL, HeaderName, PRAGMA};
use siphasher::sip128::{Hasher128, SipHasher24};
use url::{Position, Url};

use crate::model::Reach;

/// The most bytes of a URL. Longer ones are not cached.
const LONGEST_URL: usize = 8 * 1024;

/// Everything except the request that shapes the data of a page: rules, version, limits. Runs with different shapes
/// share no entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape([u8; 16]);

impl Shape {
    /// The shape of these settings, given as names and values.
    pub fn new<'a>(settings: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut hash = Hash::default();
        for (name, value) in settings {
            hash.add(name.as_bytes());
            hash.add(value.as_bytes());
        }
        Self(hash.finish())
    }
}

/// A request that can have an entry in the cache.
#[derive(Clone)]
pub struct CacheRequest {
    pub(super) key: Key,
    /// All headers of the request. Only those that control caches, and those that the `Vary` of an answer names, are
    /// used.
    pub(super) headers: HeaderMap,
}

/// The key of an entry: a hash, and the URL without fragment, user name and password. Keys of one site are neighbours,
/// so that the entries of a list in site order are close together in the file.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key(Box<[u8]>);

impl Key {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl CacheRequest {
    /// The request for `url`. `None` if it cannot be cached.
    ///
    /// `settings` are the headers that are known before the run, including credentials and loaded cookies. They are
    /// part of the key, so that no user gets an answer that only another one may see. `headers` are all headers of the
    /// request, including those that the run adds (cookies that servers have set). They matter if the `Vary` of an
    /// answer names them.
    pub fn new(shape: &Shape, url: &Url, reach: &Reach, settings: &HeaderMap, headers: HeaderMap) -> Option<Self> {
        if url.as_str().len() > LONGEST_URL {
            return None;
        }
        let mut hash = Hash::default();
        hash.add(&shape.0);
        hash.add(url.username().as_bytes());
        hash.add(url.password().unwrap_or_default().as_bytes());
        // A URL of the list may be on a private network. Its answer must not be used for a redirect from another site.
        hash.add(&[u8::from(is_own(url, reach))]);
        let mut names: Vec<&HeaderName> = settings.keys().filter(|name| !steers_caches(name)).collect();
        names.sort_unstable_by_key(|name| name.as_str());
        for name in names {
            hash.add(name.as_str().as_bytes());
            settings.get_all(name).iter().for_each(|value| hash.add(value.as_bytes()));
            hash.add(b"");
        }
        let place = [&url[..Position::BeforeUsername], &url[Position::BeforeHost..Position::AfterQuery]].concat();
        let key = [&hash.finish()[..], place.as_bytes()].concat().into();
        Some(Self { key: Key(key), headers })
    }
}

/// Leaves out the values of the headers, which may be secret.
impl std::fmt::Debug for CacheRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CacheRequest").field("key", &self.key).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Key").field(&String::from_utf8_lossy(self.0.get(16..).unwrap_or_default())).finish()
    }
}

/// Whether the URL is in the list, or has the same origin as the URL of the list.
fn is_own(url: &Url, reach: &Reach) -> bool {
    match reach {
        Reach::Listed => true,
        Reach::Redirected { own } => url.origin().ascii_serialization() == *own,
    }
}

/// Whether a request header only says how to use caches (RFC 9111, 5.2.1 and 5.4), and does not shape the answer.
pub(super) fn steers_caches(name: &HeaderName) -> bool {
    *name == CACHE_CONTROL || *name == PRAGMA
}

/// A hash of all values of this request header; `None` if there are none. The values are not kept, because they may be
/// secret.
pub(super) fn hash_values(headers: &HeaderMap, name: &str) -> Option<[u8; 16]> {
    let mut values = headers.get_all(name).iter().peekable();
    values.peek()?;
    let mut hash = Hash::default();
    values.for_each(|value| hash.add(value.as_bytes()));
    Some(hash.finish())
}

/// A hash that is the same in every version and on every machine. Parts that must never be confused are also in the key
/// itself.
#[derive(Default)]
struct Hash(SipHasher24);

impl Hash {
    /// Adds bytes as one unit: "ab", "c" differs from "a", "bc".
    fn add(&mut self, bytes: &[u8]) {
        self.0.write(&(bytes.len() as u64).to_le_bytes());
        self.0.write(bytes);
    }

    fn finish(&self) -> [u8; 16] {
        self.0.finish128().as_bytes()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use http::HeaderValue;

    use super::*;

    pub(in crate::cache) fn headers(headers: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            map.append(name, HeaderValue::from_str(value).expect("a value"));
        }
        map
    }

    pub(in crate::cache) fn request(url: &str, settings: &[(&str, &str)]) -> CacheRequest {
        let settings = headers(settings);
        let url = Url::parse(url).expect("a URL");
        CacheRequest::new(&Shape::new([]), &url, &Reach::Listed, &settings, settings.clone()).expect("it fits")
    }

    #[test]
    fn requests_that_may_give_different_data_have_different_keys() {
        let shape = |rule| Shape::new([("extract.title", rule), ("version", "1")]);
        let own = |own: &str| Reach::Redirected { own: own.to_owned() };
        let key = |shape: &Shape, url: &str, reach: &Reach, set: &[(&str, &str)], run: &[(&str, &str)]| {
            let settings = headers(set);
            let mut all = settings.clone();
            all.extend(headers(run));
            CacheRequest::new(shape, &Url::parse(url).expect(url), reach, &settings, all).expect("it fits").key
        };
        let usual = key(&shape("h1"), "http://h/a?b", &Reach::Listed, &[("a", "1"), ("b", "2")], &[]);
        let set = [("a", "1"), ("b", "2")];
        let same = [
            key(&shape("h1"), "http://h/a?b#c", &Reach::Listed, &set, &[]),
            key(&shape("h1"), "http://h:80/a?b", &own("http://h"), &set, &[]),
            key(&shape("h1"), "http://h/a?b", &Reach::Listed, &[("b", "2"), ("a", "1")], &[]),
            key(&shape("h1"), "http://h/a?b", &Reach::Listed, &set, &[("cookie", "of=the-run")]),
            key(
                &shape("h1"),
                "http://h/a?b",
                &Reach::Listed,
                &[("a", "1"), ("b", "2"), ("cache-control", "no-cache")],
                &[],
            ),
        ];
        for other in same {
            assert_eq!(other, usual);
        }
        let different = [
            key(&shape("h2"), "http://h/a?b", &Reach::Listed, &set, &[]),
            key(&shape("h1"), "http://h/a", &Reach::Listed, &set, &[]),
            key(&shape("h1"), "http://h/a?B", &Reach::Listed, &set, &[]),
            key(&shape("h1"), "https://h/a?b", &Reach::Listed, &set, &[]),
            key(&shape("h1"), "http://h:8080/a?b", &Reach::Listed, &set, &[]),
            key(&shape("h1"), "http://u@h/a?b", &Reach::Listed, &set, &[]),
            key(&shape("h1"), "http://u:p@h/a?b", &Reach::Listed, &set, &[]),
            key(&shape("h1"), "http://h/a?b", &own("http://elsewhere"), &set, &[]),
            key(&shape("h1"), "http://h/a?b", &Reach::Listed, &[("a", "1"), ("b", "3")], &[]),
            key(&shape("h1"), "http://h/a?b", &Reach::Listed, &[("a", "1"), ("b", "2"), ("b", "2")], &[]),
            key(&shape("h1"), "http://h/a?b", &Reach::Listed, &[("a", "1")], &[]),
        ];
        for (place, other) in different.iter().enumerate() {
            assert_ne!(*other, usual, "{place}");
            assert!(different[..place].iter().all(|earlier| earlier != other), "{place}");
        }
    }

    #[test]
    fn keys_contain_no_secrets_and_never_change() {
        let key = request("http://user:secret@h.example:8080/a?b#c", &[("authorization", "secret")]).key;
        let (hash, url) = key.bytes().split_at(16);
        assert_eq!(url, b"http://h.example:8080/a?b");
        assert_eq!(
            format!("{:032x}", u128::from_be_bytes(hash.try_into().expect("16 bytes"))),
            "866fc7f9331dc316176d4a56cb01631e"
        );
    }

    #[test]
    fn a_url_that_is_too_long_is_not_cached() {
        let url = Url::parse(&format!("http://h/{}", "a".repeat(LONGEST_URL))).expect("a URL");
        assert!(
            CacheRequest::new(&Shape::new([]), &url, &Reach::Listed, &HeaderMap::new(), HeaderMap::new()).is_none()
        );
    }
}
