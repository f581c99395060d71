"""Action and NotAction. Source: IAM user guide, "IAM JSON policy elements: Action", "NotAction"."""
from .form import *

SAME = "An action names a service prefix and an action, and matches the request that carries both."
CASE = "The prefix and the action name are case insensitive."
STAR = "A * in an action name stands for any run of characters, none included."
MARK = "A ? in an action name stands for exactly one character."
OTHER_NAME = "An action that names another operation does not cover this one."
SERVICE = "An action of another service does not cover this one."
BARE = "The action * covers every action of every service."
LIST = "A list of actions matches if any of its actions does."
PARTIAL = "Without a wildcard an action name must match whole; a prefix or a part is not enough."

# pattern or list, requested action, matches, rule
ROWS = [
    ("secretsmanager:GetSecretValue", GET, True, SAME),
    ("secretsmanager:DescribeSecret", DESCRIBE, True, SAME),
    ("kms:Decrypt", "kms:Decrypt", True, SAME),
    ("iam:PassRole", "iam:PassRole", True, SAME),
    ("secretsmanager:getsecretvalue", GET, True, CASE),
    ("secretsmanager:GETSECRETVALUE", GET, True, CASE),
    ("SECRETSMANAGER:GetSecretValue", GET, True, CASE),
    ("SecretsManager:getSecretValue", GET, True, CASE),
    ("secretsmanager:GetSecretValue", "secretsmanager:getsecretvalue", True, CASE),
    ("secretsmanager:GetSecretValue", "SecretsManager:GetSecretValue", True, CASE),
    ("secretsmanager:gET*", GET, True, CASE),
    ("secretsmanager:*SECRETVALUE", GET, True, CASE),
    ("*", GET, True, BARE),
    ("*", "kms:Decrypt", True, BARE),
    ("*", "iam:CreateUser", True, BARE),
    ("secretsmanager:*", GET, True, STAR),
    ("secretsmanager:*", "secretsmanager:ListSecrets", True, STAR),
    ("secretsmanager:Get*", GET, True, STAR),
    ("secretsmanager:Get*", "secretsmanager:GetResourcePolicy", True, STAR),
    ("secretsmanager:Get*", "secretsmanager:GetRandomPassword", True, STAR),
    ("secretsmanager:Get*", DESCRIBE, False, STAR),
    ("secretsmanager:Get*", "secretsmanager:BatchGetSecretValue", False, STAR),
    ("secretsmanager:*Get*", "secretsmanager:BatchGetSecretValue", True, STAR),
    ("secretsmanager:*GetSecretValue", GET, True, STAR),
    ("secretsmanager:GetSecretValue*", GET, True, STAR),
    ("secretsmanager:*GetSecretValue*", GET, True, STAR),
    ("secretsmanager:**", GET, True, STAR),
    ("secretsmanager:*Value", GET, True, STAR),
    ("secretsmanager:*Value", PUT, True, STAR),
    ("secretsmanager:*Value", DESCRIBE, False, STAR),
    ("secretsmanager:*Secret", DESCRIBE, True, STAR),
    ("secretsmanager:*Secret", GET, False, STAR),
    ("secretsmanager:*Secret*", GET, True, STAR),
    ("secretsmanager:*Secret*", "secretsmanager:TagResource", False, STAR),
    ("secretsmanager:G*S*V*", GET, True, STAR),
    ("secretsmanager:G*V*S*", GET, False, STAR),
    ("secretsmanager:*t*t*", GET, True, STAR),
    ("secretsmanager:*t*t*t*", GET, False, STAR),
    ("secretsmanager:Get*Value", GET, True, STAR),
    ("secretsmanager:GetSecret*SecretValue", GET, False, STAR),
    ("secretsmanager:Put*", GET, False, STAR),
    ("secretsmanager:List*", GET, False, STAR),
    ("secretsmanager:???SecretValue", GET, True, MARK),
    ("secretsmanager:???SecretValue", PUT, True, MARK),
    ("secretsmanager:???SecretValue", "secretsmanager:BatchGetSecretValue", False, MARK),
    ("secretsmanager:??SecretValue", GET, False, MARK),
    ("secretsmanager:????SecretValue", GET, False, MARK),
    ("secretsmanager:GetSecretValu?", GET, True, MARK),
    ("secretsmanager:GetSecretValue?", GET, False, MARK),
    ("secretsmanager:?etSecretValue", GET, True, MARK),
    ("secretsmanager:?GetSecretValue", GET, False, MARK),
    ("secretsmanager:?*", GET, True, MARK),
    ("secretsmanager:G?t*V?l?e", GET, True, MARK),
    ("kms:?????????", "kms:ReEncrypt", True, MARK),
    ("secretsmanager:GetSecretValue", DESCRIBE, False, OTHER_NAME),
    ("secretsmanager:PutSecretValue", GET, False, OTHER_NAME),
    ("secretsmanager:BatchGetSecretValue", GET, False, OTHER_NAME),
    ("secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue", False, OTHER_NAME),
    ("secretsmanager:GetSecretValues", GET, False, PARTIAL),
    ("secretsmanager:GetSecret", GET, False, PARTIAL),
    ("secretsmanager:Get", GET, False, PARTIAL),
    ("secretsmanager:SecretValue", GET, False, PARTIAL),
    ("kms:*", GET, False, SERVICE),
    ("kms:GetSecretValue", GET, False, SERVICE),
    ("secretsmanager:Decrypt", "kms:Decrypt", False, SERVICE),
    ("secretsmanager:*", "kms:Decrypt", False, SERVICE),
    ("secretsmanager2:*", GET, False, SERVICE),
    ("secrets:GetSecretValue", GET, False, SERVICE),
    ("iam:*", "sts:AssumeRole", False, SERVICE),
    (["secretsmanager:PutSecretValue", GET], GET, True, LIST),
    ([GET, DESCRIBE, "kms:Decrypt"], "kms:Decrypt", True, LIST),
    (["secretsmanager:Put*", "secretsmanager:Get*"], GET, True, LIST),
    (["kms:*", "secretsmanager:List*", "secretsmanager:Describe*"], DESCRIBE, True, LIST),
    (["kms:*", "secretsmanager:List*", "secretsmanager:Describe*"], GET, False, LIST),
    ([GET], GET, True, LIST),
    (["kms:*", "*"], GET, True, LIST),
]


def tables():
    table = Table("actions")
    for pattern, asked, matches, rule in ROWS:
        table.matched("allow", allow(pattern), matches, rule, action=asked)
    # A pattern that is hard to match by backtracking must still come out right.
    hard = "secretsmanager:" + "*e" * 12 + "*z"
    table.matched("allow", allow(hard), False, STAR, action="secretsmanager:" + "Ge" * 24)
    for pattern, asked, matches, rule in ROWS[3::3]:
        table.refused("deny", deny(pattern), matches, f"{rule[:-1]}, for a Deny as for an Allow.", action=asked)
    for pattern, asked, matches, rule in ROWS[0::2]:
        table.matched("not-allow", allow(None, NotAction=pattern), not matches,
                      f"NotAction covers everything but the actions it lists; {inner(rule)}", action=asked)
    for pattern, asked, matches, rule in ROWS[1::4]:
        table.refused("not-deny", deny(None, NotAction=pattern), not matches,
                      f"Deny with NotAction denies all but the listed actions; {inner(rule)}", action=asked)
    beyond = "Allow with NotAction grants the actions of every other service too, where the resource matches."
    for asked in ("iam:CreateUser", "kms:Decrypt", "s3:GetObject"):
        table.matched("not-allow", allow(None, NotAction="secretsmanager:*"), True, beyond, action=asked)
        table.matched("not-allow", allow(None, f"arn:aws:secretsmanager:*:{OWNER}:secret:*", NotAction=["secretsmanager:Put*"]),
                      True, beyond, action=asked)
    either = "Statements of a policy, and policies of a principal, are joined by a logical OR."
    table.add("several", ALLOWED, either, identity=[policy(allow(PUT), allow(GET))])
    table.add("several", ALLOWED, either, identity=[policy(allow(PUT)), policy(allow(GET))])
    table.add("several", ALLOWED, either, identity=[NOTHING, NOTHING, policy(allow(PUT), allow("secretsmanager:*"))])
    table.add("several", IMPLICIT, "With no statement that covers the action the request is denied by default.",
              identity=[policy(allow(PUT), allow(DESCRIBE)), NOTHING])
    table.add("several", IMPLICIT, "A principal without any policy is denied by default.")
    over = "An explicit deny in any applicable statement overrides every allow."
    table.add("several", EXPLICIT, over, identity=[policy(allow(GET), deny(GET))])
    table.add("several", EXPLICIT, over, identity=[policy(deny(GET), allow(GET))])
    table.add("several", EXPLICIT, over, identity=[policy(deny("secretsmanager:*"), allow(GET))])
    table.add("several", EXPLICIT, over, identity=[policy(deny(GET)), EVERYTHING])
    table.add("several", EXPLICIT, over, identity=[EVERYTHING, NOTHING, policy(deny("*"))])
    table.add("several", ALLOWED, "A Deny of another action does not touch this one.", identity=[policy(allow(GET), deny(PUT))])
    table.add("several", EXPLICIT, "A Deny denies explicitly even where nothing allows.", identity=[REFUSAL])
    table.add("several", IMPLICIT, "A Deny of another action is no Allow of this one.", identity=[policy(deny(PUT))])
    table.add("several", IMPLICIT, "Deny with NotAction does not allow the actions that it leaves out.",
              identity=[policy(deny(None, NotAction=GET))])
    table.add("several", EXPLICIT, "Deny with NotAction denies the actions that it does not list.",
              identity=[policy(deny(None, NotAction=PUT))])
    single = {"Version": "2012-10-17", "Statement": allow()}
    table.add("several", ALLOWED, "Where a list holds one statement the brackets are optional.", identity=[single])
    return [table]
