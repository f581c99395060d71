"""KMS's grants. Members, who may what, and limits: documented (API reference and developer guide, "Grants in AWS KMS"). Messages
that are quoted whole are recorded from AWS; where only a code is expected, AWS's message is not on record."""
import json, re, subprocess

import boto3, botocore.config, botocore.exceptions
import pytest

from conftest import ACCOUNT, BINARY

OTHER = "210987654321"
ALL = ["Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo", "DescribeKey"]


def refused(call, code, text=None):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    if text is not None:
        assert error.get("Message", "") == text, error
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def denied(call):
    refused(call, "AccessDeniedException")


def as_key(server, key, service="kms", region="us-east-1"):
    return boto3.client(service, endpoint_url=server.endpoint, region_name=region, aws_access_key_id=key["AccessKeyId"],
                        aws_secret_access_key=key["SecretAccessKey"], aws_session_token=key.get("SessionToken"),
                        config=botocore.config.Config(retries={"max_attempts": 0}, parameter_validation=False))


@pytest.fixture(scope="module")
def kms(server):
    return server.client("kms", parameter_validation=False)


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


@pytest.fixture(scope="module")
def other(server):
    made = subprocess.run([BINARY, "account", "create", "--data-dir", server.data_dir, "--id", OTHER, "--name", "other"], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    told = dict(re.findall(r"^export AWS_([A-Z_]+)=(.*)$", made.stdout, re.M))
    return {"AccessKeyId": told["ACCESS_KEY_ID"], "SecretAccessKey": told["SECRET_ACCESS_KEY"]}


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


names = iter(range(10**6))


def somebody(server, iam, policy=None):
    """A user without any policy unless one is given: its ARN, its client, its name."""
    name = f"grant-user-{next(names)}"
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    if policy:
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
    return arn, as_key(server, iam.create_access_key(UserName=name)["AccessKey"]), name


def statement(effect, *actions, **more):
    return {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": list(actions), "Resource": "*"} | more]}


def a_role(server, iam, session="session", **more):
    """A role without any policy: its ARN, and a client of a session of it."""
    name = f"grant-role-{next(names)}"
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}]}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    _, _, user = somebody(server, iam, statement("Allow", "sts:*"))
    sts = as_key(server, iam.create_access_key(UserName=user)["AccessKey"], "sts")
    made = sts.assume_role(RoleArn=arn, RoleSessionName=session, **more)
    return arn, as_key(server, made["Credentials"]), made["AssumedRoleUser"]["Arn"], name


def grant(kms, key, grantee, operations=ALL, **more):
    return kms.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=operations, **more)


def test_a_user_without_any_policy_does_what_a_grant_says_and_nothing_else(server, kms, iam, key):
    arn, user, _ = somebody(server, iam)
    denied(lambda: user.encrypt(KeyId=key, Plaintext=b"x"))
    made = grant(kms, key, arn, ["Encrypt", "DescribeKey"])
    assert re.fullmatch("[0-9a-f]{64}", made["GrantId"]) and 1 <= len(made["GrantToken"]) <= 8192
    blob = user.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert user.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    denied(lambda: user.decrypt(CiphertextBlob=blob))
    denied(lambda: user.decrypt(KeyId=key, CiphertextBlob=blob))
    denied(lambda: user.generate_data_key(KeyId=key, KeySpec="AES_256"))
    denied(lambda: user.list_grants(KeyId=key))
    grant(kms, key, arn, ["Decrypt"])
    assert user.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    another = kms.create_key()["KeyMetadata"]["Arn"]
    denied(lambda: user.encrypt(KeyId=another, Plaintext=b"x"))


def test_a_grant_to_a_role_is_for_all_its_sessions_and_one_to_a_session_for_that_alone(server, kms, iam, key):
    role, one, session, name = a_role(server, iam, "one")
    _, _, user = somebody(server, iam, statement("Allow", "sts:*"))
    sts = as_key(server, iam.create_access_key(UserName=user)["AccessKey"], "sts")
    two = as_key(server, sts.assume_role(RoleArn=role, RoleSessionName="two")["Credentials"])
    grant(kms, key, session, ["Encrypt"])
    one.encrypt(KeyId=key, Plaintext=b"x")
    denied(lambda: two.encrypt(KeyId=key, Plaintext=b"x"))
    grant(kms, key, role, ["GenerateDataKey"])
    for client in (one, two):
        client.generate_data_key(KeyId=key, KeySpec="AES_128")


def test_an_explicit_denial_wins_over_a_grant(server, kms, iam, key):
    arn, user, _ = somebody(server, iam, statement("Deny", "kms:Encrypt"))
    grant(kms, key, arn, ["Encrypt", "Decrypt"])
    denied(lambda: user.encrypt(KeyId=key, Plaintext=b"x"))
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert user.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_a_sessions_policy_holds_for_a_grant_to_its_role(server, kms, iam, key):
    """Inferred: IAM user guide says so of a policy on a resource that names the role, and not of one that names the session."""
    role, narrowed, session, _ = a_role(server, iam, Policy=json.dumps(statement("Allow", "s3:*")))
    grant(kms, key, role, ["Encrypt"])
    denied(lambda: narrowed.encrypt(KeyId=key, Plaintext=b"x"))
    grant(kms, key, session, ["Encrypt"])
    narrowed.encrypt(KeyId=key, Plaintext=b"x")


def test_constraints_on_the_context(server, kms, iam, key):
    for kind, good, bad in (
        ("EncryptionContextEquals", [{"a": "1", "b": "2"}, {"A": "1", "b": "2"}], [{"a": "1"}, {"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "x"}, {}]),
        ("EncryptionContextSubset", [{"a": "1", "b": "2"}, {"a": "1", "b": "2", "c": "3"}, {"a": "1", "B": "2"}], [{"a": "1"}, {"b": "2"}, {"a": "1", "b": "3"}, {}]),
    ):
        arn, user, _ = somebody(server, iam)
        grant(kms, key, arn, ALL, Constraints={kind: {"a": "1", "b": "2"}})
        assert user.describe_key(KeyId=key)
        for context in good:
            blob = user.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
            assert user.decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"] == b"x"
        for context in bad:
            denied(lambda: user.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context))
            blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
            denied(lambda: user.decrypt(CiphertextBlob=blob, EncryptionContext=context))


def test_a_grant_for_a_source_is_for_nobody_here(server, kms, iam, key):
    """Documented: it holds for requests on behalf of that resource, of which there are none here."""
    arn, user, _ = somebody(server, iam)
    source = f"arn:aws:s3:us-east-1:{ACCOUNT}:bucket"
    made = grant(kms, key, arn, ["Encrypt", "RetireGrant"], Constraints={"SourceArn": source})
    denied(lambda: user.encrypt(KeyId=key, Plaintext=b"x"))
    assert kms.list_grants(KeyId=key)["Grants"][0]["Constraints"] == {"SourceArn": source}
    user.retire_grant(GrantToken=made["GrantToken"])


def test_what_create_grant_refuses(server, kms, iam, key):
    arn, _, _ = somebody(server, iam)
    make = lambda **members: kms.create_grant(**({"KeyId": key, "GranteePrincipal": arn, "Operations": ["Encrypt"]} | members))
    refused(lambda: make(Operations=["CreateGrant"]), "ValidationException", "Grants must not contain only the CreateGrant operation.")
    both = {"EncryptionContextEquals": {"a": "1"}, "EncryptionContextSubset": {"a": "1"}}
    refused(lambda: make(Constraints=both), "ValidationException", "More than one constraint supplied")
    for nobody in (f"arn:aws:iam::{ACCOUNT}:user/nobody", f"arn:aws:iam::{ACCOUNT}:role/nobody", "arn:aws:iam::999999999999:root",
                   f"arn:aws:sts::{ACCOUNT}:assumed-role/nobody/s", f"arn:aws:iam::{ACCOUNT}:group/g", "ec2.amazonaws.com", "nonsense"):
        refused(lambda: make(GranteePrincipal=nobody), "InvalidArnException", f"ARN does not refer to a valid principal: {nobody}")
        refused(lambda: make(RetiringPrincipal=nobody), "InvalidArnException", f"ARN does not refer to a valid principal: {nobody}")
    refused(lambda: make(Operations=["Sign"]), "ValidationException")
    refused(lambda: make(Operations=["Dance"]), "ValidationException")
    refused(lambda: make(Operations=[]), "ValidationException")
    refused(lambda: make(Constraints={"EncryptionContextEquals": {str(n): "v" for n in range(9)}}), "ValidationException")
    refused(lambda: make(Constraints={"EncryptionContextEquals": {"k": "v" * 384}}), "ValidationException")
    refused(lambda: make(Name="no spaces"), "ValidationException")
    refused(lambda: make(GrantTokens=["nonsense"]), "InvalidGrantTokenException")
    refused(lambda: make(GrantTokens=["t"] * 11), "ValidationException")
    refused(lambda: make(KeyId="alias/aws/secretsmanager"), "InvalidArnException", "Key Aliases are not supported for this operation.")
    refused(lambda: make(DryRun=True), "DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
    refused(lambda: kms.create_grant(KeyId=key, Operations=["Encrypt"]), "ValidationException")
    refused(lambda: make(GranteeServicePrincipal="ec2.eu-west-1.amazonaws.com"), "ValidationException")
    assert kms.list_grants(KeyId=key)["Grants"] == []


@pytest.mark.parametrize("spec, usage, good, bad", [
    ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", ["GenerateDataKeyPairWithoutPlaintext", "ReEncryptTo"], ["Sign", "GetPublicKey", "GenerateMac", "DeriveSharedSecret"]),
    ("RSA_2048", "ENCRYPT_DECRYPT", ["Encrypt", "ReEncryptFrom", "GetPublicKey"], ["GenerateDataKey", "Sign"]),
    ("ECC_NIST_P256", "SIGN_VERIFY", ["Sign", "Verify", "GetPublicKey"], ["Encrypt", "DeriveSharedSecret"]),
    ("ECC_NIST_P256", "KEY_AGREEMENT", ["DeriveSharedSecret", "GetPublicKey"], ["Sign", "Decrypt"]),
    ("HMAC_256", "GENERATE_VERIFY_MAC", ["GenerateMac", "VerifyMac"], ["GetPublicKey", "Encrypt", "Sign"]),
])
def test_grants_are_of_what_the_key_can_do(server, kms, iam, spec, usage, good, bad):
    """Documented: developer guide, "Grant operations"."""
    key = kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["Arn"]
    arn, _, _ = somebody(server, iam)
    grant(kms, key, arn, [*good, "CreateGrant", "RetireGrant", "DescribeKey"])
    for operation in bad:
        refused(lambda: grant(kms, key, arn, [operation]), "ValidationException")
    if spec != "SYMMETRIC_DEFAULT":
        refused(lambda: grant(kms, key, arn, good, Constraints={"EncryptionContextEquals": {"a": "1"}}), "ValidationException")


def test_a_name_makes_a_retry_the_same_grant(server, kms, iam, key):
    arn, _, _ = somebody(server, iam)
    first = grant(kms, key, arn, ["Encrypt", "Decrypt"], Name="a/b:c_d-e")
    again = grant(kms, key, arn, ["Decrypt", "Encrypt"], Name="a/b:c_d-e")
    assert first["GrantId"] == again["GrantId"] and first["GrantToken"] != again["GrantToken"]
    others = [grant(kms, key, arn, ["Encrypt"], Name="a/b:c_d-e"), grant(kms, key, arn, ["Encrypt", "Decrypt"]), grant(kms, key, arn, ["Encrypt", "Decrypt"]),
              grant(kms, key, arn, ["Encrypt", "Decrypt"], Name="a/b:c_d-e", Constraints={"EncryptionContextEquals": {"a": "1"}})]
    assert len({made["GrantId"] for made in [first, *others]}) == 5
    another = kms.create_key()["KeyMetadata"]["Arn"]
    assert grant(kms, another, arn, ["Encrypt", "Decrypt"], Name="a/b:c_d-e")["GrantId"] != first["GrantId"]


def test_lists_and_their_pages(server, kms, iam, key):
    arn, _, _ = somebody(server, iam)
    retiring, _, _ = somebody(server, iam)
    first = grant(kms, key, arn, ["Decrypt", "Encrypt"], Name="n", RetiringPrincipal=retiring, Constraints={"EncryptionContextSubset": {"a": "1"}})
    (entry,) = kms.list_grants(KeyId=key)["Grants"]
    assert entry.pop("CreationDate").year >= 2024
    assert entry == {"KeyId": key, "GrantId": first["GrantId"], "Name": "n", "GranteePrincipal": arn, "RetiringPrincipal": retiring,
                     "IssuingAccount": f"arn:aws:iam::{ACCOUNT}:root", "Operations": ["Decrypt", "Encrypt"],
                     "Constraints": {"EncryptionContextSubset": {"a": "1"}}}
    made = {first["GrantId"]} | {grant(kms, key, retiring, ["Encrypt"], RetiringPrincipal=retiring)["GrantId"] for _ in range(6)}
    pages, marker = [], {}
    while True:
        page = kms.list_grants(KeyId=key, Limit=3, **marker)
        pages.append([entry["GrantId"] for entry in page["Grants"]])
        if not page["Truncated"]:
            assert "NextMarker" not in page
            break
        marker = {"Marker": page["NextMarker"]}
    assert [len(page) for page in pages] == [3, 3, 1] and {id for page in pages for id in page} == made
    ids = lambda answer: {entry["GrantId"] for entry in answer["Grants"]}
    assert ids(kms.list_grants(KeyId=key, GranteePrincipal=arn)) == {first["GrantId"]}
    assert ids(kms.list_grants(KeyId=key, GrantId=first["GrantId"])) == {first["GrantId"]}
    assert ids(kms.list_grants(KeyId=key, GrantId=first["GrantId"], GranteePrincipal=retiring)) == set()
    assert ids(kms.list_grants(KeyId=key, GrantId="0" * 64)) == set()
    assert ids(kms.list_retirable_grants(RetiringPrincipal=retiring)) == made
    assert ids(kms.list_retirable_grants(RetiringPrincipal=arn)) == set()
    assert ids(server.client("kms", region="eu-west-1").list_retirable_grants(RetiringPrincipal=retiring)) == set()
    paged = kms.list_retirable_grants(RetiringPrincipal=retiring, Limit=5)
    assert paged["Truncated"] and len(paged["Grants"]) == 5
    refused(lambda: kms.list_retirable_grants(RetiringPrincipal=arn, Marker=paged["NextMarker"]), "InvalidMarkerException")
    refused(lambda: kms.list_grants(KeyId=key, Marker="x"), "InvalidMarkerException")
    refused(lambda: kms.list_grants(KeyId=key, GrantId="x"), "InvalidGrantIdException")
    refused(lambda: kms.list_grants(KeyId=key, Limit=0), "ValidationException")
    refused(lambda: kms.list_retirable_grants(), "ValidationException")
    denied(lambda: kms.list_retirable_grants(RetiringPrincipal=f"arn:aws:iam::{OTHER}:root"))
    unnamed = grant(kms, kms.create_key()["KeyMetadata"]["KeyId"], arn, ["Encrypt"])
    assert unnamed["GrantId"]


def test_retiring(server, kms, iam, key):
    grantee, by_grantee, _ = somebody(server, iam)
    retiring, by_retiring, _ = somebody(server, iam)
    _, by_stranger, _ = somebody(server, iam)
    _, by_delegate, _ = somebody(server, iam, statement("Allow", "kms:RetireGrant"))
    denier, by_denier, _ = somebody(server, iam, statement("Deny", "kms:RetireGrant"))
    ids = lambda made: {"KeyId": key, "GrantId": made["GrantId"]}
    token = lambda made: {"GrantToken": made["GrantToken"]}
    for named in (ids, token):
        made = grant(kms, key, grantee, ["Encrypt"], RetiringPrincipal=retiring)
        denied(lambda: by_stranger.retire_grant(**named(made)))
        denied(lambda: by_grantee.retire_grant(**named(made)))
        refused(lambda: by_retiring.retire_grant(**named(made), DryRun=True), "DryRunOperationException")
        by_retiring.retire_grant(**named(made))
        denied(lambda: by_grantee.encrypt(KeyId=key, Plaintext=b"x"))
        refused(lambda: kms.retire_grant(**named(made)), "NotFoundException")
        by_grantee.retire_grant(**named(grant(kms, key, grantee, ["Encrypt", "RetireGrant"])))
        by_delegate.retire_grant(**named(grant(kms, key, grantee, ["Encrypt"])))
        kms.retire_grant(**named(grant(kms, key, grantee, ["Encrypt"])))
        made = grant(kms, key, denier, ["Encrypt", "RetireGrant"], RetiringPrincipal=denier)
        denied(lambda: by_denier.retire_grant(**named(made)))
        kms.retire_grant(**named(made))
    assert kms.list_grants(KeyId=key)["Grants"] == []
    for members in ({}, {"KeyId": key}, {"GrantId": "0" * 64}):
        refused(lambda: kms.retire_grant(**members), "ValidationException")
    refused(lambda: kms.retire_grant(GrantToken="nonsense"), "InvalidGrantTokenException")
    refused(lambda: kms.retire_grant(KeyId=key, GrantId="short"), "InvalidGrantIdException")


def test_a_key_policy_does_not_let_anybody_retire(server, kms, iam):
    """Documented: developer guide, "Retiring and revoking grants"."""
    grantee, user, _ = somebody(server, iam)
    policy = statement("Allow", "kms:*", Principal={"AWS": [grantee, f"arn:aws:iam::{ACCOUNT}:root"]})
    key = kms.create_key(Policy=json.dumps(policy))["KeyMetadata"]["Arn"]
    made = grant(user, key, grantee, ["Encrypt"])
    denied(lambda: user.retire_grant(KeyId=key, GrantId=made["GrantId"]))
    user.revoke_grant(KeyId=key, GrantId=made["GrantId"])


def test_revoking(server, kms, iam, key):
    grantee, user, _ = somebody(server, iam)
    made = grant(kms, key, grantee, ["Encrypt", "RetireGrant"])
    user.encrypt(KeyId=key, Plaintext=b"x")
    denied(lambda: user.revoke_grant(KeyId=key, GrantId=made["GrantId"]))
    refused(lambda: kms.revoke_grant(KeyId=key, GrantId=made["GrantId"], DryRun=True), "DryRunOperationException")
    user.encrypt(KeyId=key, Plaintext=b"x")
    kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])
    denied(lambda: user.encrypt(KeyId=key, Plaintext=b"x"))
    denied(lambda: user.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[made["GrantToken"]]))
    refused(lambda: kms.revoke_grant(KeyId=key, GrantId=made["GrantId"]), "NotFoundException")
    refused(lambda: kms.revoke_grant(KeyId=key, GrantId="short"), "InvalidGrantIdException")
    refused(lambda: kms.revoke_grant(KeyId=key), "ValidationException")


def test_tokens_are_taken_wherever_aws_takes_them(server, kms, iam, key):
    grantee, user, _ = somebody(server, iam)
    token = grant(kms, key, grantee, ALL)["GrantToken"]
    assert user.describe_key(KeyId=key, GrantTokens=[token])
    blob = user.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[token])["CiphertextBlob"]
    assert user.decrypt(CiphertextBlob=blob, GrantTokens=[token])["Plaintext"] == b"x"
    assert user.generate_data_key(KeyId=key, KeySpec="AES_256", GrantTokens=[token])
    for bad in ("nonsense", token[:-4], token + "AAAA"):
        # DescribeKey's model has no such refusal: it takes the token and is answered.
        assert user.describe_key(KeyId=key, GrantTokens=[bad])
        for call in (lambda: user.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[token, bad]),
                     lambda: user.decrypt(CiphertextBlob=blob, GrantTokens=[bad]), lambda: user.generate_data_key(KeyId=key, KeySpec="AES_256", GrantTokens=[bad])):
            refused(call, "InvalidGrantTokenException")


def test_a_token_lets_nobody_do_what_no_grant_lets_them_do(server, kms, iam, key):
    grantee, _, _ = somebody(server, iam)
    _, stranger, _ = somebody(server, iam)
    token = grant(kms, key, grantee, ALL)["GrantToken"]
    denied(lambda: stranger.encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[token]))


def test_who_may_grant_by_a_grant_may_grant_no_more_than_it_has(server, kms, iam, key):
    """Documented: developer guide, "Granting CreateGrant permission"."""
    parent, by_parent, _ = somebody(server, iam)
    child, by_child, _ = somebody(server, iam)
    grant(kms, key, parent, ["Encrypt", "Decrypt", "CreateGrant"], Constraints={"EncryptionContextSubset": {"a": "1"}})
    denied(lambda: grant(by_parent, key, child, ["Encrypt"]))
    denied(lambda: grant(by_parent, key, child, ["Encrypt", "GenerateDataKey"], Constraints={"EncryptionContextSubset": {"a": "1"}}))
    denied(lambda: grant(by_parent, key, child, ["Encrypt"], Constraints={"EncryptionContextSubset": {"b": "1"}}))
    denied(lambda: grant(by_parent, key, child, ["Encrypt"], Constraints={"EncryptionContextEquals": {"b": "1"}}))
    grant(by_parent, key, child, ["Encrypt"], Constraints={"EncryptionContextSubset": {"a": "1", "b": "2"}})
    grant(by_parent, key, child, ["Decrypt"], Constraints={"EncryptionContextEquals": {"a": "1", "b": "2"}})
    context = {"a": "1", "b": "2"}
    blob = by_child.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
    assert by_child.decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"] == b"x"
    denied(lambda: grant(by_child, key, parent, ["Encrypt"], Constraints={"EncryptionContextEquals": context}))


@pytest.mark.parametrize("condition, good, bad", [
    ({"ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt", "Decrypt"]}}, {"Operations": ["Encrypt"]}, {"Operations": ["Encrypt", "DescribeKey"]}),
    ({"StringEquals": {"kms:GrantConstraintType": "EncryptionContextEquals"}}, {"Constraints": {"EncryptionContextEquals": {"a": "1"}}}, {"Constraints": {"EncryptionContextSubset": {"a": "1"}}}),
    ({"StringEquals": {"kms:GranteePrincipal": f"arn:aws:iam::{ACCOUNT}:root"}}, {"GranteePrincipal": f"arn:aws:iam::{ACCOUNT}:root"}, {}),
    ({"StringEquals": {"kms:RetiringPrincipal": f"arn:aws:iam::{ACCOUNT}:root"}}, {"RetiringPrincipal": f"arn:aws:iam::{ACCOUNT}:root"}, {}),
    ({"Bool": {"kms:GrantIsForAWSResource": "false"}}, {}, None),
    ({"Bool": {"kms:GrantIsForAWSResource": "true"}}, None, {}),
    ({"StringEquals": {"kms:EncryptionContext:a": "1"}}, {"Constraints": {"EncryptionContextSubset": {"a": "1"}}}, {"Constraints": {"EncryptionContextSubset": {"a": "2"}}}),
])
def test_condition_keys_of_create_grant(server, kms, iam, key, condition, good, bad):
    arn, _, _ = somebody(server, iam)
    _, user, _ = somebody(server, iam, statement("Allow", "kms:CreateGrant", Condition=condition))
    members = {"KeyId": key, "GranteePrincipal": arn, "Operations": ["Encrypt"]}
    if good is not None:
        user.create_grant(**members | good)
    if bad is not None:
        denied(lambda: user.create_grant(**members | bad))


def test_whoever_is_made_anew_under_a_name_has_nothing_of_its_grants(server, kms, iam, key):
    arn, user, name = somebody(server, iam)
    made = grant(kms, key, arn, ["Encrypt"], RetiringPrincipal=arn)
    user.encrypt(KeyId=key, Plaintext=b"x")
    id = iam.get_user(UserName=name)["User"]["UserId"]
    for access in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=name, AccessKeyId=access["AccessKeyId"])
    iam.delete_user(UserName=name)
    (entry,) = kms.list_grants(KeyId=key)["Grants"]
    assert (entry["GranteePrincipal"], entry["RetiringPrincipal"]) == (id, id)
    assert iam.create_user(UserName=name)["User"]["Arn"] == arn
    anew = as_key(server, iam.create_access_key(UserName=name)["AccessKey"])
    denied(lambda: anew.encrypt(KeyId=key, Plaintext=b"x"))
    denied(lambda: anew.retire_grant(KeyId=key, GrantId=made["GrantId"]))
    assert kms.list_grants(KeyId=key, GranteePrincipal=arn)["Grants"] == []
    assert len(kms.list_grants(KeyId=key, GranteePrincipal=id)["Grants"]) == 1


def test_whoever_is_renamed_keeps_its_grants(server, kms, iam, key):
    arn, user, name = somebody(server, iam)
    grant(kms, key, arn, ["Encrypt"])
    iam.update_user(UserName=name, NewUserName=name + "-2")
    user.encrypt(KeyId=key, Plaintext=b"x")
    assert kms.list_grants(KeyId=key)["Grants"][0]["GranteePrincipal"] == arn + "-2"


def test_somebody_of_another_account_uses_a_grant(server, kms, iam, other, key):
    theirs = as_key(server, other, "iam")
    theirs.create_user(UserName="foreign")
    client = as_key(server, theirs.create_access_key(UserName="foreign")["AccessKey"])
    arn = f"arn:aws:iam::{OTHER}:user/foreign"
    denied(lambda: client.encrypt(KeyId=key, Plaintext=b"x"))
    made = grant(kms, key, arn, ["Encrypt", "Decrypt", "CreateGrant"], RetiringPrincipal=f"arn:aws:iam::{OTHER}:root")
    blob = client.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert client.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    child = client.create_grant(KeyId=key, GranteePrincipal=f"arn:aws:iam::{OTHER}:root", Operations=["Decrypt"])
    issued = {entry["GrantId"]: entry["IssuingAccount"] for entry in kms.list_grants(KeyId=key)["Grants"]}
    assert issued == {made["GrantId"]: f"arn:aws:iam::{ACCOUNT}:root", child["GrantId"]: f"arn:aws:iam::{OTHER}:root"}
    root = as_key(server, other)
    assert root.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    listed = root.list_retirable_grants(RetiringPrincipal=f"arn:aws:iam::{OTHER}:root")["Grants"]
    assert [(entry["KeyId"], entry["GrantId"]) for entry in listed] == [(key, made["GrantId"])]
    denied(lambda: root.list_grants(KeyId=key))
    root.retire_grant(KeyId=key, GrantId=made["GrantId"])
    denied(lambda: client.encrypt(KeyId=key, Plaintext=b"x"))
    root.retire_grant(GrantToken=child["GrantToken"])
    assert kms.list_grants(KeyId=key)["Grants"] == []


def test_a_grant_to_an_account_is_its_policies_to_give_on(server, kms, iam, other, key):
    """Inferred from the same of key policies: developer guide, "Allowing users in other accounts to use a KMS key"."""
    theirs = as_key(server, other, "iam")
    theirs.create_user(UserName="trusted")
    client = as_key(server, theirs.create_access_key(UserName="trusted")["AccessKey"])
    grant(kms, key, f"arn:aws:iam::{OTHER}:root", ["Encrypt"])
    denied(lambda: client.encrypt(KeyId=key, Plaintext=b"x"))
    theirs.put_user_policy(UserName="trusted", PolicyName="p", PolicyDocument=json.dumps(statement("Allow", "kms:Encrypt")))
    client.encrypt(KeyId=key, Plaintext=b"x")
    denied(lambda: client.generate_data_key(KeyId=key, KeySpec="AES_256"))


def test_what_an_account_does_not_let_its_own_do_no_grant_of_another_account_does(server, kms, iam, other, key):
    """Inferred from the same of key policies: a permissions boundary in the user's account holds."""
    theirs = as_key(server, other, "iam")
    policy = theirs.create_policy(PolicyName="boundary", PolicyDocument=json.dumps(statement("Allow", "kms:Decrypt")))["Policy"]["Arn"]
    theirs.create_user(UserName="bounded", PermissionsBoundary=policy)
    client = as_key(server, theirs.create_access_key(UserName="bounded")["AccessKey"])
    grant(kms, key, f"arn:aws:iam::{OTHER}:user/bounded", ["Encrypt", "Decrypt"])
    denied(lambda: client.encrypt(KeyId=key, Plaintext=b"x"))
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert client.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_a_disabled_key_takes_no_grants_and_grants_do_not_open_it(server, kms, iam, key):
    arn, user, _ = somebody(server, iam)
    made = grant(kms, key, arn, ["Encrypt", "DescribeKey"])
    kms.disable_key(KeyId=key)
    refused(lambda: user.encrypt(KeyId=key, Plaintext=b"x"), "DisabledException", f"{key} is disabled.")
    refused(lambda: grant(kms, key, arn), "DisabledException", f"{key} is disabled.")
    assert user.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    refused(lambda: user.encrypt(KeyId=key, Plaintext=b"x"), "KMSInvalidStateException", f"{key} is pending deletion.")
    refused(lambda: grant(kms, key, arn), "KMSInvalidStateException", f"{key} is pending deletion.")
    assert len(kms.list_grants(KeyId=key)["Grants"]) == 1
    kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])


def test_a_stranger_learns_nothing_of_keys_and_grants(server, kms, iam, key):
    """A refusal is the same whether there is a key or a grant, or none."""
    arn, _, _ = somebody(server, iam)
    _, stranger, _ = somebody(server, iam)
    made = grant(kms, key, arn, ["Encrypt"])
    absent = key[:-12] + "0" * 12
    for call in (lambda key, id: stranger.revoke_grant(KeyId=key, GrantId=id), lambda key, id: stranger.retire_grant(KeyId=key, GrantId=id),
                 lambda key, id: stranger.list_grants(KeyId=key), lambda key, id: grant(stranger, key, arn, ["Encrypt"])):
        told = set()
        for named in (key, absent):
            for id in (made["GrantId"], "0" * 64):
                with pytest.raises(botocore.exceptions.ClientError) as caught:
                    call(named, id)
                error = caught.value.response["Error"]
                told.add((error["Code"], error["Message"].replace(named, "KEY")))
        assert len(told) == 1, told


def test_grants_that_are_made_at_once_are_all_there(server, kms, iam, key):
    """Two with the same name and members are one. Ours: the key's count is what they meet at."""
    from concurrent.futures import ThreadPoolExecutor
    arn, _, _ = somebody(server, iam)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: grant(kms, key, arn, ["Encrypt"], Name=f"n{n % 4}")["GrantId"], range(24)))
    assert len(set(made)) == 4
    assert {entry["GrantId"] for entry in kms.list_grants(KeyId=key)["Grants"]} == set(made)


def test_the_command_line_makes_lists_and_revokes_grants(server, kms, iam, key):
    arn, user, _ = somebody(server, iam)
    run = lambda *words: subprocess.run(["aws", "kms", *words, "--output", "json"], env=server.cli_environment(), capture_output=True, text=True, check=True).stdout
    made = json.loads(run("create-grant", "--key-id", key, "--grantee-principal", arn, "--operations", "Encrypt", "Decrypt",
                          "--constraints", "EncryptionContextSubset={Department=IT}"))
    user.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"Department": "IT"})
    (entry,) = json.loads(run("list-grants", "--key-id", key))["Grants"]
    assert entry["GrantId"] == made["GrantId"] and entry["Constraints"] == {"EncryptionContextSubset": {"Department": "IT"}}
    run("retire-grant", "--grant-token", made["GrantToken"])
    assert json.loads(run("list-grants", "--key-id", key))["Grants"] == []
