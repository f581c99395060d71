//! The listener and its connections.

use crate::limits::{Limits, Terms};
use crate::request::{Peer, respond};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustls::ServerConfig;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use strongroom_services::house::House;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

/// A bound address.
#[expect(missing_debug_implementations, reason = "the TLS configuration holds a private key")]
pub struct Listening {
    tcp: TcpListener,
    tls: Option<TlsAcceptor>,
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
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listening, &slots) => accepted,
        };
        let Some((stream, ip, slot)) = accepted else { continue };
        let (house, tls, watcher) = (Arc::clone(&house), listening.tls.clone(), graceful.watcher());
        tokio::spawn(async move {
            converse(house, stream, Peer { ip, tls: None }, tls, terms, watcher).await;
            drop(slot);
        });
    }
    drop(listening);
    if tokio::time::timeout(terms.limits.drain_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!("connections were still busy when the time to stop was over");
    }
}

type Slot = tokio::sync::OwnedSemaphorePermit;

async fn accept(
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
            // Out of file descriptors: let others run, they may close some.
            tokio::task::yield_now().await;
            None
        }
    }
}

async fn converse(
    house: Arc<House>,
    stream: TcpStream,
    mut peer: Peer,
    tls: Option<TlsAcceptor>,
    terms: Terms,
    watcher: Watcher,
) {
    let Some(acceptor) = tls else {
        return speak(house, stream, peer, terms, watcher).await;
    };
    let handshake = tokio::time::timeout(terms.limits.handshake_timeout, acceptor.accept(stream));
    let Ok(Ok(stream)) = handshake.await else {
        tracing::debug!(ip = %peer.ip, "TLS handshake failed");
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
    peer.tls = Some((version, suite.unwrap_or_default()));
    speak(house, stream, peer, terms, watcher).await;
}

async fn speak<S>(house: Arc<House>, stream: S, peer: Peer, terms: Terms, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let peer = Arc::new(peer);
    let service = service_fn(move |request| {
        let (house, peer) = (Arc::clone(&house), Arc::clone(&peer));
        async move { Ok::<_, Infallible>(respond(&house, &terms, &peer, request).await) }
    });
    let builder = builder(&terms.limits);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_headers(limits.headers_max)
        .max_buf_size(limits.head_bytes_max.max(64 * 1024));
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.head_timeout)
        .max_concurrent_streams(100)
        .max_header_list_size(u32::try_from(limits.head_bytes_max).unwrap_or(u32::MAX));
    builder
}
