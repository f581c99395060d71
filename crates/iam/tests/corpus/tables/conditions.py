"""Several conditions at once, and how keys are found. Source: "Conditions with multiple context keys or values",
"IAM JSON policy elements: Condition", "AWS global condition context keys"."""
from .form import *
from .tested import *

AND_KEYS = "Several keys under one operator are joined by a logical AND."
AND_OPERATORS = "Several operators of one statement are joined by a logical AND."
OR_VALUES = "Several values of one key are joined by a logical OR."
NOR_VALUES = "Several values under a negated operator are joined by a logical NOR."
CASELESS = "Names of condition keys are not case sensitive."
TAG_KEY = "Tag keys in the name of a condition key are not case sensitive either."
TABLE = "The row of the documentation's table: every key must match one of its values, and the ARN one of its patterns."

DEPARTMENT, JOB = "aws:PrincipalTag/department", "aws:PrincipalTag/role"
STAFF = {DEPARTMENT: ["finance", "hr", "legal"], JOB: ["audit", "security"]}
MARY = f"arn:aws:iam::{OWNER}:user/Mary"
NAMED = [f"arn:aws:iam::{OWNER}:user/Ana", MARY]
NIKKI = f"arn:aws:iam::{OWNER}:user/Nikki"


def documented_tables(table):
    for department, job, caller, likes, not_likes in [
        ("legal", "audit", MARY, True, False), ("hr", "audit", NIKKI, False, True), ("hr", "payroll", MARY, False, False),
        ("hr", None, MARY, False, False), (None, None, MARY, False, False), ("hr", "audit", MARY, True, False),
        ("hr", "payroll", NIKKI, False, False), ("hr", None, NIKKI, False, False), (None, None, NIKKI, False, False), ("legal", "audit", NIKKI, False, True),
    ]:
        request = {key: value for key, value in ((DEPARTMENT, department), (JOB, job)) if value}
        for operator, matches in (("ArnLike", likes), ("ArnNotLike", not_likes)):
            built = {"StringEquals": STAFF, operator: {"aws:PrincipalArn": NAMED}}
            table.matched("documented", allow(Condition=built), matches, TABLE, principal=caller, context=request)
            table.refused("documented", deny(Condition=built), matches, TABLE, principal=caller, context=request)


def joined(table):
    two_keys = {"StringEquals": {"aws:PrincipalTag/team": "red", "aws:PrincipalTag/env": "prod"}}
    two_operators = {"StringEquals": {"aws:PrincipalTag/team": "red"}, "StringLike": {"aws:PrincipalTag/env": "pro*"}}
    for team, env, matches in [("red", "prod", True), ("red", "test", False), ("blue", "prod", False), ("blue", "test", False), ("red", None, False), (None, "prod", False)]:
        request = {key: value for key, value in (("aws:PrincipalTag/team", team), ("aws:PrincipalTag/env", env)) if value}
        table.matched("keys", allow(Condition=two_keys), matches, AND_KEYS, context=request)
        table.matched("operators", allow(Condition=two_operators), matches, AND_OPERATORS, context=request)
        table.refused("keys", deny(Condition=two_keys), matches, AND_KEYS, context=request)
    mixed = {"StringEquals": {"aws:PrincipalTag/team": ["red", "blue"]}, "StringNotEquals": {"aws:PrincipalTag/env": ["prod", "stage"]}}
    for team, env, matches in [("red", "test", True), ("blue", "test", True), ("red", "prod", False), ("red", "stage", False), ("green", "test", False), ("red", None, True), (None, "test", False)]:
        request = {key: value for key, value in (("aws:PrincipalTag/team", team), ("aws:PrincipalTag/env", env)) if value}
        table.matched("mixed", allow(Condition=mixed), matches, NOR_VALUES if env in ("prod", "stage") else AND_OPERATORS, context=request)
        table.refused("mixed", deny(Condition=mixed), matches, NOR_VALUES if env in ("prod", "stage") else AND_OPERATORS, context=request)
    three = {"DateGreaterThan": {"aws:CurrentTime": "2019-07-16T12:00:00Z"}, "DateLessThan": {"aws:CurrentTime": "2019-07-16T15:00:00Z"}, "IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "203.0.113.0/24"]}}
    for now, address, matches in [("2019-07-16T13:00:00Z", "192.0.2.9", True), ("2019-07-16T13:00:00Z", "203.0.113.9", True), ("2019-07-16T13:00:00Z", "198.51.100.9", False), ("2019-07-16T16:00:00Z", "192.0.2.9", False), ("2019-07-16T11:00:00Z", "192.0.2.9", False)]:
        table.matched("three", allow(Condition=three), matches, AND_OPERATORS, context={"aws:CurrentTime": now, "aws:SourceIp": address})
    same_key = {"StringLike": {"aws:PrincipalTag/team": "r*"}, "StringNotEquals": {"aws:PrincipalTag/team": "red"}}
    for team, matches in [("rose", True), ("red", False), ("blue", False), (None, False)]:
        table.matched("same-key", allow(Condition=same_key), matches, AND_OPERATORS, context={"aws:PrincipalTag/team": team} if team else {})
    for built in ({}, {"StringEquals": {}}, {"StringEquals": {}, "Bool": {}}):
        table.matched("none", allow(Condition=built), True, "A Condition without any key sets no condition.", INFERRED)
    half = {"StringEquals": {"aws:PrincipalTag/team": "red"}, "StringEqualsIfExists": {"aws:PrincipalTag/env": "prod"}}
    for team, env, matches in [("red", "prod", True), ("red", None, True), ("red", "test", False), (None, None, False), (None, "prod", False)]:
        request = {key: value for key, value in (("aws:PrincipalTag/team", team), ("aws:PrincipalTag/env", env)) if value}
        table.matched("half", allow(Condition=half), matches, "IfExists forgives a missing key for its own operator only; the others must still match.", context=request)


def either_statement(table):
    own = "Each statement stands for itself: a condition binds only the statement it is in."
    one, two = condition("StringEquals", "aws:PrincipalTag/team", "red"), condition("StringEquals", "aws:PrincipalTag/team", "blue")
    for team, matches in [("red", True), ("blue", True), ("green", False)]:
        table.add("statements", ALLOWED if matches else IMPLICIT, own, context={"aws:PrincipalTag/team": team}, identity=[policy(allow(Condition=one), allow(Condition=two))])
        table.add("statements", ALLOWED if matches else IMPLICIT, own, context={"aws:PrincipalTag/team": team}, identity=[policy(allow(Condition=one)), policy(allow(Condition=two))])
    table.add("statements", ALLOWED, own, identity=[policy(allow(Condition=one), allow())])
    table.add("statements", EXPLICIT, own, context={"aws:PrincipalTag/team": "red"}, identity=[policy(allow(), deny(Condition=two), deny(Condition=one))])
    unless = condition("StringNotEquals", "aws:PrincipalTag/team", "red")
    for team, denied in [("red", False), ("blue", True), (None, True)]:
        table.refused("unless", deny("*", Condition=unless), denied, NO_KEY_NEGATED if team is None else "A Deny with a negated operator denies all but the named value.",
                      context={"aws:PrincipalTag/team": team} if team else {})


def names(table):
    for written, given in [("AWS:PrincipalTag/team", "aws:PrincipalTag/team"), ("aws:principaltag/team", "aws:PrincipalTag/team"), ("aws:PRINCIPALTAG/team", "aws:principalTag/team"),
                           ("aws:sourceip", "aws:SourceIp"), ("AWS:SourceIP", "aws:sourceip"), ("SecretsManager:secretid", "secretsmanager:SecretId")]:
        value = "203.0.113.9" if "source" in given.lower() else SECRET if "secretid" in given.lower() else "red"
        table.matched("caseless", allow(Condition=condition("StringEquals", written, value)), True, CASELESS, context={given: value})
        table.refused("caseless", deny(Condition=condition("StringEquals", written, value)), True, CASELESS, context={given: value})
    for written, given in [("aws:PrincipalTag/Team", "aws:PrincipalTag/team"), ("aws:PrincipalTag/team", "aws:PrincipalTag/TEAM"), ("aws:ResourceTag/COST", "aws:ResourceTag/cost"), ("aws:RequestTag/env", "aws:RequestTag/Env")]:
        table.matched("tag-names", allow(Condition=condition("StringEquals", written, "red")), True, TAG_KEY, context={given: "red"})
        table.matched("tag-values", allow(Condition=condition("StringEquals", written, "Red")), False, "Values of tags are compared with regard to case.", context={given: "red"})
    near = "A key is found under its whole name, not under a part of it or a name like it."
    for written, given in [("aws:PrincipalTag/team", "aws:ResourceTag/team"), ("aws:PrincipalTag/team", "aws:PrincipalTag/teams"), ("aws:PrincipalTag/team", "aws:RequestTag/team"),
                           ("aws:SourceAccount", "aws:PrincipalAccount2"), ("secretsmanager:ResourceTag/team", "aws:ResourceTag/team")]:
        table.matched("near", allow(Condition=condition("StringEquals", written, "red")), False, near, context={given: "red"})
        table.matched("near", allow(Condition=condition("Null", written, "true")), True, near, context={given: "red"})


def callers(table):
    user, session, root = "a user", "a role session", "the root user"
    table.matched("type", allow(Condition=condition("StringEquals", "aws:PrincipalType", "User")), True, f"aws:PrincipalType is User for {user}.")
    table.matched("type", allow(Condition=condition("StringEquals", "aws:PrincipalType", "AssumedRole")), True, f"aws:PrincipalType is AssumedRole for {session}.", principal=SESSION)
    table.matched("type", allow(Condition=condition("StringEquals", "aws:PrincipalType", "User")), False, f"aws:PrincipalType is AssumedRole for {session}.", principal=SESSION)
    table.matched("type", allow(Condition=condition("StringEquals", "aws:PrincipalType", "AssumedRole")), False, f"aws:PrincipalType is User for {user}.")
    for kind, caller, denied in [("Account", ROOT, True), ("User", ROOT, False), ("FederatedUser", ALICE, False), ("User", ALICE, True), ("AssumedRole", SESSION, True)]:
        built = policy(deny(Principal="*", Condition=condition("StringEquals", "aws:PrincipalType", kind)))
        table.add("type", EXPLICIT if denied else ALLOWED, f"aws:PrincipalType is Account for {root}, User for {user}, AssumedRole for {session}.", principal=caller, identity=[EVERYTHING], resource_policy=built)
    for name, caller, matches in [("alice", ALICE, True), ("Alice", ALICE, False), ("bob", ALICE, False), ("carol", CAROL, True), ("eng/carol", CAROL, False), ("app", SESSION, False), ("i-1", SESSION, False)]:
        rule = "aws:username is a user's friendly name, without its path; other callers have none."
        table.matched("username", allow(Condition=condition("StringEquals", "aws:username", name)), matches, rule, principal=caller)
    for account, caller, matches in [(OWNER, ALICE, True), (OTHER, ALICE, False), (OWNER, SESSION, True), ([OTHER, OWNER], SESSION, True)]:
        table.matched("account", allow(Condition=condition("StringEquals", "aws:PrincipalAccount", account)), matches, "aws:PrincipalAccount is the account that the caller belongs to.", principal=caller)
        table.refused("account", deny(Condition=condition("StringNotEquals", "aws:PrincipalAccount", account)), not matches, "aws:PrincipalAccount is the account that the caller belongs to.", principal=caller)
    for account, caller in [(OWNER, ALICE), (OTHER, STRANGER)]:
        built = policy(allow(Principal={"AWS": "*"}, Condition=condition("StringEquals", "aws:PrincipalAccount", account)))
        for asker in (ALICE, STRANGER):
            table.add("account-rbp", ALLOWED if asker == caller else IMPLICIT, "A wildcard principal with aws:PrincipalAccount grants to that account only.", principal=asker, identity=[EVERYTHING] if asker == STRANGER else [], resource_policy=built)
    for account, matches in [(OWNER, True), (OTHER, False)]:
        table.matched("resource-account", allow(Condition=condition("StringEquals", "aws:ResourceAccount", account)), matches, "aws:ResourceAccount is the account that owns the resource.")
    table.add("resource-account", EXPLICIT, "A Deny on aws:ResourceAccount keeps callers from other accounts' resources.", principal=STRANGER,
              identity=[EVERYTHING, policy(deny("*", Condition=condition("StringNotEquals", "aws:ResourceAccount", OTHER)))], resource_policy=policy(allow(Principal={"AWS": OTHER})))
    table.add("resource-account", ALLOWED, "A Deny on aws:ResourceAccount spares the account that it names.", principal=STRANGER,
              identity=[EVERYTHING, policy(deny("*", Condition=condition("StringNotEquals", "aws:ResourceAccount", OWNER)))], resource_policy=policy(allow(Principal={"AWS": OTHER})))
    given = "Keys that the case gives are used as they are."
    table.matched("given", allow(Condition=condition("StringEquals", "aws:username", "zed")), True, given, INFERRED, context={"aws:username": "zed"})
    table.matched("given", allow(Condition=condition("StringEquals", "aws:PrincipalType", "Other")), True, given, INFERRED, context={"aws:PrincipalType": "Other"})
    table.matched("given", allow(Condition=condition("StringEquals", "AWS:USERNAME", "alice")), False, given, INFERRED, context={"aws:UserName": "zed"})


def tables():
    table = Table("conditions")
    for part in (documented_tables, joined, either_statement, names, callers):
        part(table)
    return [table]
