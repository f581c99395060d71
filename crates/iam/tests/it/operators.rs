//! Every condition operator. IAM user guide, "Condition operators", "Single-valued vs. multivalued context keys".

use crate::scene::{ALLOW, Scene, USER};

/// Whether the condition holds, asked by a statement that allows; one that denies must say the same.
fn holds(condition: &str, context: &[(&str, &[&str])]) -> bool {
    let statement = |effect: &str| {
        format!(r#"{{"Effect":"{effect}","Action":"*","Resource":"*","Condition":{condition}}}"#)
    };
    let scene =
        context.iter().fold(Scene::of(USER), |scene, (key, values)| scene.with(key, values));
    let allows = scene.clone().identity(&statement("Allow")).is_allowed();
    let denies = !scene.identity(ALLOW).identity(&statement("Deny")).is_allowed();
    assert_eq!(allows, denies, "{condition} {context:?}");
    allows
}

/// For each policy value, request values that match and such that do not.
fn check(operator: &str, negated: Option<&str>, rows: &[(&str, &[&str], &[&str])]) {
    for (wanted, matching, others) in rows {
        for (values, matches) in [(matching, true), (others, false)] {
            for value in *values {
                let condition =
                    |operator: &str| format!(r#"{{"{operator}":{{"aws:x":{wanted}}}}}"#);
                let context = [("aws:x", &[*value][..])];
                assert_eq!(
                    holds(&condition(operator), &context),
                    matches,
                    "{operator} {wanted} {value}"
                );
                if let Some(negated) = negated {
                    let negative = condition(negated);
                    assert_ne!(holds(&negative, &context), matches, "{negated} {wanted} {value}");
                }
            }
        }
    }
}

#[test]
fn strings_are_equal_in_every_character() {
    check(
        "StringEquals",
        Some("StringNotEquals"),
        &[
            (r#""a""#, &["a"], &["A", "ab", "b"]),
            (r#"["a","b"]"#, &["a", "b"], &["c", "ab"]),
            (r#""a*""#, &["a*"], &["ab", "a"]),
            (r#""?""#, &["?"], &["a"]),
            (r#""é""#, &["é"], &["e\u{301}"]),
            ("7", &["7"], &["7.0", "07"]),
            ("true", &["true"], &["True"]),
        ],
    );
    check(
        "StringEqualsIgnoreCase",
        Some("StringNotEqualsIgnoreCase"),
        &[
            (r#""aBc""#, &["abc", "ABC", "aBc"], &["ab", "abcd"]),
            (r#""É""#, &["é", "É"], &["e"]),
            // The Kelvin sign is no letter K, the long s no s.
            (r#""ks""#, &["KS"], &["\u{212a}s", "k\u{17f}"]),
            (r#""a*""#, &["A*"], &["ab"]),
        ],
    );
}

#[test]
fn strings_are_like_patterns_across_everything() {
    check(
        "StringLike",
        Some("StringNotLike"),
        &[
            (r#""a*""#, &["a", "ab", "a/b:c"], &["A", "ba"]),
            (r#""*""#, &["a", "a:b:c"], &[]),
            (r#""a?c""#, &["abc", "a*c"], &["ac", "abbc"]),
            (r#""abc""#, &["abc"], &["abcd", "Abc"]),
            (r#"["x*","*y"]"#, &["xa", "ay"], &["ya"]),
            // The guide's own example.
            (
                r#""arn:aws:someservice:*:111122223333:finance/*""#,
                &[
                    "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",
                ],
                &[],
            ),
        ],
    );
}

#[test]
fn arns_are_like_patterns_part_by_part() {
    let rows: &[(&str, &[&str], &[&str])] = &[
        (
            r#""arn:aws:someservice:*:111122223333:finance/*""#,
            &["arn:aws:someservice:us-east-2:111122223333:finance/a:b"],
            &[
                "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",
                "arn:aws:someservice:us-east-2:111122223333:Finance/a",
            ],
        ),
        (r#""*""#, &["arn:aws:s3:::b", "arn:aws:sns:eu-west-1:111122223333:t:x"], &[]),
        (r#""arn:*:*:*:*:*""#, &["arn:aws:s3:::b"], &[]),
        (r#""arn:aws:s3:::?""#, &["arn:aws:s3:::b"], &["arn:aws:s3:::bb", "arn:aws:s3:::"]),
        (r#""arn:aws:s3:*:b""#, &[], &["arn:aws:s3:::b"]),
        (r#""arn:aws:s3::*:*:x""#, &["arn:aws:s3:::b:x", "arn:aws:s3::1:a:x"], &["arn:aws:s3:::x"]),
    ];
    let whole: Vec<_> = rows.iter().copied().filter(|row| !row.0.contains(":*:b")).collect();
    for (operator, negated) in [("ArnLike", "ArnNotLike"), ("ArnEquals", "ArnNotEquals")] {
        check(operator, Some(negated), &whole);
    }
}

#[test]
fn numbers_are_compared_as_numbers() {
    check(
        "NumericEquals",
        Some("NumericNotEquals"),
        &[
            (r#""10""#, &["10", "10.0", "1e1"], &["11", "-10"]),
            ("10", &["10"], &["9"]),
            (r#"["1","2"]"#, &["1", "2"], &["3"]),
            (r#""9007199254740993""#, &["9007199254740993"], &["9007199254740992"]),
        ],
    );
    check("NumericLessThan", None, &[(r#""10""#, &["9", "-1", "9.99"], &["10", "10.5", "100"])]);
    check("NumericLessThanEquals", None, &[(r#""10""#, &["9", "10"], &["10.01"])]);
    check("NumericGreaterThan", None, &[(r#""10""#, &["11", "10.5", "100"], &["10", "9"])]);
    check("NumericGreaterThanEquals", None, &[(r#""10""#, &["10", "11"], &["9.99"])]);
    check("NumericLessThan", None, &[(r#"["5","10"]"#, &["7"], &["10"])]);
}

#[test]
fn dates_are_compared_as_moments() {
    check(
        "DateEquals",
        Some("DateNotEquals"),
        &[
            (
                r#""2026-11-24T12:00:00Z""#,
                &["2026-11-24T12:00:00Z", "2026-11-24T13:00:00+01:00", "1795521600"],
                &["2026-11-24T12:00:01Z", "2026-11-24"],
            ),
            ("1795521600", &["2026-11-24T12:00:00Z"], &["1795521601"]),
        ],
    );
    let noon = r#""2026-11-24T12:00:00Z""#;
    let (before, after) = ("2026-11-24T11:59:59Z", "2026-11-24T12:00:00.001Z");
    let same = "2026-11-24T12:00:00Z";
    check("DateLessThan", None, &[(noon, &[before], &[same, after])]);
    check("DateLessThanEquals", None, &[(noon, &[before, same], &[after])]);
    check("DateGreaterThan", None, &[(noon, &[after], &[same, before])]);
    check("DateGreaterThanEquals", None, &[(noon, &[after, same], &[before])]);
    check("DateGreaterThan", None, &[(r#""2026-11""#, &["2026-11-24T12:00:00Z"], &["1700000000"])]);
}

#[test]
fn booleans_bytes_and_addresses_are_compared_as_such() {
    check("Bool", None, &[(r#""true""#, &["true", "TRUE"], &["false"])]);
    check(
        "Bool",
        None,
        &[("false", &["false"], &["true"]), (r#"["true","false"]"#, &["true", "false"], &[])],
    );
    check(
        "BinaryEquals",
        None,
        &[(
            r#""QmluYXJ5VmFsdWVJbkJhc2U2NA==""#,
            &["QmluYXJ5VmFsdWVJbkJhc2U2NA=="],
            &["QUJD", "ASIAIOSFODNN7EXAMPLE"],
        )],
    );
    check(
        "IpAddress",
        Some("NotIpAddress"),
        &[
            (
                r#""203.0.113.0/24""#,
                &["203.0.113.1", "::ffff:203.0.113.9"],
                &["198.51.100.1", "2001:db8::1"],
            ),
            (r#""203.0.113.7""#, &["203.0.113.7"], &["203.0.113.8"]),
            (
                r#"["203.0.113.0/24","2001:DB8:1234:5678::/64"]"#,
                &["2001:db8:1234:5678::1", "203.0.113.9"],
                &["2001:db8:1234:5679::1"],
            ),
            (r#""0.0.0.0/0""#, &["8.8.8.8"], &["2001:db8::1"]),
        ],
    );
}

/// IAM user guide, "Condition operators": "If the key ... is not present in the request context, the values do not match".
#[test]
fn a_key_that_is_not_there_fails_positive_operators_only() {
    let value = |operator: &str| match operator {
        name if name.starts_with("Numeric") => "7",
        name if name.starts_with("Date") => r#""2026-11-24""#,
        name if name.contains("IpAddress") => r#""10.0.0.0/8""#,
        name if name.starts_with("Arn") => r#""arn:aws:s3:::b""#,
        "Bool" => "true",
        "BinaryEquals" => r#""QUJD""#,
        _ => r#""a""#,
    };
    let operators = [
        "ArnEquals",
        "ArnLike",
        "ArnNotEquals",
        "ArnNotLike",
        "BinaryEquals",
        "Bool",
        "DateEquals",
        "DateGreaterThan",
        "DateGreaterThanEquals",
        "DateLessThan",
        "DateLessThanEquals",
        "DateNotEquals",
        "IpAddress",
        "NotIpAddress",
        "NumericEquals",
        "NumericGreaterThan",
        "NumericGreaterThanEquals",
        "NumericLessThan",
        "NumericLessThanEquals",
        "NumericNotEquals",
        "StringEquals",
        "StringEqualsIgnoreCase",
        "StringLike",
        "StringNotEquals",
        "StringNotEqualsIgnoreCase",
        "StringNotLike",
    ];
    for operator in operators {
        let condition = |name: &str| format!(r#"{{"{name}":{{"aws:x":{}}}}}"#, value(operator));
        for context in [&[][..], &[("aws:x", &[][..])][..]] {
            let negated = operator.contains("Not");
            assert_eq!(holds(&condition(operator), context), negated, "{operator}");
            assert!(holds(&condition(&format!("{operator}IfExists")), context), "{operator}");
            assert!(holds(&condition(&format!("ForAllValues:{operator}")), context), "{operator}");
            assert!(!holds(&condition(&format!("ForAnyValue:{operator}")), context), "{operator}");
            let form = format!("ForAnyValue:{operator}IfExists");
            assert!(holds(&condition(&form), context), "{operator}");
        }
    }
}

#[test]
fn if_exists_changes_nothing_for_a_key_that_is_there() {
    for (value, holds_for_value) in [("a", true), ("b", false)] {
        let context = [("aws:x", &[value][..])];
        for operator in [
            "StringEqualsIfExists",
            "StringLikeIfExists",
            "ForAllValues:StringEqualsIfExists",
            "ForAnyValue:StringEqualsIfExists",
        ] {
            let condition = format!(r#"{{"{operator}":{{"aws:x":"a"}}}}"#);
            assert_eq!(holds(&condition, &context), holds_for_value, "{operator}");
        }
        assert_eq!(
            holds(r#"{"StringNotEqualsIfExists":{"aws:x":"a"}}"#, &context),
            !holds_for_value
        );
    }
}

/// IAM user guide, "Multivalued string condition operators".
#[test]
fn sets_are_compared_value_by_value() {
    for (operator, request, expected) in [
        ("ForAllValues:StringEquals", &["a", "b"][..], true),
        ("ForAllValues:StringEquals", &["a", "c"], false),
        ("ForAllValues:StringEquals", &["a"], true),
        ("ForAnyValue:StringEquals", &["a", "c"], true),
        ("ForAnyValue:StringEquals", &["c", "d"], false),
        ("ForAllValues:StringNotEquals", &["c", "d"], true),
        ("ForAllValues:StringNotEquals", &["a", "d"], false),
        ("ForAnyValue:StringNotEquals", &["a", "d"], true),
        ("ForAnyValue:StringNotEquals", &["a", "b"], false),
        ("ForAllValues:StringLike", &["a", "b"], true),
        ("ForAnyValue:StringLike", &["x", "b"], true),
        ("ForAnyValue:StringEqualsIgnoreCase", &["A"], true),
        ("ForAnyValue:StringEquals", &["A"], false),
    ] {
        let condition = format!(r#"{{"{operator}":{{"aws:TagKeys":["a","b"]}}}}"#);
        assert_eq!(
            holds(&condition, &[("aws:TagKeys", request)]),
            expected,
            "{operator} {request:?}"
        );
    }
}

/// IAM user guide: a "null dataset, such as an empty string".
#[test]
fn an_empty_text_is_no_value_to_sets_and_null_but_a_text_to_strings() {
    let empty = [("aws:x", &[""][..])];
    for (condition, expected) in [
        (r#"{"ForAllValues:StringEquals":{"aws:x":"a"}}"#, true),
        (r#"{"ForAnyValue:StringEquals":{"aws:x":["","a"]}}"#, false),
        (r#"{"Null":{"aws:x":"true"}}"#, true),
        (r#"{"Null":{"aws:x":"false"}}"#, false),
        (r#"{"ForAllValues:StringEquals":{"aws:x":"a"},"Null":{"aws:x":"false"}}"#, false),
        // The guide's own example lists an empty prefix among those that may be asked for.
        (r#"{"StringLike":{"aws:x":["","home/"]}}"#, true),
        (r#"{"StringEquals":{"aws:x":"a"}}"#, false),
    ] {
        assert_eq!(holds(condition, &empty), expected, "{condition}");
    }
}

#[test]
fn null_asks_whether_the_key_is_there() {
    let there = [("aws:x", &["a"][..])];
    for (wanted, of_absent, of_present) in [
        (r#""true""#, true, false),
        ("true", true, false),
        (r#""false""#, false, true),
        (r#"["true","false"]"#, true, true),
        ("[]", false, false),
    ] {
        let condition = format!(r#"{{"Null":{{"aws:x":{wanted}}}}}"#);
        assert_eq!(holds(&condition, &[]), of_absent, "{wanted}");
        assert_eq!(holds(&condition, &there), of_present, "{wanted}");
    }
}

#[test]
fn operators_and_keys_must_hold_together_and_keys_have_no_case() {
    let both =
        r#"{"StringEquals":{"aws:X":"a","aws:y":"b"},"Bool":{"AWS:SecureTransport":"true"}}"#;
    let context = |x: &'static str, y: &'static str, secure: &'static str| {
        [("AWS:x", [x]), ("aws:Y", [y]), ("aws:securetransport", [secure])]
    };
    for (x, y, secure, expected) in [
        ("a", "b", "true", true),
        ("b", "b", "true", false),
        ("a", "a", "true", false),
        ("a", "b", "false", false),
    ] {
        let context = context(x, y, secure);
        let context: Vec<_> = context.iter().map(|(key, value)| (*key, &value[..])).collect();
        assert_eq!(holds(both, &context), expected, "{context:?}");
    }
    assert!(holds("{}", &[]));
}

#[test]
fn no_value_matches_none() {
    assert!(!holds(r#"{"StringEquals":{"aws:x":[]}}"#, &[("aws:x", &["a"])]));
    assert!(holds(r#"{"StringNotEquals":{"aws:x":[]}}"#, &[("aws:x", &["a"])]));
    assert!(!holds(r#"{"ForAllValues:StringEquals":{"aws:x":[]}}"#, &[("aws:x", &["a"])]));
    assert!(holds(r#"{"ForAllValues:StringEquals":{"aws:x":[]}}"#, &[]));
}

/// Not documented, so nothing is allowed by it, and what could deny does: a key of several values without a quantifier,
/// and a value of another type under a negated operator.
#[test]
fn what_is_not_documented_never_allows() {
    let outcome = |condition: &str, values: &[&str]| {
        let statement = |effect: &str| {
            format!(
                r#"{{"Effect":"{effect}","Action":"*","Resource":"*","Condition":{condition}}}"#
            )
        };
        let scene = Scene::of(USER).with("aws:x", values);
        (
            scene.clone().identity(&statement("Allow")).is_allowed(),
            !scene.identity(ALLOW).identity(&statement("Deny")).is_allowed(),
        )
    };
    for (condition, values, denies) in [
        (r#"{"StringEquals":{"aws:x":"a"}}"#, &["a", "a"][..], true),
        (r#"{"StringEquals":{"aws:x":"a"}}"#, &["a", "b"], true),
        (r#"{"StringEquals":{"aws:x":"a"}}"#, &["b", "c"], false),
        (r#"{"StringNotEquals":{"aws:x":"a"}}"#, &["a", "b"], true),
        (r#"{"StringNotEquals":{"aws:x":"a"}}"#, &["a", "a"], false),
        (r#"{"NumericNotEquals":{"aws:x":"1"}}"#, &["one"], true),
        (r#"{"NotIpAddress":{"aws:x":"10.0.0.0/8"}}"#, &["somewhere"], true),
        (r#"{"ArnNotLike":{"aws:x":"arn:aws:s3:::b"}}"#, &["b"], true),
        (r#"{"NumericEquals":{"aws:x":"1"}}"#, &["one"], false),
        (r#"{"IpAddress":{"aws:x":"0.0.0.0/0"}}"#, &["somewhere"], false),
    ] {
        assert_eq!(outcome(condition, values), (false, denies), "{condition} {values:?}");
    }
}
