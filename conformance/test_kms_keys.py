"""KMS's keys as they are managed: states, waiting periods, aliases, tags, policies, and who may do what.

Expectations: messages and the order of checks recorded from AWS (LocalStack's validated snapshots, floci#3968, logs in issues)
unless a case says otherwise; what no record tells is documented in the KMS API reference and developer guide, or says `inferred`."""
import json, re, subprocess, threading, uuid

import boto3, botocore.config, botocore.exceptions
import pytest

from conftest import ACCOUNT, BINARY, Server

OTHER = "210987654321"
REGION = "us-east-1"
ROOT_STATEMENT = {"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}


def refused(call, code, text=""):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert text in error["Message"], error
    return error


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(principal, *actions, **more):
    return {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": list(actions), "Resource": "*"} | more


def as_key(server, key, service="kms", region=REGION):
    return boto3.client(service, endpoint_url=server.endpoint, region_name=region, aws_access_key_id=key["AccessKeyId"],
                        aws_secret_access_key=key["SecretAccessKey"], aws_session_token=key.get("SessionToken"),
                        config=botocore.config.Config(retries={"max_attempts": 0}))


def user(server, *statements):
    """A new user with these statements in its policy: its ARN and a client of KMS that signs as it."""
    iam, name = server.client("iam"), f"u-{uuid.uuid4().hex[:12]}"
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    if statements:
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*statements))
    return arn, as_key(server, iam.create_access_key(UserName=name)["AccessKey"])


@pytest.fixture
def kms(server):
    return server.client("kms")


@pytest.fixture(scope="module")
def other(server):
    """The root of a second account."""
    made = subprocess.run([BINARY, "account", "create", "--data-dir", server.data_dir, "--id", OTHER, "--name", "other"], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    told = dict(re.findall(r"^export AWS_([A-Z_]+)=(.*)$", made.stdout, re.M))
    return {"AccessKeyId": told["ACCESS_KEY_ID"], "SecretAccessKey": told["SECRET_ACCESS_KEY"]}


def fresh(kms, **members):
    return kms.create_key(**members)["KeyMetadata"]


def state(kms, key):
    return kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]


def new_alias():
    return f"alias/t/{uuid.uuid4()}"


def test_a_key_is_enabled_disabled_and_taken_back_from_its_deletion(kms):
    made = fresh(kms)
    key, arn = made["KeyId"], made["Arn"]
    assert made["KeyState"] == "Enabled" and made["Enabled"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    for _ in range(2):
        kms.disable_key(KeyId=key)
        assert state(kms, key) == "Disabled"
    refused(lambda: kms.encrypt(KeyId=key, Plaintext=b"x"), "DisabledException", f"{arn} is disabled.")
    refused(lambda: kms.decrypt(CiphertextBlob=sealed), "DisabledException", f"{arn} is disabled.")
    kms.update_key_description(KeyId=key, Description="while disabled")
    for _ in range(2):
        kms.enable_key(KeyId=arn)
        assert state(kms, key) == "Enabled"
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    asked = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert (asked["KeyId"], asked["KeyState"], asked["PendingWindowInDays"]) == (arn, "PendingDeletion", 7)
    described = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert described["KeyState"] == "PendingDeletion" and not described["Enabled"]
    assert described["DeletionDate"] == asked["DeletionDate"] and "PendingDeletionWindowInDays" not in described
    assert 6.99 < (asked["DeletionDate"] - made["CreationDate"]).total_seconds() / 86400 < 7.01
    assert kms.cancel_key_deletion(KeyId=arn)["KeyId"] == arn
    # Documented: API reference, CancelKeyDeletion: the key is Disabled afterwards.
    assert state(kms, key) == "Disabled"
    refused(lambda: kms.cancel_key_deletion(KeyId=key), "KMSInvalidStateException", f"{arn} is not pending deletion.")
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"


def test_a_key_that_waits_for_its_deletion_can_be_looked_at_and_not_changed(kms):
    # Documented: KMS developer guide, "Key states of AWS KMS keys".
    alias, unused = new_alias(), new_alias()
    made = fresh(kms, Tags=[{"TagKey": "a", "TagValue": "1"}], Description="d")
    key, arn = made["KeyId"], made["Arn"]
    elsewhere = fresh(kms)["KeyId"]
    kms.create_alias(AliasName=alias, TargetKeyId=key), kms.create_alias(AliasName=unused, TargetKeyId=elsewhere)
    kms.schedule_key_deletion(KeyId=key)
    for call in (
        lambda: kms.enable_key(KeyId=key), lambda: kms.disable_key(KeyId=key), lambda: kms.schedule_key_deletion(KeyId=key),
        lambda: kms.update_key_description(KeyId=key, Description="e"), lambda: kms.tag_resource(KeyId=key, Tags=[{"TagKey": "b", "TagValue": "2"}]),
        lambda: kms.untag_resource(KeyId=key, TagKeys=["a"]), lambda: kms.create_alias(AliasName=new_alias(), TargetKeyId=key),
        lambda: kms.update_alias(AliasName=unused, TargetKeyId=key), lambda: kms.encrypt(KeyId=alias, Plaintext=b"x"),
        lambda: kms.generate_data_key(KeyId=key, KeySpec="AES_256"),
    ):
        refused(call, "KMSInvalidStateException", f"{arn} is pending deletion.")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "d"
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "a", "TagValue": "1"}]
    kms.put_key_policy(KeyId=key, Policy=kms.get_key_policy(KeyId=key)["Policy"])
    assert kms.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]
    assert [entry["AliasName"] for entry in kms.list_aliases(KeyId=key)["Aliases"]] == [alias]
    # The old key of an alias may wait for its deletion.
    kms.update_alias(AliasName=alias, TargetKeyId=elsewhere)
    assert kms.list_aliases(KeyId=key)["Aliases"] == []
    kms.delete_alias(AliasName=unused)


@pytest.mark.parametrize("days,text", [(1, "PendingWindowInDays must be between 7 and 30"), (6, "PendingWindowInDays must be between 7 and 30"),
                                       (31, "PendingWindowInDays must be between 7 and 30"), (365, "PendingWindowInDays must be between 7 and 30"),
                                       (366, "Value '366' at 'pendingWindowInDays' failed to satisfy constraint: Member must have value less than or equal to 365")])
def test_a_waiting_period_has_its_bounds(kms, days, text):
    key = fresh(kms)["KeyId"]
    refused(lambda: kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=days), "ValidationException", text)
    assert state(kms, key) == "Enabled"


def test_a_waiting_period_is_thirty_days_if_nothing_is_said_and_30_at_most(kms):
    for given in ({}, {"PendingWindowInDays": 30}):
        asked = kms.schedule_key_deletion(KeyId=fresh(kms)["KeyId"], **given)
        assert asked["PendingWindowInDays"] == 30 and asked["KeyState"] == "PendingDeletion"


def test_a_primary_without_replicas_waits_for_nobody(kms):
    asked = kms.schedule_key_deletion(KeyId=fresh(kms, MultiRegion=True)["KeyId"])
    assert asked["KeyState"] == "PendingDeletion" and asked["DeletionDate"]


def test_a_key_without_material_is_neither_enabled_nor_disabled(kms):
    made = fresh(kms, Origin="EXTERNAL")
    key, arn = made["KeyId"], made["Arn"]
    assert made["KeyState"] == "PendingImport"
    for call in (kms.enable_key, kms.disable_key):
        refused(lambda: call(KeyId=key), "KMSInvalidStateException", f"{arn} is pending import.")
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": ""}]), kms.update_key_description(KeyId=key, Description="")
    kms.create_alias(AliasName=new_alias(), TargetKeyId=key)
    kms.schedule_key_deletion(KeyId=key)
    assert state(kms, key) == "PendingDeletion"
    kms.cancel_key_deletion(KeyId=key)
    assert state(kms, key) == "PendingImport"


def test_keys_are_named_by_id_or_arn_alone_where_aws_takes_no_alias(kms):
    alias, key = new_alias(), fresh(kms)["KeyId"]
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    arn_of = lambda resource, region=REGION: f"arn:aws:kms:{region}:{ACCOUNT}:{resource}"
    absent = str(uuid.uuid4())
    calls = (
        kms.enable_key, kms.disable_key, kms.schedule_key_deletion, kms.cancel_key_deletion, kms.get_key_policy, kms.list_key_policies, kms.list_resource_tags, kms.list_aliases,
        lambda KeyId: kms.update_key_description(KeyId=KeyId, Description="d"), lambda KeyId: kms.tag_resource(KeyId=KeyId, Tags=[]),
        lambda KeyId: kms.untag_resource(KeyId=KeyId, TagKeys=[]), lambda KeyId: kms.put_key_policy(KeyId=KeyId, Policy=document(ROOT_STATEMENT)),
    )
    for call in calls:
        for name in (alias, arn_of(alias), "alias/is-not-there"):
            refused(lambda: call(KeyId=name), "InvalidArnException", "Key Aliases are not supported for this operation.")
        refused(lambda: call(KeyId=absent), "NotFoundException", f"Key '{arn_of('key/' + absent)}' does not exist")
        refused(lambda: call(KeyId="nonsense"), "NotFoundException", "Invalid keyId 'nonsense'")
        refused(lambda: call(KeyId=arn_of("key/" + key, "eu-west-1")), "NotFoundException", "Invalid arn eu-west-1")


def test_descriptions_are_changed(kms):
    key = fresh(kms, Description="one")["KeyId"]
    for text in ("two", "", "é" * 8192):
        kms.update_key_description(KeyId=key, Description=text)
        assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == text
    refused(lambda: kms.update_key_description(KeyId=key, Description="x" * 8193), "ValidationException", "at 'description' failed to satisfy constraint")


def test_keys_are_listed_page_by_page(server):
    kms = server.client("kms", region="eu-central-1")
    # Before a secret needed one there is no key of the server's own.
    assert kms.list_keys()["Keys"] == []
    made = {fresh(kms)["KeyId"] for _ in range(7)}
    listed, marker, pages = [], None, 0
    while True:
        page = kms.list_keys(Limit=3, **({"Marker": marker} if marker else {}))
        listed, pages = listed + page["Keys"], pages + 1
        assert page["Truncated"] == ("NextMarker" in page) and len(page["Keys"]) <= 3
        if not page["Truncated"]:
            break
        marker = page["NextMarker"]
    assert {entry["KeyId"] for entry in listed} == made and len(listed) == 7 and pages == 3
    assert all(entry["KeyArn"] == f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/{entry['KeyId']}" for entry in listed)
    assert {entry["KeyId"] for page in kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2}) for entry in page["Keys"]} == made
    # AWS: the key of a service of its own is listed with the others.
    managed = kms.describe_key(KeyId="alias/aws/secretsmanager")["KeyMetadata"]
    assert managed["KeyManager"] == "AWS" and managed["KeyId"] in {entry["KeyId"] for entry in kms.list_keys()["Keys"]}


def test_markers_are_good_for_their_own_list_alone(server, kms):
    [fresh(kms, Tags=[{"TagKey": f"k{place}", "TagValue": ""} for place in range(3)]) for _ in range(2)]
    key, another = [entry["KeyId"] for entry in kms.list_keys(Limit=2)["Keys"]]
    marker = kms.list_keys(Limit=1)["NextMarker"]
    kms.list_keys(Marker=marker, Limit=5)
    for call in (
        lambda: kms.list_keys(Marker="x"), lambda: kms.list_keys(Marker=marker[:-1]), lambda: kms.list_aliases(Marker=marker), lambda: kms.list_key_policies(KeyId=key, Marker=marker),
        lambda: kms.list_resource_tags(KeyId=key, Marker=marker), lambda: server.client("kms", region="eu-west-1").list_keys(Marker=marker),
    ):
        refused(call, "InvalidMarkerException")
    tagged = fresh(kms, Tags=[{"TagKey": f"k{place}", "TagValue": ""} for place in range(3)])["KeyId"]
    of_tags = kms.list_resource_tags(KeyId=tagged, Limit=1)["NextMarker"]
    refused(lambda: kms.list_resource_tags(KeyId=another, Marker=of_tags), "InvalidMarkerException")


def test_nothing_is_shared_here_by_others(kms):
    fresh(kms)
    from test_kms_model import done
    class At:
        endpoint = kms.meta.endpoint_url
    assert done(At, "ListKeys", ResourceOwners=["OTHER_ACCOUNTS_VIA_RAM"]) == {"Keys": [], "Truncated": False}
    assert done(At, "ListKeys", ResourceOwners=["OTHER_ACCOUNTS_VIA_RAM", "SELF"])["Keys"] == done(At, "ListKeys")["Keys"] != []


def test_an_alias_stands_for_its_key_and_moves(kms):
    alias = new_alias()
    one, two = fresh(kms), fresh(kms)
    kms.create_alias(AliasName=alias, TargetKeyId=one["Arn"])
    sealed = kms.encrypt(KeyId=alias, Plaintext=b"x")
    assert sealed["KeyId"] == one["Arn"]
    listed, = kms.list_aliases(KeyId=one["KeyId"])["Aliases"]
    assert listed["AliasName"] == alias and listed["AliasArn"] == f"arn:aws:kms:{REGION}:{ACCOUNT}:{alias}" and listed["TargetKeyId"] == one["KeyId"]
    assert listed["CreationDate"] == listed["LastUpdatedDate"]
    refused(lambda: kms.create_alias(AliasName=alias, TargetKeyId=two["KeyId"]), "AlreadyExistsException", f"An alias with the name {listed['AliasArn']} already exists")
    kms.update_alias(AliasName=alias, TargetKeyId=two["KeyId"])
    assert kms.list_aliases(KeyId=one["KeyId"])["Aliases"] == []
    moved, = kms.list_aliases(KeyId=two["Arn"])["Aliases"]
    assert moved["TargetKeyId"] == two["KeyId"] and moved["CreationDate"] == listed["CreationDate"] and moved["LastUpdatedDate"] > listed["LastUpdatedDate"]
    assert kms.describe_key(KeyId=listed["AliasArn"])["KeyMetadata"]["KeyId"] == two["KeyId"]
    assert kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"])["KeyId"] == one["Arn"]
    refused(lambda: kms.decrypt(KeyId=alias, CiphertextBlob=sealed["CiphertextBlob"]), "IncorrectKeyException")
    kms.update_alias(AliasName=alias, TargetKeyId=two["KeyId"])
    kms.delete_alias(AliasName=alias)
    gone = f"Alias {listed['AliasArn']} is not found."
    for call in (lambda: kms.delete_alias(AliasName=alias), lambda: kms.update_alias(AliasName=alias, TargetKeyId=one["KeyId"]), lambda: kms.encrypt(KeyId=alias, Plaintext=b"x")):
        refused(call, "NotFoundException", gone)
    assert kms.list_aliases(KeyId=two["KeyId"])["Aliases"] == [] and state(kms, two["KeyId"]) == "Enabled"
    kms.create_alias(AliasName=alias, TargetKeyId=two["KeyId"])


def test_an_alias_moves_to_a_key_of_the_same_type_and_usage_only(kms):
    # Documented: API reference, UpdateAlias; the message is not on record.
    signing, mac, symmetric = fresh(kms, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY"), fresh(kms, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC"), fresh(kms)
    agreeing = fresh(kms, KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")
    aliases = {made["KeyId"]: new_alias() for made in (signing, mac, symmetric, agreeing)}
    for key, alias in aliases.items():
        kms.create_alias(AliasName=alias, TargetKeyId=key)
        for another in set(aliases) - {key}:
            refused(lambda: kms.update_alias(AliasName=alias, TargetKeyId=another), "ValidationException")
    kms.update_alias(AliasName=aliases[signing["KeyId"]], TargetKeyId=fresh(kms, KeySpec="ECC_NIST_P384", KeyUsage="SIGN_VERIFY")["KeyId"])


@pytest.mark.parametrize("alias,code,text", [
    ("name", "ValidationException", 'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html'),
    ("alias/Service:Test", "ValidationException", "alias/Service:Test contains invalid characters for an alias"),
    ("alias/a.b", "ValidationException", "Value 'alias/a.b' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$"),
    ("alias/" + "a" * 251, "ValidationException", "Member must have length less than or equal to 256"),
    ("alias/aws/mine", "InvalidAliasNameException", ""),  # Inferred: the code is the operation's own, no record tells.
])
def test_an_alias_has_a_form(kms, alias, code, text):
    key = fresh(kms)["KeyId"]
    refused(lambda: kms.create_alias(AliasName=alias, TargetKeyId=key), code, text)
    assert kms.list_aliases(KeyId=key)["Aliases"] == []


def test_an_alias_may_look_like_awss_and_names_keys_only(kms):
    key, alias = fresh(kms)["KeyId"], f"alias/awesome-{uuid.uuid4()}"
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    refused(lambda: kms.create_alias(AliasName=new_alias(), TargetKeyId=alias), "ValidationException", "Aliases must refer to keys. Not aliases")
    absent = str(uuid.uuid4())
    refused(lambda: kms.create_alias(AliasName=new_alias(), TargetKeyId=absent), "NotFoundException", f"Key 'arn:aws:kms:{REGION}:{ACCOUNT}:key/{absent}' does not exist")


def test_a_key_has_fifty_aliases_at_most_and_they_are_listed_page_by_page(kms):
    key, names = fresh(kms)["KeyId"], sorted(new_alias() for _ in range(50))
    for alias in names:
        kms.create_alias(AliasName=alias, TargetKeyId=key)
    refused(lambda: kms.create_alias(AliasName=new_alias(), TargetKeyId=key), "LimitExceededException",
            "Aliases per key quota for this account in this region is 50, current usage is 50.")
    another = new_alias()
    kms.create_alias(AliasName=another, TargetKeyId=fresh(kms)["KeyId"])
    refused(lambda: kms.update_alias(AliasName=another, TargetKeyId=key), "LimitExceededException")
    listed = [entry["AliasName"] for page in kms.get_paginator("list_aliases").paginate(KeyId=key, PaginationConfig={"PageSize": 7}) for entry in page["Aliases"]]
    assert sorted(listed) == names and len(listed) == 50
    everything = [entry["AliasName"] for page in kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": 9}) for entry in page["Aliases"]]
    assert len(everything) == len(set(everything)) and set(names) | {another} <= set(everything)
    first = kms.list_aliases()
    assert len(first["Aliases"]) == 50 and first["Truncated"]
    kms.delete_alias(AliasName=names[0])
    kms.update_alias(AliasName=another, TargetKeyId=key)


def test_the_servers_own_alias_is_listed_before_and_after_its_key_is_made(server):
    kms = server.client("kms", region="ap-southeast-2")
    own = f"arn:aws:kms:ap-southeast-2:{ACCOUNT}:alias/aws/secretsmanager"
    # Documented: aliases that AWS has not yet associated with a key lack TargetKeyId.
    assert kms.list_aliases()["Aliases"] == [{"AliasName": "alias/aws/secretsmanager", "AliasArn": own}]
    mine = sorted(f"alias/{place}" for place in range(4))
    key = fresh(kms)["KeyId"]
    [kms.create_alias(AliasName=alias, TargetKeyId=key) for alias in mine]
    for size in range(1, 7):
        pages = kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": size})
        assert sorted(entry["AliasName"] for page in pages for entry in page["Aliases"]) == mine + ["alias/aws/secretsmanager"], size
    server.client("secretsmanager", region="ap-southeast-2").create_secret(Name="s", SecretString="v")
    listed, = [entry for entry in kms.list_aliases()["Aliases"] if entry["AliasName"].startswith("alias/aws/")]
    made = kms.describe_key(KeyId="alias/aws/secretsmanager")["KeyMetadata"]
    assert listed["TargetKeyId"] == made["KeyId"] and listed["CreationDate"] and made["KeyManager"] == "AWS"
    assert [entry["AliasName"] for entry in kms.list_aliases(KeyId=made["KeyId"])["Aliases"]] == ["alias/aws/secretsmanager"]


def test_the_servers_own_key_is_not_the_accounts_to_change(server):
    # Documented: KMS developer guide, "AWS managed keys": they can be looked at, not managed; their policy says so.
    kms = server.client("kms")
    made = kms.describe_key(KeyId="alias/aws/secretsmanager")["KeyMetadata"]
    key, mine = made["KeyId"], new_alias()
    kms.create_alias(AliasName=mine, TargetKeyId=fresh(kms)["KeyId"])
    for call in (
        lambda: kms.disable_key(KeyId=key), lambda: kms.enable_key(KeyId=key), lambda: kms.schedule_key_deletion(KeyId=key), lambda: kms.cancel_key_deletion(KeyId=key),
        lambda: kms.update_key_description(KeyId=key, Description="d"), lambda: kms.tag_resource(KeyId=key, Tags=[]), lambda: kms.untag_resource(KeyId=key, TagKeys=[]),
        lambda: kms.put_key_policy(KeyId=key, Policy=document(ROOT_STATEMENT)), lambda: kms.create_alias(AliasName=new_alias(), TargetKeyId=key),
        lambda: kms.delete_alias(AliasName="alias/aws/secretsmanager"), lambda: kms.update_alias(AliasName="alias/aws/secretsmanager", TargetKeyId=fresh(kms)["KeyId"]),
        lambda: kms.update_alias(AliasName=mine, TargetKeyId=key), lambda: kms.encrypt(KeyId=key, Plaintext=b"x"),
    ):
        refused(call, "AccessDeniedException")
    policy = json.loads(kms.get_key_policy(KeyId=key)["Policy"])
    assert {statement["Principal"]["AWS"] if isinstance(statement["Principal"]["AWS"], str) else statement["Principal"]["AWS"][0] for statement in policy["Statement"]} == {"*", f"arn:aws:iam::{ACCOUNT}:root"}
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [] and kms.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]


def test_many_move_one_alias_at_once_and_it_ends_at_one_key(server):
    kms, alias = server.client("kms"), new_alias()
    keys = [fresh(kms)["KeyId"] for _ in range(4)]
    kms.create_alias(AliasName=alias, TargetKeyId=keys[0])
    failures, clients = [], [server.client("kms") for _ in range(8)]

    def move(client, place):
        for turn in range(10):
            try:
                client.update_alias(AliasName=alias, TargetKeyId=keys[(place + turn) % 4])
            except botocore.exceptions.ClientError as error:
                failures.append(error)
    threads = [threading.Thread(target=move, args=(client, place)) for place, client in enumerate(clients)]
    [thread.start() for thread in threads], [thread.join() for thread in threads]
    assert failures == []
    holders = [key for key in keys if kms.list_aliases(KeyId=key)["Aliases"]]
    assert holders == [kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]]


def test_tags_are_added_replaced_removed_and_listed(kms):
    key = fresh(kms, Tags=[{"TagKey": "a", "TagValue": "1"}])["KeyId"]
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "b", "TagValue": "2"}, {"TagKey": "a", "TagValue": "3"}])
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "a", "TagValue": "3"}, {"TagKey": "b", "TagValue": "2"}]
    kms.untag_resource(KeyId=key, TagKeys=["a", "is-not-there"])
    listed = kms.list_resource_tags(KeyId=key)
    assert listed["Tags"] == [{"TagKey": "b", "TagValue": "2"}] and listed["Truncated"] is False and "NextMarker" not in listed
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": f"k{place:02}", "TagValue": ""} for place in range(49)])
    refused(lambda: kms.tag_resource(KeyId=key, Tags=[{"TagKey": "more", "TagValue": ""}]), "TagException", "Too many tags")
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "b", "TagValue": "4"}])
    pages = list(kms.get_paginator("list_resource_tags").paginate(KeyId=key, PaginationConfig={"PageSize": 20}))
    assert [len(page["Tags"]) for page in pages] == [20, 20, 10] and len({tag["TagKey"] for page in pages for tag in page["Tags"]}) == 50


@pytest.mark.parametrize("tags,code,text", [
    ([("a", "1"), ("a", "2")], "TagException", "Duplicate tag keys"),
    ([("AWS:x", "1")], "TagException", "Tags beginning with aws: are reserved"),
    ([(f"k{place}", "") for place in range(51)], "TagException", "Too many tags"),
    ([("k" * 129, "")], "ValidationException", "at 'tags.1.member.tagKey' failed to satisfy constraint: Member must have length less than or equal to 128"),
    ([("k", "v" * 257)], "ValidationException", "at 'tags.1.member.tagValue' failed to satisfy constraint: Member must have length less than or equal to 256"),
])
def test_tags_have_their_bounds(kms, tags, code, text):
    key = fresh(kms)["KeyId"]
    refused(lambda: kms.tag_resource(KeyId=key, Tags=[{"TagKey": name, "TagValue": value} for name, value in tags]), code, text)
    assert kms.list_resource_tags(KeyId=key)["Tags"] == []


def test_a_key_has_awss_policy_until_it_gets_another(kms):
    key = fresh(kms)["KeyId"]
    got = kms.get_key_policy(KeyId=key)
    assert got["PolicyName"] == "default" and got["Policy"].startswith('{\n  "Version" : "2012-10-17",\n  "Id" : "key-default-1",\n  "Statement" : [ {\n')
    assert json.loads(got["Policy"])["Statement"] == [ROOT_STATEMENT]
    # Recorded: the order of members is kept. A document of one's own comes back as it was put.
    own = '{"Statement":[{"Resource":"*","Action":"kms:*","Principal":{"AWS":"arn:aws:iam::%s:root"},"Effect":"Allow"}],  "Version":"2012-10-17"}' % ACCOUNT
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=own)
    assert kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"] == own
    assert kms.list_key_policies(KeyId=key)["PolicyNames"] == ["default"] and kms.list_key_policies(KeyId=key)["Truncated"] is False
    # Inferred: an emulator's words. That AWS_RAM is not to be put is documented.
    refused(lambda: kms.get_key_policy(KeyId=key, PolicyName="another"), "NotFoundException", "No such policy exists")
    refused(lambda: kms.put_key_policy(KeyId=key, PolicyName="another", Policy=own), "NotFoundException", "No such policy exists")
    refused(lambda: kms.put_key_policy(KeyId=key, PolicyName="AWS_RAM", Policy=own), "ValidationException")


def test_policies_that_lock_out_or_name_nobody_are_refused(server, kms):
    key = fresh(kms)["KeyId"]
    before = kms.get_key_policy(KeyId=key)["Policy"]
    arn, _ = user(server)
    locks_out = document(allow(arn, "kms:*"))
    for policy in (locks_out, document(allow(f"arn:aws:iam::{ACCOUNT}:root", "kms:Encrypt")),
                   document(ROOT_STATEMENT, {"Effect": "Deny", "Principal": "*", "Action": "kms:PutKeyPolicy", "Resource": "*"})):
        refused(lambda: kms.put_key_policy(KeyId=key, Policy=policy), "MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.")
    for nobody in (f"arn:aws:iam::{ACCOUNT}:user/nobody-{uuid.uuid4()}", f"arn:aws:iam::{ACCOUNT}:role/nobody"):
        refused(lambda: kms.put_key_policy(KeyId=key, Policy=document(ROOT_STATEMENT, allow(nobody, "kms:Encrypt"))), "MalformedPolicyDocumentException",
                "Policy contains a statement with one or more invalid principals.")
    for broken in ("{}", "no JSON", '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}'):
        refused(lambda: kms.put_key_policy(KeyId=key, Policy=broken), "MalformedPolicyDocumentException")
    large = document(ROOT_STATEMENT | {"Sid": "x" * 33_000})
    refused(lambda: kms.put_key_policy(KeyId=key, Policy=large), "LimitExceededException")
    assert kms.get_key_policy(KeyId=key)["Policy"] == before
    kms.put_key_policy(KeyId=key, Policy=locks_out, BypassPolicyLockoutSafetyCheck=True)
    # AWS: whom the key's policy does not name cannot use it, the account's root included.
    for call in (kms.get_key_policy, kms.describe_key, kms.disable_key):
        refused(lambda: call(KeyId=key), "AccessDeniedException")


def test_a_policy_shows_who_is_meant_also_after_they_are_gone(server, kms):
    # Documented: IAM user guide, "Principal": a user that is gone is shown by its unique id, and one made anew is not meant.
    iam, name = server.client("iam"), f"gone-{uuid.uuid4().hex[:12]}"
    made = iam.create_user(UserName=name)["User"]
    key = fresh(kms)["KeyId"]
    kms.put_key_policy(KeyId=key, Policy=document(ROOT_STATEMENT, allow(made["Arn"], "kms:Encrypt")))
    assert json.loads(kms.get_key_policy(KeyId=key)["Policy"])["Statement"][1]["Principal"]["AWS"] == made["Arn"]
    iam.delete_user(UserName=name)
    assert json.loads(kms.get_key_policy(KeyId=key)["Policy"])["Statement"][1]["Principal"]["AWS"] == made["UserId"]
    iam.create_user(UserName=name)
    again = as_key(server, iam.create_access_key(UserName=name)["AccessKey"])
    refused(lambda: again.encrypt(KeyId=key, Plaintext=b"x"), "AccessDeniedException")
    assert json.loads(kms.get_key_policy(KeyId=key)["Policy"])["Statement"][1]["Principal"]["AWS"] == made["UserId"]


def test_who_is_named_by_the_keys_policy_needs_no_other(server, kms):
    # Documented: KMS developer guide, "Key policies in AWS KMS".
    arn, client = user(server)
    key = fresh(kms, Policy=document(ROOT_STATEMENT, allow(arn, "kms:Encrypt", "kms:GetKeyPolicy", "kms:DisableKey")))["KeyId"]
    client.encrypt(KeyId=key, Plaintext=b"x"), client.get_key_policy(KeyId=key), client.disable_key(KeyId=key)
    for call, action in ((lambda: client.enable_key(KeyId=key), "EnableKey"), (lambda: client.schedule_key_deletion(KeyId=key), "ScheduleKeyDeletion"),
                         (lambda: client.list_resource_tags(KeyId=key), "ListResourceTags"), (lambda: client.describe_key(KeyId=key), "DescribeKey")):
        refused(call, "AccessDeniedException", f"User: {arn} is not authorized to perform: kms:{action} on resource: arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}")


def test_the_root_statement_lets_iam_decide_and_without_it_iam_decides_nothing(server, kms):
    # Documented: KMS developer guide, "Default key policy".
    arn, client = user(server, {"Effect": "Allow", "Action": "kms:*", "Resource": "*"})
    _, nobody = user(server)
    made = fresh(kms)
    key = made["KeyId"]
    client.encrypt(KeyId=key, Plaintext=b"x"), client.disable_key(KeyId=key), client.enable_key(KeyId=key), client.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}])
    client.create_alias(AliasName=new_alias(), TargetKeyId=key), client.update_key_description(KeyId=key, Description="d")
    client.put_key_policy(KeyId=key, Policy=client.get_key_policy(KeyId=key)["Policy"])
    assert {key} <= {entry["KeyId"] for page in client.get_paginator("list_keys").paginate() for entry in page["Keys"]}
    for call in (lambda: nobody.encrypt(KeyId=key, Plaintext=b"x"), lambda: nobody.disable_key(KeyId=key), lambda: nobody.get_key_policy(KeyId=key), nobody.list_keys, nobody.list_aliases):
        refused(call, "AccessDeniedException")
    admin, _ = user(server)
    kms.put_key_policy(KeyId=key, Policy=document(allow(admin, "kms:*")), BypassPolicyLockoutSafetyCheck=True)
    for call in (lambda: client.encrypt(KeyId=key, Plaintext=b"x"), lambda: client.get_key_policy(KeyId=key), lambda: client.enable_key(KeyId=key), lambda: client.create_alias(AliasName=new_alias(), TargetKeyId=key)):
        refused(call, "AccessDeniedException")


def test_iam_policies_name_keys_aliases_tags_and_windows(server, kms):
    # Documented: Service authorization reference, AWS KMS: resources and condition keys of each action.
    one, two = fresh(kms, Tags=[{"TagKey": "team", "TagValue": "red"}]), fresh(kms)
    prefix = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/red-{uuid.uuid4().hex[:8]}"
    _, client = user(
        server,
        {"Effect": "Allow", "Action": ["kms:DisableKey", "kms:EnableKey"], "Resource": one["Arn"]},
        {"Effect": "Allow", "Action": ["kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"], "Resource": [one["Arn"], prefix + "*"]},
        {"Effect": "Allow", "Action": "kms:UpdateKeyDescription", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/team": "red"}}},
        {"Effect": "Allow", "Action": "kms:TagResource", "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["free"]}}},
        {"Effect": "Allow", "Action": "kms:UntagResource", "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["free"]}}},
        {"Effect": "Allow", "Action": "kms:ScheduleKeyDeletion", "Resource": "*", "Condition": {"NumericGreaterThanEquals": {"kms:ScheduleKeyDeletionPendingWindowInDays": "20"}}},
        {"Effect": "Allow", "Action": "kms:PutKeyPolicy", "Resource": "*", "Condition": {"Bool": {"kms:BypassPolicyLockoutSafetyCheck": "false"}}},
    )
    denied = lambda call: refused(call, "AccessDeniedException")
    client.disable_key(KeyId=one["KeyId"]), client.enable_key(KeyId=one["KeyId"])
    denied(lambda: client.disable_key(KeyId=two["KeyId"]))
    mine = prefix.split(":", 5)[5]
    client.create_alias(AliasName=mine, TargetKeyId=one["KeyId"])
    denied(lambda: client.create_alias(AliasName=mine + "2", TargetKeyId=two["KeyId"]))  # the alias may be made, not for this key
    denied(lambda: client.create_alias(AliasName=new_alias(), TargetKeyId=one["KeyId"]))  # the key may get one, not this
    denied(lambda: client.update_alias(AliasName=mine, TargetKeyId=two["KeyId"]))
    kms.update_alias(AliasName=mine, TargetKeyId=two["KeyId"])
    denied(lambda: client.update_alias(AliasName=mine, TargetKeyId=one["KeyId"]))  # the key that it leaves counts, too
    denied(lambda: client.delete_alias(AliasName=mine))
    kms.update_alias(AliasName=mine, TargetKeyId=one["KeyId"])
    client.delete_alias(AliasName=mine)
    client.update_key_description(KeyId=one["KeyId"], Description="red")
    denied(lambda: client.update_key_description(KeyId=two["KeyId"], Description="red"))
    client.tag_resource(KeyId=two["KeyId"], Tags=[{"TagKey": "free", "TagValue": "x"}])
    denied(lambda: client.tag_resource(KeyId=two["KeyId"], Tags=[{"TagKey": "team", "TagValue": "red"}]))
    client.untag_resource(KeyId=two["KeyId"], TagKeys=["free"])
    denied(lambda: client.untag_resource(KeyId=one["KeyId"], TagKeys=["team"]))
    denied(lambda: client.schedule_key_deletion(KeyId=two["KeyId"], PendingWindowInDays=7))
    assert client.schedule_key_deletion(KeyId=two["KeyId"])["PendingWindowInDays"] == 30
    client.put_key_policy(KeyId=one["KeyId"], Policy=document(ROOT_STATEMENT))
    denied(lambda: client.put_key_policy(KeyId=one["KeyId"], Policy=document(ROOT_STATEMENT), BypassPolicyLockoutSafetyCheck=True))


def test_a_role_manages_a_key_that_names_it(server, kms):
    iam, name = server.client("iam"), f"r-{uuid.uuid4().hex[:12]}"
    who, _ = user(server)
    iam.put_user_policy(UserName=who.split("/")[-1], PolicyName="p", PolicyDocument=document({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}))
    trust = document({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    access = iam.create_access_key(UserName=who.split("/")[-1])["AccessKey"]
    session = as_key(server, as_key(server, access, "sts").assume_role(RoleArn=role, RoleSessionName="session")["Credentials"])
    named, unnamed = fresh(kms, Policy=document(ROOT_STATEMENT, allow(role, "kms:*")))["KeyId"], fresh(kms)["KeyId"]
    session.disable_key(KeyId=named), session.enable_key(KeyId=named), session.put_key_policy(KeyId=named, Policy=document(allow(role, "kms:*")))
    refused(lambda: session.disable_key(KeyId=unnamed), "AccessDeniedException", f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{name}/session is not authorized to perform: kms:DisableKey")
    # AWS: who puts a policy must be able to put another.
    refused(lambda: session.put_key_policy(KeyId=named, Policy=document(ROOT_STATEMENT | {"Action": "kms:Encrypt"}, allow(role, "kms:Encrypt"))), "MalformedPolicyDocumentException")


def test_other_accounts_use_a_key_that_lets_them_and_never_manage_it(server, kms, other):
    # Documented: KMS developer guide, "Allowing users in other accounts to use a KMS key"; each operation's "Cross-account use".
    stranger = as_key(server, other)
    made = fresh(kms, Policy=document(ROOT_STATEMENT, allow(f"arn:aws:iam::{OTHER}:root", "kms:*")))
    arn, closed = made["Arn"], fresh(kms)["Arn"]
    sealed = stranger.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
    assert stranger.decrypt(CiphertextBlob=sealed, KeyId=arn)["Plaintext"] == b"x" and stranger.describe_key(KeyId=arn)["KeyMetadata"]["AWSAccountId"] == ACCOUNT
    refused(lambda: stranger.encrypt(KeyId=closed, Plaintext=b"x"), "AccessDeniedException")
    refused(lambda: stranger.describe_key(KeyId=made["KeyId"]), "NotFoundException", f"arn:aws:kms:{REGION}:{OTHER}:key/{made['KeyId']}")
    absent = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{uuid.uuid4()}"
    for key in (arn, closed, absent):
        for call in (
            lambda: stranger.enable_key(KeyId=key), lambda: stranger.disable_key(KeyId=key), lambda: stranger.schedule_key_deletion(KeyId=key), lambda: stranger.cancel_key_deletion(KeyId=key),
            lambda: stranger.update_key_description(KeyId=key, Description="d"), lambda: stranger.tag_resource(KeyId=key, Tags=[]), lambda: stranger.untag_resource(KeyId=key, TagKeys=[]),
            lambda: stranger.list_resource_tags(KeyId=key), lambda: stranger.get_key_policy(KeyId=key), lambda: stranger.list_key_policies(KeyId=key),
            lambda: stranger.put_key_policy(KeyId=key, Policy=document(ROOT_STATEMENT)), lambda: stranger.create_alias(AliasName=new_alias(), TargetKeyId=key),
        ):
            refused(call, "AccessDeniedException", f"on resource: {key}")
        refused(lambda: stranger.list_aliases(KeyId=key), "NotFoundException", f"Key '{key}' does not exist")
    assert made["KeyId"] not in {entry["KeyId"] for entry in stranger.list_keys()["Keys"]}
    alias = new_alias()
    kms.create_alias(AliasName=alias, TargetKeyId=arn)
    refused(lambda: stranger.delete_alias(AliasName=alias), "NotFoundException", f"Alias arn:aws:kms:{REGION}:{OTHER}:{alias} is not found.")
    stranger.create_alias(AliasName=alias, TargetKeyId=stranger.create_key()["KeyMetadata"]["KeyId"])
    assert alias not in {entry["AliasName"] for entry in stranger.list_aliases()["Aliases"] if entry.get("TargetKeyId") == made["KeyId"]}
    assert state(kms, arn) == "Enabled"


def test_the_command_line_manages_keys(server):
    def aws(*arguments):
        run = subprocess.run(["aws", "kms", *arguments, "--output", "json"], env=server.cli_environment(), capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout) if run.stdout.strip() else None
    key, alias = aws("create-key", "--tags", "TagKey=a,TagValue=b")["KeyMetadata"]["KeyId"], new_alias()
    assert aws("create-alias", "--alias-name", alias, "--target-key-id", key) is None
    assert aws("list-aliases", "--key-id", key)["Aliases"][0]["AliasName"] == alias
    aws("tag-resource", "--key-id", key, "--tags", "TagKey=c,TagValue=d"), aws("untag-resource", "--key-id", key, "--tag-keys", "a")
    assert aws("list-resource-tags", "--key-id", key)["Tags"] == [{"TagKey": "c", "TagValue": "d"}]
    aws("disable-key", "--key-id", key), aws("enable-key", "--key-id", key), aws("update-key-description", "--key-id", key, "--description", "d")
    aws("put-key-policy", "--key-id", key, "--policy-name", "default", "--policy", document(ROOT_STATEMENT))
    assert json.loads(aws("get-key-policy", "--key-id", key, "--policy-name", "default")["Policy"])["Statement"] == [ROOT_STATEMENT]
    assert aws("list-key-policies", "--key-id", key)["PolicyNames"] == ["default"]
    aws("update-alias", "--alias-name", alias, "--target-key-id", aws("create-key")["KeyMetadata"]["KeyId"]), aws("delete-alias", "--alias-name", alias)
    assert aws("schedule-key-deletion", "--key-id", key, "--pending-window-in-days", "7")["KeyState"] == "PendingDeletion"
    assert aws("cancel-key-deletion", "--key-id", key)["KeyId"].endswith(key)
    assert key in {entry["KeyId"] for entry in aws("list-keys")["Keys"]}


def test_what_was_managed_is_there_after_a_restart(tmp_path):
    server = Server(tmp_path / "dir").start()
    kms, alias = server.client("kms"), new_alias()
    disabled, waiting = fresh(kms, Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyId"], fresh(kms)["KeyId"]
    kms.disable_key(KeyId=disabled), kms.create_alias(AliasName=alias, TargetKeyId=disabled), kms.put_key_policy(KeyId=disabled, Policy=document(ROOT_STATEMENT))
    due = kms.schedule_key_deletion(KeyId=waiting, PendingWindowInDays=9)["DeletionDate"]
    server.kill()
    server.start()
    kms = server.client("kms")
    assert state(kms, alias) == "Disabled" and kms.get_key_policy(KeyId=disabled)["Policy"] == document(ROOT_STATEMENT)
    assert kms.list_resource_tags(KeyId=disabled)["Tags"] == [{"TagKey": "a", "TagValue": "b"}]
    assert kms.describe_key(KeyId=waiting)["KeyMetadata"]["DeletionDate"] == due
    server.stop()


def test_changes_stand_in_the_audit_log_with_what_they_changed(server, kms):
    # Documented: CloudTrail's record contents; KMS developer guide, "Logging AWS KMS API calls".
    made, alias = fresh(kms), new_alias()
    kms.create_alias(AliasName=alias, TargetKeyId=made["KeyId"])
    kms.schedule_key_deletion(KeyId=made["KeyId"], PendingWindowInDays=8)
    run = subprocess.run([BINARY, "audit", "tail", "-n", "100000", "--data-dir", server.data_dir], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    events = [json.loads(line) for line in run.stdout.splitlines()]
    named = [event for event in events if made["KeyId"] in json.dumps(event)]
    created, = [event for event in named if event["eventName"] == "CreateAlias"]
    assert created["requestParameters"] == {"aliasName": alias, "targetKeyId": made["KeyId"]} and not created["readOnly"]
    assert [resource["ARN"] for resource in created["resources"]] == [f"arn:aws:kms:{REGION}:{ACCOUNT}:{alias}"]
    scheduled, = [event for event in named if event["eventName"] == "ScheduleKeyDeletion"]
    assert scheduled["requestParameters"] == {"keyId": made["KeyId"], "pendingWindowInDays": 8}
    assert scheduled["responseElements"]["keyState"] == "PendingDeletion" and scheduled["resources"][0]["ARN"] == made["Arn"]
