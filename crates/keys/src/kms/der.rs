//! As much of DER as a strict border needs.

/// Whether the bytes are one SEQUENCE and nothing after it. The library's parsers stop where a key ends, and do not mind
/// what follows.
pub(super) fn is_one_sequence(bytes: &[u8]) -> bool {
    let Some((&0x30, rest)) = bytes.split_first() else { return false };
    let Some((&first, rest)) = rest.split_first() else { return false };
    if first < 0x80 {
        return rest.len() == usize::from(first);
    }
    let Some((length, content)) = rest.split_at_checked(usize::from(first & 0x7f)) else {
        return false;
    };
    // Two bytes say 64 KiB, which is more than any key here needs.
    let stated = match *length {
        [low] => usize::from(low),
        [high, low] => usize::from(u16::from_be_bytes([high, low])),
        _ => return false,
    };
    stated == content.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_ends_where_the_bytes_end() {
        assert!(is_one_sequence(&[0x30, 2, 5, 0]));
        assert!(!is_one_sequence(&[0x30, 2, 5, 0, 0]));
        assert!(!is_one_sequence(&[0x30, 2, 5]));
        assert!(!is_one_sequence(&[0x31, 2, 5, 0]));
        for (head, length) in [(vec![0x30, 0x81, 200], 200), (vec![0x30, 0x82, 1, 4], 260)] {
            let whole = [head, vec![0; length]].concat();
            assert!(is_one_sequence(&whole));
            assert!(!is_one_sequence(&[&whole[..], &[0]].concat()));
            assert!(!is_one_sequence(&whole[..whole.len() - 1]));
        }
        for bad in [&[][..], &[0x30], &[0x30, 0x80], &[0x30, 0x83, 0, 0, 0], &[0x30, 0xff]] {
            assert!(!is_one_sequence(bad), "{bad:?}");
        }
    }
}
