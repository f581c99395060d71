"""Users, access keys, groups, managed policies and the account in IAM. Expectations: recorded from AWS by others (refusals
and shapes of answers), unless a case says that it is documented or inferred."""
import datetime, json, re, threading, uuid

import boto3, botocore.config, botocore.exceptions
import pytest

from conftest import ACCOUNT

AWS_POLICY = "arn:aws:iam::aws:policy/SecretsManagerReadWrite"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]})


def document(*actions, effect="Allow"):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": list(actions or ["secretsmanager:*"]), "Resource": "*"}]})


def refused(call, code, text="", status=None):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert text in error["Message"], error
    assert status in (None, caught.value.response["ResponseMetadata"]["HTTPStatusCode"])


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


@pytest.fixture
def name():
    return f"t-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def user(iam, name):
    iam.create_user(UserName=name)
    return name


@pytest.fixture
def group(iam, name):
    iam.create_group(GroupName=name)
    return name


@pytest.fixture
def policy(iam, name):
    return iam.create_policy(PolicyName=name, PolicyDocument=document())["Policy"]["Arn"]


def signed_by(server, service, key):
    return boto3.client(service, endpoint_url=server.endpoint, region_name="us-east-1", aws_access_key_id=key["AccessKeyId"],
                        aws_secret_access_key=key["SecretAccessKey"], aws_session_token=key.get("SessionToken"),
                        config=botocore.config.Config(retries={"max_attempts": 0}))


def as_user(server, iam, name, service="iam"):
    """A client of a user's own, with a new access key, and the key's id."""
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return signed_by(server, service, key), key["AccessKeyId"]


def at_once(calls):
    """Codes of the refusals of calls that are made at the same moment."""
    codes, start = [], threading.Barrier(len(calls))

    def attempt(call):
        start.wait()
        try:
            call()
        except botocore.exceptions.ClientError as error:
            codes.append(error.response["Error"]["Code"])
    threads = [threading.Thread(target=attempt, args=(call,)) for call in calls]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return codes


def while_renamed(rename, ask):
    """Outcomes of a question that is asked again and again while something is renamed to and fro."""
    outcomes, over = [], threading.Event()

    def asks():
        while not over.is_set():
            try:
                outcomes.append(ask())
            except Exception as error:
                outcomes.append(repr(error))
    thread = threading.Thread(target=asks)
    thread.start()
    for place in range(60):
        rename(place % 2 == 0)
    over.set()
    thread.join()
    assert len(outcomes) > 10
    return set(outcomes)


def pages(call, member, size, **parameters):
    """All entries of a list, page by page; no page is longer than asked for, no marker than the model allows."""
    found, marker, markers = [], {}, set()
    while True:
        page = call(MaxItems=size, **parameters, **marker)
        assert len(page[member]) <= size
        found += page[member]
        assert page["IsTruncated"] == ("Marker" in page)
        if not page["IsTruncated"]:
            return found
        assert len(page["Marker"]) <= 320 and page["Marker"] not in markers
        markers.add(page["Marker"])
        marker = {"Marker": page["Marker"]}


def test_a_renamed_user_keeps_all_that_is_its_own(server, iam, user, group, policy):
    iam.add_user_to_group(GroupName=group, UserName=user)
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    iam.put_user_policy(UserName=user, PolicyName="inline", PolicyDocument=document("iam:ListAccessKeys"))
    sts, key = as_user(server, iam, user, "sts")
    before = sts.get_caller_identity()
    renamed = user + "-2"
    iam.update_user(UserName=user, NewUserName=renamed, NewPath="/moved/")
    after = sts.get_caller_identity()
    assert after["UserId"] == before["UserId"] and after["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/moved/{renamed}"
    refused(lambda: iam.get_user(UserName=user), "NoSuchEntity", f"The user with name {user} cannot be found.", 404)
    assert [held["UserName"] for held in iam.list_access_keys(UserName=renamed)["AccessKeyMetadata"]] == [renamed]
    assert iam.get_access_key_last_used(AccessKeyId=key)["UserName"] == renamed
    assert [held["GroupName"] for held in iam.list_groups_for_user(UserName=renamed)["Groups"]] == [group]
    assert [held["UserName"] for held in iam.get_group(GroupName=group)["Users"]] == [renamed]
    assert [held["PolicyArn"] for held in iam.list_attached_user_policies(UserName=renamed)["AttachedPolicies"]] == [policy]
    assert iam.list_user_policies(UserName=renamed)["PolicyNames"] == ["inline"]
    # A new user of the old name is another one.
    assert iam.create_user(UserName=user)["User"]["UserId"] != after["UserId"]
    assert iam.list_access_keys(UserName=user)["AccessKeyMetadata"] == []


def test_a_users_requests_go_on_while_it_is_renamed(server, iam, user):
    """Its access key, its sessions, what it may do and what it is denied. Documented: everything stays with a renamed user."""
    iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=document("*"))
    iam.put_user_policy(UserName=user, PolicyName="no", PolicyDocument=document("secretsmanager:ListSecrets", effect="Deny"))
    sts, _ = as_user(server, iam, user, "sts")
    session = signed_by(server, "secretsmanager", sts.get_session_token()["Credentials"])

    def ask():
        session.get_random_password()
        refused(session.list_secrets, "AccessDeniedException", "with an explicit deny")
        return sts.get_caller_identity()["UserId"]
    id = iam.get_user(UserName=user)["User"]["UserId"]
    rename = lambda there: iam.update_user(UserName=user if there else user + "-2", NewUserName=user + "-2" if there else user)
    assert while_renamed(rename, ask) == {id}


def test_names_are_taken_whatever_their_case_and_ones_own_name_is_free(iam, user):
    iam.create_user(UserName=user + "-2")
    taken = (user + "-2").upper()
    refused(lambda: iam.update_user(UserName=user, NewUserName=taken), "EntityAlreadyExists", f"User with name {taken} already exists.", 409)
    # Inferred: Terraform sends the name with every change of the path.
    iam.update_user(UserName=user, NewUserName=user, NewPath="/p/")
    iam.update_user(UserName=user, NewUserName=user.upper())
    assert iam.get_user(UserName=user)["User"]["UserName"] == user.upper()
    iam.update_user(UserName=user)
    refused(lambda: iam.update_user(UserName="none-such", NewPath="/p/"), "NoSuchEntity", "The user with name none-such cannot be found.", 404)


def test_a_rename_needs_permission_on_both_names(server, iam, user):
    """Documented: IAM API reference, UpdateUser."""
    admin, renamed = user + "-admin", user + "-2"
    iam.create_user(UserName=admin)
    allow = lambda *users: iam.put_user_policy(UserName=admin, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "iam:UpdateUser", "Resource": [f"arn:aws:iam::{ACCOUNT}:user/{one}" for one in users]}]}))
    client, _ = as_user(server, iam, admin)
    for allowed in (user, renamed):
        allow(allowed)
        refused(lambda: client.update_user(UserName=user, NewUserName=renamed), "AccessDenied", "iam:UpdateUser", 403)
    allow(user, renamed)
    client.update_user(UserName=user, NewUserName=renamed)


def test_user_tags_have_no_case_and_policy_tags_have(iam, user, policy):
    iam.tag_user(UserName=user, Tags=[{"Key": "Team", "Value": "red"}, {"Key": "b", "Value": ""}])
    iam.tag_user(UserName=user, Tags=[{"Key": "team", "Value": "blue"}])
    assert iam.list_user_tags(UserName=user)["Tags"] == [{"Key": "b", "Value": ""}, {"Key": "team", "Value": "blue"}]
    twice = [{"Key": "x", "Value": ""}, {"Key": "X", "Value": ""}]
    refused(lambda: iam.tag_user(UserName=user, Tags=twice), "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.", 400)
    iam.untag_user(UserName=user, TagKeys=["B", "absent"])
    assert [tag["Key"] for tag in iam.list_user_tags(UserName=user)["Tags"]] == ["team"]
    iam.tag_policy(PolicyArn=policy, Tags=[{"Key": "a", "Value": "lower"}, {"Key": "A", "Value": "upper"}])
    assert iam.list_policy_tags(PolicyArn=policy)["Tags"] == [{"Key": "A", "Value": "upper"}, {"Key": "a", "Value": "lower"}]
    refused(lambda: iam.tag_policy(PolicyArn=policy, Tags=twice[:1] * 2), "InvalidInput", "Duplicate tag keys found.", 400)
    iam.untag_policy(PolicyArn=policy, TagKeys=["a"])
    assert iam.get_policy(PolicyArn=policy)["Policy"]["Tags"] == [{"Key": "A", "Value": "upper"}]
    refused(lambda: iam.tag_user(UserName=user, Tags=[{"Key": "a!", "Value": ""}]), "ValidationError", r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+")
    refused(lambda: iam.tag_user(UserName="none-such", Tags=[]), "NoSuchEntity")
    absent = f"arn:aws:iam::{ACCOUNT}:policy/NotAPolicy"
    refused(lambda: iam.tag_policy(PolicyArn=absent, Tags=[]), "NoSuchEntity", f"Policy {absent} was not found.", 404)
    refused(lambda: iam.tag_policy(PolicyArn=AWS_POLICY, Tags=[{"Key": "a", "Value": ""}]), "AccessDenied")


def test_tags_are_refused_in_iams_words(iam, user, policy):
    one = "1 validation error detected: Value at"
    pattern = r"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+"
    tag = lambda *tags: lambda: iam.tag_user(UserName=user, Tags=[{"Key": key, "Value": value} for key, value in tags])
    for call, code, message in (
        (tag(("aws:thing", "v")), "InvalidInput", "Tag keys beginning with aws: are reserved for system use."),
        (tag(("AWS:thing", "v")), "InvalidInput", "Tag keys beginning with aws: are reserved for system use."),
        (tag(("a!", "v")), "ValidationError", f"{one} 'tags.1.member.key' failed to satisfy constraint: {pattern}"),
        (tag(("k" * 129, "v")), "ValidationError", f"{one} 'tags.1.member.key' failed to satisfy constraint: Member must have length less than or equal to 128"),
        (tag(("k", "v" * 257)), "ValidationError", f"{one} 'tags.1.member.value' failed to satisfy constraint: Member must have length less than or equal to 256"),
        (tag(*((f"k{place}", "") for place in range(51))), "ValidationError", f"{one} 'tags' failed to satisfy constraint: Member must have length less than or equal to 50"),
    ):
        refused(call, code, message, 400)
    keys = ("Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, "
            f"{pattern}, Member must not be null]")
    for untag in (lambda keys: iam.untag_user(UserName=user, TagKeys=keys), lambda keys: iam.untag_policy(PolicyArn=policy, TagKeys=keys)):
        for bad in (["k" * 129], ["good", "a!"]):
            refused(lambda: untag(bad), "ValidationError", f"{one} 'tagKeys' failed to satisfy constraint: {keys}", 400)
        refused(lambda: untag([f"k{place}" for place in range(51)]), "ValidationError", f"{one} 'tagKeys' failed to satisfy constraint: Member must have length less than or equal to 50", 400)


def test_texts_that_break_a_constraint_are_not_repeated_and_numbers_are(iam, policy):
    one = "1 validation error detected: Value"
    refused(lambda: iam.create_user(UserName="u" * 65), "ValidationError", f"{one} at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64", 400)
    refused(lambda: iam.get_policy_version(PolicyArn=policy, VersionId="1"), "ValidationError", f"{one} at 'versionId' failed to satisfy constraint: Member must satisfy", 400)
    refused(lambda: iam.list_users(MaxItems=1001), "ValidationError", f"{one} '1001' at 'maxItems' failed to satisfy constraint: Member must have value", 400)


def test_tags_are_held_to_their_number_and_paged_whatever_their_alphabet(iam, user):
    keys = ["ж" * 100 + f"{place:02}" for place in range(49)] + ["z"]
    iam.tag_user(UserName=user, Tags=[{"Key": key, "Value": "v"} for key in keys])
    refused(lambda: iam.tag_user(UserName=user, Tags=[{"Key": "one-more", "Value": ""}]), "LimitExceeded", "The number of tags has reached the maximum limit.", 409)
    for size in (1, 7, 50):
        assert [tag["Key"] for tag in pages(iam.list_user_tags, "Tags", size, UserName=user)] == sorted(keys)


def test_inline_policies_come_and_go(iam, user, group):
    for noun, put, get, names, delete, of in (
        ("user", iam.put_user_policy, iam.get_user_policy, iam.list_user_policies, iam.delete_user_policy, {"UserName": user}),
        ("group", iam.put_group_policy, iam.get_group_policy, iam.list_group_policies, iam.delete_group_policy, {"GroupName": group}),
    ):
        for policy in ("b", "a", "c"):
            put(**of, PolicyName=policy, PolicyDocument=document("iam:GetUser"))
        put(**of, PolicyName="a", PolicyDocument=document("iam:ListUsers"))
        assert get(**of, PolicyName="a")["PolicyDocument"]["Statement"][0]["Action"] == ["iam:ListUsers"]
        assert pages(names, "PolicyNames", 2, **of) == ["a", "b", "c"]
        delete(**of, PolicyName="b")
        assert names(**of)["PolicyNames"] == ["a", "c"]
        for call in (delete, get):
            refused(lambda: call(**of, PolicyName="b"), "NoSuchEntity", f"The {noun} policy with name b cannot be found.", 404)
        refused(lambda: put(**of, PolicyName="d", PolicyDocument="{"), "MalformedPolicyDocument", "", 400)
        refused(lambda: put(**of, PolicyName="d", PolicyDocument=document("iam:" + "x" * 6000)), "LimitExceeded", "Maximum policy size of", 409)


def test_attachments_are_made_once_counted_and_listed(iam, user, group, policy):
    for attach, detach, listed, of, noun in (
        (iam.attach_user_policy, iam.detach_user_policy, iam.list_attached_user_policies, {"UserName": user}, "User"),
        (iam.attach_group_policy, iam.detach_group_policy, iam.list_attached_group_policies, {"GroupName": group}, "Group"),
    ):
        before = iam.get_policy(PolicyArn=AWS_POLICY)["Policy"]["AttachmentCount"]
        for arn in (policy, policy, AWS_POLICY):
            attach(**of, PolicyArn=arn)
        assert iam.get_policy(PolicyArn=AWS_POLICY)["Policy"]["AttachmentCount"] == before + 1
        assert sorted(held["PolicyArn"] for held in pages(listed, "AttachedPolicies", 1, **of)) == sorted([policy, AWS_POLICY])
        assert listed(**of, PathPrefix="/none/")["AttachedPolicies"] == []
        entities = iam.list_entities_for_policy(PolicyArn=policy, EntityFilter=noun)
        assert [held[f"{noun}Name"] for held in entities[f"Policy{noun}s"]] == list(of.values())
        absent = policy + "-absent"
        refused(lambda: attach(**of, PolicyArn=absent), "NoSuchEntity", f"Policy {absent} does not exist or is not attachable.", 404)
        refused(lambda: attach(**of, PolicyArn="longpolicynamebutnoarn"), "ValidationError", "ARN longpolicynamebutnoarn is not valid.", 400)
        detach(**of, PolicyArn=policy)
        refused(lambda: detach(**of, PolicyArn=policy), "NoSuchEntity", f"Policy {policy} was not found.", 404)
        detach(**of, PolicyArn=AWS_POLICY)
    refused(lambda: iam.attach_user_policy(UserName="none-such", PolicyArn=policy), "NoSuchEntity", "The user with name none-such cannot be found.")
    refused(lambda: iam.attach_group_policy(GroupName="none-such", PolicyArn=policy), "NoSuchEntity", "The group with name none-such cannot be found.")


def test_a_boundary_is_set_counted_and_taken_away(iam, user, policy):
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=policy)
    # Not the model's word, recorded.
    assert iam.get_user(UserName=user)["User"]["PermissionsBoundary"] == {"PermissionsBoundaryArn": policy, "PermissionsBoundaryType": "Policy"}
    told = iam.get_policy(PolicyArn=policy)["Policy"]
    assert (told["AttachmentCount"], told["PermissionsBoundaryUsageCount"]) == (0, 1)
    names = lambda **more: [held["UserName"] for held in iam.list_entities_for_policy(PolicyArn=policy, **more)["PolicyUsers"]]
    assert names() == names(PolicyUsageFilter="PermissionsBoundary") == [user] and names(PolicyUsageFilter="PermissionsPolicy") == []
    # Inferred: who has it in both ways is told of once.
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    assert names() == [user]
    iam.detach_user_policy(UserName=user, PolicyArn=policy)
    refused(lambda: iam.delete_policy(PolicyArn=policy), "DeleteConflict", "Cannot delete a policy attached to entities.", 409)
    absent = policy + "-absent"
    refused(lambda: iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=absent), "NoSuchEntity", f"Scope ARN: {absent} does not exist or is not attachable.", 404)
    other = f"arn:aws:iam::{ACCOUNT}:not_a_policy/invalid"
    refused(lambda: iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=other), "InvalidInput", f"ARN {other} is not valid.", 400)
    iam.delete_user_permissions_boundary(UserName=user)
    assert "PermissionsBoundary" not in iam.get_user(UserName=user)["User"]
    refused(lambda: iam.delete_user_permissions_boundary(UserName=user), "NoSuchEntity", "", 404)
    iam.delete_policy(PolicyArn=policy)


def test_access_keys_are_switched_off_and_removed(server, iam, user):
    client, key = as_user(server, iam, user, "sts")
    client.get_caller_identity()
    iam.update_access_key(UserName=user, AccessKeyId=key, Status="Inactive")
    assert [held["Status"] for held in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]] == ["Inactive"]
    refused(client.get_caller_identity, "InvalidClientTokenId")
    iam.update_access_key(UserName=user, AccessKeyId=key, Status="Active")
    client.get_caller_identity()
    as_user(server, iam, user)
    refused(lambda: iam.create_access_key(UserName=user), "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", 409)
    assert len(pages(iam.list_access_keys, "AccessKeyMetadata", 1, UserName=user)) == 2
    unknown = "AKIAIOSFODNN7EXAMPLE"
    missing = f"The Access Key with id {unknown} cannot be found."
    refused(lambda: iam.update_access_key(UserName=user, AccessKeyId=unknown, Status="Active"), "NoSuchEntity", missing, 404)
    refused(lambda: iam.delete_access_key(UserName=user, AccessKeyId=unknown), "NoSuchEntity", missing, 404)
    # Without a name the root means its own keys.
    refused(lambda: iam.delete_access_key(AccessKeyId=key), "NoSuchEntity")
    refused(lambda: iam.update_access_key(UserName=user, AccessKeyId=key, Status="Other"), "ValidationError")
    refused(lambda: iam.update_access_key(UserName=user, AccessKeyId=key, Status="Expired"), "InvalidInput")
    iam.delete_access_key(UserName=user, AccessKeyId=key)
    refused(client.get_caller_identity, "InvalidClientTokenId")
    refused(lambda: iam.get_access_key_last_used(AccessKeyId=key), "AccessDenied", f"is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key {key}", 403)


def test_a_user_manages_its_own_keys_without_naming_itself(server, iam, user):
    iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "iam:*AccessKey*", "Resource": f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"}]}))
    client, key = as_user(server, iam, user)
    made = client.create_access_key()["AccessKey"]["AccessKeyId"]
    assert {held["AccessKeyId"] for held in client.list_access_keys()["AccessKeyMetadata"]} == {key, made}
    client.update_access_key(AccessKeyId=made, Status="Inactive")
    client.delete_access_key(AccessKeyId=made)
    assert client.get_access_key_last_used(AccessKeyId=key)["UserName"] == user
    refused(lambda: client.list_access_keys(UserName=user + "x"), "AccessDenied", f"on resource: user {user}x")


def test_the_last_use_of_a_key_is_told(server, iam, user):
    client, key = as_user(server, iam, user, "sts")
    assert iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    client.get_caller_identity()
    until = datetime.datetime.now() + datetime.timedelta(seconds=20)
    while "LastUsedDate" not in (told := iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]):
        assert datetime.datetime.now() < until
    assert (told["ServiceName"], told["Region"]) == ("sts", "us-east-1")


def test_groups_have_users_and_go_when_they_are_empty(iam, group):
    told = iam.get_group(GroupName=group)["Group"]
    assert told["Arn"] == f"arn:aws:iam::{ACCOUNT}:group/{group}" and re.fullmatch("AGPA[A-Z2-7]{17}", told["GroupId"])
    refused(lambda: iam.create_group(GroupName=group.upper()), "EntityAlreadyExists", f"Group with name {group.upper()} already exists.", 409)
    users = [f"{group}-{place}" for place in range(7)]
    for user in users:
        iam.create_user(UserName=user)
        iam.add_user_to_group(GroupName=group, UserName=user)
        iam.add_user_to_group(GroupName=group, UserName=user)
    for size in (1, 3, 7, 100):
        assert [held["UserName"] for held in pages(iam.get_group, "Users", size, GroupName=group)] == users
    refused(lambda: iam.add_user_to_group(GroupName=group, UserName="none-such"), "NoSuchEntity", "The user with name none-such cannot be found.", 404)
    refused(lambda: iam.add_user_to_group(GroupName="no-group", UserName=users[0]), "NoSuchEntity", "The group with name no-group cannot be found.", 404)
    refused(lambda: iam.remove_user_from_group(GroupName="no-group", UserName="none-such"), "NoSuchEntity", "The user with name none-such cannot be found.", 404)
    refused(lambda: iam.delete_user(UserName=users[0]), "DeleteConflict", "Cannot delete entity, must remove users from group first.", 409)
    iam.remove_user_from_group(GroupName=group, UserName=users[0])
    iam.remove_user_from_group(GroupName=group, UserName=users[0])
    iam.put_group_policy(GroupName=group, PolicyName="p", PolicyDocument=document())
    iam.attach_group_policy(GroupName=group, PolicyArn=AWS_POLICY)
    refused(lambda: iam.delete_group(GroupName=group), "DeleteConflict", "Cannot delete entity, must remove users from group first.", 409)
    for user in users[1:]:
        iam.remove_user_from_group(GroupName=group, UserName=user)
    refused(lambda: iam.delete_group(GroupName=group), "DeleteConflict", "Cannot delete entity, must delete policies first.", 409)
    iam.delete_group_policy(GroupName=group, PolicyName="p")
    refused(lambda: iam.delete_group(GroupName=group), "DeleteConflict", "Cannot delete entity, must detach all policies first.", 409)
    iam.detach_group_policy(GroupName=group, PolicyArn=AWS_POLICY)
    iam.delete_group(GroupName=group)
    refused(lambda: iam.get_group(GroupName=group), "NoSuchEntity", f"The group with name {group} cannot be found.", 404)


def test_a_renamed_group_keeps_its_users_and_what_they_may_do(server, iam, user, group):
    secret = server.client().create_secret(Name=f"group/{group}", SecretString="v")["ARN"]
    iam.put_group_policy(GroupName=group, PolicyName="read", PolicyDocument=document("secretsmanager:GetSecretValue"))
    iam.add_user_to_group(GroupName=group, UserName=user)
    client, _ = as_user(server, iam, user, "secretsmanager")
    client.get_secret_value(SecretId=secret)
    id, renamed = iam.get_group(GroupName=group)["Group"]["GroupId"], group + "-2"
    iam.update_group(GroupName=group, NewGroupName=renamed, NewPath="/moved/")
    client.get_secret_value(SecretId=secret)
    assert iam.list_groups_for_user(UserName=user)["Groups"][0]["Arn"] == f"arn:aws:iam::{ACCOUNT}:group/moved/{renamed}"
    told = iam.get_group(GroupName=renamed)
    assert told["Group"]["GroupId"] == id and [held["UserName"] for held in told["Users"]] == [user]
    # A new group of the old name is another one: the user is not in it, and it gives the user nothing.
    iam.create_group(GroupName=group)
    assert iam.get_group(GroupName=group)["Users"] == []
    refused(lambda: iam.update_group(GroupName=group, NewGroupName=renamed), "EntityAlreadyExists", f"Group with name {renamed} already exists.", 409)
    refused(lambda: iam.update_group(GroupName="none-such", NewPath="/x/"), "NoSuchEntity", "The group with name none-such cannot be found.", 404)
    iam.remove_user_from_group(GroupName=renamed, UserName=user)
    refused(lambda: client.get_secret_value(SecretId=secret), "AccessDeniedException")


def test_a_denial_of_a_group_holds_while_it_is_renamed(server, iam, user, group):
    """Nobody slips out of a group's policies because its record is being moved."""
    iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=document("*"))
    iam.put_group_policy(GroupName=group, PolicyName="no", PolicyDocument=document("secretsmanager:ListSecrets", effect="Deny"))
    iam.add_user_to_group(GroupName=group, UserName=user)
    client, _ = as_user(server, iam, user, "secretsmanager")
    ask = lambda: refused(client.list_secrets, "AccessDeniedException", "with an explicit deny")
    rename = lambda there: iam.update_group(GroupName=group if there else group + "-2", NewGroupName=group + "-2" if there else group)
    assert while_renamed(rename, ask) == {None}


def test_groups_are_listed_by_path_and_in_pages(iam, name):
    names = [f"{name}-{place}-".ljust(128, "g") for place in range(5)]
    for place, one in enumerate(names):
        iam.create_group(GroupName=one, Path=f"/{name}/{place % 2}/")
    assert [held["GroupName"] for held in pages(iam.list_groups, "Groups", 2, PathPrefix=f"/{name}/")] == names
    assert [held["GroupName"] for held in iam.list_groups(PathPrefix=f"/{name}/1")["Groups"]] == names[1::2]
    page = iam.list_groups(PathPrefix=f"/{name}/", MaxItems=1)
    refused(lambda: iam.list_users(Marker=page["Marker"]), "ValidationError")
    refused(lambda: iam.list_groups(Marker="AAAA"), "ValidationError")


def test_a_user_is_in_ten_groups_at_most(iam, user):
    groups = [f"{user}-{place:02}" for place in range(11)]
    for one in groups:
        iam.create_group(GroupName=one)
    for one in groups[:10]:
        iam.add_user_to_group(GroupName=one, UserName=user)
    refused(lambda: iam.add_user_to_group(GroupName=groups[10], UserName=user), "LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10", 409)
    assert [held["GroupName"] for held in pages(iam.list_groups_for_user, "Groups", 4, UserName=user)] == groups[:10]


def test_a_policy_is_made_and_told_of(iam, name):
    made = iam.create_policy(PolicyName=name, Path="/a/b/", PolicyDocument=document(), Description="what it is for", Tags=[{"Key": "k", "Value": ""}])["Policy"]
    facts = {"PolicyName": name, "Arn": f"arn:aws:iam::{ACCOUNT}:policy/a/b/{name}", "Path": "/a/b/", "DefaultVersionId": "v1", "AttachmentCount": 0,
             "PermissionsBoundaryUsageCount": 0, "IsAttachable": True, "CreateDate": made["CreateDate"], "UpdateDate": made["CreateDate"], "PolicyId": made["PolicyId"]}
    assert re.fullmatch("ANPA[A-Z2-7]{17}", made["PolicyId"])
    assert made == facts | {"Tags": [{"Key": "k", "Value": ""}]}
    assert iam.get_policy(PolicyArn=made["Arn"])["Policy"] == facts | {"Description": "what it is for", "Tags": [{"Key": "k", "Value": ""}]}
    assert iam.list_policies(Scope="Local", PathPrefix="/a/b/")["Policies"] == [facts]
    again = lambda text=document(), **more: iam.create_policy(**{"PolicyName": name + "-2", "PolicyDocument": text} | more)["Policy"]
    refused(lambda: again(PolicyName=name.upper()), "EntityAlreadyExists", f"A policy called {name.upper()} already exists. Duplicate names are not allowed.", 409)
    refused(lambda: again(Path="/a*/"), "ValidationError", r"((/[A-Za-z0-9\.,\+@=_-]+)*)/")
    refused(lambda: again(document("iam:" + "x" * 6144)), "LimitExceeded", "Cannot exceed quota for PolicySize: 6144", 409)
    refused(lambda: again("{}"), "MalformedPolicyDocument", "", 400)
    named = lambda resource: json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": resource}})
    for resource, message in (("arn:aws:iam:::example_bucket", 'IAM resource path must either be "*" or start with user/, federated-user/,'),
                              ("arn:aws:iam:us-east-1::example_bucket", "IAM resource arn:aws:iam:us-east-1::example_bucket cannot contain region information."),
                              ("arn:aws:s3:us-east-1::example_bucket", "Resource arn:aws:s3:us-east-1::example_bucket can not contain region information.")):
        refused(lambda: again(named(resource)), "MalformedPolicyDocument", message, 400)
    # Recorded: managed policies are in the present version of the language, inline ones may be in the older.
    for version in ({}, {"Version": "2008-10-17"}):
        old = json.dumps(version | {"Statement": {"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*"}})
        refused(lambda: again(old), "MalformedPolicyDocument", "Policy document must be version 2012-10-17 or greater.", 400)
    # Recorded to be taken: a condition key without a vendor.
    keyed = again(json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*", "Condition": {"StringEqualsIfExists": {"a": "asf"}}}}))
    iam.delete_policy(PolicyArn=keyed["Arn"])
    refused(lambda: iam.get_policy(PolicyArn="longpolicynamebutnoarn"), "ValidationError", "ARN longpolicynamebutnoarn is not valid.", 400)
    plain = again()
    assert "Tags" not in plain and iam.get_policy(PolicyArn=plain["Arn"])["Policy"]["Tags"] == []
    refused(lambda: iam.get_policy(PolicyArn=plain["Arn"] + "x"), "NoSuchEntity", f"Policy {plain['Arn']}x was not found.", 404)
    # Inferred: another account's policy is refused, not missed.
    refused(lambda: iam.get_policy(PolicyArn=plain["Arn"].replace(ACCOUNT, "999999999999")), "AccessDenied", "", 403)


def test_versions_of_a_policy(iam, policy):
    old = json.dumps({"Version": "2008-10-17", "Statement": {"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*"}})
    refused(lambda: iam.create_policy_version(PolicyArn=policy, PolicyDocument=old), "MalformedPolicyDocument", "Policy document must be version 2012-10-17 or greater.", 400)
    version = lambda **more: iam.create_policy_version(PolicyArn=policy, PolicyDocument=document("iam:GetUser"), **more)["PolicyVersion"]
    second = version(SetAsDefault=True)
    assert set(second) == {"VersionId", "IsDefaultVersion", "CreateDate"} and (second["VersionId"], second["IsDefaultVersion"]) == ("v2", True)
    assert version()["IsDefaultVersion"] is False
    told = lambda: [(held["VersionId"], held["IsDefaultVersion"]) for held in iam.list_policy_versions(PolicyArn=policy)["Versions"]]
    assert told() == [("v3", False), ("v2", True), ("v1", False)]
    assert iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"] == "v2"
    assert iam.get_policy_version(PolicyArn=policy, VersionId="v3")["PolicyVersion"]["Document"]["Statement"][0]["Action"] == ["iam:GetUser"]
    iam.set_default_policy_version(PolicyArn=policy, VersionId="v1")
    assert told() == [("v3", False), ("v2", False), ("v1", True)]
    version(), version()
    refused(version, "LimitExceeded", "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.", 409)
    refused(lambda: iam.delete_policy_version(PolicyArn=policy, VersionId="v1"), "DeleteConflict", "Cannot delete the default version of a policy.", 409)
    refused(lambda: iam.delete_policy(PolicyArn=policy), "DeleteConflict", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.", 409)
    # A page goes on where it ended whatever versions came and went meanwhile.
    page = iam.list_policy_versions(PolicyArn=policy, MaxItems=2)
    iam.delete_policy_version(PolicyArn=policy, VersionId="v4")
    assert version()["VersionId"] == "v6"
    assert [held["VersionId"] for held in iam.list_policy_versions(PolicyArn=policy, Marker=page["Marker"])["Versions"]] == ["v3", "v2", "v1"]
    for call in (iam.get_policy_version, iam.delete_policy_version, iam.set_default_policy_version):
        refused(lambda: call(PolicyArn=policy, VersionId="v9"), "NoSuchEntity", f"Policy {policy} version v9 does not exist or is not attachable.", 404)
        refused(lambda: call(PolicyArn=policy + "x", VersionId="v1"), "NoSuchEntity", f"Policy {policy}x version v1 does not exist or is not attachable.", 404)
        refused(lambda: call(PolicyArn=policy, VersionId="1"), "ValidationError", r"Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?", 400)
    for held in ("v2", "v3", "v5", "v6"):
        iam.delete_policy_version(PolicyArn=policy, VersionId=held)
    iam.delete_policy(PolicyArn=policy)
    refused(lambda: iam.delete_policy(PolicyArn=policy), "NoSuchEntity", f"Policy {policy} was not found.", 404)


def test_a_new_default_version_counts_from_the_next_request_on(server, iam, user, policy):
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    client, _ = as_user(server, iam, user, "secretsmanager")
    client.list_secrets()
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=document(effect="Deny"), SetAsDefault=True)
    refused(client.list_secrets, "AccessDeniedException", "with an explicit deny")
    iam.set_default_policy_version(PolicyArn=policy, VersionId="v1")
    client.list_secrets()


def test_awss_policies_can_be_read_and_not_changed(iam):
    told = iam.get_policy(PolicyArn=AWS_POLICY)["Policy"]
    assert told["DefaultVersionId"] == "v1" and told["Tags"] == [] and told["IsAttachable"]
    assert [held["VersionId"] for held in iam.list_policy_versions(PolicyArn=AWS_POLICY)["Versions"]] == ["v1"]
    assert iam.get_policy_version(PolicyArn=AWS_POLICY, VersionId="v1")["PolicyVersion"]["IsDefaultVersion"]
    for call in (lambda: iam.delete_policy(PolicyArn=AWS_POLICY), lambda: iam.create_policy_version(PolicyArn=AWS_POLICY, PolicyDocument=document()),
                 lambda: iam.set_default_policy_version(PolicyArn=AWS_POLICY, VersionId="v1"), lambda: iam.delete_policy_version(PolicyArn=AWS_POLICY, VersionId="v1")):
        refused(call, "AccessDenied", "", 403)


def test_policies_are_listed_by_scope_use_and_path(iam, user):
    arns = [iam.create_policy(PolicyName=f"{user}-{place}-".ljust(128, "p"), Path=f"/{user}/", PolicyDocument=document())["Policy"]["Arn"] for place in range(5)]
    iam.attach_user_policy(UserName=user, PolicyArn=arns[1])
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=arns[3])
    listed = lambda **more: [held["Arn"] for held in pages(iam.list_policies, "Policies", 2, PathPrefix=f"/{user}/", **more)]
    assert listed() == listed(Scope="Local") == listed(Scope="All") == arns and listed(Scope="AWS") == []
    assert listed(PolicyUsageFilter="PermissionsPolicy") == [arns[1]]
    assert listed(PolicyUsageFilter="PermissionsBoundary") == [arns[3]]
    assert arns[1] in listed(OnlyAttached=True) and arns[0] not in listed(OnlyAttached=True)
    assert listed(OnlyAttached=True, PolicyUsageFilter="PermissionsPolicy") == [arns[1]]
    everything = [held["Arn"] for held in pages(iam.list_policies, "Policies", 3)]
    assert len(everything) == len(set(everything)) and set(arns) < set(everything) and AWS_POLICY in everything
    assert all(held["Arn"].startswith("arn:aws:iam::aws:") for held in iam.list_policies(Scope="AWS")["Policies"])
    refused(lambda: iam.list_policies(Scope="Mine"), "ValidationError")


def test_who_has_a_policy_is_told_page_by_page(iam, name, policy):
    """Groups, users and roles together are one list in pages (documented)."""
    for place in range(3):
        iam.create_user(UserName=f"{name}-u{place}", Path=f"/{place}/"), iam.attach_user_policy(UserName=f"{name}-u{place}", PolicyArn=policy)
        iam.create_group(GroupName=f"{name}-g{place}"), iam.attach_group_policy(GroupName=f"{name}-g{place}", PolicyArn=policy)
        iam.create_role(RoleName=f"{name}-r{place}", AssumeRolePolicyDocument=TRUST), iam.attach_role_policy(RoleName=f"{name}-r{place}", PolicyArn=policy)
    iam.create_user(UserName=f"{name}-b", PermissionsBoundary=policy)

    def entities(**parameters):
        page = iam.list_entities_for_policy(PolicyArn=policy, **parameters)
        names = [held[f"{noun}Name"] for noun in ("Group", "User", "Role") for held in page[f"Policy{noun}s"]]
        return {key: page[key] for key in ("IsTruncated", "Marker") if key in page} | {"Names": names}
    for size in (1, 2, 4, 100):
        assert sorted(pages(entities, "Names", size)) == sorted([f"{name}-{kind}{place}" for kind in "ugr" for place in range(3)] + [f"{name}-b"])
    assert entities(PathPrefix="/1/")["Names"] == [f"{name}-u1"]
    assert entities(EntityFilter="AWSManagedPolicy")["Names"] == []
    told = iam.get_policy(PolicyArn=policy)["Policy"]
    assert (told["AttachmentCount"], told["PermissionsBoundaryUsageCount"]) == (9, 1)


@pytest.mark.parametrize("what", ["policy", "boundary", "group"])
def test_nothing_is_left_that_refers_to_what_was_deleted_at_the_same_moment(server, iam, name, what):
    """Ours: AWS is eventually consistent here. Of a reference and a deletion that meet, one is refused."""
    users = [f"{name}-{place}" for place in range(4)]
    for user in users:
        iam.create_user(UserName=user)
    *clients, remover = [server.client("iam") for _ in range(len(users) + 1)]
    for place in range(12):
        thing = f"{name}-r{place}"
        arn = f"arn:aws:iam::{ACCOUNT}:policy/{thing}"
        make, refer, release, remove, holds = {
            "policy": (lambda: iam.create_policy(PolicyName=thing, PolicyDocument=document()),
                       lambda client, user: client.attach_user_policy(UserName=user, PolicyArn=arn),
                       lambda user: iam.detach_user_policy(UserName=user, PolicyArn=arn),
                       lambda client: client.delete_policy(PolicyArn=arn),
                       lambda user: iam.list_attached_user_policies(UserName=user)["AttachedPolicies"]),
            "boundary": (lambda: iam.create_policy(PolicyName=thing, PolicyDocument=document()),
                         lambda client, user: client.put_user_permissions_boundary(UserName=user, PermissionsBoundary=arn),
                         lambda user: iam.delete_user_permissions_boundary(UserName=user),
                         lambda client: client.delete_policy(PolicyArn=arn),
                         lambda user: "PermissionsBoundary" in iam.get_user(UserName=user)["User"]),
            "group": (lambda: iam.create_group(GroupName=thing),
                      lambda client, user: client.add_user_to_group(GroupName=thing, UserName=user),
                      lambda user: iam.remove_user_from_group(GroupName=thing, UserName=user),
                      lambda client: client.delete_group(GroupName=thing),
                      lambda user: iam.list_groups_for_user(UserName=user)["Groups"]),
        }[what]
        make()
        codes = at_once([lambda client=client, user=user: refer(client, user) for client, user in zip(clients, users)] + [lambda: remove(remover)])
        assert set(codes) <= {"NoSuchEntity", "DeleteConflict"}, codes
        is_deleted = "DeleteConflict" not in codes
        holders = [user for user in users if holds(user)]
        assert (holders == []) == is_deleted, (holders, codes)
        for user in holders:
            release(user)
        if not is_deleted:
            remove(iam)


def test_many_may_attach_one_policy_at_once(server, iam, name, policy):
    users = [f"{name}-{place}" for place in range(24)]
    for user in users:
        iam.create_user(UserName=user)
    clients = [server.client("iam") for _ in users]
    codes = at_once([lambda client=client, user=user: client.attach_user_policy(UserName=user, PolicyArn=policy) for client, user in zip(clients, users)])
    assert codes == [] and iam.get_policy(PolicyArn=policy)["Policy"]["AttachmentCount"] == len(users)


def test_an_account_has_one_alias(iam, name):
    assert iam.list_account_aliases()["AccountAliases"] == []
    iam.create_account_alias(AccountAlias=name)
    refused(lambda: iam.create_account_alias(AccountAlias=name), "EntityAlreadyExists", f"The account alias {name} already exists.", 409)
    iam.create_account_alias(AccountAlias=name + "-2")
    assert iam.list_account_aliases()["AccountAliases"] == [name + "-2"]
    refused(lambda: iam.delete_account_alias(AccountAlias=name), "NoSuchEntity", "", 404)
    # The alias that was given up can be taken again.
    iam.create_account_alias(AccountAlias=name)
    iam.delete_account_alias(AccountAlias=name)
    assert iam.list_account_aliases()["AccountAliases"] == []
    for bad in ("-ab", "ab-", "a--b", "A-b", "a_b", "a" * 64):
        for call in (iam.create_account_alias, iam.delete_account_alias):
            refused(lambda: call(AccountAlias=bad), "ValidationError")


def test_the_summary_counts_what_is_there(iam, name):
    before = iam.get_account_summary()["SummaryMap"]
    iam.create_user(UserName=name), iam.create_group(GroupName=name), iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    arn = iam.create_policy(PolicyName=name, PolicyDocument=document())["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document())
    after = iam.get_account_summary()["SummaryMap"]
    grown = {key: after[key] - before[key] for key in after if after[key] != before[key]}
    assert grown == {"Users": 1, "Groups": 1, "Roles": 1, "Policies": 1, "PolicyVersionsInUse": 2}
    assert after["AccountAccessKeysPresent"] == 1 and after["AccountMFAEnabled"] == 0
    # Ours: what is held to here is what AWS raises a quota to; the others are AWS's defaults.
    quotas = {key: value for key, value in after.items() if key.endswith("Quota")}
    assert quotas == {
        "AccessKeysPerUserQuota": 2, "AssumeRolePolicySizeQuota": 8192, "AttachedPoliciesPerGroupQuota": 20, "AttachedPoliciesPerRoleQuota": 20,
        "AttachedPoliciesPerUserQuota": 20, "GroupPolicySizeQuota": 5120, "GroupsPerUserQuota": 10, "GroupsQuota": 300, "InstanceProfilesQuota": 1000,
        "PoliciesQuota": 1500, "PolicySizeQuota": 6144, "PolicyVersionsInUseQuota": 10000, "RolePolicySizeQuota": 10240, "RolesQuota": 1000,
        "ServerCertificatesQuota": 20, "SigningCertificatesPerUserQuota": 2, "UserPolicySizeQuota": 2048, "UsersQuota": 5000, "VersionsPerPolicyQuota": 5}
    # All that the model names.
    assert set(after) == set(iam.meta.service_model.shape_for("summaryKeyType").enum)


def test_authorization_details_tell_everything_once_page_by_page(iam, name, policy):
    iam.create_user(UserName=name, PermissionsBoundary=policy, Tags=[{"Key": "k", "Value": "v"}]), iam.create_user(UserName=name + "-bare")
    iam.create_group(GroupName=name), iam.add_user_to_group(GroupName=name, UserName=name)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, Description="d")
    iam.create_instance_profile(InstanceProfileName=name), iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    for put, of in ((iam.put_user_policy, {"UserName": name}), (iam.put_group_policy, {"GroupName": name}), (iam.put_role_policy, {"RoleName": name})):
        put(**of, PolicyName="inline", PolicyDocument=document())
    iam.attach_role_policy(RoleName=name, PolicyArn=AWS_POLICY)
    lists = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")

    def details(**parameters):
        page = iam.get_account_authorization_details(**parameters)
        return {key: page[key] for key in ("IsTruncated", "Marker") if key in page} | {"All": [(key, held) for key in lists for held in page[key]]}
    whole = pages(details, "All", 1000)
    assert pages(details, "All", 1) == pages(details, "All", 7) == whole
    of = lambda list, noun, wanted: next(held for key, held in whole if key == list and held[noun] == wanted)
    user = of("UserDetailList", "UserName", name)
    assert user["GroupList"] == [name] and user["Tags"] == [{"Key": "k", "Value": "v"}] and user["AttachedManagedPolicies"] == []
    assert [held["PolicyName"] for held in user["UserPolicyList"]] == ["inline"] and user["UserPolicyList"][0]["PolicyDocument"]["Version"] == "2012-10-17"
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy
    bare = of("UserDetailList", "UserName", name + "-bare")
    assert set(bare) == {"Path", "UserName", "UserId", "Arn", "CreateDate", "GroupList", "AttachedManagedPolicies", "Tags"} and bare["Tags"] == bare["GroupList"] == []
    assert set(of("GroupDetailList", "GroupName", name)) == {"Path", "GroupName", "GroupId", "Arn", "CreateDate", "GroupPolicyList", "AttachedManagedPolicies"}
    role = of("RoleDetailList", "RoleName", name)
    assert set(role) == {"Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument", "InstanceProfileList", "RolePolicyList",
                         "AttachedManagedPolicies", "Tags", "RoleLastUsed"}
    assert role["Tags"] == [] and role["RoleLastUsed"] == {} and [held["Roles"][0]["RoleName"] for held in role["InstanceProfileList"]] == [name]
    own = of("Policies", "Arn", policy)
    assert own["PermissionsBoundaryUsageCount"] == 1 and own["PolicyVersionList"][0]["Document"]["Statement"][0]["Action"] == ["secretsmanager:*"]
    assert of("Policies", "Arn", AWS_POLICY)["AttachmentCount"] >= 1
    only = pages(details, "All", 1000, Filter=["Group", "LocalManagedPolicy"])
    is_own = lambda held: held["Arn"].startswith(f"arn:aws:iam::{ACCOUNT}:")
    assert only == [(key, held) for key, held in whole if key in ("GroupDetailList", "Policies") and is_own(held)]
    refused(lambda: iam.get_account_authorization_details(Filter=["Other"]), "ValidationError")


def test_refusals_name_the_resource_as_aws_does(server, iam, user, group, policy):
    client, _ = as_user(server, iam, user)
    for call, action, resource in (
        (lambda: client.list_policies(), "ListPolicies", "policy path /"),
        (lambda: client.list_groups(), "ListGroups", f"arn:aws:iam::{ACCOUNT}:group/"),
        (lambda: client.get_policy(PolicyArn=policy), "GetPolicy", f"policy {policy}"),
        (lambda: client.create_policy(PolicyName="new", PolicyDocument=document()), "CreatePolicy", "policy new"),
        (lambda: client.get_group(GroupName=group), "GetGroup", f"group {group}"),
        (lambda: client.list_user_tags(UserName=user), "ListUserTags", f"user {user}"),
        (lambda: client.list_account_aliases(), "ListAccountAliases", "*"),
        (lambda: client.get_account_authorization_details(), "GetAccountAuthorizationDetails", "*"),
    ):
        message = f"User: arn:aws:iam::{ACCOUNT}:user/{user} is not authorized to perform: iam:{action} on resource: {resource} because no identity-based policy allows the iam:{action} action"
        refused(call, "AccessDenied", message, 403)
