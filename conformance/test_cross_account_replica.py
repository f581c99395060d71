"""A secret that follows one of another account. Members, states and required permissions: documented (API reference and
user guide, "Replicate secrets across accounts"); messages and the codes of refusals: inferred from the model's errors."""
import json, re, subprocess, time

import boto3, botocore.exceptions
import pytest

from conftest import ACCOUNT, BINARY

OTHER = "210987654321"


@pytest.fixture(scope="module")
def other(server):
    made = subprocess.run([BINARY, "account", "create", "--data-dir", server.data_dir, "--id", OTHER, "--name", "other"], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    told = dict(re.findall(r"^export AWS_([A-Z_]+)=(.*)$", made.stdout, re.M))
    return with_key(server, told["ACCESS_KEY_ID"], told["SECRET_ACCESS_KEY"])


def with_key(server, id, secret):
    return boto3.client("secretsmanager", endpoint_url=server.endpoint, region_name="us-east-1", aws_access_key_id=id, aws_secret_access_key=secret)


def refused(call, code, text=""):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert text in error["Message"], error


def until(found, wanted, seconds=10):
    deadline = time.monotonic() + seconds
    while (value := found()) != wanted:
        assert time.monotonic() < deadline, (value, wanted)
        time.sleep(0.05)


def pair(client, other, name):
    primary = client.create_secret(Name=name, SecretString="one")["ARN"]
    replica = other.create_secret(Name="copy/" + name, CrossAccountPrimaryARN=primary)["ARN"]
    return primary, replica


def of_replica(other, replica):
    return other.describe_secret(SecretId=replica)["CrossAccountPrimary"]["ReplicationStatus"]


def associated(client, other, name):
    primary, replica = pair(client, other, name)
    answer = client.associate_cross_account_replica(SecretId=name, CrossAccountReplicaARN=replica)
    assert (answer["ARN"], answer["CrossAccountReplicaARN"], answer["ReplicationStatus"]) == (primary, replica, "InProgress")
    until(lambda: of_replica(other, replica), "InSync")
    return primary, replica


def test_a_replica_waits_and_then_follows_its_primary(client, other):
    primary, replica = pair(client, other, "follow")
    assert other.describe_secret(SecretId=replica)["CrossAccountPrimary"] == {"PrimarySecretARN": primary, "ReplicationStatus": "Pending"}
    refused(lambda: other.get_secret_value(SecretId=replica), "ResourceNotFoundException")
    assert "CrossAccountReplicas" not in client.describe_secret(SecretId=primary)
    client.associate_cross_account_replica(SecretId=primary, CrossAccountReplicaARN=replica)
    until(lambda: of_replica(other, replica), "InSync")
    assert client.describe_secret(SecretId=primary)["CrossAccountReplicas"] == [{"ReplicaSecretARN": replica, "ReplicationStatus": "InSync"}]
    assert other.get_secret_value(SecretId=replica)["SecretString"] == "one"
    second = client.put_secret_value(SecretId=primary, SecretString="two")["VersionId"]
    until(lambda: other.get_secret_value(SecretId=replica)["VersionId"], second)
    assert other.get_secret_value(SecretId=replica)["SecretString"] == "two"
    assert other.get_secret_value(SecretId=replica, VersionStage="AWSPREVIOUS")["SecretString"] == "one"
    client.tag_resource(SecretId=primary, Tags=[{"Key": "a", "Value": "b"}])
    other.update_secret(SecretId=replica, Description="mine")
    client.put_secret_value(SecretId=primary, SecretString="three")
    until(lambda: other.get_secret_value(SecretId=replica)["SecretString"], "three")
    described = other.describe_secret(SecretId=replica)
    assert "Tags" not in described and described["Description"] == "mine", "only the value follows"


def test_a_replicas_value_is_not_its_owners_to_change(client, other):
    _, replica = associated(client, other, "fixed")
    for change in (lambda: other.put_secret_value(SecretId=replica, SecretString="mine"),
                   lambda: other.update_secret(SecretId=replica, SecretString="mine"),
                   lambda: other.replicate_secret_to_regions(SecretId=replica, AddReplicaRegions=[{"Region": "eu-west-1"}])):
        refused(change, "InvalidRequestException", "cross-account replica")
    assert other.get_secret_value(SecretId=replica)["SecretString"] == "one"


def test_disassociating_leaves_the_replica_as_it_is(client, other):
    primary, replica = associated(client, other, "part")
    refused(lambda: client.delete_secret(SecretId=primary), "InvalidRequestException", "cross-account replica")
    answer = client.disassociate_cross_account_replica(SecretId=primary, CrossAccountReplicaARN=replica)
    assert (answer["ARN"], answer["CrossAccountReplicaARN"]) == (primary, replica)
    assert of_replica(other, replica) == "Detached"
    client.put_secret_value(SecretId=primary, SecretString="two")
    client.create_secret(Name="part/later", SecretString="x")
    time.sleep(0.5)
    assert other.get_secret_value(SecretId=replica)["SecretString"] == "one"
    refused(lambda: client.disassociate_cross_account_replica(SecretId=primary, CrossAccountReplicaARN=replica), "InvalidRequestException")
    other.stop_replication_to_replica(SecretId=replica)
    assert "CrossAccountPrimary" not in other.describe_secret(SecretId=replica)
    other.put_secret_value(SecretId=replica, SecretString="own")
    client.delete_secret(SecretId=primary)


def test_the_replicas_owner_can_end_it_too(client, other):
    primary, replica = associated(client, other, "ended")
    other.stop_replication_to_replica(SecretId=replica)
    assert client.describe_secret(SecretId=primary)["CrossAccountReplicas"][0]["ReplicationStatus"] == "Detached"
    refused(lambda: client.associate_cross_account_replica(SecretId=primary, CrossAccountReplicaARN=replica), "AccessDeniedException")
    client.put_secret_value(SecretId=primary, SecretString="two")
    time.sleep(0.5)
    assert other.get_secret_value(SecretId=replica)["SecretString"] == "one"
    client.disassociate_cross_account_replica(SecretId=primary, CrossAccountReplicaARN=replica)
    assert "CrossAccountReplicas" not in client.describe_secret(SecretId=primary)


def test_only_a_replica_of_this_very_primary_is_taken_and_only_one(client, other):
    primary, replica = associated(client, other, "only")
    second = other.create_secret(Name="copy/only2", CrossAccountPrimaryARN=primary)["ARN"]
    refused(lambda: client.associate_cross_account_replica(SecretId=primary, CrossAccountReplicaARN=second), "LimitExceededException")
    assert client.associate_cross_account_replica(SecretId=primary, CrossAccountReplicaARN=replica)["ReplicationStatus"] == "InProgress"
    stranger = client.create_secret(Name="stranger", SecretString="secret")["ARN"]
    refused(lambda: client.associate_cross_account_replica(SecretId=stranger, CrossAccountReplicaARN=replica), "InvalidRequestException", "not created as")
    standalone = other.create_secret(Name="standalone", SecretString="s")["ARN"]
    missing = standalone.replace("standalone", "missing")
    for arn in (standalone, missing):
        refused(lambda: client.associate_cross_account_replica(SecretId=stranger, CrossAccountReplicaARN=arn), "AccessDeniedException")
    refused(lambda: client.associate_cross_account_replica(SecretId=stranger, CrossAccountReplicaARN=primary), "InvalidParameterException")


def test_both_owners_must_allow_it(server, client, other):
    primary, replica = pair(client, other, "allowed")
    # The replica's account cannot pull the value by itself.
    refused(lambda: other.associate_cross_account_replica(SecretId=primary, CrossAccountReplicaARN=replica), "AccessDeniedException")
    iam = server.client("iam")
    iam.create_user(UserName="linker")
    key = iam.create_access_key(UserName="linker")["AccessKey"]
    linker = with_key(server, key["AccessKeyId"], key["SecretAccessKey"])
    needed = [("AssociateCrossAccountReplica", primary), ("GetSecretValue", primary), ("AcceptCrossAccountReplication", replica)]
    for count in range(len(needed) + 1):
        statements = [{"Effect": "Allow", "Action": f"secretsmanager:{action}", "Resource": arn} for action, arn in needed[:count] or [("ListSecrets", "*")]]
        iam.put_user_policy(UserName="linker", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}))
        associate = lambda **more: linker.associate_cross_account_replica(SecretId=primary, CrossAccountReplicaARN=replica, **more)
        if count < len(needed):
            refused(associate, "AccessDeniedException", needed[count][0])
    iam.create_role(RoleName="carrier", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "secretsmanager.amazonaws.com"}, "Action": "sts:AssumeRole"}]}))
    role = f"arn:aws:iam::{ACCOUNT}:role/carrier"
    refused(lambda: associate(ReplicationRoleARN=role), "AccessDeniedException", "iam:PassRole")
    deny = {"Effect": "Deny", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "secretsmanager:AcceptCrossAccountReplication", "Resource": "*"}
    other.put_resource_policy(SecretId=replica, ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": deny}))
    refused(associate, "AccessDeniedException", "AcceptCrossAccountReplication")
    other.delete_resource_policy(SecretId=replica)
    associate()
    until(lambda: of_replica(other, replica), "InSync")
    assert client.associate_cross_account_replica(SecretId=primary, CrossAccountReplicaARN=replica, ReplicationRoleARN=role)
    assert client.describe_secret(SecretId=primary)["CrossAccountReplicas"][0]["ReplicationRoleARN"] == role


def test_the_servers_policy_on_a_replica_is_shown(client, other):
    _, replica = pair(client, other, "shown")
    assert other.list_resource_policies(SecretId=replica)["ResourcePolicies"] == [{"PolicyName": "cross-account-replication"}]
    text = json.loads(other.get_resource_policy(SecretId=replica, PolicyName="cross-account-replication")["ResourcePolicy"])
    assert text["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert "ResourcePolicy" not in other.get_resource_policy(SecretId=replica)


def test_a_replica_is_made_without_anything_of_its_own(client, other):
    primary = client.create_secret(Name="bare", SecretString="v")["ARN"]
    for more in (dict(SecretString="x"), dict(SecretBinary=b"x"), dict(Description="x"), dict(AddReplicaRegions=[{"Region": "eu-west-1"}])):
        refused(lambda: other.create_secret(Name="copy/bare", CrossAccountPrimaryARN=primary, **more), "InvalidParameterException")
    own = other.create_secret(Name="bare/own", SecretString="v")["ARN"]
    for arn in (own, primary.replace("us-east-1", "eu-west-1"), "arn:aws:s3:::a-bucket-of-mine"):
        refused(lambda: other.create_secret(Name="copy/bare", CrossAccountPrimaryARN=arn), "InvalidParameterException")


def test_a_replica_that_is_gone_is_told_to_the_primary(client, other):
    primary, replica = associated(client, other, "gone")
    other.delete_secret(SecretId=replica, ForceDeleteWithoutRecovery=True)
    client.put_secret_value(SecretId=primary, SecretString="two")
    until(lambda: client.describe_secret(SecretId=primary)["CrossAccountReplicas"][0]["ReplicationStatus"], "Failed")
    assert client.describe_secret(SecretId=primary)["CrossAccountReplicas"][0]["StatusMessage"]
    client.disassociate_cross_account_replica(SecretId=primary, CrossAccountReplicaARN=replica)
