"""Roles, instance profiles and OpenID Connect providers. Expectations are recorded from AWS (answers that users published) unless they
are marked as documented or inferred."""
import json, time, urllib.parse

import boto3, botocore.config, botocore.exceptions
import pytest

from conftest import ACCOUNT

OTHER = "210987654321"
FOREIGN = "999999999999"


def trust(*principals, action="sts:AssumeRole", kind="AWS", **more):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {kind: list(principals)}, "Action": action} | more]})


SERVICE = trust("ec2.amazonaws.com", kind="Service")
ANYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


def refused(call, code, text="", status=None):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert text in error["Message"], error
    assert status in (None, caught.value.response["ResponseMetadata"]["HTTPStatusCode"])


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam", parameter_validation=False)


def arn(kind, name):
    return f"arn:aws:iam::{ACCOUNT}:{kind}/{name}"


def as_key(server, key, service):
    return boto3.client(service, endpoint_url=server.endpoint, region_name="us-east-1", aws_access_key_id=key["AccessKeyId"],
                        aws_secret_access_key=key["SecretAccessKey"], aws_session_token=key.get("SessionToken"),
                        config=botocore.config.Config(retries={"max_attempts": 0}))


def user(iam, name, policy=ANYTHING):
    iam.create_user(UserName=name)
    if policy:
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy)
    return iam.create_access_key(UserName=name)["AccessKey"]


def remove_user(iam, name):
    for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
        iam.delete_user_policy(UserName=name, PolicyName=policy)
    iam.delete_user(UserName=name)


def shown(iam, role):
    return iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]


def principals(document):
    return [statement["Principal"] for statement in document["Statement"]]


def test_each_operation_tells_its_own_part_of_a_role(iam):
    bounds = iam.create_policy(PolicyName="Bounds", PolicyDocument=ANYTHING)["Policy"]["Arn"]
    made = iam.create_role(RoleName="Whole", Path="/a/", AssumeRolePolicyDocument=SERVICE, Description="what", MaxSessionDuration=7200,
                           PermissionsBoundary=bounds, Tags=[{"Key": "b", "Value": "1"}])["Role"]
    base = {"Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument"}
    assert set(made) == base | {"PermissionsBoundary", "Tags"} and made["Arn"] == arn("role", "a/Whole") and made["RoleId"].startswith("AROA")
    got = iam.get_role(RoleName="whole")["Role"]
    assert set(got) == base | {"PermissionsBoundary", "Tags", "Description", "MaxSessionDuration", "RoleLastUsed"}
    assert got["RoleLastUsed"] == {} and got["MaxSessionDuration"] == 7200 and got["AssumeRolePolicyDocument"] == json.loads(SERVICE)
    (listed,) = iam.list_roles(PathPrefix="/a/")["Roles"]
    assert set(listed) == base | {"Description", "MaxSessionDuration"}
    described = iam.update_role_description(RoleName="Whole", Description="")["Role"]
    assert set(described) == base | {"Description"} and described["Description"] == ""
    plain = iam.create_role(RoleName="Plain", AssumeRolePolicyDocument=SERVICE)["Role"]
    assert set(plain) == base
    got = iam.get_role(RoleName="Plain")["Role"]
    assert set(got) == base | {"MaxSessionDuration", "RoleLastUsed"} and got["MaxSessionDuration"] == 3600


def test_what_an_update_leaves_out_stays(iam):
    iam.create_role(RoleName="Updated", AssumeRolePolicyDocument=SERVICE, Description="one", MaxSessionDuration=7200)
    for change, expected in [({}, ("one", 7200)), ({"Description": "two"}, ("two", 7200)), ({"MaxSessionDuration": 43200}, ("two", 43200))]:
        iam.update_role(RoleName="Updated", **change)
        role = iam.get_role(RoleName="Updated")["Role"]
        assert (role["Description"], role["MaxSessionDuration"]) == expected
    refused(lambda: iam.update_role(RoleName="Updated", MaxSessionDuration=43201), "ValidationError", "less than or equal to 43200")
    refused(lambda: iam.update_role(RoleName="Updated", MaxSessionDuration=3599), "ValidationError", "greater than or equal to 3600")
    refused(lambda: iam.update_role(RoleName="Updated", Description="d" * 1001), "ValidationError", "less than or equal to 1000")
    refused(lambda: iam.update_role_description(RoleName="Updated", Description="\u20ac"), "ValidationError", "regular expression pattern")


def test_names_are_taken_and_missed_whatever_their_case(iam):
    iam.create_role(RoleName="Named", AssumeRolePolicyDocument=SERVICE)
    refused(lambda: iam.create_role(RoleName="NAMED", AssumeRolePolicyDocument=SERVICE), "EntityAlreadyExists", "Role with name NAMED already exists.", 409)
    refused(lambda: iam.get_role(RoleName="nobody"), "NoSuchEntity", "The role with name nobody cannot be found.", 404)
    refused(lambda: iam.create_role(RoleName="a b", AssumeRolePolicyDocument=SERVICE), "ValidationError")
    refused(lambda: iam.create_role(RoleName="n" * 65, AssumeRolePolicyDocument=SERVICE), "ValidationError", "less than or equal to 64")
    refused(lambda: iam.create_role(RoleName="Bad", AssumeRolePolicyDocument="{}"), "MalformedPolicyDocument", status=400)
    refused(lambda: iam.create_role(RoleName="Bad", AssumeRolePolicyDocument=ANYTHING), "MalformedPolicyDocument")
    refused(lambda: iam.create_role(RoleName="Bad", AssumeRolePolicyDocument=trust(*[f"{n:012}" for n in range(1, 600)])), "LimitExceeded", "Cannot exceed quota for ACLSizePerRole")
    refused(lambda: iam.create_role(RoleName="Bad", AssumeRolePolicyDocument=SERVICE, PermissionsBoundary=arn("policy", "none")), "NoSuchEntity")


def test_a_role_keeps_its_policies_tags_and_boundary(iam):
    iam.create_role(RoleName="Holder", AssumeRolePolicyDocument=SERVICE)
    managed = iam.create_policy(PolicyName="Held", PolicyDocument=ANYTHING)["Policy"]["Arn"]
    iam.put_role_policy(RoleName="Holder", PolicyName="own", PolicyDocument=ANYTHING)
    assert iam.get_role_policy(RoleName="Holder", PolicyName="own")["PolicyDocument"] == json.loads(ANYTHING)
    refused(lambda: iam.get_role_policy(RoleName="Holder", PolicyName="none"), "NoSuchEntity", "The role policy with name none cannot be found.")
    assert iam.list_role_policies(RoleName="Holder")["PolicyNames"] == ["own"]
    iam.attach_role_policy(RoleName="Holder", PolicyArn=managed)
    assert iam.list_attached_role_policies(RoleName="Holder")["AttachedPolicies"] == [{"PolicyName": "Held", "PolicyArn": managed}]
    iam.put_role_permissions_boundary(RoleName="Holder", PermissionsBoundary=managed)
    assert iam.get_role(RoleName="Holder")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == managed
    iam.delete_role_permissions_boundary(RoleName="Holder")
    refused(lambda: iam.delete_role_permissions_boundary(RoleName="Holder"), "NoSuchEntity")
    iam.tag_role(RoleName="Holder", Tags=[{"Key": "Team", "Value": "a"}])
    iam.tag_role(RoleName="Holder", Tags=[{"Key": "team", "Value": "b"}])
    assert iam.list_role_tags(RoleName="Holder")["Tags"] == [{"Key": "team", "Value": "b"}]
    iam.untag_role(RoleName="Holder", TagKeys=["TEAM", "other"])
    assert iam.list_role_tags(RoleName="Holder")["Tags"] == []
    # In this order: recorded.
    refused(lambda: iam.delete_role(RoleName="Holder"), "DeleteConflict", "must delete policies first.", 409)
    iam.delete_role_policy(RoleName="Holder", PolicyName="own")
    refused(lambda: iam.delete_role(RoleName="Holder"), "DeleteConflict", "must detach all policies first.")
    iam.detach_role_policy(RoleName="Holder", PolicyArn=managed)
    iam.delete_role(RoleName="Holder")
    refused(lambda: iam.delete_role(RoleName="Holder"), "NoSuchEntity")


def test_a_principal_that_is_not_there_is_refused(iam):
    def create(principal, **more):
        return lambda: iam.create_role(RoleName="Trusting", AssumeRolePolicyDocument=trust(principal, **more))

    iam.create_user(UserName="there", Path="/p/")
    for principal in [arn("user", "nobody"), arn("role", "nobody"), arn("user", "there"), arn("role", "Trusting"), "AIDA7777777777777777A",
                      f"arn:aws:sts::{ACCOUNT}:assumed-role/nobody/session"]:
        refused(create(principal), "MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{principal}"')
    create(arn("user", "p/there"))()
    refused(lambda: iam.update_assume_role_policy(RoleName="Trusting", PolicyDocument=trust(arn("user", "nobody"))), "MalformedPolicyDocument", "Invalid principal in policy")
    # Nothing here knows whom another deployment's account has.
    iam.update_assume_role_policy(RoleName="Trusting", PolicyDocument=trust(f"arn:aws:iam::{FOREIGN}:user/somebody"))
    assert principals(shown(iam, "Trusting")) == [{"AWS": [f"arn:aws:iam::{FOREIGN}:user/somebody"]}]


def test_somebody_made_again_under_a_name_is_not_trusted(server, iam):
    key = user(iam, "carol")
    iam.create_role(RoleName="Carols", AssumeRolePolicyDocument=trust(arn("user", "carol"), Sid="one"))
    assume = lambda key: as_key(server, key, "sts").assume_role(RoleArn=arn("role", "Carols"), RoleSessionName="session")
    assert assume(key)["AssumedRoleUser"]["Arn"].endswith(":assumed-role/Carols/session")
    old = iam.get_user(UserName="carol")["User"]["UserId"]
    assert principals(shown(iam, "Carols")) == [{"AWS": [arn("user", "carol")]}]

    # Documented: an ARN is shown for as long as there is one.
    iam.update_user(UserName="carol", NewUserName="caroline")
    assert principals(shown(iam, "Carols")) == [{"AWS": [arn("user", "caroline")]}]
    assume(key)
    iam.update_user(UserName="caroline", NewUserName="carol")

    remove_user(iam, "carol")
    assert principals(shown(iam, "Carols")) == [{"AWS": [old]}]
    again = user(iam, "carol")
    refused(lambda: assume(again), "AccessDenied")
    assert principals(shown(iam, "Carols")) == [{"AWS": [old]}] and principals(iam.list_roles(PathPrefix="/")["Roles"][[r["RoleName"] for r in iam.list_roles()["Roles"]].index("Carols")]["AssumeRolePolicyDocument"]) == [{"AWS": [old]}]
    refused(lambda: iam.update_assume_role_policy(RoleName="Carols", PolicyDocument=json.dumps(shown(iam, "Carols"))), "MalformedPolicyDocument", old)
    iam.update_assume_role_policy(RoleName="Carols", PolicyDocument=trust(arn("user", "carol")))
    assume(again)
    new = iam.get_user(UserName="carol")["User"]["UserId"]
    iam.update_assume_role_policy(RoleName="Carols", PolicyDocument=trust(new))
    assume(again)
    assert principals(shown(iam, "Carols")) == [{"AWS": [arn("user", "carol")]}]


def test_a_role_made_again_and_its_sessions_are_not_trusted(server, iam):
    first = user(iam, "starter")

    def middle():
        iam.create_role(RoleName="Middle", AssumeRolePolicyDocument=trust(ACCOUNT))
        iam.put_role_policy(RoleName="Middle", PolicyName="own", PolicyDocument=ANYTHING)

    def session(name):
        return as_key(server, as_key(server, first, "sts").assume_role(RoleArn=arn("role", "Middle"), RoleSessionName=name)["Credentials"], "sts")

    middle()
    named = f"arn:aws:sts::{ACCOUNT}:assumed-role/Middle/alice"
    iam.create_role(RoleName="ByRole", AssumeRolePolicyDocument=trust(arn("role", "Middle")))
    iam.create_role(RoleName="BySession", AssumeRolePolicyDocument=trust(named, arn("user", "starter"), Sid="both"))
    by_role = lambda client: client.assume_role(RoleArn=arn("role", "ByRole"), RoleSessionName="session")
    by_session = lambda client: client.assume_role(RoleArn=arn("role", "BySession"), RoleSessionName="session")
    by_role(session("bob")), by_role(session("alice")), by_session(session("alice")), by_session(as_key(server, first, "sts"))
    refused(lambda: by_session(session("bob")), "AccessDenied")

    old = iam.get_role(RoleName="Middle")["Role"]["RoleId"]
    iam.delete_role_policy(RoleName="Middle", PolicyName="own")
    iam.delete_role(RoleName="Middle")
    assert principals(shown(iam, "ByRole")) == [{"AWS": [old]}]
    # Inferred: a session as its unique id.
    assert principals(shown(iam, "BySession")) == [{"AWS": [f"{old}:alice", arn("user", "starter")]}]
    middle()
    refused(lambda: by_role(session("alice")), "AccessDenied")
    refused(lambda: by_session(session("alice")), "AccessDenied")
    by_session(as_key(server, first, "sts"))


def test_a_used_role_tells_when(server, iam):
    key = user(iam, "worker")
    iam.create_role(RoleName="Used", AssumeRolePolicyDocument=trust(ACCOUNT))
    session = as_key(server, key, "sts").assume_role(RoleArn=arn("role", "Used"), RoleSessionName="session")["Credentials"]
    as_key(server, session, "sts").get_caller_identity()
    deadline = time.monotonic() + 90
    while not (used := iam.get_role(RoleName="Used")["Role"]["RoleLastUsed"]) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert used["Region"] == "us-east-1" and "LastUsedDate" in used


def test_an_instance_profile_holds_one_role(iam):
    iam.create_role(RoleName="Machine", AssumeRolePolicyDocument=SERVICE, Description="d", Tags=[{"Key": "k", "Value": "v"}])
    made = iam.create_instance_profile(InstanceProfileName="Machines", Path="/m/")["InstanceProfile"]
    assert made["Roles"] == [] and "Tags" not in made and made["Arn"] == arn("instance-profile", "m/Machines") and made["InstanceProfileId"].startswith("AIPA")
    refused(lambda: iam.create_instance_profile(InstanceProfileName="machines"), "EntityAlreadyExists", "Instance Profile machines already exists.")
    refused(lambda: iam.get_instance_profile(InstanceProfileName="none"), "NoSuchEntity", "Instance Profile none cannot be found.")
    refused(lambda: iam.add_role_to_instance_profile(InstanceProfileName="none", RoleName="none"), "NoSuchEntity", "Instance Profile none cannot be found.")
    refused(lambda: iam.add_role_to_instance_profile(InstanceProfileName="Machines", RoleName="none"), "NoSuchEntity", "The role with name none cannot be found.")
    refused(lambda: iam.remove_role_from_instance_profile(InstanceProfileName="Machines", RoleName="Machine"), "NoSuchEntity", "Role Machine in Instance Profile Machines cannot be found.")
    iam.add_role_to_instance_profile(InstanceProfileName="Machines", RoleName="Machine")
    for role in ["Machine", "Plain"]:
        refused(lambda: iam.add_role_to_instance_profile(InstanceProfileName="Machines", RoleName=role), "LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1", 409)
    got = iam.get_instance_profile(InstanceProfileName="Machines")["InstanceProfile"]
    assert got["Tags"] == [] and set(got["Roles"][0]) == {"Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument"}
    (of_role,) = iam.list_instance_profiles_for_role(RoleName="Machine")["InstanceProfiles"]
    (listed,) = iam.list_instance_profiles(PathPrefix="/m/")["InstanceProfiles"]
    assert of_role == listed and "Tags" not in listed and listed["Roles"][0]["RoleName"] == "Machine"
    refused(lambda: iam.delete_role(RoleName="Machine"), "DeleteConflict", "must remove roles from instance profile first.")
    refused(lambda: iam.delete_instance_profile(InstanceProfileName="Machines"), "DeleteConflict", "must remove roles from instance profile first.")
    iam.remove_role_from_instance_profile(InstanceProfileName="Machines", RoleName="Machine")
    assert iam.list_instance_profiles_for_role(RoleName="Machine")["InstanceProfiles"] == []
    iam.delete_instance_profile(InstanceProfileName="Machines")
    iam.delete_role(RoleName="Machine")


def test_tag_keys_of_instance_profiles_have_a_case(iam):
    made = iam.create_instance_profile(InstanceProfileName="Tagged", Tags=[{"Key": "Team", "Value": "a"}])["InstanceProfile"]
    assert made["Tags"] == [{"Key": "Team", "Value": "a"}]
    iam.tag_instance_profile(InstanceProfileName="Tagged", Tags=[{"Key": "team", "Value": "b"}])
    assert iam.list_instance_profile_tags(InstanceProfileName="Tagged")["Tags"] == [{"Key": "Team", "Value": "a"}, {"Key": "team", "Value": "b"}]
    iam.untag_instance_profile(InstanceProfileName="Tagged", TagKeys=["team"])
    assert iam.get_instance_profile(InstanceProfileName="Tagged")["InstanceProfile"]["Tags"] == [{"Key": "Team", "Value": "a"}]
    refused(lambda: iam.tag_instance_profile(InstanceProfileName="Tagged", Tags=[{"Key": "a", "Value": ""}] * 2), "InvalidInput", "Duplicate tag keys found.")


def test_a_role_is_passed_by_those_who_may(server, iam):
    statement = lambda action, resource="*", **condition: {"Effect": "Allow", "Action": action, "Resource": resource} | ({"Condition": condition} if condition else {})
    document = lambda *statements: json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    key = user(iam, "passer", document(statement("iam:AddRoleToInstanceProfile")))
    iam.create_role(RoleName="PassedOn", AssumeRolePolicyDocument=SERVICE)
    iam.create_instance_profile(InstanceProfileName="PassedOn")
    add = lambda: as_key(server, key, "iam").add_role_to_instance_profile(InstanceProfileName="PassedOn", RoleName="PassedOn")
    refused(add, "AccessDenied", "iam:PassRole on resource: " )
    passing = lambda **condition: iam.put_user_policy(UserName="passer", PolicyName="own", PolicyDocument=document(statement("iam:AddRoleToInstanceProfile"), statement("iam:PassRole", arn("role", "PassedOn"), **condition)))
    passing(StringEquals={"iam:PassedToService": "lambda.amazonaws.com"})
    refused(add, "AccessDenied", "iam:PassRole")
    passing(StringEquals={"iam:PassedToService": "ec2.amazonaws.com"}, ArnLike={"iam:AssociatedResourceArn": f"arn:aws:ec2:*:{ACCOUNT}:instance/*"})
    add()


def test_a_provider_is_told_as_it_was_given(iam):
    url = "https://Issuer.example.com/Tenant"
    made = iam.create_open_id_connect_provider(Url=url, ClientIDList=["a", "b", "a"], ThumbprintList=["AB" * 20], Tags=[{"Key": "z", "Value": "1"}, {"Key": "a", "Value": "2"}])
    provider = made["OpenIDConnectProviderArn"]
    assert provider == arn("oidc-provider", "Issuer.example.com/Tenant") and [tag["Key"] for tag in made["Tags"]] == ["z", "a"]
    got = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    assert (got["Url"], got["ClientIDList"], got["ThumbprintList"]) == ("Issuer.example.com/Tenant", ["a", "b"], ["ab" * 20])
    assert [tag["Key"] for tag in got["Tags"]] == ["a", "z"]
    assert {"Arn": provider} in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    for same in [url, "https://issuer.EXAMPLE.com:443/Tenant"]:
        refused(lambda: iam.create_open_id_connect_provider(Url=same), "EntityAlreadyExists", "already exists.", 409)
    plain = iam.create_open_id_connect_provider(Url="https://plain.example.com")
    assert "Tags" not in plain
    got = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=plain["OpenIDConnectProviderArn"])
    assert got["Tags"] == [] and got["ClientIDList"] == [] and got["ThumbprintList"] == []
    for bad, code in [("http://issuer.example.com", "ValidationError"), ("issuer.example.com", "ValidationError"), ("https://issuer.example.com?a=b", "InvalidInput")]:
        refused(lambda: iam.create_open_id_connect_provider(Url=bad), code)
    # Recorded: a slash at the end makes another provider.
    other = iam.create_open_id_connect_provider(Url="https://plain.example.com/", ClientIDList=["c"])["OpenIDConnectProviderArn"]
    assert other == plain["OpenIDConnectProviderArn"] + "/" and iam.get_open_id_connect_provider(OpenIDConnectProviderArn=other)["ClientIDList"] == ["c"]
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=other)
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=plain["OpenIDConnectProviderArn"])["ClientIDList"] == []
    both = "[Member must have length less than or equal to {}, Member must have length greater than or equal to {}]"
    refused(lambda: iam.create_open_id_connect_provider(Url="https://" + "u" * 250, ClientIDList=["c" * 256], ThumbprintList=["a" * 41]), "ValidationError",
            "3 validation errors detected: Value at 'clientIDList' failed to satisfy constraint: Member must satisfy constraint: " + both.format(255, 1)
            + "; Value at 'thumbprintList' failed to satisfy constraint: Member must satisfy constraint: " + both.format(40, 40)
            + "; Value at 'url' failed to satisfy constraint: Member must have length less than or equal to 255")


def test_a_providers_parts_change_one_by_one(iam):
    provider = iam.create_open_id_connect_provider(Url="https://changing.example.com", ClientIDList=["a"])["OpenIDConnectProviderArn"]
    of = {"OpenIDConnectProviderArn": provider}
    iam.add_client_id_to_open_id_connect_provider(**of, ClientID="b")
    iam.add_client_id_to_open_id_connect_provider(**of, ClientID="b")
    iam.remove_client_id_from_open_id_connect_provider(**of, ClientID="a")
    iam.remove_client_id_from_open_id_connect_provider(**of, ClientID="a")
    assert iam.get_open_id_connect_provider(**of)["ClientIDList"] == ["b"]
    iam.update_open_id_connect_provider_thumbprint(**of, ThumbprintList=["C" * 40])
    assert iam.get_open_id_connect_provider(**of)["ThumbprintList"] == ["c" * 40]
    refused(lambda: iam.update_open_id_connect_provider_thumbprint(**of, ThumbprintList=[]), "InvalidInput", "at least one entry.")
    refused(lambda: iam.update_open_id_connect_provider_thumbprint(**of, ThumbprintList=["c" * 40] * 6), "InvalidInput", "fewer than 5 entries.")
    refused(lambda: iam.update_open_id_connect_provider_thumbprint(**of, ThumbprintList=["c"]), "ValidationError")
    refused(lambda: iam.create_open_id_connect_provider(Url="https://many.example.com", ClientIDList=[str(n) for n in range(101)]), "LimitExceeded", "ClientIdsPerOpenIdConnectProvider: 100")
    for n in range(99):
        iam.add_client_id_to_open_id_connect_provider(**of, ClientID=f"more-{n}")
    refused(lambda: iam.add_client_id_to_open_id_connect_provider(**of, ClientID="last"), "LimitExceeded", "ClientIdsPerOpenIdConnectProvider: 100")
    iam.tag_open_id_connect_provider(**of, Tags=[{"Key": "K", "Value": "1"}, {"Key": "k", "Value": "2"}])
    assert [tag["Key"] for tag in iam.list_open_id_connect_provider_tags(**of)["Tags"]] == ["K", "k"]
    iam.untag_open_id_connect_provider(**of, TagKeys=["K"])
    assert iam.list_open_id_connect_provider_tags(**of)["Tags"] == [{"Key": "k", "Value": "2"}]
    iam.delete_open_id_connect_provider(**of)
    refused(lambda: iam.delete_open_id_connect_provider(**of), "NoSuchEntity", f"OpenId connect Provider {provider} cannot be found.", 404)
    refused(lambda: iam.get_open_id_connect_provider(**of), "NoSuchEntity", f"OpenIDConnect Provider not found for arn {provider}")
    refused(lambda: iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn("role", "Plain")), "InvalidInput")


def test_lists_need_permission_on_what_they_list(server, iam):
    client = as_key(server, user(iam, "lister", None), "iam")
    for call, resource in [(client.list_roles, "role/"), (client.list_instance_profiles, "instance-profile/"), (client.list_open_id_connect_providers, "oidc-provider/*")]:
        refused(call, "AccessDenied", f"on resource: arn:aws:iam::{ACCOUNT}:{resource}")
    refused(lambda: client.get_role(RoleName="Plain"), "AccessDenied", "iam:GetRole on resource: role Plain")
    refused(lambda: client.get_instance_profile(InstanceProfileName="Tagged"), "AccessDenied", "iam:GetInstanceProfile on resource: instance profile Tagged")


def test_pages_of_roles_go_on_where_they_ended(iam):
    for n in range(5):
        iam.create_role(RoleName=f"paged-{n}", Path="/pages/", AssumeRolePolicyDocument=SERVICE)
    pages = iam.get_paginator("list_roles").paginate(PathPrefix="/pages/", PaginationConfig={"PageSize": 2})
    assert [[role["RoleName"] for role in page["Roles"]] for page in pages] == [["paged-0", "paged-1"], ["paged-2", "paged-3"], ["paged-4"]]
    refused(lambda: iam.list_roles(Marker="nonsense"), "ValidationError")


def test_a_transitive_tag_stays_what_it_is_under_any_spelling_of_its_key(server, iam):
    """Documented (IAM user guide, "Passing session tags", "Chaining roles with session tags"). The Kelvin sign's lower case is `k`."""
    passing = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "*"}]})
    owned = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*",
                                                                "Condition": {"StringEquals": {"aws:ResourceTag/owner": "${aws:PrincipalTag/kind}"}}}]})
    key = user(iam, "tagged", passing)
    both = ["sts:AssumeRole", "sts:TagSession"]
    iam.create_role(RoleName="tagged-1", AssumeRolePolicyDocument=trust(arn("user", "tagged"), action=both))
    iam.put_role_policy(RoleName="tagged-1", PolicyName="own", PolicyDocument=passing)
    iam.create_role(RoleName="tagged-2", AssumeRolePolicyDocument=trust(arn("role", "tagged-1"), action=both))
    iam.put_role_policy(RoleName="tagged-2", PolicyName="own", PolicyDocument=owned)
    for owner in ("admin", "user"):
        server.client("secretsmanager").create_secret(Name=f"of-{owner}", SecretString="x", Tags=[{"Key": "owner", "Value": owner}])
    first = as_key(server, key, "sts").assume_role(RoleArn=arn("role", "tagged-1"), RoleSessionName="one", TransitiveTagKeys=["kind"],
                                                   Tags=[{"Key": "kind", "Value": "user"}])["Credentials"]
    second = as_key(server, first, "sts").assume_role(RoleArn=arn("role", "tagged-2"), RoleSessionName="two",
                                                      Tags=[{"Key": "\u212aind", "Value": "admin"}])["Credentials"]
    secrets = as_key(server, second, "secretsmanager")
    assert secrets.get_secret_value(SecretId="of-user")["SecretString"] == "x"
    refused(lambda: secrets.get_secret_value(SecretId="of-admin"), "AccessDeniedException")
    for owner in ("admin", "user"):
        server.client("secretsmanager").delete_secret(SecretId=f"of-{owner}", ForceDeleteWithoutRecovery=True)
    for name in ("tagged-1", "tagged-2"):
        iam.delete_role_policy(RoleName=name, PolicyName="own")
        iam.delete_role(RoleName=name)
    remove_user(iam, "tagged")


@pytest.mark.parametrize("key", ["Ökonomie", "ökonomie", "ÖKONOMIE"])
def test_a_deny_on_a_tag_holds_whatever_letters_its_key_has(server, iam, key):
    """Documented (IAM user guide, "Deny"). Fails if keys of tags and of conditions are compared by different rules."""
    statements = [{"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"},
                  {"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*", "Condition": {"StringEquals": {f"aws:ResourceTag/{key}": "x"}}}]
    name = f"denied-{ord(key[0])}-{key[1]}"
    own = user(iam, name, json.dumps({"Version": "2012-10-17", "Statement": statements}))
    server.client("secretsmanager").create_secret(Name=name, SecretString="x", Tags=[{"Key": key, "Value": "x"}])
    refused(lambda: as_key(server, own, "secretsmanager").get_secret_value(SecretId=name), "AccessDeniedException")
    server.client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    remove_user(iam, name)
