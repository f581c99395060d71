//! Certificates and the TLS configuration.

use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file could not be read or holds no PEM of the expected kind.
    #[error("cannot read {what} from {path}: {detail}")]
    File {
        /// Certificate or key.
        what: &'static str,
        /// Where.
        path: String,
        /// Why.
        detail: String,
    },
    /// Certificate and key do not go together, or the library refuses them.
    #[error("the certificate or its key is not usable: {0}")]
    Unusable(#[from] rustls::Error),
}

/// Reads a certificate chain and its key from PEM files. TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1.
pub fn load_tls(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let refused = |what, path: &Path, detail: &dyn ToString| TlsError::File {
        what,
        path: path.display().to_string(),
        detail: detail.to_string(),
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| refused("the certificate", certificate, &error))?;
    let key = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| refused("the private key", key, &error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
