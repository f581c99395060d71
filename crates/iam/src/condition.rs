//! Conditions: a closed set of operators. IAM user guide, "IAM JSON policy elements: Condition operators".

use crate::PolicyKind;
use crate::error::{Fault, shown};
use crate::json::Json;
use crate::literal;
use std::collections::BTreeSet;

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

pub(crate) fn parse(block: Json, kind: PolicyKind) -> Result<Vec<Condition>, Fault> {
    let mut conditions = Vec::new();
    for (name, keys) in block.into_object()? {
        let (quantifier, operator, if_exists) = parse_operator(&name)?;
        let mut held = BTreeSet::new();
        for (key, values) in keys.into_object()? {
            let key = parse_key(&key, kind)?;
            // Access Analyzer: keys that differ in case only are the same key twice.
            if !held.insert(key.clone()) {
                return Err(Fault::ConditionKey(shown(&key)));
            }
            let values = parse_values(operator, values)?;
            conditions.push(Condition { operator, quantifier, if_exists, key, values });
        }
    }
    Ok(conditions)
}

/// Recorded (moto; LocalStack's snapshots): IAM takes a key without a vendor. No request has it.
fn parse_key(key: &str, kind: PolicyKind) -> Result<String, Fault> {
    let is_named = match key.split_once(':') {
        Some((vendor, name)) => !vendor.is_empty() && !name.is_empty(),
        None => kind == PolicyKind::Identity && !key.is_empty(),
    };
    let is_key = is_named && !key.contains(char::is_control);
    if is_key { Ok(key.to_ascii_lowercase()) } else { Err(Fault::ConditionKey(shown(key))) }
}

fn parse_values(operator: Operator, values: Json) -> Result<Vec<String>, Fault> {
    let texts = values.into_list().into_iter().map(parse_scalar).collect::<Result<Vec<_>, _>>()?;
    match texts.iter().find(|text| !literal::is_of_type(operator, text)) {
        // AWS: of booleans and bytes the form is checked, of the other types the value.
        Some(bad) if is_checked_as_form(operator) => Err(Fault::ConditionForm(shown(bad))),
        Some(bad) => Err(Fault::ConditionValue(shown(bad))),
        None => Ok(texts),
    }
}

fn is_checked_as_form(operator: Operator) -> bool {
    matches!(operator, Operator::BinaryEquals | Operator::Bool | Operator::Null)
}

/// Numbers and booleans may stand without quotes.
fn parse_scalar(value: Json) -> Result<String, Fault> {
    match value {
        Json::Text(text) | Json::Number(text) => Ok(text),
        Json::Bool(value) => Ok(value.to_string()),
        Json::Null | Json::List(_) | Json::Object(_) => Err(Fault::Shape),
    }
}

fn parse_operator(name: &str) -> Result<(Quantifier, Operator, bool), Fault> {
    let (quantifier, rest) = match name.split_once(':') {
        Some(("ForAllValues", rest)) => (Quantifier::AllValues, rest),
        Some(("ForAnyValue", rest)) => (Quantifier::AnyValue, rest),
        _ => (Quantifier::Single, name),
    };
    let (base, if_exists) =
        rest.strip_suffix("IfExists").map_or((rest, false), |base| (base, true));
    let found = OPERATORS.iter().find(|(known, _)| *known == base).map(|(_, operator)| *operator);
    let is_plain = !if_exists && quantifier == Quantifier::Single;
    found
        .filter(|operator| *operator != Operator::Null || is_plain)
        .map(|operator| (quantifier, operator, if_exists))
        .ok_or_else(|| Fault::Operator(shown(name)))
}
