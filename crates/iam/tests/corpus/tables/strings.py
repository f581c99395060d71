"""String and ARN operators. Source: "IAM JSON policy elements: Condition operators"."""
from .form import *
from .tested import *

KEY = "aws:PrincipalTag/team"
EXACT = "StringEquals compares exactly and with regard to case."
LITERAL = "StringEquals knows no wildcards: * and ? stand for themselves."
FOLDED = "StringEqualsIgnoreCase compares exactly but without regard to case."
LIKE = "In StringLike * stands for any run of characters and ? for exactly one, anywhere in the string."
LIKE_CASE = "StringLike compares with regard to case."
PARTIAL = "Without wildcards StringLike matches the whole string only."
ANY = "Several values of one key are joined by a logical OR."
EMPTY_LIST = "A key with no values in the policy matches nothing."

EQUALS = [
    ("red", "red", True, EXACT),
    ("red", "Red", False, EXACT),
    ("RED", "red", False, EXACT),
    ("red", "blue", False, EXACT),
    ("red", "redder", False, EXACT),
    ("redder", "red", False, EXACT),
    ("red", " red", False, EXACT),
    ("a b", "a b", True, EXACT),
    ("é", "é", True, EXACT),
    ("red*", "redder", False, LITERAL),
    ("*", "red", False, LITERAL),
    ("red*", "red*", True, LITERAL),
    ("*", "*", True, LITERAL),
    ("re?", "red", False, LITERAL),
    ("re?", "re?", True, LITERAL),
    ("red", "*", False, "A value of the request never acts as a pattern."),
    ("red", "re?", False, "A value of the request never acts as a pattern."),
    (["red", "blue"], "blue", True, ANY),
    (["red", "blue"], "green", False, ANY),
    (["red"], "red", True, ANY),
    ([], "red", False, EMPTY_LIST, INFERRED),
]
FOLDED_ROWS = [
    ("red", "red", True, FOLDED),
    ("red", "RED", True, FOLDED),
    ("ReD", "rEd", True, FOLDED),
    ("red", "redder", False, FOLDED),
    ("RED*", "redder", False, "StringEqualsIgnoreCase knows no wildcards."),
    ("RED*", "red*", True, "StringEqualsIgnoreCase knows no wildcards."),
    (["blue", "RED"], "red", True, ANY),
    (["blue", "GREEN"], "red", False, ANY),
]
LIKES = [
    ("red", "red", True, PARTIAL),
    ("red", "redder", False, PARTIAL),
    ("ed", "red", False, PARTIAL),
    ("red*", "red", True, LIKE),
    ("red*", "redder", True, LIKE),
    ("*ed", "red", True, LIKE),
    ("*e*", "red", True, LIKE),
    ("*", "red", True, LIKE),
    ("r*d", "red", True, LIKE),
    ("r*d", "reddest", False, LIKE),
    ("r?d", "red", True, LIKE),
    ("r?d", "rd", False, LIKE),
    ("r?d", "read", False, LIKE),
    ("???", "red", True, LIKE),
    ("????", "red", False, LIKE),
    ("?*", "r", True, LIKE),
    ("*red*blue*", "a red and blue flag", True, LIKE),
    ("*red*blue*", "a blue and red flag", False, LIKE),
    ("*ab*ab*", "ab", False, LIKE),
    ("*aab", "aaaab", True, LIKE),
    ("a*b*c", "abbbc", True, LIKE),
    ("a*b*c", "abbb", False, LIKE),
    ("?é?", "aéb", True, LIKE),
    ("r*/d", "r/a:b/d", True, LIKE),
    ("Red*", "redder", False, LIKE_CASE),
    ("*", "x:y/z", True, LIKE),
    ("r.d", "red", False, "Only * and ? are special in StringLike."),
    ("r[ae]d", "red", False, "Only * and ? are special in StringLike."),
    ("red", "*", False, "A value of the request never acts as a pattern."),
    (["blue*", "red*"], "redder", True, ANY),
    (["blue*", "green*"], "redder", False, ANY),
]

ARN_KEY = "aws:SourceArn"
TOPIC = f"arn:aws:sns:us-east-1:{OWNER}:topic-a"
PARTS = "ArnEquals and ArnLike behave identically: each of the six parts is matched separately, with * and ?."
ARN_CASE = "ARN operators compare with regard to case."
FAR = f"arn:aws:someservice:us-east-2:{THIRD}:store/abc:{OWNER}:finance/document.txt"
ARNS = [
    (TOPIC, TOPIC, True, PARTS),
    (f"arn:aws:sns:us-east-1:{OWNER}:topic-b", TOPIC, False, PARTS),
    (f"arn:aws:sns:us-east-1:{OWNER}:topic-*", TOPIC, True, PARTS),
    (f"arn:aws:sns:us-east-1:{OWNER}:topic-?", TOPIC, True, PARTS),
    (f"arn:aws:sns:us-east-1:{OWNER}:topic-??", TOPIC, False, PARTS),
    (f"arn:aws:sns:us-east-1:{OWNER}:topic", TOPIC, False, PARTS),
    (f"arn:aws:sns:*:{OWNER}:*", TOPIC, True, PARTS),
    ("arn:aws:sns:*:*:*", TOPIC, True, PARTS),
    (f"arn:aws:*:*:{OWNER}:*", TOPIC, True, PARTS),
    (f"arn:aws:s?s:*:{OWNER}:*", TOPIC, True, PARTS),
    (f"arn:aws:sqs:*:{OWNER}:*", TOPIC, False, PARTS),
    (f"arn:aws:sns:eu-*:{OWNER}:*", TOPIC, False, PARTS),
    (f"arn:aws:sns:*:{OTHER}:*", TOPIC, False, PARTS),
    (f"arn:aws-cn:sns:*:{OWNER}:*", TOPIC, False, PARTS),
    (f"arn:aws:sns:us-*-1:{OWNER}:t*-a", TOPIC, True, PARTS),
    (f"arn:aws:sns:us-east-1:{OWNER}:Topic-a", TOPIC, False, ARN_CASE),
    (f"arn:aws:sns:us-east-1:{OWNER}:TOPIC-*", TOPIC, False, ARN_CASE),
    (f"arn:aws:someservice:*:{OWNER}:finance/*", FAR, False, "With ARN operators the first * matches us-east-2 only and cannot run over colons."),
    (f"arn:aws:someservice:*:{THIRD}:store/*", FAR, True, "The sixth part of an ARN holds the rest, colons included."),
    (f"arn:aws:someservice:*:*:*:{OWNER}:finance/*", FAR, True, "The sixth part of an ARN holds the rest, colons included.", INFERRED),
    ("arn:aws:s3:::bucket", "arn:aws:s3:::bucket", True, PARTS),
    ("arn:aws:s3:*:*:bucket", "arn:aws:s3:::bucket", True, "A * matches an empty part too.", INFERRED),
    ([f"arn:aws:sqs:*:{OWNER}:*", TOPIC], TOPIC, True, ANY),
    ([f"arn:aws:sqs:*:{OWNER}:*", f"arn:aws:kms:*:{OWNER}:*"], TOPIC, False, ANY),
    ("*", TOPIC, True, "A lone * matches every ARN.", INFERRED),
]


def strings():
    table = Table("strings")
    tested(table, "equals", "StringEquals", KEY, EQUALS)
    tested(table, "not-equals", "StringNotEquals", KEY, negated(EQUALS), 4)
    tested(table, "equals-if-exists", "StringEqualsIfExists", KEY, if_exists(EQUALS[0:19:5]), 2)
    tested(table, "not-equals-if-exists", "StringNotEqualsIfExists", KEY, negated(EQUALS[0:19:5]), 2)
    tested(table, "folded", "StringEqualsIgnoreCase", KEY, FOLDED_ROWS)
    tested(table, "not-folded", "StringNotEqualsIgnoreCase", KEY, negated(FOLDED_ROWS), 4)
    tested(table, "folded-if-exists", "StringEqualsIgnoreCaseIfExists", KEY, if_exists(FOLDED_ROWS[1:4]), 2)
    tested(table, "like", "StringLike", KEY, LIKES)
    tested(table, "not-like", "StringNotLike", KEY, negated(LIKES), 4)
    tested(table, "like-if-exists", "StringLikeIfExists", KEY, if_exists(LIKES[1::6]), 2)
    for operator, negative in [("StringEquals", False), ("StringNotEquals", True), ("StringEqualsIgnoreCase", False),
                               ("StringNotEqualsIgnoreCase", True), ("StringLike", False), ("StringNotLike", True)]:
        missing(table, operator, KEY, "red", negative)
        missing(table, operator, KEY, ["*", "blue"], negative)
    # The documentation's own comparison of StringLike and ArnLike.
    rule = "With StringLike the first * may run over colons, which ArnLike forbids."
    table.matched("like", allow(Condition=condition("StringLike", ARN_KEY, f"arn:aws:someservice:*:{OWNER}:finance/*")), True, rule, context={ARN_KEY: FAR})
    return table


def arns():
    table = Table("arns")
    tested(table, "equals", "ArnEquals", ARN_KEY, ARNS)
    tested(table, "like", "ArnLike", ARN_KEY, ARNS, 4)
    tested(table, "not-equals", "ArnNotEquals", ARN_KEY, negated(ARNS), 4)
    tested(table, "not-like", "ArnNotLike", ARN_KEY, negated(ARNS), 5)
    tested(table, "equals-if-exists", "ArnEqualsIfExists", ARN_KEY, if_exists(ARNS[0:12:4]), 2)
    unreadable = "A value that is no ARN equals no ARN; nor does it count as different where that would allow."
    for operator, allows, denies in [("ArnEquals", False, False), ("ArnLike", False, False), ("ArnNotEquals", False, True), ("ArnNotLike", False, True)]:
        table.matched("unreadable", allow(Condition=condition(operator, ARN_KEY, TOPIC)), allows, unreadable, INFERRED, context={ARN_KEY: "topic-a"})
        table.refused("unreadable", deny(Condition=condition(operator, ARN_KEY, TOPIC)), denies, unreadable, INFERRED, context={ARN_KEY: "topic-a"})
    for operator, negative in [("ArnEquals", False), ("ArnLike", False), ("ArnNotEquals", True), ("ArnNotLike", True)]:
        missing(table, operator, ARN_KEY, TOPIC, negative)
    own = "aws:PrincipalArn holds the ARN of the caller; for a session that of the role it assumed, not of the session."
    for caller, named, matches in [
        (ALICE, ALICE, True), (ALICE, BOB, False), (ALICE, f"arn:aws:iam::{OWNER}:user/*", True), (CAROL, f"arn:aws:iam::{OWNER}:user/eng/*", True),
        (ALICE, f"arn:aws:iam::{OWNER}:user/eng/*", False), (SESSION, ROLE, True), (SESSION, SESSION, False),
        (SESSION, f"arn:aws:sts::{OWNER}:assumed-role/app/*", False), (SESSION_TWO, ROLE, True), (SESSION, f"arn:aws:iam::{OWNER}:role/*", True),
        (SESSION, OTHER_ROLE, False), (SESSION, f"arn:aws:iam::*:role/app", True), (ALICE, ROOT, False), (ALICE, f"arn:aws:iam::{OWNER}:*", True),
    ]:
        for operator in ("ArnLike", "ArnEquals"):
            table.matched("principal", allow(Condition=condition(operator, "aws:PrincipalArn", named)), matches, own, principal=caller)
        table.refused("principal-deny", deny(Condition=condition("ArnNotLike", "aws:PrincipalArn", named)), not matches, own, principal=caller)
    return table


def tables():
    return [strings(), arns()]
