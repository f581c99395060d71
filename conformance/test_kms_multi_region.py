"""Multi-Region keys. Expectations: documented in AWS's service model and developer guide unless a case says otherwise;
messages recorded in kms-aws.md where a test has one."""
import json, os

import botocore.exceptions
import pytest

from test_kms_import import bring

HOME, EUROPE, ASIA = "us-east-1", "eu-west-1", "ap-south-1"


def refused(call, code, text=None):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert text is None or error["Message"] == text, error
    return error


@pytest.fixture
def kms(server):
    return {region: server.client("kms", region=region) for region in (HOME, EUROPE, ASIA)}


def create(kms, **members):
    return kms[HOME].create_key(MultiRegion=True, **members)["KeyMetadata"]["KeyId"]


def arn(key, region):
    return f"arn:aws:kms:{region}:123456789012:key/{key}"


def configuration(kms, key, region):
    return kms[region].describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"]


def test_a_replica_has_the_id_and_material_of_its_primary_and_all_else_of_its_own(kms):
    key = create(kms, Description="first", Tags=[{"TagKey": "a", "TagValue": "1"}])
    made = kms[HOME].replicate_key(KeyId=key, ReplicaRegion=EUROPE, Description="second",
                                   Tags=[{"TagKey": "b", "TagValue": "2"}])
    told = made["ReplicaKeyMetadata"]
    assert (told["KeyId"], told["Arn"], told["Description"]) == (key, arn(key, EUROPE), "second")
    assert made["ReplicaTags"] == [{"TagKey": "b", "TagValue": "2"}]
    policy = json.loads(made["ReplicaPolicy"])  # recorded: the same Id and Sid as CreateKey's
    assert (policy["Id"], policy["Statement"][0]["Sid"]) == ("key-default-1", "Enable IAM User Permissions")
    expected = {"MultiRegionKeyType": "REPLICA", "PrimaryKey": {"Arn": arn(key, HOME), "Region": HOME},
                "ReplicaKeys": [{"Arn": arn(key, EUROPE), "Region": EUROPE}]}
    assert told["MultiRegionConfiguration"] == expected
    assert configuration(kms, key, HOME) == {**expected, "MultiRegionKeyType": "PRIMARY"}
    here, there = (kms[region].describe_key(KeyId=key)["KeyMetadata"] for region in (HOME, EUROPE))
    for same in ("KeyId", "KeySpec", "KeyUsage", "Origin", "CurrentKeyMaterialId", "MultiRegion"):
        assert here[same] == there[same], same
    assert here["Description"] == "first"


def test_without_members_a_replica_has_defaults(kms):
    key = create(kms, Description="first", Tags=[{"TagKey": "a", "TagValue": "1"}])
    made = kms[HOME].replicate_key(KeyId=key, ReplicaRegion=EUROPE)
    assert (made["ReplicaKeyMetadata"]["Description"], made["ReplicaTags"]) == ("", [])


def test_a_ciphertext_of_one_region_opens_in_another(kms):
    key, context = create(kms), {"a": "b"}
    kms[HOME].replicate_key(KeyId=key, ReplicaRegion=EUROPE)
    for one, other in ((HOME, EUROPE), (EUROPE, HOME)):
        sealed = kms[one].encrypt(KeyId=key, Plaintext=b"hello", EncryptionContext=context)["CiphertextBlob"]
        opened = kms[other].decrypt(CiphertextBlob=sealed, EncryptionContext=context)
        assert (opened["Plaintext"], opened["KeyId"]) == (b"hello", arn(key, other))
        with pytest.raises(botocore.exceptions.ClientError):
            kms[ASIA].decrypt(CiphertextBlob=sealed, EncryptionContext=context)


def test_what_cannot_be_replicated_is_refused(kms):
    """Recorded messages: of a replica, and of a second replica in a Region."""
    single = kms[HOME].create_key()["KeyMetadata"]["Arn"]
    refused(lambda: kms[HOME].replicate_key(KeyId=single, ReplicaRegion=EUROPE), "UnsupportedOperationException",
            f"{single} is not a multi-region primary key.")
    key = create(kms)
    kms[HOME].replicate_key(KeyId=key, ReplicaRegion=EUROPE)
    refused(lambda: kms[EUROPE].replicate_key(KeyId=key, ReplicaRegion=ASIA), "UnsupportedOperationException",
            f"{arn(key, EUROPE)} is not a multi-region primary key.")
    for region in (EUROPE, HOME):
        refused(lambda: kms[HOME].replicate_key(KeyId=key, ReplicaRegion=region), "AlreadyExistsException",
                "You can create only one replica of each primary key in each AWS Region.")
    for region in ("cn-north-1", "us-gov-west-1"):  # documented: the same partition
        refused(lambda: kms[HOME].replicate_key(KeyId=key, ReplicaRegion=region), "UnsupportedOperationException")
    for region in ("nowhere", "a-b-c-d-1", "US-EAST-1", "x" * 33):
        refused(lambda: kms[HOME].replicate_key(KeyId=key, ReplicaRegion=region), "ValidationException")
    refused(lambda: kms[HOME].replicate_key(KeyId=key, ReplicaRegion=ASIA, Policy="{"), "MalformedPolicyDocumentException")
    refused(lambda: kms[ASIA].describe_key(KeyId=key), "NotFoundException", f"Key '{arn(key, ASIA)}' does not exist")
    assert [replica["Region"] for replica in configuration(kms, key, HOME)["ReplicaKeys"]] == [EUROPE]


def test_the_primary_moves_in_every_key_of_the_set(kms):
    key = create(kms)
    for region in (EUROPE, ASIA):
        kms[HOME].replicate_key(KeyId=key, ReplicaRegion=region)
    refused(lambda: kms[EUROPE].update_primary_region(KeyId=key, PrimaryRegion=ASIA), "UnsupportedOperationException",
            f"{arn(key, EUROPE)} is not a multi-region primary key.")
    refused(lambda: kms[HOME].update_primary_region(KeyId=key, PrimaryRegion=HOME), "UnsupportedOperationException")
    refused(lambda: kms[HOME].update_primary_region(KeyId=key, PrimaryRegion="us-west-2"), "NotFoundException")
    kms[HOME].update_primary_region(KeyId=key, PrimaryRegion=ASIA)
    for region in (HOME, EUROPE, ASIA):
        told = configuration(kms, key, region)
        assert told["PrimaryKey"]["Region"] == ASIA
        assert {replica["Region"] for replica in told["ReplicaKeys"]} == {HOME, EUROPE}
        assert told["MultiRegionKeyType"] == ("PRIMARY" if region == ASIA else "REPLICA")
    kms[ASIA].replicate_key(KeyId=key, ReplicaRegion="us-west-2")
    assert len(configuration(kms, key, HOME)["ReplicaKeys"]) == 3


def test_imported_material_is_imported_into_each_key_of_a_set(kms):
    key, material = create(kms, Origin="EXTERNAL"), os.urandom(32)
    first = bring(kms[HOME], key, material)
    kms[HOME].replicate_key(KeyId=key, ReplicaRegion=EUROPE)
    assert kms[EUROPE].describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingImport"
    refused(lambda: bring(kms[EUROPE], key, os.urandom(32)), "IncorrectKeyMaterialException")
    assert bring(kms[EUROPE], key, material)["KeyMaterialId"] == first["KeyMaterialId"]
    sealed = kms[HOME].encrypt(KeyId=key, Plaintext=b"hello")["CiphertextBlob"]
    assert kms[EUROPE].decrypt(CiphertextBlob=sealed)["Plaintext"] == b"hello"
    # "If you delete any key material of a replica Region key, the primary Region key and other replica Region keys remain
    # unchanged."
    kms[EUROPE].delete_imported_key_material(KeyId=key)
    assert kms[HOME].decrypt(CiphertextBlob=sealed)["Plaintext"] == b"hello"
    refused(lambda: kms[EUROPE].decrypt(CiphertextBlob=sealed), "KMSInvalidStateException",
            f"{arn(key, EUROPE)} is pending import.")


def test_new_material_goes_into_the_primary_first(kms):
    key, first, second = create(kms, Origin="EXTERNAL"), os.urandom(32), os.urandom(32)
    bring(kms[HOME], key, first)
    kms[HOME].replicate_key(KeyId=key, ReplicaRegion=EUROPE)
    bring(kms[EUROPE], key, first)
    refused(lambda: bring(kms[EUROPE], key, second, ImportType="NEW_KEY_MATERIAL"), "UnsupportedOperationException")
    new = bring(kms[HOME], key, second, ImportType="NEW_KEY_MATERIAL")["KeyMaterialId"]
    assert bring(kms[EUROPE], key, second, ImportType="EXISTING_KEY_MATERIAL")["KeyMaterialId"] == new
    kms[HOME].delete_imported_key_material(KeyId=key, KeyMaterialId=new)
    refused(lambda: bring(kms[EUROPE], key, second), "IncorrectKeyMaterialException")


def test_tokens_are_of_one_region(kms):
    key, material = create(kms, Origin="EXTERNAL"), os.urandom(32)
    bring(kms[HOME], key, material)
    kms[HOME].replicate_key(KeyId=key, ReplicaRegion=EUROPE)
    here = kms[HOME].get_parameters_for_import(KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    refused(lambda: kms[EUROPE].import_key_material(
        KeyId=key, ImportToken=here["ImportToken"], EncryptedKeyMaterial=b"x" * 256,
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE"), "InvalidImportTokenException")


@pytest.fixture
def user(server):
    """Someone who may do with keys what a policy says: a maker of clients."""
    import boto3, botocore.config, uuid
    iam, name = server.client("iam"), f"u{uuid.uuid4().hex[:12]}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    def made(*statements):
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
        return boto3.client("kms", endpoint_url=server.endpoint, region_name=HOME, aws_access_key_id=key["AccessKeyId"],
                            aws_secret_access_key=key["SecretAccessKey"],
                            config=botocore.config.Config(retries={"max_attempts": 0}))
    return made


def allow(actions, **condition):
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return {**statement, "Condition": {"StringEquals": condition}} if condition else statement


def test_to_replicate_needs_the_permission_to_create(kms, user):
    key = create(kms)
    denied = lambda client, **more: refused(
        lambda: client.replicate_key(KeyId=key, ReplicaRegion=EUROPE, **more), "AccessDeniedException")
    assert "kms:ReplicateKey" in denied(user(allow("kms:CreateKey")))["Message"]
    assert "kms:CreateKey" in denied(user(allow("kms:ReplicateKey")))["Message"]
    both = allow(["kms:ReplicateKey", "kms:CreateKey"])
    tags = [{"TagKey": "a", "TagValue": "1"}]
    assert "kms:TagResource" in denied(user(both), Tags=tags)["Message"]
    only = user(allow("kms:CreateKey"), allow("kms:ReplicateKey", **{"kms:ReplicaRegion": ASIA}))
    denied(only)
    only.replicate_key(KeyId=key, ReplicaRegion=ASIA)
    user(both).replicate_key(KeyId=key, ReplicaRegion=EUROPE)


def test_to_move_the_primary_needs_the_permission_on_both_keys(kms, user):
    key = create(kms)
    for region in (EUROPE, ASIA):
        kms[HOME].replicate_key(KeyId=key, ReplicaRegion=region)
    move = lambda client, region: client.update_primary_region(KeyId=key, PrimaryRegion=region)
    here = {**allow("kms:UpdatePrimaryRegion"), "Resource": arn(key, HOME)}
    error = refused(lambda: move(user(here), EUROPE), "AccessDeniedException")
    assert arn(key, EUROPE) in error["Message"]
    only = user(allow("kms:UpdatePrimaryRegion", **{"kms:PrimaryRegion": ASIA}))
    refused(lambda: move(only, EUROPE), "AccessDeniedException")
    move(only, ASIA)


def test_the_kind_of_a_multi_region_key_is_a_condition(kms, user):
    key = create(kms)
    kms[HOME].replicate_key(KeyId=key, ReplicaRegion=EUROPE)
    user(allow("kms:DescribeKey", **{"kms:MultiRegionKeyType": "PRIMARY"})).describe_key(KeyId=key)
    replica = user(allow("kms:DescribeKey", **{"kms:MultiRegionKeyType": "REPLICA"}))
    refused(lambda: replica.describe_key(KeyId=key), "AccessDeniedException")


def test_how_material_is_wrapped_and_how_long_it_lasts_are_conditions(kms, user):
    key = create(kms, Origin="EXTERNAL")
    one = user(allow("kms:GetParametersForImport", **{"kms:WrappingAlgorithm": "RSAES_OAEP_SHA_256",
                                                      "kms:WrappingKeySpec": "RSA_3072"}),
               allow("kms:ImportKeyMaterial", **{"kms:ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}),
               {**allow("kms:ImportKeyMaterial"),
                "Condition": {"DateLessThan": {"kms:ValidTo": "2001-01-01T00:00:00Z"}}})
    for algorithm, spec in (("RSAES_OAEP_SHA_1", "RSA_3072"), ("RSAES_OAEP_SHA_256", "RSA_2048")):
        refused(lambda: one.get_parameters_for_import(KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec=spec),
                "AccessDeniedException")
    import time
    refused(lambda: bring(one, key, b"k" * 32, spec="RSA_3072", ExpirationModel="KEY_MATERIAL_EXPIRES",
                          ValidTo=time.time() + 60), "AccessDeniedException")
    bring(one, key, b"k" * 32, spec="RSA_3072")


def test_a_set_has_an_end(kms):
    """Ours: any well-formed name is a region, and every change of a primary writes its whole set."""
    key = create(kms)
    for number in range(40):
        kms[HOME].replicate_key(KeyId=key, ReplicaRegion=f"eu-test-{number + 10}")
    refused(lambda: kms[HOME].replicate_key(KeyId=key, ReplicaRegion="eu-test-9"), "LimitExceededException")
    assert len(configuration(kms, key, HOME)["ReplicaKeys"]) == 40
