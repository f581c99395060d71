"""Policy variables and the two versions of the language. Source: "IAM policy elements: Variables and tags", "Version"."""
from .form import *
from .tested import condition

BASE = f"arn:aws:secretsmanager:us-east-1:{OWNER}:secret:"
TEAM, NAME = "aws:PrincipalTag/team", "aws:PrincipalTag/name"
ASKED = "secretsmanager:Name"

VALUE = "A variable is replaced by the value of its key in the request."
CASELESS = "Key names in variables are not case sensitive."
GONE = "A resource with a variable that has no value matches no resource."
GONE_EQUAL = "A variable without a value equals nothing, and the statement does not take effect."
GONE_UNEQUAL = "Inverted operators match against a variable without a value."
DEFAULT = "A default value stands in where the key has no value, and only there."
LITERAL = "The value of a variable is text: a * or ? in it is no wildcard."
ONCE = "The value of a variable is text: a variable written in it is not replaced in turn."
ESCAPE = "${*}, ${?} and ${$} stand for the characters themselves."
OLD = "In version 2008-10-17, and without a Version, variables are treated as literal text."
NO_USER = "aws:username is not in the requests of roles, so a resource with it matches nothing for them."


def secret(name):
    return f"{BASE}{name}-a1B2c3"


def resources(table):
    own = BASE + "${aws:username}-??????"
    for caller, name, matches, rule in [
        (ALICE, "alice", True, VALUE), (ALICE, "bob", False, VALUE), (BOB, "bob", True, VALUE), (CAROL, "carol", True, "aws:username is the friendly name, without the path."),
        (CAROL, "eng/carol", False, "aws:username is the friendly name, without the path."), (ALICE, "Alice", False, VALUE), (ALICE, "alice2", False, VALUE), (SESSION, "app", False, NO_USER), (SESSION, "i-1", False, NO_USER),
    ]:
        table.matched("resource", allow(GET, own), matches, rule, principal=caller, resource=secret(name))
        table.refused("resource-deny", deny(GET, own), matches, rule, principal=caller, resource=secret(name))
        table.matched("not-resource", allow(GET, None, NotResource=own), not matches, f"NotResource covers all but what it lists; {inner(rule)}", principal=caller, resource=secret(name))
    tagged = BASE + "${aws:PrincipalTag/team}/*"
    for tag, name, matches, rule in [
        ("red", "red/db", True, VALUE), ("red", "blue/db", False, VALUE), ("Red", "red/db", False, VALUE), (None, "red/db", False, GONE), (None, "/db", False, GONE), ("red/x", "red/x/db", True, VALUE), ("red", "red", False, VALUE),
        ("*", "red/db", False, LITERAL), ("*", "*/db", True, LITERAL), ("r?d", "red/db", False, LITERAL), ("r*", "red/db", False, LITERAL), ("re?", "re?/db", True, LITERAL),
        ("${aws:username}", "alice/db", False, ONCE), ("${aws:username}", "${aws:username}/db", True, ONCE), ("${*}", "*/db", False, ONCE), ("${*}", "${*}/db", True, ONCE),
    ]:
        request = {} if tag is None else {TEAM: tag}
        table.matched("tag", allow(GET, tagged), matches, rule, resource=secret(name), context=request)
        table.refused("tag-deny", deny(GET, tagged), matches, rule, resource=secret(name), context=request)
        table.refused("tag-not-deny", deny(GET, None, NotResource=tagged), not matches, f"Deny with NotResource denies all but what it lists; {inner(rule)}", resource=secret(name), context=request)
    for written in ("${AWS:PrincipalTag/team}", "${aws:principaltag/team}", "${aws:PRINCIPALTAG/TEAM}"):
        table.matched("caseless", allow(GET, BASE + written + "/*"), True, CASELESS, resource=secret("red/db"), context={TEAM: "red"})
    two = BASE + "${aws:PrincipalTag/team}/${aws:username}/*"
    for name, tags, matches in [("red/alice/x", {TEAM: "red"}, True), ("red/bob/x", {TEAM: "red"}, False), ("alice/red/x", {TEAM: "red"}, False), ("red/alice/x", {}, False)]:
        table.matched("two", allow(GET, two), matches, VALUE if tags else GONE, resource=secret(name), context=tags)
    joined = BASE + "${aws:PrincipalTag/access-project}-${aws:PrincipalTag/access-application}-*"
    for project, application, name, matches in [("peg", "web", "peg-web-x", True), ("peg", "api", "peg-web-x", False), ("peg-web", "x", "peg-web-x", True), ("peg", None, "peg-web-x", False)]:
        tags = {f"aws:PrincipalTag/access-{key}": value for key, value in (("project", project), ("application", application)) if value}
        table.matched("two", allow(GET, joined), matches, VALUE if application else GONE, resource=secret(name), context=tags)
    twice = BASE + "${aws:username}/${aws:username}-*"
    table.matched("two", allow(GET, twice), True, VALUE, resource=secret("alice/alice"))
    table.matched("two", allow(GET, twice), False, VALUE, resource=secret("alice/bob"))
    listed = [BASE + "${aws:PrincipalTag/team}/*", BASE + "shared/*"]
    table.matched("list", allow(GET, listed), True, "A resource that matches nothing leaves the others of its list as they are.", resource=secret("shared/x"))
    table.matched("list", allow(GET, listed), False, GONE, resource=secret("red/x"))
    table.matched("list", allow(GET, listed), True, VALUE, resource=secret("red/x"), context={TEAM: "red"})
    many = "A key with several values cannot serve as a variable."
    table.matched("list", allow(GET, BASE + "${aws:TagKeys}/*"), False, many, INFERRED, resource=secret("red/x"), context={"aws:TagKeys": ["red", "blue"]})


def defaults(table):
    wide = BASE + "${aws:PrincipalTag/team, 'company-wide'}-*"
    for tag, name, matches in [("yellow", "yellow", True), ("yellow", "company-wide", False), ("yellow", "red", False), (None, "company-wide", True), (None, "yellow", False), (None, "company", False)]:
        request = {} if tag is None else {TEAM: tag}
        table.matched("default", allow(GET, wide), matches, DEFAULT, resource=secret(name), context=request)
        table.refused("default", deny(GET, wide), matches, DEFAULT, resource=secret(name), context=request)
        built = condition("StringEquals", ASKED, "${aws:PrincipalTag/team, 'company-wide'}")
        table.matched("default-equals", allow(Condition=built), matches, DEFAULT, context={**request, ASKED: name})
        built = condition("StringNotEquals", ASKED, "${aws:PrincipalTag/team, 'company-wide'}")
        table.matched("default-not-equals", allow(Condition=built), not matches, DEFAULT, context={**request, ASKED: name})
    anonymous = BASE + "${aws:username, 'nobody'}-*"
    for caller, name, matches in [(ALICE, "alice", True), (ALICE, "nobody", False), (SESSION, "nobody", True), (SESSION, "app", False)]:
        table.matched("default", allow(GET, anonymous), matches, DEFAULT, principal=caller, resource=secret(name))
    for written, name in [("${aws:PrincipalTag/team, 'a b'}", "a b"), ("${aws:PrincipalTag/team, 'a, b'}", "a, b")]:
        built = condition("StringEquals", ASKED, written)
        table.matched("default-forms", allow(Condition=built), True, "A default is all that stands between its quotes.", INFERRED, context={ASKED: name})
        table.matched("default-forms", allow(Condition=built), False, "A default is all that stands between its quotes.", INFERRED, context={ASKED: name + "x"})


def conditions(table):
    for operator, negative in [("StringEquals", False), ("StringNotEquals", True), ("StringLike", False), ("StringNotLike", True), ("StringEqualsIgnoreCase", False), ("StringNotEqualsIgnoreCase", True)]:
        built = condition(operator, "secretsmanager:ResourceTag/team", "${aws:PrincipalTag/team}")
        for tag, asked, same in [("red", "red", True), ("red", "blue", False), ("*", "blue", False), ("*", "*", True), ("r?d", "red", False), ("${aws:username}", "alice", False)]:
            rule = {"*": LITERAL, "r?d": LITERAL, "${aws:username}": ONCE}.get(tag, VALUE)
            request = {TEAM: tag, "secretsmanager:ResourceTag/team": asked}
            table.matched("condition", allow(Condition=built), same != negative, rule, context=request)
        request = {"secretsmanager:ResourceTag/team": "red"}
        table.matched("no-value", allow(Condition=built), negative, GONE_UNEQUAL if negative else GONE_EQUAL, context=request)
        table.refused("no-value", deny(Condition=built), negative, GONE_UNEQUAL if negative else GONE_EQUAL, context=request)
        table.matched("neither", allow(Condition=built), negative, "With neither the key nor the variable in the request nothing is equal.", INFERRED)
        mixed = condition(operator, "secretsmanager:ResourceTag/team", ["${aws:PrincipalTag/team}", "red"])
        table.matched("list", allow(Condition=mixed), not negative, "A value without a value leaves the others of its list as they are.", INFERRED, context=request)
    for tag, asked, matches, rule in [("RED", "red", True, "StringEqualsIgnoreCase folds the value of a variable too."), ("red", "RED", True, "StringEqualsIgnoreCase folds the value of a variable too.")]:
        table.matched("condition", allow(Condition=condition("StringEqualsIgnoreCase", "secretsmanager:ResourceTag/team", "${aws:PrincipalTag/team}")), matches, rule, context={TEAM: tag, "secretsmanager:ResourceTag/team": asked})
    prefix = condition("StringLike", ASKED, "${aws:username}/*")
    for caller, name, matches in [(ALICE, "alice/db", True), (ALICE, "alice/", True), (ALICE, "alice", False), (ALICE, "bob/db", False), (SESSION, "app/db", False), (SESSION, "/db", False)]:
        table.matched("like", allow(Condition=prefix), matches, VALUE if caller == ALICE else GONE_EQUAL, principal=caller, context={ASKED: name})
    around = condition("StringLike", ASKED, "*-${aws:PrincipalTag/team}-?")
    for tag, name, matches, rule in [("red", "x-red-1", True, VALUE), ("*", "x-red-1", False, LITERAL), ("*", "x-*-1", True, LITERAL), ("?", "x-r-1", False, LITERAL), ("a*", "x-ab-1", False, LITERAL)]:
        table.matched("like", allow(Condition=around), matches, rule, context={TEAM: tag, ASKED: name})
    for operator in ("ArnEquals", "ArnLike"):
        built = condition(operator, "aws:SourceArn", f"arn:aws:sns:us-east-1:{OWNER}:" + "${aws:PrincipalTag/team}-*")
        for tag, topic, matches, rule in [("red", "red-a", True, VALUE), ("red", "blue-a", False, VALUE), ("*", "red-a", False, LITERAL), ("*", "*-a", True, LITERAL), (None, "red-a", False, GONE_EQUAL)]:
            table.matched("arn", allow(Condition=built), matches, rule, context={**({TEAM: tag} if tag else {}), "aws:SourceArn": f"arn:aws:sns:us-east-1:{OWNER}:{topic}"})
    built = condition("ArnNotEquals", "aws:SourceArn", f"arn:aws:sns:us-east-1:{OWNER}:" + "${aws:PrincipalTag/team}-*")
    for tag, topic, matches, rule in [("red", "red-a", False, VALUE), ("red", "blue-a", True, VALUE), (None, "red-a", True, GONE_UNEQUAL)]:
        table.matched("arn", allow(Condition=built), matches, rule, context={**({TEAM: tag} if tag else {}), "aws:SourceArn": f"arn:aws:sns:us-east-1:{OWNER}:{topic}"})
    sets = condition("ForAllValues:StringEquals", "aws:TagKeys", ["${aws:PrincipalTag/team}", "env"])
    for tag, keys, matches, rule in [("red", ["red", "env"], True, VALUE), ("red", ["blue"], False, VALUE), (None, ["env"], True, GONE_EQUAL), (None, ["red"], False, GONE_EQUAL)]:
        table.matched("sets", allow(Condition=sets), matches, rule, context={**({TEAM: tag} if tag else {}), "aws:TagKeys": keys})
    # The documentation's own Deny: without the principal's tag everything is denied.
    guard = condition("StringNotEquals", "secretsmanager:ResourceTag/Team", "${aws:PrincipalTag/Team}")
    for own, asked, denied in [("red", "red", False), ("red", "blue", True), (None, "red", True), ("red", None, True)]:
        request = {key: value for key, value in (("aws:PrincipalTag/Team", own), ("secretsmanager:ResourceTag/Team", asked)) if value}
        table.refused("guard", deny("*", Condition=guard), denied, "Access is explicitly denied when the principal's tag is not set, or differs.", context=request)


def escapes(table):
    for written, name, matches in [
        ("a${*}b", "a*b", True), ("a${*}b", "axb", False), ("a${*}b", "ab", False), ("a${?}b", "a?b", True), ("a${?}b", "axb", False), ("a${$}b", "a$b", True), ("a${$}b", "ab", False),
        ("${*}*", "*anything", True), ("${*}*", "anything", False), ("*${*}", "x*", True), ("*${*}", "x", False), ("${$}{aws:username}", "${aws:username}", True), ("${$}{aws:username}", "alice", False), ("${$}{*}", "${*}", True),
        ("${*}${?}${$}", "*?$", True), ("${*}${?}${$}", "abc", False),
    ]:
        table.matched("escape-like", allow(Condition=condition("StringLike", ASKED, written)), matches, ESCAPE, INFERRED if written == "${$}{*}" else DOCUMENTED, context={ASKED: name})
        if written != "${$}{*}":
            table.matched("escape-resource", allow(GET, BASE + written + "/x"), matches, ESCAPE, resource=BASE + name + "/x")
    for written, name, matches in [("a${*}b", "a*b", True), ("a${*}b", "axb", False), ("a${*}b", "a${*}b", False), ("a${?}b", "a?b", True), ("a${$}b", "a$b", True), ("a*b", "a*b", True), ("a*b", "axb", False), ("${$}{aws:username}", "${aws:username}", True)]:
        table.matched("escape-equals", allow(Condition=condition("StringEquals", ASKED, written)), matches, ESCAPE, context={ASKED: name})
        table.matched("escape-not-equals", allow(Condition=condition("StringNotEquals", ASKED, written)), not matches, ESCAPE, context={ASKED: name})


def versions(table):
    own = BASE + "${aws:username}/*"
    for version in ("2008-10-17", None):
        for name, matches in [("alice/x", False), ("${aws:username}/x", True), ("bob/x", False)]:
            table.add("version", ALLOWED if matches else IMPLICIT, OLD, resource=secret(name), identity=[policy(allow(GET, own), version=version)])
            table.add("version", EXPLICIT if matches else ALLOWED, OLD, resource=secret(name), identity=[EVERYTHING, policy(deny(GET, own), version=version)])
        for operator, name, matches in [("StringEquals", "alice", False), ("StringEquals", "${aws:username}", True), ("StringNotEquals", "alice", True), ("StringLike", "${aws:username}", True), ("StringLike", "alice", False), ("StringNotLike", "alice", True)]:
            table.add("version", ALLOWED if matches else IMPLICIT, OLD, context={ASKED: name}, identity=[policy(allow(Condition=condition(operator, ASKED, "${aws:username}")), version=version)])
        table.add("version", ALLOWED, "Version 2008-10-17 knows wildcards as the new one does.", resource=secret("alice/x"), identity=[policy(allow("secretsmanager:Get*", BASE + "al*/?-*"), version=version)])
        table.add("version", ALLOWED, "Version 2008-10-17 knows conditions as the new one does.", context={TEAM: "red"}, identity=[policy(allow(Condition=condition("StringLike", TEAM, "r*")), version=version)])
        table.add("version", ALLOWED, "A resource-based policy may be of the old version.", resource_policy=policy(allow(Principal={"AWS": ALICE}), version=version))
        table.add("version", EXPLICIT, "A Deny of the old version denies as one of the new.", identity=[EVERYTHING, policy(deny("*"), version=version)])
        default = condition("StringEquals", ASKED, "${aws:PrincipalTag/team, 'x'}")
        table.add("version", IMPLICIT, OLD, context={ASKED: "x"}, identity=[policy(allow(Condition=default), version=version)])
        table.add("version", ALLOWED, OLD, context={ASKED: "${aws:PrincipalTag/team, 'x'}"}, identity=[policy(allow(Condition=default), version=version)])
        table.add("version", IMPLICIT, OLD, resource=secret("x"), context={}, identity=[policy(allow(GET, BASE + "${$}x-*"), version=version)])
        table.add("version-mixed", ALLOWED, "Each policy is read by its own Version.", resource=secret("alice/x"), identity=[policy(allow(GET, own), version=version), policy(allow(GET, own))])
        table.add("version-mixed", ALLOWED, "Each policy is read by its own Version.", resource=secret("alice/x"), identity=[policy(allow(GET, own))], boundary=[policy(allow(GET), version=version)])
        table.add("version-mixed", IMPLICIT, "Each policy is read by its own Version.", resource=secret("alice/x"), identity=[policy(allow(GET, own))], boundary=[policy(allow(GET, own), version=version)])


def elsewhere(table):
    own = BASE + "${aws:username}/*"
    everywhere = "Variables may stand in identity, resource and session policies, and in those used as permissions boundaries."
    table.add("everywhere", ALLOWED, everywhere, resource=secret("alice/x"), identity=[EVERYTHING], boundary=[policy(allow(GET, own))])
    table.add("everywhere", IMPLICIT, everywhere, resource=secret("bob/x"), identity=[EVERYTHING], boundary=[policy(allow(GET, own))])
    tag = BASE + "${aws:PrincipalTag/team}/*"
    for name, matches in [("red/x", True), ("blue/x", False)]:
        table.add("everywhere", ALLOWED if matches else IMPLICIT, everywhere, principal=SESSION, resource=secret(name), context={TEAM: "red"}, identity=[EVERYTHING], session=policy(allow(GET, tag)))
        table.add("everywhere", ALLOWED if matches else IMPLICIT, everywhere, resource=secret(name), context={TEAM: "red"}, resource_policy=policy(allow(GET, tag, Principal={"AWS": ALICE})))
        table.add("everywhere", EXPLICIT if matches else ALLOWED, everywhere, resource=secret(name), context={TEAM: "red"}, identity=[EVERYTHING], resource_policy=policy(deny(GET, tag, Principal="*")))


def tables():
    table = Table("variables")
    for part in (resources, defaults, conditions, escapes, versions, elsewhere):
        part(table)
    return [table]
