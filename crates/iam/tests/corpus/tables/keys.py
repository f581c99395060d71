"""KMS keys and roles, whose own policy must allow. Source: "How AWS enforcement code logic evaluates requests" (trust policies and
key policies "must explicitly allow access for principals"), KMS developer guide "Key policies", "AWS JSON policy elements: Principal"."""
from .form import *

KEY = f"arn:aws:kms:us-east-1:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TARGET = f"arn:aws:iam::{OWNER}:role/target"
ASSUME, BY_WEB, BY_SAML = "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"

ALONE = "Without permission from the key policy, IAM policies that allow permissions have no effect."
ENABLED = "A key policy that names the account enables IAM policies to allow access."
ENABLED_ONLY = "A key policy that names the account grants no user or role anything by itself."
NAMED = "A key policy that names the caller allows access without an IAM policy."
ROOT_TOO = "No principal, the root user included, has permissions to a key unless they are allowed explicitly."
BOTH = "Across accounts the key policy and the caller's own policies must both allow."
NEVER = "Permissions to a key must be allowed explicitly and never denied."


def to(principal, action="kms:*"):
    return policy(allow(action, Principal=principal))


def keys():
    table = Table("keys")

    def case(section, expected, rule, caller, key_policy, identity=(), sure=DOCUMENTED, **rest):
        table.add(section, expected, rule, sure, principal=caller, action="kms:Decrypt", resource=KEY, resource_policy=key_policy, identity=identity, **rest)

    for caller, itself in ((ALICE, ALICE), (SESSION, SESSION), (SESSION_TWO, ROLE)):
        case("alone", IMPLICIT, ALONE, caller, None, [EVERYTHING])
        case("alone", IMPLICIT, ALONE, caller, to({"AWS": BOB}), [EVERYTHING])
        case("alone", IMPLICIT, ALONE, caller, to({"AWS": OTHER}), [EVERYTHING])
        case("alone", IMPLICIT, ALONE, caller, to({"AWS": OWNER}, "kms:Encrypt"), [EVERYTHING])
        case("enabled", ALLOWED, ENABLED, caller, to({"AWS": ROOT}), [EVERYTHING])
        case("enabled", ALLOWED, ENABLED, caller, to({"AWS": OWNER}), [policy(allow("kms:Decrypt", KEY))])
        case("enabled", IMPLICIT, ENABLED_ONLY, caller, to({"AWS": ROOT}))
        case("enabled", IMPLICIT, ENABLED_ONLY, caller, to({"AWS": ROOT}), [NOTHING])
        case("enabled", IMPLICIT, ENABLED_ONLY, caller, to({"AWS": ROOT}), [policy(allow("kms:Encrypt"))])
        case("named", ALLOWED, NAMED, caller, to({"AWS": itself}))
        case("named", ALLOWED, NAMED, caller, to({"AWS": [BOB, itself]}, "kms:Decrypt"))
        case("named", IMPLICIT, NAMED, caller, to({"AWS": itself}, "kms:Encrypt"))
        case("denied", EXPLICIT, NEVER, caller, to({"AWS": itself}), [policy(deny("kms:*"))])
        case("denied", EXPLICIT, NEVER, caller, policy(allow("kms:*", Principal={"AWS": ROOT}), deny("kms:Decrypt", Principal={"AWS": itself})), [EVERYTHING])
        case("denied", EXPLICIT, "An IAM policy can deny permissions to a key without permission from the key policy.", caller, None, [policy(deny("kms:*"))])
    case("boundary", IMPLICIT, "What IAM policies grant by way of the account stays within the permissions boundary.", ALICE, to({"AWS": ROOT}), [EVERYTHING], boundary=[NOTHING])
    case("boundary", ALLOWED, "What IAM policies grant by way of the account stays within the permissions boundary.", ALICE, to({"AWS": ROOT}), [EVERYTHING], boundary=[EVERYTHING])
    case("session", IMPLICIT, "What IAM policies grant by way of the account stays within the session policy.", SESSION, to({"AWS": ROOT}), [EVERYTHING], session=NOTHING)
    case("session", IMPLICIT, "A grant to a role's ARN is limited by a session policy.", SESSION, to({"AWS": ROLE}), session=NOTHING)
    for key_policy, expected in ((None, IMPLICIT), (to({"AWS": ALICE}), IMPLICIT), (to({"AWS": ROOT}), ALLOWED), (to({"AWS": OWNER}), ALLOWED), (to({"AWS": OTHER}), IMPLICIT)):
        case("root", expected, ROOT_TOO, ROOT, key_policy)
    for key_policy, identity, expected in ((to({"AWS": OTHER}), EVERYTHING, ALLOWED), (to({"AWS": STRANGER}), EVERYTHING, ALLOWED), (to({"AWS": OTHER}), NOTHING, IMPLICIT), (to({"AWS": ROOT}), EVERYTHING, IMPLICIT), (None, EVERYTHING, IMPLICIT)):
        case("across", expected, BOTH, STRANGER, key_policy, [identity])
    via = policy(allow(["kms:Encrypt", "kms:Decrypt"], Principal={"AWS": "*"}, Condition={"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com", "kms:CallerAccount": OWNER}}))
    managed = "The key policy of aws/secretsmanager lets every caller of the account use the key through Secrets Manager only."
    for service, account, expected in (("secretsmanager.us-east-1.amazonaws.com", OWNER, ALLOWED), ("s3.us-east-1.amazonaws.com", OWNER, IMPLICIT), ("secretsmanager.us-east-1.amazonaws.com", OTHER, IMPLICIT), (None, OWNER, IMPLICIT)):
        case("managed", expected, managed, ALICE, via, context={"kms:CallerAccount": account, **({"kms:ViaService": service} if service else {})})
    for resource, action, expected in ((f"arn:aws:kms:us-east-1:{OWNER}:alias/x", "kms:CreateAlias", ALLOWED), ("*", "kms:CreateKey", ALLOWED), ("*", "kms:ListKeys", ALLOWED)):
        table.add("no-key", expected, "Requests that concern no key have no key policy.", action=action, resource=resource, identity=[EVERYTHING])
    return table


def trusting(principal, action=ASSUME, effect="Allow", **rest):
    return {"Effect": effect, "Principal": principal, "Action": action, **rest}


def roles():
    table = Table("trust")

    def case(section, expected, rule, caller, trust, identity=(), sure=DOCUMENTED, action=ASSUME, **rest):
        built = policy(*trust) if trust else None
        table.add(section, expected, rule, sure, principal=caller, action=action, resource=TARGET, resource_policy=built, identity=identity, **rest)

    must = "A role's trust policy must allow the caller explicitly."
    delegated = "A trust policy that names the account needs the caller's own policy to allow sts:AssumeRole too."
    for caller in (ALICE, SESSION):
        case("must", IMPLICIT, must, caller, None, [EVERYTHING])
        case("must", IMPLICIT, must, caller, [trusting({"AWS": BOB})], [EVERYTHING])
        case("must", IMPLICIT, must, caller, [trusting({"AWS": OTHER})], [EVERYTHING])
        case("must", IMPLICIT, must, caller, [trusting({"Service": "lambda.amazonaws.com"})], [EVERYTHING])
        case("must", IMPLICIT, must, caller, [trusting({"AWS": OWNER}, "sts:TagSession")], [EVERYTHING])
        case("account", ALLOWED, delegated, caller, [trusting({"AWS": ROOT})], [policy(allow(ASSUME, TARGET))])
        case("account", IMPLICIT, delegated, caller, [trusting({"AWS": ROOT})])
        case("account", IMPLICIT, delegated, caller, [trusting({"AWS": OWNER})], [policy(allow(ASSUME, f"arn:aws:iam::{OWNER}:role/other"))])
        case("named", ALLOWED, "A trust policy of the same account that names the caller suffices.", caller, [trusting({"AWS": caller})], sure=INFERRED)
        case("denied", EXPLICIT, "An explicit deny overrides every allow.", caller, [trusting({"AWS": caller})], [policy(deny(ASSUME))])
        case("denied", EXPLICIT, "An explicit deny overrides every allow.", caller, [trusting({"AWS": ROOT}), trusting({"AWS": caller}, effect="Deny")], [EVERYTHING])
    case("role", ALLOWED, "A trust policy that names a role lets its sessions in (role chaining).", SESSION, [trusting({"AWS": ROLE})], sure=INFERRED)
    case("role", IMPLICIT, "A trust policy that names one session lets no other in.", SESSION_TWO, [trusting({"AWS": SESSION})], [EVERYTHING])
    across = "Across accounts the trust policy and the caller's own policy must both allow."
    for trust, identity, expected in ((trusting({"AWS": OTHER}), EVERYTHING, ALLOWED), (trusting({"AWS": STRANGER}), EVERYTHING, ALLOWED), (trusting({"AWS": OTHER}), NOTHING, IMPLICIT), (trusting({"AWS": OWNER}), EVERYTHING, IMPLICIT), (trusting({"AWS": OTHER_ROLE}), EVERYTHING, IMPLICIT)):
        case("across", expected, across, STRANGER, [trust], [identity])
    external = {"Condition": {"StringEquals": {"sts:ExternalId": "12345"}}}
    for given, expected in (("12345", ALLOWED), ("54321", IMPLICIT), (None, IMPLICIT)):
        case("external", expected, "With a condition on sts:ExternalId the role is assumed with the agreed id only.", STRANGER, [trusting({"AWS": OTHER}, **external)], [EVERYTHING], context={"sts:ExternalId": given} if given else {})
    service = "A trust policy that names a service lets that service assume the role."
    case("service", ALLOWED, service, "lambda.amazonaws.com", [trusting({"Service": ["ecs.amazonaws.com", "lambda.amazonaws.com"]})])
    case("service", IMPLICIT, service, "lambda.amazonaws.com", [trusting({"Service": "ecs.amazonaws.com"})])
    case("service", IMPLICIT, service, "lambda.amazonaws.com", [trusting({"AWS": ROOT})])
    oidc, saml = f"arn:aws:iam::{OWNER}:oidc-provider/token.actions.githubusercontent.com", f"arn:aws:iam::{OWNER}:saml-provider/Okta"
    web = "A federated principal names the provider whose users may assume the role."
    for caller, action, named, expected in (("accounts.google.com", BY_WEB, "accounts.google.com", ALLOWED), ("accounts.google.com", BY_WEB, "www.amazon.com", IMPLICIT), ("accounts.google.com", BY_WEB, ["www.amazon.com", "accounts.google.com"], ALLOWED),
                                            (oidc, BY_WEB, oidc, ALLOWED), (oidc, BY_WEB, saml, IMPLICIT), (oidc, BY_WEB, oidc.replace(OWNER, OTHER), IMPLICIT), (saml, BY_SAML, saml, ALLOWED), (saml, BY_SAML, saml + "2", IMPLICIT)):
        case("federated", expected, web, caller, [trusting({"Federated": named}, action)], action=action)
    case("federated", IMPLICIT, "The trust policy must allow the operation that is called.", oidc, [trusting({"Federated": oidc}, BY_SAML)], action=BY_WEB)
    bound = {"Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}, "StringLike": {"token.actions.githubusercontent.com:sub": "repo:octo/*:ref:refs/heads/main"}}}
    for audience, subject, expected in (("sts.amazonaws.com", "repo:octo/app:ref:refs/heads/main", ALLOWED), ("sts.amazonaws.com", "repo:octo/app:ref:refs/heads/dev", IMPLICIT), ("sts.amazonaws.com", "repo:evil/app:ref:refs/heads/main", IMPLICIT), ("other", "repo:octo/app:ref:refs/heads/main", IMPLICIT)):
        context = {"token.actions.githubusercontent.com:aud": audience, "token.actions.githubusercontent.com:sub": subject}
        case("claims", expected, "Claims of the provider's token are condition keys of the provider's name.", oidc, [trusting({"Federated": oidc}, BY_WEB, **bound)], action=BY_WEB, context=context)
    for trust, rule in (([trusting({"AWS": ALICE}, Resource="*")], "A trust policy must not hold Resource: the role is the resource."), ([trusting({"AWS": ALICE}, NotResource="*")], "A trust policy must not hold NotResource: the role is the resource."),
                        ([trusting(None)], "A trust policy must name its principals."), ([{"Effect": "Deny", "NotPrincipal": {"AWS": [ALICE, ROOT]}, "Action": ASSUME}], "NotPrincipal cannot be used in a trust policy.")):
        broken = [{name: value for name, value in one.items() if value is not None} for one in trust]
        case("malformed", MALFORMED, rule, ALICE, broken, [EVERYTHING])
    table.add("other", ALLOWED, "Operations of IAM on a role do not ask its trust policy.", action="iam:GetRole", resource=TARGET, identity=[EVERYTHING])
    table.add("other", ALLOWED, "Operations of IAM on a role do not ask its trust policy.", action="iam:PassRole", resource=TARGET, identity=[EVERYTHING])
    return table


def tables():
    return [keys(), roles()]
