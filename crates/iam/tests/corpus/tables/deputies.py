"""Services acting for others, and the keys of the network, the session and the tags. Source: "The confused deputy problem",
"AWS global condition context keys"."""
from .form import *
from .tested import ABSENT, condition, context

LAMBDA, SNS, MANAGER = "lambda.amazonaws.com", "sns.amazonaws.com", "secretsmanager.amazonaws.com"
FUNCTION = f"arn:aws:lambda:us-east-1:{OWNER}:function:rotate"
QUEUE = f"arn:aws:sqs:us-east-1:{OWNER}:queue"
TOPIC = f"arn:aws:sns:us-east-1:{OWNER}:topic"


def deputies(table):
    arn_rule = "aws:SourceArn holds the resource that a service acts for; only the named one gets through."
    account_rule = "aws:SourceAccount holds the account of the resource that a service acts for; only the named one gets through."
    direct = "A caller that is no service has no aws:SourceArn, so the condition does not match."
    for operator, named, source, expected in [
        ("ArnEquals", TOPIC, TOPIC, ALLOWED), ("ArnEquals", TOPIC, TOPIC + "-2", IMPLICIT), ("ArnLike", f"arn:aws:sns:*:{OWNER}:*", TOPIC, ALLOWED), ("ArnLike", f"arn:aws:sns:*:{OWNER}:*", TOPIC.replace(OWNER, OTHER), IMPLICIT),
        ("ArnLike", f"arn:aws:s3:*:{OWNER}:*", TOPIC, IMPLICIT), ("ArnEquals", TOPIC, ABSENT, IMPLICIT), ("StringEquals", TOPIC, TOPIC, ALLOWED), ("StringLike", f"arn:aws:sns:us-east-1:{OWNER}:t*", TOPIC, ALLOWED),
        ("ArnEqualsIfExists", TOPIC, ABSENT, ALLOWED), ("ArnEqualsIfExists", TOPIC, TOPIC + "-2", IMPLICIT),
    ]:
        built = policy(allow("sqs:SendMessage", QUEUE, Principal={"Service": SNS}, Condition=condition(operator, "aws:SourceArn", named)))
        table.add("source-arn", expected, arn_rule, principal=SNS, action="sqs:SendMessage", resource=QUEUE, context=context("aws:SourceArn", source), resource_policy=built)
    for operator, named, source, expected in [
        ("StringEquals", OWNER, OWNER, ALLOWED), ("StringEquals", OWNER, OTHER, IMPLICIT), ("StringEquals", OWNER, ABSENT, IMPLICIT), ("StringEquals", [OWNER, OTHER], OTHER, ALLOWED), ("StringEqualsIfExists", OWNER, ABSENT, ALLOWED), ("StringLike", OWNER, OWNER, ALLOWED),
        ("StringNotEquals", OTHER, OWNER, ALLOWED), ("StringNotEquals", OTHER, OTHER, IMPLICIT),
    ]:
        built = policy(allow(Principal={"Service": LAMBDA}, Condition=condition(operator, "aws:SourceAccount", named)))
        table.add("source-account", expected, account_rule, principal=LAMBDA, context=context("aws:SourceAccount", source), resource_policy=built)
    both = policy(allow("lambda:InvokeFunction", FUNCTION, Principal={"Service": MANAGER}, Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:secretsmanager:us-east-1:{OWNER}:secret:*"}, "StringEquals": {"aws:SourceAccount": OWNER}}))
    for source, account, expected in [(SECRET, OWNER, ALLOWED), (SECRET, OTHER, IMPLICIT), (SECRET.replace(OWNER, OTHER), OWNER, IMPLICIT), (SECRET.replace(OWNER, OTHER), OTHER, IMPLICIT), (ABSENT, OWNER, IMPLICIT), (SECRET, ABSENT, IMPLICIT)]:
        request = {**context("aws:SourceArn", source), **context("aws:SourceAccount", account)}
        table.add("rotation", expected, "A rotation function's policy admits Secrets Manager for this account's secrets only.", principal=MANAGER, action="lambda:InvokeFunction", resource=FUNCTION, context=request, resource_policy=both)
    table.add("rotation", IMPLICIT, "The function's policy admits the service, not a user who asks for the same.", action="lambda:InvokeFunction", resource=FUNCTION, context={"aws:SourceArn": SECRET, "aws:SourceAccount": OWNER}, resource_policy=both)
    table.add("rotation", IMPLICIT, "Another service principal is not the one that is named.", principal=LAMBDA, action="lambda:InvokeFunction", resource=FUNCTION, context={"aws:SourceArn": SECRET, "aws:SourceAccount": OWNER}, resource_policy=both)
    guard = policy(allow(Principal={"Service": [LAMBDA, SNS]}), allow(Principal={"AWS": ALICE}), deny(Principal="*", Condition={"StringNotEqualsIfExists": {"aws:SourceAccount": OWNER}, "Bool": {"aws:PrincipalIsAWSService": "true"}}))
    rule = "A Deny on aws:SourceAccount with aws:PrincipalIsAWSService binds services and spares other callers."
    for caller, service, account, expected in [(LAMBDA, "true", OWNER, ALLOWED), (LAMBDA, "true", OTHER, EXPLICIT), (LAMBDA, "true", ABSENT, EXPLICIT), (SNS, "true", OWNER, ALLOWED), (ALICE, "false", ABSENT, ALLOWED), (ALICE, "false", OTHER, ALLOWED)]:
        table.add("guard", expected, rule, INFERRED if caller != ALICE else DOCUMENTED, principal=caller, context={"aws:PrincipalIsAWSService": service, **context("aws:SourceAccount", account)}, resource_policy=guard)
    named = policy(allow(Principal={"AWS": ALICE}), deny("*", Principal="*", Condition={"StringNotEqualsIfExists": {"aws:PrincipalServiceName": "codebuild.amazonaws.com"}}))
    table.add("service-name", EXPLICIT, "StringNotEqualsIfExists on aws:PrincipalServiceName denies callers that are no service: the key is missing.", context={}, resource_policy=named)
    table.add("service-name", ALLOWED, "StringNotEqualsIfExists spares the named value.", INFERRED, context={"aws:PrincipalServiceName": "codebuild.amazonaws.com"}, resource_policy=named)


# section, key, operator, policy, request, matches, rule
KEYS = [
    ("vpc", "aws:SourceVpc", "StringEquals", "vpc-111bbb22", "vpc-111bbb22", True), ("vpc", "aws:SourceVpc", "StringEquals", "vpc-111bbb22", "vpc-333", False), ("vpc", "aws:SourceVpc", "StringEquals", "vpc-111bbb22", ABSENT, False),
    ("vpc", "aws:SourceVpc", "StringNotEquals", "vpc-111bbb22", ABSENT, True), ("vpc", "aws:SourceVpc", "StringNotEqualsIfExists", "vpc-111bbb22", ABSENT, True), ("vpc", "aws:SourceVpce", "StringEquals", ["vpce-1", "vpce-2"], "vpce-2", True),
    ("vpc", "aws:VpcSourceIp", "IpAddress", "10.0.0.0/8", "10.1.2.3", True), ("vpc", "aws:VpcSourceIp", "IpAddress", "10.0.0.0/8", "192.168.0.1", False), ("vpc", "aws:VpcSourceIp", "NotIpAddress", "10.0.0.0/8", ABSENT, True),
    ("region", "aws:RequestedRegion", "StringEquals", ["us-east-1", "eu-west-1"], "us-east-1", True), ("region", "aws:RequestedRegion", "StringEquals", ["us-east-1", "eu-west-1"], "us-west-2", False),
    ("region", "aws:RequestedRegion", "StringNotEquals", ["us-east-1", "eu-west-1"], "us-west-2", True), ("region", "aws:RequestedRegion", "StringLike", "us-*", "us-west-2", True), ("region", "aws:RequestedRegion", "StringNotLike", "us-*", "us-west-2", False),
    ("org", "aws:PrincipalOrgID", "StringEquals", "o-a1b2c3d4e5", "o-a1b2c3d4e5", True), ("org", "aws:PrincipalOrgID", "StringEquals", "o-a1b2c3d4e5", "o-zzzzzzzzzz", False), ("org", "aws:PrincipalOrgID", "StringEquals", "o-a1b2c3d4e5", ABSENT, False),
    ("org", "aws:PrincipalOrgID", "StringNotEquals", "o-a1b2c3d4e5", ABSENT, True), ("org", "aws:ResourceOrgID", "StringEquals", "${aws:PrincipalOrgID}", "o-a1b2c3d4e5", False), ("org", "aws:PrincipalOrgID", "StringEqualsIgnoreCase", "O-A1B2C3D4E5", "o-a1b2c3d4e5", True),
    ("agent", "aws:UserAgent", "StringLike", "*Boto3*", "Boto3/1.34 md/Botocore", True), ("agent", "aws:UserAgent", "StringLike", "*Boto3*", "aws-cli/2.15", False), ("agent", "aws:Referer", "StringLike", "https://example.com/*", "https://example.com/x", True), ("agent", "aws:Referer", "StringLike", "https://example.com/*", ABSENT, False),
    ("userid", "aws:userid", "StringEquals", "AIDAJQABLZS4A3QDU576Q", "AIDAJQABLZS4A3QDU576Q", True), ("userid", "aws:userid", "StringLike", "AROADBQP57FF2AEXAMPLE:*", "AROADBQP57FF2AEXAMPLE:i-1", True), ("userid", "aws:userid", "StringLike", "AROADBQP57FF2AEXAMPLE:*", "AROAZZZZZZZZZZEXAMPLE:i-1", False), ("userid", "aws:userid", "StringNotLike", "AROADBQP57FF2AEXAMPLE:*", "AIDAJQABLZS4A3QDU576Q", True),
    ("mfa", "aws:MultiFactorAuthPresent", "Bool", "true", "true", True), ("mfa", "aws:MultiFactorAuthPresent", "Bool", "true", ABSENT, False), ("mfa", "aws:MultiFactorAuthAge", "NumericLessThan", "3600", "120", True), ("mfa", "aws:MultiFactorAuthAge", "NumericLessThan", "3600", "3600", False), ("mfa", "aws:MultiFactorAuthAge", "NumericGreaterThan", "3600", ABSENT, False), ("mfa", "aws:MultiFactorAuthAge", "NumericGreaterThanIfExists", "3600", ABSENT, True),
    ("issued", "aws:TokenIssueTime", "DateGreaterThan", "2026-01-01T00:00:00Z", "2026-11-24T12:00:00Z", True), ("issued", "aws:TokenIssueTime", "DateLessThan", "2026-11-24T12:00:00Z", "2026-11-24T11:59:59Z", True), ("issued", "aws:TokenIssueTime", "DateLessThan", "2026-11-24T12:00:00Z", "2026-11-24T12:00:00Z", False), ("issued", "aws:TokenIssueTime", "DateLessThan", "2026-11-24T12:00:00Z", ABSENT, False), ("issued", "aws:TokenIssueTime", "DateLessThanIfExists", "2026-11-24T12:00:00Z", ABSENT, True),
    ("identity", "aws:SourceIdentity", "StringEquals", "ann", "ann", True), ("identity", "aws:SourceIdentity", "StringLike", "*", ABSENT, False), ("identity", "aws:SourceIdentity", "StringLike", "*", "ann", True), ("identity", "aws:FederatedProvider", "StringEquals", "cognito-identity.amazonaws.com", "cognito-identity.amazonaws.com", True),
    ("via", "aws:ViaAWSService", "Bool", "true", "true", True), ("via", "aws:ViaAWSService", "Bool", "false", "true", False), ("via", "aws:CalledViaFirst", "StringEquals", "cloudformation.amazonaws.com", "cloudformation.amazonaws.com", True), ("via", "aws:CalledViaLast", "StringEquals", "dynamodb.amazonaws.com", "cloudformation.amazonaws.com", False),
    ("tags", "aws:RequestTag/env", "StringEquals", ["prod", "test"], "prod", True), ("tags", "aws:RequestTag/env", "StringEquals", ["prod", "test"], "dev", False), ("tags", "aws:RequestTag/env", "StringLike", "*", ABSENT, False), ("tags", "aws:RequestTag/env", "StringEqualsIfExists", "prod", ABSENT, True),
    ("tags", "aws:ResourceTag/env", "StringEquals", "prod", "prod", True), ("tags", "aws:ResourceTag/env", "StringNotEquals", "prod", ABSENT, True), ("tags", "aws:ResourceTag/env", "StringNotEquals", "prod", "prod", False), ("tags", "aws:PrincipalTag/level", "NumericGreaterThan", "3", "4", True),
    ("tags", "aws:TagKeys", "ForAllValues:StringEquals", ["env", "team"], ["env"], True), ("tags", "aws:TagKeys", "ForAllValues:StringEquals", ["env", "team"], ["env", "x"], False), ("tags", "aws:TagKeys", "ForAnyValue:StringEquals", ["env", "team"], ["x", "team"], True),
]


def environment(table):
    for number, (section, key, operator, values, value, matches) in enumerate(KEYS):
        rule = f"{key} is compared with the policy's values by {operator}."
        if value is ABSENT:
            rule = f"Where {key} is not in the request, {operator} is {'true' if matches else 'false'}."
        built = condition(operator, key, values)
        table.matched(section, allow(Condition=built), matches, rule, context=context(key, value), principal=SESSION)
        if number % 2:
            table.refused(section, deny(Condition=built), matches, rule, context=context(key, value), principal=SESSION)
    org = "A wildcard principal with aws:PrincipalOrgID grants to every member of the organization, across accounts with the caller's own allow."
    shared = policy(allow(Principal="*", Condition=condition("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5")))
    for caller, value, held, expected in [(ALICE, "o-a1b2c3d4e5", [], ALLOWED), (ALICE, "o-zzzzzzzzzz", [], IMPLICIT), (STRANGER, "o-a1b2c3d4e5", [EVERYTHING], ALLOWED), (STRANGER, "o-a1b2c3d4e5", [], IMPLICIT),
                                          (STRANGER, "o-zzzzzzzzzz", [EVERYTHING], IMPLICIT), (STRANGER, ABSENT, [EVERYTHING], IMPLICIT), ("*", ABSENT, [], IMPLICIT)]:
        table.add("org-share", expected, org, principal=caller, context=context("aws:PrincipalOrgID", value), identity=held, resource_policy=shared)
    revoke = "The documented revocation of sessions denies those issued before a moment."
    stop = policy(deny("*", Condition={"DateLessThan": {"aws:TokenIssueTime": "2026-11-24T12:00:00Z"}}))
    for value, expected in [("2026-11-24T11:00:00Z", EXPLICIT), ("2026-11-24T12:00:00Z", ALLOWED), ("2026-11-24T13:00:00Z", ALLOWED)]:
        table.add("revoke", expected, revoke, principal=SESSION, context={"aws:TokenIssueTime": value}, identity=[EVERYTHING, stop])
    table.add("revoke", ALLOWED, "The documented revocation spares long-term keys, whose requests hold no aws:TokenIssueTime.", identity=[EVERYTHING, stop])
    tls = policy(allow(Principal={"AWS": ALICE}), deny("*", Principal="*", Condition=condition("Bool", "aws:SecureTransport", "false")))
    for value, expected in [("true", ALLOWED), ("false", EXPLICIT)]:
        table.add("tls", expected, "The documented Deny of requests without TLS applies where aws:SecureTransport is false.", context={"aws:SecureTransport": value}, resource_policy=tls)
    require = "A tag is required by asking for aws:RequestTag and for nothing else in aws:TagKeys."
    tagging = policy(allow("secretsmanager:TagResource", Condition={"StringEquals": {"aws:RequestTag/env": ["prod", "test"]}, "ForAllValues:StringEquals": {"aws:TagKeys": ["env", "team"]}}))
    for value, names, expected in [("prod", ["env"], ALLOWED), ("prod", ["env", "team"], ALLOWED), ("dev", ["env"], IMPLICIT), ("prod", ["env", "x"], IMPLICIT), (ABSENT, ["team"], IMPLICIT)]:
        table.add("require", expected, require, action="secretsmanager:TagResource", context={**context("aws:RequestTag/env", value), "aws:TagKeys": names}, identity=[tagging])
    pass_role = "iam:PassRole is bound to a service by iam:PassedToService."
    passing = policy(allow("iam:PassRole", ROLE, Condition=condition("StringEquals", "iam:PassedToService", LAMBDA)))
    for role, service, expected in [(ROLE, LAMBDA, ALLOWED), (ROLE, "ec2.amazonaws.com", IMPLICIT), (ROLE + "2", LAMBDA, IMPLICIT), (ROLE, ABSENT, IMPLICIT)]:
        table.add("pass-role", expected, pass_role, action="iam:PassRole", resource=role, context=context("iam:PassedToService", service), identity=[passing])


def tables():
    service, around = Table("deputies"), Table("environment")
    deputies(service)
    environment(around)
    return [service, around]
