//! What a connection may take before it is closed.

use std::time::Duration;
use strongroom_types::limits::{BODY_BYTES_MAX, HEAD_BYTES_MAX, HEADERS_MAX};

/// Bounds on connections and requests.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections open at a time; more wait to be accepted.
    pub connections_max: usize,
    /// A request's line and headers.
    pub head_bytes_max: usize,
    /// A request's headers.
    pub headers_max: usize,
    /// A request's body.
    pub body_bytes_max: usize,
    /// What is read of a body that is too large, so that the client can read why it was refused.
    pub discarded_bytes_max: usize,
    /// For a request's head, idle time before it included: so long an idle connection is kept. Its buffers, which may
    /// hold the last request, are wiped when it closes.
    pub head_timeout: Duration,
    /// For a request's body.
    pub body_timeout: Duration,
    /// For the TLS handshake.
    pub handshake_timeout: Duration,
    /// For a connection that has nothing to answer when the server stops, half a request's head included.
    pub stop_grace: Duration,
    /// For what is in flight when the server stops.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            head_bytes_max: HEAD_BYTES_MAX,
            headers_max: HEADERS_MAX,
            body_bytes_max: BODY_BYTES_MAX,
            discarded_bytes_max: 16 * BODY_BYTES_MAX,
            head_timeout: Duration::from_secs(50),
            body_timeout: Duration::from_secs(30),
            handshake_timeout: Duration::from_secs(10),
            stop_grace: Duration::from_secs(1),
            drain_timeout: Duration::from_secs(30),
        }
    }
}

/// On which terms a listener serves.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// What a connection may take.
    pub limits: Limits,
    /// What is answered.
    pub exposure: Exposure,
}

/// What is answered on an address, besides the questions after its health.
#[derive(Debug, Clone, Copy)]
pub struct Exposure {
    /// The AWS APIs.
    pub api: bool,
    /// `/metrics`.
    pub metrics: bool,
}
