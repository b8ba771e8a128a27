//! URLs without user name and password.

use url::Url;

/// The same URL as it may be shown and kept.
pub fn without_credentials(url: &Url) -> Url {
    let mut url = url.clone();
    // Only URLs that cannot have credentials refuse to be without them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::without_credentials;

    #[test]
    fn user_name_and_password_are_taken_from_a_url_and_nothing_else() {
        for (url, without) in [
            ("http://u:p@h:1/a?u:p@b#c", "http://h:1/a?u:p@b#c"),
            ("http://u@h/", "http://h/"),
            ("http://:p@h/", "http://h/"),
            ("https://h/u:p@", "https://h/u:p@"),
            ("data:text/plain,u:p@h", "data:text/plain,u:p@h"),
        ] {
            assert_eq!(without_credentials(&Url::parse(url).expect("a URL")).as_str(), without);
        }
    }
}
