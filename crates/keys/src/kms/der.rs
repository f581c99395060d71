//! As much of DER as a strict border needs.

use super::{CurveSpec, MlDsaSpec, PairSpec};

/// What is in the SEQUENCE that the bytes are, with nothing after it. The library's parsers stop where a key ends, and do
/// not mind what follows.
pub(super) fn sequence(bytes: &[u8]) -> Option<&[u8]> {
    let Some((&0x30, rest)) = bytes.split_first() else { return None };
    let (&first, rest) = rest.split_first()?;
    let (stated, content) = match first {
        0..0x80 => (usize::from(first), rest),
        // Two bytes say 64 KiB, which is more than any key here needs.
        0x81 => rest.split_first().map(|(low, content)| (usize::from(*low), content))?,
        0x82 => rest
            .split_first_chunk()
            .map(|(length, content)| (usize::from(u16::from_be_bytes(*length)), content))?,
        0x80 | 0x83.. => return None,
    };
    (stated == content.len()).then_some(content)
}

/// What a `SubjectPublicKeyInfo` of a spec begins with: its `AlgorithmIdentifier`. RSA's is RFC 3279's, the curves' are
/// RFC 5480's by name, Ed25519's is RFC 8410's, ML-DSA's are RFC 9881's.
///
/// The library takes more: keys for RSA-PSS alone, and curves that are spelt out in numbers.
pub(super) const fn algorithm_identifier(spec: PairSpec) -> &'static [u8] {
    match spec {
        PairSpec::Rsa(_) => b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00",
        PairSpec::Curve(CurveSpec::NistP256) => {
            b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
        }
        PairSpec::Curve(CurveSpec::NistP384) => {
            b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22"
        }
        PairSpec::Curve(CurveSpec::NistP521) => {
            b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23"
        }
        PairSpec::Curve(CurveSpec::SecgP256k1) => {
            b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x0a"
        }
        PairSpec::Ed25519 => b"\x30\x05\x06\x03\x2b\x65\x70",
        PairSpec::MlDsa(MlDsaSpec::MlDsa44) => {
            b"\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x11"
        }
        PairSpec::MlDsa(MlDsaSpec::MlDsa65) => {
            b"\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x12"
        }
        PairSpec::MlDsa(MlDsaSpec::MlDsa87) => {
            b"\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x13"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_ends_where_the_bytes_end() {
        assert_eq!(sequence(&[0x30, 2, 5, 0]), Some(&[5, 0][..]));
        assert_eq!(sequence(&[0x30, 2, 5, 0, 0]), None);
        assert_eq!(sequence(&[0x30, 2, 5]), None);
        assert_eq!(sequence(&[0x31, 2, 5, 0]), None);
        for (head, length) in [(vec![0x30, 0x81, 200], 200), (vec![0x30, 0x82, 1, 4], 260)] {
            let whole = [head, vec![0; length]].concat();
            assert_eq!(sequence(&whole), Some(&vec![0; length][..]));
            assert_eq!(sequence(&[&whole[..], &[0]].concat()), None);
            assert_eq!(sequence(&whole[..whole.len() - 1]), None);
        }
        for bad in [&[][..], &[0x30], &[0x30, 0x80], &[0x30, 0x83, 0, 0, 0], &[0x30, 0xff]] {
            assert_eq!(sequence(bad), None, "{bad:?}");
        }
    }
}
