"""ForAllValues and ForAnyValue. Source: "Single-valued vs. multivalued context keys", "Multivalued context key examples"."""
from .form import *
from .tested import *

KEY = "aws:TagKeys"
ALL = "ForAllValues is true where every value of the request matches at least one value of the policy."
SOME = "ForAnyValue is true where at least one value of the request matches at least one value of the policy."
ALL_NOT = "ForAllValues with a negated operator is true where every value of the request matches none of the policy's values."
SOME_NOT = "ForAnyValue with a negated operator is true where some value of the request matches none of the policy's values."
ALL_NONE = "ForAllValues is also true where the key is not in the request."
SOME_NONE = "ForAnyValue is false where the key is not in the request."
EMPTY = "A key with an empty set of values counts as missing."
VAGUE = "IfExists may be added to any operator but Null and makes a missing key true; ForAnyValue by itself makes it false."

# policy, request, all equal, any equal, all differ, some differ
EQUALS = [
    (["team", "env"], ["team"], True, True, False, False),
    (["team", "env"], ["team", "env"], True, True, False, False),
    (["team", "env"], ["env", "team"], True, True, False, False),
    (["team", "env"], ["team", "cost"], False, True, False, True),
    (["team", "env"], ["cost"], False, False, True, True),
    (["team", "env"], ["cost", "owner"], False, False, True, True),
    (["team", "env"], ["team", "env", "cost"], False, True, False, True),
    (["team", "env"], ["Team"], False, False, True, True),
    ("team", ["team"], True, True, False, False),
    ("team", ["team", "env"], False, True, False, True),
    ("team", "team", True, True, False, False),
    ("team", "env", False, False, True, True),
    (["team"], ["team", "team"], True, True, False, False),
    (["te*", "env"], ["team"], False, False, True, True),
]
LIKES = [
    (["key1*"], ["key1-a", "key1-b"], True, True, False, False),
    (["key1*"], ["key1-a", "key2-b"], False, True, False, True),
    (["key1*", "key2*"], ["key1-a", "key2-b"], True, True, False, False),
    (["key1*", "key2*"], ["key3"], False, False, True, True),
    (["key1*", "key2*"], ["key1-a", "key3"], False, True, False, True),
    ("*", ["a", "b"], True, True, False, False),
    ("?", ["a", "b"], True, True, False, False),
    ("?", ["a", "bb"], False, True, False, True),
    ("??", ["a", "b"], False, False, True, True),
    ("KEY1*", ["key1-a"], False, False, True, True),
]
FORMS = [("ForAllValues:{}", ALL, 2), ("ForAnyValue:{}", SOME, 3)]


def filled(table, rows, plain, negative):
    for number, row in enumerate(rows):
        policy_values, asked = row[0], row[1]
        for operator, rule, matches in [(f"ForAllValues:{plain}", ALL, row[2]), (f"ForAnyValue:{plain}", SOME, row[3]),
                                        (f"ForAllValues:{negative}", ALL_NOT, row[4]), (f"ForAnyValue:{negative}", SOME_NOT, row[5])]:
            section = operator.replace(":", "-").lower()
            built = condition(operator, KEY, policy_values)
            table.matched(section, allow(Condition=built), matches, rule, context={KEY: asked})
            if number % 3 == 0:
                table.refused(section, deny(Condition=built), matches, rule, context={KEY: asked})
            if number % 4 == 1:
                built = condition(operator + "IfExists", KEY, policy_values)
                table.matched(section, allow(Condition=built), matches, rule, context={KEY: asked})


def empty(table):
    for operator in ("StringEquals", "StringLike", "StringNotEquals", "StringNotLike", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"):
        for form, matches, rule in [("ForAllValues", True, ALL_NONE), ("ForAnyValue", False, SOME_NONE)]:
            built = condition(f"{form}:{operator}", KEY, ["team", "env"])
            table.matched("absent", allow(Condition=built), matches, rule)
            table.refused("absent", deny(Condition=built), matches, rule)
            table.matched("empty", allow(Condition=built), matches, EMPTY, INFERRED, context={KEY: []})
    for operator, key, value in [("ArnLike", "custom:arns", "arn:aws:sns:*:*:*"), ("NumericLessThan", "custom:sizes", "10"), ("Bool", "custom:flags", "true"),
                                 ("IpAddress", "custom:addresses", "10.0.0.0/8"), ("DateLessThan", "custom:dates", "2026-01-01T00:00:00Z"),
                                 ("ArnNotLike", "custom:arns", "arn:aws:sns:*:*:*"), ("NotIpAddress", "custom:addresses", "10.0.0.0/8")]:
        for form, matches, rule in [("ForAllValues", True, ALL_NONE), ("ForAnyValue", False, SOME_NONE)]:
            table.matched("absent", allow(Condition=condition(f"{form}:{operator}", key, value)), matches, rule)
    for operator in ("StringEquals", "StringNotEquals"):
        built = condition(f"ForAllValues:{operator}IfExists", KEY, "team")
        table.matched("absent", allow(Condition=built), True, ALL_NONE)
        built = condition(f"ForAnyValue:{operator}IfExists", KEY, "team")
        table.matched("vague", allow(Condition=built), True, VAGUE, INFERRED)
        table.refused("vague", deny(Condition=built), True, VAGUE, INFERRED)
    blank = "A key whose value is an empty string counts as missing for a set operator and for Null."
    for value in ("", [""]):
        for operator, values, matches in [("ForAllValues:StringEquals", "team", True), ("ForAnyValue:StringEquals", "team", False), ("ForAnyValue:StringLike", "*", False), ("Null", "true", True), ("Null", "false", False)]:
            table.matched("blank", allow(Condition=condition(operator, KEY, values)), matches, blank, context={KEY: value})


def typed(table):
    """The other types, each value for itself."""
    rows = [
        ("NumericLessThan", "custom:sizes", "10", [(["1", "9"], True, True), (["1", "11"], False, True), (["11", "12"], False, False)]),
        ("NumericEquals", "custom:sizes", ["1", "2"], [(["1", "2"], True, True), (["1", "3"], False, True), (["3"], False, False)]),
        ("ArnLike", "custom:arns", f"arn:aws:sns:*:{OWNER}:*", [([f"arn:aws:sns:us-east-1:{OWNER}:a"], True, True), ([f"arn:aws:sns:us-east-1:{OWNER}:a", f"arn:aws:sns:us-east-1:{OTHER}:a"], False, True)]),
        ("Bool", "custom:flags", "true", [(["true", "true"], True, True), (["true", "false"], False, True), (["false"], False, False)]),
        ("IpAddress", "custom:addresses", "10.0.0.0/8", [(["10.1.1.1", "10.2.2.2"], True, True), (["10.1.1.1", "192.0.2.1"], False, True), (["192.0.2.1"], False, False)]),
        ("DateGreaterThan", "custom:dates", "2026-01-01T00:00:00Z", [(["2026-06-01T00:00:00Z"], True, True), (["2026-06-01T00:00:00Z", "2025-06-01T00:00:00Z"], False, True)]),
        ("StringEqualsIgnoreCase", KEY, ["TEAM", "Env"], [(["team", "env"], True, True), (["team", "cost"], False, True), (["cost"], False, False)]),
    ]
    for operator, key, values, asks in rows:
        for asked, all_match, any_match in asks:
            table.matched("typed", allow(Condition=condition(f"ForAllValues:{operator}", key, values)), all_match, ALL, context={key: asked})
            table.matched("typed", allow(Condition=condition(f"ForAnyValue:{operator}", key, values)), any_match, SOME, context={key: asked})
            table.refused("typed", deny(Condition=condition(f"ForAnyValue:{operator}", key, values)), any_match, SOME, context={key: asked})


def tables():
    table = Table("sets")
    filled(table, EQUALS, "StringEquals", "StringNotEquals")
    filled(table, LIKES, "StringLike", "StringNotLike")
    empty(table)
    typed(table)
    via = "aws:CalledVia holds every service in the chain; ForAnyValue asks whether one of them is named."
    for chain, matches in [(["cloudformation.amazonaws.com"], True), (["athena.amazonaws.com", "cloudformation.amazonaws.com"], True),
                           (["athena.amazonaws.com"], False), (ABSENT, False)]:
        built = condition("ForAnyValue:StringEquals", "aws:CalledVia", ["cloudformation.amazonaws.com"])
        table.matched("called-via", allow(Condition=built), matches, via, context=context("aws:CalledVia", chain))
    paths = "aws:PrincipalOrgPaths takes ForAnyValue; with StringLike a path's children match its wildcard."
    own = "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/"
    for value, operator, matches in [(own, "StringEquals", True), (own[:-len("ou-ab12-22222222/")], "StringEquals", False), (own + "*", "StringLike", True),
                                     (own + "ou-*", "StringLike", False), ("o-a1b2c3d4e5/*", "StringLike", True), ("o-other/*", "StringLike", False)]:
        built = condition(f"ForAnyValue:{operator}", "aws:PrincipalOrgPaths", [value])
        table.matched("org-paths", allow(Condition=built), matches, paths, context={"aws:PrincipalOrgPaths": [own]})
    return [table]
