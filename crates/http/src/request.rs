//! One request: its parts to the front door, the answer back.

use crate::idle::Idle;
use crate::limits::{Limits, Terms};
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming as HyperBody};
use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::Poll;
use strongroom_services::error::ErrorCode;
use strongroom_services::front::{
    Answer, Incoming, Prepared, prepare, refuse_sealed, refuse_unread,
};
use strongroom_services::house::House;
use strongroom_services::operation::Tls;
use strongroom_types::SystemEntropy;
use strongroom_wire::Rendered;
use tokio::time::timeout;

/// What is known of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) ip: IpAddr,
    pub(crate) tls: Option<(&'static str, String)>,
}

/// A connection's part in each of its requests.
pub(crate) struct Talk {
    pub(crate) house: Arc<House>,
    pub(crate) peer: Peer,
    pub(crate) terms: Terms,
    pub(crate) idle: Idle,
}

impl Talk {
    pub(crate) fn new(house: Arc<House>, peer: Peer, terms: Terms) -> Self {
        Self { house, peer, terms, idle: Idle::new() }
    }
}

/// A body that is wiped when the last of it is written.
struct Wiped(Rendered);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0.body
    }
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

pub(crate) async fn respond(talk: &Talk, request: Request<HyperBody>) -> Response<Full<Bytes>> {
    let Talk { house, terms, idle, .. } = talk;
    let _busy = idle.interrupted();
    if let Some(health) = health(request.method(), request.uri()) {
        return health;
    }
    if terms.exposure.metrics
        && request.method() == Method::GET
        && request.uri().path() == "/metrics"
    {
        return metrics(house);
    }
    if !terms.exposure.api {
        return to_http(refuse_unread(house, ErrorCode::UnknownOperation, ""));
    }
    match prepared(talk, request).await {
        Ok(prepared) => to_http(prepared.told(house).await),
        Err(refused) => refused,
    }
}

/// The answer but for its event's way to the disk, or a refusal of what was never read. Of the request nothing is left.
async fn prepared(
    talk: &Talk,
    request: Request<HyperBody>,
) -> Result<Prepared, Response<Full<Bytes>>> {
    let Talk { house, peer, terms, .. } = talk;
    let (head, body) = request.into_parts();
    let headers = header_list(&head.headers, &head.uri);
    if head_bytes(&headers, &head.uri) > terms.limits.head_bytes_max {
        let mut refused = Response::new(Full::default());
        *refused.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Err(refused);
    }
    // RFC 9110, section 10.1.1: such a client sends the body only when it is told to.
    let waits_for_leave = head.headers.contains_key(http::header::EXPECT);
    let body = read_body(body, &terms.limits, waits_for_leave)
        .await
        .map_err(|(code, message)| to_http(refuse_unread(house, code, message)))?;
    let incoming = Incoming {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        headers: &headers,
        body: &body,
        source_ip: source_ip(house, peer, &head.headers),
        tls: peer
            .tls
            .as_ref()
            .map(|(version, suite)| Tls { tls_version: version, cipher_suite: suite }),
    };
    Ok(prepare(house, incoming).await)
}

/// Size of the head, which has a limit; hyper only bounds the buffer that it came in.
fn head_bytes(headers: &[(&str, &[u8])], uri: &Uri) -> usize {
    let target = uri.path_and_query().map_or(0, |target| target.as_str().len());
    let sizes = headers.iter().map(|(name, value)| name.len().saturating_add(value.len()));
    sizes.fold(target, usize::saturating_add)
}

/// The two questions that need no signature. A request is served as soon as connections are accepted, so both answers
/// are the same here.
fn health(method: &Method, uri: &Uri) -> Option<Response<Full<Bytes>>> {
    let is_health = matches!(uri.path(), "/health/ready" | "/health/live");
    (is_health && method == Method::GET)
        .then(|| Response::new(Full::new(Bytes::from_static(b"ok\n"))))
}

/// What a sealed server answers: that it lives, that it is not ready, and no more. Nothing of a request is looked at
/// but the protocol that its refusal must have.
pub(crate) async fn respond_sealed(
    limits: &Limits,
    request: Request<HyperBody>,
) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    if head.method == Method::GET && head.uri.path() == "/health/live" {
        return Response::new(Full::new(Bytes::from_static(b"ok\n")));
    }
    if head.method == Method::GET && head.uri.path() == "/health/ready" {
        let mut response = Response::new(Full::new(Bytes::from_static(b"sealed\n")));
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        return response;
    }
    if !head.headers.contains_key(http::header::EXPECT) {
        discard(body, limits).await;
    }
    let is_form = head
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    let query = head.uri.query().unwrap_or_default();
    let speaks_query = !head.headers.contains_key("x-amz-target")
        && (is_form || query.split('&').any(|pair| pair.starts_with("Action=")));
    to_http(refuse_sealed(&SystemEntropy, speaks_query))
}

fn metrics(house: &House) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(house.metrics.render())));
    let content_type = HeaderValue::from_static("text/plain; version=0.0.4");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// The whole body. One that is too large is read to its end and thrown away, within limits: a client that is still
/// sending would lose the answer with the connection.
async fn read_body(
    mut body: HyperBody,
    limits: &Limits,
    waits_for_leave: bool,
) -> Result<Bytes, (ErrorCode, &'static str)> {
    let too_large = (ErrorCode::RequestEntityTooLarge, "Request entity is too large");
    let bytes_max = u64::try_from(limits.body_bytes_max).unwrap_or(u64::MAX);
    if body.size_hint().lower() > bytes_max {
        if !waits_for_leave {
            discard(body, limits).await;
        }
        return Err(too_large);
    }
    let read = {
        let mut reading = std::pin::pin!(whole(&mut body, limits.body_bytes_max));
        // A small body has come with its head: no timer is set for it.
        let at_once = std::future::poll_fn(|cx| Poll::Ready(reading.as_mut().poll(cx))).await;
        match at_once {
            Poll::Ready(read) => Ok(read),
            Poll::Pending => timeout(limits.body_timeout, reading).await,
        }
    };
    match read {
        Ok(Ok(Some(bytes))) => Ok(bytes),
        Ok(Ok(None)) => {
            discard(body, limits).await;
            Err(too_large)
        }
        Ok(Err(_)) => Err((ErrorCode::Serialization, "The request's body could not be read")),
        Err(_) => Err((ErrorCode::Serialization, "The request's body did not arrive in time")),
    }
}

/// All of a body, or `None` if it is too large. One that comes in a piece is not copied.
async fn whole(body: &mut HyperBody, bytes_max: usize) -> Result<Option<Bytes>, hyper::Error> {
    let (mut only, mut joined) = (Bytes::new(), BytesMut::new());
    while !body.is_end_stream() {
        let Some(frame) = body.frame().await else { break };
        let Ok(piece) = frame?.into_data() else { continue };
        if only.len().max(joined.len()).saturating_add(piece.len()) > bytes_max {
            return Ok(None);
        }
        if only.is_empty() {
            only = piece;
            continue;
        }
        if joined.is_empty() {
            joined.extend_from_slice(&only);
        }
        joined.extend_from_slice(&piece);
    }
    Ok(Some(if joined.is_empty() { only } else { joined.freeze() }))
}

/// Reads and forgets a body, up to its limits in bytes and time; then the connection may close over it.
async fn discard(mut body: HyperBody, limits: &Limits) {
    let mut left = limits.discarded_bytes_max;
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            if bytes > left {
                break;
            }
            left -= bytes;
        }
    };
    if timeout(limits.body_timeout, reading).await.is_err() {
        tracing::debug!("a body that was too large did not end in time");
    }
}

/// Several headers of the name count as one, in order (RFC 9110, section 5.3).
fn source_ip(house: &House, peer: &Peer, headers: &HeaderMap) -> IpAddr {
    if house.settings.trusted_proxies.is_empty() {
        return peer.ip;
    }
    let hops = headers.get_all("x-forwarded-for").iter();
    let hops: Vec<_> = hops.filter_map(|value| value.to_str().ok()).collect();
    house.settings.source_ip(peer.ip, &hops.join(","))
}

/// HTTP/2 carries the host in `:authority`; signatures know it as `host`.
fn header_list<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Vec<(&'a str, &'a [u8])> {
    let mut list = Vec::with_capacity(headers.len() + 1);
    list.extend(headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
    if let Some(authority) = uri.authority()
        && !headers.contains_key(http::header::HOST)
    {
        list.push(("host", authority.as_str().as_bytes()));
    }
    list
}

fn to_http(answer: Answer) -> Response<Full<Bytes>> {
    let content_type = HeaderValue::from_static(answer.rendered.content_type);
    let mut response = Response::new(Full::new(Bytes::from_owner(Wiped(answer.rendered))));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    if let Ok(request_id) = HeaderValue::from_str(&answer.request_id) {
        headers.insert(REQUEST_ID, request_id);
    }
    if let Some(error_type) = answer.error_type {
        headers.insert(ERROR_TYPE, HeaderValue::from_static(error_type));
    }
    response
}
