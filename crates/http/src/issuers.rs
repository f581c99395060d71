//! The way out: pages of OpenID Connect issuers, over HTTPS and nothing else.

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONNECTION, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use strongroom_services::sts::{FetchError, Fetching, Issuers, Page};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::{JoinSet, spawn_blocking};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The port of `https://` URLs that name none.
const HTTPS_PORT: u16 = 443;
/// Room for the head of an answer.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// Asks issuers. Whose certificates are trusted: the operating system's authorities, or for an issuer with a file of its
/// own those in it and no others. Both are read anew each time, for that is seldom.
#[derive(Debug)]
pub struct IssuerClient {
    authorities: BTreeMap<String, PathBuf>,
}

impl IssuerClient {
    /// With files of certificates (PEM) by the issuers' canonical names, which must be readable now.
    pub fn new(authorities: BTreeMap<String, PathBuf>) -> std::io::Result<Self> {
        for path in authorities.values() {
            roots(Some(path))?;
        }
        Ok(Self { authorities })
    }
}

impl Issuers for IssuerClient {
    fn get<'a>(&'a self, issuer: &'a str, url: &'a str, body_bytes_max: usize) -> Fetching<'a> {
        let authorities = self.authorities.get(issuer).cloned();
        Box::pin(async move {
            let place = Place::parse(url)?;
            let stream = connect(&place, authorities).await?;
            exchange(&place, stream, body_bytes_max).await
        })
    }
}

fn unreachable(error: impl Display) -> FetchError {
    FetchError::Unreachable(error.to_string())
}

fn refused(error: impl Display) -> FetchError {
    FetchError::Refused(error.to_string())
}

/// Where a page is.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    host: String,
    port: u16,
    /// Path and query.
    path: String,
}

impl Place {
    fn parse(url: &str) -> Result<Self, FetchError> {
        let not_usable = || refused(format!("`{url}` is no https:// URL that can be followed"));
        let uri: Uri = url.parse().map_err(|_| not_usable())?;
        let authority = uri.authority().ok_or_else(not_usable)?;
        if uri.scheme_str() != Some("https") || authority.as_str().contains('@') {
            return Err(not_usable());
        }
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => HTTPS_PORT,
            _ => authority.port_u16().ok_or_else(not_usable)?,
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { host: authority.host().to_owned(), port, path })
    }

    /// The host without the brackets of an IPv6 address.
    fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The `Host` header.
    fn host_header(&self) -> String {
        if self.port == HTTPS_PORT {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Where no issuer lives, but machines' metadata and their neighbours may be reached.
fn is_off_limits(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            ip.is_link_local() || ip.is_unspecified() || ip.is_broadcast() || ip.is_multicast()
        }
        IpAddr::V6(ip) => {
            ip.is_unicast_link_local()
                || ip.is_unspecified()
                || ip.is_multicast()
                || is_ec2_metadata(ip)
                || translated(ip).is_some_and(|ip| is_off_limits(IpAddr::V4(ip)))
        }
    }
}

/// EC2 user guide, "Instance metadata": it has an address of its own in IPv6.
fn is_ec2_metadata(ip: Ipv6Addr) -> bool {
    ip == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
}

/// The IPv4 address that a translator goes on to (RFC 6052).
fn translated(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let octets = ip.octets();
    let (prefix, [a, b, c, d]) = octets.split_last_chunk()?;
    let is_translated = *prefix == [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];
    is_translated.then(|| Ipv4Addr::new(*a, *b, *c, *d))
}

async fn connect(
    place: &Place,
    authorities: Option<PathBuf>,
) -> Result<TlsStream<TcpStream>, FetchError> {
    let name = ServerName::try_from(place.bare_host().to_owned()).map_err(refused)?;
    let addresses = lookup_host((place.bare_host(), place.port)).await.map_err(unreachable)?;
    // What was checked is what is connected to: the name is not looked up again.
    let addresses: Vec<SocketAddr> =
        addresses.filter(|address| !is_off_limits(address.ip())).collect();
    if addresses.is_empty() {
        return Err(refused(format!("{} has no address that may be connected to", place.host)));
    }
    let stream = TcpStream::connect(&*addresses).await.map_err(unreachable)?;
    let roots = spawn_blocking(move || roots(authorities.as_deref())).await.map_err(unreachable)?;
    let config = client_config(roots.map_err(refused)?).map_err(refused)?;
    let shaken = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    shaken.map_err(told_of_handshake)
}

/// A certificate that is not trusted is not trusted the next time either.
fn told_of_handshake(error: std::io::Error) -> FetchError {
    if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>) {
        refused(error)
    } else {
        unreachable(error)
    }
}

fn client_config(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn roots(path: Option<&Path>) -> std::io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = path {
        let told = |error: &dyn Display| {
            std::io::Error::other(format!("no certificates in {}: {error}", path.display()))
        };
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| told(&error))? {
            let certificate = certificate.map_err(|error| told(&error))?;
            roots.add(certificate).map_err(|error| told(&error))?;
        }
        if roots.is_empty() {
            return Err(told(&"it is empty"));
        }
        return Ok(roots);
    }
    // Some of the many that a system has are old or odd: those are passed over.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(std::io::Error::other("the operating system has no authorities' certificates"));
    }
    Ok(roots)
}

async fn exchange(
    place: &Place,
    stream: TlsStream<TcpStream>,
    body_bytes_max: usize,
) -> Result<Page, FetchError> {
    let mut builder = http1::Builder::new();
    let handshake = builder.max_buf_size(HEAD_BYTES_MAX).handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(unreachable)?;
    // Ends with this exchange, whether that is over or given up.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = place.path.parse().map_err(refused)?;
    *request.headers_mut() = headers(place)?;
    let response = sender.send_request(request).await.map_err(unreachable)?;
    check_status(response.status())?;
    let cache_control = cache_control(response.headers());
    let body = read(response.into_body(), body_bytes_max).await?;
    Ok(Page { body, cache_control })
}

fn headers(place: &Place) -> Result<HeaderMap, FetchError> {
    let fixed: [(HeaderName, &str); 3] = [
        (ACCEPT, "application/json"),
        (CONNECTION, "close"),
        (USER_AGENT, concat!("strongroom/", env!("CARGO_PKG_VERSION"))),
    ];
    let mut headers: HeaderMap =
        fixed.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
    let host = HeaderValue::try_from(place.host_header()).map_err(refused)?;
    headers.insert(HOST, host);
    Ok(headers)
}

/// Redirects among others are refused: whoever answers at the issuer's address must not send us elsewhere.
fn check_status(status: StatusCode) -> Result<(), FetchError> {
    if status == StatusCode::OK {
        return Ok(());
    }
    let told = format!("the answer's status is {}", status.as_u16());
    let is_passing = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    Err(if is_passing { unreachable(told) } else { refused(told) })
}

fn cache_control(headers: &HeaderMap) -> String {
    let values = headers.get_all(CACHE_CONTROL).iter();
    values.filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",")
}

async fn read(body: Incoming, bytes_max: usize) -> Result<Vec<u8>, FetchError> {
    match Limited::new(body, bytes_max).collect().await {
        Ok(body) => Ok(body.to_bytes().to_vec()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(refused(format!("the answer has more than {bytes_max} bytes")))
        }
        Err(error) => Err(unreachable(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_urls_without_credentials_are_followed() {
        let place = |host: &str, port, path: &str| Place {
            host: host.to_owned(),
            port,
            path: path.to_owned(),
        };
        for (url, parsed) in [
            ("https://a.example/b?c=d", place("a.example", 443, "/b?c=d")),
            ("https://a.example:8443", place("a.example", 8443, "/")),
            ("https://[::1]:8443/x", place("[::1]", 8443, "/x")),
            ("HTTPS://a.example/", place("a.example", 443, "/")),
        ] {
            assert_eq!(Place::parse(url).unwrap(), parsed);
        }
        for bad in [
            "http://a.example/",
            "file:///etc/passwd",
            "https://user@a.example/",
            "https://user:secret@a.example/",
            "https://a.example:/",
            "https://a.example:99999/",
            "https://",
            "a.example/b",
            "/b",
            "https://a.example/\r\nx",
            "",
        ] {
            let parsed = Place::parse(bad);
            assert!(matches!(parsed, Err(FetchError::Refused(_))), "{bad}: {parsed:?}");
        }
    }

    #[test]
    fn a_host_is_named_with_its_port_only_where_that_is_not_the_usual_one() {
        let named = |url: &str| Place::parse(url).unwrap().host_header();
        assert_eq!(named("https://a.example:443/"), "a.example");
        assert_eq!(named("https://a.example:6443/"), "a.example:6443");
        let place = Place::parse("https://[::1]:6443/").unwrap();
        assert_eq!((place.host_header().as_str(), place.bare_host()), ("[::1]:6443", "::1"));
    }

    #[test]
    fn metadata_and_neighbours_are_off_limits_however_they_are_written() {
        for ip in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "fd00:ec2::254",
            "fe80::1",
            "0.0.0.0",
            "::",
            "ff02::1",
        ] {
            assert!(is_off_limits(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "10.0.0.1",
            "127.0.0.1",
            "192.168.1.1",
            "203.0.113.9",
            "::1",
            "2001:db8::7",
            "fd00::1",
            "64:ff9b::cb00:7109",
        ] {
            assert!(!is_off_limits(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn only_an_error_that_may_pass_is_worth_asking_again() {
        let checked = |status: u16| check_status(StatusCode::from_u16(status).unwrap());
        assert_eq!(checked(200), Ok(()));
        for status in [429, 500, 502, 503] {
            assert!(matches!(checked(status), Err(FetchError::Unreachable(_))), "{status}");
        }
        for status in [201, 204, 301, 302, 304, 307, 308, 401, 403, 404] {
            assert!(matches!(checked(status), Err(FetchError::Refused(_))), "{status}");
        }
    }

    #[test]
    fn a_file_without_a_certificate_is_told_of_at_the_start() {
        let missing = PathBuf::from("/nonexistent/ca.pem");
        let made = IssuerClient::new([("a.example".to_owned(), missing)].into());
        assert!(made.unwrap_err().to_string().contains("/nonexistent/ca.pem"));
        let source = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        assert!(IssuerClient::new([("a.example".to_owned(), source)].into()).is_err());
        assert!(IssuerClient::new(BTreeMap::new()).is_ok());
    }
}
