//! A slow, obvious model of what strangers can send: a statement that is judged closed lets none of them in.

use crate::{parse, policy};
use proptest::prelude::*;
use std::net::IpAddr;
use strongroom_iam::{Condition, Operator, Quantifier, public_access};

/// What a request says of itself.
type Context = Vec<(&'static str, Vec<&'static str>)>;

/// Somebody with an account, an organisation, networks and resources of their own, named to please patterns; the same
/// with nothing in the organisation's paths; and somebody who did not sign.
fn strangers() -> Vec<Context> {
    let outsider = |paths: Vec<&'static str>, source_arn| {
        vec![
            ("aws:principalaccount", vec!["999999999999"]),
            ("aws:principalarn", vec!["arn:aws:iam::999999999999:role/x"]),
            ("aws:principalorgid", vec!["o-evil"]),
            ("aws:principalorgpaths", paths.clone()),
            ("aws:sourceorgpaths", paths),
            ("aws:sourceaccount", vec!["999999999999"]),
            ("aws:sourcearn", vec![source_arn]),
            ("aws:sourcevpc", vec!["vpc-1evil"]),
            ("aws:sourcevpce", vec!["vpce-1evil"]),
            ("aws:userid", vec!["AROAEVIL:session"]),
            ("aws:vpcsourceip", vec!["10.0.0.5"]),
            ("aws:useragent", vec!["mine"]),
            ("aws:sourceip", vec!["198.18.0.1"]),
        ]
    };
    vec![
        outsider(vec!["o-evil/r-1/ou-1/"], "arn:aws:logs:us-east-1:999999999999:x:123456789012:y"),
        outsider(vec!["o-1evil/r-1/ou-1/"], "arn:aws:s3:::evil"),
        outsider(Vec::new(), "arn:aws:sns:us-east-1:999999999999:topic"),
        vec![("aws:sourceip", vec!["2620:0:2d0:200::7"])],
        Vec::new(),
    ]
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], []) => glob(rest, text),
        ([b'*', rest @ ..], [_, tail @ ..]) => glob(rest, text) || glob(pattern, tail),
        ([b'?', rest @ ..], [_, tail @ ..]) => glob(rest, tail),
        ([a, rest @ ..], [b, tail @ ..]) => a == b && glob(rest, tail),
        _ => false,
    }
}

fn arn_like(pattern: &str, text: &str) -> bool {
    let parts = |text: &str| text.splitn(6, ':').map(str::to_owned).collect::<Vec<_>>();
    let (pattern, text) = (parts(pattern), parts(text));
    pattern.len() == 6
        && text.len() == 6
        && pattern.iter().zip(&text).all(|(a, b)| glob(a.as_bytes(), b.as_bytes()))
}

fn in_range(range: &str, address: &str) -> bool {
    let bits_of = |text: &str| match text.parse().unwrap() {
        IpAddr::V4(v4) => format!("{:032b}", v4.to_bits()),
        IpAddr::V6(v6) => format!("{:0128b}", v6.to_bits()),
    };
    let (first, count) = range.split_once('/').unwrap_or((range, "128"));
    let (first, address) = (bits_of(first), bits_of(address));
    let pairs = first.chars().zip(address.chars()).take(count.parse().unwrap());
    first.len() == address.len() && pairs.into_iter().all(|(a, b)| a == b)
}

fn one_holds(operator: Operator, wanted: &[String], value: &str) -> bool {
    let any = |test: &dyn Fn(&str) -> bool| wanted.iter().any(|wanted| test(wanted));
    let like = |wanted: &str| glob(wanted.as_bytes(), value.as_bytes());
    match operator {
        Operator::StringEquals => any(&|wanted| wanted == value),
        Operator::StringNotEquals => !any(&|wanted| wanted == value),
        Operator::StringEqualsIgnoreCase => any(&|wanted| wanted.eq_ignore_ascii_case(value)),
        Operator::StringLike => any(&like),
        Operator::StringNotLike => !any(&like),
        Operator::ArnLike | Operator::ArnEquals => any(&|wanted| arn_like(wanted, value)),
        Operator::IpAddress => {
            value.parse::<IpAddr>().is_ok() && any(&|wanted| in_range(wanted, value))
        }
        // Not generated; a stranger enters, so that the property fails if one ever is.
        _ => true,
    }
}

fn holds(condition: &Condition, context: &Context) -> bool {
    let values = context.iter().find(|(key, _)| *key == condition.key).map(|(_, values)| values);
    if condition.operator == Operator::Null {
        let is_absent = values.is_none_or(Vec::is_empty);
        return condition.values.iter().any(|value| value == &is_absent.to_string());
    }
    let Some(values) = values else {
        let is_negated =
            matches!(condition.operator, Operator::StringNotEquals | Operator::StringNotLike);
        return condition.if_exists || is_negated || condition.quantifier == Quantifier::AllValues;
    };
    let test = |value: &&str| one_holds(condition.operator, &condition.values, value);
    match condition.quantifier {
        Quantifier::AllValues => values.iter().all(test),
        // The most generous reading of a single-valued operator on many values.
        Quantifier::AnyValue | Quantifier::Single => {
            values.iter().any(test)
                || (values.is_empty() && condition.quantifier == Quantifier::Single)
        }
    }
}

const KEYS: [&str; 13] = [
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:SourceOrgPaths",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:userid",
    "aws:VpcSourceIp",
    "aws:UserAgent",
    "aws:SourceIp",
];

const OPERATORS: [&str; 11] = [
    "StringEquals",
    "StringLike",
    "StringNotEquals",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "StringEqualsIfExists",
    "ArnLike",
    "ArnEquals",
    "ForAllValues:StringLike",
    "ForAnyValue:StringLike",
    "ForAllValues:ArnLike",
];

const VALUES: [&str; 24] = [
    "123456789012",
    "1234*",
    "????????????",
    "o-1",
    "o-1*",
    "o-*",
    "o-1/*",
    "o-1/r-1/*",
    "*/r-1/*",
    "o-*/r-1/ou-1/",
    "vpc-1",
    "vpc-1*",
    "vpce-*",
    "AROAMINE:session",
    "*:session",
    "arn:aws:iam::123456789012:role/*",
    "arn:aws:iam::*:role/x",
    "arn:aws:*:*:123456789012:*",
    "arn:aws:logs:*:123456789012:y",
    "arn:aws:s3:::mine",
    "arn:aws:s3:::*",
    "*",
    "mine",
    "",
];

const RANGES: [&str; 11] = [
    "203.0.113.0/24",
    "10.0.0.0/8",
    "192.168.0.0/16",
    "2001:db8::/32",
    "0.0.0.0/0",
    "128.0.0.0/1",
    "198.18.0.1/7",
    "::/0",
    "2000::/3",
    "2620::/12",
    "10.0.0.5",
];

fn condition() -> impl Strategy<Value = String> {
    let values = |all: &'static [&'static str]| {
        prop::collection::vec(prop::sample::select(all), 0..4).prop_map(|values| {
            format!("[{}]", values.iter().map(|v| format!("\"{v}\"")).collect::<Vec<_>>().join(","))
        })
    };
    let key = || prop::sample::select(KEYS.to_vec());
    let compared = (prop::sample::select(OPERATORS.to_vec()), key(), values(&VALUES));
    let ranged = (
        prop::sample::select(vec!["IpAddress", "IpAddressIfExists", "ForAllValues:IpAddress"]),
        prop::sample::select(vec!["aws:SourceIp", "aws:VpcSourceIp", "aws:SourceVpc"]),
        values(&RANGES),
    );
    let null = (
        Just("Null"),
        key(),
        prop::sample::select(vec![r#""true""#.to_owned(), r#""false""#.to_owned()]),
    );
    prop_oneof![4 => compared, 2 => ranged, 1 => null]
        .prop_map(|(operator, key, values)| format!(r#""{operator}":{{"{key}":{values}}}"#))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn no_stranger_enters_where_the_policy_is_judged_closed(
        conditions in prop::collection::btree_set(condition(), 0..3)
    ) {
        let conditions: Vec<_> = conditions.into_iter().collect();
        let text = policy(&format!(
            r#"{{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{{{}}}}}"#,
            conditions.join(",")
        ));
        // The same operator twice is no policy.
        let Ok(read) = parse(&text) else { return Ok(()) };
        if public_access(&read).is_empty() {
            for stranger in strangers() {
                let enters = read.statements[0].conditions.iter().all(|condition| holds(condition, &stranger));
                prop_assert!(!enters, "{stranger:?}");
            }
        }
    }
}
