//! Key pairs: made, imported, stored.

use super::der::sequence;
use super::{CryptoError, CurveSpec, MlDsaSpec, PairSpec, PublicKey, RsaSpec};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1_SIGNING,
    ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, ML_DSA_44_SIGNING, ML_DSA_65_SIGNING,
    ML_DSA_87_SIGNING, PqdsaKeyPair, PqdsaSigningAlgorithm,
};
use strongroom_types::WipedBytes;

/// A private key in the form in which it is stored, and its public key.
#[expect(missing_debug_implementations, reason = "holds a private key")]
pub struct KeyPair {
    pkcs8: WipedBytes,
    public: PublicKey,
}

impl KeyPair {
    /// A new pair, from the library's own random source.
    pub fn generate(spec: PairSpec) -> Result<Self, CryptoError> {
        Parsed::generate(spec)
            .and_then(|parsed| parsed.pair(spec))
            .map_err(|_| CryptoError::Library)
    }

    /// From an unencrypted PKCS#8 `PrivateKeyInfo` that was stored or imported. What is kept is its canonical form, the
    /// same for the same key.
    pub fn from_pkcs8(spec: PairSpec, pkcs8: &[u8]) -> Result<Self, CryptoError> {
        let parsed = Parsed::from_pkcs8(spec, pkcs8)?;
        parsed.pair(spec).map_err(|_| CryptoError::NotOfSpec)
    }

    /// Of which spec it is.
    pub fn spec(&self) -> PairSpec {
        self.public.spec()
    }

    /// The private key as PKCS#8 `PrivateKeyInfo`: for a record that is sealed, and for GenerateDataKeyPair's answer.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The private key as PKCS#8, taken over without a copy.
    pub fn into_pkcs8(self) -> WipedBytes {
        self.pkcs8
    }

    /// The public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The public key as X.509 `SubjectPublicKeyInfo`, as KMS's `PublicKey` members hold it.
    pub fn public_key_der(&self) -> &[u8] {
        self.public.der()
    }
}

/// A private key as the library holds it.
enum Parsed {
    Rsa(PrivateDecryptingKey),
    Curve(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    MlDsa(PqdsaKeyPair),
}

impl Parsed {
    fn generate(spec: PairSpec) -> Result<Self, Unspecified> {
        Ok(match spec {
            PairSpec::Rsa(rsa) => Self::Rsa(PrivateDecryptingKey::generate(rsa.of_library())?),
            PairSpec::Curve(curve) => Self::Curve(EcdsaKeyPair::generate(curve.signing())?),
            PairSpec::Ed25519 => Self::Ed25519(Ed25519KeyPair::generate()?),
            PairSpec::MlDsa(set) => Self::MlDsa(PqdsaKeyPair::generate(set.signing())?),
        })
    }

    fn from_pkcs8(spec: PairSpec, pkcs8: &[u8]) -> Result<Self, CryptoError> {
        if sequence(pkcs8).is_none() {
            return Err(CryptoError::NotOfSpec);
        }
        match spec {
            PairSpec::Rsa(rsa) => rsa_from_pkcs8(rsa, pkcs8).map(Self::Rsa),
            PairSpec::Curve(curve) => curve_from_pkcs8(curve, pkcs8).map(Self::Curve),
            PairSpec::Ed25519 => ed25519_from_pkcs8(pkcs8).map(Self::Ed25519),
            PairSpec::MlDsa(set) => ml_dsa_from_pkcs8(set, pkcs8).map(Self::MlDsa),
        }
    }

    fn pair(&self, spec: PairSpec) -> Result<KeyPair, Unspecified> {
        let (pkcs8, der) = match self {
            Self::Rsa(key) => (rsa_pkcs8(key)?, key.public_key().as_der()?),
            Self::Curve(key) => (copied(key.to_pkcs8v1()?.as_ref()), key.public_key().as_der()?),
            Self::Ed25519(key) => (copied(key.to_pkcs8v1()?.as_ref()), key.public_key().as_der()?),
            Self::MlDsa(key) => (copied(key.to_pkcs8v1()?.as_ref()), key.public_key().as_der()?),
        };
        let der: PublicKeyX509Der<'_> = der;
        Ok(KeyPair { pkcs8, public: PublicKey::assemble(spec, der.as_ref().to_vec()) })
    }
}

fn rsa_pkcs8(key: &PrivateDecryptingKey) -> Result<WipedBytes, Unspecified> {
    let pkcs8: Pkcs8V1Der<'_> = key.as_der()?;
    Ok(copied(pkcs8.as_ref()))
}

fn copied(bytes: &[u8]) -> WipedBytes {
    WipedBytes::new(bytes.to_vec())
}

pub(super) fn rsa_from_pkcs8(
    spec: RsaSpec,
    pkcs8: &[u8],
) -> Result<PrivateDecryptingKey, CryptoError> {
    let key = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(not_of_spec)?;
    if key.key_size_bits() != spec.modulus_bits() {
        return Err(CryptoError::NotOfSpec);
    }
    Ok(key)
}

pub(super) fn curve_from_pkcs8(
    curve: CurveSpec,
    pkcs8: &[u8],
) -> Result<EcdsaKeyPair, CryptoError> {
    EcdsaKeyPair::from_pkcs8(curve.signing(), pkcs8).map_err(not_of_spec)
}

pub(super) fn ed25519_from_pkcs8(pkcs8: &[u8]) -> Result<Ed25519KeyPair, CryptoError> {
    Ed25519KeyPair::from_pkcs8(pkcs8).map_err(not_of_spec)
}

pub(super) fn ml_dsa_from_pkcs8(set: MlDsaSpec, pkcs8: &[u8]) -> Result<PqdsaKeyPair, CryptoError> {
    PqdsaKeyPair::from_pkcs8(set.signing(), pkcs8).map_err(not_of_spec)
}

fn not_of_spec(_: KeyRejected) -> CryptoError {
    CryptoError::NotOfSpec
}

impl RsaSpec {
    const fn of_library(self) -> KeySize {
        match self {
            Self::Rsa2048 => KeySize::Rsa2048,
            Self::Rsa3072 => KeySize::Rsa3072,
            Self::Rsa4096 => KeySize::Rsa4096,
        }
    }
}

impl CurveSpec {
    const fn signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::NistP256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            Self::NistP384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
            Self::NistP521 => &ECDSA_P521_SHA512_ASN1_SIGNING,
            Self::SecgP256k1 => &ECDSA_P256K1_SHA256_ASN1_SIGNING,
        }
    }
}

impl MlDsaSpec {
    pub(super) const fn signing(self) -> &'static PqdsaSigningAlgorithm {
        match self {
            Self::MlDsa44 => &ML_DSA_44_SIGNING,
            Self::MlDsa65 => &ML_DSA_65_SIGNING,
            Self::MlDsa87 => &ML_DSA_87_SIGNING,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All but the larger RSA keys, which take long to make.
    const SPECS: [PairSpec; 7] = [
        PairSpec::Rsa(RsaSpec::Rsa2048),
        PairSpec::Curve(CurveSpec::NistP256),
        PairSpec::Curve(CurveSpec::NistP384),
        PairSpec::Curve(CurveSpec::NistP521),
        PairSpec::Curve(CurveSpec::SecgP256k1),
        PairSpec::Ed25519,
        PairSpec::MlDsa(MlDsaSpec::MlDsa44),
    ];
    const ALL: [PairSpec; 11] = [
        PairSpec::Rsa(RsaSpec::Rsa2048),
        PairSpec::Rsa(RsaSpec::Rsa3072),
        PairSpec::Rsa(RsaSpec::Rsa4096),
        PairSpec::Curve(CurveSpec::NistP256),
        PairSpec::Curve(CurveSpec::NistP384),
        PairSpec::Curve(CurveSpec::NistP521),
        PairSpec::Curve(CurveSpec::SecgP256k1),
        PairSpec::Ed25519,
        PairSpec::MlDsa(MlDsaSpec::MlDsa44),
        PairSpec::MlDsa(MlDsaSpec::MlDsa65),
        PairSpec::MlDsa(MlDsaSpec::MlDsa87),
    ];

    #[test]
    fn a_stored_pair_comes_back_and_is_of_its_own_spec_only() {
        for spec in SPECS {
            let pair = KeyPair::generate(spec).unwrap();
            assert_eq!(pair.spec(), spec);
            for other in ALL {
                let read = KeyPair::from_pkcs8(other, pair.pkcs8());
                let public = PublicKey::from_der(other, pair.public_key_der());
                if other == spec {
                    let read = read.ok().unwrap();
                    assert_eq!(read.pkcs8(), pair.pkcs8());
                    assert_eq!(read.public_key_der(), pair.public_key_der());
                    assert_eq!(public.unwrap().der(), pair.public_key_der());
                } else {
                    assert_eq!(read.err(), Some(CryptoError::NotOfSpec), "{spec:?} as {other:?}");
                    assert_eq!(public.err(), Some(CryptoError::NotOfSpec), "{spec:?} as {other:?}");
                }
            }
        }
    }

    #[test]
    fn cut_lengthened_and_empty_keys_are_refused() {
        for spec in SPECS {
            let pair = KeyPair::generate(spec).unwrap();
            let (private, public) = (pair.pkcs8(), pair.public_key_der());
            for bad in [&private[..private.len() - 1], &[private, &[0]].concat(), &[], public] {
                assert!(KeyPair::from_pkcs8(spec, bad).is_err(), "{spec:?}");
            }
            for bad in [&public[..public.len() - 1], &[public, &[0]].concat(), &[], private] {
                assert!(PublicKey::from_der(spec, bad).is_err(), "{spec:?}");
            }
        }
    }

    #[test]
    fn two_generated_pairs_differ() {
        for spec in SPECS {
            let (one, two) = (KeyPair::generate(spec).unwrap(), KeyPair::generate(spec).unwrap());
            assert_ne!(one.public_key_der(), two.public_key_der());
            assert!(one.pkcs8() != two.pkcs8());
        }
    }

    /// Inferred: a private key whose public half belongs to another would sign what nobody can verify.
    #[test]
    fn a_private_key_beside_another_public_key_is_refused() {
        let spec = PairSpec::Curve(CurveSpec::NistP256);
        let (one, two) = (KeyPair::generate(spec).unwrap(), KeyPair::generate(spec).unwrap());
        // The last 64 bytes of both forms are the point's coordinates (RFC 5915, RFC 5480).
        let point = &two.public_key_der()[two.public_key_der().len() - 64..];
        let own = &one.public_key_der()[one.public_key_der().len() - 64..];
        assert!(one.pkcs8().ends_with(own));
        let kept = &one.pkcs8()[..one.pkcs8().len() - 64];
        let mixed = [kept, point].concat();
        assert_eq!(KeyPair::from_pkcs8(spec, &mixed).err(), Some(CryptoError::NotOfSpec));
    }
}
