//! Reading the log, also while it is written.

use crate::AuditError;
use crate::frame::{HEADER_BYTES, Hash, Header, events, find_behind, parse, parse_header};
use crate::segment::{Listed, list};
use std::collections::VecDeque;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// An event as it was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place in the log, counted from 1.
    pub sequence: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What a walk over a file's bytes comes to next.
pub(crate) enum Step {
    Frame(Header),
    /// No whole frame from here on.
    End(u64),
    /// A whole frame that does not belong here.
    Bad(u64, &'static str),
}

/// A walk over the frames of one file.
pub(crate) struct Frames<'a> {
    bytes: &'a [u8],
    offset: usize,
    next_sequence: u64,
    previous: Option<Hash>,
}

impl<'a> Frames<'a> {
    /// `previous` is the hash that the first frame must follow, if it is known.
    pub(crate) fn new(bytes: &'a [u8], first_sequence: u64, previous: Option<Hash>) -> Self {
        Self { bytes, offset: 0, next_sequence: first_sequence, previous }
    }

    pub(crate) fn step(&mut self) -> Step {
        let offset = u64::try_from(self.offset).unwrap_or(u64::MAX);
        let Some((header, _)) = self.bytes.get(self.offset..).and_then(parse) else {
            return Step::End(offset);
        };
        if header.first_sequence != self.next_sequence {
            return Step::Bad(offset, "a frame out of sequence");
        }
        if self.previous.is_some_and(|previous| previous != header.previous) {
            return Step::Bad(offset, "a frame that does not follow the one before");
        }
        self.offset = self.offset.saturating_add(header.frame_bytes());
        self.next_sequence = header.next_sequence();
        self.previous = Some(header.hash);
        Step::Frame(header)
    }
}

/// Events in order, from some place on. Reads files only; the log may be open for writing elsewhere.
#[derive(Debug)]
pub struct Reader {
    directory: PathBuf,
    current: Option<(Listed, File, u64)>,
    next_sequence: u64,
    /// Events, and damage in its place between them.
    waiting: VecDeque<Result<Event, AuditError>>,
}

impl Reader {
    /// From this sequence on.
    pub fn from(directory: &Path, sequence: u64) -> Result<Self, AuditError> {
        let segments = list(directory)?;
        let start = segments.iter().rev().find(|segment| segment.first_sequence <= sequence);
        let start = start.or(segments.first()).map_or(1, |segment| segment.first_sequence);
        let mut reader = Self {
            directory: directory.to_owned(),
            current: None,
            next_sequence: start,
            waiting: VecDeque::new(),
        };
        while reader.next_sequence < sequence && reader.fill()? {}
        let is_wanted = |event: &Event| event.sequence >= sequence;
        reader.waiting.retain(|next| next.as_ref().map_or(true, is_wanted));
        Ok(reader)
    }

    /// The newest events, and those that come after them.
    pub fn tail(directory: &Path, events: u64) -> Result<Self, AuditError> {
        let newest = list(directory)?.last().map_or(1, |segment| segment.first_sequence);
        let mut reader = Self {
            directory: directory.to_owned(),
            current: None,
            next_sequence: newest,
            waiting: VecDeque::new(),
        };
        while reader.fill()? {
            reader.waiting.clear();
        }
        Self::from(directory, reader.next_sequence.saturating_sub(events).max(1))
    }

    /// The next event; `None` if there is none yet. Damage is an error, once; the call after it goes on behind.
    pub fn next_event(&mut self) -> Result<Option<Event>, AuditError> {
        if self.waiting.is_empty() {
            self.fill()?;
        }
        self.waiting.pop_front().transpose()
    }

    /// Reads one more frame. False if there is none yet.
    fn fill(&mut self) -> Result<bool, AuditError> {
        if self.current.is_none() {
            self.current = self.segment_of(self.next_sequence)?;
        }
        let Some((_, file, offset)) = &self.current else { return Ok(false) };
        let Some(frame) = read_frame(file, *offset)? else { return self.move_on() };
        let Some((header, payload)) =
            parse(&frame).filter(|(header, _)| header.first_sequence == self.next_sequence)
        else {
            return self.move_on();
        };
        let numbered = (self.next_sequence..).zip(events(payload));
        self.waiting.extend(
            numbered.map(|(sequence, bytes)| Ok(Event { sequence, bytes: bytes.to_vec() })),
        );
        self.next_sequence = header.next_sequence();
        if let Some((_, _, offset)) = &mut self.current {
            *offset = offset.saturating_add(u64::try_from(frame.len()).unwrap_or(u64::MAX));
        }
        Ok(true)
    }

    /// Nothing more in this file: perhaps another goes on where it ends, or behind a gap.
    fn move_on(&mut self) -> Result<bool, AuditError> {
        let next = self.segment_of(self.next_sequence)?;
        let is_other = match (&next, &self.current) {
            (Some((next, ..)), Some((current, ..))) => next.first_sequence > current.first_sequence,
            _ => false,
        };
        if is_other {
            // A frame whose sync failed: this file starts again in its place.
            let first = next.as_ref().map_or(u64::MAX, |(next, ..)| next.first_sequence);
            self.next_sequence = self.next_sequence.min(first);
            self.current = next;
            return self.fill();
        }
        self.skip_damage()
    }

    /// If there are events behind the place where this file cannot be read on, notes the damage and goes to them.
    fn skip_damage(&mut self) -> Result<bool, AuditError> {
        let Some((current, file, offset)) = &mut self.current else { return Ok(false) };
        let damaged = AuditError::Damaged {
            file: current.file_name(),
            offset: *offset,
            what: "a damaged frame",
        };
        if let Some((behind, sequence)) = frame_behind(file, *offset)? {
            (*offset, self.next_sequence) = (behind, sequence);
            self.waiting.push_back(Err(damaged));
            return Ok(true);
        }
        let first = |segment: &Listed| segment.first_sequence > self.next_sequence;
        let Some(later) = list(&self.directory)?.into_iter().find(first) else { return Ok(false) };
        self.next_sequence = later.first_sequence;
        let file = File::open(&later.path)?;
        self.current = Some((later, file, 0));
        self.waiting.push_back(Err(damaged));
        Ok(true)
    }

    fn segment_of(&self, sequence: u64) -> Result<Option<(Listed, File, u64)>, AuditError> {
        let segments = list(&self.directory)?;
        let Some(segment) =
            segments.into_iter().rev().find(|segment| segment.first_sequence <= sequence)
        else {
            return Ok(None);
        };
        let file = File::open(&segment.path)?;
        Ok(Some((segment, file, 0)))
    }
}

/// Offset and first sequence of a whole frame behind bytes that are none. Bytes that are all zero are a file's unused end.
fn frame_behind(file: &File, offset: u64) -> Result<Option<(u64, u64)>, AuditError> {
    let mut header = [0; HEADER_BYTES];
    if !read_exactly(file, &mut header, offset)? || header.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let rest = file.metadata()?.len().saturating_sub(offset);
    let mut bytes = vec![0; usize::try_from(rest).unwrap_or(usize::MAX)];
    if !read_exactly(file, &mut bytes, offset)? {
        return Ok(None);
    }
    let Some(place) = find_behind(&bytes) else { return Ok(None) };
    let sequence = bytes.get(place..).and_then(parse).map(|(header, _)| header.first_sequence);
    let place = u64::try_from(place).unwrap_or(u64::MAX);
    Ok(sequence.map(|sequence| (offset.saturating_add(place), sequence)))
}

fn read_frame(file: &File, offset: u64) -> Result<Option<Vec<u8>>, AuditError> {
    let mut header = [0; HEADER_BYTES];
    if !read_exactly(file, &mut header, offset)? {
        return Ok(None);
    }
    let Some(parsed) = parse_header(&header) else { return Ok(None) };
    let mut frame = vec![0; parsed.frame_bytes()];
    Ok(read_exactly(file, &mut frame, offset)?.then_some(frame))
}

fn read_exactly(file: &File, bytes: &mut [u8], offset: u64) -> Result<bool, AuditError> {
    match file.read_exact_at(bytes, offset) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What a verified log holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Events in the chain.
    pub events: u64,
    /// Batches that they were written in, each with one sync.
    pub batches: u64,
    /// Files of the chain.
    pub segments: usize,
}

/// Walks the whole chain. The error names the first bad place.
pub fn verify(directory: &Path) -> Result<Summary, AuditError> {
    let segments = list(directory)?;
    let mut previous = [0; 32];
    let mut next_sequence = 1;
    let mut batches = 0_u64;
    for (place, segment) in segments.iter().enumerate() {
        let superseded = segments.get(place + 1).map_or(u64::MAX, |next| next.first_sequence);
        let bytes = std::fs::read(&segment.path)?;
        let damaged =
            |offset, what| AuditError::Damaged { file: segment.file_name(), offset, what };
        if segment.first_sequence != next_sequence {
            return Err(damaged(0, "events before this file are missing"));
        }
        let mut frames = Frames::new(&bytes, next_sequence, Some(previous));
        loop {
            match frames.step() {
                // A frame whose sync failed: the next file starts again in its place.
                Step::Frame(header) if header.first_sequence >= superseded => break,
                Step::Frame(header) => {
                    (previous, next_sequence) = (header.hash, header.next_sequence());
                    batches = batches.saturating_add(1);
                }
                Step::Bad(offset, what) => return Err(damaged(offset, what)),
                Step::End(offset) => {
                    let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..));
                    let rest = rest.unwrap_or_default();
                    let is_last = superseded == u64::MAX;
                    if find_behind(rest).is_some() || (!is_last && next_sequence != superseded) {
                        return Err(damaged(offset, "a damaged frame"));
                    }
                    break;
                }
            }
        }
    }
    Ok(Summary { events: next_sequence.saturating_sub(1), batches, segments: segments.len() })
}
