//! Which keys and algorithms KMS knows, by AWS's names, and which of them belong together.
//!
//! Names: AWS's service model (botocore, kms 2014-11-01). What belongs together: the model's documentation of CreateKey's
//! `KeySpec` and `KeyUsage`, and of GetParametersForImport. Orders of algorithms: AWS's own example answers of CreateKey,
//! DescribeKey and GetPublicKey.

use serde::{Deserialize, Serialize};
use strongroom_types::Invalid;

/// A closed list of values, each with AWS's name, stored by that name.
macro_rules! named {
    ($(#[$meta:meta])* $name:ident, $what:literal { $($variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $(
                #[doc = concat!("`", $text, "`")]
                #[serde(rename = $text)]
                $variant,
            )*
        }

        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// AWS's name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// From AWS's name.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    _ => Err(Invalid { what: $what }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(super) use named;

named! {
    /// What a KMS key is made of.
    KeySpec, "key spec" {
        SymmetricDefault = "SYMMETRIC_DEFAULT",
        Hmac224 = "HMAC_224",
        Hmac256 = "HMAC_256",
        Hmac384 = "HMAC_384",
        Hmac512 = "HMAC_512",
        Rsa2048 = "RSA_2048",
        Rsa3072 = "RSA_3072",
        Rsa4096 = "RSA_4096",
        EccNistP256 = "ECC_NIST_P256",
        EccNistP384 = "ECC_NIST_P384",
        EccNistP521 = "ECC_NIST_P521",
        EccSecgP256k1 = "ECC_SECG_P256K1",
        EccNistEdwards25519 = "ECC_NIST_EDWARDS25519",
        MlDsa44 = "ML_DSA_44",
        MlDsa65 = "ML_DSA_65",
        MlDsa87 = "ML_DSA_87",
    }
}

named! {
    /// What a KMS key is for. Each key has one usage for good.
    KeyUsage, "key usage" {
        EncryptDecrypt = "ENCRYPT_DECRYPT",
        SignVerify = "SIGN_VERIFY",
        GenerateVerifyMac = "GENERATE_VERIFY_MAC",
        KeyAgreement = "KEY_AGREEMENT",
    }
}

named! {
    /// How a message is signed.
    SigningAlgorithm, "signing algorithm" {
        RsassaPssSha256 = "RSASSA_PSS_SHA_256",
        RsassaPssSha384 = "RSASSA_PSS_SHA_384",
        RsassaPssSha512 = "RSASSA_PSS_SHA_512",
        RsassaPkcs1Sha256 = "RSASSA_PKCS1_V1_5_SHA_256",
        RsassaPkcs1Sha384 = "RSASSA_PKCS1_V1_5_SHA_384",
        RsassaPkcs1Sha512 = "RSASSA_PKCS1_V1_5_SHA_512",
        EcdsaSha256 = "ECDSA_SHA_256",
        EcdsaSha384 = "ECDSA_SHA_384",
        EcdsaSha512 = "ECDSA_SHA_512",
        Ed25519Sha512 = "ED25519_SHA_512",
        MlDsaShake256 = "ML_DSA_SHAKE_256",
    }
}

named! {
    /// How a plaintext is encrypted.
    EncryptionAlgorithm, "encryption algorithm" {
        SymmetricDefault = "SYMMETRIC_DEFAULT",
        RsaesOaepSha1 = "RSAES_OAEP_SHA_1",
        RsaesOaepSha256 = "RSAES_OAEP_SHA_256",
    }
}

named! {
    /// How a message authentication code is made; each HMAC key spec has its own.
    MacAlgorithm, "MAC algorithm" {
        HmacSha224 = "HMAC_SHA_224",
        HmacSha256 = "HMAC_SHA_256",
        HmacSha384 = "HMAC_SHA_384",
        HmacSha512 = "HMAC_SHA_512",
    }
}

named! {
    /// How a shared secret is derived.
    KeyAgreementAlgorithm, "key agreement algorithm" {
        Ecdh = "ECDH",
    }
}

named! {
    /// How key material is wrapped that is to be imported.
    WrappingAlgorithm, "wrapping algorithm" {
        RsaesOaepSha1 = "RSAES_OAEP_SHA_1",
        RsaesOaepSha256 = "RSAES_OAEP_SHA_256",
        RsaAesKeyWrapSha1 = "RSA_AES_KEY_WRAP_SHA_1",
        RsaAesKeyWrapSha256 = "RSA_AES_KEY_WRAP_SHA_256",
    }
}

named! {
    /// The sizes of RSA keys; also AWS's `WrappingKeySpec`.
    RsaSpec, "RSA key spec" {
        Rsa2048 = "RSA_2048",
        Rsa3072 = "RSA_3072",
        Rsa4096 = "RSA_4096",
    }
}

named! {
    /// The curves for ECDSA, and those of NIST for key agreement.
    CurveSpec, "curve key spec" {
        NistP256 = "ECC_NIST_P256",
        NistP384 = "ECC_NIST_P384",
        NistP521 = "ECC_NIST_P521",
        SecgP256k1 = "ECC_SECG_P256K1",
    }
}

named! {
    /// The parameter sets of ML-DSA.
    MlDsaSpec, "ML-DSA key spec" {
        MlDsa44 = "ML_DSA_44",
        MlDsa65 = "ML_DSA_65",
        MlDsa87 = "ML_DSA_87",
    }
}

impl RsaSpec {
    /// Length of the modulus.
    pub const fn modulus_bits(self) -> usize {
        match self {
            Self::Rsa2048 => 2048,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
        }
    }

    /// Length of the modulus, of every signature and of every ciphertext.
    pub const fn modulus_bytes(self) -> usize {
        self.modulus_bits() / 8
    }
}

/// A spec whose keys are pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PairSpec {
    /// RSA.
    Rsa(RsaSpec),
    /// A curve in Weierstrass form.
    Curve(CurveSpec),
    /// Ed25519.
    Ed25519,
    /// ML-DSA.
    MlDsa(MlDsaSpec),
}

impl PairSpec {
    /// As AWS names it.
    pub const fn key_spec(self) -> KeySpec {
        match self {
            Self::Rsa(RsaSpec::Rsa2048) => KeySpec::Rsa2048,
            Self::Rsa(RsaSpec::Rsa3072) => KeySpec::Rsa3072,
            Self::Rsa(RsaSpec::Rsa4096) => KeySpec::Rsa4096,
            Self::Curve(CurveSpec::NistP256) => KeySpec::EccNistP256,
            Self::Curve(CurveSpec::NistP384) => KeySpec::EccNistP384,
            Self::Curve(CurveSpec::NistP521) => KeySpec::EccNistP521,
            Self::Curve(CurveSpec::SecgP256k1) => KeySpec::EccSecgP256k1,
            Self::Ed25519 => KeySpec::EccNistEdwards25519,
            Self::MlDsa(MlDsaSpec::MlDsa44) => KeySpec::MlDsa44,
            Self::MlDsa(MlDsaSpec::MlDsa65) => KeySpec::MlDsa65,
            Self::MlDsa(MlDsaSpec::MlDsa87) => KeySpec::MlDsa87,
        }
    }

    /// Whether GenerateDataKeyPair makes pairs of it. AWS: not of ML-DSA (`DataKeyPairSpec` of the model).
    pub const fn is_for_data_key_pairs(self) -> bool {
        match self {
            Self::Rsa(_) | Self::Curve(_) | Self::Ed25519 => true,
            Self::MlDsa(_) => false,
        }
    }

    /// What its keys sign with, none if they do not sign; in AWS's order.
    pub const fn signing_algorithms(self) -> &'static [SigningAlgorithm] {
        use SigningAlgorithm as Alg;
        match self {
            Self::Rsa(_) => &[
                Alg::RsassaPkcs1Sha256,
                Alg::RsassaPkcs1Sha384,
                Alg::RsassaPkcs1Sha512,
                Alg::RsassaPssSha256,
                Alg::RsassaPssSha384,
                Alg::RsassaPssSha512,
            ],
            Self::Curve(CurveSpec::NistP256 | CurveSpec::SecgP256k1) => &[Alg::EcdsaSha256],
            Self::Curve(CurveSpec::NistP384) => &[Alg::EcdsaSha384],
            Self::Curve(CurveSpec::NistP521) => &[Alg::EcdsaSha512],
            Self::Ed25519 => &[Alg::Ed25519Sha512],
            Self::MlDsa(_) => &[Alg::MlDsaShake256],
        }
    }
}

/// What a key of a spec is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// 32 bytes, [`crate::KeyMaterial`].
    Symmetric,
    /// Bytes for HMAC, [`super::MacKey`].
    Mac(MacAlgorithm),
    /// A private and a public key, [`super::KeyPair`].
    Pair(PairSpec),
}

/// The algorithms of a key, under the member that lists them in AWS's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithms {
    /// `EncryptionAlgorithms`
    Encryption(&'static [EncryptionAlgorithm]),
    /// `SigningAlgorithms`
    Signing(&'static [SigningAlgorithm]),
    /// `MacAlgorithms`
    Mac(&'static [MacAlgorithm]),
    /// `KeyAgreementAlgorithms`
    KeyAgreement(&'static [KeyAgreementAlgorithm]),
}

impl KeySpec {
    /// Its name in the deprecated member `CustomerMasterKeySpec`, which knows no newer ones.
    pub const fn legacy_name(self) -> Option<&'static str> {
        match self {
            Self::EccNistEdwards25519 | Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => None,
            Self::SymmetricDefault
            | Self::Hmac224
            | Self::Hmac256
            | Self::Hmac384
            | Self::Hmac512
            | Self::Rsa2048
            | Self::Rsa3072
            | Self::Rsa4096
            | Self::EccNistP256
            | Self::EccNistP384
            | Self::EccNistP521
            | Self::EccSecgP256k1 => Some(self.as_str()),
        }
    }

    /// What its keys are made of.
    pub const fn kind(self) -> KeyKind {
        match self {
            Self::SymmetricDefault => KeyKind::Symmetric,
            Self::Hmac224 => KeyKind::Mac(MacAlgorithm::HmacSha224),
            Self::Hmac256 => KeyKind::Mac(MacAlgorithm::HmacSha256),
            Self::Hmac384 => KeyKind::Mac(MacAlgorithm::HmacSha384),
            Self::Hmac512 => KeyKind::Mac(MacAlgorithm::HmacSha512),
            Self::Rsa2048 => KeyKind::Pair(PairSpec::Rsa(RsaSpec::Rsa2048)),
            Self::Rsa3072 => KeyKind::Pair(PairSpec::Rsa(RsaSpec::Rsa3072)),
            Self::Rsa4096 => KeyKind::Pair(PairSpec::Rsa(RsaSpec::Rsa4096)),
            Self::EccNistP256 => KeyKind::Pair(PairSpec::Curve(CurveSpec::NistP256)),
            Self::EccNistP384 => KeyKind::Pair(PairSpec::Curve(CurveSpec::NistP384)),
            Self::EccNistP521 => KeyKind::Pair(PairSpec::Curve(CurveSpec::NistP521)),
            Self::EccSecgP256k1 => KeyKind::Pair(PairSpec::Curve(CurveSpec::SecgP256k1)),
            Self::EccNistEdwards25519 => KeyKind::Pair(PairSpec::Ed25519),
            Self::MlDsa44 => KeyKind::Pair(PairSpec::MlDsa(MlDsaSpec::MlDsa44)),
            Self::MlDsa65 => KeyKind::Pair(PairSpec::MlDsa(MlDsaSpec::MlDsa65)),
            Self::MlDsa87 => KeyKind::Pair(PairSpec::MlDsa(MlDsaSpec::MlDsa87)),
        }
    }

    /// What its keys may be for.
    pub const fn usages(self) -> &'static [KeyUsage] {
        match self.kind() {
            KeyKind::Symmetric => &[KeyUsage::EncryptDecrypt],
            KeyKind::Mac(_) => &[KeyUsage::GenerateVerifyMac],
            KeyKind::Pair(PairSpec::Rsa(_)) => &[KeyUsage::EncryptDecrypt, KeyUsage::SignVerify],
            KeyKind::Pair(PairSpec::Curve(
                CurveSpec::NistP256 | CurveSpec::NistP384 | CurveSpec::NistP521,
            )) => &[KeyUsage::SignVerify, KeyUsage::KeyAgreement],
            KeyKind::Pair(
                PairSpec::Curve(CurveSpec::SecgP256k1) | PairSpec::Ed25519 | PairSpec::MlDsa(_),
            ) => &[KeyUsage::SignVerify],
        }
    }

    /// The usage of a key whose creator names none. AWS: only a symmetric key has one; even where a spec permits a single
    /// usage, as HMAC's do, it must be named.
    pub const fn default_usage(self) -> Option<KeyUsage> {
        match self.kind() {
            KeyKind::Symmetric => Some(KeyUsage::EncryptDecrypt),
            KeyKind::Mac(_) | KeyKind::Pair(_) => None,
        }
    }

    /// The algorithms of a key of this spec and usage, in AWS's order; nothing if the spec does not permit the usage.
    pub const fn algorithms(self, usage: KeyUsage) -> Option<Algorithms> {
        match (self.kind(), usage) {
            (KeyKind::Symmetric, KeyUsage::EncryptDecrypt) => {
                Some(Algorithms::Encryption(&[EncryptionAlgorithm::SymmetricDefault]))
            }
            (KeyKind::Pair(PairSpec::Rsa(_)), KeyUsage::EncryptDecrypt) => {
                Some(Algorithms::Encryption(&[
                    EncryptionAlgorithm::RsaesOaepSha1,
                    EncryptionAlgorithm::RsaesOaepSha256,
                ]))
            }
            (KeyKind::Mac(algorithm), KeyUsage::GenerateVerifyMac) => {
                Some(Algorithms::Mac(algorithm.alone()))
            }
            (KeyKind::Pair(pair), KeyUsage::SignVerify) => {
                Some(Algorithms::Signing(pair.signing_algorithms()))
            }
            (
                KeyKind::Pair(PairSpec::Curve(
                    CurveSpec::NistP256 | CurveSpec::NistP384 | CurveSpec::NistP521,
                )),
                KeyUsage::KeyAgreement,
            ) => Some(Algorithms::KeyAgreement(&[KeyAgreementAlgorithm::Ecdh])),
            (
                KeyKind::Symmetric | KeyKind::Mac(_) | KeyKind::Pair(_),
                KeyUsage::EncryptDecrypt
                | KeyUsage::SignVerify
                | KeyUsage::GenerateVerifyMac
                | KeyUsage::KeyAgreement,
            ) => None,
        }
    }
}

impl MacAlgorithm {
    const fn alone(self) -> &'static [Self] {
        match self {
            Self::HmacSha224 => &[Self::HmacSha224],
            Self::HmacSha256 => &[Self::HmacSha256],
            Self::HmacSha384 => &[Self::HmacSha384],
            Self::HmacSha512 => &[Self::HmacSha512],
        }
    }
}

impl WrappingAlgorithm {
    /// Whether AWS lets keys of this spec be imported this way: RSA keys only behind an AES key, symmetric and HMAC keys
    /// only without one, and P-521 not directly under RSA 2048.
    pub const fn wraps(self, material: KeySpec, wrapping: RsaSpec) -> bool {
        match self {
            Self::RsaAesKeyWrapSha1 | Self::RsaAesKeyWrapSha256 => match material.kind() {
                KeyKind::Pair(PairSpec::Rsa(_) | PairSpec::Curve(_) | PairSpec::Ed25519) => true,
                KeyKind::Symmetric | KeyKind::Mac(_) | KeyKind::Pair(PairSpec::MlDsa(_)) => false,
            },
            Self::RsaesOaepSha1 | Self::RsaesOaepSha256 => match (material.kind(), wrapping) {
                (KeyKind::Pair(PairSpec::Rsa(_)), _)
                | (KeyKind::Pair(PairSpec::Curve(CurveSpec::NistP521)), RsaSpec::Rsa2048) => false,
                (KeyKind::Symmetric | KeyKind::Mac(_) | KeyKind::Pair(_), _) => true,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_value() {
        fn check<T: Copy + PartialEq + std::fmt::Debug>(
            all: &[T],
            text: impl Fn(T) -> &'static str,
            parse: impl Fn(&str) -> Result<T, Invalid>,
        ) {
            for one in all {
                assert_eq!(parse(text(*one)).unwrap(), *one);
                assert!(parse(&text(*one).to_lowercase()).is_err());
            }
            assert!(parse("").is_err());
        }
        check(KeySpec::ALL, KeySpec::as_str, KeySpec::parse);
        check(KeyUsage::ALL, KeyUsage::as_str, KeyUsage::parse);
        check(SigningAlgorithm::ALL, SigningAlgorithm::as_str, SigningAlgorithm::parse);
        check(EncryptionAlgorithm::ALL, EncryptionAlgorithm::as_str, EncryptionAlgorithm::parse);
        check(MacAlgorithm::ALL, MacAlgorithm::as_str, MacAlgorithm::parse);
        check(KeyAgreementAlgorithm::ALL, KeyAgreementAlgorithm::as_str, |text| {
            KeyAgreementAlgorithm::parse(text)
        });
        check(WrappingAlgorithm::ALL, WrappingAlgorithm::as_str, WrappingAlgorithm::parse);
        for rsa in RsaSpec::ALL {
            assert_eq!(PairSpec::Rsa(*rsa).key_spec().as_str(), rsa.as_str());
        }
        for curve in CurveSpec::ALL {
            assert_eq!(PairSpec::Curve(*curve).key_spec().as_str(), curve.as_str());
        }
        for set in MlDsaSpec::ALL {
            assert_eq!(PairSpec::MlDsa(*set).key_spec().as_str(), set.as_str());
        }
    }

    #[test]
    fn a_pair_spec_is_the_kind_of_its_key_spec() {
        for spec in KeySpec::ALL {
            if let KeyKind::Pair(pair) = spec.kind() {
                assert_eq!(pair.key_spec(), *spec);
            }
        }
    }

    #[test]
    fn a_usage_is_permitted_exactly_where_it_has_algorithms() {
        for spec in KeySpec::ALL {
            for usage in KeyUsage::ALL {
                assert_eq!(
                    spec.usages().contains(usage),
                    spec.algorithms(*usage).is_some(),
                    "{spec} {usage}"
                );
            }
        }
    }

    /// Documented: CreateKey's `KeyUsage` in AWS's model.
    #[test]
    fn only_a_symmetric_key_has_a_usage_without_naming_it() {
        for spec in KeySpec::ALL {
            let expected = (*spec == KeySpec::SymmetricDefault).then_some(KeyUsage::EncryptDecrypt);
            assert_eq!(spec.default_usage(), expected);
        }
    }

    /// Documented: the example answers of CreateKey, DescribeKey and GetPublicKey in AWS's model.
    #[test]
    fn algorithms_stand_in_the_order_of_aws_answers() {
        let names = |spec: KeySpec, usage| match spec.algorithms(usage).unwrap() {
            Algorithms::Encryption(all) => all.iter().map(|one| one.as_str()).collect::<Vec<_>>(),
            Algorithms::Signing(all) => all.iter().map(|one| one.as_str()).collect(),
            Algorithms::Mac(all) => all.iter().map(|one| one.as_str()).collect(),
            Algorithms::KeyAgreement(all) => all.iter().map(|one| one.as_str()).collect(),
        };
        let rsa_signing = [
            "RSASSA_PKCS1_V1_5_SHA_256",
            "RSASSA_PKCS1_V1_5_SHA_384",
            "RSASSA_PKCS1_V1_5_SHA_512",
            "RSASSA_PSS_SHA_256",
            "RSASSA_PSS_SHA_384",
            "RSASSA_PSS_SHA_512",
        ];
        assert_eq!(names(KeySpec::Rsa2048, KeyUsage::SignVerify), rsa_signing);
        let oaep = ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"];
        assert_eq!(names(KeySpec::Rsa4096, KeyUsage::EncryptDecrypt), oaep);
        assert_eq!(names(KeySpec::EccNistP521, KeyUsage::SignVerify), ["ECDSA_SHA_512"]);
        assert_eq!(names(KeySpec::Hmac384, KeyUsage::GenerateVerifyMac), ["HMAC_SHA_384"]);
        let symmetric = names(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt);
        assert_eq!(symmetric, ["SYMMETRIC_DEFAULT"]);
    }

    /// Documented: GetParametersForImport's `WrappingAlgorithm` and `WrappingKeySpec` in AWS's model.
    #[test]
    fn material_is_wrapped_as_aws_permits() {
        use WrappingAlgorithm::{RsaAesKeyWrapSha1, RsaAesKeyWrapSha256, RsaesOaepSha256};
        assert!(RsaesOaepSha256.wraps(KeySpec::SymmetricDefault, RsaSpec::Rsa2048));
        assert!(RsaesOaepSha256.wraps(KeySpec::Hmac512, RsaSpec::Rsa2048));
        assert!(!RsaesOaepSha256.wraps(KeySpec::Rsa2048, RsaSpec::Rsa4096));
        assert!(!RsaesOaepSha256.wraps(KeySpec::EccNistP521, RsaSpec::Rsa2048));
        assert!(RsaesOaepSha256.wraps(KeySpec::EccNistP521, RsaSpec::Rsa3072));
        assert!(RsaAesKeyWrapSha256.wraps(KeySpec::Rsa4096, RsaSpec::Rsa2048));
        assert!(RsaAesKeyWrapSha1.wraps(KeySpec::EccNistP521, RsaSpec::Rsa2048));
        assert!(!RsaAesKeyWrapSha1.wraps(KeySpec::SymmetricDefault, RsaSpec::Rsa4096));
    }
}
