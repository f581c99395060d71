"""Secrets Manager's own condition keys and documented policies. Source: Service Authorization Reference "AWS Secrets Manager",
user guide "Permissions policy examples", "Resource-based policies", "Control access with ABAC"."""
from .form import *
from .tested import ABSENT, condition, context

P = "secretsmanager:"
BASE = f"arn:aws:secretsmanager:us-east-1:{OWNER}:secret:"
ROTATOR = f"arn:aws:lambda:us-east-1:{OWNER}:function:rotate"
KMS_KEY = f"arn:aws:kms:us-east-1:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ACTION = {"VersionStage": GET, "VersionId": GET, "SecretId": GET}

# key, type, action, operator, policy values, request, matches
ROWS = [
    ("SecretId", "ARN", GET, "ArnEquals", SECRET, SECRET, True),
    ("SecretId", "ARN", GET, "ArnLike", BASE + "prod/*", SECRET, True),
    ("SecretId", "ARN", GET, "ArnLike", BASE + "test/*", SECRET, False),
    ("SecretId", "ARN", GET, "StringEquals", SECRET, SECRET, True),
    ("SecretId", "ARN", GET, "StringLike", BASE + "prod/db-??????", SECRET, True),
    ("SecretId", "ARN", GET, "ArnNotLike", BASE + "prod/*", SECRET, False),
    ("SecretId", "ARN", GET, "ArnEquals", SECRET, ABSENT, False),
    ("Name", "string", "secretsmanager:CreateSecret", "StringEquals", "prod/db", "prod/db", True),
    ("Name", "string", "secretsmanager:CreateSecret", "StringLike", "prod/*", "prod/db", True),
    ("Name", "string", "secretsmanager:CreateSecret", "StringLike", "prod/*", "test/db", False),
    ("Name", "string", "secretsmanager:CreateSecret", "StringLike", ["prod/*", "test/*"], "test/db", True),
    ("Name", "string", "secretsmanager:CreateSecret", "StringNotLike", "prod/*", "test/db", True),
    ("Name", "string", "secretsmanager:CreateSecret", "StringLike", "${aws:username}/*", "alice/db", True),
    ("Name", "string", "secretsmanager:CreateSecret", "StringLike", "${aws:username}/*", "bob/db", False),
    ("Description", "string", "secretsmanager:CreateSecret", "StringEquals", "owned by red", "owned by red", True),
    ("Description", "string", "secretsmanager:UpdateSecret", "StringLike", "*red*", "owned by red team", True),
    ("Description", "string", "secretsmanager:UpdateSecret", "StringLike", "*red*", "owned by blue", False),
    ("Description", "string", "secretsmanager:UpdateSecret", "StringLike", "?*", ABSENT, False),
    ("KmsKeyId", "string", "secretsmanager:CreateSecret", "StringEquals", KMS_KEY, KMS_KEY, True),
    ("KmsKeyId", "string", "secretsmanager:CreateSecret", "StringEquals", "alias/prod", "alias/prod", True),
    ("KmsKeyId", "string", "secretsmanager:CreateSecret", "StringLike", "*:key/*", "alias/prod", False),
    ("KmsKeyId", "string", "secretsmanager:CreateSecret", "StringNotEquals", KMS_KEY, ABSENT, True),
    ("KmsKeyId", "string", "secretsmanager:CreateSecret", "Null", "false", ABSENT, False),
    ("KmsKeyId", "string", "secretsmanager:CreateSecret", "Null", "false", KMS_KEY, True),
    ("KmsKeyArn", "ARN", "secretsmanager:CreateSecret", "ArnEquals", KMS_KEY, KMS_KEY, True),
    ("KmsKeyArn", "ARN", "secretsmanager:UpdateSecret", "ArnLike", f"arn:aws:kms:*:{OWNER}:key/*", KMS_KEY, True),
    ("KmsKeyArn", "ARN", "secretsmanager:UpdateSecret", "ArnLike", f"arn:aws:kms:*:{OTHER}:key/*", KMS_KEY, False),
    ("VersionStage", "string", GET, "StringEquals", "AWSCURRENT", "AWSCURRENT", True),
    ("VersionStage", "string", GET, "StringEquals", "AWSCURRENT", "AWSPREVIOUS", False),
    ("VersionStage", "string", GET, "StringEquals", "AWSCURRENT", "AWSPENDING", False),
    ("VersionStage", "string", GET, "StringEquals", ["AWSCURRENT", "AWSPREVIOUS"], "AWSPREVIOUS", True),
    ("VersionStage", "string", GET, "StringEquals", "AWSCURRENT", "awscurrent", False),
    ("VersionStage", "string", GET, "StringEqualsIfExists", "AWSCURRENT", ABSENT, True),
    ("VersionStage", "string", GET, "StringEquals", "AWSCURRENT", ABSENT, False),
    ("VersionStage", "string", GET, "StringNotEquals", "AWSPREVIOUS", ABSENT, True),
    ("VersionStage", "string", GET, "ForAnyValue:StringEquals", "AWSCURRENT", "AWSCURRENT", True),
    ("VersionStage", "string", GET, "ForAnyValue:StringEquals", "AWSCURRENT", ABSENT, False),
    ("VersionId", "string", GET, "StringEquals", "4a2b7d1e-0000-4000-8000-000000000001", "4a2b7d1e-0000-4000-8000-000000000001", True),
    ("VersionId", "string", GET, "StringEquals", "4a2b7d1e-0000-4000-8000-000000000001", "4a2b7d1e-0000-4000-8000-000000000002", False),
    ("VersionId", "string", GET, "Null", "true", ABSENT, True),
    ("ResourceTag/team", "string", GET, "StringEquals", "red", "red", True),
    ("ResourceTag/team", "string", GET, "StringEquals", "red", "blue", False),
    ("ResourceTag/team", "string", GET, "StringEquals", "red", ABSENT, False),
    ("ResourceTag/team", "string", GET, "StringLike", "r*", "red", True),
    ("ResourceTag/team", "string", GET, "StringEqualsIgnoreCase", "RED", "red", True),
    ("ResourceTag/ServerRole", "string", GET, "StringEquals", "DevServer", "DevServer", True),
    ("ResourceTag/ServerRole", "string", GET, "StringEquals", "DevServer", "ProdServer", False),
    ("resource/AllowRotationLambdaArn", "ARN", PUT, "ArnEquals", ROTATOR, ROTATOR, True),
    ("resource/AllowRotationLambdaArn", "ARN", PUT, "StringEquals", ROTATOR, ROTATOR, True),
    ("resource/AllowRotationLambdaArn", "ARN", PUT, "ArnLike", f"arn:aws:lambda:*:{OWNER}:function:*", ROTATOR, True),
    ("resource/AllowRotationLambdaArn", "ARN", PUT, "ArnEquals", ROTATOR, ROTATOR + "2", False),
    ("resource/AllowRotationLambdaArn", "ARN", PUT, "ArnEquals", ROTATOR, ABSENT, False),
    ("resource/Type", "string", GET, "StringEquals", "SalesforceClientSecret", "SalesforceClientSecret", True),
    ("resource/Type", "string", GET, "StringEquals", "SalesforceClientSecret", ABSENT, False),
    ("RotationLambdaARN", "ARN", "secretsmanager:RotateSecret", "ArnEquals", ROTATOR, ROTATOR, True),
    ("RotationLambdaARN", "ARN", "secretsmanager:RotateSecret", "ArnLike", f"arn:aws:lambda:*:{OTHER}:function:*", ROTATOR, False),
    ("RotationLambdaARN", "ARN", "secretsmanager:RotateSecret", "Null", "true", ABSENT, True),
    ("RotateImmediately", "Boolean", "secretsmanager:RotateSecret", "Bool", "true", "true", True),
    ("RotateImmediately", "Boolean", "secretsmanager:RotateSecret", "Bool", "true", "false", False),
    ("RotateImmediately", "Boolean", "secretsmanager:RotateSecret", "BoolIfExists", "true", ABSENT, True),
    ("ModifyRotationRules", "Boolean", "secretsmanager:RotateSecret", "Bool", "false", "false", True),
    ("ModifyRotationRules", "Boolean", "secretsmanager:RotateSecret", "Bool", "false", "true", False),
    ("RecoveryWindowInDays", "number", "secretsmanager:DeleteSecret", "NumericGreaterThanEquals", "14", "30", True),
    ("RecoveryWindowInDays", "number", "secretsmanager:DeleteSecret", "NumericGreaterThanEquals", "14", "14", True),
    ("RecoveryWindowInDays", "number", "secretsmanager:DeleteSecret", "NumericGreaterThanEquals", "14", "7", False),
    ("RecoveryWindowInDays", "number", "secretsmanager:DeleteSecret", "NumericGreaterThanEquals", "14", ABSENT, False),
    ("RecoveryWindowInDays", "number", "secretsmanager:DeleteSecret", "NumericLessThan", "14", "7", True),
    ("RecoveryWindowInDays", "number", "secretsmanager:DeleteSecret", "NumericLessThan", "8", "30", False),
    ("RecoveryWindowInDays", "number", "secretsmanager:DeleteSecret", "NumericEquals", 7, "7", True),
    ("ForceDeleteWithoutRecovery", "Boolean", "secretsmanager:DeleteSecret", "Bool", "false", "false", True),
    ("ForceDeleteWithoutRecovery", "Boolean", "secretsmanager:DeleteSecret", "Bool", "false", "true", False),
    ("ForceDeleteWithoutRecovery", "Boolean", "secretsmanager:DeleteSecret", "BoolIfExists", "false", ABSENT, True),
    ("ForceDeleteWithoutRecovery", "Boolean", "secretsmanager:DeleteSecret", "BoolIfExists", "false", "true", False),
    ("BlockPublicPolicy", "Boolean", "secretsmanager:PutResourcePolicy", "Bool", "true", "true", True),
    ("BlockPublicPolicy", "Boolean", "secretsmanager:PutResourcePolicy", "Bool", "true", "false", False),
    ("BlockPublicPolicy", "Boolean", "secretsmanager:PutResourcePolicy", "Bool", "true", ABSENT, False),
    ("AddReplicaRegions", "set of strings", "secretsmanager:ReplicateSecretToRegions", "ForAllValues:StringEquals", ["eu-west-1", "eu-west-2"], ["eu-west-1"], True),
    ("AddReplicaRegions", "set of strings", "secretsmanager:ReplicateSecretToRegions", "ForAllValues:StringEquals", ["eu-west-1", "eu-west-2"], ["eu-west-1", "us-west-2"], False),
    ("AddReplicaRegions", "set of strings", "secretsmanager:ReplicateSecretToRegions", "ForAllValues:StringLike", "eu-*", ["eu-west-1", "eu-central-1"], True),
    ("AddReplicaRegions", "set of strings", "secretsmanager:ReplicateSecretToRegions", "ForAnyValue:StringNotLike", "eu-*", ["eu-west-1", "us-west-2"], True),
    ("AddReplicaRegions", "set of strings", "secretsmanager:CreateSecret", "ForAllValues:StringEquals", "eu-west-1", ABSENT, True),
    ("ForceOverwriteReplicaSecret", "Boolean", "secretsmanager:ReplicateSecretToRegions", "Bool", "false", "false", True),
    ("ForceOverwriteReplicaSecret", "Boolean", "secretsmanager:ReplicateSecretToRegions", "Bool", "false", "true", False),
    ("SecretPrimaryRegion", "string", GET, "StringEquals", "us-east-1", "us-east-1", True),
    ("SecretPrimaryRegion", "string", GET, "StringEquals", "us-east-1", "eu-west-1", False),
    ("SecretPrimaryRegion", "string", GET, "StringLike", "us-*", "us-east-1", True),
]


def keys(table):
    for number, (key, kind, action, operator, values, value, matches) in enumerate(ROWS):
        section = key.replace("/", "-").lower()
        rule = f"{P}{key} is a condition key of the type {kind}, compared as its operator says."
        if value is ABSENT:
            rule = f"Where {P}{key} is not in the request, {operator} is {'true' if matches else 'false'}."
        built = condition(operator, P + key, values)
        table.matched(section, allow(action, Condition=built), matches, rule, action=action, context=context(P + key, value))
        if number % 2 == 0:
            table.refused(section + "-deny", deny(action, Condition=built), matches, rule, action=action, context=context(P + key, value))


def guards(table):
    """Denies that administrators put around dangerous parameters."""
    force = "A Deny with Bool true on ForceDeleteWithoutRecovery stops forced deletion only."
    for value, denied in [("true", True), ("false", False), (ABSENT, False)]:
        table.refused("no-force", deny(P + "DeleteSecret", Condition=condition("Bool", P + "ForceDeleteWithoutRecovery", "true")), denied, force, action=P + "DeleteSecret", context=context(P + "ForceDeleteWithoutRecovery", value))
    window = "A Deny with NumericLessThanIfExists on RecoveryWindowInDays stops short windows, and requests that name none."
    for value, denied in [("7", True), ("29", True), ("30", False), (ABSENT, True)]:
        table.refused("window", deny(P + "DeleteSecret", Condition=condition("NumericLessThanIfExists", P + "RecoveryWindowInDays", "30")), denied, window, action=P + "DeleteSecret", context=context(P + "RecoveryWindowInDays", value))
    public = "A Deny with Bool false on BlockPublicPolicy stops policies that are put with the check switched off, not those that leave it out."
    for value, denied in [("false", True), ("true", False), (ABSENT, False)]:
        table.refused("public", deny(P + "PutResourcePolicy", Condition=condition("Bool", P + "BlockPublicPolicy", "false")), denied, public, action=P + "PutResourcePolicy", context=context(P + "BlockPublicPolicy", value))
    insist = "A Deny with BoolIfExists false on BlockPublicPolicy stops policies that leave the check out too."
    for value, denied in [("false", True), ("true", False), (ABSENT, True)]:
        table.refused("public-insist", deny(P + "PutResourcePolicy", Condition=condition("BoolIfExists", P + "BlockPublicPolicy", "false")), denied, insist, action=P + "PutResourcePolicy", context=context(P + "BlockPublicPolicy", value))
    own_key = "A Deny with StringNotEquals on KmsKeyId stops secrets without a key of ours, those that name none too."
    for value, denied in [(KMS_KEY, False), ("alias/aws/secretsmanager", True), (ABSENT, True)]:
        table.refused("own-key", deny(P + "CreateSecret", Condition=condition("StringNotEquals", P + "KmsKeyId", KMS_KEY)), denied, own_key, action=P + "CreateSecret", context=context(P + "KmsKeyId", value))


def documented(table):
    """Policies of the user guide."""
    wild = "The documented policy with a wildcard for the six characters grants that secret however it was recreated."
    for name, expected in [("MySecret-a1B2c3", ALLOWED), ("MySecret-Zz9Yy8", ALLOWED), ("MySecret", IMPLICIT), ("MySecretOther-a1B2c3", IMPLICIT)]:
        table.add("guide-wildcard", expected, wild, resource=BASE + name, identity=[policy(allow(GET, BASE + "MySecret-??????"))])
    group = "The documented policy for a group of secrets covers all whose names begin with the path."
    for name, expected in [("a/b/c-a1B2c3", ALLOWED), ("a/x-a1B2c3", ALLOWED), ("b/a/c-a1B2c3", IMPLICIT)]:
        table.add("guide-group", expected, group, resource=BASE + name, identity=[policy(allow(GET, BASE + "a/*"))])
    tagged = "The documented policy of attribute-based access grants where the secret's tag has the value of the caller's tag."
    abac = policy(allow(GET, Condition=condition("StringEquals", "aws:ResourceTag/access-project", "${aws:PrincipalTag/access-project}")))
    for caller, secret, expected in [("peg", "peg", ALLOWED), ("peg", "uni", IMPLICIT), (None, "peg", IMPLICIT), ("peg", None, IMPLICIT), (None, None, IMPLICIT), ("*", "peg", IMPLICIT)]:
        request = {key: value for key, value in (("aws:PrincipalTag/access-project", caller), ("aws:ResourceTag/access-project", secret)) if value}
        table.add("guide-abac", expected, tagged, context=request, principal=SESSION, identity=[abac])
    dev = policy(allow(GET, Principal={"AWS": "*"}, Condition={"StringEquals": {P + "ResourceTag/ServerRole": "${aws:PrincipalTag/ServerRole}"}}))
    for caller, secret, expected in [("DevServer", "DevServer", ALLOWED), ("ProdServer", "DevServer", IMPLICIT), (None, "DevServer", IMPLICIT)]:
        request = {key: value for key, value in (("aws:PrincipalTag/ServerRole", caller), (P + "ResourceTag/ServerRole", secret)) if value}
        table.add("guide-tag-rbp", expected, tagged, context=request, principal=SESSION, resource_policy=dev)
    stage = "The documented resource policy lets a role read the current version only."
    reader = policy(allow(GET, Principal={"AWS": ROLE}, Condition={"ForAnyValue:StringEquals": {P + "VersionStage": "AWSCURRENT"}}))
    for value, expected in [("AWSCURRENT", ALLOWED), ("AWSPREVIOUS", IMPLICIT), (ABSENT, IMPLICIT)]:
        table.add("guide-stage", expected, stage, principal=SESSION, context=context(P + "VersionStage", value), resource_policy=reader)
    endpoint = "The documented Deny by endpoint denies requests that do not come through that VPC endpoint, those outside any VPC too."
    fence = policy(allow(GET, Principal={"AWS": ALICE}), deny("secretsmanager:*", Principal="*", Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1234a5678b9012c"}}))
    for value, expected in [("vpce-1234a5678b9012c", ALLOWED), ("vpce-other", EXPLICIT), (ABSENT, EXPLICIT)]:
        table.add("guide-vpce", expected, endpoint, context=context("aws:SourceVpce", value), resource_policy=fence)
    rotation = "The documented policy of a rotation function works on the secrets that name it as their rotation function."
    rotator = policy(allow([DESCRIBE, GET, PUT, P + "UpdateSecretVersionStage"], BASE + "*", Condition={"StringEquals": {P + "resource/AllowRotationLambdaArn": ROTATOR}}), allow(P + "GetRandomPassword"))
    for action, value, expected in [(GET, ROTATOR, ALLOWED), (PUT, ROTATOR, ALLOWED), (P + "UpdateSecretVersionStage", ROTATOR, ALLOWED), (P + "DeleteSecret", ROTATOR, IMPLICIT), (GET, ROTATOR + "x", IMPLICIT), (GET, ABSENT, IMPLICIT)]:
        table.add("guide-rotation", expected, rotation, principal=SESSION, action=action, context=context(P + "resource/AllowRotationLambdaArn", value), identity=[rotator])
    table.add("guide-rotation", ALLOWED, "GetRandomPassword works on no resource and needs the resource *.", principal=SESSION, action=P + "GetRandomPassword", resource="*", identity=[rotator])
    batch = "The documented policy for batches grants the list and the batch on *, and the values of the secrets it lists."
    batcher = policy(allow([P + "BatchGetSecretValue", P + "ListSecrets"]), allow(GET, [BASE + "one-??????", BASE + "two-??????"]))
    for action, resource, expected in [(P + "BatchGetSecretValue", "*", ALLOWED), (P + "ListSecrets", "*", ALLOWED), (GET, BASE + "one-a1B2c3", ALLOWED), (GET, BASE + "two-a1B2c3", ALLOWED), (GET, BASE + "three-a1B2c3", IMPLICIT)]:
        table.add("guide-batch", expected, batch, action=action, resource=resource, identity=[batcher])
    brief = policy(allow(GET, f"arn:aws:secretsmanager:us-east-1:{OWNER}:secret:prod/myapp/*"))
    for name, action, expected in [("prod/myapp/mysql-a1B2c3", GET, ALLOWED), ("prod/myapp/x/y-a1B2c3", GET, ALLOWED), ("prod/other/mysql-a1B2c3", GET, IMPLICIT), ("prod/myapp/mysql-a1B2c3", PUT, IMPLICIT)]:
        table.add("brief", expected, "The brief's policy only allows reading secrets under its path.", action=action, resource=BASE + name, identity=[brief])
    via = "kms:ViaService and the encryption context bind a key's use to Secrets Manager and to one secret."
    decrypt = policy(allow("kms:Decrypt", KMS_KEY, Condition={"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}, "StringLike": {"kms:EncryptionContext:SecretARN": BASE + "prod/*"}}))
    for service, secret, expected in [("secretsmanager.us-east-1.amazonaws.com", SECRET, ALLOWED), ("s3.us-east-1.amazonaws.com", SECRET, IMPLICIT), ("secretsmanager.us-east-1.amazonaws.com", BASE + "test/x-a1B2c3", IMPLICIT), (None, SECRET, IMPLICIT)]:
        request = {"kms:EncryptionContext:SecretARN": secret, **({"kms:ViaService": service} if service else {})}
        enabling = policy(allow("kms:*", Principal={"AWS": ROOT}))
        table.add("kms", expected, via, action="kms:Decrypt", resource=KMS_KEY, context=request, identity=[decrypt], resource_policy=enabling)


def tables():
    table = Table("secrets")
    for part in (keys, guards, documented):
        part(table)
    return [table]
