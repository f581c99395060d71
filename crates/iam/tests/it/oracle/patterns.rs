//! Wildcards and policy variables.

use super::values::Context;
use std::collections::BTreeSet;

/// One place of a pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Symbol {
    Just(char),
    AnyOne,
    AnyRun,
    /// Wildcards that stay within one part of an ARN.
    AnyOneWithin,
    AnyRunWithin,
}

/// A text whose wildcards count and whose variables do not.
pub(super) fn plain(text: &str) -> Vec<Symbol> {
    text.chars().map(symbol).collect()
}

/// A text of which every character stands for itself.
pub(super) fn literal(text: &str) -> Vec<Symbol> {
    text.chars().map(Symbol::Just).collect()
}

fn symbol(character: char) -> Symbol {
    match character {
        '*' => Symbol::AnyRun,
        '?' => Symbol::AnyOne,
        other => Symbol::Just(other),
    }
}

/// A text with its variables replaced; what replaces them is literal. None: a variable has no value.
pub(super) fn read(text: &str, context: &Context, has_variables: bool) -> Option<Vec<Symbol>> {
    let opened = text.find("${").filter(|_| has_variables);
    let Some((before, (variable, after))) = opened.and_then(|at| {
        let (before, rest) = text.split_at(at);
        Some((before, rest.strip_prefix("${")?.split_once('}')?))
    }) else {
        return Some(plain(text));
    };
    let mut symbols = plain(before);
    symbols.extend(literal(&value(variable, context)?));
    symbols.extend(read(after, context, has_variables)?);
    Some(symbols)
}

fn value(variable: &str, context: &Context) -> Option<String> {
    if ["*", "?", "$"].contains(&variable) {
        return Some(variable.to_owned());
    }
    let (key, default) = match variable.split_once(", '") {
        Some((key, default)) => (key, default.strip_suffix('\'')),
        None => (variable, None),
    };
    context.single(key).or(default).map(str::to_owned)
}

/// Follows every way through the pattern at once: the places of the text at which its first part may end.
pub(super) fn matches(pattern: &[Symbol], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut ends = BTreeSet::from([0]);
    for symbol in pattern {
        ends = ends.into_iter().flat_map(|end| steps(*symbol, &text, end)).collect();
    }
    ends.contains(&text.len())
}

fn steps(symbol: Symbol, text: &[char], from: usize) -> Vec<usize> {
    let next = text.get(from).copied();
    let one = |fits: bool| if fits { vec![from + 1] } else { Vec::new() };
    match symbol {
        Symbol::Just(wanted) => one(next == Some(wanted)),
        Symbol::AnyOne => one(next.is_some()),
        Symbol::AnyOneWithin => one(next.is_some_and(|character| character != ':')),
        Symbol::AnyRun => (from..=text.len()).collect(),
        Symbol::AnyRunWithin => {
            let run = text.iter().skip(from).take_while(|character| **character != ':').count();
            (from..=from + run).collect()
        }
    }
}

/// "AWS automatically completes the ARN by adding wildcard characters (*) to all missing fields."
pub(super) fn completed_arn(text: &str) -> String {
    let missing = 6_usize.saturating_sub(text.split(':').count());
    if text == "*" { text.to_owned() } else { text.to_owned() + &":*".repeat(missing) }
}

/// In the first five parts wildcards stay within their part, except that a * which ends its part "can expand to match beyond
/// the colon boundaries".
pub(super) fn arn_of_resource_matches(pattern: &[Symbol], resource: &str) -> bool {
    if pattern == [Symbol::AnyRun] {
        return true;
    }
    let mut parts_begun = 0;
    let mut narrowed = Vec::new();
    for (place, symbol) in pattern.iter().enumerate() {
        if *symbol == Symbol::Just(':') {
            parts_begun += 1;
        }
        let ends_part = pattern.get(place + 1).is_none_or(|next| *next == Symbol::Just(':'));
        narrowed.push(match symbol {
            Symbol::AnyOne if parts_begun < 5 => Symbol::AnyOneWithin,
            Symbol::AnyRun if parts_begun < 5 && !ends_part => Symbol::AnyRunWithin,
            other => *other,
        });
    }
    matches(&narrowed, resource)
}

/// "Each of the six colon-delimited components of the ARN is checked separately."
pub(super) fn arn_of_condition_matches(pattern: &[Symbol], value: &str) -> bool {
    let patterns: Vec<&[Symbol]> =
        pattern.splitn(6, |symbol| *symbol == Symbol::Just(':')).collect();
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    if pattern == [Symbol::AnyRun] {
        return true;
    }
    patterns.len() == 6
        && parts.len() == 6
        && patterns.iter().zip(parts).all(|(pattern, part)| matches(pattern, part))
}
