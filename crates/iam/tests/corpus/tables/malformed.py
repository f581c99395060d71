"""Policies that AWS refuses to store, and their neighbours that it stores. Source: "Grammar of the IAM JSON policy language" and the
element pages; `inferred` where the refusal is known from IAM's recorded answers (MalformedPolicyDocument) or by analogy."""
from .form import *

VERSION = "2012-10-17"


def with_statement(**changes):
    built = {**allow(), **changes}
    return {"Version": VERSION, "Statement": [{key: value for key, value in built.items() if value is not ABSENT}]}


ABSENT = object()
SYNTAX = "The grammar allows no such document."
STATEMENT = "A policy holds at least one statement, and each statement is an object."
VERSIONS = "The version is 2008-10-17 or 2012-10-17, as a string."
UNKNOWN = "The grammar knows no such element; names of elements are case sensitive."
TWICE = "Individual elements must not contain multiple instances of the same key."
EFFECT = "Effect is required and is Allow or Deny, with regard to case."
ACTION = "A statement must have Action or NotAction, and not both."
VENDOR = "An action consists of a service namespace, one colon and the name of an action, or is *."
RESOURCE = "A statement must have Resource or NotResource, and not both."
ARN = "A resource is an ARN, or *."
PARTITION = "A resource's partition must be one of AWS's."
KINDS = "Values are strings or lists of strings."
CONDITION = "A condition is a map of operators to maps of keys to values."
OPERATOR = "A condition operator is one of those that the documentation lists, with its own prefixes and suffix."
TYPED = "A value must be of the type that its operator compares."
SID = "Sids in IAM policies are alphanumeric and unique within the policy."
NO_PRINCIPAL = "Identity-based policies must not name a principal."
PRINCIPAL = "A resource-based policy must name its principals."
NAMED = "A principal is an account, a user, a role, a session, a service or a provider, each by its whole name, or *."
NO_WILDCARD = "A wildcard cannot match part of a principal's name or ARN."
NOT_ALLOW = "NotPrincipal must be used with Deny; with Allow it is not supported."

STAY = [
    (SYNTAX, DOCUMENTED, [], 7, True, {}, [EVERYTHING]),
    (STATEMENT, DOCUMENTED, {"Version": VERSION}, {"Version": VERSION, "Statement": []}, {"Version": VERSION, "Statement": ["afd"]}, {"Version": VERSION, "Statement": "Allow"},
     {"Version": VERSION, "Statement": None}, {"Version": VERSION, "Statement": 7}, {"Version": VERSION, "Statement": [allow(), None]}, {"Version": VERSION, "Statement": [[allow()]]},
     {"Version": VERSION, "Statement": {}}, {"Version": VERSION, "Statement": [allow(), {}]}),
    (VERSIONS, DOCUMENTED, *[policy(allow(), version=version) for version in ("2013-10-17", "2012-10-18", "2012-10-17 ", "2008", "latest")],
     *[{"Version": version, "Statement": [allow()]} for version in (2012, None, ["2012-10-17"], {"a": 1}, "")]),
    (UNKNOWN, DOCUMENTED, {**GRANT, "Extra": "value"}, {"version": VERSION, "Statement": [allow()]}, {"Version": VERSION, "statement": [allow()]}, {"Version": VERSION, "Statements": [allow()]},
     with_statement(Extra="value"), with_statement(Conditions={}), with_statement(Effects="Deny"), with_statement(effect="Allow"), with_statement(Action=ABSENT, action=GET),
     with_statement(Resource=ABSENT, Resources="*"), with_statement(NotActions=PUT)),
    (KINDS, DOCUMENTED, {**GRANT, "Id": ["a"]}, {**GRANT, "Id": {}}, {**GRANT, "Id": 7}, with_statement(Sid={}), with_statement(Sid=[]), with_statement(Sid=7), with_statement(Action={}),
     with_statement(Action=7), with_statement(Action=None), with_statement(Action=[[]]), with_statement(Action=[GET, 7]), with_statement(Action=[GET, [GET]]), with_statement(Action={GET: True}),
     with_statement(Resource={"a": "*"}), with_statement(Resource=7), with_statement(Resource=None), with_statement(Resource=["*", {}]), with_statement(Resource=[["*"]])),
    (EFFECT, DOCUMENTED, *[with_statement(Effect=effect) for effect in (ABSENT, "allow", "ALLOW", "deny", "denY", "invalid", "", " Allow", ["Allow"], True, None, {})]),
    (ACTION, DOCUMENTED, with_statement(Action=ABSENT), with_statement(Action=[]), with_statement(NotAction=PUT), with_statement(NotAction=[]), with_statement(Action=ABSENT, NotAction=[]),
     with_statement(Action=[], NotAction=PUT), {"Version": VERSION, "Statement": {"Effect": "Allow"}}, {"Version": VERSION, "Statement": [{"Effect": "Deny"}, allow()]}),
    (VENDOR, DOCUMENTED, *[with_statement(Action=action) for action in ("", "invalid", "GetSecretValue", "secretsmanager", "s3:List:Bucket", "a a:ListBucket", "s:3s:ListBucket", [GET, ""], [GET, "invalid"])],
     with_statement(Action=ABSENT, NotAction=""), with_statement(Action=ABSENT, NotAction="invalid")),
    (VENDOR, INFERRED, *[with_statement(Action=action) for action in (":GetSecretValue", "secrets*:GetSecretValue", "secret?manager:Get*", "${aws:username}:Get")]),
    (RESOURCE, DOCUMENTED, with_statement(Resource=ABSENT), with_statement(Resource=[]), with_statement(NotResource=SECRET), with_statement(NotResource=[]), with_statement(Resource=ABSENT, NotResource=[]),
     with_statement(Resource=[], NotResource=SECRET)),
    (ARN, DOCUMENTED, *[with_statement(Resource=resource) for resource in ("", "invalid resource", "my-secret", "sdfsadf", ["adf"], ["*", "adf"], "prod/*", "secret*")],
     with_statement(Resource=ABSENT, NotResource=""), with_statement(Resource=ABSENT, NotResource="adf")),
    (ARN, INFERRED, *[with_statement(Resource=resource) for resource in ("arn:aws", "**", "arn", "arn:aws::::example", "arn:aws::fdsasf")]),
    (PARTITION, INFERRED, *[with_statement(Resource=resource) for resource in ("arn:error:s3:::example_bucket", "arn:amazon:secretsmanager:*:*:secret:a", ["arn:aws:s3:::b", "arn:error:s3:::b"],
                                                                                "arn::secretsmanager:us-east-1:123456789012:secret:a")]),
    (CONDITION, DOCUMENTED, *[with_statement(Condition=condition) for condition in ([], "a", 7, True, {"a": "b"}, {"StringEquals": "x"}, {"StringEquals": []}, {"StringEquals": ["x"]}, {"DateGreaterThan": "b"},
                              {"StringEquals": {"aws:x": {}}}, {"StringEquals": {"aws:x": {"y": 1}}}, {"StringEquals": {"aws:x": [["a"]]}}, {"StringEquals": {"aws:x": [{}]}}, [{"StringEquals": {"aws:x": "y"}}])]),
    (CONDITION, INFERRED, *[with_statement(Condition=condition) for condition in (None, {"StringEquals": None}, {"StringEquals": {"aws:x": None}}, {"StringEquals": {"aws:x": ["a", None]}})]),
    (OPERATOR, DOCUMENTED, *[with_statement(Condition={operator: {"aws:x": "1"}}) for operator in ("x", "StringEqual", "Equals", "StringMatches", "ForAnyValue::StringEquals", "ForSomeValues:StringEquals", "ForAnyValueStringEquals",
                              "StringEqualsIfExist", "IfExistsStringEquals", "", "StringNotLikeIgnoreCase", "NumericLike", "DateLike", "BoolNotEquals", "IpAddressEquals", "ArnEqualsIgnoreCase", "BinaryLike")],
     with_statement(Condition={"NullIfExists": {"aws:x": "true"}})),
    (OPERATOR, INFERRED, *[with_statement(Condition={operator: {"aws:x": "1"}}) for operator in ("stringequals", "STRINGEQUALS", "stringEquals", "StringEquals ", "StringEqualsIfExistsIfExists", "ForAllValues:ForAnyValue:StringEquals",
                              "forallvalues:StringEquals", "StringEqualsifexists", "ForAllValues:", "IfExists")]),
    (TYPED, INFERRED, *[with_statement(Condition={operator: {"aws:x": value}}) for operator, value in (("DateGreaterThan", "sdfdsf"), ("DateLessThanEquals", "234-13"), ("DateLessThan", "tomorrow"), ("IpAddress", "10.0.0.0/33"),
                        ("IpAddress", "10.0.0"), ("NotIpAddress", ["10.0.0.0/8", "office"]), ("NumericLessThan", "soon"), ("NumericEquals", ["1", "two"]))]),
    (SID, DOCUMENTED, with_statement(Sid="a b"), with_statement(Sid="a-b"), with_statement(Sid="a.b"), with_statement(Sid="é"), policy(allow(Sid="One"), allow(PUT, Sid="One")), policy(allow(Sid="A"), allow(PUT), allow(DESCRIBE, Sid="A"))),
    (NO_PRINCIPAL, DOCUMENTED, *[with_statement(Principal=principal) for principal in ("*", {"AWS": "*"}, {"AWS": ALICE}, {"Service": "lambda.amazonaws.com"})], with_statement(Effect="Deny", NotPrincipal={"AWS": ALICE}),
     policy(allow(PUT), allow(Principal={"AWS": OWNER}))),
]

# JSON that a reader which keeps the last of two members would take for a policy.
TWINS = [
    '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}],"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}]}',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Action":"*","Resource":"*"}]}',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b","Resource":"*"}]}',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}},"Condition":{}}]}',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:x":"1"},"StringEquals":{"aws:y":"2"}}}]}',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:x":"1","aws:x":"2"}}}]}',
    '{"Version":"2012-10-17","Statement":[{"Sid":"a","Sid":"b","Effect":"Allow","Action":"*","Resource":"*"}]}',
    '{"Version":"2012-10-17","Id":"a","Id":"b","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","\\u0045ffect":"Allow","Action":"*","Resource":"*"}]}',
]

ATTACHED = [
    (PRINCIPAL, DOCUMENTED, policy(allow()), policy(allow(Principal="*"), allow(PUT)), policy(deny())),
    (NAMED, DOCUMENTED, *[policy(allow(Principal=principal)) for principal in ("alice", ALICE, OWNER, "", [], {}, ["*"], 7, None, True, {"AWS": []}, {"AWS": ""}, {"AWS": "alice"}, {"AWS": "12345"}, {"AWS": 7}, {"AWS": None}, {"AWS": {}},
                        {"AWS": [ALICE, []]}, {"Other": "x"}, {"AWS": ALICE, "Other": "x"}, {"AWS": f"arn:aws:iam::{OWNER}:group/readers"}, {"AWS": "arn:aws:s3:::bucket"})]),
    (NAMED, INFERRED, *[policy(allow(Principal=principal)) for principal in ({"aws": ALICE}, {"AWS": f"arn:aws:iam::{OWNER}:policy/x"}, {"AWS": "arn:aws:iam:::root"}, {"AWS": f"arn:aws:iam::{OWNER}"}, {"AWS": f"arn:aws:iam::{OWNER}:user/"},
                       {"AWS": f"arn:aws:sts::{OWNER}:assumed-role/app"}, {"AWS": f"arn:amazon:iam::{OWNER}:root"}, {"AWS": "1234567890123"}, {"AWS": "AKIAIOSFODNN7EXAMPLE"}, {"Service": "lambda"}, {"Service": ""}, {"Federated": ""})]),
    (NO_WILDCARD, DOCUMENTED, *[policy(allow(Principal={"AWS": principal})) for principal in (f"arn:aws:iam::{OWNER}:role/*", f"arn:aws:iam::{OWNER}:user/a*", f"arn:aws:iam::{OWNER}:user/a?c", f"arn:aws:iam::{OWNER}:*", "arn:aws:iam::*:root", "1234*",
                                f"arn:aws:sts::{OWNER}:assumed-role/app/*", f"arn:aws:sts::{OWNER}:assumed-role/*/i-1", "**", [ALICE, f"arn:aws:iam::{OWNER}:role/app*"], f"arn:aws:sts::{OWNER}:federated-user/*")],
     policy(deny(Principal={"AWS": f"arn:aws:iam::{OWNER}:user/*"})), policy(deny(NotPrincipal={"AWS": [ROOT, f"arn:aws:sts::{OWNER}:assumed-role/app/*"]}))),
    (NO_WILDCARD, INFERRED, policy(allow(Principal={"Service": "*.amazonaws.com"})), policy(allow(Principal={"AWS": "arn:aws:iam::123456789012:user/${aws:username}"}))),
    (NOT_ALLOW, DOCUMENTED, policy(allow(NotPrincipal={"AWS": [BOB, ROOT]})), policy(allow(NotPrincipal={"AWS": OWNER})), policy(allow(Principal={"AWS": ALICE}), allow(NotPrincipal={"Service": "lambda.amazonaws.com"}))),
    ("Principal and NotPrincipal exclude each other.", DOCUMENTED, policy(deny(Principal="*", NotPrincipal={"AWS": [BOB, ROOT]}))),
    (RESOURCE, DOCUMENTED, policy(allow(resource=None, Principal={"AWS": ALICE})), policy(allow(Principal={"AWS": ALICE}, NotResource=SECRET))),
    (EFFECT, DOCUMENTED, policy({**allow(Principal={"AWS": ALICE}), "Effect": "allow"})),
    (OPERATOR, DOCUMENTED, policy(allow(Principal={"AWS": ALICE}, Condition={"StringIs": {"aws:x": "y"}}))),
    (VERSIONS, DOCUMENTED, policy(allow(Principal={"AWS": ALICE}), version="2015-01-01")),
    (VENDOR, DOCUMENTED, policy(allow("GetSecretValue", Principal={"AWS": ALICE}))),
]


def malformed():
    table = Table("malformed")
    for reason, sure, *bad in STAY:
        for number, document in enumerate(bad):
            table.add("identity", MALFORMED, reason, sure, identity=[EVERYTHING, document])
            if number % 4 == 1:
                table.add("boundary", MALFORMED, f"A policy that cannot be stored cannot be a boundary; {inner(reason)}", sure, identity=[EVERYTHING], boundary=[document])
            if number % 4 == 2 and not isinstance(document, (list, int)):
                table.add("session", MALFORMED, f"A policy that is malformed cannot be passed for a session; {inner(reason)}", sure, principal=SESSION, identity=[EVERYTHING], session=document)
    for text in TWINS:
        table.add("twins", MALFORMED, TWICE, INFERRED if "\\u" in text else DOCUMENTED, identity=[Raw(text)])
        attached = text.replace('"Effect"', '"Principal":"*","Effect"', 1)
        table.add("twins-attached", MALFORMED, TWICE, INFERRED if "\\u" in text else DOCUMENTED, resource_policy=Raw(attached))
    for twins in ('{"AWS":"123456789012","AWS":"*"}', '{"Service":"lambda.amazonaws.com","Service":"sns.amazonaws.com"}'):
        text = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":' + twins + ',"Action":"*","Resource":"*"}]}'
        table.add("twins-attached", MALFORMED, TWICE, resource_policy=Raw(text))
    for reason, sure, *bad in ATTACHED:
        for document in bad:
            table.add("attached", MALFORMED, reason, sure, identity=[EVERYTHING], resource_policy=document)
    for caller in (SESSION, ROOT, STRANGER, "lambda.amazonaws.com"):
        table.add("whoever", MALFORMED, "A policy that cannot be stored decides nothing, whoever asks.", INFERRED, principal=caller, identity=[] if caller.endswith(".com") else [EVERYTHING], resource_policy=policy(allow(Principal="nobody")))
    over = "One malformed policy is named as such though another denies."
    table.add("whoever", MALFORMED, over, INFERRED, identity=[REFUSAL, with_statement(Effect="allow")])
    table.add("whoever", MALFORMED, over, INFERRED, identity=[REFUSAL], resource_policy=policy(allow(Principal={"AWS": "x"})))
    return table


def stored():
    """What looks wrong and is not."""
    table = Table("stored")
    fine = "The grammar allows it."

    def case(section, document, rule=fine, sure=DOCUMENTED, expected=ALLOWED, **request):
        table.add(section, expected, rule, sure, identity=[document], **request)

    case("document", {"Version": VERSION, "Statement": allow()}, "Brackets around a single statement are optional.")
    case("document", {"Statement": [allow()], "Version": VERSION}, "Blocks can appear in any order.")
    case("document", {"Statement": [allow()]}, "The version is optional.")
    case("document", policy(allow(), version="2008-10-17"), "2008-10-17 is a version.")
    case("document", policy({"Resource": "*", "Action": GET, "Effect": "Allow"}), "Blocks can appear in any order.")
    case("document", policy({"Condition": {}, "Resource": ["*"], "Sid": "x", "Action": [GET], "Effect": "Allow"}), "Blocks can appear in any order.")
    case("document", policy(*[allow(f"s3:Get{number}") for number in range(100)], allow()), "A policy may hold many statements.")
    case("document", policy(allow([f"s3:Get{number}" for number in range(200)] + [GET])), "A list may hold many values.")
    case("document", Raw('{ "Version" : "2012-10-17" , "Statement" : [ { "Effect" : "Allow" , "Action" : "secretsmanager:GetSecretValue" , "Resource" : "*" } ] }'), "White space between entities is allowed.")
    case("document", Raw('{"Version":"2012-10-17","Statement":{"\\u0045ffect":"Allow","Action":"secretsmanager:GetSecretV\\u0061lue","Resource":"*"}}'), "An escaped letter is that letter.", INFERRED)
    case("sid", policy(allow(Sid="ThisStatementProvidesPermissionsForConsoleAccess1")), "A Sid is alphanumeric.")
    case("sid", policy(allow(Sid="1")), "A Sid is alphanumeric.")
    case("sid", policy(allow(Sid="One"), allow(PUT, Sid="one")), "Sids that differ in case differ.", INFERRED)
    case("sid", policy(allow(Sid=""), allow(PUT, Sid="")), "Empty Sids are none.", INFERRED)
    case("sid", policy(allow(Sid="One"), allow(PUT)), "A Sid is optional in each statement.")
    table.add("sid", ALLOWED, "Sids are unique within one policy, not among several.", identity=[policy(allow(Sid="One")), policy(allow(PUT, Sid="One"))])
    case("action", policy(allow("aaaaaadsfdsafsadfsadfaaaaa:ListBucket"), allow()), "A service need not be known.", INFERRED)
    case("action", policy(allow("s3-s:ListBucket"), allow()), "A service's prefix may hold a hyphen.")
    case("action", policy(allow("s3.s:ListBucket"), allow()), "A service's prefix may hold a full stop.", INFERRED)
    case("action", policy(allow(["*", GET, GET])), "A list may repeat and overlap.", INFERRED)
    case("action", policy(allow("secretsmanager:NoSuchOperation"), allow()), "An operation need not be known.", INFERRED)
    case("action", policy(allow(None, NotAction="s3:ListBucket")), "NotAction stands in Action's place.")
    case("resource", policy(allow(resource=["arn:aws:s3:::example_bucket", "*"])), "* may stand in a list.")
    case("resource", policy(allow(resource=["arn:aws:s33:::example_bucket", SECRET])), "A resource's service need not be known.", INFERRED)
    case("resource", policy(allow(resource=["arn:aws:invalid-service:us-east-1::example_bucket", SECRET])), "A resource's service need not be known.", INFERRED)
    case("resource", policy(allow(resource=["arn:aws-cn:s3:::b", "arn:aws-us-gov:s3:::b", SECRET])), "AWS's other partitions are partitions.")
    case("resource", policy(allow(resource=None, NotResource="*")), "NotResource * is allowed and covers nothing.", INFERRED, IMPLICIT)
    case("resource", policy(allow(None, None, NotAction="s3:ListBucket", NotResource="arn:aws:s3:::b")), "NotAction and NotResource go together.")
    case("condition", policy(allow(Condition={})), "An empty condition is none.", INFERRED)
    case("condition", policy(allow(Condition={"DateGreaterThan": {}})), "An operator without keys asks for nothing.", INFERRED)
    case("condition", policy(allow(Condition={"StringEquals": {"custom:any-key/at.all": "x"}})), "A key need not be known.", INFERRED, IMPLICIT)
    case("condition", policy(allow(Condition={"StringEquals": {"aws:ResourceTag/a:b/c d": "x"}})), "A tag's key may hold colons, slashes and spaces.", INFERRED, context={"aws:ResourceTag/a:b/c d": "x"})
    case("condition", policy(allow(Condition={"StringEquals": {"aws:PrincipalTag/level": [3, True, "x"]}})), "Values may be numbers and Booleans without quotation marks.", context={"aws:PrincipalTag/level": "3"})
    case("condition", policy(allow(Condition={"StringEquals": {"aws:PrincipalTag/level": [3, True, "x"]}})), "Values may be numbers and Booleans without quotation marks.", context={"aws:PrincipalTag/level": "true"})
    case("condition", policy(allow(Condition={"StringEquals": {"aws:PrincipalTag/level": ["x"]}})), "Brackets around a single value are optional.", context={"aws:PrincipalTag/level": "x"})
    case("condition", policy(allow(Condition={"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "x"}})), "Prefix and suffix go together.", INFERRED, context={"aws:TagKeys": ["x"]})
    case("condition", policy(allow(Condition={"DateLessThanEquals": {"aws:CurrentTime": "2016-12-13T21:20:37.593194+00:00"}})), "Dates may have fractions and offsets.", INFERRED, context={"aws:CurrentTime": "2016-12-13T21:20:37Z"})
    case("condition", policy(allow(Condition={"StringLike": {"aws:PrincipalTag/x": "a${"}})), "A dollar sign and a brace that open no variable are text.", INFERRED, IMPLICIT, context={"aws:PrincipalTag/x": "a"})

    def attached(statement_built, rule, sure=DOCUMENTED, expected=ALLOWED, **changes):
        table.add("attached", expected, rule, sure, resource_policy={**policy(statement_built), **changes})

    attached(allow(Principal={"AWS": ALICE}), "Id is allowed in resource-based policies.", Id="cd3ad3d9-2776-4ef1-a904-4c229d1642ee")
    attached(allow(Principal={"AWS": ALICE}), "An Id may hold spaces.", Id="an id with spaces")
    attached(allow(Principal={"AWS": ALICE}, Sid="a b"), "Other services than IAM may allow spaces in a Sid.", INFERRED)
    attached(allow(Principal={"AWS": [ALICE]}), "Brackets around a single principal are optional.")
    attached(allow(Principal={"AWS": [ALICE, ALICE]}), "A list may repeat.", INFERRED)
    attached(allow(Principal={"AWS": "*"}), "* alone means everyone.")
    attached(allow(Principal={"AWS": ALICE, "Service": ["lambda.amazonaws.com"], "Federated": "accounts.google.com"}), "Several kinds of principal may stand together.")
    attached(allow(Principal={"AWS": [ALICE, f"arn:aws:iam::{OWNER}:user/division_abc/subdivision_xyz/JaneDoe"]}), "A principal's ARN may hold a path.")
    attached(allow(Principal={"AWS": [ALICE, f"arn:aws:iam::{OWNER}:user/a+b=c,d.e@f_g-h"]}), "Names hold letters, digits and +=,.@_-.")
    attached(deny(NotPrincipal={"AWS": [ALICE, ROOT]}), "NotPrincipal goes with Deny, and grants nothing.", DOCUMENTED, IMPLICIT)
    attached(allow(Principal={"AWS": ALICE}, Condition={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWNER}:user/*"}}), "A condition key may hold wildcards where a principal may not.")
    attached(allow(None, Principal={"AWS": ALICE}, NotAction="s3:*"), "NotAction stands in Action's place.")
    table.add("attached", ALLOWED, "Sids of a secret's policy need not be alphanumeric.", INFERRED, resource_policy=policy(allow(PUT, Principal={"AWS": BOB}, Sid="one-two"), allow(Principal={"AWS": ALICE}, Sid="two three")))
    return table


def tables():
    return [malformed(), stored()]
