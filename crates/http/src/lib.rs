//! The HTTP edge: connections, TLS, limits, timeouts. The only crate that knows an HTTP library.
//!
//! What a request means is not known here: its raw parts go to [`strongroom_services::front::prepare`].

mod connection;
mod idle;
mod limits;
mod request;
mod tls;

pub use connection::{Listening, serve};
pub use limits::{Exposure, Limits, Terms};
pub use rustls::ServerConfig;
pub use tls::{TlsError, load_tls};
