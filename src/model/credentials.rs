//! URLs without user name and password.

use url::Url;

/// The URL without its user name and password, fit to be shown and stored.
pub fn without_credentials(url: &Url) -> Url {
    let mut url = url.clone();
    // These calls fail only for URLs that cannot have credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::without_credentials;

    #[test]
    fn only_the_user_name_and_password_are_removed_from_a_url() {
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
