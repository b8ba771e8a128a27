//! `[network]`

use super::{Affects, Keys, Read, Section, Setting, placed_template, put};
use crate::config::element::{choice, list, template};
use crate::scrape::PrivateAddresses;

pub(super) const NETWORK: Section = Section {
    name: "network",
    doc: "What may be reached.",
    keys: Keys::Known(&[
        Setting {
            name: "private_addresses",
            read: Read::Value(|s, n| {
                put(&mut s.plan.scrape.fetch.private_addresses, n, |n| choice::read(n, PRIVATE_ADDRESSES))
            }),
            form: || choice::form(PRIVATE_ADDRESSES),
            default: "\"direct\"",
            affects: Affects::Data,
            doc: "Who may reach addresses that are not on the public internet (private, loopback, link-local and others). \
                  \"direct\" = a URL of the list may, and a redirect may only at the origin of the URL in the list that it \
                  began with. \"allow\" = everybody may. \"deny\" = nobody may. The address that is dialled is checked, not \
                  the name. A proxy that looks up names itself decides what it dials: for such a proxy, only addresses in \
                  URLs are checked.",
        },
        Setting {
            name: "proxies",
            read: Read::Url(|s, n| put(&mut s.proxies, n, |n| list::read(n, placed_template))),
            form: || list::form(&template::form()),
            default: "[]",
            affects: Affects::Nothing,
            doc: "Proxies: \"http://user:${PASSWORD}@proxy.example:3128\", \"https://..\", \"socks5://..\" or \
                  \"socks5h://..\". With \"socks5\", names are looked up here, and `private_addresses` counts for their \
                  addresses. All other proxies look names up themselves; for these, only addresses in URLs are checked.\n\
                  \n\
                  Several proxies take turns, request by request. An empty list uses those of the environment \
                  (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY); [\"none\"] uses none at all. Requests to a --site never \
                  go through a proxy.",
        },
    ]),
    remarks: "",
};

const PRIVATE_ADDRESSES: &[(&str, PrivateAddresses)] =
    &[("direct", PrivateAddresses::Direct), ("allow", PrivateAddresses::Allow), ("deny", PrivateAddresses::Deny)];
