//! The server's connections: let in by number, cut off when they are silent, ended in a bounded time.
//!
//! - hyper's timer ends a connection whose request's head does not come whole, also while it waits for the next request.
//!   `axum::serve` sets none, so hyper is served here.
//! - A place is held by the stream, and so by the WebSocket that an upgrade makes of it.
//! - Who stops the server waits for what is running, but not for a client that does nothing.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{Extension, Router, extract::ConnectInfo};
use gongyi_api::{Full, Guest, Guests, Stopping};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
    service::TowerToHyperService,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_io_timeout::TimeoutStream;

/// Connections open at once.
pub const CONNECTIONS_MAX_COUNT: usize = 8_192;
/// Connections open at once from one address; behind a proxy all are the proxy's, and this does not count.
pub const CONNECTIONS_PER_ADDRESS_MAX_COUNT: usize = 2_048;
/// How long a request's head may take, and how long a connection waits for the next request, in seconds.
pub const REQUEST_HEAD_MAX_SECONDS: u64 = 15;
/// How long nothing may come from a client, or be taken by one, in seconds. Longer than a request's answer may take, and than
/// what lies between two pings of a WebSocket.
pub const SILENCE_MAX_SECONDS: u64 = 90;
/// How long a server that stops waits for what is running, in seconds.
pub const DRAIN_MAX_SECONDS: u64 = 5;
/// How long nobody is accepted after the system had no room for another connection, in seconds.
const NO_ROOM_SECONDS: u64 = 1;
/// Files that the server itself needs: its databases, their logs, the standard streams.
const OWN_FILES_MAX_COUNT: usize = 256;

/// As many files as the system lets this process open; each connection is one.
fn room_for_files() -> Option<usize> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    let allowed = if raised { maximum } else { current };
    allowed.map(|files| usize::try_from(files).unwrap_or(usize::MAX))
}

/// Places for so many connections, fewer where the system has no room for as many.
pub fn places(max: usize, per_address_max: Option<usize>) -> Arc<Guests> {
    let room = room_for_files().map_or(usize::MAX, |files| files.saturating_sub(OWN_FILES_MAX_COUNT).max(1));
    if room < max {
        tracing::warn!(room, wanted = max, "the system lets this process open fewer connections");
    }
    Guests::new(max.min(room), per_address_max.unwrap_or(usize::MAX))
}

/// Serves until `stopping` begins, then waits for what is running, [`DRAIN_MAX_SECONDS`] at most.
pub async fn serve(listener: TcpListener, router: Router, places: Arc<Guests>, mut stopping: Stopping) {
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(REQUEST_HEAD_MAX_SECONDS));
    server.http2().timer(TokioTimer::new());
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut told_full = false;
    loop {
        let accepted = tokio::select! {
            biased;
            () = stopping.begins() => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                not_accepted(&error).await;
                continue;
            }
        };
        let guest = match places.enters(Some(peer.ip())) {
            Ok(guest) => guest,
            Err(full) => {
                if full == Full::Everywhere && !std::mem::replace(&mut told_full, true) {
                    tracing::warn!("as many connections are open as may be; others are hung up on");
                }
                continue;
            }
        };
        told_full = false;
        let held = Held { stream, _guest: guest };
        connections.spawn(connected(held, peer, router.clone(), server.clone(), graceful.watcher(), stopping.clone()));
    }
    drop(listener);
    let _ = tokio::time::timeout(Duration::from_secs(DRAIN_MAX_SECONDS), graceful.shutdown()).await;
    // Those that are still there have not even sent a request, or do not take its answer.
    connections.shutdown().await;
}

/// A client that was hung up on before it was accepted is nothing; a system without room has some again in a moment.
async fn not_accepted(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "a connection was not accepted");
        tokio::time::sleep(Duration::from_secs(NO_ROOM_SECONDS)).await;
    }
}

/// One connection, from its first byte on.
async fn connected(
    held: Held,
    peer: SocketAddr,
    router: Router,
    server: auto::Builder<TokioExecutor>,
    watcher: Watcher,
    mut stopping: Stopping,
) {
    // hyper waits without a timer for what tells HTTP/1 from HTTP/2. A stream may be called readable and not be: this looks.
    let mut first_byte = [0];
    tokio::select! {
        () = stopping.begins() => return,
        first = tokio::time::timeout(Duration::from_secs(REQUEST_HEAD_MAX_SECONDS), held.stream.peek(&mut first_byte)) => {
            if !matches!(first, Ok(Ok(1))) {
                return;
            }
        }
    }
    drop(stopping);
    let silence = Some(Duration::from_secs(SILENCE_MAX_SECONDS));
    let mut stream = TimeoutStream::new(held);
    stream.set_read_timeout(silence);
    stream.set_write_timeout(silence);
    let service = TowerToHyperService::new(router.layer(Extension(ConnectInfo(peer))));
    let serving = server.serve_connection_with_upgrades(TokioIo::new(Box::pin(stream)), service).into_owned();
    // What goes wrong on a connection is its client's to see.
    let _ = watcher.watch(serving).await;
}

/// A stream and its place.
struct Held {
    stream: TcpStream,
    _guest: Guest,
}

impl AsyncRead for Held {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Held {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, from)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, from)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
