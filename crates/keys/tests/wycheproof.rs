//! Wycheproof's vectors, through the public API: what they call valid is taken, what they call invalid is refused.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use aws_lc_rs::digest::{self, digest};
use strongroom_keys::kms::{
    AgreementKey, CryptoError, CurveSpec, DecryptingKey, EncryptionAlgorithm,
    KeyAgreementAlgorithm, KeyPair, MacAlgorithm, MacKey, MessageType, MlDsaSpec, PairSpec,
    PublicKey, RsaSpec, SigningAlgorithm, WrappingAlgorithm, WrappingKey,
};
use wycheproof::{HashFunction, TestResult};
use wycheproof::{
    ecdh, ecdsa, eddsa, keywrap, mac, mldsa_verify, rsa_oaep, rsa_pkcs1_verify, rsa_pss_verify,
};

/// How many vectors were taken and refused, so that a test which tried nothing fails.
#[derive(Debug, Default)]
struct Tally {
    taken: usize,
    refused: usize,
}

impl Tally {
    /// What is `Acceptable` may go either way.
    fn note(&mut self, expected: TestResult, taken: bool, name: &dyn std::fmt::Debug, id: usize) {
        match expected {
            TestResult::Valid => assert!(taken, "{name:?} {id} is valid"),
            TestResult::Invalid => assert!(!taken, "{name:?} {id} is invalid"),
            TestResult::Acceptable => {}
        }
        if taken {
            self.taken += 1;
        } else {
            self.refused += 1;
        }
    }

    #[track_caller]
    fn check(&self, taken_min: usize, refused_min: usize) {
        assert!(self.taken >= taken_min && self.refused >= refused_min, "{self:?}");
    }
}

/// Verifies the message, and also its digest where the algorithm signs one; both must say the same.
fn verifies(
    key: &PublicKey,
    algorithm: SigningAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> bool {
    use SigningAlgorithm as Alg;
    let raw = key.verify(algorithm, MessageType::Raw, message, signature).unwrap();
    let hash = match algorithm {
        Alg::RsassaPssSha256 | Alg::RsassaPkcs1Sha256 | Alg::EcdsaSha256 => &digest::SHA256,
        Alg::RsassaPssSha384 | Alg::RsassaPkcs1Sha384 | Alg::EcdsaSha384 => &digest::SHA384,
        Alg::RsassaPssSha512 | Alg::RsassaPkcs1Sha512 | Alg::EcdsaSha512 => &digest::SHA512,
        Alg::Ed25519Sha512 | Alg::MlDsaShake256 => return raw,
    };
    let hashed = digest(hash, message);
    let of_digest = key.verify(algorithm, MessageType::Digest, hashed.as_ref(), signature);
    assert_eq!(of_digest, Ok(raw));
    raw
}

fn rsa_of(bits: usize) -> Option<RsaSpec> {
    RsaSpec::ALL.iter().copied().find(|spec| spec.modulus_bits() == bits)
}

#[test]
fn ecdsa_signatures() {
    let (p256, p384, p521, k1) =
        (CurveSpec::NistP256, CurveSpec::NistP384, CurveSpec::NistP521, CurveSpec::SecgP256k1);
    for (name, curve, algorithm) in [
        (ecdsa::TestName::EcdsaSecp256r1Sha256, p256, SigningAlgorithm::EcdsaSha256),
        (ecdsa::TestName::EcdsaSecp384r1Sha384, p384, SigningAlgorithm::EcdsaSha384),
        (ecdsa::TestName::EcdsaSecp521r1Sha512, p521, SigningAlgorithm::EcdsaSha512),
        (ecdsa::TestName::EcdsaSecp256k1Sha256, k1, SigningAlgorithm::EcdsaSha256),
    ] {
        let mut tally = Tally::default();
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_der(PairSpec::Curve(curve), &group.der).unwrap();
            for test in group.tests {
                let taken = verifies(&key, algorithm, &test.msg, &test.sig);
                tally.note(test.result, taken, &name, test.tc_id);
            }
        }
        tally.check(150, 200);
    }
}

#[test]
fn ed25519_signatures() {
    let name = eddsa::TestName::Ed25519;
    let mut tally = Tally::default();
    for group in eddsa::TestSet::load(name).unwrap().test_groups {
        let key = PublicKey::from_der(PairSpec::Ed25519, &group.der).unwrap();
        for test in group.tests {
            let taken = verifies(&key, SigningAlgorithm::Ed25519Sha512, &test.msg, &test.sig);
            tally.note(test.result, taken, &name, test.tc_id);
        }
    }
    tally.check(80, 40);
}

/// KMS signs with an empty context; what was signed with another must not verify.
#[test]
fn ml_dsa_signatures() {
    for (name, set) in [
        (mldsa_verify::TestName::MlDsa44Verify, MlDsaSpec::MlDsa44),
        (mldsa_verify::TestName::MlDsa65Verify, MlDsaSpec::MlDsa65),
        (mldsa_verify::TestName::MlDsa87Verify, MlDsaSpec::MlDsa87),
    ] {
        let mut tally = Tally::default();
        for group in mldsa_verify::TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_der(PairSpec::MlDsa(set), &group.der).ok();
            for test in group.tests {
                let taken = key.as_ref().is_some_and(|key| {
                    verifies(key, SigningAlgorithm::MlDsaShake256, &test.msg, &test.sig)
                });
                let in_context = test.ctx.as_ref().is_some_and(|context| !context.is_empty());
                let expected = if in_context { TestResult::Invalid } else { test.result };
                tally.note(expected, taken, &name, test.tc_id);
            }
        }
        tally.check(10, 20);
    }
}

#[test]
fn rsa_pkcs1_signatures() {
    let mut tally = Tally::default();
    for name in rsa_pkcs1_verify::TestName::all() {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let algorithm = match group.hash {
                HashFunction::Sha2_256 => SigningAlgorithm::RsassaPkcs1Sha256,
                HashFunction::Sha2_384 => SigningAlgorithm::RsassaPkcs1Sha384,
                HashFunction::Sha2_512 => SigningAlgorithm::RsassaPkcs1Sha512,
                _ => continue,
            };
            let Some(spec) = rsa_of(group.key_size) else { continue };
            let key = PublicKey::from_der(PairSpec::Rsa(spec), &group.der).unwrap();
            for test in group.tests {
                let taken = verifies(&key, algorithm, &test.msg, &test.sig);
                tally.note(test.result, taken, &name, test.tc_id);
            }
        }
    }
    tally.check(60, 1500);
}

/// KMS has one digest throughout and a salt as long as it; what is valid under other parameters must not verify.
#[test]
fn rsa_pss_signatures() {
    let mut tally = Tally::default();
    for name in rsa_pss_verify::TestName::all() {
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let (algorithm, salt) = match group.hash {
                HashFunction::Sha2_256 => (SigningAlgorithm::RsassaPssSha256, 32),
                HashFunction::Sha2_384 => (SigningAlgorithm::RsassaPssSha384, 48),
                HashFunction::Sha2_512 => (SigningAlgorithm::RsassaPssSha512, 64),
                _ => continue,
            };
            let Some(spec) = rsa_of(group.key_size) else { continue };
            let key = PublicKey::from_der(PairSpec::Rsa(spec), &group.der);
            if group.test_type == rsa_pss_verify::TestGroupTypeId::RsaPssVerifyWithParam {
                // KMS's keys are plain RSA keys, not keys for PSS alone.
                assert_eq!(key, Err(CryptoError::NotOfSpec));
                continue;
            }
            let key = key.unwrap();
            let of_kms = group.mgf_hash.as_ref() == Some(&group.hash) && group.salt_size == salt;
            for test in group.tests {
                let taken = verifies(&key, algorithm, &test.msg, &test.sig);
                let expected = match (of_kms, test.result) {
                    (true, result) => result,
                    // Some are invalid there for having been made with KMS's parameters.
                    (false, TestResult::Invalid) => TestResult::Acceptable,
                    (false, TestResult::Valid | TestResult::Acceptable) => TestResult::Invalid,
                };
                tally.note(expected, taken, &name, test.tc_id);
            }
        }
    }
    tally.check(200, 400);
}

/// KMS encrypts without a label; what was encrypted with one must not decrypt.
#[test]
fn rsa_oaep_ciphertexts() {
    let mut tally = Tally::default();
    for name in rsa_oaep::TestName::all() {
        for group in rsa_oaep::TestSet::load(name).unwrap().test_groups {
            let algorithm = match (group.hash, group.mgf_hash) {
                (HashFunction::Sha1, HashFunction::Sha1) => EncryptionAlgorithm::RsaesOaepSha1,
                (HashFunction::Sha2_256, HashFunction::Sha2_256) => {
                    EncryptionAlgorithm::RsaesOaepSha256
                }
                _ => continue,
            };
            let Some(spec) = rsa_of(group.key_size) else { continue };
            let key = DecryptingKey::from_pkcs8(spec, &group.pkcs8).ok().unwrap();
            for test in group.tests {
                let decrypted = key.decrypt(algorithm, &test.ct);
                let taken = decrypted.as_ref().is_ok_and(|plain| **plain == *test.pt);
                assert!(taken || decrypted.err() == Some(CryptoError::NotDecrypted));
                let expected =
                    if test.label.is_empty() { test.result } else { TestResult::Invalid };
                tally.note(expected, taken, &name, test.tc_id);
            }
        }
    }
    tally.check(50, 100);
}

/// A code counts whole or not at all, and a key has its spec's length: of the vectors, the others must be refused.
#[test]
fn hmac_codes() {
    for (name, algorithm) in [
        (mac::TestName::HmacSha224, MacAlgorithm::HmacSha224),
        (mac::TestName::HmacSha256, MacAlgorithm::HmacSha256),
        (mac::TestName::HmacSha384, MacAlgorithm::HmacSha384),
        (mac::TestName::HmacSha512, MacAlgorithm::HmacSha512),
    ] {
        let mut tally = Tally::default();
        for group in mac::TestSet::load(name).unwrap().test_groups {
            let whole = group.tag_size == algorithm.key_bytes() * 8;
            for test in group.tests {
                let key = MacKey::from_bytes(algorithm, &test.key);
                if test.key.len() != algorithm.key_bytes() {
                    assert_eq!(key.err(), Some(CryptoError::NotOfSpec));
                    continue;
                }
                let key = key.ok().unwrap();
                let taken = key.verify_mac(&test.msg, &test.tag);
                assert_eq!(key.generate_mac(&test.msg) == *test.tag, taken);
                let expected = if whole { test.result } else { TestResult::Invalid };
                tally.note(expected, taken, &name, test.tc_id);
            }
        }
        tally.check(20, 100);
    }
}

/// Wrapped as for an import: the vector's AES key under our RSA key, behind it the vector's ciphertext.
#[test]
fn aes_kwp_wrapped_keys() {
    let spec = RsaSpec::Rsa2048;
    let pair = KeyPair::generate(PairSpec::Rsa(spec)).unwrap();
    let key = WrappingKey::from_pkcs8(spec, pair.pkcs8()).ok().unwrap();
    let name = keywrap::TestName::AesKeyWrapWithPadding;
    let mut tally = Tally::default();
    for group in keywrap::TestSet::load(name).unwrap().test_groups {
        for test in group.tests {
            let oaep = EncryptionAlgorithm::RsaesOaepSha256;
            let mut wrapped = pair.public_key().encrypt(oaep, &test.key).unwrap();
            wrapped.extend_from_slice(&test.ct);
            let material = key.unwrap(WrappingAlgorithm::RsaAesKeyWrapSha256, &wrapped);
            let taken = material.as_ref().is_ok_and(|material| **material == *test.pt);
            assert!(taken || material.err() == Some(CryptoError::NotDecrypted));
            // AWS: the AES key has 256 bits.
            let expected = if group.key_size == 256 { test.result } else { TestResult::Invalid };
            tally.note(expected, taken, &name, test.tc_id);
        }
    }
    tally.check(10, 200);
}

#[test]
fn ecdh_secrets() {
    for (name, curve) in [
        (ecdh::TestName::EcdhSecp256r1, CurveSpec::NistP256),
        (ecdh::TestName::EcdhSecp384r1, CurveSpec::NistP384),
        (ecdh::TestName::EcdhSecp521r1, CurveSpec::NistP521),
    ] {
        let mut tally = Tally::default();
        for group in ecdh::TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let pkcs8 = pkcs8(curve, &test.private_key);
                let key = AgreementKey::from_pkcs8(curve, &pkcs8).ok().unwrap();
                let secret = key.derive(KeyAgreementAlgorithm::Ecdh, &test.public_key);
                let taken = secret.is_ok();
                if let Ok(secret) = secret {
                    assert_eq!(*secret, *test.shared_secret, "{name:?} {}", test.tc_id);
                }
                tally.note(test.result, taken, &name, test.tc_id);
            }
        }
        tally.check(300, 60);
    }
}

/// A private key that is given as a number, as PKCS#8 (RFC 5208, RFC 5915).
fn pkcs8(curve: CurveSpec, number: &[u8]) -> Vec<u8> {
    let (oid, length): (&[u8], usize) = match curve {
        CurveSpec::NistP256 => (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], 32),
        CurveSpec::NistP384 => (&[0x2b, 0x81, 4, 0, 0x22], 48),
        CurveSpec::NistP521 => (&[0x2b, 0x81, 4, 0, 0x23], 66),
        CurveSpec::SecgP256k1 => (&[0x2b, 0x81, 4, 0, 0x0a], 32),
    };
    let number: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
    let number = [vec![0; length - number.len()], number].concat();
    let ec_public_key = [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    let algorithm = der(0x30, &[der(6, &ec_public_key), der(6, oid)].concat());
    let private = der(0x30, &[der(2, &[1]), der(4, &number)].concat());
    der(0x30, &[der(2, &[0]), algorithm, der(4, &private)].concat())
}

/// One value of DER shorter than 128 bytes.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    assert!(length < 0x80);
    [&[tag, length], content].concat()
}
