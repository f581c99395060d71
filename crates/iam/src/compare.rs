//! Conditions, made ready to be asked. IAM user guide, "Condition operators" and "Conditions with multiple context keys or
//! values".

use crate::date::Moment;
use crate::literal::{Number, parse_bool, parse_bytes};
use crate::network::Network;
use crate::pattern::Part;
use crate::template::{self, Like, Piece, Variable, Wildcards, Words};
use crate::{Condition, Context, Effect, Operator, Quantifier, Version};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::net::IpAddr;

/// A condition.
#[derive(Debug, Clone)]
pub(crate) struct Test {
    key: Box<str>,
    quantifier: Quantifier,
    if_exists: bool,
    is_negated: bool,
    values: Values,
}

/// What a value of the request is compared with: one of these.
#[derive(Debug, Clone)]
enum Values {
    /// Whether the key is absent.
    Null(Vec<bool>),
    Equals(Vec<Words>),
    EqualsIgnoreCase(Vec<Words>),
    Like(Vec<Like>),
    Arn(Vec<ArnLike>),
    Number(Order, Vec<Number>),
    Moment(Order, Vec<Moment>),
    Bool(Vec<bool>),
    Bytes(Vec<Vec<u8>>),
    Network(Vec<Network>),
}

/// How the request's value stands to the policy's.
#[derive(Debug, Clone, Copy)]
enum Order {
    Same,
    Less,
    LessOrSame,
    Greater,
    GreaterOrSame,
}

impl Order {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Same => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrSame => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrSame => ordering.is_ge(),
        }
    }
}

impl Test {
    /// `None` if a value is not of its operator's type, which no text that was parsed can have.
    pub(crate) fn new(condition: &Condition, version: Version) -> Option<Self> {
        let (is_negated, values) = Values::new(condition, version)?;
        Some(Self {
            key: condition.key.to_ascii_lowercase().into(),
            quantifier: condition.quantifier,
            if_exists: condition.if_exists,
            is_negated,
            values,
        })
    }

    pub(crate) fn holds(&self, context: &dyn Context, effect: Effect) -> bool {
        let values = context.values(&self.key).unwrap_or_default();
        // AWS: an empty text is a null data set, as no value is; only operators that compare one value see a text in it.
        let is_null = values.iter().all(|value| value.is_empty());
        if let Values::Null(wanted) = &self.values {
            return wanted.contains(&is_null);
        }
        let holds = |value: &Cow<'_, str>| self.holds_for(value, context, effect);
        match (self.quantifier, values.as_slice()) {
            (Quantifier::AllValues, values) => is_null || values.iter().all(holds),
            (Quantifier::AnyValue, []) => self.if_exists,
            (Quantifier::AnyValue, values) => !is_null && values.iter().any(holds),
            (Quantifier::Single, []) => self.if_exists || self.is_negated,
            (Quantifier::Single, [value]) => holds(value),
            // AWS: a key of several values needs a quantifier; what becomes of it without is not documented. So it never
            // allows, and denies if it could.
            (Quantifier::Single, values) => effect == Effect::Deny && values.iter().any(holds),
        }
    }

    /// A value that is not of the operator's type is like none of the policy's. That alone never allows.
    fn holds_for(&self, value: &str, context: &dyn Context, effect: Effect) -> bool {
        match (self.values.match_any(value, context), self.is_negated) {
            (Some(matches), is_negated) => matches != is_negated,
            (None, is_negated) => is_negated && effect == Effect::Deny,
        }
    }

    /// The keys that it asks for.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.key).chain(self.values.keys())
    }
}

impl Values {
    fn new(condition: &Condition, version: Version) -> Option<(bool, Self)> {
        use Operator as Op;
        let texts = &condition.values;
        let is_negated = matches!(
            condition.operator,
            Op::ArnNotEquals
                | Op::ArnNotLike
                | Op::DateNotEquals
                | Op::NotIpAddress
                | Op::NumericNotEquals
                | Op::StringNotEquals
                | Op::StringNotEqualsIgnoreCase
                | Op::StringNotLike
        );
        let words = || texts.iter().map(|text| Words::parse(text, version)).collect();
        let numbers = |order| Some(Self::Number(order, all(texts, Number::parse)?));
        let moments = |order| Some(Self::Moment(order, all(texts, Moment::parse)?));
        let values = match condition.operator {
            Op::ArnEquals | Op::ArnLike | Op::ArnNotEquals | Op::ArnNotLike => {
                Self::Arn(all(texts, |text| ArnLike::parse(text, version))?)
            }
            Op::BinaryEquals => Self::Bytes(all(texts, parse_bytes)?),
            Op::Bool => Self::Bool(all(texts, parse_bool)?),
            Op::Null => Self::Null(all(texts, parse_bool)?),
            Op::DateEquals | Op::DateNotEquals => moments(Order::Same)?,
            Op::DateLessThan => moments(Order::Less)?,
            Op::DateLessThanEquals => moments(Order::LessOrSame)?,
            Op::DateGreaterThan => moments(Order::Greater)?,
            Op::DateGreaterThanEquals => moments(Order::GreaterOrSame)?,
            Op::IpAddress | Op::NotIpAddress => Self::Network(all(texts, Network::parse)?),
            Op::NumericEquals | Op::NumericNotEquals => numbers(Order::Same)?,
            Op::NumericLessThan => numbers(Order::Less)?,
            Op::NumericLessThanEquals => numbers(Order::LessOrSame)?,
            Op::NumericGreaterThan => numbers(Order::Greater)?,
            Op::NumericGreaterThanEquals => numbers(Order::GreaterOrSame)?,
            Op::StringEquals | Op::StringNotEquals => Self::Equals(words()),
            Op::StringEqualsIgnoreCase | Op::StringNotEqualsIgnoreCase => {
                Self::EqualsIgnoreCase(words())
            }
            Op::StringLike | Op::StringNotLike => {
                let like =
                    |text: &String| Like::new(template::parse(text, version, Wildcards::Yes));
                Self::Like(texts.iter().map(like).collect())
            }
        };
        Some((is_negated, values))
    }

    /// Whether one matches; `None` if the value is not of the type.
    fn match_any(&self, value: &str, context: &dyn Context) -> Option<bool> {
        Some(match self {
            Self::Null(_) => return None,
            Self::Equals(words) => {
                words.iter().any(|words| words.text(context).is_some_and(|text| text == value))
            }
            Self::EqualsIgnoreCase(words) => words.iter().any(|words| {
                words.text(context).is_some_and(|text| equals_ignoring_case(&text, value))
            }),
            Self::Like(patterns) => patterns.iter().any(|like| like.matches(value, context)),
            Self::Arn(patterns) => {
                let segments = segments(value)?;
                patterns.iter().any(|arn| arn.matches(value, &segments, context))
            }
            Self::Number(order, numbers) => {
                let value = Number::parse(value)?;
                let holds =
                    |number: &Number| value.compare(*number).is_some_and(|o| order.holds(o));
                numbers.iter().any(holds)
            }
            Self::Moment(order, moments) => {
                let value = Moment::parse(value)?;
                moments.iter().any(|moment| order.holds(value.cmp(moment)))
            }
            Self::Bool(wanted) => wanted.contains(&parse_bool(value)?),
            Self::Bytes(wanted) => wanted.contains(&parse_bytes(value)?),
            Self::Network(networks) => {
                let address: IpAddr = value.parse().ok()?;
                networks.iter().any(|network| network.contains(address))
            }
        })
    }

    fn keys(&self) -> Vec<&str> {
        match self {
            Self::Equals(words) | Self::EqualsIgnoreCase(words) => {
                words.iter().flat_map(Words::keys).collect()
            }
            Self::Like(patterns) => patterns.iter().flat_map(Like::keys).collect(),
            Self::Arn(patterns) => patterns.iter().flat_map(ArnLike::keys).collect(),
            _ => Vec::new(),
        }
    }
}

fn all<T>(texts: &[String], parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    texts.iter().map(|text| parse(text)).collect()
}

/// ASCII letters equal only ASCII letters: no other character is taken for one of a name.
fn equals_ignoring_case(a: &str, b: &str) -> bool {
    let equals = |a: char, b: char| {
        a.eq_ignore_ascii_case(&b)
            || (!a.is_ascii() && !b.is_ascii() && a.to_lowercase().eq(b.to_lowercase()))
    };
    let (mut a, mut b) = (a.chars(), b.chars());
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if equals(a, b) => {}
            _ => return false,
        }
    }
}

/// An ARN's parts, `arn` first.
const SEGMENTS: usize = 6;

fn segments(text: &str) -> Option<[&str; SEGMENTS]> {
    let segments: Vec<_> = text.splitn(SEGMENTS, ':').collect();
    <[&str; SEGMENTS]>::try_from(segments).ok().filter(|[prefix, ..]| *prefix == "arn")
}

/// A pattern of ARNs, compared part by part.
#[derive(Debug, Clone)]
enum ArnLike {
    /// A star alone: any ARN.
    Every,
    /// A variable alone, which holds the whole ARN.
    Whole(Variable),
    Parts(Box<[Like; SEGMENTS]>),
    /// No ARN, whatever its variables stand for: they bring no colons with them.
    Never,
}

impl ArnLike {
    fn parse(text: &str, version: Version) -> Option<Self> {
        let pieces = template::parse(text, version, Wildcards::Yes);
        match pieces.as_slice() {
            [Piece::Plain(Part::Any)] => return Some(Self::Every),
            [Piece::Variable(variable)] => return Some(Self::Whole(variable.clone())),
            _ => {}
        }
        let parts = cut_at_colons(pieces).into_iter().map(Like::new).collect::<Vec<_>>();
        match <[Like; SEGMENTS]>::try_from(parts) {
            Ok(parts) => Some(Self::Parts(Box::new(parts))),
            Err(_) => text.contains("${").then_some(Self::Never),
        }
    }

    fn matches(&self, text: &str, segments: &[&str; SEGMENTS], context: &dyn Context) -> bool {
        match self {
            Self::Every => true,
            Self::Whole(variable) => variable.value(context).is_some_and(|value| value == text),
            Self::Parts(parts) => {
                parts.iter().zip(segments).all(|(part, segment)| part.matches(segment, context))
            }
            Self::Never => false,
        }
    }

    fn keys(&self) -> Vec<&str> {
        match self {
            Self::Every | Self::Never => Vec::new(),
            Self::Whole(variable) => vec![&*variable.key],
            Self::Parts(parts) => parts.iter().flat_map(Like::keys).collect(),
        }
    }
}

/// The first five colons of the text itself part it; those in variables' names or values do not.
fn cut_at_colons(pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    let mut segments = vec![Vec::new()];
    for piece in pieces {
        let Piece::Plain(Part::Text(text)) = piece else {
            segments.last_mut().into_iter().for_each(|segment| segment.push(piece.clone()));
            continue;
        };
        let colons_left = SEGMENTS.saturating_sub(segments.len());
        let mut words = text.splitn(colons_left + 1, ':');
        let push = |segment: &mut Vec<Piece>, words: &str| {
            if !words.is_empty() {
                segment.push(Piece::Plain(Part::Text(words.to_owned())));
            }
        };
        if let (Some(first), Some(segment)) = (words.next(), segments.last_mut()) {
            push(segment, first);
        }
        for word in words {
            let mut segment = Vec::new();
            push(&mut segment, word);
            segments.push(segment);
        }
    }
    segments
}
