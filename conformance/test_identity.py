"""Identities as a team uses them: the brief's policies with CLI profiles, roles, sessions, a second account; and a walk
through every operation of IAM and STS, each raw answer held against AWS's published model (documented)."""
import json, pathlib, re, subprocess, time, urllib.parse
import xml.etree.ElementTree as ElementTree

import boto3, botocore.config, botocore.exceptions, botocore.session
import pytest

from conftest import ACCOUNT, BINARY, ROOT, Server

OTHER = "210987654321"
BRIEFS_IAM_POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"],
                                "Resource": "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/myapp/*"}]})
BRIEFS_RESOURCE_POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:role/MyRole"},
                                     "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]})
ANYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


def trust(*principals, action="sts:AssumeRole", **condition):
    statement = {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": action}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | ({"Condition": condition} if condition else {})]})


def refused(call, code, text=""):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert text in error["Message"], error


def as_key(server, key, service="secretsmanager", region="us-east-1"):
    """A client that signs with an access key of IAM's or STS's answer."""
    return boto3.client(service, endpoint_url=server.endpoint, region_name=region, aws_access_key_id=key["AccessKeyId"],
                        aws_secret_access_key=key["SecretAccessKey"], aws_session_token=key.get("SessionToken"),
                        config=botocore.config.Config(retries={"max_attempts": 0}))


@pytest.fixture(scope="module")
def other(server):
    """The root of a second account, made at the command line while the server runs."""
    made = subprocess.run([BINARY, "account", "create", "--data-dir", server.data_dir, "--id", OTHER, "--name", "other"], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    told = dict(re.findall(r"^export AWS_([A-Z_]+)=(.*)$", made.stdout, re.M))
    listed = subprocess.run([BINARY, "account", "list", "--data-dir", server.data_dir], capture_output=True, text=True).stdout
    assert [json.loads(line)["id"] for line in listed.splitlines()] == [ACCOUNT, OTHER]
    return {"AccessKeyId": told["ACCESS_KEY_ID"], "SecretAccessKey": told["SECRET_ACCESS_KEY"]}


def user(server, name, policy=None):
    iam = server.client("iam")
    iam.create_user(UserName=name)
    if policy:
        iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=policy)
    return iam.create_access_key(UserName=name)["AccessKey"]


def cli(server, profiles, command):
    home = server.data_dir.parent
    (home / ".aws").mkdir(exist_ok=True)
    (home / ".aws/config").write_text("".join(f"[profile {name}]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items()) for name, settings in profiles.items()))
    environment = {"PATH": f"{ROOT / '.venv/bin'}:/usr/bin:/bin", "HOME": str(home), "AWS_ENDPOINT_URL": server.endpoint, "AWS_DEFAULT_REGION": "us-east-1", "AWS_PAGER": ""}
    return subprocess.run(["bash", "-c", "aws " + command], env=environment, capture_output=True, text=True, timeout=60)


def test_the_briefs_policies_hold_for_users_a_role_and_a_second_account(server, other):
    root, iam = server.client(), server.client("iam")
    root.create_secret(Name="prod/myapp/mysql", SecretString="prod")
    root.create_secret(Name="dev/myapp/mysql", SecretString="dev")
    reader, nobody = user(server, "reader", BRIEFS_IAM_POLICY), user(server, "nobody")
    iam.create_role(RoleName="MyRole", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{ACCOUNT}:user/reader"))
    key = lambda found: {"aws_access_key_id": found["AccessKeyId"], "aws_secret_access_key": found["SecretAccessKey"]}
    profiles = {"reader": key(reader), "nobody": key(nobody), "elsewhere": key(other),
                "role": {"role_arn": f"arn:aws:iam::{ACCOUNT}:role/MyRole", "source_profile": "reader"}}
    read = lambda profile, secret: cli(server, profiles, f"--profile {profile} secretsmanager get-secret-value --secret-id {secret} --query SecretString --output text")
    assert read("reader", "prod/myapp/mysql").stdout == "prod\n"
    denied = read("reader", "dev/myapp/mysql")
    assert "AccessDeniedException" in denied.stderr
    assert (f"User: arn:aws:iam::{ACCOUNT}:user/reader is not authorized to perform: secretsmanager:GetSecretValue on resource: dev/myapp/mysql "
            "because no identity-based policy allows the secretsmanager:GetSecretValue action") in denied.stderr
    assert "AccessDeniedException" in read("nobody", "prod/myapp/mysql").stderr
    # The brief's cross-account policy, on a secret of the other account, lets the role in; the role's own account must, too.
    theirs = as_key(server, other)
    arn = theirs.create_secret(Name="shared", SecretString="shared")["ARN"]
    theirs.put_resource_policy(SecretId=arn, ResourcePolicy=BRIEFS_RESOURCE_POLICY, BlockPublicPolicy=True)
    assert "no identity-based policy allows" in read("role", arn).stderr
    iam.put_role_policy(RoleName="MyRole", PolicyName="inline", PolicyDocument=ANYTHING)
    # AWS, recorded: the value is under the other account's default key, so describing goes and reading does not.
    assert "You can't access a secret from a different AWS account" in read("role", arn).stderr
    described = cli(server, profiles, f"--profile role secretsmanager describe-secret --secret-id {arn}")
    assert "AccessDeniedException" in described.stderr, "the policy allows GetSecretValue alone"
    assert "AccessDeniedException" in read("reader", arn).stderr
    identity = cli(server, profiles, "--profile role sts get-caller-identity --query Arn --output text").stdout
    assert identity.startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/MyRole/")
    assert "AccessDeniedException" in read("elsewhere", f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:prod/myapp/mysql").stderr
    # The same policy within its own account is enough alone.
    root.create_secret(Name="own", SecretString="own")
    root.put_resource_policy(SecretId="own", ResourcePolicy=BRIEFS_RESOURCE_POLICY)
    iam.delete_role_policy(RoleName="MyRole", PolicyName="inline")
    assert read("role", "own").stdout == "own\n"
    assert "AccessDeniedException" in read("reader", "own").stderr


def test_a_refusal_says_nothing_of_what_is_there(server):
    key = user(server, "curious")
    root, client = server.client(), as_key(server, key)
    arn = root.create_secret(Name="hidden", SecretString="v")["ARN"]
    for there, missing in (("hidden", "absent"), (arn[:-7], arn[:-7].replace("hidden", "absent"))):
        messages = []
        for id in (there, missing):
            with pytest.raises(botocore.exceptions.ClientError) as caught:
                client.describe_secret(SecretId=id)
            messages.append(caught.value.response["Error"]["Message"].replace("absent", "hidden"))
        assert messages[0] == messages[1]
        assert arn[-6:] not in messages[0]


def test_revocation_takes_effect_with_the_next_request(server):
    iam, root = server.client("iam"), server.client()
    root.create_secret(Name="revoked", SecretString="v")
    key = user(server, "revoked", ANYTHING)
    client = as_key(server, key)
    read = lambda: client.get_secret_value(SecretId="revoked")
    read()
    iam.put_user_policy(UserName="revoked", PolicyName="no", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}))
    refused(read, "AccessDeniedException", "with an explicit deny in an identity-based policy")
    iam.delete_user_policy(UserName="revoked", PolicyName="no")
    read()
    iam.update_access_key(UserName="revoked", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    refused(read, "UnrecognizedClientException")
    iam.update_access_key(UserName="revoked", AccessKeyId=key["AccessKeyId"], Status="Active")
    session = as_key(server, key, "sts").get_session_token()["Credentials"]
    as_key(server, session).get_secret_value(SecretId="revoked")
    refused(lambda: as_key(server, session, "iam").list_users(), "InvalidClientTokenId")
    iam.delete_access_key(UserName="revoked", AccessKeyId=key["AccessKeyId"])
    refused(read, "UnrecognizedClientException")
    iam.delete_user_policy(UserName="revoked", PolicyName="inline")
    iam.delete_user(UserName="revoked")
    refused(lambda: as_key(server, session).get_secret_value(SecretId="revoked"), "UnrecognizedClientException")


def test_boundaries_groups_and_session_policies_narrow(server):
    iam, root = server.client("iam"), server.client()
    root.create_secret(Name="narrow", SecretString="v", Tags=[{"Key": "team", "Value": "red"}])
    only = lambda *actions, **more: json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"} | more]})
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=only("secretsmanager:Describe*", "sts:*"))["Policy"]["Arn"]
    key = user(server, "narrow")
    client = as_key(server, key)
    iam.create_group(GroupName="readers")
    iam.attach_group_policy(GroupName="readers", PolicyArn="arn:aws:iam::aws:policy/SecretsManagerReadWrite")
    refused(lambda: client.get_secret_value(SecretId="narrow"), "AccessDeniedException", "no identity-based policy allows")
    iam.add_user_to_group(GroupName="readers", UserName="narrow")
    client.get_secret_value(SecretId="narrow")
    iam.put_user_permissions_boundary(UserName="narrow", PermissionsBoundary=boundary)
    client.describe_secret(SecretId="narrow")
    refused(lambda: client.get_secret_value(SecretId="narrow"), "AccessDeniedException", "no permissions boundary allows")
    iam.delete_user_permissions_boundary(UserName="narrow")
    iam.create_role(RoleName="narrow", AssumeRolePolicyDocument=trust(f"arn:aws:iam::{ACCOUNT}:root", StringEquals={"sts:ExternalId": "xyz"}))
    iam.put_role_policy(RoleName="narrow", PolicyName="tagged", PolicyDocument=only("secretsmanager:*", Condition={"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}))
    iam.put_user_policy(UserName="narrow", PolicyName="assume", PolicyDocument=only("sts:AssumeRole", "sts:TagSession"))
    sts, role = as_key(server, key, "sts"), f"arn:aws:iam::{ACCOUNT}:role/narrow"
    refused(lambda: sts.assume_role(RoleArn=role, RoleSessionName="s1"), "AccessDenied", "sts:AssumeRole")
    refused(lambda: sts.assume_role(RoleArn=role, RoleSessionName="s1", ExternalId="xyz", Tags=[{"Key": "team", "Value": "red"}]), "AccessDenied", "sts:TagSession")
    iam.update_assume_role_policy(RoleName="narrow", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": ["sts:AssumeRole", "sts:TagSession"], "Condition": {"StringEquals": {"sts:ExternalId": "xyz"}}}]}))
    assume = lambda **more: as_key(server, sts.assume_role(RoleArn=role, RoleSessionName="s1", ExternalId="xyz", **more)["Credentials"])
    red, blue = (assume(Tags=[{"Key": "team", "Value": colour}]) for colour in ("red", "blue"))
    red.get_secret_value(SecretId="narrow")
    refused(lambda: blue.get_secret_value(SecretId="narrow"), "AccessDeniedException")
    refused(lambda: assume().get_secret_value(SecretId="narrow"), "AccessDeniedException")
    scoped = assume(Tags=[{"Key": "team", "Value": "red"}], Policy=only("secretsmanager:DescribeSecret"))
    scoped.describe_secret(SecretId="narrow")
    refused(lambda: scoped.get_secret_value(SecretId="narrow"), "AccessDeniedException", "no session policy allows")


def test_sessions_cannot_be_forged_or_extended(server):
    iam, sts = server.client("iam"), server.client("sts")
    key = user(server, "sessions", ANYTHING)
    own = as_key(server, key, "sts")
    refused(lambda: own.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/none", RoleSessionName="s1"), "AccessDenied")
    refused(lambda: sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/none", RoleSessionName="s1"), "AccessDenied", "Roles may not be assumed by root accounts.")
    session = own.get_session_token(DurationSeconds=900)["Credentials"]
    assert as_key(server, session, "sts").get_caller_identity()["Arn"].endswith(":user/sessions")
    token = session["SessionToken"]
    for forged in (token[:-8] + "AAAAAAA=", token[:40] + ("A" if token[40] != "A" else "B") + token[41:], "", "x", token + token):
        altered = session | {"SessionToken": forged or None}
        refused(lambda: as_key(server, altered).list_secrets(), "UnrecognizedClientException")
    foreign = own.get_session_token()["Credentials"]
    refused(lambda: as_key(server, session | {"SessionToken": foreign["SessionToken"]}).list_secrets(), "UnrecognizedClientException")
    refused(lambda: as_key(server, session, "sts").get_session_token(), "AccessDenied", "Cannot call GetSessionToken with session credentials")
    federated = own.get_federation_token(Name="feddy", Policy=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:ListSecrets", "Resource": "*"}]}))
    assert federated["FederatedUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:federated-user/feddy"
    client = as_key(server, federated["Credentials"])
    client.list_secrets()
    refused(lambda: client.create_secret(Name="x"), "AccessDeniedException", "no session policy allows")
    refused(lambda: as_key(server, own.get_federation_token(Name="bare")["Credentials"]).list_secrets(), "AccessDeniedException")


@pytest.mark.parametrize("question,answer", [
    ("--principal arn:aws:iam::123456789012:user/reader --action secretsmanager:GetSecretValue --resource arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/myapp/mysql", "Allowed\n  {\"policy\":\"inline policy inline of user reader\""),
    ("--principal arn:aws:iam::123456789012:user/reader --action secretsmanager:PutSecretValue --resource arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/myapp/mysql", "ImplicitlyDenied because no identity-based policy allows the secretsmanager:PutSecretValue action"),
    ("--principal arn:aws:iam::123456789012:root --action secretsmanager:PutSecretValue --resource arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/myapp/mysql", "Allowed"),
])
def test_an_administrator_can_ask_why(server, question, answer):
    asked = subprocess.run([BINARY, "policy", "explain", "--data-dir", server.data_dir, *question.split()], capture_output=True, text=True)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.startswith(answer), asked.stdout


def test_who_can_lists_them(server):
    asked = subprocess.run([BINARY, "policy", "who-can", "--data-dir", server.data_dir, "--action", "secretsmanager:GetSecretValue",
                            "--resource", "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/myapp/mysql"], capture_output=True, text=True)
    who = [json.loads(line)["principal"] for line in asked.stdout.splitlines()]
    assert f"arn:aws:iam::{ACCOUNT}:root" in who and f"arn:aws:iam::{ACCOUNT}:user/reader" in who
    assert f"arn:aws:iam::{ACCOUNT}:user/nobody" not in who and f"arn:aws:iam::{OTHER}:root" not in who


def test_policies_are_decided_offline(tmp_path):
    cases = tmp_path / "cases.jsonl"
    case = {"id": "1", "principal": f"arn:aws:iam::{ACCOUNT}:user/a", "action": "secretsmanager:GetSecretValue", "account": ACCOUNT, "context": {},
            "resource": f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:prod/myapp/mysql-AbCdEf", "identity": [json.loads(BRIEFS_IAM_POLICY)],
            "boundary": None, "session": None, "resourcePolicy": None}
    cases.write_text("\n".join(json.dumps(line) for line in (case, case | {"id": "2", "action": "secretsmanager:PutSecretValue"}, case | {"id": "3", "identity": [{"Version": "2012-10-17"}]})))
    done = subprocess.run([BINARY, "policy", "eval", cases], capture_output=True, text=True)
    assert [(answer["id"], answer["decision"]) for answer in map(json.loads, done.stdout.splitlines())] == [("1", "Allowed"), ("2", "ImplicitlyDenied"), ("3", "Malformed")]
