//! Texts with policy variables. IAM user guide, "IAM policy elements: Variables and tags".
//!
//! INVARIANT(literal-values): what a variable stands for is text, never a wildcard and never a boundary between the parts
//! of an ARN.

use crate::grams::Grams;
use crate::pattern::{Part, Pattern};
use crate::{Context, Version};
use std::borrow::Cow;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Plain(Part),
    Variable(Variable),
}

/// `${key}` or `${key, 'default'}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    /// In lower case.
    pub(crate) key: Box<str>,
    default: Option<Box<str>>,
}

impl Variable {
    /// AWS: a key without a value, or with several, has nothing that could stand here.
    pub(crate) fn value<'a>(&'a self, context: &'a dyn Context) -> Option<Cow<'a, str>> {
        let mut values = context.values(&self.key).unwrap_or_default();
        let value = values.pop().filter(|value| values.is_empty() && !value.is_empty());
        value.or_else(|| self.default.as_deref().map(Cow::Borrowed))
    }
}

/// Whether `*` and `?` stand for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wildcards {
    Yes,
    No,
}

/// Cuts a text at wildcards and variables. Version 2008-10-17 has no variables.
pub(crate) fn parse(text: &str, version: Version, wildcards: Wildcards) -> Vec<Piece> {
    // Past the last brace none is closed, which need not be found out again at every dollar sign.
    let closed = match version {
        Version::V2012 => text.rfind('}').map_or(text.len(), |at| text.len() - at),
        Version::V2008 => text.len(),
    };
    let mut pieces = Pieces::default();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let variable = if rest.len() > closed { parse_variable(rest) } else { None };
        rest = match (variable, first, wildcards) {
            (Some((piece, after)), _, _) => {
                pieces.push(piece);
                after
            }
            (None, '*', Wildcards::Yes) => pieces.push_and_skip(Piece::Plain(Part::Any), rest),
            (None, '?', Wildcards::Yes) => pieces.push_and_skip(Piece::Plain(Part::One), rest),
            (None, _, _) => {
                let end = rest.char_indices().skip(1).find(|(_, c)| matches!(c, '$' | '*' | '?'));
                let (words, after) = rest
                    .split_at_checked(end.map_or(rest.len(), |(at, _)| at))
                    .unwrap_or((rest, ""));
                pieces.push(Piece::Plain(Part::Text(words.to_owned())));
                after
            }
        };
    }
    pieces.0
}

/// Pieces in which no text follows another.
#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn push(&mut self, piece: Piece) {
        match (self.0.last_mut(), piece) {
            (Some(Piece::Plain(Part::Text(held))), Piece::Plain(Part::Text(more))) => {
                held.push_str(&more);
            }
            (_, piece) => self.0.push(piece),
        }
    }

    fn push_and_skip<'t>(&mut self, piece: Piece, text: &'t str) -> &'t str {
        self.push(piece);
        let mut chars = text.chars();
        chars.next();
        chars.as_str()
    }
}

/// A variable at the start of the text, and what follows it. What is not closed is no variable.
fn parse_variable(text: &str) -> Option<(Piece, &str)> {
    let inner = text.strip_prefix("${")?;
    for escaped in ["*", "?", "$"] {
        if let Some(after) = inner.strip_prefix(escaped).and_then(|rest| rest.strip_prefix('}')) {
            return Some((Piece::Plain(Part::Text(escaped.to_owned())), after));
        }
    }
    let at = inner.find([',', '}'])?;
    let (key, rest) = inner.split_at_checked(at)?;
    let key = key.trim().to_ascii_lowercase().into();
    if let Some(after) = rest.strip_prefix('}') {
        return Some((Piece::Variable(Variable { key, default: None }), after));
    }
    let quoted = rest.strip_prefix(',')?.trim_start().strip_prefix('\'')?;
    let (default, rest) = quoted.split_once('\'')?;
    let after = rest.trim_start().strip_prefix('}')?;
    Some((Piece::Variable(Variable { key, default: Some(default.into()) }), after))
}

/// The keys of the variables.
pub(crate) fn keys(pieces: &[Piece]) -> impl Iterator<Item = &str> {
    pieces.iter().filter_map(|piece| match piece {
        Piece::Variable(variable) => Some(&*variable.key),
        Piece::Plain(_) => None,
    })
}

/// The pieces without variables, or `None` if there are some.
pub(crate) fn plain(pieces: &[Piece]) -> Option<Vec<Part>> {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Plain(part) => Some(part.clone()),
            Piece::Variable(_) => None,
        })
        .collect()
}

fn resolved(pieces: &[Piece], context: &dyn Context) -> Option<Vec<Part>> {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Plain(part) => Some(part.clone()),
            Piece::Variable(variable) => Some(Part::Text(variable.value(context)?.into_owned())),
        })
        .collect()
}

/// A pattern that may wait for the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Like {
    /// A star alone.
    Everything,
    Ready(Pattern),
    Waiting(Box<[Piece]>),
}

impl Like {
    pub(crate) fn new(pieces: Vec<Piece>) -> Self {
        match plain(&pieces) {
            Some(parts) if parts == [Part::Any] => Self::Everything,
            Some(parts) => Self::Ready(Pattern::new(parts)),
            None => Self::Waiting(pieces.into()),
        }
    }

    /// AWS: a variable without a value is like nothing.
    pub(crate) fn matches(&self, text: &str, context: &dyn Context) -> bool {
        match self {
            Self::Everything => true,
            Self::Ready(pattern) => pattern.matches(text),
            Self::Waiting(pieces) => {
                resolved(pieces, context).is_some_and(|parts| Pattern::new(parts).matches(text))
            }
        }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let pieces: &[Piece] = match self {
            Self::Everything | Self::Ready(_) => &[],
            Self::Waiting(pieces) => pieces,
        };
        keys(pieces)
    }
}

/// The pairs of bytes that whatever is like these pieces has.
pub(crate) fn grams(pieces: &[Piece]) -> Grams {
    pieces.iter().fold(Grams::NONE, |needed, piece| match piece {
        Piece::Plain(Part::Text(text)) => needed.and(Grams::of(text)),
        Piece::Plain(Part::One | Part::Any) | Piece::Variable(_) => needed,
    })
}

/// A text that may wait for the request; nothing in it is a wildcard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Words {
    Ready(Box<str>),
    Waiting(Box<[Piece]>),
}

impl Words {
    pub(crate) fn parse(text: &str, version: Version) -> Self {
        let pieces = parse(text, version, Wildcards::No);
        match plain(&pieces) {
            Some(parts) => Self::Ready(join(parts).into()),
            None => Self::Waiting(pieces.into()),
        }
    }

    pub(crate) fn text(&self, context: &dyn Context) -> Option<Cow<'_, str>> {
        match self {
            Self::Ready(text) => Some(Cow::Borrowed(text)),
            Self::Waiting(pieces) => resolved(pieces, context).map(|parts| Cow::Owned(join(parts))),
        }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let pieces: &[Piece] = match self {
            Self::Ready(_) => &[],
            Self::Waiting(pieces) => pieces,
        };
        keys(pieces)
    }
}

fn join(parts: Vec<Part>) -> String {
    parts
        .into_iter()
        .map(|part| match part {
            Part::Text(text) => text,
            Part::One => "?".to_owned(),
            Part::Any => "*".to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ContextMap;

    fn context() -> ContextMap {
        let one = |key: &str, value: &str| (key.to_owned(), vec![value.to_owned()]);
        let mut context: ContextMap = [
            one("aws:username", "ann"),
            one("aws:PrincipalTag/star", "*"),
            one("aws:PrincipalTag/nested", "${aws:username}"),
            one("aws:PrincipalTag/empty", ""),
        ]
        .into_iter()
        .collect();
        context.insert("aws:TagKeys", vec!["a".to_owned(), "b".to_owned()]);
        context
    }

    #[test]
    fn variables_stand_for_their_values() {
        for (text, value) in [
            ("a", Some("a")),
            ("", Some("")),
            ("${aws:username}", Some("ann")),
            ("x${AWS:UserName}y", Some("xanny")),
            ("${aws:username}${aws:username}", Some("annann")),
            ("${aws:PrincipalTag/nested}", Some("${aws:username}")),
            ("${aws:missing}", None),
            ("x${aws:missing}y", None),
            ("${aws:PrincipalTag/empty}", None),
            ("${aws:TagKeys}", None),
            ("${}", None),
            ("${aws:missing, 'other'}", Some("other")),
            ("${aws:missing,'other'}", Some("other")),
            ("${aws:missing, ''}", Some("")),
            ("${aws:missing, 'a}b'}", Some("a}b")),
            ("${aws:TagKeys, 'none'}", Some("none")),
            ("${aws:username, 'other'}", Some("ann")),
            ("${*}${?}${$}", Some("*?$")),
            ("${$}{aws:username}", Some("${aws:username}")),
            ("$", Some("$")),
            ("$$", Some("$$")),
            ("${", Some("${")),
            ("${aws:username", Some("${aws:username")),
            ("${aws:username, other}", Some("${aws:username, other}")),
            ("*?", Some("*?")),
            ("é${aws:username}é", Some("éanné")),
        ] {
            let words = Words::parse(text, Version::V2012);
            assert_eq!(words.text(&context()).as_deref(), value, "{text}");
            let as_written = Words::parse(text, Version::V2008);
            assert_eq!(as_written.text(&context()).as_deref(), Some(text), "{text}");
        }
    }

    #[test]
    fn a_value_never_widens_a_pattern() {
        let like = |text: &str, version| Like::new(parse(text, version, Wildcards::Yes));
        for (pattern, text, matches) in [
            ("*", "anything", true),
            ("a*", "abc", true),
            ("${aws:username}*", "ann/x", true),
            ("${aws:username}*", "bob/x", false),
            ("${aws:PrincipalTag/star}", "anything", false),
            ("${aws:PrincipalTag/star}", "*", true),
            ("x${aws:PrincipalTag/star}y", "xzy", false),
            ("${*}", "*", true),
            ("${*}", "a", false),
            ("${?}", "?", true),
            ("${?}", "a", false),
            ("${aws:missing}*", "anything", false),
            ("${aws:missing, 'b'}*", "bc", true),
            ("${aws:missing, '*'}", "bc", false),
        ] {
            let found = like(pattern, Version::V2012).matches(text, &context());
            assert_eq!(found, matches, "{pattern} {text}");
        }
        assert!(like("${aws:username}", Version::V2008).matches("${aws:username}", &context()));
        assert!(like("${*}", Version::V2008).matches("${anything}", &context()));
        assert!(!like("${aws:username}", Version::V2008).matches("ann", &context()));
    }
}
