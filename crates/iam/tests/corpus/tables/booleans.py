"""Bool, BinaryEquals and Null. Source: "IAM JSON policy elements: Condition operators"."""
from .form import *
from .tested import *

TLS, MFA = "aws:SecureTransport", "aws:MultiFactorAuthPresent"
SAME = "Bool compares the key's value to true or false."
BARE = "Quotation marks are optional for Boolean values."
ANY = "Several values of one key are joined by a logical OR."
NULL = "Null with true holds where the key is absent, with false where it is there."


def booleans():
    table = Table("booleans")
    rows = [("true", "true", True, SAME), ("true", "false", False, SAME), ("false", "false", True, SAME), ("false", "true", False, SAME),
            (True, "true", True, BARE), (True, "false", False, BARE), (False, "false", True, BARE), (False, "true", False, BARE),
            (["true", "false"], "true", True, ANY), (["true", "false"], "false", True, ANY), (["false"], "true", False, ANY), ([True], "true", True, BARE)]
    for key in (TLS, MFA, "aws:ViaAWSService", "secretsmanager:ForceDeleteWithoutRecovery"):
        tested(table, "bool", "Bool", key, rows if key == TLS else rows[:4], 2)
    tested(table, "if-exists", "BoolIfExists", MFA, if_exists(rows[:6]), 1)
    for key in (TLS, MFA, "aws:ViaAWSService"):
        missing(table, "Bool", key, "true")
        missing(table, "Bool", key, "false")
    # The two documented ways to ask for MFA differ for long-term keys, whose requests hold no such key.
    wrong = "Bool false does not match requests that hold no aws:MultiFactorAuthPresent, so this Deny spares long-term keys."
    right = "BoolIfExists false matches requests that hold no aws:MultiFactorAuthPresent, so this Deny reaches long-term keys."
    for operator, rule, denied in [("Bool", wrong, False), ("BoolIfExists", right, True)]:
        table.refused("mfa", deny("*", "arn:aws:secretsmanager:*:*:secret:*", Condition=condition(operator, MFA, "false")), denied, rule)
    return table


def binaries():
    table = Table("binaries")
    whole = "BinaryEquals compares byte for byte with the base64 text in the policy."
    one, two = "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5"
    rows = [(one, one, True, whole, INFERRED), (two, two, True, whole, INFERRED), (one, two, False, whole), (two, one, False, whole),
            (two, "qmluyxj5", False, whole), ([one, two], two, True, ANY, INFERRED), ([one, "AAAA"], two, False, ANY)]
    tested(table, "equals", "BinaryEquals", "custom:blob", rows, 1)
    tested(table, "equals-if-exists", "BinaryEqualsIfExists", "custom:blob", if_exists(rows), 3)
    missing(table, "BinaryEquals", "custom:blob", one)
    return table


def nulls():
    table = Table("nulls")
    keys = [("aws:TokenIssueTime", "2026-11-24T12:00:00Z"), ("aws:PrincipalTag/team", "red"), ("aws:SourceVpce", "vpce-1a2b3c4d"),
            ("aws:TagKeys", ["team", "env"]), ("secretsmanager:VersionStage", "AWSCURRENT"), ("aws:RequestTag/team", "red")]
    for key, value in keys:
        rows = [("true", ABSENT, True, NULL), ("true", value, False, NULL), ("false", ABSENT, False, NULL), ("false", value, True, NULL)]
        tested(table, "null", "Null", key, rows, 1)
    rows = [(True, ABSENT, True, BARE), (True, "red", False, BARE), (False, ABSENT, False, BARE), (False, "red", True, BARE),
            (["true"], ABSENT, True, NULL), (["false"], ABSENT, False, NULL), (["true", "false"], ABSENT, True, ANY), (["true", "false"], "red", True, ANY)]
    tested(table, "forms", "Null", "aws:PrincipalTag/team", rows, 2)
    empty = "A key with an empty list of values has no value, as if it were absent."
    table.matched("empty", allow(Condition=condition("Null", "aws:TagKeys", "true")), True, empty, INFERRED, context={"aws:TagKeys": []})
    table.matched("empty", allow(Condition=condition("Null", "aws:TagKeys", "false")), False, empty, INFERRED, context={"aws:TagKeys": []})
    # Null beside another operator, as the documentation advises for ForAllValues and IfExists.
    guarded = {"Null": {"aws:TagKeys": "false"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team", "env"]}}
    rule = "Null with false beside ForAllValues keeps a missing key from counting as a match."
    for value, matches in [(ABSENT, False), (["team"], True), (["team", "env"], True), (["team", "other"], False), ([], False)]:
        table.matched("guard", allow(Condition=guarded), matches, rule, context=context("aws:TagKeys", value))
    derived = "Keys that follow from the caller are in every request it makes."
    for key, caller, there in [("aws:PrincipalArn", ALICE, True), ("aws:PrincipalAccount", ALICE, True), ("aws:PrincipalType", ALICE, True),
                               ("aws:username", ALICE, True), ("aws:username", SESSION, False), ("aws:PrincipalArn", SESSION, True),
                               ("aws:PrincipalType", SESSION, True), ("aws:ResourceAccount", ALICE, True), ("aws:SourceArn", ALICE, False),
                               ("aws:TokenIssueTime", ALICE, False)]:
        table.matched("derived", allow(Condition=condition("Null", key, "false")), there, derived, principal=caller)
        table.matched("derived", allow(Condition=condition("Null", key, "true")), not there, derived, principal=caller)
    return table


def tables():
    return [booleans(), binaries(), nulls()]
