//! Conditions: a closed set of operators. IAM user guide, "IAM JSON policy elements: Condition operators".

use crate::PolicyError;
use crate::unique::{Members, OneOrMany, Scalar};

/// An operator without its prefix and suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `ArnEquals`
    ArnEquals,
    /// `ArnLike`
    ArnLike,
    /// `ArnNotEquals`
    ArnNotEquals,
    /// `ArnNotLike`
    ArnNotLike,
    /// `BinaryEquals`
    BinaryEquals,
    /// `Bool`
    Bool,
    /// `DateEquals`
    DateEquals,
    /// `DateGreaterThan`
    DateGreaterThan,
    /// `DateGreaterThanEquals`
    DateGreaterThanEquals,
    /// `DateLessThan`
    DateLessThan,
    /// `DateLessThanEquals`
    DateLessThanEquals,
    /// `DateNotEquals`
    DateNotEquals,
    /// `IpAddress`
    IpAddress,
    /// `NotIpAddress`
    NotIpAddress,
    /// `Null`
    Null,
    /// `NumericEquals`
    NumericEquals,
    /// `NumericGreaterThan`
    NumericGreaterThan,
    /// `NumericGreaterThanEquals`
    NumericGreaterThanEquals,
    /// `NumericLessThan`
    NumericLessThan,
    /// `NumericLessThanEquals`
    NumericLessThanEquals,
    /// `NumericNotEquals`
    NumericNotEquals,
    /// `StringEquals`
    StringEquals,
    /// `StringEqualsIgnoreCase`
    StringEqualsIgnoreCase,
    /// `StringLike`
    StringLike,
    /// `StringNotEquals`
    StringNotEquals,
    /// `StringNotEqualsIgnoreCase`
    StringNotEqualsIgnoreCase,
    /// `StringNotLike`
    StringNotLike,
}

const OPERATORS: [(&str, Operator); 27] = [
    ("ArnEquals", Operator::ArnEquals),
    ("ArnLike", Operator::ArnLike),
    ("ArnNotEquals", Operator::ArnNotEquals),
    ("ArnNotLike", Operator::ArnNotLike),
    ("BinaryEquals", Operator::BinaryEquals),
    ("Bool", Operator::Bool),
    ("DateEquals", Operator::DateEquals),
    ("DateGreaterThan", Operator::DateGreaterThan),
    ("DateGreaterThanEquals", Operator::DateGreaterThanEquals),
    ("DateLessThan", Operator::DateLessThan),
    ("DateLessThanEquals", Operator::DateLessThanEquals),
    ("DateNotEquals", Operator::DateNotEquals),
    ("IpAddress", Operator::IpAddress),
    ("NotIpAddress", Operator::NotIpAddress),
    ("Null", Operator::Null),
    ("NumericEquals", Operator::NumericEquals),
    ("NumericGreaterThan", Operator::NumericGreaterThan),
    ("NumericGreaterThanEquals", Operator::NumericGreaterThanEquals),
    ("NumericLessThan", Operator::NumericLessThan),
    ("NumericLessThanEquals", Operator::NumericLessThanEquals),
    ("NumericNotEquals", Operator::NumericNotEquals),
    ("StringEquals", Operator::StringEquals),
    ("StringEqualsIgnoreCase", Operator::StringEqualsIgnoreCase),
    ("StringLike", Operator::StringLike),
    ("StringNotEquals", Operator::StringNotEquals),
    ("StringNotEqualsIgnoreCase", Operator::StringNotEqualsIgnoreCase),
    ("StringNotLike", Operator::StringNotLike),
];

/// How an operator takes a key of several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// `ForAllValues:`; true of a key without values.
    AllValues,
    /// `ForAnyValue:`
    AnyValue,
    /// Neither: the key has one value.
    Single,
}

/// One key of one operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The operator.
    pub operator: Operator,
    /// How it takes several values.
    pub quantifier: Quantifier,
    /// `…IfExists`: true of a key that is not there.
    pub if_exists: bool,
    /// The key, in lower case: keys have no case.
    pub key: String,
    /// The values.
    pub values: Vec<String>,
}

/// The `Condition` element.
pub(crate) type Block = Members<Members<OneOrMany<Scalar>>>;

pub(crate) fn parse(block: Block) -> Result<Vec<Condition>, PolicyError> {
    let mut conditions = Vec::new();
    for (name, keys) in block.0 {
        let (quantifier, operator, if_exists) = parse_operator(&name)?;
        for (key, values) in keys.0 {
            let values: Vec<String> =
                values.into_vec().into_iter().map(Scalar::into_text).collect();
            if key.is_empty() || !key.contains(':') {
                return Err(PolicyError::Element(format!("invalid condition key {}", shown(&key))));
            }
            let key = key.to_ascii_lowercase();
            conditions.push(Condition { operator, quantifier, if_exists, key, values });
        }
    }
    Ok(conditions)
}

fn parse_operator(name: &str) -> Result<(Quantifier, Operator, bool), PolicyError> {
    let (quantifier, rest) = match name.split_once(':') {
        Some(("ForAllValues", rest)) => (Quantifier::AllValues, rest),
        Some(("ForAnyValue", rest)) => (Quantifier::AnyValue, rest),
        _ => (Quantifier::Single, name),
    };
    let (base, if_exists) =
        rest.strip_suffix("IfExists").map_or((rest, false), |base| (base, true));
    let found = OPERATORS.iter().find(|(known, _)| *known == base).map(|(_, operator)| *operator);
    match found {
        Some(Operator::Null) if if_exists || quantifier != Quantifier::Single => None,
        found => found,
    }
    .map(|operator| (quantifier, operator, if_exists))
    .ok_or_else(|| PolicyError::Element(format!("invalid condition operator {}", shown(name))))
}

/// A caller's text, short enough for a message.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(64).filter(|c| !c.is_control()).collect()
}
