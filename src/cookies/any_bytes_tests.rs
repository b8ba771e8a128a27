//! Cookie files and `Set-Cookie` lines with arbitrary bytes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use url::Url;

use super::Jar;

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn saved(jar: &Jar) -> Vec<u8> {
    let mut file = Vec::new();
    jar.save(&mut file, now()).expect("memory takes it");
    file
}

/// Checks that a saved jar is the same after loading.
fn assert_survives_saving_and_loading(jar: &Jar) {
    let file = saved(jar);
    let again = Jar::load(&file[..], now()).expect("a saved file can be loaded");
    assert_eq!(saved(&again), file);
    // The format cannot hold tabs.
    assert!(again.len() <= jar.len());
}

/// Bytes that form a cookie more often than random bytes do.
fn cookie_like_bytes() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(vec![
        "\t",
        "TRUE",
        "FALSE",
        "/",
        ".h.example",
        "h.example",
        "0",
        "1800000000",
        "a",
        "=",
        "; ",
        "Path=/",
        "\n",
        "#",
        "#HttpOnly_",
        "Domain=",
        "Secure",
        "Max-Age=9",
        "Expires=",
        "1 Jan 2030 1:1:1",
        "__Host-",
        "\u{e9}",
        "\r",
        " ",
    ]);
    let word =
        prop_oneof![9 => word.prop_map(|word| word.as_bytes().to_vec()), 1 => any::<u8>().prop_map(|byte| vec![byte])];
    prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn a_file_of_any_bytes_is_a_jar_or_an_error_that_names_a_line(bytes in cookie_like_bytes()) {
        match Jar::load(&bytes[..], now()) {
            Ok(jar) => assert_survives_saving_and_loading(&jar),
            Err(error) => prop_assert!(error.to_string().starts_with("line "), "{error}"),
        }
    }

    #[test]
    fn fields_of_any_text_are_a_valid_cookie_or_an_error(fields in prop::collection::vec("[ -~é\u{0}-\u{1f}]{0,9}", 3)) {
        let [host, name, value] = &fields[..] else { unreachable!("three were asked for") };
        let file = format!("{host}\tTRUE\t/\tFALSE\t0\t{name}\t{value}\n");
        if let Ok(jar) = Jar::load(file.as_bytes(), now()) {
            assert_survives_saving_and_loading(&jar);
        }
    }

    #[test]
    fn a_line_of_any_bytes_sets_only_cookies_that_can_be_sent_and_saved(bytes in cookie_like_bytes(), before in "[a-z]{0,3}=?") {
        let line = before + &encoding_rs::mem::decode_latin1(&bytes);
        let url = Url::parse("https://www.h.example/").expect("a URL");
        let mut jar = Jar::new();
        jar.store(&url, [line.as_str(), "last=1"], now());
        assert_survives_saving_and_loading(&jar);
        let header = jar.header_for(&url, now()).expect("the last one is a cookie");
        prop_assert!(!header.contains(|c: char| (c.is_ascii_control() && c != '\t') || c > '\u{ff}'), "{header:?}");
    }
}
