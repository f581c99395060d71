//! Random cases of a small vocabulary, in which matches and near-matches are frequent. A seed gives the same case for ever.

use serde_json::{Map, Value, json};

/// SplitMix64: a number gives the next.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap();
        usize::try_from(self.next() % bound).unwrap()
    }

    pub(crate) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// One text, or a list of up to three.
    fn some(&mut self, from: &[&str]) -> Value {
        if self.one_in(2) {
            return json!(self.pick(from));
        }
        let count = 1 + self.below(3);
        Value::Array((0..count).map(|_| json!(self.pick(from))).collect())
    }
}

const OWNER: &str = "123456789012";
const OTHER: &str = "210987654321";

const CALLERS: [&str; 15] = [
    "arn:aws:iam::123456789012:user/alice",
    "arn:aws:iam::123456789012:user/alice",
    "arn:aws:iam::123456789012:user/bob",
    "arn:aws:iam::123456789012:user/eng/carol",
    "arn:aws:iam::210987654321:user/alice",
    "arn:aws:sts::123456789012:assumed-role/app/i-1",
    "arn:aws:sts::123456789012:assumed-role/app/i-1",
    "arn:aws:sts::123456789012:assumed-role/app/i-2",
    "arn:aws:sts::123456789012:assumed-role/web/i-1",
    "arn:aws:sts::210987654321:assumed-role/app/i-1",
    "arn:aws:sts::123456789012:federated-user/fay",
    "arn:aws:iam::123456789012:root",
    "arn:aws:iam::210987654321:root",
    "lambda.amazonaws.com",
    "*",
];
const PRINCIPALS: [&str; 21] = [
    "*",
    "123456789012",
    "210987654321",
    "arn:aws:iam::123456789012:root",
    "arn:aws:iam::210987654321:root",
    "arn:aws:iam::123456789012:user/alice",
    "arn:aws:iam::123456789012:user/Alice",
    "arn:aws:iam::123456789012:user/bob",
    "arn:aws:iam::123456789012:user/carol",
    "arn:aws:iam::123456789012:user/eng/carol",
    "arn:aws:iam::210987654321:user/alice",
    "arn:aws:iam::123456789012:role/app",
    "arn:aws:iam::123456789012:role/web",
    "arn:aws:iam::123456789012:role/service/web",
    "arn:aws:iam::210987654321:role/app",
    "arn:aws:sts::123456789012:assumed-role/app/i-1",
    "arn:aws:sts::123456789012:assumed-role/app/i-2",
    "arn:aws:sts::123456789012:assumed-role/web/i-1",
    "arn:aws:sts::210987654321:assumed-role/app/i-1",
    "arn:aws:sts::123456789012:federated-user/fay",
    "arn:aws:iam::123456789012:user/fay",
];
/// What Deny with NotPrincipal may except: whole chains, so that nothing hangs on what "might" be denied.
const EXCEPTIONS: [&[&str]; 6] = [
    &["123456789012", "arn:aws:iam::123456789012:user/alice"],
    &["arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:user/bob"],
    &["210987654321", "arn:aws:iam::210987654321:user/alice"],
    &[
        "123456789012",
        "arn:aws:iam::123456789012:role/app",
        "arn:aws:sts::123456789012:assumed-role/app/i-1",
    ],
    &[
        "arn:aws:iam::210987654321:root",
        "arn:aws:iam::210987654321:role/app",
        "arn:aws:sts::210987654321:assumed-role/app/i-1",
    ],
    &["arn:aws:iam::210987654321:root"],
];
const SERVICES: [&str; 3] = ["lambda.amazonaws.com", "events.amazonaws.com", "sns.amazonaws.com"];
const ACTIONS: [&str; 6] = [
    "secretsmanager:GetSecretValue",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:DescribeSecret",
    "secretsmanager:BatchGetSecretValue",
    "kms:Decrypt",
];
const ACTION_PATTERNS: [&str; 19] = [
    "*",
    "*",
    "secretsmanager:*",
    "secretsmanager:*",
    "secretsmanager:Get*",
    "secretsmanager:Get*",
    "secretsmanager:*SecretValue",
    "secretsmanager:???SecretValue",
    "secretsmanager:GetSecretValue",
    "secretsmanager:getsecretvalue",
    "SECRETSMANAGER:*Get*",
    "secretsmanager:PutSecretValue",
    "secretsmanager:D*Secret",
    "secretsmanager:GetSecretValue?",
    "secretsmanager:*t*t*t*",
    "secretsmanager:Batch*",
    "kms:*",
    "kms:Decrypt",
    "s3:*",
];
const RESOURCES: [&str; 11] = [
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-a1B2c3",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-a1B2c3",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:alice/db-a1B2c3",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:red/x-a1B2c3",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:*/x-a1B2c3",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:${aws:username}/x",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-a1B2c3",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:PROD/db-a1B2c3",
    "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "*",
];
const RESOURCE_PATTERNS: [&str; 24] = [
    "*",
    "*",
    "*",
    "arn:aws:secretsmanager:*:*:secret:*",
    "arn:aws:secretsmanager:*:*:*",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-a1B2c3",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-??????",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-?????",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:*/db-*",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:p*d/?b*",
    "arn:aws:secretsmanager:us-east-?:123456789012:secret:*",
    "arn:aws:secretsmanager:us-*-1:123456789012:secret:*",
    "arn:aws:secretsmanager:eu-*:123456789012:secret:*",
    "arn:aws:secretsmanager:*:210987654321:secret:*",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:${aws:username}/*",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:${aws:username}/db-a1B2c3",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:${aws:PrincipalTag/team}/*",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:${AWS:principaltag/TEAM}/?-*",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:${aws:PrincipalTag/team, 'prod'}/*",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:${aws:username, 'red'}/*",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:${*}/*",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:${$}{aws:username}/*",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:*${aws:PrincipalTag/none}*",
    "arn:aws:kms:us-east-1:123456789012:key/*",
];

/// Keys of one type: the operators for it, what a request may hold and what a policy may ask.
struct Kind {
    keys: &'static [&'static str],
    operators: &'static [&'static str],
    given: &'static [&'static str],
    wanted: &'static [&'static str],
}

const KINDS: [Kind; 7] = [
    Kind {
        keys: &[
            "aws:PrincipalTag/team",
            "aws:ResourceTag/team",
            "aws:TagKeys",
            "aws:username",
            "aws:PrincipalType",
        ],
        operators: &[
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
        ],
        given: &["red", "Red", "blue", "alice", "prod", "*", "r?d", "${aws:username}", "User", "$"],
        wanted: &[
            "red",
            "RED",
            "blue",
            "alice",
            "r*",
            "?ed",
            "*",
            "???",
            "*e*",
            "User",
            "${*}",
            "${$}",
            "r${?}d",
            "${aws:username}",
            "${aws:PrincipalTag/team}",
            "*${aws:ResourceTag/team}",
            "${aws:PrincipalTag/none}",
            "${aws:PrincipalTag/none, 'red'}",
            "${aws:PrincipalTag/team, 'blue'}",
            "${aws:TagKeys}",
        ],
    },
    Kind {
        keys: &["custom:size", "custom:sizes"],
        operators: &[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ],
        given: &["0", "7", "10", "10.0", "10.5", "-3", "100", "ten"],
        wanted: &["0", "7", "10", "10.5", "-3", "99.5"],
    },
    Kind {
        keys: &["aws:CurrentTime", "custom:times"],
        operators: &[
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ],
        given: &[
            "2026-11-24T12:00:00Z",
            "1795521600",
            "2026-11-24T11:59:59Z",
            "2026-11-24T12:00:01Z",
            "2024-02-29T00:00:00Z",
            "noon",
        ],
        wanted: &[
            "2026-11-24T12:00:00Z",
            "2026-11-24T14:00:00+02:00",
            "1795521600",
            "1795521599",
            "2026-11-25",
            "2024-03-01T00:00:00Z",
        ],
    },
    Kind {
        keys: &["aws:SourceIp", "custom:addresses"],
        operators: &["IpAddress", "NotIpAddress"],
        given: &[
            "203.0.113.7",
            "203.0.113.128",
            "10.1.2.3",
            "2001:db8::7",
            "2001:DB8:0::8",
            "nowhere",
        ],
        wanted: &[
            "203.0.113.0/24",
            "203.0.113.0/25",
            "203.0.113.7",
            "10.0.0.0/8",
            "0.0.0.0/0",
            "2001:db8::/125",
            "2001:db8::8/128",
        ],
    },
    Kind {
        keys: &["aws:SourceArn", "aws:PrincipalArn", "custom:arns"],
        operators: &["ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"],
        given: &[
            "arn:aws:sns:us-east-1:123456789012:red",
            "arn:aws:sns:us-east-1:123456789012:red:sub",
            "arn:aws:sns:eu-west-1:210987654321:blue",
            "arn:aws:iam::123456789012:role/service/web",
            "arn:aws:some:us-east-2:210987654321:store:123456789012:red",
            "topic",
        ],
        wanted: &[
            "arn:aws:sns:us-east-1:123456789012:red",
            "arn:aws:sns:*:123456789012:*",
            "arn:aws:sns:us-*:*:r?d",
            "arn:aws:*:*:210987654321:*",
            "arn:aws:*:*:123456789012:red",
            "arn:aws:sns:us-east-1:123456789012:${aws:PrincipalTag/team}*",
            "arn:aws:iam::123456789012:role/*",
            "arn:aws:iam::123456789012:user/${aws:username}",
            "arn:aws:iam::*:user/al*",
            "arn:aws:iam::123456789012:root",
        ],
    },
    Kind {
        keys: &["aws:SecureTransport", "custom:flags"],
        operators: &["Bool"],
        given: &["true", "false"],
        wanted: &["true", "false"],
    },
    Kind {
        keys: &[
            "aws:PrincipalTag/team",
            "aws:TagKeys",
            "aws:SourceIp",
            "aws:username",
            "custom:sizes",
        ],
        operators: &["Null"],
        given: &[],
        wanted: &["true", "false"],
    },
];

/// The keys that may hold several values.
const SEVERAL: [&str; 6] = [
    "aws:TagKeys",
    "custom:sizes",
    "custom:times",
    "custom:addresses",
    "custom:arns",
    "custom:flags",
];

pub(crate) fn case(chance: &mut Chance) -> Value {
    let principal = chance.pick(&CALLERS);
    let is_session = principal.contains(":assumed-role/") || principal.contains(":federated-user/");
    let has_own = principal.starts_with("arn:");
    let mut case = json!({
        "id": "random",
        "principal": principal,
        "action": chance.pick(&ACTIONS),
        "resource": chance.pick(&RESOURCES),
        "account": if chance.one_in(12) { OTHER } else { OWNER },
        "context": context(chance),
        "identity": [],
        "boundary": null,
        "session": null,
        "resourcePolicy": null,
    });
    if principal.contains("/web/") && chance.one_in(2) {
        case["context"]["aws:PrincipalArn"] = json!("arn:aws:iam::123456789012:role/service/web");
    }
    if has_own {
        let count = chance.pick(&[&0, &1, &1, &2]);
        case["identity"] = (0..*count).map(|_| policy(chance, false)).collect();
        if chance.one_in(3) {
            let count = 1 + chance.below(2);
            case["boundary"] = (0..count).map(|_| policy(chance, false)).collect();
        }
    }
    if is_session && chance.one_in(2) {
        case["session"] = policy(chance, false);
    }
    if chance.below(5) < 3 {
        case["resourcePolicy"] = policy(chance, true);
    }
    if chance.one_in(25) {
        spoil(chance, &mut case);
    }
    case
}

fn context(chance: &mut Chance) -> Value {
    let mut context = Map::new();
    for kind in &KINDS {
        for key in kind.keys {
            let is_callers =
                ["aws:username", "aws:PrincipalArn", "aws:PrincipalType"].contains(key);
            if kind.given.is_empty() || is_callers || chance.one_in(2) {
                continue;
            }
            let several = SEVERAL.contains(key) && chance.one_in(2);
            let value = if several {
                let count = chance.below(4);
                (0..count).map(|_| json!(chance.pick(kind.given))).collect()
            } else {
                json!(chance.pick(kind.given))
            };
            let key = if chance.one_in(8) { key.to_uppercase() } else { (*key).to_owned() };
            context.insert(key, value);
        }
    }
    Value::Object(context)
}

fn policy(chance: &mut Chance, is_attached: bool) -> Value {
    let count = 1 + chance.below(3);
    let statements: Vec<Value> = (0..count).map(|_| statement(chance, is_attached)).collect();
    let statements = if count == 1 && chance.one_in(2) {
        statements[0].clone()
    } else {
        Value::Array(statements)
    };
    match chance.below(8) {
        0 => json!({"Statement": statements}),
        1 => json!({"Version": "2008-10-17", "Statement": statements}),
        _ => json!({"Version": "2012-10-17", "Statement": statements}),
    }
}

fn statement(chance: &mut Chance, is_attached: bool) -> Value {
    let denies = chance.below(4) == 0;
    let mut statement = json!({"Effect": if denies { "Deny" } else { "Allow" }});
    let action = if chance.one_in(6) { "NotAction" } else { "Action" };
    statement[action] = chance.some(&ACTION_PATTERNS);
    let resource = if chance.one_in(6) { "NotResource" } else { "Resource" };
    statement[resource] = chance.some(&RESOURCE_PATTERNS);
    if is_attached {
        if denies && chance.one_in(4) {
            statement["NotPrincipal"] = exception(chance);
        } else {
            statement["Principal"] = principal(chance);
        }
    }
    if chance.below(5) < 2 {
        statement["Condition"] = condition(chance);
    }
    statement
}

fn principal(chance: &mut Chance) -> Value {
    match chance.below(8) {
        0 => json!("*"),
        1 => json!({"Service": chance.some(&SERVICES)}),
        2 => json!({"AWS": chance.some(&PRINCIPALS), "Service": chance.some(&SERVICES)}),
        _ => json!({"AWS": chance.some(&PRINCIPALS)}),
    }
}

fn exception(chance: &mut Chance) -> Value {
    if chance.one_in(4) {
        return json!({"Service": chance.some(&SERVICES)});
    }
    json!({"AWS": chance.pick(&EXCEPTIONS)})
}

fn condition(chance: &mut Chance) -> Value {
    let mut condition = Map::new();
    for _ in 0..=chance.below(2) {
        let kind = &KINDS[chance.below(KINDS.len())];
        let plain = chance.pick(kind.operators);
        let operator = if plain == "Null" { plain.to_owned() } else { decorated(chance, plain) };
        let mut keys = Map::new();
        for _ in 0..=chance.below(5) / 4 {
            let key = chance.pick(kind.keys);
            // Two spellings of one key would be the same key twice.
            let is_new = !keys.keys().any(|known: &String| known.eq_ignore_ascii_case(key));
            let key = if chance.one_in(8) { key.to_lowercase() } else { key.to_owned() };
            if is_new {
                keys.insert(key, chance.some(kind.wanted));
            }
        }
        condition.insert(operator, Value::Object(keys));
    }
    Value::Object(condition)
}

fn decorated(chance: &mut Chance, operator: &str) -> String {
    let prefix = chance.pick(&["", "", "", "ForAllValues:", "ForAnyValue:"]);
    let suffix = chance.pick(&["", "", "IfExists"]);
    format!("{prefix}{operator}{suffix}")
}

/// Makes a policy of the case one that AWS refuses.
fn spoil(chance: &mut Chance, case: &mut Value) {
    let place = chance.pick(&["/identity/0", "/boundary/0", "/session", "/resourcePolicy"]);
    let Some(policy) = case.pointer_mut(place).filter(|policy| policy.is_object()) else { return };
    let first = if policy["Statement"].is_array() { "/Statement/0" } else { "/Statement" };
    let (member, wrong) = match chance.below(10) {
        0 => ("Effect", json!("allow")),
        1 => ("Effect", json!(null)),
        2 => ("Action", json!("GetSecretValue")),
        3 => ("Action", json!([])),
        4 => ("Resource", json!("prod/db")),
        5 => ("Extra", json!("x")),
        6 => ("Condition", json!({"StringEqual": {"aws:x": "y"}})),
        7 => ("Condition", json!([])),
        8 => ("Sid", json!(7)),
        _ => ("Principal", json!("nobody")),
    };
    if let Some(statement) = policy.pointer_mut(first) {
        statement[member] = wrong;
    }
}
