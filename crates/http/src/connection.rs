//! The listener and its connections.

use crate::limits::{Limits, Terms};
use crate::request::{Peer, Talk, respond};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustls::ServerConfig;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use strongroom_services::house::House;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// After a connection could not be accepted, so long none is.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(100);

/// A bound address.
#[expect(missing_debug_implementations, reason = "the TLS configuration holds a private key")]
pub struct Listening {
    tcp: TcpListener,
    pub(crate) tls: Option<TlsAcceptor>,
}

impl Listening {
    /// Binds the address.
    pub async fn bind(
        address: SocketAddr,
        tls: Option<Arc<ServerConfig>>,
    ) -> std::io::Result<Self> {
        Ok(Self { tcp: TcpListener::bind(address).await?, tls: tls.map(TlsAcceptor::from) })
    }

    /// The address, with the port that was given for port 0.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// Serves until `stop` is ready, then lets finish what is in flight, within the limits.
pub async fn serve(
    house: Arc<House>,
    listening: Listening,
    terms: Terms,
    stop: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(terms.limits.connections_max));
    let (stopping, stopped) = watch::channel(false);
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listening, &slots) => accepted,
        };
        let Some((stream, ip, slot)) = accepted else { continue };
        let talk = Talk::new(Arc::clone(&house), Peer { ip, tls: None }, terms);
        let ending = Ending { watcher: graceful.watcher(), stopped: stopped.clone() };
        let tls = listening.tls.clone();
        tokio::spawn(async move {
            converse(talk, stream, tls, ending).await;
            drop(slot);
        });
    }
    drop(listening);
    stopping.send_replace(true);
    if timeout(terms.limits.drain_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!("connections were still busy when the time to stop was over");
    }
}

type Slot = tokio::sync::OwnedSemaphorePermit;

pub(crate) async fn accept(
    listening: &Listening,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, std::net::IpAddr, Slot)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listening.tcp.accept().await {
        Ok((stream, peer)) => {
            let is_set = stream.set_nodelay(true);
            is_set.ok().map(|()| (stream, peer.ip(), slot))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            // Out of file descriptors or memory: others may end meanwhile, and the log must not fill up.
            pause_accepting().await;
            None
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "an accept that fails at once is not to be retried at once"
)]
async fn pause_accepting() {
    tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
}

/// How a connection learns that the server stops.
struct Ending {
    /// Lets finish what is being answered.
    watcher: Watcher,
    /// True once the server stops: ends what has not begun to be asked.
    stopped: watch::Receiver<bool>,
}

/// The outcome, unless it takes too long or the server stops first.
pub(crate) async fn soon<T>(
    limit: Duration,
    stopped: &mut watch::Receiver<bool>,
    work: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        done = timeout(limit, work) => done.ok(),
        _ = stopped.wait_for(|stopped| *stopped) => None,
    }
}

async fn converse(mut talk: Talk, stream: TcpStream, tls: Option<TlsAcceptor>, mut ending: Ending) {
    let limits = talk.terms.limits;
    let Some(acceptor) = tls else {
        let begins = begins_with_http2(&stream);
        let is_http2 = soon(limits.head_timeout, &mut ending.stopped, begins).await;
        let Some(is_http2) = is_http2 else { return };
        return speak(talk, stream, is_http2, ending).await;
    };
    let handshake = acceptor.accept(stream);
    let handshake = soon(limits.handshake_timeout, &mut ending.stopped, handshake).await;
    let Some(Ok(stream)) = handshake else {
        tracing::debug!(ip = %talk.peer.ip, "TLS handshake failed");
        return;
    };
    let (_, session) = stream.get_ref();
    let version = match session.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLSv1.2",
        _ => "TLSv1.3",
    };
    let suite = session
        .negotiated_cipher_suite()
        .map(|suite| format!("{:?}", suite.suite()).replace("TLS13_", "TLS_"));
    let is_http2 = session.alpn_protocol() == Some(b"h2");
    talk.peer.tls = Some((version, suite.unwrap_or_default()));
    speak(talk, stream, is_http2, ending).await;
}

/// Whether HTTP/2 is spoken without having been agreed on (RFC 9113, section 3.3): no method of HTTP/1.1 starts so.
pub(crate) async fn begins_with_http2(stream: &TcpStream) -> bool {
    let mut start = [0; 3];
    stream.peek(&mut start).await.is_ok() && start == *b"PRI"
}

async fn speak<S>(talk: Talk, stream: S, is_http2: bool, ending: Ending)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let talk = Arc::new(talk);
    let limits = talk.terms.limits;
    let answering = Arc::clone(&talk);
    let service = service_fn(move |request| {
        let talk = Arc::clone(&answering);
        async move { Ok::<_, Infallible>(respond(&talk, request).await) }
    });
    let stream = TokioIo::new(stream);
    let Ending { watcher, stopped } = ending;
    let conversation = if is_http2 {
        let connection = http2_builder(&limits).serve_connection(stream, service);
        tokio::spawn(watcher.watch(connection))
    } else {
        let connection = http1_builder(&limits).serve_connection(stream, service);
        tokio::spawn(watcher.watch(connection))
    };
    unless_idle(&talk, stopped, conversation).await;
}

/// Lets the conversation go on until it ends, or until it has been idle for too long: then it is dropped, and the
/// connection closed by that. Once the server stops, a moment without a request is too long: half a head is none.
///
/// The conversation is a task of its own, so that no request pays for looking at these clocks.
async fn unless_idle(
    talk: &Talk,
    mut stopped: watch::Receiver<bool>,
    mut conversation: JoinHandle<hyper::Result<()>>,
) {
    let limits = &talk.terms.limits;
    let idle_when_stopped = async {
        if stopped.wait_for(|stopped| *stopped).await.is_ok() {
            talk.idle.lasts(limits.stop_grace).await;
        }
    };
    let ended = tokio::select! {
        ended = &mut conversation => ended,
        () = talk.idle.lasts(limits.head_timeout) => end(conversation).await,
        () = idle_when_stopped => end(conversation).await,
    };
    if let Ok(Err(error)) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Drops what the task holds, and waits until that is done.
async fn end<T>(task: JoinHandle<T>) -> Result<T, JoinError> {
    task.abort();
    task.await
}

pub(crate) fn http1_builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.max_headers(limits.headers_max).max_buf_size(limits.head_bytes_max.max(64 * 1024));
    // Otherwise hyper looks for the client's end while a request is answered: a read more each time, into a buffer of
    // its own. Nobody is to be told of that end: an answer is finished, and audited, whether or not it is read.
    builder.half_close(true);
    builder
}

pub(crate) fn http2_builder(limits: &Limits) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.head_timeout)
        .max_concurrent_streams(100)
        .max_header_list_size(u32::try_from(limits.head_bytes_max).unwrap_or(u32::MAX));
    builder
}
