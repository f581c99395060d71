"""Principal and NotPrincipal. Source: "AWS JSON policy elements: Principal", "NotPrincipal", "How AWS enforcement code
logic evaluates requests"."""
from .form import *

SAML = f"arn:aws:iam::{OWNER}:saml-provider/Okta"
OIDC = f"arn:aws:iam::{OWNER}:oidc-provider/token.actions.githubusercontent.com"
LAMBDA, EVENTS = "lambda.amazonaws.com", "events.amazonaws.com"
PATHED = f"arn:aws:iam::{OWNER}:role/service/web"
PATHED_SESSION = f"arn:aws:sts::{OWNER}:assumed-role/web/i-1"
PATHED_CONTEXT = {"aws:PrincipalArn": PATHED}
USER_ID, ROLE_ID = "AIDAJQABLZS4A3QDU576Q", "AROADBQP57FF2AEXAMPLE"

DIRECT = "A resource-based policy that names the caller grants it access, without an identity-based policy."
ROLE_ARN = "A grant to a role's ARN reaches the sessions of the role."
SESSION_ARN = "A session ARN names exactly one session."
ACCOUNT = "An account principal delegates authority to the account, whose own policies must then grant: alone it grants a user or role nothing."
EVERYONE = "The wildcard principal names everyone; within the account no other permission is required."
OTHERS = "A grant to another principal does not reach the caller."
EXACT = "User and role names in a Principal are case sensitive, and the ARN includes the path."
SERVICE = "A service principal matches the service of that name alone."
ANONYMOUS = "An anonymous request is granted by the wildcard principal alone."
ROOT_OWN = "The root user has full access within its account."
NAMES_ROOT = "The account's ARN in a Principal means the account, its root user included."
DENY_ACCOUNT = "A Deny that names an account denies the account and all entities in that account."
DENY_ALL = "A Deny with the wildcard principal denies everyone."
DENY_NAMED = "An explicit deny in the resource-based policy overrides every allow."
DENY_OTHER = "A Deny of another principal does not reach the caller."


def aws(*names):
    return {"AWS": names[0] if len(names) == 1 else list(names)}


# caller, Principal element, a grant reaches the caller by itself, rule, sure, context
GRANTS = [
    (ALICE, aws(ALICE), True, DIRECT),
    (ALICE, aws(BOB), False, OTHERS),
    (ALICE, aws(BOB, ALICE), True, DIRECT),
    (ALICE, aws(BOB, CAROL), False, OTHERS),
    (ALICE, aws(OWNER), False, ACCOUNT),
    (ALICE, aws(ROOT), False, ACCOUNT),
    (ALICE, aws(OTHER), False, OTHERS),
    (ALICE, aws(OWNER, OTHER), False, ACCOUNT),
    (ALICE, aws(OWNER, ALICE), True, DIRECT),
    (ALICE, "*", True, EVERYONE),
    (ALICE, aws("*"), True, EVERYONE),
    (ALICE, aws(BOB, "*"), True, EVERYONE),
    (ALICE, aws(f"arn:aws:iam::{OWNER}:user/Alice"), False, EXACT),
    (ALICE, aws(f"arn:aws:iam::{OWNER}:user/eng/alice"), False, EXACT),
    (ALICE, aws(f"arn:aws:iam::{OWNER}:user/alice2"), False, OTHERS),
    (ALICE, aws(f"arn:aws:iam::{OTHER}:user/alice"), False, OTHERS),
    (ALICE, aws(f"arn:aws:iam::{OWNER}:role/alice"), False, OTHERS),
    (ALICE, aws(f"arn:aws:sts::{OWNER}:federated-user/alice"), False, OTHERS),
    (ALICE, {"Service": LAMBDA}, False, OTHERS),
    (ALICE, {"Service": LAMBDA, "AWS": ALICE}, True, DIRECT),
    (ALICE, {"Service": LAMBDA, "AWS": [BOB]}, False, OTHERS),
    (ALICE, {"Federated": SAML}, False, OTHERS),
    (ALICE, {"Federated": "accounts.google.com"}, False, OTHERS),
    (CAROL, aws(CAROL), True, DIRECT),
    (CAROL, aws(f"arn:aws:iam::{OWNER}:user/carol"), False, EXACT),
    (CAROL, aws(f"arn:aws:iam::{OWNER}:user/ENG/carol"), False, EXACT),
    (SESSION, aws(ROLE), True, ROLE_ARN),
    (SESSION_TWO, aws(ROLE), True, ROLE_ARN),
    (SESSION, aws(SESSION), True, SESSION_ARN),
    (SESSION_TWO, aws(SESSION), False, SESSION_ARN),
    (SESSION, aws(SESSION_TWO, SESSION), True, SESSION_ARN),
    (SESSION, aws(OWNER), False, ACCOUNT),
    (SESSION, aws(ROOT), False, ACCOUNT),
    (SESSION, "*", True, EVERYONE),
    (SESSION, aws("*"), True, EVERYONE),
    (SESSION, aws(ALICE), False, OTHERS),
    (SESSION, aws(f"arn:aws:iam::{OWNER}:role/App"), False, EXACT),
    (SESSION, aws(f"arn:aws:iam::{OWNER}:role/ap"), False, OTHERS),
    (SESSION, aws(f"arn:aws:iam::{OWNER}:role/app2"), False, OTHERS),
    (SESSION, aws(f"arn:aws:iam::{OWNER}:user/app"), False, OTHERS),
    (SESSION, aws(f"arn:aws:iam::{OWNER}:user/i-1"), False, OTHERS),
    (SESSION, aws(OTHER_ROLE), False, OTHERS),
    (SESSION, aws(OTHER_SESSION), False, OTHERS),
    (SESSION, aws(f"arn:aws:sts::{OWNER}:assumed-role/app/I-1"), False, EXACT),
    (SESSION, aws(f"arn:aws:sts::{OWNER}:assumed-role/other/i-1"), False, OTHERS),
    (SESSION, {"Service": "ec2.amazonaws.com"}, False, OTHERS),
    (SESSION, {"Federated": SAML}, False, OTHERS),
    (FEDERATED, aws(FEDERATED), True, "A grant to a federated user's ARN grants directly to the session, whatever its session policy."),
    (FEDERATED, aws(f"arn:aws:sts::{OWNER}:federated-user/fred"), False, OTHERS),
    (FEDERATED, aws(ALICE), False, OTHERS),
    (FEDERATED, aws(OWNER), False, ACCOUNT),
    (LAMBDA, {"Service": LAMBDA}, True, SERVICE),
    (LAMBDA, {"Service": [EVENTS, LAMBDA]}, True, SERVICE),
    (LAMBDA, {"Service": EVENTS}, False, SERVICE),
    (LAMBDA, {"Service": "lambda.us-east-1.amazonaws.com"}, False, SERVICE),
    (LAMBDA, aws(OWNER), False, "An account principal does not stand for services."),
    (LAMBDA, aws(ROLE), False, OTHERS),
    (LAMBDA, {"Service": LAMBDA, "AWS": ALICE}, True, SERVICE),
    ("*", "*", True, ANONYMOUS),
    ("*", aws("*"), True, ANONYMOUS),
    ("*", aws(OWNER), False, ANONYMOUS),
    ("*", aws(ALICE), False, ANONYMOUS),
    ("*", {"Service": LAMBDA}, False, ANONYMOUS),
    ("*", {"Federated": "accounts.google.com"}, False, ANONYMOUS),
]

INFERENCES = [
    (PATHED_SESSION, aws(PATHED), True, "A role's ARN includes its path, though its sessions' ARNs do not.", PATHED_CONTEXT),
    (PATHED_SESSION, aws(f"arn:aws:iam::{OWNER}:role/web"), False, "A role's ARN includes its path: without it another role is meant.", PATHED_CONTEXT),
    (PATHED_SESSION, aws(f"arn:aws:iam::{OWNER}:role/web"), True, "A role without a path has the ARN that its sessions' ARNs suggest.", None),
    (PATHED_SESSION, aws(PATHED), False, "A role under a path is not the role of that name without one.", None),
    (PATHED_SESSION, aws(PATHED_SESSION), True, "A session's ARN holds the role's name without its path.", PATHED_CONTEXT),
    (LAMBDA, "*", True, "The wildcard principal names everyone, services too.", None),
    (ALICE, aws(USER_ID), True, "A user's unique id in a Principal names the user that has it.", {"aws:userid": USER_ID}),
    (ALICE, aws(USER_ID), False, "A unique id outlives its user and names no other user of the same name.", {"aws:userid": "AIDAZZZZZZZZZZZZZZZZZ"}),
    (SESSION, aws(ROLE_ID), True, "A role's unique id in a Principal names the sessions of that role.", {"aws:userid": ROLE_ID + ":i-1"}),
    (SESSION, aws(ROLE_ID), False, "A unique id outlives its role and names no other role of the same name.", {"aws:userid": "AROAZZZZZZZZZZZZZZZZZ:i-1"}),
    (SESSION, aws(USER_ID), False, "A user's unique id names no session.", {"aws:userid": ROLE_ID + ":i-1"}),
]

# caller, Principal element, a denial reaches the caller, rule
DENIALS = [
    (ALICE, aws(ALICE), True, DENY_NAMED),
    (ALICE, aws(BOB), False, DENY_OTHER),
    (ALICE, aws(BOB, ALICE), True, DENY_NAMED),
    (ALICE, aws(OWNER), True, DENY_ACCOUNT),
    (ALICE, aws(ROOT), True, DENY_ACCOUNT),
    (ALICE, aws(OTHER), False, DENY_OTHER),
    (ALICE, "*", True, DENY_ALL),
    (ALICE, aws("*"), True, DENY_ALL),
    (ALICE, {"Service": LAMBDA}, False, DENY_OTHER),
    (ALICE, aws(f"arn:aws:iam::{OWNER}:user/ALICE"), False, EXACT),
    (CAROL, aws(OWNER), True, DENY_ACCOUNT),
    (CAROL, aws(f"arn:aws:iam::{OWNER}:user/carol"), False, EXACT),
    (SESSION, aws(ROLE), True, "A Deny of a role's ARN reaches the sessions of the role."),
    (SESSION, aws(SESSION), True, SESSION_ARN),
    (SESSION_TWO, aws(SESSION), False, SESSION_ARN),
    (SESSION, aws(OWNER), True, DENY_ACCOUNT),
    (SESSION, aws(ROOT), True, DENY_ACCOUNT),
    (SESSION, aws(OTHER_ROLE), False, DENY_OTHER),
    (SESSION, aws(ALICE), False, DENY_OTHER),
    (SESSION, "*", True, DENY_ALL),
    (SESSION, aws("*"), True, DENY_ALL),
    (ROOT, "*", True, "A Deny in a resource-based policy binds the root user too."),
    (ROOT, aws(ROOT), True, "A Deny that names the account's root binds the root user too."),
    (ROOT, aws(OWNER), True, "A Deny that names the account binds its root user too."),
    (ROOT, aws(ALICE), False, DENY_OTHER),
    (ROOT, aws(OTHER), False, DENY_OTHER),
    (ROOT, {"Service": LAMBDA}, False, DENY_OTHER),
]


def granted(table):
    for caller, named, reaches, rule in GRANTS:
        table.add("grant", ALLOWED if reaches else IMPLICIT, rule, principal=caller,
                  resource_policy=policy(allow(Principal=named)))
    for caller, named, reaches, rule, context in INFERENCES:
        table.add("inferred", ALLOWED if reaches else IMPLICIT, rule, INFERRED, principal=caller, context=context,
                  resource_policy=policy(allow(Principal=named)))
    # The owner's root needs no grant; another account's root is the account.
    for named in (aws(ALICE), aws(OTHER), {"Service": LAMBDA}, "*"):
        table.add("root", ALLOWED, ROOT_OWN, principal=ROOT, resource_policy=policy(allow(Principal=named)))
    table.add("root", ALLOWED, ROOT_OWN, principal=ROOT)
    table.add("root", ALLOWED, ROOT_OWN, principal=ROOT, action="secretsmanager:DeleteSecret", resource_policy=policy(allow(Principal=aws(ALICE))))
    # Across accounts the resource's side must name the caller, and the caller's side must allow.
    for named, reaches, rule in [
        (aws(OTHER), True, NAMES_ROOT), (aws(OTHER_ROOT), True, NAMES_ROOT), ("*", True, EVERYONE), (aws("*"), True, EVERYONE),
        (aws(STRANGER), False, "A grant to one user of an account is no grant to its root user."),
        (aws(OWNER), False, OTHERS), (aws(OTHER_ROLE), False, OTHERS), (aws(THIRD), False, OTHERS),
    ]:
        table.add("other-root", ALLOWED if reaches else IMPLICIT, rule, principal=OTHER_ROOT, resource_policy=policy(allow(Principal=named)))
    across = "Across accounts both sides must allow; the resource's side does so by naming the caller, its role, its account or everyone."
    for caller, rows in {
        STRANGER: [(aws(STRANGER), True), (aws(OTHER), True), (aws(OTHER_ROOT), True), ("*", True), (aws("*"), True),
                   (aws(OTHER, THIRD), True), (aws(ALICE), False), (aws(OWNER), False), (aws(ROOT), False), (aws(THIRD), False),
                   (aws(f"arn:aws:iam::{OWNER}:user/stranger"), False), (aws(OTHER_ROLE), False), ({"Service": LAMBDA}, False)],
        OTHER_SESSION: [(aws(OTHER_SESSION), True), (aws(OTHER_ROLE), True), (aws(OTHER), True), (aws(OTHER_ROOT), True),
                        ("*", True), (aws("*"), True), (aws(ROLE), False), (aws(SESSION), False), (aws(OWNER), False),
                        (aws(f"arn:aws:sts::{OTHER}:assumed-role/app/i-2"), False), (aws(STRANGER), False)],
    }.items():
        for named, reaches in rows:
            table.add("across", ALLOWED if reaches else IMPLICIT, across, principal=caller, identity=[EVERYTHING],
                      resource_policy=policy(allow(Principal=named)))
            half = "Across accounts a grant on the resource's side alone is not enough."
            table.add("across-half", IMPLICIT, half, principal=caller, identity=[NOTHING],
                      resource_policy=policy(allow(Principal=named)))
    table.add("across", IMPLICIT, "Across accounts an identity-based policy alone is not enough.", principal=STRANGER, identity=[EVERYTHING])
    table.add("across", IMPLICIT, "Across accounts an identity-based policy alone is not enough.", principal=OTHER_SESSION, identity=[EVERYTHING])
    table.add("across", IMPLICIT, "Another account's root user needs a grant of the resource's owner.", principal=OTHER_ROOT)


def denied(table):
    for caller, named, reaches, rule in DENIALS:
        table.add("deny", EXPLICIT if reaches else ALLOWED, rule, principal=caller, identity=[EVERYTHING],
                  resource_policy=policy(deny(Principal=named)))
    for caller, named, reaches in [
        (STRANGER, aws(STRANGER), True), (STRANGER, aws(OTHER), True), (STRANGER, "*", True), (STRANGER, aws(OWNER), False),
        (STRANGER, aws(OTHER_ROLE), False), (OTHER_SESSION, aws(OTHER_ROLE), True), (OTHER_SESSION, aws(OTHER_SESSION), True),
        (OTHER_SESSION, aws(OTHER), True), (OTHER_SESSION, aws(STRANGER), False), (OTHER_ROOT, aws(OTHER), True),
        (OTHER_ROOT, "*", True), (OTHER_ROOT, aws(STRANGER), False), (OTHER_ROOT, aws(OWNER), False),
    ]:
        built = policy(allow(Principal=aws(OTHER, STRANGER, OTHER_ROLE)), deny(Principal=named))
        table.add("deny-across", EXPLICIT if reaches else ALLOWED, DENY_NAMED if reaches else DENY_OTHER, principal=caller,
                  identity=[EVERYTHING], resource_policy=built)
    for caller, named, reaches in [(LAMBDA, {"Service": LAMBDA}, True), (LAMBDA, {"Service": EVENTS}, False),
                                   (LAMBDA, aws(OWNER), False), (LAMBDA, aws(ALICE), False)]:
        built = policy(allow(Principal={"Service": LAMBDA}), deny(Principal=named))
        table.add("deny-service", EXPLICIT if reaches else ALLOWED, DENY_NAMED if reaches else DENY_OTHER, principal=caller,
                  resource_policy=built)


ALL_BUT = "Deny with NotPrincipal denies all principals except the ones named with their account."
BOUND = "NotPrincipal with Deny always denies a principal that has a permissions boundary, whatever it names."
CHAIN = "For an exception the list must hold the session, its role and their account."
NO_ACCOUNT = "Without the account's ARN in NotPrincipal the policy may deny the whole account; the safe reading denies."


def excepted(table):
    def case(section, caller, names, denied, rule, sure=DOCUMENTED, **rest):
        built = policy(deny(NotPrincipal=names))
        table.add(section, EXPLICIT if denied else ALLOWED, rule, sure, principal=caller, identity=[EVERYTHING],
                  resource_policy=built, **rest)

    case("not", BOB, aws(BOB, ROOT), False, ALL_BUT)
    case("not", BOB, aws(ROOT, BOB), False, ALL_BUT)
    case("not", BOB, aws(BOB, OWNER), False, ALL_BUT)
    case("not", BOB, aws(ALICE, BOB, OWNER), False, ALL_BUT)
    case("not", ALICE, aws(BOB, ROOT), True, ALL_BUT)
    case("not", CAROL, aws(BOB, ALICE, ROOT), True, ALL_BUT)
    case("not", CAROL, aws(CAROL, ROOT), False, ALL_BUT)
    case("not", ALICE, aws(STRANGER, OTHER_ROOT), True, ALL_BUT)
    case("not", ALICE, aws(OTHER), True, ALL_BUT)
    case("not", SESSION, aws(BOB, ROOT), True, ALL_BUT)
    case("not", ALICE, {"Service": LAMBDA}, True, ALL_BUT)
    case("not", ALICE, {"Federated": SAML}, True, ALL_BUT)
    case("not", SESSION, aws(SESSION, ROLE, ROOT), False, CHAIN)
    case("not", SESSION, aws(OWNER, SESSION, ROLE), False, CHAIN)
    case("not", SESSION_TWO, aws(SESSION, ROLE, ROOT), True, "All principals except the one session named are denied, other sessions of its role too.")
    case("not", SESSION, aws(SESSION_TWO, SESSION, ROLE, ROOT), False, CHAIN)
    case("not", SESSION, aws(OTHER_SESSION, OTHER_ROLE, OTHER), True, ALL_BUT)
    case("not", ALICE, aws(SESSION, ROLE, ROOT), True, ALL_BUT)
    case("not", ROOT, aws(BOB, ROOT), False, "The account's ARN among the exceptions excepts its root user.")
    case("not", ROOT, aws(OTHER), True, "Deny with NotPrincipal binds a root user that is not excepted.")
    case("not-account", BOB, aws(BOB), True, NO_ACCOUNT, INFERRED)
    case("not-account", SESSION, aws(SESSION, ROLE), True, NO_ACCOUNT, INFERRED)
    case("not-account", SESSION, aws(SESSION, ROOT), True, "Without the role's ARN in NotPrincipal the policy may deny the role; the safe reading denies.", INFERRED)
    case("not-account", BOB, aws(ROOT), True, "The account among the exceptions does not except the other principals of the account.", INFERRED)
    case("not-account", SESSION, aws(ROOT), True, "The account among the exceptions does not except the other principals of the account.", INFERRED)
    for caller, names in ((BOB, aws(BOB, ROOT)), (SESSION, aws(SESSION, ROLE, ROOT)), (ALICE, aws(BOB, ROOT)), (BOB, {"Service": LAMBDA})):
        case("not-bound", caller, names, True, BOUND, boundary=[EVERYTHING])
    deny_statement = deny(PUT, NotPrincipal=aws(BOB, ROOT))
    table.add("not-bound", ALLOWED, "Deny with NotPrincipal of another action does not apply.", principal=ALICE, identity=[EVERYTHING],
              boundary=[EVERYTHING], resource_policy=policy(deny_statement))
    for caller, names, denied in [(STRANGER, aws(STRANGER, OTHER_ROOT), False), (STRANGER, aws(BOB, ROOT), True),
                                  (OTHER_SESSION, aws(OTHER_SESSION, OTHER_ROLE, OTHER), False), (OTHER_SESSION, aws(STRANGER, OTHER_ROOT), True),
                                  (OTHER_ROOT, aws(OTHER_ROOT), False), (OTHER_ROOT, aws(OWNER), True)]:
        built = policy(allow(Principal=aws(OTHER)), deny(NotPrincipal=names))
        table.add("not-across", EXPLICIT if denied else ALLOWED, ALL_BUT, principal=caller, identity=[EVERYTHING], resource_policy=built)
    for names, denied in [({"Service": LAMBDA}, False), ({"Service": [EVENTS, LAMBDA]}, False), ({"Service": EVENTS}, True), (aws(BOB, ROOT), True)]:
        built = policy(allow(Principal={"Service": LAMBDA}), deny(NotPrincipal=names))
        table.add("not-service", EXPLICIT if denied else ALLOWED, ALL_BUT, principal=LAMBDA, resource_policy=built)
    table.add("not", IMPLICIT, "An exception from a Deny is no grant.", principal=BOB, resource_policy=policy(deny(NotPrincipal=aws(BOB, ROOT))))
    # The documented alternative to NotPrincipal.
    instead = "The condition ArnNotEquals on aws:PrincipalArn spares the principals that it names from the Deny."
    for caller, named, denied in [(ALICE, ALICE, False), (BOB, ALICE, True), (SESSION, ROLE, False), (SESSION_TWO, ROLE, False),
                                  (SESSION, ALICE, True), (ROOT, ROOT, False), (ROOT, ALICE, True), (SESSION, SESSION, True),
                                  (ALICE, ROOT, True), (BOB, f"arn:aws:iam::{OWNER}:user/*", False)]:
        built = policy(deny(Principal="*", Condition={"ArnNotEquals": {"aws:PrincipalArn": named}}))
        table.add("instead", EXPLICIT if denied else ALLOWED, instead, principal=caller, identity=[EVERYTHING], resource_policy=built)


def tables():
    table = Table("principals")
    granted(table)
    denied(table)
    excepted(table)
    return [table]
