"""How the kinds of policy combine. Source: "Policy evaluation logic", "How AWS enforcement code logic evaluates requests",
"Permissions boundaries for IAM entities", "Session policies", "Cross-account policy evaluation logic".

Each kind of policy is one of a few whose own outcome is plain (it allows the action, says nothing of it, or denies it), and
only their combination is at stake. The rules below are the documentation's sentences; nothing here reads a policy."""
from .form import *

DENIED = "An explicit deny in any applicable policy overrides every allow."
UNION = "Within an account the identity-based and the resource-based policies grant together: an allow in either is enough."
DEFAULT = "Without an allow the request is denied by default."
BOUNDED = "A permissions boundary that does not allow the action denies what identity-based policies grant."
SESSIONED = "A session policy that does not allow the action denies what identity-based policies grant to the session."
ALL_ALLOW = "The identity-based policy, the permissions boundary and the session policy all allow."
GRANTS_NOTHING = "A permissions boundary or session policy limits permissions and grants none."
USER_DIRECT = "A resource-based grant to a user's ARN is not limited by an implicit deny in an identity-based policy or permissions boundary."
SESSION_DIRECT = "A resource-based grant to a session's ARN is not limited by an implicit deny in an identity-based policy, permissions boundary or session policy."
ROLE_LIMITED = "A resource-based grant to a role's ARN is limited by an implicit deny in a permissions boundary or session policy."
ROLE_GRANT = "A resource-based grant to a role's ARN needs no identity-based policy where boundary and session policy allow."
KEYED = "A wildcard principal with aws:PrincipalArn grants permissions that boundaries and session policies do not limit."
DELEGATED = "An account principal delegates to the account, whose identity-based policies must then grant."
BOTH_SIDES = "Across accounts the request is allowed only if both accounts' evaluations allow it."

OUTCOMES = {"none": NOTHING, "allow": GRANT, "deny": policy(allow("*"), deny())}


def limits(kind):
    return [("absent", None)] + [(name, [built] if kind == "boundary" else built) for name, built in OUTCOMES.items()]


def resource(*statements):
    return policy(*statements)


def to(principal):
    return resource(allow(Principal=principal))


def keyed(arn):
    return resource(allow(Principal="*", Condition={"ArnEquals": {"aws:PrincipalArn": arn}}))


def against(principal):
    return resource(allow(Principal="*"), deny(Principal=principal))


# What a resource-based policy of the resource's own account does for the caller: "direct" grants, a grant that is limited,
# a delegation, nothing at all, or a denial.
FOR_USER = [
    ("none", None), ("nothing", to({"AWS": BOB})), ("direct", to({"AWS": ALICE})), ("delegated", to({"AWS": OWNER})), ("keyed", keyed(ALICE)),
    ("denied", against({"AWS": ALICE})), ("denied", against({"AWS": OWNER})),
]
FOR_SESSION = [
    ("none", None), ("nothing", to({"AWS": SESSION_TWO})), ("direct", to({"AWS": SESSION})), ("role", to({"AWS": ROLE})), ("delegated", to({"AWS": ROOT})),
    ("keyed", keyed(ROLE)), ("denied", against({"AWS": ROLE})), ("denied", against({"AWS": SESSION})),
]


def within(identity, boundary, session, grant, user):
    """The decision within one account, rule by rule in the order of the documentation."""
    if "deny" in (identity, boundary, session) or grant == "denied":
        return EXPLICIT, DENIED
    if grant == "direct":
        return ALLOWED, USER_DIRECT if user else SESSION_DIRECT
    if grant == "keyed":
        return ALLOWED, KEYED
    held = [name for name, outcome in (("boundary", boundary), ("session", session)) if outcome == "none"]
    if identity == "none" and grant != "role":
        limited = boundary == "allow" or session == "allow"
        return IMPLICIT, DELEGATED if grant == "delegated" else GRANTS_NOTHING if limited else DEFAULT
    if held:
        return IMPLICIT, ROLE_LIMITED if identity == "none" else BOUNDED if "boundary" in held else SESSIONED
    if identity == "none":
        return ALLOWED, ROLE_GRANT
    return ALLOWED, ALL_ALLOW if (boundary, session) != ("absent", "absent") else UNION


def many_denials(*outcomes):
    return sum(outcome in ("deny", "denied") for outcome in outcomes) > 1


def same_account():
    table = Table("same-account")
    for identity, held in OUTCOMES.items():
        for boundary, fence in limits("boundary"):
            for grant, attached in FOR_USER:
                if many_denials(identity, boundary, grant):
                    continue
                expected, rule = within(identity, boundary, "absent", grant, user=True)
                table.add("user", expected, rule, identity=[held], boundary=fence, resource_policy=attached)
            for session, narrowed in limits("session"):
                for grant, attached in FOR_SESSION:
                    if many_denials(identity, boundary, session, grant):
                        continue
                    expected, rule = within(identity, boundary, session, grant, user=False)
                    table.add("session", expected, rule, principal=SESSION, identity=[held], boundary=fence, session=narrowed, resource_policy=attached)
    return table


def across(identity, boundary, session, grant):
    if "deny" in (identity, boundary, session) or grant == "denied":
        return EXPLICIT, DENIED
    allowed = identity == "allow" and boundary != "none" and session != "none" and grant in ("direct", "role", "delegated", "keyed")
    return ALLOWED if allowed else IMPLICIT, BOTH_SIDES


FROM_USER = [
    ("none", None), ("nothing", to({"AWS": ALICE})), ("direct", to({"AWS": STRANGER})), ("delegated", to({"AWS": OTHER})), ("keyed", keyed(STRANGER)),
    ("denied", resource(allow(Principal={"AWS": OTHER}), deny(Principal={"AWS": STRANGER}))),
]
FROM_SESSION = [
    ("none", None), ("nothing", to({"AWS": ROLE})), ("direct", to({"AWS": OTHER_SESSION})), ("role", to({"AWS": OTHER_ROLE})), ("delegated", to({"AWS": OTHER_ROOT})),
    ("denied", resource(allow(Principal={"AWS": OTHER}), deny(Principal={"AWS": OTHER_ROLE}))),
]


def cross_account():
    table = Table("cross-account")
    for identity, held in OUTCOMES.items():
        for boundary, fence in limits("boundary"):
            for grant, attached in FROM_USER:
                if not many_denials(identity, boundary, grant):
                    expected, rule = across(identity, boundary, "absent", grant)
                    table.add("user", expected, rule, principal=STRANGER, identity=[held], boundary=fence, resource_policy=attached)
        for boundary, fence in limits("boundary")[:3]:
            for session, narrowed in limits("session"):
                for grant, attached in FROM_SESSION:
                    if not many_denials(identity, boundary, session, grant):
                        expected, rule = across(identity, boundary, session, grant)
                        table.add("session", expected, rule, principal=OTHER_SESSION, identity=[held], boundary=fence, session=narrowed, resource_policy=attached)
    # The brief's own situation: a secret read by a role of another account.
    brief = policy({"Effect": "Allow", "Principal": {"AWS": OTHER_ROLE}, "Action": GET, "Resource": "*"})
    for caller, identity, expected in [(OTHER_SESSION, EVERYTHING, ALLOWED), (OTHER_SESSION, NOTHING, IMPLICIT), (STRANGER, EVERYTHING, IMPLICIT),
                                       (f"arn:aws:sts::{OTHER}:assumed-role/other/i-1", EVERYTHING, IMPLICIT), (f"arn:aws:sts::{THIRD}:assumed-role/app/i-1", EVERYTHING, IMPLICIT)]:
        table.add("brief", expected, BOTH_SIDES, principal=caller, identity=[identity, policy(allow("kms:Decrypt"))], resource_policy=brief)
    narrow = "The identity-based policy on the caller's side must allow the resource itself, by its ARN or by *."
    for named, expected in [(SECRET, ALLOWED), (f"arn:aws:secretsmanager:*:{OWNER}:secret:*", ALLOWED), (f"arn:aws:secretsmanager:*:{OTHER}:secret:*", IMPLICIT), (SECRET[:-1] + "4", IMPLICIT)]:
        table.add("resource", expected, narrow, principal=OTHER_SESSION, identity=[policy(allow(GET, named))], resource_policy=brief)
    other_action = "Both sides must allow the same action."
    table.add("action", IMPLICIT, other_action, principal=STRANGER, identity=[policy(allow(GET))], resource_policy=policy(allow(DESCRIBE, Principal={"AWS": OTHER})))
    table.add("action", ALLOWED, other_action, principal=STRANGER, action=DESCRIBE, identity=[policy(allow("secretsmanager:Describe*"))], resource_policy=policy(allow(DESCRIBE, Principal={"AWS": OTHER})))
    return table


def federated(table):
    """GetFederationToken: the session has what the user's policies and the session policy both allow."""
    need = "A federated user's session has no permissions without a session policy, but those that a resource-based policy grants to it."
    both = "A federated user's session may do what the user's identity-based policies and the session policy both allow."
    direct = "A resource-based grant to a federated user's ARN is not limited by an implicit deny in any other policy."
    table.add("federated", IMPLICIT, need, principal=FEDERATED, identity=[EVERYTHING])
    table.add("federated", ALLOWED, both, principal=FEDERATED, identity=[EVERYTHING], session=GRANT)
    table.add("federated", IMPLICIT, both, principal=FEDERATED, identity=[EVERYTHING], session=NOTHING)
    table.add("federated", IMPLICIT, both, principal=FEDERATED, identity=[NOTHING], session=GRANT)
    table.add("federated", IMPLICIT, both, principal=FEDERATED, identity=[EVERYTHING], session=GRANT, boundary=[NOTHING])
    table.add("federated", ALLOWED, both, principal=FEDERATED, identity=[EVERYTHING], session=GRANT, boundary=[GRANT])
    table.add("federated", EXPLICIT, DENIED, principal=FEDERATED, identity=[EVERYTHING], session=REFUSAL)
    table.add("federated", EXPLICIT, DENIED, principal=FEDERATED, identity=[EVERYTHING, REFUSAL], session=GRANT)
    for identity in ([], [EVERYTHING], [NOTHING]):
        for session in (None, NOTHING):
            table.add("federated", ALLOWED, direct, principal=FEDERATED, identity=identity, session=session, boundary=[NOTHING] if session else None, resource_policy=to({"AWS": FEDERATED}))
    table.add("federated", EXPLICIT, DENIED, principal=FEDERATED, session=REFUSAL, resource_policy=to({"AWS": FEDERATED}))
    # The case names no user who federated: the one of the same name is meant.
    fay = f"arn:aws:iam::{OWNER}:user/fay"
    by_user = "A grant to the user who federated is limited for the session by a boundary or session policy that does not allow."
    for session, boundary, expected in [(GRANT, None, ALLOWED), (NOTHING, None, IMPLICIT), (None, None, IMPLICIT), (GRANT, [GRANT], ALLOWED), (GRANT, [NOTHING], IMPLICIT)]:
        table.add("federator", expected, by_user, INFERRED, principal=FEDERATED, session=session, boundary=boundary, resource_policy=to({"AWS": fay}))
    table.add("federator", IMPLICIT, "A grant to another user does not reach the session.", principal=FEDERATED, session=GRANT, resource_policy=to({"AWS": ALICE}))
    table.add("federator", EXPLICIT, "A Deny of the user who federated reaches the session too.", INFERRED, principal=FEDERATED, identity=[EVERYTHING], session=GRANT, resource_policy=against({"AWS": fay}))
    table.add("federated", EXPLICIT, DENIED, principal=FEDERATED, identity=[EVERYTHING], session=GRANT, resource_policy=against({"AWS": FEDERATED}))


def roots(table):
    ignored = "No identity-based policy, permissions boundary or session policy limits the root user in its own account."
    for identity, boundary, session in [([], None, None), ([NOTHING], None, None), ([REFUSAL], None, None), ([], [NOTHING], None), ([], [REFUSAL], None), ([], None, NOTHING), ([REFUSAL], [REFUSAL], REFUSAL)]:
        table.add("root", ALLOWED, ignored, INFERRED if REFUSAL in identity or session else DOCUMENTED, principal=ROOT, identity=identity, boundary=boundary, session=session)
    table.add("root", EXPLICIT, "A resource-based policy's Deny binds the root user.", principal=ROOT, resource_policy=against({"AWS": ROOT}))
    table.add("root", EXPLICIT, "A resource-based policy's Deny binds the root user.", principal=ROOT, resource_policy=against("*"))
    table.add("root", ALLOWED, "A Deny of another action does not bind.", principal=ROOT, resource_policy=policy(deny(PUT, Principal="*")))
    table.add("root", IMPLICIT, "The root user has full access in its own account only.", principal=OTHER_ROOT, resource_policy=to({"AWS": OWNER}))
    table.add("root", ALLOWED, "A grant to another account lets that account's root user in.", principal=OTHER_ROOT, resource_policy=to({"AWS": OTHER}))
    table.add("root", EXPLICIT, DENIED, principal=OTHER_ROOT, resource_policy=policy(allow(Principal={"AWS": OTHER}), deny(Principal={"AWS": OTHER_ROOT})))


def several(table):
    union = "Several policies of one kind are joined by a logical OR."
    table.add("union", ALLOWED, union, identity=[EVERYTHING], boundary=[NOTHING, GRANT])
    table.add("union", IMPLICIT, union, identity=[EVERYTHING], boundary=[NOTHING, NOTHING])
    table.add("union", EXPLICIT, DENIED, identity=[EVERYTHING], boundary=[EVERYTHING, REFUSAL])
    table.add("union", IMPLICIT, "A boundary that holds no policy allows nothing.", INFERRED, identity=[EVERYTHING], boundary=[])
    halves = "Identity-based policy and boundary intersect statement by statement: what both allow remains."
    for named, expected in [(GET, ALLOWED), (PUT, IMPLICIT), (DESCRIBE, IMPLICIT)]:
        table.add("halves", expected, halves, action=named, identity=[policy(allow([GET, PUT]))], boundary=[policy(allow([GET, DESCRIBE]))])
        table.add("halves", expected, halves, action=named, principal=SESSION, identity=[policy(allow([GET, PUT]))], session=policy(allow([GET, DESCRIBE])))
    base = f"arn:aws:secretsmanager:us-east-1:{OWNER}:secret:"
    for name, expected in [("a/x", IMPLICIT), ("a/b", ALLOWED), ("c/b", IMPLICIT)]:
        table.add("halves", expected, halves, resource=base + name, identity=[policy(allow(GET, base + "a/*"))], boundary=[policy(allow(GET, base + "*/b"))])
    shirley = "The documented user Shirley: her boundary allows S3, CloudWatch and EC2, so iam:CreateUser fails though a policy allows it."
    fence = [policy(allow(["s3:*", "cloudwatch:*", "ec2:*"]))]
    table.add("shirley", IMPLICIT, shirley, action="iam:CreateUser", resource=f"arn:aws:iam::{OWNER}:user/new", identity=[policy(allow("iam:CreateUser"))], boundary=fence)
    table.add("shirley", IMPLICIT, "A boundary grants nothing by itself.", action="s3:GetObject", resource="arn:aws:s3:::b/x", identity=[policy(allow("iam:CreateUser"))], boundary=fence)
    table.add("shirley", ALLOWED, "What the boundary and a policy both allow is allowed.", action="s3:GetObject", resource="arn:aws:s3:::b/x", identity=[policy(allow("s3:*"))], boundary=fence)
    carlos = "The documented user Carlos: an explicit deny of buckets with log in the name overrides what either policy allows."
    own = policy(allow("s3:*", ["arn:aws:s3:::carlossalazar/*", "arn:aws:s3:::carlossalazar"]), deny("s3:*", "arn:aws:s3:::*log*"))
    who = f"arn:aws:iam::{OWNER}:user/carlossalazar"
    bucket = policy(allow("s3:*", ["arn:aws:s3:::carlossalazar/*", "arn:aws:s3:::carlossalazar"], Principal={"AWS": who}))
    table.add("carlos", EXPLICIT, carlos, principal=who, action="s3:PutObject", resource="arn:aws:s3:::carlossalazar-logs/x", identity=[own])
    table.add("carlos", ALLOWED, UNION, principal=who, action="s3:PutObject", resource="arn:aws:s3:::carlossalazar/x", identity=[own], resource_policy=bucket)
    table.add("carlos", ALLOWED, UNION, principal=who, action="s3:PutObject", resource="arn:aws:s3:::carlossalazar/x", identity=[own])
    table.add("carlos", ALLOWED, UNION, principal=who, action="s3:PutObject", resource="arn:aws:s3:::carlossalazar/x", resource_policy=bucket)
    table.add("carlos", EXPLICIT, carlos, principal=who, action="s3:PutObject", resource="arn:aws:s3:::carlossalazar/log.txt", identity=[own], resource_policy=bucket)
    reports = policy(allow(["iam:Get*", "iam:List*"]), deny("iam:*Report"))
    for action, expected in [("iam:GetUser", ALLOWED), ("iam:ListRoles", ALLOWED), ("iam:CreatePolicy", IMPLICIT), ("iam:GetOrganizationsAccessReport", EXPLICIT), ("iam:GenerateCredentialReport", EXPLICIT)]:
        table.add("reports", expected, "The documented policy with AllowGetList and DenyReports: allowed, implicitly and explicitly denied actions.", action=action, resource="*", identity=[reports])
        table.add("reports", ALLOWED if expected == IMPLICIT else expected, "The documented reports policy beside another that allows everything: only its denials remain.", action=action, resource="*", identity=[reports, EVERYTHING])
    service = "A service principal has no identity-based policies: the resource-based policy must grant."
    table.add("service", IMPLICIT, service, principal="lambda.amazonaws.com")
    table.add("service", IMPLICIT, service, principal="lambda.amazonaws.com", resource_policy=to({"AWS": ALICE}))
    table.add("service", ALLOWED, service, principal="lambda.amazonaws.com", resource_policy=to({"Service": "lambda.amazonaws.com"}))
    table.add("service", EXPLICIT, DENIED, principal="lambda.amazonaws.com", resource_policy=policy(allow(Principal={"Service": "lambda.amazonaws.com"}), deny(Principal={"Service": "lambda.amazonaws.com"})))


def tables():
    others = Table("combinations")
    for part in (federated, roots, several):
        part(others)
    return [same_account(), cross_account(), others]
