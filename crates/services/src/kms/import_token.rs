//! The import token: the wrapping private key, sealed for one key in one account and Region, for 24 hours.
//!
//! Nothing is stored for it. Whoever has the token has the private key, but sealed under keys that never leave the server.

use crate::error::{ApiError, ErrorCode};
use crate::kms::target::{KeyTarget, record_key};
use crate::operation::Cx;
use strongroom_keys::kms::{RsaSpec, WrappingAlgorithm, WrappingKey};
use strongroom_types::{Timestamp, WipedBytes};
use zeroize::Zeroizing;

const PURPOSE: &str = "import token";
/// KMS API reference, `GetParametersForImport`: 24 hours.
const VALID_DAYS: i64 = 1;

/// What a key's material will be wrapped with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wrapping {
    /// Size of the wrapping key.
    pub spec: RsaSpec,
    /// How.
    pub algorithm: WrappingAlgorithm,
}

/// When a token that is made now is over.
pub(super) fn valid_to(now: Timestamp) -> Timestamp {
    now.plus_days(VALID_DAYS)
}

/// Makes a token.
pub(super) fn seal(
    cx: &Cx<'_>,
    target: &KeyTarget,
    wrapping: Wrapping,
    pkcs8: &[u8],
) -> Result<Vec<u8>, ApiError> {
    let plain = write(wrapping, valid_to(cx.now), pkcs8);
    let keys = cx.house.records.keys();
    keys.seal_token(PURPOSE, &binding(target)?, &plain, cx.entropy()).map_err(ApiError::internal)
}

/// Opens a token that was made for this key and is not over. Codes documented, messages inferred.
pub(super) fn open(
    cx: &Cx<'_>,
    target: &KeyTarget,
    token: &[u8],
) -> Result<(Wrapping, WrappingKey), ApiError> {
    let plain = cx.house.records.keys().open_token(PURPOSE, &binding(target)?, token);
    let plain: WipedBytes = plain.map_err(|_| invalid())?;
    let (wrapping, valid_to, pkcs8) = read(&plain).ok_or_else(invalid)?;
    if valid_to <= cx.now {
        let message = "The import token has expired.";
        return Err(ApiError::new(ErrorCode::ExpiredImportToken, message));
    }
    let key = WrappingKey::from_pkcs8(wrapping.spec, pkcs8).map_err(ApiError::internal)?;
    Ok((wrapping, key))
}

fn invalid() -> ApiError {
    let message = "The import token is invalid or is associated with a different KMS key.";
    ApiError::new(ErrorCode::InvalidImportToken, message)
}

/// A related key in another Region has tokens of its own.
fn binding(target: &KeyTarget) -> Result<Vec<u8>, ApiError> {
    Ok(record_key(target.owner(), target.region(), &target.found()?.value.id))
}

/// A line of text, and then the key.
fn write(wrapping: Wrapping, valid_to: Timestamp, pkcs8: &[u8]) -> Zeroizing<Vec<u8>> {
    let Wrapping { spec, algorithm } = wrapping;
    let line = format!("{spec} {algorithm} {}\n", valid_to.as_millis());
    let mut plain = Zeroizing::new(Vec::with_capacity(line.len() + pkcs8.len()));
    plain.extend_from_slice(line.as_bytes());
    plain.extend_from_slice(pkcs8);
    plain
}

fn read(plain: &[u8]) -> Option<(Wrapping, Timestamp, &[u8])> {
    let end = plain.iter().position(|byte| *byte == b'\n')?;
    let (line, pkcs8) = plain.split_at_checked(end)?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let spec = RsaSpec::parse(words.next()?).ok()?;
    let algorithm = WrappingAlgorithm::parse(words.next()?).ok()?;
    let valid_to = Timestamp::from_millis(words.next()?.parse().ok()?);
    Some((Wrapping { spec, algorithm }, valid_to, pkcs8.strip_prefix(b"\n")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_keys::StorageKeys;
    use strongroom_keys::kms::{KeyPair, PairSpec};
    use strongroom_types::SystemEntropy;

    #[test]
    fn what_is_written_is_read_and_nothing_else_is() {
        for spec in RsaSpec::ALL {
            for algorithm in WrappingAlgorithm::ALL {
                let wrapping = Wrapping { spec: *spec, algorithm: *algorithm };
                let valid_to = Timestamp::from_millis(1_790_000_000_123);
                let plain = write(wrapping, valid_to, b"key\nwith lines\n");
                assert_eq!(read(&plain), Some((wrapping, valid_to, &b"key\nwith lines\n"[..])));
            }
        }
        for none in [
            &b""[..],
            b"\n",
            b"RSA_2048\nkey",
            b"RSA_2048 SM2PKE 1\nkey",
            b"RSA_2048 RSAES_OAEP_SHA_1 x\n",
        ] {
            assert_eq!(read(none), None);
        }
    }

    /// Documented: AWS's model lets an `ImportToken` have 6,144 bytes, and clients check that.
    #[test]
    fn the_token_of_the_largest_wrapping_key_fits() {
        let pair = KeyPair::generate(PairSpec::Rsa(RsaSpec::Rsa4096)).unwrap();
        let wrapping =
            Wrapping { spec: RsaSpec::Rsa4096, algorithm: WrappingAlgorithm::RsaAesKeyWrapSha256 };
        let plain = write(wrapping, Timestamp::from_millis(i64::MIN), pair.pkcs8());
        let keys = StorageKeys::generate(&SystemEntropy).unwrap();
        let token = keys.seal_token(PURPOSE, b"binding", &plain, &SystemEntropy).unwrap();
        assert!(token.len() <= 6144, "{}", token.len());
    }
}
