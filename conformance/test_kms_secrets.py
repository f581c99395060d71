"""Secrets under customer keys, and the encryption context that callers may give. Expectations: AWS's documented behaviour
(Secrets Manager user guide, "Secret encryption and decryption"), recorded messages where a text is compared; the encryption
context of a caller is strongroom's own extension (the brief's example)."""
import json, os, subprocess, sys, time, uuid

import pytest

from conftest import ACCOUNT, ROOT
from test_identity import OTHER, as_key, other, refused, user  # noqa: F401

DENIED = "Access to KMS is not allowed"


def name():
    return f"s-{uuid.uuid4().hex[:12]}"


def statement(effect="Allow", action="kms:*", principal=f"arn:aws:iam::{ACCOUNT}:root", **condition):
    return {"Effect": effect, "Action": action, "Principal": {"AWS": principal}, "Resource": "*"} | ({"Condition": condition} if condition else {})


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})



def new_key(server, *statements, **more):
    text = {"Policy": policy(statement(), *statements)} if statements else {}
    return server.client("kms").create_key(**text, **more)["KeyMetadata"]


def may(*actions):
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": list(actions), "Resource": "*"}})


def replicated(client, secret):
    """How the one replica stands once it is no longer in progress."""
    deadline = time.monotonic() + 20
    while True:
        status = client.describe_secret(SecretId=secret)["ReplicationStatus"][0]
        if status["Status"] != "InProgress" or time.monotonic() > deadline:
            return status


@pytest.mark.parametrize("named", ["KeyId", "Arn"])
def test_a_secret_lives_under_a_customer_key(server, client, named):
    key, secret = new_key(server), name()
    created = client.create_secret(Name=secret, SecretString="v1", KmsKeyId=key[named])
    client.put_secret_value(SecretId=secret, SecretString="v2")
    assert client.get_secret_value(SecretId=secret)["SecretString"] == "v2"
    assert client.get_secret_value(SecretId=secret, VersionStage="AWSPREVIOUS")["SecretString"] == "v1"
    described = client.describe_secret(SecretId=created["ARN"])
    assert described["KmsKeyId"] == key[named]
    versions = client.list_secret_version_ids(SecretId=secret)["Versions"]
    assert all(version["KmsKeyIds"] == [key[named]] for version in versions)


def test_a_key_that_is_not_there_or_not_for_it_is_refused_and_nothing_is_made(server, client):
    absent = str(uuid.uuid4())
    signing = new_key(server, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyId"]
    for key, text in [(absent, f"Key 'arn:aws:kms:us-east-1:{ACCOUNT}:key/{absent}' does not exist"),
                      ("alias/none", f"Alias arn:aws:kms:us-east-1:{ACCOUNT}:alias/none is not found."),
                      (signing, "key usage is SIGN_VERIFY which is not valid for GenerateDataKey.")]:
        for value in ({"SecretString": "v"}, {}):
            secret = name()
            refused(lambda: client.create_secret(Name=secret, KmsKeyId=key, **value), "EncryptionFailure", text)
            refused(lambda: client.describe_secret(SecretId=secret), "ResourceNotFoundException")
    secret = name()
    client.create_secret(Name=secret, SecretString="v")
    refused(lambda: client.update_secret(SecretId=secret, KmsKeyId=absent), "EncryptionFailure", "does not exist")
    assert "KmsKeyId" not in client.describe_secret(SecretId=secret)


def test_a_new_key_seals_what_is_current_pending_and_previous_again(server, client):
    old, new, secret = new_key(server)["Arn"], new_key(server)["Arn"], name()
    client.create_secret(Name=secret, SecretString="first", KmsKeyId=old)
    client.put_secret_value(SecretId=secret, SecretString="second")
    client.put_secret_value(SecretId=secret, SecretString="third")
    client.put_secret_value(SecretId=secret, SecretString="pending", VersionStages=["AWSPENDING"])
    client.put_secret_value(SecretId=secret, SecretString="own", VersionStages=["own"])
    client.update_secret(SecretId=secret, KmsKeyId=new)
    # The old key is off: what was sealed again can still be read, what AWS leaves under it cannot.
    server.client("kms").disable_key(KeyId=old)
    for stage, value in [("AWSCURRENT", "third"), ("AWSPREVIOUS", "second"), ("AWSPENDING", "pending")]:
        assert client.get_secret_value(SecretId=secret, VersionStage=stage)["SecretString"] == value
    refused(lambda: client.get_secret_value(SecretId=secret, VersionStage="own"), "DecryptionFailure", f"{old} is disabled.")
    server.client("kms").enable_key(KeyId=old)
    assert client.get_secret_value(SecretId=secret, VersionStage="own")["SecretString"] == "own"


def test_a_key_that_is_off_or_about_to_go_makes_the_read_fail_and_loses_nothing(server, client):
    kms, secret = server.client("kms"), name()
    key = new_key(server)["Arn"]
    client.create_secret(Name=secret, SecretString="v", KmsKeyId=key)
    assert client.get_secret_value(SecretId=secret)["SecretString"] == "v"
    kms.disable_key(KeyId=key)
    refused(lambda: client.get_secret_value(SecretId=secret), "DecryptionFailure", f"Secrets Manager can't decrypt the secret value: {key} is disabled. (Service: AWSKMS; Status Code: 400; Error Code: DisabledException;")
    refused(lambda: client.put_secret_value(SecretId=secret, SecretString="w"), "EncryptionFailure", f"{key} is disabled.")
    batch = client.batch_get_secret_value(SecretIdList=[secret])
    assert batch["SecretValues"] == [] and batch["Errors"][0]["ErrorCode"] == "DecryptionFailure"
    kms.enable_key(KeyId=key)
    assert client.get_secret_value(SecretId=secret)["SecretString"] == "v"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    refused(lambda: client.get_secret_value(SecretId=secret), "DecryptionFailure", f"{key} is pending deletion.")
    kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    assert client.get_secret_value(SecretId=secret)["SecretString"] == "v"


def test_the_caller_needs_the_key_besides_the_secret(server, client):
    secret, unknown = name(), new_key(server)["Arn"]
    client.create_secret(Name=secret, SecretString="v", KmsKeyId=unknown)
    reader = as_key(server, user(server, name(), may("secretsmanager:*")))
    for call in (lambda: reader.get_secret_value(SecretId=secret), lambda: reader.put_secret_value(SecretId=secret, SecretString="w"),
                 lambda: reader.create_secret(Name=name(), SecretString="v", KmsKeyId=unknown),
                 lambda: reader.create_secret(Name=name(), KmsKeyId=unknown),
                 lambda: reader.create_secret(Name=name(), SecretString="v", KmsKeyId=str(uuid.uuid4())),
                 lambda: reader.update_secret(SecretId=secret, KmsKeyId="alias/aws/secretsmanager")):
        refused(call, "AccessDeniedException", DENIED)
    assert reader.describe_secret(SecretId=secret)["KmsKeyId"] == unknown
    # Through IAM, which the key's policy leaves it to: reading wants Decrypt, storing GenerateDataKey.
    able = as_key(server, user(server, name(), may("secretsmanager:*", "kms:Decrypt")))
    assert able.get_secret_value(SecretId=secret)["SecretString"] == "v"
    refused(lambda: able.put_secret_value(SecretId=secret, SecretString="w"), "AccessDeniedException", DENIED)
    # Through the key's policy alone; a default key needs none of this.
    who = name()
    named = user(server, who, may("secretsmanager:*"))
    key = new_key(server, statement(action=["kms:Decrypt", "kms:GenerateDataKey"], principal=f"arn:aws:iam::{ACCOUNT}:user/{who}"))["Arn"]
    named = as_key(server, named)
    for using in ({"KmsKeyId": key}, {}):
        made = name()
        named.create_secret(Name=made, SecretString="mine", **using)
        assert named.get_secret_value(SecretId=made)["SecretString"] == "mine"
    # A denial by the key's policy holds for the root, too.
    closed = server.client("kms").create_key(Policy=policy(statement(), statement("Deny", "kms:Decrypt")))["KeyMetadata"]["Arn"]
    made = name()
    client.create_secret(Name=made, SecretString="v", KmsKeyId=closed)
    refused(lambda: client.get_secret_value(SecretId=made), "AccessDeniedException", DENIED)


@pytest.mark.parametrize("condition, is_met", [
    ({"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}, True),
    ({"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}, False),
    ({"StringEquals": {"kms:CallerAccount": ACCOUNT}}, True),
    ({"StringEquals": {"kms:CallerAccount": OTHER}}, False),
    ({"StringLike": {"kms:EncryptionContext:SecretARN": "arn:aws:secretsmanager:*:*:secret:cond-*"}}, True),
    ({"StringLike": {"kms:EncryptionContext:SecretARN": "arn:aws:secretsmanager:*:*:secret:else-*"}}, False),
    ({"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["SecretARN", "SecretVersionId"]}}, True),
    ({"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["SecretARN"]}}, False),
    ({"Bool": {"aws:ViaAWSService": "true"}}, True),
    ({"Bool": {"aws:ViaAWSService": "false"}}, False),
    ({"ForAnyValue:StringEquals": {"aws:CalledVia": "secretsmanager.amazonaws.com"}}, True),
])
def test_conditions_of_the_keys_policy_are_true_of_the_secret(server, client, condition, is_met):
    who, secret = name(), f"cond-{name()}"
    caller = as_key(server, user(server, who, may("secretsmanager:*")))
    key = new_key(server, statement(action=["kms:Decrypt"], principal=f"arn:aws:iam::{ACCOUNT}:user/{who}", **condition))["Arn"]
    client.create_secret(Name=secret, SecretString="v", KmsKeyId=key)
    if is_met:
        assert caller.get_secret_value(SecretId=secret)["SecretString"] == "v"
    else:
        refused(lambda: caller.get_secret_value(SecretId=secret), "AccessDeniedException", DENIED)
    # Used directly, the same key is not reached by way of Secrets Manager.
    direct = as_key(server, user(server, name(), None), "kms")
    refused(lambda: direct.describe_key(KeyId=key), "AccessDeniedException")


def test_another_account_reads_with_a_customer_key_and_never_with_the_default_one(server, client, other):
    theirs = as_key(server, other)
    iam = as_key(server, other, "iam")
    who = name()
    iam.create_user(UserName=who)
    iam.put_user_policy(UserName=who, PolicyName="all", PolicyDocument=may("secretsmanager:*", "kms:*"))
    reader = as_key(server, iam.create_access_key(UserName=who)["AccessKey"])
    key = new_key(server, statement(action=["kms:Decrypt", "kms:GenerateDataKey"], principal=f"arn:aws:iam::{OTHER}:root"))["Arn"]
    open_to = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}, "Action": "secretsmanager:*", "Resource": "*"}})
    arns = {}
    for kind, using in (("customer", {"KmsKeyId": key}), ("default", {})):
        arns[kind] = client.create_secret(Name=name(), SecretString=kind, **using)["ARN"]
        client.put_resource_policy(SecretId=arns[kind], ResourcePolicy=open_to)
    assert reader.get_secret_value(SecretId=arns["customer"])["SecretString"] == "customer"
    assert theirs.get_secret_value(SecretId=arns["customer"])["SecretString"] == "customer"
    refused(lambda: reader.get_secret_value(SecretId=arns["default"]), "InvalidRequestException", "You can't access a secret from a different AWS account")
    reader.put_secret_value(SecretId=arns["customer"], SecretString="theirs")
    assert client.get_secret_value(SecretId=arns["customer"])["SecretString"] == "theirs"
    # The key of another account, named by its ARN.
    mine = theirs.create_secret(Name=name(), SecretString="far key", KmsKeyId=key)
    assert theirs.get_secret_value(SecretId=mine["ARN"])["SecretString"] == "far key"
    # A version that is still under the default key stays closed to others when the secret has got another key since.
    old = client.create_secret(Name=name(), SecretString="under the default key")["ARN"]
    client.put_resource_policy(SecretId=old, ResourcePolicy=open_to)
    client.put_secret_value(SecretId=old, SecretString="own", VersionStages=["own"])
    client.update_secret(SecretId=old, KmsKeyId=key)
    assert reader.get_secret_value(SecretId=old)["SecretString"] == "under the default key"
    refused(lambda: reader.get_secret_value(SecretId=old, VersionStage="own"), "InvalidRequestException", "You can't access a secret from a different AWS account")
    # Nor is their own default key one for somebody else's secret.
    refused(lambda: reader.update_secret(SecretId=old, KmsKeyId="alias/aws/secretsmanager"), "InvalidRequestException", "default KMS service key")
    server.client("kms").put_key_policy(KeyId=key, Policy=policy(statement()))
    for secret in (arns["customer"], mine["ARN"]):
        refused(lambda: theirs.get_secret_value(SecretId=secret), "AccessDeniedException", DENIED)


def test_a_replica_is_sealed_under_its_own_regions_key(server, client):
    west = server.client(region="eu-west-1")
    key = server.client("kms", region="eu-west-1").create_key()["KeyMetadata"]["Arn"]
    secret, near = name(), new_key(server)["Arn"]
    client.create_secret(Name=secret, SecretString="v", KmsKeyId=near, AddReplicaRegions=[{"Region": "eu-west-1", "KmsKeyId": key}])
    status = replicated(client, secret)
    assert status["Status"] == "InSync", status
    assert west.describe_secret(SecretId=secret)["KmsKeyId"] == key
    server.client("kms").disable_key(KeyId=near)
    assert west.get_secret_value(SecretId=secret)["SecretString"] == "v"
    server.client("kms", region="eu-west-1").disable_key(KeyId=key)
    refused(lambda: west.get_secret_value(SecretId=secret), "DecryptionFailure", f"{key} is disabled.")


def test_nobody_gets_a_value_by_having_it_copied_without_its_key(server, client):
    secret, key = name(), new_key(server)["Arn"]
    client.create_secret(Name=secret, SecretString="closed", KmsKeyId=key)
    keyless = as_key(server, user(server, name(), may("secretsmanager:*")))
    copy = lambda caller, **to: caller.replicate_secret_to_regions(SecretId=secret, AddReplicaRegions=[{"Region": "eu-west-1", **to}])
    refused(lambda: copy(keyless), "AccessDeniedException", DENIED)
    west = as_key(server, user(server, name(), may("secretsmanager:*")), region="eu-west-1")
    refused(lambda: west.get_secret_value(SecretId=secret), "ResourceNotFoundException")
    # Who may open it may have it copied; not under a key that is not theirs to use, whether that is there or not.
    able = as_key(server, user(server, name(), may("secretsmanager:*", "kms:Decrypt")))
    far = server.client("kms", region="eu-west-1").create_key()["KeyMetadata"]["Arn"]
    for other in (far, f"arn:aws:kms:eu-west-1:{OTHER}:key/{uuid.uuid4()}", f"arn:aws:kms:eu-west-1:{OTHER}:alias/none", str(uuid.uuid4())):
        refused(lambda: copy(able, KmsKeyId=other), "AccessDeniedException", DENIED)
        refused(lambda: able.create_secret(Name=name(), SecretString="v", AddReplicaRegions=[{"Region": "eu-west-1", "KmsKeyId": other}]), "AccessDeniedException", DENIED)
    assert "ReplicationStatus" not in client.describe_secret(SecretId=secret)
    server.client("kms").disable_key(KeyId=key)
    refused(lambda: copy(client), "DecryptionFailure", "is disabled.")
    server.client("kms").enable_key(KeyId=key)
    copy(able)
    assert replicated(client, secret)["Status"] == "InSync" and west.get_secret_value(SecretId=secret)["SecretString"] == "closed"


BRIEFS_PYTHON = '''
client.create_secret(
    Name='prod/myapp/mysql',
    SecretString='{"username":"admin","password":"secret"}',
    KmsKeyId='alias/my-custom-key',
    Tags=[
        {
            'Key': 'EncryptionContext',
            'Value': 'MyApplication'
        }
    ]
)

# When retrieving the secret with the same encryption context
client.get_secret_value(
    SecretId='prod/myapp/mysql',
    EncryptionContext={
        'Application': 'MyApplication'
    }
)
'''


def with_extension(server, program):
    environment = {**os.environ, **server.cli_environment(), "AWS_DATA_PATH": str(ROOT / "clients/botocore")}
    return subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60)


def test_the_briefs_example_of_an_encryption_context_runs_as_written(server, client):
    key = new_key(server)["KeyId"]
    server.client("kms").create_alias(AliasName="alias/my-custom-key", TargetKeyId=key)
    program = "import boto3\nclient = boto3.client('secretsmanager')\n" + BRIEFS_PYTHON + "print(client.get_secret_value(SecretId='prod/myapp/mysql', EncryptionContext={'Application': 'MyApplication'})['SecretString'])"
    ran = with_extension(server, program)
    assert (ran.returncode, ran.stdout) == (0, '{"username":"admin","password":"secret"}\n'), ran.stderr
    # Without it, or with another, the value does not open; and no client without the extension could give it.
    refused(lambda: client.get_secret_value(SecretId="prod/myapp/mysql"), "DecryptionFailure")
    for wrong in ({"Application": "Other"}, {"application": "MyApplication"}, {"Application": "MyApplication", "More": "x"}, {}):
        ran = with_extension(server, f"import boto3\nboto3.client('secretsmanager').get_secret_value(SecretId='prod/myapp/mysql', EncryptionContext={wrong!r})")
        assert "DecryptionFailure" in ran.stderr, (wrong, ran.stderr)
    client.delete_secret(SecretId="prod/myapp/mysql", ForceDeleteWithoutRecovery=True)


def test_a_context_of_its_own_is_bound_to_each_version(server, client):
    secret = name()
    ran = with_extension(server, f"""
import boto3
client = boto3.client('secretsmanager')
one, two = {{'a': '1', 'b': '2'}}, {{'b': '2'}}
client.create_secret(Name='{secret}', SecretString='first', EncryptionContext=one)
client.put_secret_value(SecretId='{secret}', SecretString='second', EncryptionContext=two)
assert client.get_secret_value(SecretId='{secret}', EncryptionContext=two)['SecretString'] == 'second'
assert client.get_secret_value(SecretId='{secret}', VersionStage='AWSPREVIOUS', EncryptionContext={{'b': '2', 'a': '1'}})['SecretString'] == 'first'
batch = client.batch_get_secret_value(SecretIdList=['{secret}'], EncryptionContext=two)
assert [found['SecretString'] for found in batch['SecretValues']] == ['second']
for wrong in (one, {{'B': '2'}}, {{'b': '3'}}, {{}}):
    try:
        client.get_secret_value(SecretId='{secret}', EncryptionContext=wrong)
    except client.exceptions.DecryptionFailure:
        continue
    raise SystemExit(f'read with {{wrong}}')
for own in ('SecretARN', 'SecretVersionId'):
    try:
        client.put_secret_value(SecretId='{secret}', SecretString='x', EncryptionContext={{own: 'x'}})
    except client.exceptions.InvalidParameterException:
        continue
    raise SystemExit(own)
client.update_secret(SecretId='{secret}', SecretString='third', EncryptionContext=one)
print(client.get_secret_value(SecretId='{secret}', EncryptionContext=one)['SecretString'])
""")
    assert (ran.returncode, ran.stdout) == (0, "third\n"), ran.stderr
    refused(lambda: client.get_secret_value(SecretId=secret), "DecryptionFailure")
    # A new key seals them again, for those who know the context as before.
    client.update_secret(SecretId=secret, KmsKeyId=new_key(server)["KeyId"])
    ran = with_extension(server, f"import boto3\nprint(boto3.client('secretsmanager').get_secret_value(SecretId='{secret}', EncryptionContext={{'a': '1', 'b': '2'}})['SecretString'])")
    assert ran.stdout == "third\n", ran.stderr


def test_a_key_policy_can_ask_for_the_callers_context(server, client):
    who, secret = name(), name()
    user(server, who, may("secretsmanager:*"))
    key = new_key(server)["Arn"]
    server.client("kms").put_key_policy(KeyId=key, Policy=policy(statement(), statement("Deny", "kms:Decrypt", "*", StringNotEquals={"kms:EncryptionContext:team": "blue"})))
    ran = with_extension(server, f"""
import boto3
client = boto3.client('secretsmanager')
client.create_secret(Name='{secret}', SecretString='v', KmsKeyId='{key}', EncryptionContext={{'team': 'blue'}})
print(client.get_secret_value(SecretId='{secret}', EncryptionContext={{'team': 'blue'}})['SecretString'])
""")
    assert ran.stdout == "v\n", ran.stderr
    client.create_secret(Name=secret + "-red", SecretString="v", KmsKeyId=key)
    refused(lambda: client.get_secret_value(SecretId=secret + "-red"), "AccessDeniedException", DENIED)
