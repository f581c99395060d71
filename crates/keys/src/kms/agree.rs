//! Shared secrets on NIST's curves.

use super::key_pair::curve_from_pkcs8;
use super::{CryptoError, CurveSpec, KeyAgreementAlgorithm, PairSpec, PublicKey};
use aws_lc_rs::agreement::{
    Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey, agree,
};
use strongroom_types::WipedBytes;

/// A private key that derives shared secrets.
#[expect(missing_debug_implementations, reason = "holds a private key")]
pub struct AgreementKey {
    curve: CurveSpec,
    algorithm: &'static Algorithm,
    key: PrivateKey,
}

impl AgreementKey {
    /// From PKCS#8, as [`super::KeyPair::pkcs8`] gave it.
    pub fn from_pkcs8(curve: CurveSpec, pkcs8: &[u8]) -> Result<Self, CryptoError> {
        let algorithm = of_library(curve).ok_or(CryptoError::UsageNotOfKey)?;
        // The call below also takes keys that are not in PKCS#8.
        curve_from_pkcs8(curve, pkcs8)?;
        let key = PrivateKey::from_private_key_der(algorithm, pkcs8)
            .map_err(|_| CryptoError::NotOfSpec)?;
        Ok(Self { curve, algorithm, key })
    }

    /// On which curve it is.
    pub fn curve(&self) -> CurveSpec {
        self.curve
    }

    /// The raw shared secret with a peer, whose public key is an X.509 `SubjectPublicKeyInfo` on the same curve.
    pub fn derive(
        &self,
        algorithm: KeyAgreementAlgorithm,
        peer: &[u8],
    ) -> Result<WipedBytes, CryptoError> {
        match algorithm {
            KeyAgreementAlgorithm::Ecdh => self.ecdh(peer),
        }
    }

    fn ecdh(&self, peer: &[u8]) -> Result<WipedBytes, CryptoError> {
        let peer = PublicKey::from_der(PairSpec::Curve(self.curve), peer)
            .map_err(|_| CryptoError::PeerKey)?;
        let peer = UnparsedPublicKey::new(self.algorithm, peer.der());
        agree(&self.key, peer, CryptoError::PeerKey, |secret| Ok(WipedBytes::new(secret.to_vec())))
    }
}

/// Nothing for secp256k1, whose keys only sign.
const fn of_library(curve: CurveSpec) -> Option<&'static Algorithm> {
    match curve {
        CurveSpec::NistP256 => Some(&ECDH_P256),
        CurveSpec::NistP384 => Some(&ECDH_P384),
        CurveSpec::NistP521 => Some(&ECDH_P521),
        CurveSpec::SecgP256k1 => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kms::KeyPair;

    const CURVES: [CurveSpec; 3] = [CurveSpec::NistP256, CurveSpec::NistP384, CurveSpec::NistP521];

    fn made(curve: CurveSpec) -> (AgreementKey, Vec<u8>) {
        let pair = KeyPair::generate(PairSpec::Curve(curve)).unwrap();
        let key = AgreementKey::from_pkcs8(curve, pair.pkcs8()).ok().unwrap();
        (key, pair.public_key_der().to_vec())
    }

    #[test]
    fn both_sides_derive_the_same_secret() {
        for (curve, length) in CURVES.into_iter().zip([32, 48, 66]) {
            let ((one, one_public), (two, two_public)) = (made(curve), made(curve));
            let derive = |key: &AgreementKey, peer: &[u8]| {
                key.derive(KeyAgreementAlgorithm::Ecdh, peer).ok().unwrap()
            };
            let secret = derive(&one, &two_public);
            assert_eq!(secret.len(), length);
            assert!(*secret == *derive(&two, &one_public));
            assert!(*secret != *derive(&one, &one_public));
        }
    }

    #[test]
    fn a_peer_that_is_no_public_key_on_the_curve_is_refused() {
        let (key, own) = made(CurveSpec::NistP256);
        let (_, other) = made(CurveSpec::NistP384);
        let point = own[own.len() - 65..].to_vec();
        assert_eq!(point[0], 4, "the bare point, which is no SubjectPublicKeyInfo");
        let mut off_curve = own.clone();
        *off_curve.last_mut().unwrap() ^= 1;
        let trailing = [&own[..], &[0]].concat();
        for peer in [&other, &point, &off_curve, &trailing, &Vec::new()] {
            let refused = key.derive(KeyAgreementAlgorithm::Ecdh, peer).err();
            assert_eq!(refused, Some(CryptoError::PeerKey));
        }
    }

    #[test]
    fn secp256k1_does_not_agree() {
        let pair = KeyPair::generate(PairSpec::Curve(CurveSpec::SecgP256k1)).unwrap();
        let key = AgreementKey::from_pkcs8(CurveSpec::SecgP256k1, pair.pkcs8());
        assert_eq!(key.err(), Some(CryptoError::UsageNotOfKey));
    }
}
