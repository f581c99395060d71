//! The listener of a server that waits for its root key: it tells that it lives, and refuses everything else.

use crate::connection::{Listening, accept, begins_with_http2, http1_builder, http2_builder, soon};
use crate::limits::Limits;
use crate::request::respond_sealed;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

/// Answers until `opened` says so, or nobody can say so any more. The address stays bound. No connection lives longer than
/// a head may take to come, nor than the server stays sealed: what comes next finds a server that serves.
pub async fn serve_sealed(
    listening: &Listening,
    limits: Limits,
    mut opened: watch::Receiver<bool>,
) {
    let slots = Arc::new(Semaphore::new(limits.connections_max));
    loop {
        let accepted = tokio::select! {
            _ = opened.wait_for(|opened| *opened) => return,
            accepted = accept(listening, &slots) => accepted,
        };
        let Some((stream, _, slot)) = accepted else { continue };
        let (tls, mut opened) = (listening.tls.clone(), opened.clone());
        tokio::spawn(async move {
            let conversation = converse(stream, tls, limits);
            if soon(limits.head_timeout, &mut opened, conversation).await.is_none() {
                tracing::debug!("a connection to the sealed server was closed");
            }
            drop(slot);
        });
    }
}

async fn converse(stream: TcpStream, tls: Option<TlsAcceptor>, limits: Limits) {
    let Some(acceptor) = tls else {
        let is_http2 = begins_with_http2(&stream).await;
        return speak(stream, is_http2, limits).await;
    };
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    speak(stream, is_http2, limits).await;
}

async fn speak<S>(stream: S, is_http2: bool, limits: Limits)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| async move {
        Ok::<_, Infallible>(respond_sealed(&limits, request).await)
    });
    let stream = TokioIo::new(stream);
    let ended = if is_http2 {
        http2_builder(&limits).serve_connection(stream, service).await
    } else {
        http1_builder(&limits).serve_connection(stream, service).await
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
