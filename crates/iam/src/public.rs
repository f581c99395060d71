//! Whether a resource policy lets in the public.
//!
//! A statement that allows everybody is public unless a condition fixes who that can be: a restricting operator on a key
//! that names the caller, its account, organisation or network, with values that are literal. When in doubt: public.
//! (S3 user guide, "The meaning of public", which Secrets Manager's `BlockPublicPolicy` follows.)

use crate::{
    Condition, Effect, Operator, PolicyDocument, Principal, Principals, Quantifier, Statement,
};

/// A statement that lets in the public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicFinding {
    /// Its `Sid`, or its place in the policy counted from 1.
    pub statement: String,
}

/// Keys that fix who or where the caller can be, given literal values.
const FIXING_KEYS: [&str; 15] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "aws:principalservicename",
    "aws:vpcsourceip",
    "kms:calleraccount",
];

/// The statements that let in the public; none if the policy does not.
pub fn public_access(policy: &PolicyDocument) -> Vec<PublicFinding> {
    let numbered = policy.statements.iter().enumerate();
    numbered
        .filter(|(_, statement)| is_public(statement))
        .map(|(place, statement)| PublicFinding {
            statement: statement.sid.clone().unwrap_or_else(|| (place + 1).to_string()),
        })
        .collect()
}

fn is_public(statement: &Statement) -> bool {
    let is_open = match &statement.principals {
        None => false,
        Some(Principals::Is(principals)) => principals.contains(&Principal::Anyone),
        Some(Principals::IsNot(_)) => true,
    };
    statement.effect == Effect::Allow && is_open && !statement.conditions.iter().any(is_fixing)
}

/// Whether the condition alone keeps the public out.
fn is_fixing(condition: &Condition) -> bool {
    let restricts = matches!(
        condition.operator,
        Operator::ArnEquals
            | Operator::ArnLike
            | Operator::IpAddress
            | Operator::StringEquals
            | Operator::StringEqualsIgnoreCase
            | Operator::StringLike
    );
    // `IfExists` and `ForAllValues` hold for a caller that does not have the key at all.
    let is_strict = !condition.if_exists && condition.quantifier != Quantifier::AllValues;
    let is_known = FIXING_KEYS.contains(&condition.key.as_str());
    let values = &condition.values;
    restricts
        && is_strict
        && is_known
        && !values.is_empty()
        && values.iter().all(|value| is_fixed(condition, value))
}

fn is_fixed(condition: &Condition, value: &str) -> bool {
    if value.is_empty() || value.contains("${") {
        return false;
    }
    match condition.key.as_str() {
        "aws:sourceip" | "aws:vpcsourceip" => {
            condition.operator == Operator::IpAddress && is_narrow_range(value)
        }
        "aws:principalarn" | "aws:sourcearn" => has_fixed_account(value),
        // AWS: the part before the colon of a user id is fixed, what stands behind may vary.
        "aws:userid" => !value.split(':').next().unwrap_or_default().contains(['*', '?']),
        "aws:principalorgpaths" | "aws:sourceorgpaths" => {
            !value.split('/').next().unwrap_or_default().contains(['*', '?'])
        }
        _ => !value.contains(['*', '?']),
    }
}

/// An ARN whose account is written out; S3's bucket ARNs have none and are fixed by their name.
fn has_fixed_account(arn: &str) -> bool {
    let mut parts = arn.splitn(6, ':');
    let account = parts.nth(4).unwrap_or_default();
    account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())
}

/// At most a /8 of IPv4 or a /32 of IPv6, and never all of private space as if it were one's own network.
fn is_narrow_range(range: &str) -> bool {
    let (address, bits) =
        range.split_once('/').map_or((range, None), |(address, bits)| (address, Some(bits)));
    let Ok(address) = address.parse::<std::net::IpAddr>() else { return false };
    let (all, narrow) = if address.is_ipv4() { (32, 8) } else { (128, 32) };
    let bits = bits.map_or(Some(all), |bits| bits.parse::<u32>().ok());
    bits.is_some_and(|bits| (narrow..=all).contains(&bits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PolicyKind;

    fn findings(statement: &str) -> usize {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        public_access(&PolicyDocument::parse(&text, PolicyKind::Resource, 20_480).unwrap()).len()
    }

    fn with(principal: &str, condition: &str) -> String {
        let condition = if condition.is_empty() {
            String::new()
        } else {
            format!(r#","Condition":{condition}"#)
        };
        format!(
            r#"{{"Effect":"Allow","Principal":{principal},"Action":"secretsmanager:GetSecretValue","Resource":"*"{condition}}}"#
        )
    }

    #[test]
    fn who_is_named_is_not_the_public() {
        for principal in [
            r#"{"AWS":"123456789012"}"#,
            r#"{"AWS":"arn:aws:iam::123456789012:root"}"#,
            r#"{"AWS":["arn:aws:iam::123456789012:role/MyRole","arn:aws:iam::123456789012:user/a"]}"#,
            r#"{"AWS":"arn:aws:sts::123456789012:assumed-role/r/s"}"#,
            r#"{"Service":"lambda.amazonaws.com"}"#,
            r#"{"Federated":"cognito-identity.amazonaws.com"}"#,
        ] {
            assert_eq!(findings(&with(principal, "")), 0, "{principal}");
        }
    }

    #[test]
    fn everybody_is_the_public_unless_a_condition_fixes_who() {
        for (condition, is_public) in [
            ("", true),
            (r#"{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#, false),
            (r#"{"StringEquals":{"aws:PrincipalAccount":["123456789012"]}}"#, false),
            (r#"{"StringEquals":{"aws:PrincipalAccount":[]}}"#, true),
            (r#"{"StringEquals":{"aws:PrincipalAccount":""}}"#, true),
            (r#"{"StringLike":{"aws:PrincipalAccount":"1234*"}}"#, true),
            (r#"{"StringLike":{"aws:PrincipalAccount":"*"}}"#, true),
            (r#"{"StringLike":{"aws:PrincipalOrgID":"o-*"}}"#, true),
            (r#"{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}"#, true),
            (r#"{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}"#, true),
            (r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#, true),
            (r#"{"ForAnyValue:StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#, false),
            (r#"{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-1/r-1/*"}}"#, false),
            (r#"{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"*/r-1/*"}}"#, true),
            (r#"{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/x"}}"#, false),
            (r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/*"}}"#, false),
            (r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/x"}}"#, true),
            (r#"{"ArnLike":{"aws:PrincipalArn":"*"}}"#, true),
            (r#"{"StringEquals":{"aws:SourceVpce":"vpce-1"}}"#, false),
            (r#"{"StringEquals":{"aws:sourcevpc":"vpc-1"}}"#, false),
            (r#"{"StringEquals":{"aws:SourceVpc":["vpc-1","*"]}}"#, true),
            (r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#, false),
            (r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#, true),
            (r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/1"}}"#, true),
            (r#"{"IpAddress":{"aws:SourceIp":["203.0.113.1","::/0"]}}"#, true),
            (r#"{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#, true),
            (r#"{"StringEquals":{"aws:SourceIp":"203.0.113.0/24"}}"#, true),
            (r#"{"Bool":{"aws:SecureTransport":"true"}}"#, true),
            (r#"{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}"#, true),
            (r#"{"StringEquals":{"aws:UserAgent":"mine"}}"#, true),
            (r#"{"StringEquals":{"aws:PrincipalTag/team":"x"}}"#, true),
            (r#"{"StringEquals":{"aws:PrincipalAccount":"${aws:PrincipalAccount}"}}"#, true),
            (r#"{"StringLike":{"aws:userid":"AROAEXAMPLE:*"}}"#, false),
            (r#"{"StringLike":{"aws:userid":"*:x"}}"#, true),
            (r#"{"Null":{"aws:PrincipalOrgID":"false"}}"#, true),
            (r#"{"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}}"#, true),
            (r#"{"StringEquals":{"aws:SourceAccount":"123456789012"}}"#, false),
            (r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:us-east-1:123456789012:*"}}"#, false),
            (r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:us-east-1:*:topic"}}"#, true),
            (
                r#"{"Bool":{"aws:SecureTransport":true},"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#,
                false,
            ),
        ] {
            for principal in [r#""*""#, r#"{"AWS":"*"}"#, r#"{"AWS":["123456789012","*"]}"#] {
                assert_eq!(
                    findings(&with(principal, condition)) == 1,
                    is_public,
                    "{principal} {condition}"
                );
            }
        }
    }

    #[test]
    fn a_denial_is_never_public_and_each_statement_is_looked_at() {
        let deny = with(r#""*""#, "").replace("Allow", "Deny");
        assert_eq!(findings(&deny), 0);
        let not_principal =
            deny.replace("\"Principal\":\"*\"", r#""NotPrincipal":{"AWS":"123456789012"}"#);
        assert_eq!(findings(&not_principal), 0);
        let named = with(r#"{"AWS":"123456789012"}"#, "");
        assert_eq!(findings(&[named, with(r#""*""#, ""), deny].join(",")), 1);
    }
}
