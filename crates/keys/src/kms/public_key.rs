//! Public keys, which verify and encrypt.

use super::der::{algorithm_identifier, sequence};
use super::{CryptoError, CurveSpec, MlDsaSpec, PairSpec};
use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256K1_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    ECDSA_P521_SHA512_ASN1, ED25519, ML_DSA_44, ML_DSA_65, ML_DSA_87, ParsedPublicKey,
    VerificationAlgorithm,
};

/// A public key as X.509 `SubjectPublicKeyInfo`, checked to be of its spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    spec: PairSpec,
    der: Vec<u8>,
}

impl PublicKey {
    /// From DER, as [`PublicKey::der`] gives it.
    pub fn from_der(spec: PairSpec, der: &[u8]) -> Result<Self, CryptoError> {
        let content = sequence(der).ok_or(CryptoError::NotOfSpec)?;
        if !content.starts_with(algorithm_identifier(spec)) {
            return Err(CryptoError::NotOfSpec);
        }
        let known = match spec {
            PairSpec::Rsa(rsa) => PublicEncryptingKey::from_der(der)
                .is_ok_and(|key| key.key_size_bits() == rsa.modulus_bits()),
            PairSpec::Curve(curve) => ParsedPublicKey::new(curve.verifying(), der).is_ok(),
            PairSpec::Ed25519 => ParsedPublicKey::new(&ED25519, der).is_ok(),
            PairSpec::MlDsa(set) => ParsedPublicKey::new(set.verifying(), der).is_ok(),
        };
        if !known {
            return Err(CryptoError::NotOfSpec);
        }
        Ok(Self::assemble(spec, der.to_vec()))
    }

    /// From DER that the library has just made of a key of this spec.
    pub(super) fn assemble(spec: PairSpec, der: Vec<u8>) -> Self {
        Self { spec, der }
    }

    /// Of which spec it is.
    pub fn spec(&self) -> PairSpec {
        self.spec
    }

    /// The DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The DER, taken over.
    pub fn into_der(self) -> Vec<u8> {
        self.der
    }
}

impl CurveSpec {
    pub(super) const fn verifying(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::NistP256 => &ECDSA_P256_SHA256_ASN1,
            Self::NistP384 => &ECDSA_P384_SHA384_ASN1,
            Self::NistP521 => &ECDSA_P521_SHA512_ASN1,
            Self::SecgP256k1 => &ECDSA_P256K1_SHA256_ASN1,
        }
    }
}

impl MlDsaSpec {
    pub(super) const fn verifying(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::MlDsa44 => &ML_DSA_44,
            Self::MlDsa65 => &ML_DSA_65,
            Self::MlDsa87 => &ML_DSA_87,
        }
    }
}
