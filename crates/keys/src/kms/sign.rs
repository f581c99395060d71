//! Signing and verifying.

use super::key_pair::{curve_from_pkcs8, ed25519_from_pkcs8, ml_dsa_from_pkcs8, rsa_from_pkcs8};
use super::spec::named;
use super::{CryptoError, MlDsaSpec, PairSpec, PublicKey, RsaSpec, SigningAlgorithm};
use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ED25519, EcdsaKeyPair, Ed25519KeyPair, PqdsaKeyPair, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair, RsaParameters,
    UnparsedPublicKey, VerificationAlgorithm,
};
use serde::{Deserialize, Serialize};
use strongroom_types::Invalid;

named! {
    /// What a message is that is to be signed: the message itself, or its digest.
    MessageType, "message type" {
        Raw = "RAW",
        Digest = "DIGEST",
    }
}

/// A private key that signs.
#[expect(missing_debug_implementations, reason = "holds a private key")]
pub struct SigningKey {
    spec: PairSpec,
    key: Key,
}

enum Key {
    Rsa(RsaSpec, RsaKeyPair),
    Curve(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    MlDsa(MlDsaSpec, PqdsaKeyPair),
}

/// A message in the form in which a key takes it.
enum Input<'a> {
    Raw(&'a [u8]),
    Digest(Digest),
}

impl SigningKey {
    /// From PKCS#8, as [`super::KeyPair::pkcs8`] gave it.
    pub fn from_pkcs8(spec: PairSpec, pkcs8: &[u8]) -> Result<Self, CryptoError> {
        let key = match spec {
            PairSpec::Rsa(rsa) => Key::Rsa(rsa, rsa_signing_key(rsa, pkcs8)?),
            PairSpec::Curve(curve) => Key::Curve(curve_from_pkcs8(curve, pkcs8)?),
            PairSpec::Ed25519 => Key::Ed25519(ed25519_from_pkcs8(pkcs8)?),
            PairSpec::MlDsa(set) => Key::MlDsa(set, ml_dsa_from_pkcs8(set, pkcs8)?),
        };
        Ok(Self { spec, key })
    }

    /// Of which spec it is.
    pub fn spec(&self) -> PairSpec {
        self.spec
    }

    /// The signature: for ECDSA in DER, for the others the bare bytes.
    pub fn sign(
        &self,
        algorithm: SigningAlgorithm,
        message_type: MessageType,
        message: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let input = input(self.spec, algorithm, message_type, message)?;
        self.key.sign(algorithm, &input)
    }
}

impl PublicKey {
    /// Whether this is a signature of the message by the key's private half. A signature that is wrong, cut or not even
    /// a signature is a no; an error is about the request.
    pub fn verify(
        &self,
        algorithm: SigningAlgorithm,
        message_type: MessageType,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, CryptoError> {
        let input = input(self.spec(), algorithm, message_type, message)?;
        let verifying = verifying(self.spec(), algorithm)?;
        let key = UnparsedPublicKey::new(verifying, self.der());
        let verified = match input {
            Input::Raw(message) => key.verify(message, signature),
            Input::Digest(digest) => key.verify_digest(&digest, signature),
        };
        Ok(verified.is_ok())
    }
}

impl Key {
    fn sign(&self, algorithm: SigningAlgorithm, input: &Input<'_>) -> Result<Vec<u8>, CryptoError> {
        // The library ignores this argument and draws from its own source.
        let random = SystemRandom::new();
        let signed = match (self, input) {
            (Self::Rsa(spec, key), _) => {
                let encoding = rsa_encoding(algorithm).ok_or(CryptoError::AlgorithmNotOfKey)?;
                let mut signature = vec![0; spec.modulus_bytes()];
                match input {
                    Input::Raw(message) => key.sign(encoding, &random, message, &mut signature),
                    Input::Digest(digest) => key.sign_digest(encoding, digest, &mut signature),
                }
                .map(|()| signature)
            }
            (Self::Curve(key), Input::Raw(message)) => {
                key.sign(&random, message).map(|signature| signature.as_ref().to_vec())
            }
            (Self::Curve(key), Input::Digest(digest)) => {
                key.sign_digest(digest).map(|signature| signature.as_ref().to_vec())
            }
            (Self::Ed25519(key), Input::Raw(message)) => Ok(key.sign(message).as_ref().to_vec()),
            (Self::MlDsa(set, key), Input::Raw(message)) => ml_dsa_signature(*set, key, message),
            (Self::Ed25519(_) | Self::MlDsa(..), Input::Digest(_)) => {
                return Err(CryptoError::MessageTypeNotOfAlgorithm);
            }
        };
        signed.map_err(|_| CryptoError::Library)
    }
}

fn rsa_signing_key(spec: RsaSpec, pkcs8: &[u8]) -> Result<RsaKeyPair, CryptoError> {
    // The key for decryption knows its size to the bit, which the one for signing does not.
    rsa_from_pkcs8(spec, pkcs8)?;
    RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| CryptoError::NotOfSpec)
}

fn ml_dsa_signature(
    set: MlDsaSpec,
    key: &PqdsaKeyPair,
    message: &[u8],
) -> Result<Vec<u8>, Unspecified> {
    let mut signature = vec![0; set.signing().signature_len()];
    let length = key.sign(message, &mut signature)?;
    signature.truncate(length);
    Ok(signature)
}

/// Checks that key, algorithm and message type go together, and a digest's length.
fn input(
    spec: PairSpec,
    algorithm: SigningAlgorithm,
    message_type: MessageType,
    message: &[u8],
) -> Result<Input<'_>, CryptoError> {
    if !spec.signing_algorithms().contains(&algorithm) {
        return Err(CryptoError::AlgorithmNotOfKey);
    }
    match message_type {
        MessageType::Raw => Ok(Input::Raw(message)),
        MessageType::Digest => {
            let hash = digest_of(algorithm).ok_or(CryptoError::MessageTypeNotOfAlgorithm)?;
            let (expected, given) = (hash.output_len(), message.len());
            Digest::import_less_safe(message, hash)
                .map(Input::Digest)
                .map_err(|_| CryptoError::DigestLength { expected, given })
        }
    }
}

/// The digest that is signed, of the algorithms that sign one. Ed25519 and ML-DSA sign the message itself.
const fn digest_of(algorithm: SigningAlgorithm) -> Option<&'static digest::Algorithm> {
    use SigningAlgorithm as Alg;
    match algorithm {
        Alg::RsassaPssSha256 | Alg::RsassaPkcs1Sha256 | Alg::EcdsaSha256 => Some(&digest::SHA256),
        Alg::RsassaPssSha384 | Alg::RsassaPkcs1Sha384 | Alg::EcdsaSha384 => Some(&digest::SHA384),
        Alg::RsassaPssSha512 | Alg::RsassaPkcs1Sha512 | Alg::EcdsaSha512 => Some(&digest::SHA512),
        Alg::Ed25519Sha512 | Alg::MlDsaShake256 => None,
    }
}

/// For PSS the salt is as long as the digest, and MGF1 uses the same digest, as on AWS.
const fn rsa_encoding(algorithm: SigningAlgorithm) -> Option<&'static dyn RsaEncoding> {
    use SigningAlgorithm as Alg;
    match algorithm {
        Alg::RsassaPssSha256 => Some(&RSA_PSS_SHA256),
        Alg::RsassaPssSha384 => Some(&RSA_PSS_SHA384),
        Alg::RsassaPssSha512 => Some(&RSA_PSS_SHA512),
        Alg::RsassaPkcs1Sha256 => Some(&RSA_PKCS1_SHA256),
        Alg::RsassaPkcs1Sha384 => Some(&RSA_PKCS1_SHA384),
        Alg::RsassaPkcs1Sha512 => Some(&RSA_PKCS1_SHA512),
        Alg::EcdsaSha256
        | Alg::EcdsaSha384
        | Alg::EcdsaSha512
        | Alg::Ed25519Sha512
        | Alg::MlDsaShake256 => None,
    }
}

const fn rsa_verifying(algorithm: SigningAlgorithm) -> Option<&'static RsaParameters> {
    use SigningAlgorithm as Alg;
    match algorithm {
        Alg::RsassaPssSha256 => Some(&RSA_PSS_2048_8192_SHA256),
        Alg::RsassaPssSha384 => Some(&RSA_PSS_2048_8192_SHA384),
        Alg::RsassaPssSha512 => Some(&RSA_PSS_2048_8192_SHA512),
        Alg::RsassaPkcs1Sha256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Alg::RsassaPkcs1Sha384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Alg::RsassaPkcs1Sha512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Alg::EcdsaSha256
        | Alg::EcdsaSha384
        | Alg::EcdsaSha512
        | Alg::Ed25519Sha512
        | Alg::MlDsaShake256 => None,
    }
}

fn verifying(
    spec: PairSpec,
    algorithm: SigningAlgorithm,
) -> Result<&'static dyn VerificationAlgorithm, CryptoError> {
    match spec {
        PairSpec::Rsa(_) => match rsa_verifying(algorithm) {
            Some(parameters) => Ok(parameters),
            None => Err(CryptoError::AlgorithmNotOfKey),
        },
        PairSpec::Curve(curve) => Ok(curve.verifying()),
        PairSpec::Ed25519 => Ok(&ED25519),
        PairSpec::MlDsa(set) => Ok(set.verifying()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kms::{CurveSpec, KeyPair};
    use aws_lc_rs::signature::RsaPssSaltLength;

    const SPECS: [PairSpec; 9] = [
        PairSpec::Rsa(RsaSpec::Rsa2048),
        PairSpec::Curve(CurveSpec::NistP256),
        PairSpec::Curve(CurveSpec::NistP384),
        PairSpec::Curve(CurveSpec::NistP521),
        PairSpec::Curve(CurveSpec::SecgP256k1),
        PairSpec::Ed25519,
        PairSpec::MlDsa(MlDsaSpec::MlDsa44),
        PairSpec::MlDsa(MlDsaSpec::MlDsa65),
        PairSpec::MlDsa(MlDsaSpec::MlDsa87),
    ];

    fn made(spec: PairSpec) -> (SigningKey, PublicKey) {
        let pair = KeyPair::generate(spec).unwrap();
        let key = SigningKey::from_pkcs8(spec, pair.pkcs8()).ok().unwrap();
        (key, pair.public_key().clone())
    }

    #[test]
    fn a_signature_is_of_its_message_algorithm_and_key_only() {
        for spec in SPECS {
            let (key, public) = made(spec);
            let (_, other) = made(spec);
            for algorithm in spec.signing_algorithms() {
                let verify = |key: &PublicKey, message: &[u8], signature: &[u8]| {
                    key.verify(*algorithm, MessageType::Raw, message, signature).unwrap()
                };
                let signature = key.sign(*algorithm, MessageType::Raw, b"message").unwrap();
                assert!(verify(&public, b"message", &signature), "{algorithm}");
                assert!(!verify(&public, b"massage", &signature), "{algorithm}");
                assert!(!verify(&other, b"message", &signature), "{algorithm}");
                assert!(!verify(&public, b"message", &signature[1..]), "{algorithm}");
                assert!(!verify(&public, b"message", &[]), "{algorithm}");
                for second in spec.signing_algorithms().iter().filter(|one| *one != algorithm) {
                    let crossed =
                        public.verify(*second, MessageType::Raw, b"message", &signature).unwrap();
                    assert!(!crossed, "{algorithm} as {second}");
                }
            }
        }
    }

    #[test]
    fn a_digest_signs_as_its_message_does() {
        let spec = PairSpec::Rsa(RsaSpec::Rsa2048);
        let curves = CurveSpec::ALL.iter().map(|curve| PairSpec::Curve(*curve));
        for spec in curves.chain([spec]) {
            let (key, public) = made(spec);
            for algorithm in spec.signing_algorithms() {
                let digest = digest::digest(digest_of(*algorithm).unwrap(), b"message");
                let (raw, of_digest) = (MessageType::Raw, MessageType::Digest);
                let from_digest = key.sign(*algorithm, of_digest, digest.as_ref()).unwrap();
                let from_raw = key.sign(*algorithm, raw, b"message").unwrap();
                assert!(public.verify(*algorithm, raw, b"message", &from_digest).unwrap());
                assert!(public.verify(*algorithm, of_digest, digest.as_ref(), &from_raw).unwrap());
                let twice = public.verify(*algorithm, raw, digest.as_ref(), &from_raw).unwrap();
                assert!(!twice, "{algorithm}: a digest given as RAW is hashed again");
            }
        }
    }

    #[test]
    fn a_digest_of_another_length_is_an_error_of_its_own() {
        let spec = PairSpec::Curve(CurveSpec::NistP384);
        let (key, public) = made(spec);
        let algorithm = SigningAlgorithm::EcdsaSha384;
        for given in [0, 32, 47, 49, 64] {
            let refused = CryptoError::DigestLength { expected: 48, given };
            let message = vec![1; given];
            assert_eq!(key.sign(algorithm, MessageType::Digest, &message), Err(refused));
            let verified = public.verify(algorithm, MessageType::Digest, &message, b"signature");
            assert_eq!(verified, Err(refused));
        }
    }

    /// Documented: Sign's `MessageType` in AWS's model. ML-DSA takes RAW and EXTERNAL_MU.
    #[test]
    fn ed25519_and_ml_dsa_take_no_digest() {
        for spec in [PairSpec::Ed25519, PairSpec::MlDsa(MlDsaSpec::MlDsa44)] {
            let (key, public) = made(spec);
            let [algorithm] = *spec.signing_algorithms() else { panic!("one algorithm") };
            let refused = CryptoError::MessageTypeNotOfAlgorithm;
            assert_eq!(key.sign(algorithm, MessageType::Digest, &[1; 64]), Err(refused));
            let verified = public.verify(algorithm, MessageType::Digest, &[1; 64], b"signature");
            assert_eq!(verified, Err(refused));
        }
    }

    #[test]
    fn a_key_refuses_algorithms_that_are_not_its_own() {
        for spec in SPECS {
            let (key, public) = made(spec);
            for algorithm in SigningAlgorithm::ALL {
                let own = spec.signing_algorithms().contains(algorithm);
                let signed = key.sign(*algorithm, MessageType::Raw, b"m");
                assert_eq!(signed.err(), (!own).then_some(CryptoError::AlgorithmNotOfKey));
                let verified = public.verify(*algorithm, MessageType::Raw, b"m", b"s");
                assert_eq!(verified.err(), (!own).then_some(CryptoError::AlgorithmNotOfKey));
            }
        }
    }

    /// Documented: developer guide, "RSASSA-PSS": the salt is as long as the digest.
    #[test]
    fn the_salt_is_as_long_as_the_digest() {
        let (key, public) = made(PairSpec::Rsa(RsaSpec::Rsa2048));
        let signature =
            key.sign(SigningAlgorithm::RsassaPssSha384, MessageType::Raw, b"message").unwrap();
        for (length, valid) in [(47, false), (48, true), (49, false)] {
            let salted =
                RSA_PSS_2048_8192_SHA384.with_pss_salt_length(RsaPssSaltLength::Custom(length));
            let salted: &'static RsaParameters = Box::leak(Box::new(salted));
            let verified =
                UnparsedPublicKey::new(salted, public.der()).verify(b"message", &signature);
            assert_eq!(verified.is_ok(), valid, "salt of {length}");
        }
    }
}
