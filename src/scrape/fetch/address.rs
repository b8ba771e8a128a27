//! Which addresses are not on the public internet.
//!
//! The rules follow the registries of special-purpose addresses (RFC 6890; IANA, "IPv4/IPv6 Special-Purpose Address
//! Registry"). An IPv6 address that contains an IPv4 address is judged by the IPv4 address.
//!
//! The addresses of this machine are not public either: a service that listens on all of them is often meant for this
//! machine alone.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// Returns the kind of an address that is not public, or `None` for a public one. The text completes "its address is
/// ...".
pub(super) fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    Some(match address.octets() {
        // Addresses at which clouds hand out credentials of the machine: AWS and most others, AWS containers, Azure (a
        // public address), Alibaba, Oracle.
        [169, 254, 169, 254] | [169, 254, 170, 2] | [168, 63, 129, 16] | [100, 100, 100, 200] | [192, 0, 0, 192] => {
            "a cloud's metadata service"
        }
        [0, 0, 0, 0] => "the unspecified address",
        [0, ..] => "of this network only",
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => "private",
        [100, 64..=127, ..] => "a carrier's shared address (CGNAT)",
        [127, ..] => "loopback",
        [169, 254, ..] => "link-local",
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => "for documentation",
        [198, 18 | 19, ..] => "for benchmarks",
        [224..=239, ..] => "multicast",
        [255, 255, 255, 255] => "broadcast",
        [192, 0, 0, _] | [192, 88, 99, _] | [240..=255, ..] => "reserved",
        _ if is_own(address.into()) => "this machine's own",
        _ => return None,
    })
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    let low = || v4(&address, 12);
    Some(match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => "the unspecified address",
        [0, 0, 0, 0, 0, 0, 0, 1] => "loopback",
        // IPv4-compatible (deprecated), -mapped, -translated (RFC 2765), and NAT64 (RFC 6052).
        [0, 0, 0, 0, 0, 0 | 0xffff, _, _] | [0, 0, 0, 0, 0xffff, 0, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => {
            return special_v4(low());
        }
        [0x64, 0xff9b, 1, ..] => "private (NAT64)",
        // Teredo (RFC 4380): the address of its server, and that of its client with all bits inverted.
        [0x2001, 0, ..] => {
            let client = Ipv4Addr::from_bits(!low().to_bits());
            return special_v4(v4(&address, 4)).or_else(|| special_v4(client));
        }
        [0x2001, 2, 0, ..] => "for benchmarks",
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => "for documentation",
        // Protocol assignments and ORCHID.
        [0x2001, 0..=0x01ff, ..] => "reserved",
        // 6to4 (RFC 3056).
        [0x2002, ..] => return special_v4(v4(&address, 2)),
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] => "a cloud's metadata service",
        // ISATAP (RFC 5214) under any prefix.
        [_, _, _, _, 0 | 0x0200, 0x5efe, _, _] if special_v4(low()).is_some() => return special_v4(low()),
        [0x2000..=0x3fff, ..] if is_own(address.into()) => "this machine's own",
        [0x2000..=0x3fff, ..] => return None,
        [0xfc00..=0xfdff, ..] => "private (unique local)",
        [0xfe80..=0xfebf, ..] => "link-local",
        [0xfec0..=0xfeff, ..] => "private (site-local)",
        [0xff00..=0xffff, ..] => "multicast",
        // Global unicast is exactly 2000::/3.
        _ => "reserved",
    })
}

/// Whether an interface of this machine has the address: a socket can be bound only to such an address. On machines
/// that allow binding to any address (`ip_nonlocal_bind`), this test cannot work, and all addresses count as foreign.
fn is_own(address: IpAddr) -> bool {
    let elsewhere = match address {
        // An address for documentation, which no machine has.
        IpAddr::V4(_) => IpAddr::from([192, 0, 2, 1]),
        IpAddr::V6(_) => IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]),
    };
    let can_bind = |address: IpAddr| UdpSocket::bind((address, 0)).is_ok();
    can_bind(address) && !can_bind(elsewhere)
}

/// Returns the IPv4 address in the four bytes from `at` on.
fn v4(address: &Ipv6Addr, at: usize) -> Ipv4Addr {
    let octets = address.octets();
    Ipv4Addr::new(octets[at], octets[at + 1], octets[at + 2], octets[at + 3])
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, UdpSocket};

    use super::{is_own, special};

    #[test]
    fn only_addresses_of_this_machine_count_as_its_own() {
        for (address, expected) in [("127.0.0.1", true), ("127.8.9.10", true), ("192.0.2.7", false), ("8.8.8.8", false)]
        {
            assert_eq!(is_own(address.parse().expect(address)), expected, "{address}");
        }
        // The address that this machine sends from, if it has a network. Nothing is sent.
        let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
        if socket.connect("8.8.8.8:9").is_ok() {
            let own: IpAddr = socket.local_addr().expect("connected").ip();
            assert!(is_own(own) && special(own).is_some(), "{own}");
        }
    }

    #[test]
    fn addresses_outside_the_public_internet_are_recognized_in_every_form() {
        let table = [
            ("0.0.0.0", "unspecified"),
            ("0.1.2.3", "this network"),
            ("10.0.0.0", "private"),
            ("10.255.255.255", "private"),
            ("100.64.0.0", "CGNAT"),
            ("100.127.255.255", "CGNAT"),
            ("100.100.100.200", "metadata"),
            ("127.0.0.1", "loopback"),
            ("127.255.255.254", "loopback"),
            ("168.63.129.16", "metadata"),
            ("169.254.169.254", "metadata"),
            ("169.254.170.2", "metadata"),
            ("169.254.0.1", "link-local"),
            ("172.16.0.1", "private"),
            ("172.31.255.255", "private"),
            ("192.0.0.1", "reserved"),
            ("192.0.2.1", "documentation"),
            ("192.88.99.1", "reserved"),
            ("192.168.1.1", "private"),
            ("198.18.0.1", "benchmarks"),
            ("198.19.255.255", "benchmarks"),
            ("198.51.100.1", "documentation"),
            ("203.0.113.1", "documentation"),
            ("224.0.0.1", "multicast"),
            ("239.255.255.255", "multicast"),
            ("240.0.0.1", "reserved"),
            ("255.255.255.255", "broadcast"),
            ("::", "unspecified"),
            ("::1", "loopback"),
            ("::127.0.0.1", "loopback"),
            ("::ffff:127.0.0.1", "loopback"),
            ("::ffff:10.1.2.3", "private"),
            ("::ffff:169.254.169.254", "metadata"),
            ("::ffff:0:192.168.0.1", "private"),
            ("64:ff9b::10.0.0.1", "private"),
            ("64:ff9b::169.254.169.254", "metadata"),
            ("64:ff9b:1::1", "private"),
            ("100::1", "reserved"),
            ("2001:0:a00:1::", "private"),
            // The client is 127.0.0.1, with all bits inverted.
            ("2001:0:808:808:0:0:80ff:fffe", "loopback"),
            ("2001:2::1", "benchmarks"),
            ("2001:10::1", "reserved"),
            ("2001:db8::1", "documentation"),
            ("2002:7f00:1::", "loopback"),
            ("2002:c0a8:101::1", "private"),
            ("2606:4700::5efe:a00:1", "private"),
            ("3fff::1", "documentation"),
            ("4000::1", "reserved"),
            ("5f00::1", "reserved"),
            ("fc00::1", "unique local"),
            ("fd12:3456::1", "unique local"),
            ("fd00:ec2::254", "metadata"),
            ("fe80::1", "link-local"),
            ("febf::1", "link-local"),
            ("fec0::1", "site-local"),
            ("ff02::1", "multicast"),
        ];
        for (address, kind) in table {
            let found = special(address.parse().expect(address));
            assert!(found.is_some_and(|found| found.contains(kind)), "{address}: {found:?}");
        }
    }

    #[test]
    fn public_addresses_are_public_in_every_form() {
        let table = [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "168.63.129.17",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "2001:0:808:808:0:0:f7f7:f7f7",
            "2001:200::1",
            "2606:4700::1111",
            "2a00:1450:4001::200e",
            "3ffe::1",
        ];
        for address in table {
            assert_eq!(special(address.parse().expect(address)), None, "{address}");
        }
    }
}
