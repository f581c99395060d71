//! The HTTP edge: connections, TLS, limits, timeouts, and the way out to OpenID Connect issuers. The only crate that
//! knows an HTTP library.
//!
//! What a request means is not known here: its raw parts go to [`strongroom_services::front::prepare`].

mod connection;
mod idle;
mod issuers;
mod limits;
mod request;
mod sealed;
mod tls;

pub use connection::{Listening, serve};
pub use issuers::IssuerClient;
pub use limits::{Exposure, Limits, Terms};
pub use rustls::ServerConfig;
pub use sealed::serve_sealed;
pub use tls::{TlsError, load_tls};
