//! Labelled policies (`security.md`, D8). No public one may pass.

use crate::{GOOD, parse, policy};
use strongroom_iam::public_access;

const PUBLIC: bool = true;
const CLOSED: bool = false;

fn findings(text: &str) -> Vec<String> {
    let read = parse(text).unwrap_or_else(|error| panic!("{error:?} {text}"));
    public_access(&read).into_iter().map(|finding| finding.statement).collect()
}

fn allow(principal: &str, condition: &str) -> String {
    let condition = Some(condition).filter(|text| !text.is_empty());
    let condition = condition.map(|text| format!(r#","Condition":{text}"#)).unwrap_or_default();
    format!(
        r#"{{"Effect":"Allow","Principal":{principal},"Action":"secretsmanager:GetSecretValue","Resource":"*"{condition}}}"#
    )
}

/// Principals without any condition.
const PRINCIPALS: [(&str, bool); 19] = [
    (r#""*""#, PUBLIC),
    (r#"{"AWS":"*"}"#, PUBLIC),
    (r#"{"AWS":["*"]}"#, PUBLIC),
    (r#"{"AWS":["123456789012","*"]}"#, PUBLIC),
    (r#"{"Service":"lambda.amazonaws.com","AWS":"*"}"#, PUBLIC),
    (r#"{"AWS":"\u002a"}"#, PUBLIC),
    (r#"{"Federated":"accounts.google.com"}"#, PUBLIC),
    (r#"{"Federated":"cognito-identity.amazonaws.com"}"#, PUBLIC),
    (r#"{"AWS":"123456789012","Federated":"graph.facebook.com"}"#, PUBLIC),
    (r#"{"Federated":"arn:aws:iam::123456789012:saml-provider/Okta"}"#, CLOSED),
    (r#"{"Federated":"arn:aws:iam::123456789012:oidc-provider/a.example/x"}"#, CLOSED),
    (r#"{"AWS":"123456789012"}"#, CLOSED),
    (r#"{"AWS":"arn:aws:iam::123456789012:root"}"#, CLOSED),
    (
        r#"{"AWS":["arn:aws:iam::123456789012:role/MyRole","arn:aws:iam::123456789012:user/a"]}"#,
        CLOSED,
    ),
    (r#"{"AWS":"arn:aws:sts::123456789012:assumed-role/r/s"}"#, CLOSED),
    (r#"{"AWS":"arn:aws:sts::123456789012:federated-user/bob"}"#, CLOSED),
    (r#"{"AWS":"AROAEXAMPLEID123456"}"#, CLOSED),
    (r#"{"Service":"lambda.amazonaws.com"}"#, CLOSED),
    (r#"{"AWS":"123456789012","Service":["lambda.amazonaws.com"]}"#, CLOSED),
];

/// Conditions on everybody.
const CONDITIONS: [(&str, bool); 114] = [
    ("", PUBLIC),
    ("{}", PUBLIC),
    (r#"{"StringEquals":{}}"#, PUBLIC),
    // Names that are written out.
    (r#"{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#, CLOSED),
    (r#"{"StringEquals":{"AWS:principalORGid":"o-a1b2c3d4e5"}}"#, CLOSED),
    (r#"{"StringEquals":{"aws:PrincipalOrgID":["o-a1b2c3d4e5","o-f6g7h8i9j0"]}}"#, CLOSED),
    (r#"{"StringEqualsIgnoreCase":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#, CLOSED),
    (r#"{"StringLike":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#, CLOSED),
    (r#"{"StringEquals":{"aws:SourceOrgID":"o-a1b2c3d4e5"}}"#, CLOSED),
    (r#"{"StringEquals":{"aws:SourceVpc":"vpc-1"}}"#, CLOSED),
    (r#"{"StringEquals":{"aws:SourceVpce":"vpce-1"}}"#, CLOSED),
    (r#"{"ForAnyValue:StringEquals":{"aws:SourceVpce":["vpce-1","vpce-2"]}}"#, CLOSED),
    (r#"{"StringEquals":{"aws:userid":"AROAEXAMPLEID123456:session"}}"#, CLOSED),
    (r#"{"StringLike":{"aws:PrincipalOrgID":"o-*"}}"#, PUBLIC),
    (r#"{"StringLike":{"aws:PrincipalOrgID":"*"}}"#, PUBLIC),
    (r#"{"StringLike":{"aws:PrincipalOrgID":"o-a1b2c3d4e?"}}"#, PUBLIC),
    (r#"{"StringEquals":{"aws:PrincipalOrgID":"*"}}"#, PUBLIC),
    (r#"{"StringEquals":{"aws:PrincipalOrgID":["o-a1b2c3d4e5","*"]}}"#, PUBLIC),
    (r#"{"StringLike":{"aws:SourceVpc":["vpc-1","vpc-*"]}}"#, PUBLIC),
    (r#"{"StringLike":{"aws:SourceVpce":"vpce-*"}}"#, PUBLIC),
    (r#"{"StringLike":{"aws:userid":"AROAEXAMPLEID123456:*"}}"#, PUBLIC),
    (r#"{"StringLike":{"aws:userid":"*:session"}}"#, PUBLIC),
    (r#"{"StringEquals":{"aws:PrincipalOrgID":"${aws:PrincipalOrgID}"}}"#, PUBLIC),
    (r#"{"StringEquals":{"aws:PrincipalOrgID":["o-a1b2c3d4e5","${aws:PrincipalTag/o}"]}}"#, PUBLIC),
    // Empty values.
    (r#"{"StringEquals":{"aws:PrincipalOrgID":""}}"#, PUBLIC),
    (r#"{"StringEquals":{"aws:PrincipalOrgID":" "}}"#, PUBLIC),
    (r#"{"StringEquals":{"aws:PrincipalOrgID":[]}}"#, PUBLIC),
    (r#"{"StringEquals":{"aws:SourceVpc":["vpc-1",""]}}"#, PUBLIC),
    (r#"{"IpAddress":{"aws:SourceIp":[]}}"#, PUBLIC),
    // Operators that let others in.
    (r#"{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#, PUBLIC),
    (r#"{"StringNotLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/x"}}"#, PUBLIC),
    (r#"{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/x"}}"#, PUBLIC),
    (r#"{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#, PUBLIC),
    (r#"{"StringLikeIfExists":{"aws:SourceVpc":"vpc-1"}}"#, PUBLIC),
    (r#"{"ArnEqualsIfExists":{"aws:SourceArn":"arn:aws:sns:us-east-1:123456789012:t"}}"#, PUBLIC),
    (r#"{"IpAddressIfExists":{"aws:SourceIp":"203.0.113.0/24"}}"#, PUBLIC),
    (r#"{"ForAnyValue:StringEqualsIfExists":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#, PUBLIC),
    (r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#, PUBLIC),
    (r#"{"ForAllValues:IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#, PUBLIC),
    (r#"{"ForAllValues:ArnLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/x"}}"#, PUBLIC),
    (
        r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-1"},"Null":{"aws:PrincipalOrgID":"false"}}"#,
        CLOSED,
    ),
    (
        r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-1"},"Null":{"aws:PrincipalOrgID":false}}"#,
        CLOSED,
    ),
    (
        r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-1"},"Null":{"aws:PrincipalOrgID":"true"}}"#,
        PUBLIC,
    ),
    (
        r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-1"},"Null":{"aws:PrincipalOrgID":["false","true"]}}"#,
        PUBLIC,
    ),
    (
        r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-1"},"Null":{"aws:PrincipalOrgID":[]}}"#,
        PUBLIC,
    ),
    (
        r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-1"},"Null":{"aws:PrincipalArn":"false"}}"#,
        PUBLIC,
    ),
    (r#"{"Null":{"aws:PrincipalOrgID":"false"}}"#, PUBLIC),
    (r#"{"Null":{"aws:SourceVpc":"true"}}"#, PUBLIC),
    // Operators of another type than the key's.
    (r#"{"StringEquals":{"aws:SourceIp":"203.0.113.0/24"}}"#, PUBLIC),
    (r#"{"IpAddress":{"aws:SourceVpc":"203.0.113.0/24"}}"#, PUBLIC),
    (r#"{"ArnLike":{"aws:SourceVpc":"arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1"}}"#, PUBLIC),
    (r#"{"NumericEquals":{"aws:PrincipalAccount":"123456789012"}}"#, PUBLIC),
    // Accounts.
    (r#"{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}"#, CLOSED),
    (r#"{"StringEquals":{"aws:PrincipalAccount":123456789012}}"#, CLOSED),
    (r#"{"StringEquals":{"aws:SourceAccount":["123456789012","210987654321"]}}"#, CLOSED),
    (r#"{"StringEquals":{"aws:SourceOwner":"123456789012"}}"#, CLOSED),
    (r#"{"StringEquals":{"kms:CallerAccount":"123456789012"}}"#, CLOSED),
    (r#"{"StringLike":{"aws:PrincipalAccount":"1234*"}}"#, PUBLIC),
    (r#"{"StringLike":{"aws:PrincipalAccount":"????????????"}}"#, PUBLIC),
    (r#"{"StringLike":{"aws:SourceAccount":"*"}}"#, PUBLIC),
    (r#"{"StringEquals":{"aws:PrincipalAccount":"mine"}}"#, PUBLIC),
    (r#"{"StringEquals":{"aws:PrincipalAccount":["123456789012",""]}}"#, PUBLIC),
    // ARNs.
    (r#"{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/x"}}"#, CLOSED),
    (r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/*"}}"#, CLOSED),
    (r#"{"ArnLike":{"aws:PrincipalArn":"arn:*:iam::123456789012:*"}}"#, CLOSED),
    (r#"{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/*"}}"#, CLOSED),
    (r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:123456789012:*"}}"#, CLOSED),
    (r#"{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::my-bucket"}}"#, CLOSED),
    (r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/x"}}"#, PUBLIC),
    (r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::12345678901?:role/x"}}"#, PUBLIC),
    (r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::1234*:role/x"}}"#, PUBLIC),
    (r#"{"ArnLike":{"aws:PrincipalArn":["arn:aws:iam::123456789012:role/x","*"]}}"#, PUBLIC),
    (r#"{"ArnLike":{"aws:PrincipalArn":"*"}}"#, PUBLIC),
    (r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*123456789012:role/x"}}"#, PUBLIC),
    (r#"{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::*"}}"#, PUBLIC),
    (r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:us-east-1:*:topic"}}"#, PUBLIC),
    (r#"{"StringLike":{"aws:SourceArn":"*:123456789012:*"}}"#, PUBLIC),
    (r#"{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/x"}}"#, PUBLIC),
    (r#"{"StringLike":{"aws:SourceArn":"arn:aws:s3:::*"}}"#, PUBLIC),
    // As text, the star reaches over an account that is not ours to one that is written further on.
    (r#"{"StringLike":{"aws:SourceArn":"arn:aws:*:*:123456789012:*"}}"#, PUBLIC),
    (r#"{"StringLike":{"aws:SourceArn":"arn:aws:sns:*:123456789012:topic"}}"#, PUBLIC),
    // Organisation paths.
    (r#"{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-1/r-1/*"}}"#, CLOSED),
    (r#"{"ForAnyValue:StringEquals":{"aws:PrincipalOrgPaths":"o-1/r-1/ou-1/"}}"#, CLOSED),
    (r#"{"ForAnyValue:StringLike":{"aws:SourceOrgPaths":["o-1/r-1/ou-1/*","o-2/*"]}}"#, CLOSED),
    (r#"{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"*/r-1/*"}}"#, PUBLIC),
    (r#"{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-1*"}}"#, PUBLIC),
    (r#"{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-*/r-1/ou-1/"}}"#, PUBLIC),
    (r#"{"StringLike":{"aws:PrincipalOrgPaths":"o-1/r-1/*"}}"#, PUBLIC),
    (r#"{"ForAllValues:StringLike":{"aws:PrincipalOrgPaths":"o-1/r-1/*"}}"#, PUBLIC),
    // Addresses.
    (r#"{"IpAddress":{"aws:SourceIp":"203.0.113.7"}}"#, CLOSED),
    (
        r#"{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","198.51.100.0/24","2001:db8::/32"]}}"#,
        CLOSED,
    ),
    (r#"{"IpAddress":{"aws:SourceIp":"3.0.0.0/8"}}"#, CLOSED),
    (r#"{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","172.16.0.0/12","192.168.0.0/16"]}}"#, CLOSED),
    (r#"{"IpAddress":{"aws:SourceIp":["3.1.2.3/8","3.0.0.0/8"]}}"#, CLOSED),
    (r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#, PUBLIC),
    (r#"{"IpAddress":{"aws:SourceIp":"203.0.113.7/0"}}"#, PUBLIC),
    (r#"{"IpAddress":{"aws:SourceIp":"::/0"}}"#, PUBLIC),
    (r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/1"}}"#, PUBLIC),
    (r#"{"IpAddress":{"aws:SourceIp":["0.0.0.0/1","128.0.0.0/1"]}}"#, PUBLIC),
    (r#"{"IpAddress":{"aws:SourceIp":"4.0.0.0/7"}}"#, PUBLIC),
    (r#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/7"}}"#, PUBLIC),
    (r#"{"IpAddress":{"aws:SourceIp":"2001:db8::/31"}}"#, PUBLIC),
    (r#"{"IpAddress":{"aws:SourceIp":"::ffff:0:0/96"}}"#, PUBLIC),
    (r#"{"IpAddress":{"aws:SourceIp":"::/64"}}"#, PUBLIC),
    (r#"{"IpAddress":{"aws:SourceIp":"2002:c000::/32"}}"#, PUBLIC),
    (r#"{"IpAddress":{"aws:SourceIp":["203.0.113.1","::/0"]}}"#, PUBLIC),
    (r#"{"IpAddress":{"aws:SourceIp":["3.0.0.0/8","5.0.0.0/8"]}}"#, PUBLIC),
    (r#"{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#, PUBLIC),
    (r#"{"IpAddress":{"aws:VpcSourceIp":"10.0.0.0/16"}}"#, PUBLIC),
    // Keys that name nobody.
    (r#"{"Bool":{"aws:SecureTransport":"true"}}"#, PUBLIC),
    (r#"{"StringEquals":{"aws:UserAgent":"mine","aws:Referer":"https://mine.example"}}"#, PUBLIC),
    (r#"{"StringEquals":{"aws:PrincipalTag/team":"x","aws:RequestedRegion":"us-east-1"}}"#, PUBLIC),
    (r#"{"DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}}"#, PUBLIC),
    // All must hold, so one that fixes is enough.
    (
        r#"{"Bool":{"aws:SecureTransport":true},"IpAddress":{"aws:SourceIp":"0.0.0.0/0"},"StringEquals":{"aws:SourceVpce":"vpce-1"}}"#,
        CLOSED,
    ),
];

#[test]
fn principals_that_are_open_to_all_are_the_public() {
    for (principal, label) in PRINCIPALS {
        assert_eq!(!findings(&policy(&allow(principal, ""))).is_empty(), label, "{principal}");
    }
}

#[test]
fn everybody_is_the_public_unless_a_condition_fixes_who() {
    for (condition, label) in CONDITIONS {
        for (principal, is_open) in PRINCIPALS {
            let text = policy(&allow(principal, condition));
            let is_public = !findings(&text).is_empty();
            assert_eq!(is_public, is_open && label, "{principal} {condition}");
        }
    }
}

#[test]
fn all_of_ipv4_in_pieces_is_public() {
    let pieces: Vec<_> = (0..=255).map(|first| format!(r#""{first}.0.0.0/8""#)).collect();
    let condition = format!(r#"{{"IpAddress":{{"aws:SourceIp":[{}]}}}}"#, pieces.join(","));
    assert_eq!(findings(&policy(&allow(r#""*""#, &condition))), ["1"]);
}

#[test]
fn other_elements_do_not_make_everybody_less_public() {
    let open = allow(r#""*""#, "");
    for (from, to) in [
        ("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"),
        (r#""Action":"secretsmanager:GetSecretValue""#, r#""NotAction":"secretsmanager:*""#),
        (
            r#""Resource":"*""#,
            r#""Resource":"arn:aws:secretsmanager:us-east-1:123456789012:secret:a-1""#,
        ),
        (r#""Resource":"*""#, r#""NotResource":"*""#),
    ] {
        let changed = open.replace(from, to);
        assert_ne!(changed, open);
        assert_eq!(findings(&policy(&changed)), ["1"], "{changed}");
    }
}

#[test]
fn each_statement_is_looked_at_alone_and_denials_never_count() {
    let open = allow(r#""*""#, "");
    let named = open.replacen('{', r#"{"Sid":"Open Door","#, 1);
    let unnamed = open.replacen('{', r#"{"Sid":"","#, 1);
    let deny = open.replace("Allow", "Deny");
    let all_but = deny.replace(r#""Principal":"*""#, r#""NotPrincipal":{"AWS":"123456789012"}"#);
    let fixed = allow(r#""*""#, r#"{"StringEquals":{"aws:SourceVpc":"vpc-1"}}"#);
    let strict = deny.replace(
        r#""Resource":"*""#,
        r#""Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}"#,
    );
    for (statements, found) in [
        (vec![deny.as_str()], vec![]),
        (vec![all_but.as_str()], vec![]),
        (vec![deny.as_str(), all_but.as_str(), GOOD, fixed.as_str()], vec![]),
        (vec![GOOD, open.as_str()], vec!["2"]),
        (vec![GOOD, unnamed.as_str()], vec!["2"]),
        (vec![named.as_str(), GOOD, open.as_str()], vec!["Open Door", "3"]),
        (vec![fixed.as_str(), open.as_str(), deny.as_str()], vec!["2"]),
        // AWS's engine might find that nobody is left; we judge statements alone.
        (vec![open.as_str(), strict.as_str()], vec!["1"]),
    ] {
        assert_eq!(findings(&policy(&format!("[{}]", statements.join(",")))), found);
    }
}

#[test]
fn the_briefs_policy_for_another_account_is_not_public() {
    assert!(findings(include_str!("cross_account.json")).is_empty());
}
