"""Behaviour over time and between operations. Expectations: recorded in aws-behaviour.md unless a case says otherwise."""
import base64, json, os, random, ssl, subprocess, threading, time, uuid

import botocore.exceptions
import pytest


def refused(call, code, text=""):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert text in error["Message"], error
    return error


@pytest.fixture
def name():
    return f"t/{uuid.uuid4()}"


def until(check, seconds=10):
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.02)


def test_a_token_makes_retries_idempotent(client, name):
    token = str(uuid.uuid4())
    first = client.create_secret(Name=name, SecretString="v", ClientRequestToken=token)
    again = client.create_secret(Name=name, SecretString="v", ClientRequestToken=token)
    assert first["VersionId"] == again["VersionId"] == token and first["ARN"] == again["ARN"]
    in_use = f"You can't use ClientRequestToken {token} because that value is already in use for a version of secret {first['ARN']}."
    for call in (client.create_secret, ):
        refused(lambda: call(Name=name, SecretString="w", ClientRequestToken=token), "ResourceExistsException", in_use)
    for call in (client.put_secret_value, client.update_secret):
        assert call(SecretId=name, SecretString="v", ClientRequestToken=token)["VersionId"] == token
        refused(lambda: call(SecretId=name, SecretString="w", ClientRequestToken=token), "ResourceExistsException", in_use)
    refused(lambda: client.create_secret(Name=name, SecretString="v"), "ResourceExistsException",
            f"The operation failed because the secret {name} already exists.")


def test_concurrent_retries_give_one_version(server, name):
    token = str(uuid.uuid4())
    server.client().create_secret(Name=name)
    answers, clients = [], [server.client() for _ in range(16)]
    def put(client):
        answers.append(client.put_secret_value(SecretId=name, SecretString="v", ClientRequestToken=token)["VersionId"])
    threads = [threading.Thread(target=put, args=(client,)) for client in clients]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert answers == [token] * 16
    assert server.client().describe_secret(SecretId=name)["VersionIdsToStages"] == {token: ["AWSCURRENT"]}


def test_concurrent_writers_of_one_secret_all_succeed(server, name):
    server.client().create_secret(Name=name, SecretString="0")
    failures, clients = [], [server.client() for _ in range(24)]
    def put(client):
        for _ in range(5):
            try:
                client.put_secret_value(SecretId=name, SecretString="x")
            except botocore.exceptions.ClientError as error:
                failures.append(error)
    threads = [threading.Thread(target=put, args=(client,)) for client in clients]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failures == []
    listed = server.client().list_secret_version_ids(SecretId=name, IncludeDeprecated=True, MaxResults=100)
    assert len(listed["Versions"]) == 100 and listed["NextToken"]


def test_labels_move_as_recorded(client, name):
    v1 = client.create_secret(Name=name, SecretString="1")["VersionId"]
    v2 = client.put_secret_value(SecretId=name, SecretString="2", VersionStages=["MINE"])["VersionId"]
    stages = lambda: client.describe_secret(SecretId=name)["VersionIdsToStages"]
    assert stages() == {v1: ["AWSCURRENT"], v2: ["MINE"]}
    refused(lambda: client.update_secret_version_stage(SecretId=name, VersionStage="AWSCURRENT", MoveToVersionId=v2),
            "InvalidParameterException", f"Staging label AWSCURRENT is currently attached to version {v1}, so you must explicitly reference that version in RemoveFromVersionId.")
    client.update_secret_version_stage(SecretId=name, VersionStage="AWSCURRENT", MoveToVersionId=v2, RemoveFromVersionId=v1)
    assert {v: sorted(s) for v, s in stages().items()} == {v1: ["AWSPREVIOUS"], v2: ["AWSCURRENT", "MINE"]}
    refused(lambda: client.update_secret_version_stage(SecretId=name, VersionStage="AWSCURRENT", RemoveFromVersionId=v2), "InvalidParameterException")
    client.update_secret_version_stage(SecretId=name, VersionStage="AWSPREVIOUS", RemoveFromVersionId=v1)
    assert v1 not in stages()
    listed = client.list_secret_version_ids(SecretId=name)["Versions"]
    assert [version["VersionId"] for version in listed] == [v2]
    deprecated = client.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]
    assert [("VersionStages" in version) for version in deprecated if version["VersionId"] == v1] == [False]
    assert all(version["KmsKeyIds"] == ["DefaultEncryptionKey"] for version in deprecated)
    assert client.get_secret_value(SecretId=name, VersionId=v1)["SecretString"] == "1"
    refused(lambda: client.get_secret_value(SecretId=name, VersionId=v2, VersionStage="AWSPREVIOUS"), "InvalidRequestException",
            "You provided a VersionStage that is not associated to the provided VersionId.")
    refused(lambda: client.get_secret_value(SecretId=name, VersionStage="NOPE"), "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret value for staging label: NOPE")


def test_a_secret_without_a_value(client, name):
    created = client.create_secret(Name=name)
    assert "VersionId" not in created
    described = client.describe_secret(SecretId=name)
    assert "VersionIdsToStages" not in described and "LastAccessedDate" not in described and "Tags" not in described
    refused(lambda: client.get_secret_value(SecretId=name), "ResourceNotFoundException", "for staging label: AWSCURRENT")


def test_binary_values_survive_whatever_they_are(client, name):
    value = os.urandom(65_536)
    client.create_secret(Name=name, SecretBinary=value)
    answer = client.get_secret_value(SecretId=name)
    assert answer["SecretBinary"] == value and "SecretString" not in answer
    text = "é\u0000\n\"\\" * 5000
    client.put_secret_value(SecretId=name, SecretString=text)
    assert client.get_secret_value(SecretId=name)["SecretString"] == text
    refused(lambda: client.put_secret_value(SecretId=name, SecretString="a", SecretBinary=b"b"), "InvalidParameterException")


def test_ids_find_by_name_full_and_partial_arn_only(client):
    base = f"Name{uuid.uuid4().hex}"
    for name in (base, base + "-a1b2", base + "-a1b2c3", base + "-a1b2c3-"):
        arn = client.create_secret(Name=name, SecretString=name)["ARN"]
        assert arn.rsplit("-", 1)[0].endswith(name)
        for id in (name, arn, arn.rsplit("-", 1)[0]):
            assert client.get_secret_value(SecretId=id)["SecretString"] == name
    refused(lambda: client.get_secret_value(SecretId=base[:-1]), "ResourceNotFoundException")
    refused(lambda: client.get_secret_value(SecretId=arn[:-1] + "?"), "ValidationException")
    refused(lambda: client.get_secret_value(SecretId="arn:aws:secretsmanager:us-east-1:999999999999:secret:x"), "AccessDeniedException")


def test_deletion_restore_and_the_name_free_again(client, name):
    arn = client.create_secret(Name=name, SecretString="v", Tags=[{"Key": "a", "Value": "b"}])["ARN"]
    deleted = client.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    assert 6.9 < (deleted["DeletionDate"].timestamp() - time.time()) / 86400 < 7.1
    marked = "You can't perform this operation on the secret because it was marked for deletion."
    for call in (
        lambda: client.get_secret_value(SecretId=name),
        lambda: client.put_secret_value(SecretId=name, SecretString="w"),
        lambda: client.update_secret(SecretId=name, Description="w"),
        lambda: client.tag_resource(SecretId=name, Tags=[{"Key": "k", "Value": "v"}]),
        lambda: client.untag_resource(SecretId=name, TagKeys=["a"]),
        lambda: client.get_resource_policy(SecretId=name),
        lambda: client.delete_secret(SecretId=name),
    ):
        refused(call, "InvalidRequestException", marked)
    refused(lambda: client.create_secret(Name=name, SecretString="x"), "InvalidRequestException", "already scheduled for deletion")
    assert "DeletedDate" in client.describe_secret(SecretId=name)
    assert client.restore_secret(SecretId=name)["ARN"] == arn
    assert "DeletedDate" not in client.describe_secret(SecretId=name)
    assert client.get_secret_value(SecretId=name)["SecretString"] == "v"
    client.delete_secret(SecretId=name)
    client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    refused(lambda: client.describe_secret(SecretId=name), "ResourceNotFoundException")
    assert client.create_secret(Name=name, SecretString="new")["ARN"] != arn
    assert client.delete_secret(SecretId=f"{name}/unknown", ForceDeleteWithoutRecovery=True)["Name"] == f"{name}/unknown"
    for days in (6, 31):
        refused(lambda: client.delete_secret(SecretId=name, RecoveryWindowInDays=days), "InvalidParameterException")
    refused(lambda: client.delete_secret(SecretId=name, RecoveryWindowInDays=7, ForceDeleteWithoutRecovery=True), "InvalidParameterException")


def test_tags_and_their_limit(client, name):
    client.create_secret(Name=name, Tags=[{"Key": f"k{i}", "Value": "v"} for i in range(50)])
    refused(lambda: client.tag_resource(SecretId=name, Tags=[{"Key": "one more", "Value": ""}]), "LimitExceededException")
    client.tag_resource(SecretId=name, Tags=[{"Key": "k0", "Value": "changed"}])
    client.untag_resource(SecretId=name, TagKeys=[f"k{i}" for i in range(1, 50)] + ["missing"])
    assert client.describe_secret(SecretId=name)["Tags"] == [{"Key": "k0", "Value": "changed"}]
    client.untag_resource(SecretId=name, TagKeys=["k0"])
    assert client.describe_secret(SecretId=name)["Tags"] == []


def test_pages_are_stable_while_secrets_come_and_go(server):
    client, prefix = server.client(region="eu-north-1"), f"p{uuid.uuid4().hex}/"
    names = [f"{prefix}{i:03}" for i in range(130)]
    for name in names:
        client.create_secret(Name=name, Description=f"number {name[-3:]}")
    seen, token, rounds = [], {}, 0
    while True:
        page = client.list_secrets(MaxResults=17, SortBy="name", SortOrder="asc", Filters=[{"Key": "name", "Values": [prefix]}], **token)
        seen += [entry["Name"] for entry in page["SecretList"]]
        rounds += 1
        if rounds == 2:
            client.delete_secret(SecretId=names[0], ForceDeleteWithoutRecovery=True)
            client.delete_secret(SecretId=names[100], ForceDeleteWithoutRecovery=True)
            client.create_secret(Name=f"{prefix}000a")
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == [name for name in names if name != names[100]]
    assert rounds == 8
    for bad in ("x", "A" * 200, page.get("NextToken", "") + "B"):
        refused(lambda: client.list_secrets(NextToken=bad), "InvalidNextTokenException")
    first = client.list_secrets(MaxResults=5)["NextToken"]
    refused(lambda: client.list_secrets(MaxResults=5, NextToken=first, SortBy="name"), "InvalidNextTokenException")
    refused(lambda: server.client().list_secrets(MaxResults=5, NextToken=first), "InvalidNextTokenException")
    flipped = first[:-3] + ("A" if first[-3] != "A" else "B") + first[-2:]
    refused(lambda: client.list_secrets(MaxResults=5, NextToken=flipped), "InvalidNextTokenException")
    newest = client.list_secrets(MaxResults=1)["SecretList"][0]["Name"]
    assert newest == f"{prefix}000a"
    batch = client.batch_get_secret_value(SecretIdList=names[1:3] + ["missing"])
    assert [error["ErrorCode"] for error in batch["Errors"]] == ["ResourceNotFoundException"] * 3


def test_batches_answer_what_they_can(client, name):
    client.create_secret(Name=name + "/a", SecretString="1", Description="the blue one")
    client.create_secret(Name=name + "/b", SecretString="2", Description="the green one")
    named = client.batch_get_secret_value(SecretIdList=[name + "/a", "missing"])
    assert [value["SecretString"] for value in named["SecretValues"]] == ["1"]
    assert named["Errors"][0]["SecretId"] == "missing" and named["Errors"][0]["ErrorCode"] == "ResourceNotFoundException"
    found = client.batch_get_secret_value(Filters=[{"Key": "name", "Values": [name]}, {"Key": "description", "Values": ["GREEN"]}])
    assert [value["SecretString"] for value in found["SecretValues"]] == ["2"]
    refused(lambda: client.batch_get_secret_value(), "InvalidParameterException")


def test_replicas_follow_their_primary(server, name):
    east, west = server.client(), server.client(region="us-west-2")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "secretsmanager:*", "Resource": "*"}]})
    arn = east.create_secret(Name=name, SecretString="1", AddReplicaRegions=[{"Region": "us-west-2"}], Tags=[{"Key": "k", "Value": "v"}])["ARN"]
    in_sync = lambda: [replica["Status"] for replica in east.describe_secret(SecretId=name)["ReplicationStatus"]] == ["InSync"]
    assert until(in_sync)
    replica = west.describe_secret(SecretId=name)
    assert replica["ARN"] == arn.replace("us-east-1", "us-west-2") and replica["PrimaryRegion"] == "us-east-1"
    assert replica["Tags"] == [{"Key": "k", "Value": "v"}]
    version = east.put_secret_value(SecretId=name, SecretString="2")["VersionId"]
    east.put_resource_policy(SecretId=name, ResourcePolicy=policy)
    assert until(lambda: west.get_secret_value(SecretId=name)["SecretString"] == "2")
    assert west.get_secret_value(SecretId=name)["VersionId"] == version
    assert west.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == "1"
    assert until(lambda: west.get_resource_policy(SecretId=name).get("ResourcePolicy")) == policy
    for write in (lambda: west.put_secret_value(SecretId=name, SecretString="x"), lambda: west.delete_secret(SecretId=name),
                  lambda: west.tag_resource(SecretId=name, Tags=[{"Key": "a", "Value": "b"}]), lambda: west.update_secret(SecretId=name, Description="x")):
        refused(write, "InvalidParameterException", "Operation not permitted on a replica secret. Call must be made in primary secret's region.")
    refused(lambda: east.delete_secret(SecretId=name), "InvalidParameterException", "that still has replica regions [us-west-2]")
    west.stop_replication_to_replica(SecretId=name)
    west.put_secret_value(SecretId=name, SecretString="own")
    assert "ReplicationStatus" not in east.describe_secret(SecretId=name)
    east.replicate_secret_to_regions(SecretId=name, AddReplicaRegions=[{"Region": "us-west-2"}])
    assert until(lambda: east.describe_secret(SecretId=name)["ReplicationStatus"][0]["Status"] == "Failed")
    assert west.get_secret_value(SecretId=name)["SecretString"] == "own"
    east.replicate_secret_to_regions(SecretId=name, AddReplicaRegions=[{"Region": "us-west-2"}], ForceOverwriteReplicaSecret=True)
    assert until(lambda: west.get_secret_value(SecretId=name)["SecretString"] == "2")
    east.remove_regions_from_replication(SecretId=name, RemoveReplicaRegions=["us-west-2"])
    refused(lambda: west.describe_secret(SecretId=name), "ResourceNotFoundException")
    east.delete_secret(SecretId=name)


def test_public_policies_are_found(client, name):
    client.create_secret(Name=name, SecretString="v")
    open_policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]})
    refused(lambda: client.put_resource_policy(SecretId=name, ResourcePolicy=open_policy, BlockPublicPolicy=True), "PublicPolicyException")
    assert "ResourcePolicy" not in client.get_resource_policy(SecretId=name)
    assert client.validate_resource_policy(ResourcePolicy=open_policy)["PolicyValidationPassed"] is False
    client.put_resource_policy(SecretId=name, ResourcePolicy=open_policy)
    assert client.list_resource_policies(SecretId=name)["ResourcePolicies"] == [{"PolicyName": "default"}]
    client.delete_resource_policy(SecretId=name)
    client.delete_resource_policy(SecretId=name)
    refused(lambda: client.put_resource_policy(SecretId=name, ResourcePolicy="{}"), "MalformedPolicyDocumentException")
    refused(lambda: client.put_resource_policy(SecretId=name, PolicyName="other", ResourcePolicy=open_policy), "InvalidParameterException")


def test_rotation_rules_are_checked_and_a_missing_function_is_no_success(client, name):
    client.create_secret(Name=name, SecretString="v")
    refused(lambda: client.rotate_secret(SecretId=name), "InvalidRequestException", "No Lambda rotation function ARN is associated with this secret.")
    function = "arn:aws:lambda:us-east-1:123456789012:function:f"
    for rules in ({"ScheduleExpression": "rate(3 hours)"}, {"ScheduleExpression": "cron(5 16 * * ? *)"}, {"AutomaticallyAfterDays": 1, "ScheduleExpression": "rate(1 day)"}):
        refused(lambda: client.rotate_secret(SecretId=name, RotationLambdaARN=function, RotationRules=rules), "InvalidParameterException")
    refused(lambda: client.rotate_secret(SecretId=name, RotationLambdaARN=function, RotationRules={"ScheduleExpression": "cron(0 16 1,15 * ? *)", "Duration": "2h"}),
            "AccessDeniedException", "Secrets Manager cannot invoke the specified Lambda function.")
    assert "RotationEnabled" not in client.describe_secret(SecretId=name)


def test_dates_of_access_are_days(client, name):
    client.create_secret(Name=name, SecretString="v")
    client.get_secret_value(SecretId=name)
    accessed = client.describe_secret(SecretId=name)["LastAccessedDate"]
    assert accessed.timestamp() % 86400 == 0 and 0 <= time.time() - accessed.timestamp() < 86400
    time.sleep(1.5)
    assert client.describe_secret(SecretId=name)["LastAccessedDate"] == accessed
    assert client.list_secret_version_ids(SecretId=name)["Versions"][0]["LastAccessedDate"] == accessed


def test_a_region_named_twice_is_removed_once(server, name):
    client = server.client()
    client.create_secret(Name=name, SecretString="v", AddReplicaRegions=[{"Region": "us-west-2"}])
    client.remove_regions_from_replication(SecretId=name, RemoveReplicaRegions=["us-west-2", "us-west-2"])
    assert "ReplicationStatus" not in client.describe_secret(SecretId=name)


def test_overwriting_happens_once_and_leaves_nobody_behind(server, name):
    """Inferred from the API reference: the flag overwrites in this call; a change of the primary later does not."""
    east, west, south = (server.client(region=region) for region in ("us-east-1", "us-west-2", "sa-east-1"))
    status = lambda client: client.describe_secret(SecretId=name)["ReplicationStatus"][0]["Status"]
    west.create_secret(Name=name, SecretString="west")
    east.create_secret(Name=name, SecretString="east", AddReplicaRegions=[{"Region": "us-west-2"}], ForceOverwriteReplicaSecret=True)
    assert until(lambda: status(east) == "InSync")
    assert west.get_secret_value(SecretId=name)["SecretString"] == "east"
    south.create_secret(Name=name, SecretString="south", AddReplicaRegions=[{"Region": "us-west-2"}], ForceOverwriteReplicaSecret=True)
    assert until(lambda: status(south) == "Failed"), "a replica of another primary is not taken from it"
    west.stop_replication_to_replica(SecretId=name)
    west.put_secret_value(SecretId=name, SecretString="own")
    south.put_secret_value(SecretId=name, SecretString="south again")
    assert until(lambda: status(south) == "Failed")
    assert west.get_secret_value(SecretId=name)["SecretString"] == "own"


def test_a_replicas_key_is_its_own_to_change(server, name):
    """Documented: user guide, "Replica secrets"."""
    east, west = server.client(), server.client(region="us-west-2")
    east.create_secret(Name=name, SecretString="v", AddReplicaRegions=[{"Region": "us-west-2"}])
    assert until(lambda: east.describe_secret(SecretId=name)["ReplicationStatus"][0]["Status"] == "InSync")
    west.update_secret(SecretId=name, KmsKeyId="alias/aws/secretsmanager")
    refused(lambda: west.update_secret(SecretId=name, KmsKeyId="alias/aws/secretsmanager", Description="d"), "InvalidParameterException", "replica secret")


def test_keys_and_tags_that_are_not_the_callers(client, name):
    """Recorded in users' reports of AWS's answers."""
    refused(lambda: client.create_secret(Name=name, KmsKeyId="not a key"), "InvalidParameterException", "The operation failed because of an invalid KMS key: Invalid keyId")
    client.create_secret(Name=name)
    for call in (lambda: client.tag_resource(SecretId=name, Tags=[{"Key": "aws:x", "Value": ""}]), lambda: client.untag_resource(SecretId=name, TagKeys=["aws:x"])):
        refused(call, "InvalidParameterException", "You can't modify system tags. Tag key: 'aws:x'.")
