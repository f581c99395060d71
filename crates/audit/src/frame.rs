//! The layout of a frame.
//!
//! ```text
//!  0  magic "SRAL"        4      32  hash of the frame before   32
//!  4  format (1)          4      64  hash of this frame         32
//!  8  payload length      4      96  payload: events, each behind its length (4)
//! 12  events              4
//! 16  first sequence      8      All numbers big-endian. The hash is SHA-256 over bytes 0..64 and the payload.
//! 24  outbox through      8      The first frame of a log follows 32 zero bytes.
//! ```

use aws_lc_rs::digest::{Context, SHA256};

pub(crate) const HEADER_BYTES: usize = 96;
const MAGIC: [u8; 4] = *b"SRAL";
const FORMAT: u32 = 1;
/// Longer frames are not written; a length beyond it is damage.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 32 * 1024 * 1024;

pub(crate) type Hash = [u8; 32];

/// What a frame's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) payload_bytes: usize,
    pub(crate) events: u32,
    pub(crate) first_sequence: u64,
    pub(crate) outbox_through: u64,
    pub(crate) previous: Hash,
    pub(crate) hash: Hash,
}

impl Header {
    pub(crate) fn frame_bytes(&self) -> usize {
        HEADER_BYTES + self.payload_bytes
    }

    /// The sequence that follows the frame's last event.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.first_sequence.saturating_add(u64::from(self.events))
    }
}

/// Writes the header into the room that was left for it in front of the payload. Answers the frame's hash.
pub(crate) fn seal(
    frame: &mut [u8],
    events: u32,
    first_sequence: u64,
    outbox_through: u64,
    previous: &Hash,
) -> Hash {
    let payload_bytes = u32::try_from(frame.len().saturating_sub(HEADER_BYTES)).unwrap_or(u32::MAX);
    let mut head = [0; 64];
    let fields: [&[u8]; 7] = [
        &MAGIC,
        &FORMAT.to_be_bytes(),
        &payload_bytes.to_be_bytes(),
        &events.to_be_bytes(),
        &first_sequence.to_be_bytes(),
        &outbox_through.to_be_bytes(),
        previous,
    ];
    let bytes = fields.iter().flat_map(|field| field.iter());
    for (place, byte) in head.iter_mut().zip(bytes) {
        *place = *byte;
    }
    let Some((header, payload)) = frame.split_at_mut_checked(HEADER_BYTES) else { return [0; 32] };
    let hash = hash(&head, payload);
    let sealed = head.iter().chain(&hash);
    for (place, byte) in header.iter_mut().zip(sealed) {
        *place = *byte;
    }
    hash
}

fn hash(head: &[u8], payload: &[u8]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(head);
    context.update(payload);
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Writes an event behind those that are there.
pub(crate) fn push_event(payload: &mut Vec<u8>, event: &[u8]) {
    // More than 4 GiB do not get here: what waits for the disk is bounded.
    let length = u32::try_from(event.len()).unwrap_or(u32::MAX);
    payload.extend_from_slice(&length.to_be_bytes());
    payload.extend_from_slice(event);
}

/// The events of a whole frame.
pub(crate) fn events(mut payload: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = payload.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (event, rest) = rest.split_at_checked(length)?;
        payload = rest;
        Some(event)
    })
}

/// Reads a header; `None` if there is none.
pub(crate) fn parse_header(bytes: &[u8]) -> Option<Header> {
    let (magic, rest) = bytes.split_first_chunk::<4>()?;
    let (format, rest) = rest.split_first_chunk::<4>()?;
    let (payload_bytes, rest) = rest.split_first_chunk::<4>()?;
    let (events, rest) = rest.split_first_chunk::<4>()?;
    let (first_sequence, rest) = rest.split_first_chunk::<8>()?;
    let (outbox_through, rest) = rest.split_first_chunk::<8>()?;
    let (previous, rest) = rest.split_first_chunk::<32>()?;
    let (hash, _) = rest.split_first_chunk::<32>()?;
    let payload_bytes = usize::try_from(u32::from_be_bytes(*payload_bytes)).ok()?;
    let is_frame = *magic == MAGIC
        && u32::from_be_bytes(*format) == FORMAT
        && payload_bytes <= PAYLOAD_BYTES_MAX;
    is_frame.then(|| Header {
        payload_bytes,
        events: u32::from_be_bytes(*events),
        first_sequence: u64::from_be_bytes(*first_sequence),
        outbox_through: u64::from_be_bytes(*outbox_through),
        previous: *previous,
        hash: *hash,
    })
}

/// A whole and undamaged frame at the start of `bytes`, with its payload.
pub(crate) fn parse(bytes: &[u8]) -> Option<(Header, &[u8])> {
    let header = parse_header(bytes)?;
    let payload = bytes.get(HEADER_BYTES..header.frame_bytes())?;
    let is_whole = hash(bytes.get(..64)?, payload) == header.hash;
    is_whole.then_some((header, payload))
}

/// Where the next frame may start behind damage: the next place that looks like one and is whole.
pub(crate) fn find_behind(bytes: &[u8]) -> Option<usize> {
    let places = bytes.windows(MAGIC.len()).enumerate().filter(|(_, window)| *window == MAGIC);
    places.map(|(place, _)| place).find(|place| bytes.get(*place..).and_then(parse).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0; HEADER_BYTES];
        frame.extend_from_slice(payload);
        seal(&mut frame, 1, 7, 9, &[3; 32]);
        frame
    }

    #[test]
    fn a_frame_reads_back() {
        let frame = frame(b"{}\n");
        let (header, payload) = parse(&frame).unwrap();
        assert_eq!(payload, b"{}\n");
        assert_eq!((header.events, header.first_sequence, header.outbox_through), (1, 7, 9));
        assert_eq!(header.previous, [3; 32]);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let frame = frame(b"{\"a\":1}\n");
        for bit in 0..frame.len() * 8 {
            let mut edited = frame.clone();
            edited[bit / 8] ^= 1 << (bit % 8);
            assert!(parse(&edited).is_none(), "bit {bit}");
        }
        for length in 0..frame.len() {
            assert!(parse(&frame[..length]).is_none(), "cut to {length}");
        }
    }

    #[test]
    fn events_come_apart_as_they_were_put_in() {
        let put = [&b"one"[..], b"", b"two\nlines"];
        let mut payload = Vec::new();
        for event in put {
            push_event(&mut payload, event);
        }
        assert_eq!(events(&payload).collect::<Vec<_>>(), put);
        payload.pop();
        assert_eq!(events(&payload).count(), 2, "a cut event is none");
    }

    #[test]
    fn a_frame_behind_damage_is_found() {
        let mut bytes = b"SRAL garbage SRAL".to_vec();
        let start = bytes.len();
        bytes.extend(frame(b"x\n"));
        assert_eq!(find_behind(&bytes), Some(start));
        assert_eq!(find_behind(&bytes[..start]), None);
    }
}
