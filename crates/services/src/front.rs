//! The front door: from a request's raw parts to an answer's.
//!
//! Which service and operation is meant is known before anything else; then the signature is verified over the raw
//! bytes; only then is the body read. What cannot be told to be an operation ends here.

use crate::SERVICES;
use crate::error::{ApiError, ErrorCode};
use crate::house::House;
use crate::identity::{VerifiedCaller, authenticate};
use crate::metrics::Outcome;
use crate::operation::{Access, Body, Cx, Entry, Facts, Service, Tls, Untold};
use std::net::IpAddr;
use strongroom_types::{Entropy, RandomId, RandomIdText};
use strongroom_wire::{Fault, Protocol, Rendered, query, render_fault};

/// A request as it came off the wire.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "the body may hold a secret's value")]
pub struct Incoming<'a> {
    /// `POST`, `GET` …
    pub method: &'a str,
    /// The path, undecoded.
    pub path: &'a str,
    /// What stands behind `?`, undecoded.
    pub query: &'a str,
    /// Lower-case names and values, in order, duplicates kept. HTTP/2's `:authority` stands as `host`.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The whole body.
    pub body: &'a [u8],
    /// The peer.
    pub source_ip: IpAddr,
    /// What TLS agreed on, if the connection is encrypted.
    pub tls: Option<Tls<'a>>,
}

/// Headers that say what is asked for and by which means, found in one walk over all: the first of each name, if it is
/// text.
#[derive(Clone, Copy, Default)]
struct Telling<'a> {
    content_type: Option<&'a str>,
    host: Option<&'a str>,
    referer: Option<&'a str>,
    target: Option<&'a str>,
    user_agent: Option<&'a str>,
}

impl<'a> Telling<'a> {
    fn of(headers: &[(&'a str, &'a [u8])]) -> Self {
        let mut found = Self::default();
        // From the last to the first, so that the first of a name stays.
        for (name, value) in headers.iter().rev() {
            let place = match *name {
                "content-type" => &mut found.content_type,
                "host" => &mut found.host,
                "referer" => &mut found.referer,
                "x-amz-target" => &mut found.target,
                "user-agent" => &mut found.user_agent,
                _ => continue,
            };
            *place = str::from_utf8(value).ok();
        }
        found
    }
}

/// An answer for the wire.
#[expect(missing_debug_implementations, reason = "the body may hold a secret's value")]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `x-amzn-RequestId`.
    pub request_id: RandomIdText,
    /// `x-amzn-ErrorType`, on errors of JSON services.
    pub error_type: Option<&'static str>,
    /// Body and content type.
    pub rendered: Rendered,
}

/// What a request asks for, before it is known who asks.
struct Asked<'a> {
    protocol: Protocol,
    service: &'static Service,
    entry: &'static Entry,
    body: Body<'a>,
}

/// An answer that waits for its event to be durable. Holds nothing of the request.
#[must_use = "the caller waits for its answer"]
#[expect(missing_debug_implementations, reason = "the body may hold a secret's value")]
pub struct Prepared {
    protocol: Protocol,
    request_id: RandomIdText,
    /// Service and operation, as far as they are known.
    operation: Option<(&'static str, &'static str)>,
    /// Of XML answers.
    namespace: &'static str,
    untold: Untold,
}

/// Prepares the answer to one request: the request is not needed any more while its event is synced.
pub async fn prepare(house: &House, incoming: Incoming<'_>) -> Prepared {
    let [request_id, event_id] = house.ids.next(&*house.env.entropy).map(RandomId::text);
    let telling = Telling::of(incoming.headers);
    let protocol = spoken_protocol(&incoming, &telling);
    match identify(&incoming, &telling, protocol) {
        Ok(asked) => Prepared {
            protocol,
            request_id,
            operation: Some((asked.service.name, asked.entry.spec.name)),
            namespace: asked.service.xml_namespace.unwrap_or_default(),
            untold: serve(house, &incoming, &telling, asked, (&request_id, &event_id))
                .await
                .unwrap_or_else(Untold::without_event),
        },
        Err(error) => Prepared {
            protocol,
            request_id,
            operation: None,
            namespace: "",
            untold: Untold::without_event(error),
        },
    }
}

impl Prepared {
    /// The answer, once it may be told.
    pub async fn told(self, house: &House) -> Answer {
        let Self { protocol, request_id, operation, namespace, untold } = self;
        let outcome = untold.told().await;
        let counted = match &outcome {
            Ok(_) => Outcome::Success,
            Err(error) if error.code.is_servers() => Outcome::ServerError,
            Err(_) => Outcome::ClientError,
        };
        house.metrics.count(operation, counted);
        match outcome {
            Ok(rendered) => Answer { status: 200, request_id, error_type: None, rendered },
            Err(error) => refuse(protocol, namespace, request_id, &error),
        }
    }
}

/// An answer to a request that was refused before it could be read.
pub fn refuse_unread(house: &House, code: ErrorCode, message: &'static str) -> Answer {
    let [request_id] = house.ids.next(&*house.env.entropy).map(RandomId::text);
    refuse(Protocol::Json11, "", request_id, &ApiError::new(code, message))
}

/// The answer of a sealed server to everything but the questions after its health.
pub fn refuse_sealed(entropy: &dyn Entropy, speaks_query: bool) -> Answer {
    let protocol = if speaks_query { Protocol::Query } else { Protocol::Json11 };
    let error = ApiError::new(ErrorCode::ServiceUnavailable, "The server is sealed");
    refused(protocol, "", RandomId::draw(entropy).text(), &error)
}

fn refuse(
    protocol: Protocol,
    namespace: &str,
    request_id: RandomIdText,
    error: &ApiError,
) -> Answer {
    if error.code.is_servers() {
        tracing::error!(%request_id, code = ?error.code, source = error.source_text(), "request failed");
    }
    refused(protocol, namespace, request_id, error)
}

fn refused(
    protocol: Protocol,
    namespace: &str,
    request_id: RandomIdText,
    error: &ApiError,
) -> Answer {
    let code = error.code.name(protocol);
    let fault = Fault {
        code,
        message: &error.message,
        is_modelled: error.code.is_modelled(),
        is_callers: !error.code.is_servers(),
        query_code: None,
    };
    let rendered = render_fault(protocol, namespace, &request_id, &fault);
    let error_type = (protocol == Protocol::Json11).then_some(code);
    Answer { status: error.code.status(protocol), request_id, error_type, rendered }
}

async fn serve(
    house: &House,
    incoming: &Incoming<'_>,
    telling: &Telling<'_>,
    asked: Asked<'_>,
    (request_id, event_id): (&str, &str),
) -> Result<Untold, ApiError> {
    let now = house.env.clock.now();
    let caller = match asked.entry.access {
        Access::Open => unsigned(house),
        Access::ByPolicy | Access::Signed => {
            authenticate(house, incoming, asked.service.name, now).await?
        }
    };
    let facts = Facts {
        protocol: asked.protocol,
        request_id,
        event_id,
        source_ip: incoming.source_ip,
        user_agent: telling.user_agent.unwrap_or_default(),
        referer: telling.referer,
        host: telling.host.unwrap_or_default(),
        tls: incoming.tls,
    };
    let cx = Cx { house, caller: &caller, now, facts };
    Ok((asked.entry.handle)(&cx, asked.service, asked.body).await)
}

/// The caller of an operation that asks for no signature.
fn unsigned(house: &House) -> VerifiedCaller {
    VerifiedCaller::anonymous(house.home.account.clone(), house.home.region.clone())
}

/// JSON services are told by their target header; everything else is answered as a query.
fn spoken_protocol(incoming: &Incoming<'_>, telling: &Telling<'_>) -> Protocol {
    let is_form = telling
        .content_type
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let names_action = incoming.query.split('&').any(|pair| pair.starts_with("Action="));
    if telling.target.is_none() && (is_form || names_action) {
        Protocol::Query
    } else {
        Protocol::Json11
    }
}

fn identify<'a>(
    incoming: &Incoming<'a>,
    telling: &Telling<'_>,
    protocol: Protocol,
) -> Result<Asked<'a>, ApiError> {
    if incoming.path != "/" {
        return Err(unknown());
    }
    match protocol {
        Protocol::Json11 => identify_json(incoming, telling),
        Protocol::Query => identify_query(incoming),
    }
}

fn unknown() -> ApiError {
    ApiError::new(ErrorCode::UnknownOperation, "")
}

fn identify_json<'a>(
    incoming: &Incoming<'a>,
    telling: &Telling<'_>,
) -> Result<Asked<'a>, ApiError> {
    let target = telling.target.filter(|_| incoming.method == "POST").ok_or_else(unknown)?;
    for service in SERVICES {
        let Some(name) = service.target_prefix.and_then(|prefix| target.strip_prefix(prefix))
        else {
            continue;
        };
        let entry = find(service, name).ok_or_else(unknown)?;
        return Ok(Asked {
            protocol: Protocol::Json11,
            service,
            entry,
            body: Body::Json(incoming.body),
        });
    }
    Err(unknown())
}

/// Operations stand in alphabetical order; a test holds them to it.
fn find(service: &'static Service, name: &str) -> Option<&'static Entry> {
    let index = service.operations.binary_search_by(|entry| entry.spec.name.cmp(name)).ok()?;
    service.operations.get(index)
}

fn identify_query<'a>(incoming: &Incoming<'a>) -> Result<Asked<'a>, ApiError> {
    // A presigned request has its parameters in the query, also when it is posted.
    let is_in_query = incoming.method == "GET" || incoming.body.is_empty();
    let form = if is_in_query { incoming.query.as_bytes() } else { incoming.body };
    let request = query::parse(form)
        .map_err(|error| ApiError::new(ErrorCode::MalformedQueryString, error.to_string()))?;
    let in_query = |service: &&&'static Service| service.xml_namespace.is_some();
    let version = request.version.as_deref().unwrap_or("NO_VERSION_SPECIFIED");
    let invalid = || {
        let message = format!("Could not find operation {} for version {version}", request.action);
        ApiError::new(ErrorCode::UnknownOperation, message)
    };
    let is_asked = |service: &Service| {
        let namespace = service.xml_namespace.unwrap_or_default().trim_end_matches('/');
        namespace.rsplit('/').next() == Some(version)
    };
    for service in SERVICES.iter().filter(in_query).filter(|service| is_asked(service)) {
        if let Some(entry) = find(service, &request.action) {
            return Ok(Asked {
                protocol: Protocol::Query,
                service,
                entry,
                body: Body::Form(request.input),
            });
        }
    }
    Err(invalid())
}
