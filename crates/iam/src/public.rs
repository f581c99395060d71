//! Whether a resource policy lets in the public.
//!
//! A statement that allows everybody is public unless a condition fixes who that can be: a restricting operator on a key
//! that names the caller's or the source's identity, account, organisation or network, with values that hold neither
//! wildcards nor variables. When in doubt: public. (S3 user guide, "The meaning of public", to which Secrets Manager's
//! user guide refers for `BlockPublicPolicy`.)

use crate::arn::{Arn, has_wildcard, is_account};
use crate::network::Network;
use crate::{
    Condition, Effect, Operator, PolicyDocument, Principal, Principals, Quantifier, Statement,
};
use std::collections::BTreeSet;

/// A statement that lets in the public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicFinding {
    /// Its `Sid`, or its place in the policy counted from 1.
    pub statement: String,
}

/// The statements that let in the public; none if the policy does not.
///
/// Each statement is judged alone: a denial does not make up for it, and many narrow statements are not added up.
pub fn public_access(policy: &PolicyDocument) -> Vec<PublicFinding> {
    let name = |place: usize, statement: &Statement| {
        let sid = statement.sid.clone().filter(|sid| !sid.is_empty());
        sid.unwrap_or_else(|| place.to_string())
    };
    let numbered = (1..).zip(&policy.statements);
    numbered
        .filter(|(_, statement)| is_public(statement))
        .map(|(place, statement)| PublicFinding { statement: name(place, statement) })
        .collect()
}

fn is_public(statement: &Statement) -> bool {
    let is_open = match &statement.principals {
        None => false,
        Some(Principals::Is(principals)) => principals.iter().any(is_open_to_all),
        Some(Principals::IsNot(_)) => true,
    };
    let is_fixed =
        || statement.conditions.iter().any(|condition| is_fixing(condition, &statement.conditions));
    statement.effect == Effect::Allow && is_open && !is_fixed()
}

/// Everybody, and every user of an identity provider that anybody can sign up with.
fn is_open_to_all(principal: &Principal) -> bool {
    match principal {
        Principal::Anyone => true,
        Principal::Federated(provider) => Arn::parse(provider).is_none(),
        Principal::Account(_)
        | Principal::Arn(_)
        | Principal::UniqueId(_)
        | Principal::Service(_)
        | Principal::CanonicalUser(_) => false,
    }
}

/// What a key that fixes the caller holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Account,
    Address,
    Arn,
    Name,
    OrganizationPaths,
}

/// The keys that fix the caller. `aws:VpcSourceIp` does not: anybody can have a private network with that address in it.
fn fixing_key(key: &str) -> Option<Holds> {
    match key {
        "aws:principalaccount" | "aws:sourceaccount" | "aws:sourceowner" | "kms:calleraccount" => {
            Some(Holds::Account)
        }
        "aws:principalarn" | "aws:sourcearn" => Some(Holds::Arn),
        "aws:principalorgid" | "aws:sourceorgid" | "aws:sourcevpc" | "aws:sourcevpce"
        | "aws:userid" => Some(Holds::Name),
        "aws:principalorgpaths" | "aws:sourceorgpaths" => Some(Holds::OrganizationPaths),
        "aws:sourceip" => Some(Holds::Address),
        _ => None,
    }
}

/// Whether the condition alone keeps the public out; `all` are those that hold together with it.
fn is_fixing(condition: &Condition, all: &[Condition]) -> bool {
    let Some(holds) = fixing_key(&condition.key) else { return false };
    let is_literal = |value: &String| !value.trim().is_empty() && !value.contains("${");
    is_strict(condition, all)
        && !condition.values.is_empty()
        && condition.values.iter().all(is_literal)
        && are_fixed(holds, condition)
}

/// `IfExists` and `ForAllValues` hold for a caller that does not have the key, unless it must be there.
fn is_strict(condition: &Condition, all: &[Condition]) -> bool {
    let is_there = |other: &Condition| {
        other.operator == Operator::Null
            && other.key == condition.key
            && !other.values.is_empty()
            && other.values.iter().all(|value| value.eq_ignore_ascii_case("false"))
    };
    match (condition.if_exists, condition.quantifier) {
        (true, _) => false,
        (false, Quantifier::AllValues) => all.iter().any(is_there),
        (false, Quantifier::AnyValue | Quantifier::Single) => true,
    }
}

/// The operators that restrict: not negated, and comparing what the key holds.
fn are_fixed(holds: Holds, condition: &Condition) -> bool {
    let every = |is_fixed: fn(&str) -> bool| condition.values.iter().all(|value| is_fixed(value));
    match (condition.operator, holds) {
        (Operator::IpAddress, Holds::Address) => are_narrow(&condition.values),
        (Operator::ArnEquals | Operator::ArnLike, Holds::Arn) => every(is_fixed_arn),
        (
            Operator::StringEquals | Operator::StringEqualsIgnoreCase | Operator::StringLike,
            holds,
        ) => match holds {
            Holds::Account => every(is_account),
            Holds::Address => false,
            Holds::Arn => every(is_fixed_arn_text),
            Holds::Name => every(|value| !has_wildcard(value)),
            // The key has many values: without a quantifier, what it is compared with is not defined.
            Holds::OrganizationPaths => {
                condition.quantifier != Quantifier::Single && every(is_fixed_path)
            }
        },
        _ => false,
    }
}

/// An ARN in full, or one whose account is written out. S3's bucket ARNs have no account and are unique by name.
fn is_fixed_arn(text: &str) -> bool {
    Arn::parse(text).is_some_and(|arn| is_account(arn.account) || !has_wildcard(text))
}

/// As above, compared as text: there a wildcard reaches across colons, so none may stand before the account.
fn is_fixed_arn_text(text: &str) -> bool {
    let is_written_out =
        |arn: Arn<'_>| ![arn.partition, arn.service, arn.region].into_iter().any(has_wildcard);
    is_fixed_arn(text) && Arn::parse(text).is_some_and(is_written_out)
}

/// `o-…/r-…/ou-…/*`: the organisation, which is the first part, is written out and ended.
fn is_fixed_path(text: &str) -> bool {
    text.split_once('/').is_some_and(|(organization, _)| {
        organization.strip_prefix("o-").is_some_and(|id| !id.is_empty() && !has_wildcard(id))
    })
}

/// S3: nothing broader than a /8 of IPv4 or a /32 of IPv6, private ranges aside. Ours: also not when added up, lest the
/// Internet be listed in pieces.
fn are_narrow(ranges: &[String]) -> bool {
    let ranges: Option<BTreeSet<_>> = ranges.iter().map(|range| Network::parse(range)).collect();
    let Some(ranges) = ranges else { return false };
    let (mut v4, mut v6) = (0_u128, 0_u128);
    for range in ranges {
        match range {
            Network::V4(..) if is_private(range) => {}
            Network::V4(_, bits) => v4 = v4.saturating_add(size(32, bits)),
            Network::V6(..) if is_shared(range) => return false,
            Network::V6(_, bits) => v6 = v6.saturating_add(size(128, bits)),
        }
    }
    v4 <= size(32, 8) && v6 <= size(128, 32)
}

fn size(all: u32, bits: u32) -> u128 {
    let free = all.saturating_sub(bits);
    1_u128.checked_shl(free).unwrap_or(u128::MAX)
}

/// RFC 1918.
fn is_private(range: Network) -> bool {
    let Network::V4(first, bits) = range else { return false };
    match first.octets() {
        [10, ..] => bits >= 8,
        [172, 16..=31, ..] => bits >= 12,
        [192, 168, ..] => bits >= 16,
        _ => false,
    }
}

/// IPv6 ranges that are nobody's own: outside global and local unicast, or where IPv4 is carried in IPv6 (RFC 4380, 3056).
fn is_shared(range: Network) -> bool {
    let Network::V6(first, _) = range else { return false };
    match first.segments() {
        [0x2001, 0, ..] | [0x2002, ..] => true,
        [0x2000..=0x3fff | 0xfc00..=0xfdff, ..] => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Match, Version};

    fn allowing(principals: Principals) -> PolicyDocument {
        let statement = Statement {
            sid: None,
            effect: Effect::Allow,
            principals: Some(principals),
            actions: Match::Any(vec!["*".to_owned()]),
            resources: Some(Match::Any(vec!["*".to_owned()])),
            conditions: Vec::new(),
        };
        PolicyDocument { version: Version::V2012, id: None, statements: vec![statement] }
    }

    #[test]
    fn everybody_but_some_is_public_even_though_no_text_makes_such_a_policy() {
        let somebody = vec![Principal::Account("123456789012".to_owned())];
        assert!(public_access(&allowing(Principals::Is(somebody.clone()))).is_empty());
        assert_eq!(public_access(&allowing(Principals::IsNot(somebody))).len(), 1);
        assert_eq!(public_access(&allowing(Principals::IsNot(Vec::new()))).len(), 1);
    }

    #[test]
    fn a_model_made_by_hand_cannot_hide_a_range_that_is_none() {
        let mut policy = allowing(Principals::Is(vec![Principal::Anyone]));
        let condition = |value: &str| Condition {
            operator: Operator::IpAddress,
            quantifier: Quantifier::Single,
            if_exists: false,
            key: "aws:sourceip".to_owned(),
            values: vec![value.to_owned()],
        };
        for (value, count) in [("203.0.113.0/24", 0), ("everywhere", 1)] {
            policy
                .statements
                .iter_mut()
                .for_each(|statement| statement.conditions = vec![condition(value)]);
            assert_eq!(public_access(&policy).len(), count, "{value}");
        }
    }
}
