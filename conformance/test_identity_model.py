"""IAM and STS against AWS's published service model (documented): every operation of the compatibility page is walked
through boto3, and raw requests are sent that no client would send. No answer is a 5xx, every answer has the model's
shape, every limit is held on both sides."""
import json, pathlib, re, uuid
import urllib.error, urllib.parse, urllib.request
import xml.etree.ElementTree as ElementTree

import boto3, botocore.auth, botocore.awsrequest, botocore.credentials, botocore.session
import pytest

from conftest import ACCOUNT, KEY_ID, ROOT, SECRET_KEY

SESSION = botocore.session.Session()
MODELS = {name: SESSION.get_service_model(name) for name in ("iam", "sts")}


def delivered(service):
    page = (ROOT / "docs/reference/compatibility.md").read_text()
    section = page.split(f"\n## {service}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| ([A-Z]\w+) \|", section, re.M)


OPERATIONS = [(service, operation) for service in MODELS for operation in delivered(service)]


def call(server, service, operation, parameters):
    data = urllib.parse.urlencode([("Action", operation), ("Version", MODELS[service].api_version), *parameters]).encode()
    request = botocore.awsrequest.AWSRequest("POST", server.endpoint + "/", data=data, headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(KEY_ID, SECRET_KEY), service, "us-east-1").add_auth(request)
    prepared = request.prepare()
    raw = urllib.request.Request(prepared.url, data=data, headers=dict(prepared.headers.items()), method="POST")
    try:
        with urllib.request.urlopen(raw, timeout=20) as answer:
            return answer.status, ElementTree.fromstring(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, ElementTree.fromstring(error.read())


def plain(tag):
    return tag.split("}")[-1]


def check_shape(shape, element, path):
    """Whether an element is one of the shape: no member that the model lacks, required ones there, values of the type."""
    if shape.type_name == "structure":
        found = [plain(child.tag) for child in element]
        assert set(found) <= set(shape.members), (path, set(found) - set(shape.members))
        assert len(found) == len(set(found)), (path, found)
        assert set(shape.required_members) <= set(found), (path, set(shape.required_members) - set(found))
        for child in element:
            check_shape(shape.members[plain(child.tag)], child, f"{path}.{plain(child.tag)}")
    elif shape.type_name == "list":
        for child in element:
            assert plain(child.tag) == "member", (path, child.tag)
            check_shape(shape.member, child, path + "[]")
    elif shape.type_name == "map":
        for entry in element:
            assert [plain(child.tag) for child in entry] == ["key", "value"], path
            check_shape(shape.value, entry[1], path + "{}")
    elif shape.type_name == "timestamp":
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", element.text), (path, element.text)
    elif shape.type_name in ("integer", "long"):
        int(element.text)
    elif shape.type_name == "boolean":
        assert element.text in ("true", "false"), (path, element.text)
    elif getattr(shape, "enum", None):
        # The model's enumerations lack two words: of the type of a policy (documented in the example of SimulateCustomPolicy), of
        # the type of a boundary (recorded).
        assert element.text in (*shape.enum, "IAM Policy", "Policy"), (path, element.text)


def check_answer(service, operation, root):
    model = MODELS[service].operation_model(operation)
    assert plain(root.tag) == f"{operation}Response"
    parts = {plain(child.tag): child for child in root}
    assert parts["ResponseMetadata"][0].text
    if model.output_shape is None:
        assert set(parts) == {"ResponseMetadata"}, (operation, set(parts))
    else:
        check_shape(model.output_shape, parts[f"{operation}Result"], operation)


def check_error(service, operation, status, root):
    assert 400 <= status < 500, (operation, status, ElementTree.tostring(root))
    error = {plain(child.tag): child.text for child in root[0]}
    assert plain(root.tag) == "ErrorResponse" and error["Type"] == "Sender" and error["Code"] and error["Message"], ElementTree.tostring(root)
    known = {shape.metadata.get("error", {}).get("code", shape.name) for shape in MODELS[service].operation_model(operation).error_shapes}
    assert error["Code"] in known | {"ValidationError", "MalformedInput", "AccessDenied", "InvalidInput", "NoSuchEntity", "MalformedPolicyDocument", "InvalidIdentityToken"}, (operation, error)
    return error


def form(name, value):
    """A member as the query protocol writes it."""
    if isinstance(value, dict):
        return [pair for key, inner in value.items() for pair in form(f"{name}.{key}", inner)]
    if isinstance(value, list):
        return [pair for place, inner in enumerate(value, 1) for pair in form(f"{name}.member.{place}", inner)]
    return [(name, value)]


def sample(shape):
    """Some value of a shape."""
    if shape.type_name == "structure":
        return {name: sample(shape.members[name]) for name in shape.required_members}
    if shape.type_name == "list":
        return [sample(shape.member)]
    if shape.type_name in ("integer", "long"):
        return str(max(1, shape.metadata.get("min", 1)))
    if shape.type_name == "boolean":
        return "true"
    if getattr(shape, "enum", None):
        return shape.enum[0]
    least = shape.metadata.get("min", 1)
    return "x" * max(least, 3)


def body(service, operation):
    shape = MODELS[service].operation_model(operation).input_shape
    return {} if shape is None else {name: sample(shape.members[name]) for name in shape.required_members}


def send(server, service, operation, members):
    return call(server, service, operation, [pair for name, value in members.items() for pair in form(name, value)])


@pytest.mark.parametrize("service,operation", OPERATIONS)
def test_required_members_are_missed_and_limits_held(server, service, operation):
    shape = MODELS[service].operation_model(operation).input_shape
    whole = body(service, operation)
    for name in whole:
        status, root = send(server, service, operation, {key: value for key, value in whole.items() if key != name})
        error = check_error(service, operation, status, root)
        assert error["Code"] == "ValidationError", (operation, name, error)
    for name, member in (shape.members.items() if shape else ()):
        if member.type_name == "string" and not getattr(member, "enum", None):
            for length, is_good in ((member.metadata.get("min", 0) - 1, False), (member.metadata.get("max", 10 ** 9) + 1, False)):
                if 0 < length < 200_000:
                    status, root = send(server, service, operation, whole | {name: "x" * length})
                    error = check_error(service, operation, status, root)
                    assert error["Code"] in ("ValidationError", "InvalidInput"), (operation, name, length, error)
        if member.type_name in ("integer", "long"):
            for value in ("abc", str(member.metadata.get("min", -(10 ** 30)) - 1), str(member.metadata.get("max", 10 ** 30) + 1)):
                status, root = send(server, service, operation, whole | {name: value})
                error = check_error(service, operation, status, root)
                assert error["Code"] in ("ValidationError", "MalformedInput"), (operation, name, value, error)
        if member.type_name == "boolean":
            status, root = send(server, service, operation, whole | {name: "perhaps"})
            assert check_error(service, operation, status, root)["Code"] in ("ValidationError", "MalformedInput"), (operation, name)
        if getattr(member, "enum", None):
            status, root = send(server, service, operation, whole | {name: "other"})
            assert check_error(service, operation, status, root)["Code"] in ("ValidationError", "InvalidInput"), (operation, name)
        if member.type_name in ("structure", "list"):
            status, root = send(server, service, operation, whole | {name: "text"})
            assert check_error(service, operation, status, root)["Code"] in ("ValidationError", "MalformedInput"), (operation, name)


@pytest.mark.parametrize("service,operation", OPERATIONS)
def test_random_forms_never_make_a_500(server, service, operation):
    import random
    rng = random.Random(operation)
    shape = MODELS[service].operation_model(operation).input_shape
    names = sorted(shape.members) if shape else ["X"]
    for _ in range(25):
        parameters = []
        for name in rng.sample(names, k=min(len(names), rng.randrange(1, 4))):
            suffix = rng.choice(["", "", ".member.1", ".member.1.Key", ".member.0", ".entry.1.key", ".x"])
            parameters.append((name + suffix, rng.choice(["", "x", "\u0000", "é" * 200, "-1", "true", "arn:aws:iam::aws:policy/x", "{}", "[" * 500, "x" * 3000, "*", "/", "//", "a b"])))
        status, root = call(server, service, operation, parameters)
        if status == 200:
            check_answer(service, operation, root)
        else:
            check_error(service, operation, status, root)


def test_every_operation_is_walked_and_answers_in_the_models_shape(server, tmp_path):
    walked = set()
    iam, sts = server.client("iam"), server.client("sts")

    def note(parsed, model, http_response, **_):
        if http_response.status_code == 200:
            check_answer(model.service_model.service_name, model.name, ElementTree.fromstring(http_response.content))
            walked.add((model.service_model.service_name, model.name))
    for client in (iam, sts):
        client.meta.events.register("after-call", lambda http_response, parsed, model, **kwargs: note(parsed, model, http_response))
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}]})
    trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]})
    tags = [{"Key": "a", "Value": "b"}]
    policy = iam.create_policy(PolicyName="walk", Path="/w/", PolicyDocument=document, Description="d", Tags=tags)["Policy"]["Arn"]
    iam.create_user(UserName="walk", Path="/w/", Tags=tags, PermissionsBoundary=policy)
    iam.get_user(UserName="walk"), iam.get_user(), iam.list_users(PathPrefix="/w/"), iam.tag_user(UserName="walk", Tags=tags)
    iam.list_user_tags(UserName="walk"), iam.untag_user(UserName="walk", TagKeys=["a"]), iam.update_user(UserName="walk", NewUserName="walker", NewPath="/x/")
    iam.put_user_policy(UserName="walker", PolicyName="p", PolicyDocument=document), iam.get_user_policy(UserName="walker", PolicyName="p")
    iam.list_user_policies(UserName="walker"), iam.attach_user_policy(UserName="walker", PolicyArn=policy), iam.list_attached_user_policies(UserName="walker")
    iam.put_user_permissions_boundary(UserName="walker", PermissionsBoundary=policy)
    key = iam.create_access_key(UserName="walker")["AccessKey"]["AccessKeyId"]
    iam.list_access_keys(UserName="walker"), iam.update_access_key(UserName="walker", AccessKeyId=key, Status="Inactive"), iam.get_access_key_last_used(AccessKeyId=key)
    iam.create_group(GroupName="walk"), iam.add_user_to_group(GroupName="walk", UserName="walker"), iam.get_group(GroupName="walk")
    iam.list_groups(), iam.list_groups_for_user(UserName="walker"), iam.update_group(GroupName="walk", NewGroupName="walkers")
    assert [member["UserName"] for member in iam.get_group(GroupName="walkers")["Users"]] == ["walker"]
    iam.put_group_policy(GroupName="walkers", PolicyName="p", PolicyDocument=document), iam.get_group_policy(GroupName="walkers", PolicyName="p")
    iam.list_group_policies(GroupName="walkers"), iam.attach_group_policy(GroupName="walkers", PolicyArn=policy), iam.list_attached_group_policies(GroupName="walkers")
    role = iam.create_role(RoleName="walk", AssumeRolePolicyDocument=trust, Description="d", MaxSessionDuration=7200, Tags=tags, PermissionsBoundary=policy)["Role"]["Arn"]
    iam.get_role(RoleName="walk"), iam.list_roles(), iam.update_role(RoleName="walk", Description="e", MaxSessionDuration=3600)
    iam.update_role_description(RoleName="walk", Description="f"), iam.update_assume_role_policy(RoleName="walk", PolicyDocument=trust)
    iam.tag_role(RoleName="walk", Tags=tags), iam.list_role_tags(RoleName="walk"), iam.untag_role(RoleName="walk", TagKeys=["a"])
    iam.put_role_policy(RoleName="walk", PolicyName="p", PolicyDocument=document), iam.get_role_policy(RoleName="walk", PolicyName="p"), iam.list_role_policies(RoleName="walk")
    iam.attach_role_policy(RoleName="walk", PolicyArn=policy), iam.list_attached_role_policies(RoleName="walk")
    iam.put_role_permissions_boundary(RoleName="walk", PermissionsBoundary=policy), iam.delete_role_permissions_boundary(RoleName="walk")
    iam.create_instance_profile(InstanceProfileName="walk", Tags=tags), iam.add_role_to_instance_profile(InstanceProfileName="walk", RoleName="walk")
    iam.get_instance_profile(InstanceProfileName="walk"), iam.list_instance_profiles(), iam.list_instance_profiles_for_role(RoleName="walk")
    iam.tag_instance_profile(InstanceProfileName="walk", Tags=tags), iam.list_instance_profile_tags(InstanceProfileName="walk"), iam.untag_instance_profile(InstanceProfileName="walk", TagKeys=["a"])
    iam.get_policy(PolicyArn=policy), iam.list_policies(Scope="Local"), iam.list_policies(Scope="AWS"), iam.list_entities_for_policy(PolicyArn=policy)
    version = iam.create_policy_version(PolicyArn=policy, PolicyDocument=document, SetAsDefault=True)["PolicyVersion"]["VersionId"]
    iam.get_policy_version(PolicyArn=policy, VersionId=version), iam.list_policy_versions(PolicyArn=policy), iam.set_default_policy_version(PolicyArn=policy, VersionId="v1")
    iam.delete_policy_version(PolicyArn=policy, VersionId=version), iam.tag_policy(PolicyArn=policy, Tags=tags), iam.list_policy_tags(PolicyArn=policy), iam.untag_policy(PolicyArn=policy, TagKeys=["a"])
    provider = iam.create_open_id_connect_provider(Url="https://issuer.example.com/walk", ClientIDList=["one"], ThumbprintList=["0" * 40], Tags=tags)["OpenIDConnectProviderArn"]
    iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider), iam.list_open_id_connect_providers()
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID="two"), iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID="one")
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=provider, ThumbprintList=["1" * 40])
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=provider, Tags=tags), iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=provider)
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=provider, TagKeys=["a"]), iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    alias = f"walk-{uuid.uuid4().hex[:12]}"
    iam.create_account_alias(AccountAlias=alias)
    assert iam.list_account_aliases()["AccountAliases"] == [alias]
    iam.delete_account_alias(AccountAlias=alias)
    assert iam.get_account_summary()["SummaryMap"]["Users"] >= 1
    iam.get_account_authorization_details()
    simulated = iam.simulate_custom_policy(PolicyInputList=[document], ActionNames=["secretsmanager:GetSecretValue", "iam:GetUser"])
    assert [result["EvalDecision"] for result in simulated["EvaluationResults"]] == ["allowed", "implicitDeny"]
    arn = iam.get_user(UserName="walker")["User"]["Arn"]
    iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["secretsmanager:GetSecretValue"], ResourceArns=["*"])
    iam.get_context_keys_for_custom_policy(PolicyInputList=[document]), iam.get_context_keys_for_principal_policy(PolicySourceArn=arn)
    sts.get_caller_identity(), sts.get_session_token(), sts.get_federation_token(Name="walk", Policy=document), sts.get_access_key_info(AccessKeyId=key)
    helper = iam.create_access_key(UserName="walker")["AccessKey"]
    iam.delete_user_permissions_boundary(UserName="walker")
    iam.put_user_policy(UserName="walker", PolicyName="p", PolicyDocument=document.replace("secretsmanager:*", "sts:*"))
    user_sts = boto3.client("sts", endpoint_url=server.endpoint, region_name="us-east-1", aws_access_key_id=helper["AccessKeyId"], aws_secret_access_key=helper["SecretAccessKey"])
    user_sts.meta.events.register("after-call", lambda http_response, parsed, model, **kwargs: note(parsed, model, http_response))
    user_sts.assume_role(RoleArn=role, RoleSessionName="walk", DurationSeconds=900)
    iam.remove_role_from_instance_profile(InstanceProfileName="walk", RoleName="walk"), iam.delete_instance_profile(InstanceProfileName="walk")
    iam.delete_role_policy(RoleName="walk", PolicyName="p"), iam.detach_role_policy(RoleName="walk", PolicyArn=policy), iam.delete_role(RoleName="walk")
    iam.remove_user_from_group(GroupName="walkers", UserName="walker"), iam.delete_group_policy(GroupName="walkers", PolicyName="p")
    iam.detach_group_policy(GroupName="walkers", PolicyArn=policy), iam.delete_group(GroupName="walkers")
    for held in iam.list_access_keys(UserName="walker")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="walker", AccessKeyId=held["AccessKeyId"])
    iam.delete_user_policy(UserName="walker", PolicyName="p"), iam.detach_user_policy(UserName="walker", PolicyArn=policy), iam.delete_user(UserName="walker")
    iam.delete_policy(PolicyArn=policy)
    elsewhere = {("sts", "AssumeRoleWithWebIdentity"), ("sts", "DecodeAuthorizationMessage")}
    assert set(OPERATIONS) - walked <= elsewhere, set(OPERATIONS) - walked - elsewhere
