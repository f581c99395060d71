//! Patterns with `*` and `?`, matched in time that grows with pattern plus text, whatever the two are.
//!
//! Between two stars the leftmost match is as good as any, so nothing is ever tried twice. Pieces with many question
//! marks are looked for with one bit for each place in the piece (Baeza-Yates and Gonnet, 1992).

/// A piece of a pattern, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// Stands for itself.
    Text(String),
    /// `?`: any one character.
    One,
    /// `*`: any characters.
    Any,
}

/// A pattern, cut at its stars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    head: Segment,
    /// What follows the first star; without it there is none.
    tail: Option<Tail>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Tail {
    middle: Box<[Segment]>,
    last: Segment,
}

/// Characters and question marks without a star.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Text(Box<str>),
    Mixed(Box<[Run]>),
}

/// Characters that stand for themselves, or so many that stand for any.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Run {
    Text(Box<str>),
    Any(usize),
}

impl Pattern {
    pub(crate) fn new(parts: impl IntoIterator<Item = Part>) -> Self {
        let mut segments = vec![Vec::new()];
        for part in parts {
            match (part, segments.last_mut()) {
                (Part::Any, _) => segments.push(Vec::new()),
                (part, Some(segment)) => segment.push(part),
                (_, None) => {}
            }
        }
        let mut segments = segments.into_iter().map(|parts| Segment::new(&parts));
        let head = segments.next().unwrap_or(Segment::Text("".into()));
        let mut middle: Vec<_> = segments.collect();
        let tail = middle.pop().map(|last| {
            middle.retain(|segment| !segment.is_empty());
            Tail { middle: middle.into(), last }
        });
        Self { head, tail }
    }

    /// A pattern as written: every `*` and `?` counts.
    pub(crate) fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        for piece in text.split_inclusive(['*', '?']) {
            let words = piece.trim_end_matches(['*', '?']);
            if !words.is_empty() {
                parts.push(Part::Text(words.to_owned()));
            }
            match piece.strip_prefix(words) {
                Some("*") => parts.push(Part::Any),
                Some("?") => parts.push(Part::One),
                _ => {}
            }
        }
        Self::new(parts)
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        let Some(rest) = self.head.strip_prefix(text) else { return false };
        let Some(tail) = &self.tail else { return rest.is_empty() };
        let Some(mut rest) = tail.last.strip_suffix(rest) else { return false };
        for segment in &tail.middle {
            let Some(after) = segment.skip_past(rest) else { return false };
            rest = after;
        }
        true
    }
}

impl Segment {
    fn new(parts: &[Part]) -> Self {
        let (mut runs, mut text, mut count) = (Vec::new(), String::new(), 0);
        for part in parts {
            match part {
                Part::Text(piece) => {
                    if count > 0 {
                        runs.push(Run::Any(std::mem::take(&mut count)));
                    }
                    text.push_str(piece);
                }
                Part::One => {
                    if !text.is_empty() {
                        runs.push(Run::Text(std::mem::take(&mut text).into()));
                    }
                    count += 1;
                }
                Part::Any => {}
            }
        }
        if runs.is_empty() && count == 0 {
            return Self::Text(text.into());
        }
        match count {
            0 => runs.push(Run::Text(text.into())),
            count => runs.push(Run::Any(count)),
        }
        Self::Mixed(runs.into())
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }

    /// What follows the segment at the start of the text.
    fn strip_prefix<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Text(segment) => text.strip_prefix(&**segment),
            Self::Mixed(runs) => strip_runs(runs, text),
        }
    }

    /// What precedes the segment at the end of the text.
    fn strip_suffix<'t>(&self, text: &'t str) -> Option<&'t str> {
        let runs = match self {
            Self::Text(segment) => return text.strip_suffix(&**segment),
            Self::Mixed(runs) => runs,
        };
        runs.iter().rev().try_fold(text, |rest, run| match run {
            Run::Text(words) => rest.strip_suffix(&**words),
            Run::Any(count) => {
                let mut chars = rest.chars();
                chars.nth_back(count.checked_sub(1)?)?;
                Some(chars.as_str())
            }
        })
    }

    /// What follows the first place where the segment stands.
    fn skip_past<'t>(&self, text: &'t str) -> Option<&'t str> {
        let runs = match self {
            Self::Text(segment) => return text.split_once(&**segment).map(|(_, after)| after),
            Self::Mixed(runs) => runs,
        };
        let length = runs.iter().map(Run::length).sum();
        if length > text.len() {
            return None;
        }
        if length > WORD {
            return Search::new(runs, length).skip_past(text);
        }
        if length > LENGTH_TRIED_MAX {
            return skip_past_short(runs, text);
        }
        let mut starts = text.char_indices().map(|(start, _)| start);
        starts.find_map(|start| strip_runs(runs, text.get(start..)?))
    }
}

impl Run {
    /// In bytes, if what stands for any character stands for one of one byte.
    fn length(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Any(count) => *count,
        }
    }
}

/// Up to this length it is quicker to try every place.
const LENGTH_TRIED_MAX: usize = 4;

fn strip_runs<'t>(runs: &[Run], text: &'t str) -> Option<&'t str> {
    runs.iter().try_fold(text, |rest, run| match run {
        Run::Text(words) => rest.strip_prefix(&**words),
        Run::Any(count) => {
            let mut chars = rest.chars();
            chars.nth(count.checked_sub(1)?)?;
            Some(chars.as_str())
        }
    })
}

const WORD: usize = 64;

/// As [`Search`], for runs of one word, which needs no memory of its own.
fn skip_past_short<'t>(runs: &[Run], text: &'t str) -> Option<&'t str> {
    let (mut masks, mut questions, mut bit) = ([0_u64; 256], 0_u64, 1_u64);
    for run in runs {
        match run {
            Run::Text(text) => {
                for byte in text.bytes() {
                    set(&mut masks, usize::from(byte), bit);
                    bit = bit.rotate_left(1);
                }
            }
            Run::Any(count) => {
                for _ in 0..*count {
                    questions |= bit;
                    bit = bit.rotate_left(1);
                }
            }
        }
    }
    let last = bit.rotate_right(1);
    let mut state = 0_u64;
    for (at, byte) in text.bytes().enumerate() {
        let mask = masks.get(usize::from(byte))?;
        let moved = (state << 1) | 1;
        state = if is_continuation(byte) {
            (moved & mask) | (state & questions)
        } else {
            moved & (mask | questions)
        };
        if state & last != 0 {
            return end_of_character(text, at + 1);
        }
    }
    None
}

/// The first place where runs stand, with one bit for each byte of theirs: set while all up to it match.
struct Search {
    /// For each byte of a text, the places where it stands; `words` words each.
    masks: Vec<u64>,
    /// The question marks. They match the first byte of a character, and go on while it does.
    questions: Vec<u64>,
    words: usize,
    last: u64,
}

impl Search {
    fn new(runs: &[Run], length: usize) -> Self {
        let words = length.div_ceil(WORD);
        let mut masks = vec![0; words * 256];
        let mut questions = vec![0; words];
        let mut places = (0..length).map(|place| (place / WORD, 1_u64 << (place % WORD)));
        for run in runs {
            match run {
                Run::Text(text) => {
                    for (byte, (word, bit)) in text.bytes().zip(&mut places) {
                        set(&mut masks, usize::from(byte) * words + word, bit);
                    }
                }
                Run::Any(count) => {
                    for (word, bit) in places.by_ref().take(*count) {
                        set(&mut questions, word, bit);
                    }
                }
            }
        }
        let last = 1 << (length.saturating_sub(1) % WORD);
        Self { masks, questions, words, last }
    }

    fn skip_past<'t>(&self, text: &'t str) -> Option<&'t str> {
        let mut state = vec![0_u64; self.words];
        for (at, byte) in text.bytes().enumerate() {
            let start = usize::from(byte) * self.words;
            let masks = self.masks.get(start..start + self.words)?;
            let mut carry = 1;
            for ((word, mask), questions) in state.iter_mut().zip(masks).zip(&self.questions) {
                let moved = (*word << 1) | carry;
                carry = *word >> (WORD - 1);
                *word = if is_continuation(byte) {
                    (moved & mask) | (*word & questions)
                } else {
                    moved & (mask | questions)
                };
            }
            if state.last().is_some_and(|word| word & self.last != 0) {
                return end_of_character(text, at + 1);
            }
        }
        None
    }
}

fn set(words: &mut [u64], place: usize, bit: u64) {
    if let Some(word) = words.get_mut(place) {
        *word |= bit;
    }
}

fn is_continuation(byte: u8) -> bool {
    matches!(byte, 0x80..=0xbf)
}

fn end_of_character(text: &str, at: usize) -> Option<&str> {
    (at..=text.len()).find_map(|end| text.get(end..))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Slow and obvious.
    fn glob(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['*', rest @ ..], []) => glob(rest, text),
            (['*', rest @ ..], [_, tail @ ..]) => glob(rest, text) || glob(pattern, tail),
            (['?', rest @ ..], [_, tail @ ..]) => glob(rest, tail),
            ([a, rest @ ..], [b, tail @ ..]) => a == b && glob(rest, tail),
            _ => false,
        }
    }

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn stars_and_question_marks_stand_for_what_they_should() {
        for (pattern, text, matches) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "any thing/at:all", true),
            ("**", "a", true),
            ("?", "", false),
            ("?", "a", true),
            ("?", "ab", false),
            ("?", "é", true),
            ("??", "é", false),
            ("a*", "a", true),
            ("a*", "ba", false),
            ("*a", "ba", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*a?c*", "xxabcxx", true),
            ("*ab*ba*", "aba", false),
            ("*ab*ba*", "abba", true),
            ("*-??????", "name-a1b2c3", true),
            ("*-??????", "name-a1b2c", false),
            ("A", "a", false),
            ("[a]", "a", false),
            ("a.c", "abc", false),
            ("*?*?*", "a", false),
            ("*?????*z", "日本語日本z", true),
        ] {
            assert_eq!(Pattern::parse(pattern).matches(text), matches, "{pattern} {text}");
            assert_eq!(glob(&chars(pattern), &chars(text)), matches, "{pattern} {text}");
        }
    }

    #[test]
    fn long_pieces_with_question_marks_are_found_at_every_length() {
        for length in [5, 6, 62, 63, 64, 65, 127, 128, 129, 200] {
            let piece = "a?b".repeat(length).chars().take(length).collect::<String>();
            let pattern = Pattern::parse(&format!("*{piece}*"));
            for filler in ["x", "é", "日"] {
                let found = piece.replace('?', filler);
                for text in [found.clone(), format!("aaxab{found}b"), format!("éé{found}")] {
                    assert!(pattern.matches(&text), "{length} {text}");
                }
                let short: String = found.chars().skip(1).collect();
                assert!(!pattern.matches(&short), "{length} {short}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn patterns_agree_with_the_slow_model(pattern in "[ab?*é]{0,14}", text in "[abé]{0,16}") {
            prop_assert_eq!(Pattern::parse(&pattern).matches(&text), glob(&chars(&pattern), &chars(&text)));
        }

        #[test]
        fn long_pieces_agree_with_the_slow_model(piece in "[ab?]{5,80}", text in "[ab]{0,100}") {
            let pattern = format!("*{piece}*");
            prop_assert_eq!(Pattern::parse(&pattern).matches(&text), glob(&chars(&pattern), &chars(&text)));
        }
    }
}
