//! A proxy on loopback that speaks HTTP (RFC 9110, 9.3.6) and SOCKS 5 (RFC 1928, 1929) on one port. It connects every
//! request to one server, whatever host the request names.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::read_head;

/// The credentials `pu:proxysecret`, which a proxy with `lock` requires.
const BASIC: &str = "proxy-authorization: Basic cHU6cHJveHlzZWNyZXQ=";

pub(crate) struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts a proxy that connects to `server`. With `lock`, it requires a user name and a password.
    pub(crate) async fn start(server: SocketAddr, lock: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let log = Arc::clone(&log);
                tokio::spawn(serve(stream, server, lock, log));
            }
        });
        Self { address, asked }
    }

    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address)
    }

    /// The proxy's URL with the required user name and password.
    pub(crate) fn unlocked(&self, scheme: &str) -> String {
        format!("{scheme}://pu:proxysecret@{}", self.address)
    }

    /// The requests so far, in order: `GET http://h/`, `CONNECT h:443`, `SOCKS h:80`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

async fn serve(mut client: TcpStream, server: SocketAddr, lock: bool, log: Arc<Mutex<Vec<String>>>) -> Option<()> {
    let mut first = [0];
    client.peek(&mut first).await.ok()?;
    let note = |asked: String| log.lock().expect("no panic").push(asked);
    let head = if first == [5] {
        note(format!("SOCKS {}", socks(&mut client, lock).await?));
        String::new()
    } else {
        let head = read_head(&mut client).await?;
        let mut words = head.split(' ');
        note(format!("{} {}", words.next()?, words.next()?));
        if lock && !head.contains(BASIC) && !head.contains(&BASIC.replace("proxy-a", "Proxy-A")) {
            client.write_all(b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n").await.ok()?;
            return None;
        }
        head
    };
    let mut server = TcpStream::connect(server).await.ok()?;
    if head.starts_with("CONNECT") {
        client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await.ok()?;
    } else {
        server.write_all(head.as_bytes()).await.ok()?;
    }
    copy_bidirectional(&mut client, &mut server).await.ok()?;
    Some(())
}

/// Handles the SOCKS handshake up to the answer that the connection is established; returns host and port.
async fn socks(client: &mut TcpStream, lock: bool) -> Option<String> {
    let _version = client.read_u8().await.ok()?;
    let methods = text(client).await?;
    if lock {
        if !methods.contains(&2) {
            client.write_all(&[5, 0xff]).await.ok()?;
            return None;
        }
        client.write_all(&[5, 2]).await.ok()?;
        let _version = client.read_u8().await.ok()?;
        let credentials = (text(client).await?, text(client).await?);
        let is_right = credentials == (b"pu".to_vec(), b"proxysecret".to_vec());
        client.write_all(&[1, u8::from(!is_right)]).await.ok()?;
        is_right.then_some(())?;
    } else {
        client.write_all(&[5, 0]).await.ok()?;
    }
    let mut request = [0; 4];
    client.read_exact(&mut request).await.ok()?;
    let host = match request[3] {
        1 => std::net::Ipv4Addr::from(client.read_u32().await.ok()?).to_string(),
        3 => String::from_utf8(text(client).await?).ok()?,
        _ => return None,
    };
    let port = client.read_u16().await.ok()?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
    Some(format!("{host}:{port}"))
}

/// Reads bytes that are preceded by their count.
async fn text(client: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = vec![0; client.read_u8().await.ok()?.into()];
    client.read_exact(&mut bytes).await.ok()?;
    Some(bytes)
}
