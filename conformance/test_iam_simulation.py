"""Simulations against the server's own evaluator. Where an expectation is AWS's own answer it is recorded; whatever the IAM
API reference says is documented."""
import json

import boto3, botocore.config, botocore.exceptions
import pytest

from conftest import ACCOUNT

OTHER = "210987654321"
READ = "secretsmanager:GetSecretValue"
SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:prod-AbCdEf"
FOREIGN = f"arn:aws:secretsmanager:us-east-1:{OTHER}:secret:prod-AbCdEf"


def policy(*statements, **more):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)} | more)


def allow(action=READ, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


def deny(action=READ, resource="*", **more):
    return allow(action, resource, **more) | {"Effect": "Deny"}


def refused(call, code, text=""):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert text in error["Message"], error


@pytest.fixture(scope="module")
def iam(server):
    return server.client("iam")


def custom(iam, *policies, actions=(READ,), **more):
    return iam.simulate_custom_policy(PolicyInputList=list(policies), ActionNames=list(actions), **more)["EvaluationResults"]


def one(iam, *policies, **more):
    (result,) = custom(iam, *policies, **more)
    return result


def sources(result):
    return [(s["SourcePolicyId"], s["SourcePolicyType"]) for s in result["MatchedStatements"]]


def test_a_decision_is_told_with_the_statements_that_made_it(iam):
    text = policy(allow("s3:*"), allow(), deny(resource=SECRET))
    result = one(iam, text)
    assert (result["EvalActionName"], result["EvalResourceName"], result["EvalDecision"]) == (READ, "*", "allowed")
    (statement,) = result["MatchedStatements"]
    assert (statement["SourcePolicyId"], statement["SourcePolicyType"]) == ("PolicyInputList.1", "IAM Policy")
    # Recorded: from the end of the statement before to behind its own last brace.
    assert text[statement["StartPosition"]["Column"] - 1 : statement["EndPosition"]["Column"] - 1] == ", " + json.dumps(allow())
    assert statement["StartPosition"]["Line"] == statement["EndPosition"]["Line"] == 1
    assert "EvalDecisionDetails" not in result and "ResourceSpecificResults" not in result and result["MissingContextValues"] == []

    result = one(iam, policy(allow()), text, ResourceArns=[SECRET])
    assert result["EvalDecision"] == "explicitDeny" and result["EvalResourceName"] == SECRET and sources(result) == [("PolicyInputList.2", "IAM Policy")]
    assert result["EvalDecisionDetails"] == {} and result["ResourceSpecificResults"][0]["EvalResourceDecision"] == "explicitDeny"

    result = one(iam, policy(allow("s3:*")))
    assert result["EvalDecision"] == "implicitDeny" and result["MatchedStatements"] == []


def test_each_action_has_a_result_and_each_resource_one_within_it(iam):
    actions = ["s3:GetObject", "s3:PutObject", "s3:GetObject"]
    resources = ["arn:aws:s3:::a/1", "arn:aws:s3:::b/1"]
    results = custom(iam, policy(allow("s3:GetObject", "arn:aws:s3:::a/*")), actions=actions, ResourceArns=resources)
    assert [result["EvalActionName"] for result in results] == actions
    assert [result["EvalDecision"] for result in results] == ["implicitDeny"] * 3
    # Recorded: several resources stand under the service's own form of their name.
    assert results[0]["EvalResourceName"] == "arn:aws:s3:::${BucketName}/${KeyName}"
    assert [(r["EvalResourceName"], r["EvalResourceDecision"]) for r in results[0]["ResourceSpecificResults"]] == [(resources[0], "allowed"), (resources[1], "implicitDeny")]
    assert sources(results[0]) == [("PolicyInputList.1", "IAM Policy")]


def test_pages_go_on_where_they_ended(iam):
    actions = [f"s3:Action{number}" for number in range(7)]
    seen, more = [], {}
    while True:
        page = iam.simulate_custom_policy(PolicyInputList=[policy(allow("s3:*"))], ActionNames=actions, MaxItems=3, **more)
        seen.append([result["EvalActionName"] for result in page["EvaluationResults"]])
        if not page["IsTruncated"]:
            break
        more = {"Marker": page["Marker"]}
    assert [len(page) for page in seen] == [3, 3, 1] and sum(seen, []) == actions
    refused(lambda: custom(iam, policy(allow()), Marker="nonsense"), "InvalidInput", "Invalid marker for pagination.")
    paginator = iam.get_paginator("simulate_custom_policy")
    assert len(list(paginator.paginate(PolicyInputList=[policy(allow("s3:*"))], ActionNames=actions, MaxItems=2).search("EvaluationResults[]"))) == 7


def test_keys_that_nobody_gave_are_told_where_nothing_allows(iam):
    tagged = policy(allow(Condition={"StringEquals": {"aws:PrincipalTag/Team": "${aws:RequestTag/team}"}}))
    result = one(iam, tagged)
    assert result["EvalDecision"] == "implicitDeny" and result["MissingContextValues"] == ["aws:PrincipalTag/Team", "aws:RequestTag/team"]
    # Recorded: also those of statements that are about something else.
    result = one(iam, policy(allow("s3:*", Condition={"Bool": {"aws:SecureTransport": "true"}})))
    assert result["MissingContextValues"] == ["aws:SecureTransport"]
    entries = [{"ContextKeyName": "AWS:principaltag/team", "ContextKeyType": "string", "ContextKeyValues": ["a"]},
               {"ContextKeyName": "aws:RequestTag/team", "ContextKeyType": "string", "ContextKeyValues": ["a"]}]
    result = one(iam, tagged, ContextEntries=entries)
    assert result["EvalDecision"] == "allowed" and result["MissingContextValues"] == []


def test_context_entries_have_the_form_of_their_type(iam):
    def entry(kind, *values, name="aws:SomeKey"):
        return [{"ContextKeyName": name, "ContextKeyType": kind, "ContextKeyValues": list(values)}]

    def with_context(*entries):
        return lambda: one(iam, policy(allow()), ContextEntries=sum(entries, []))

    for kind, value, text in [("numeric", "0x10", "expected numeric format."), ("ip", "here", "expected IP address."),
                              ("date", "soon", "expected DateTime format."), ("binary", "!", "expected base-64 encoded binary format.")]:
        refused(with_context(entry(kind, value)), "InvalidInput", f"Invalid context value for key aws:SomeKey: {text}")
    refused(with_context(entry("string", "a", "b")), "InvalidInput", "expected a single value, but received 2.")
    refused(with_context(entry("string")), "InvalidInput", "Context values for context key aws:SomeKey cannot be null or empty.")
    refused(with_context(entry("string", "a"), entry("string", "a", name="aws:somekey")), "InvalidInput", "Duplicate context key: aws:somekey.")
    refused(with_context([{"ContextKeyName": "aws:SomeKey", "ContextKeyValues": ["a"]}]), "InvalidInput", "Context key aws:SomeKey has invalid type null.")
    refused(with_context(entry("word", "a")), "ValidationError", "enum value set")
    dated = policy(allow(Condition={"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}))
    assert one(iam, dated, ContextEntries=entry("date", "2029-06-01", name="aws:CurrentTime"))["EvalDecision"] == "allowed"
    assert one(iam, dated, ContextEntries=entry("date", "2031-06-01T00:00:00Z", name="aws:CurrentTime"))["EvalDecision"] == "implicitDeny"


def test_a_boundary_bounds_and_is_told_apart(iam):
    result = one(iam, policy(allow()), PermissionsBoundaryPolicyInputList=[policy(allow("s3:*"))])
    assert result["EvalDecision"] == "implicitDeny" and result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    result = one(iam, policy(allow()), PermissionsBoundaryPolicyInputList=[policy(allow("*"))], ResourceArns=[SECRET])
    assert result["EvalDecision"] == "allowed" and sources(result) == [("PolicyInputList.1", "IAM Policy")]
    assert result["ResourceSpecificResults"][0]["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": True}
    result = one(iam, policy(allow()), PermissionsBoundaryPolicyInputList=[policy(allow("*"), deny())])
    assert result["EvalDecision"] == "explicitDeny" and sources(result) == [("PermissionsBoundaryPolicyInputList.1", "Permissions Boundary Policy")]
    refused(lambda: one(iam, policy(allow()), PermissionsBoundaryPolicyInputList=[policy(allow())] * 2), "InvalidInput", "cannot exceed 1 items.")


def test_an_organization_must_allow_at_every_level(iam):
    level = lambda *texts: {"ServiceControlPolicyInputList": list(texts)}
    everything, nothing_here = policy(allow("*")), policy(allow("s3:*"))
    result = one(iam, policy(allow()), OrderedOrganizationPolicyInputList=[level(everything), level(nothing_here, everything)])
    assert result["EvalDecision"] == "allowed" and result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": True}
    result = one(iam, policy(allow()), OrderedOrganizationPolicyInputList=[level(everything), level(nothing_here)])
    assert result["EvalDecision"] == "implicitDeny" and result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}
    assert result["MatchedStatements"] == []
    refused(lambda: one(iam, policy(allow()), OrderedOrganizationPolicyInputList=[level()]), "InvalidInput", "at least one service control policy")


def test_a_resources_policy_counts_for_the_caller(iam):
    bob = f"arn:aws:iam::{ACCOUNT}:user/bob"
    own = policy(allow(resource=SECRET, Principal={"AWS": bob}))
    result = one(iam, policy(allow("s3:*")), ResourceArns=[SECRET], ResourcePolicy=own, CallerArn=bob)
    assert result["EvalDecision"] == "allowed" and sources(result) == [("ResourcePolicy", "Resource Policy")]
    assert one(iam, policy(allow("s3:*")), ResourceArns=[SECRET], ResourcePolicy=own, CallerArn=bob + "by")["EvalDecision"] == "implicitDeny"
    simulate = lambda **more: lambda: one(iam, policy(allow()), **more)
    refused(simulate(ResourceArns=[SECRET], ResourcePolicy=own), "InvalidInput", "Invalid caller - Caller cannot be null or empty.")
    refused(simulate(ResourcePolicy=own, CallerArn=bob), "InvalidInput", "Invalid Entity Arn: *")
    refused(simulate(CallerArn=f"arn:aws:iam::{ACCOUNT}:root"), "InvalidInput", "Caller must be an IAM user, role or group")
    # Documented: who names the account's root leaves it to the account's own policies, which may let the caller in without.
    root = policy(allow(resource=SECRET, Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
    assert one(iam, policy(allow("s3:*")), ResourceArns=[SECRET], ResourcePolicy=root, CallerArn=bob)["EvalDecision"] == "implicitDeny"
    assert one(iam, policy(allow()), ResourceArns=[SECRET], ResourcePolicy=root, CallerArn=bob)["EvalDecision"] == "allowed"
    star = policy(allow(Principal={"AWS": bob}))
    refused(simulate(ResourceArns=[SECRET], ResourcePolicy=star, CallerArn=bob), "InvalidInput", "ResourceNames are not in a valid ARN format: *.")


def test_across_accounts_both_sides_are_told(iam):
    bob = f"arn:aws:iam::{ACCOUNT}:user/bob"
    result = one(iam, policy(allow()), ResourceArns=[FOREIGN], CallerArn=bob)
    assert result["EvalDecision"] == "implicitDeny"
    assert result["EvalDecisionDetails"] == {"IAM Policy": "allowed", "Resource Policy": "implicitDeny"}
    own = policy(allow(resource=FOREIGN, Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
    result = one(iam, policy(allow()), ResourceArns=[FOREIGN], CallerArn=bob, ResourcePolicy=own)
    assert result["EvalDecision"] == "allowed" and sources(result) == [("PolicyInputList.1", "IAM Policy"), ("ResourcePolicy", "Resource Policy")]
    assert result["ResourceSpecificResults"][0]["EvalDecisionDetails"] == {"IAM Policy": "allowed", "Resource Policy": "allowed"}
    # A bucket's ARN has no account.
    bucket = {"ResourceArns": ["arn:aws:s3:::bucket/key"], "CallerArn": bob, "actions": ["s3:GetObject"]}
    assert one(iam, policy(allow("s3:*")), **bucket)["EvalDecision"] == "allowed"
    owned = one(iam, policy(allow("s3:*")), **bucket, ResourceOwner=f"arn:aws:iam::{OTHER}:root")
    assert owned["EvalDecision"] == "implicitDeny" and owned["EvalDecisionDetails"]["IAM Policy"] == "allowed"
    refused(lambda: one(iam, policy(allow()), ResourceArns=[SECRET], ResourceOwner=OTHER), "InvalidInput", "is not a valid as a Resource Owner.")


def test_what_is_no_question_is_refused(iam):
    refused(lambda: custom(iam, policy(allow()), actions=["GetSecretValue"]), "InvalidInput", "The action is invalid since it is missing names")
    refused(lambda: custom(iam, policy(allow()), "{}"), "InvalidInput", "Policy input list item 2 has invalid content")
    refused(lambda: custom(iam, policy(allow()), ResourceArns=["secret"]), "InvalidInput", "ResourceNames are not in a valid ARN format: secret.")
    refused(lambda: custom(iam, policy(allow()), ResourceArns=["*", SECRET]), "InvalidInput", "ResourceNames are not in a valid ARN format: *.")
    refused(lambda: custom(iam, policy(allow()), ResourceArns=[SECRET], ResourceHandlingOption="EC2-VPC-EBS"), "InvalidInput", "Action does not support resource handling options")
    assert one(iam)["EvalDecision"] == "implicitDeny"


@pytest.fixture(scope="module")
def bob(iam):
    """A user with an inline policy, a managed one, a group with both, and a boundary."""
    managed = [iam.create_policy(PolicyName=name, PolicyDocument=text)["Policy"]["Arn"] for name, text in
               [("Reading", policy(allow("s3:Get*", Condition={"Bool": {"aws:SecureTransport": "true"}}))), ("Bounds", policy(allow(["s3:*", READ], Condition={"StringLike": {"aws:UserAgent": "*"}})))]]
    iam.create_user(UserName="bob", Path="/people/", PermissionsBoundary=managed[1])
    iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=policy(allow(resource="arn:aws:secretsmanager:*:*:secret:${aws:username}/*")))
    iam.attach_user_policy(UserName="bob", PolicyArn=managed[0])
    iam.create_group(GroupName="readers")
    iam.put_group_policy(GroupName="readers", PolicyName="shared", PolicyDocument=policy(allow("s3:Put*"), allow("iam:*")))
    iam.attach_group_policy(GroupName="readers", PolicyArn=managed[0])
    iam.add_user_to_group(GroupName="readers", UserName="bob")
    return iam.get_user(UserName="bob")["User"]["Arn"]


AGENT = {"ContextKeyName": "aws:UserAgent", "ContextKeyType": "string", "ContextKeyValues": ["cli"]}
TLS = {"ContextKeyName": "aws:SecureTransport", "ContextKeyType": "boolean", "ContextKeyValues": ["true"]}


def principal(iam, arn, *actions, **more):
    answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=list(actions), **{"ContextEntries": [AGENT, TLS], **more})
    return answer["EvaluationResults"]


def test_a_users_policies_are_its_own_and_its_groups_within_its_boundary(iam, bob):
    results = principal(iam, bob, READ, "s3:GetObject", "s3:PutObject", "iam:GetUser", ResourceArns=[SECRET.replace("prod", "bob/prod")])
    assert [result["EvalDecision"] for result in results] == ["allowed", "allowed", "allowed", "implicitDeny"]
    assert [sources(result) for result in results] == [[("user_bob_own", "IAM Policy")], [("Reading", "IAM Policy")], [("group_readers_shared", "IAM Policy")], []]
    assert [result["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"] for result in results] == [True, True, True, False]
    # Further policies and another boundary come with the question.
    (result,) = principal(iam, bob, "iam:GetUser", PermissionsBoundaryPolicyInputList=[policy(allow("*"))])
    assert result["EvalDecision"] == "allowed"
    (result,) = principal(iam, bob, "s3:GetObject", PolicyInputList=[policy(deny("s3:*"))])
    assert result["EvalDecision"] == "explicitDeny" and sources(result) == [("PolicyInputList.1", "IAM Policy")]


def test_policies_can_be_left_out(iam, bob):
    def decision(action, *left_out, **more):
        (result,) = principal(iam, bob, action, PolicyExclusionList=list(left_out), **more)
        return result["EvalDecision"]

    inline = lambda name, kind, of: {"InlinePolicyIdentifier": {"PolicyName": name, "AttachmentType": kind, "AttachmentName": of}}
    assert decision("s3:GetObject", {"PolicyType": "user-managed"}) == "implicitDeny"
    assert decision("s3:GetObject", {"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/Read*"}) == "implicitDeny"
    assert decision("s3:GetObject", {"PolicyType": "inline"}) == "allowed"
    assert decision("s3:PutObject", inline("shared", "group", "readers")) == "implicitDeny"
    assert decision("s3:PutObject", inline("*", "user", "*")) == "allowed"
    assert decision("iam:GetUser", {"PolicyType": "permission-boundary"}) == "allowed"
    # Recorded: an ARN leaves out no boundary, and nothing that comes with the request.
    assert decision("iam:GetUser", {"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/Bounds"}) == "implicitDeny"
    assert decision("s3:GetObject", {"PolicyType": "inline"}, {"PolicyType": "user-managed"}, PolicyInputList=[policy(allow("s3:*"))]) == "allowed"
    refused(lambda: decision("s3:GetObject", {"PolicyType": "other"}), "ValidationError", "enum value set")


def test_groups_and_roles_are_sources_too(iam, bob):
    (result,) = principal(iam, f"arn:aws:iam::{ACCOUNT}:group/readers", "s3:PutObject")
    assert result["EvalDecision"] == "allowed" and sources(result) == [("group_readers_shared", "IAM Policy")]
    trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]})
    role = iam.create_role(RoleName="runner", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName="runner", PolicyName="run", PolicyDocument=policy(allow(Condition={"ArnEquals": {"aws:PrincipalArn": role}})))
    iam.attach_role_policy(RoleName="runner", PolicyArn="arn:aws:iam::aws:policy/SecretsManagerReadWrite")
    (result,) = principal(iam, role, READ)
    assert result["EvalDecision"] == "allowed" and sources(result)[0] == ("role_runner_run", "IAM Policy")
    assert ("SecretsManagerReadWrite", "IAM Policy") in sources(result)
    own = policy(allow(resource=SECRET, Principal={"AWS": role}))
    refused(lambda: principal(iam, role, READ, ResourceArns=[SECRET], ResourcePolicy=own), "InvalidInput", "Caller must be an IAM user in this context.")


def test_a_source_is_somebody_of_the_callers_account(iam, bob):
    refused(lambda: principal(iam, f"arn:aws:iam::{ACCOUNT}:user/nobody", READ), "NoSuchEntity", "Unable to retrieve specified IAM entity.")
    refused(lambda: principal(iam, f"arn:aws:iam::{OTHER}:user/bob", READ), "InvalidInput", "does not have access to policies in account")
    refused(lambda: principal(iam, f"arn:aws:iam::{ACCOUNT}:policy/Bounds", READ), "InvalidInput", "Invalid ARN provided in the request")


def test_a_source_counts_with_the_arn_that_it_has(iam, bob):
    """Recorded: the name finds it, whatever the path. Inferred: what is asked is then asked for it, not for the path."""
    elsewhere = bob.replace("/people/", "/elsewhere/")
    own = policy(allow(resource=SECRET, Principal={"AWS": bob}))
    (result,) = principal(iam, elsewhere, READ, ResourceArns=[SECRET], ResourcePolicy=own)
    assert result["EvalDecision"] == "allowed" and sources(result) == [("ResourcePolicy", "Resource Policy")]
    is_bob = policy(allow("s3:Get*", Condition={"ArnEquals": {"aws:PrincipalArn": bob}}))
    (result,) = principal(iam, elsewhere, "s3:GetBucketAcl", PolicyInputList=[is_bob], PolicyExclusionList=[{"PolicyType": "user-managed"}])
    assert result["EvalDecision"] == "allowed"


def test_context_keys_are_told_as_policies_write_them(iam, bob):
    text = policy(allow(resource="arn:aws:s3:::${aws:UserName}/*", Condition={"StringEquals": {"aws:SourceVpc": "v", "s3:prefix": "${aws:userid}"}}))
    assert iam.get_context_keys_for_custom_policy(PolicyInputList=[text])["ContextKeyNames"] == ["aws:UserName", "aws:SourceVpc", "s3:prefix", "aws:userid"]
    refused(lambda: iam.get_context_keys_for_custom_policy(PolicyInputList=["[]"]), "InvalidInput", "Policy input list item 1 has invalid content")
    keys = iam.get_context_keys_for_principal_policy(PolicySourceArn=bob)["ContextKeyNames"]
    assert sorted(keys) == ["aws:SecureTransport", "aws:UserAgent", "aws:username"]
    more = iam.get_context_keys_for_principal_policy(PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:group/readers", PolicyInputList=[text])["ContextKeyNames"]
    assert more == ["aws:SecureTransport", "aws:UserName", "aws:SourceVpc", "s3:prefix", "aws:userid"]
    refused(lambda: iam.get_context_keys_for_principal_policy(PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/nobody"), "NoSuchEntity")


def test_simulations_need_permission(server, iam, bob):
    iam.create_user(UserName="asker")
    key = iam.create_access_key(UserName="asker")["AccessKey"]
    asker = boto3.client("iam", endpoint_url=server.endpoint, region_name="us-east-1", aws_access_key_id=key["AccessKeyId"],
                         aws_secret_access_key=key["SecretAccessKey"], config=botocore.config.Config(retries={"max_attempts": 0}))
    refused(lambda: custom(asker, policy(allow())), "AccessDenied", "iam:SimulateCustomPolicy on resource: *")
    refused(lambda: principal(asker, bob, READ), "AccessDenied", f"iam:SimulatePrincipalPolicy on resource: {bob}")
    refused(lambda: asker.get_context_keys_for_principal_policy(PolicySourceArn=bob), "AccessDenied", bob)
    iam.put_user_policy(UserName="asker", PolicyName="ask", PolicyDocument=policy(allow("iam:Simulate*", bob)))
    assert principal(asker, bob, "s3:GetObject")[0]["EvalDecision"] == "allowed"
    refused(lambda: principal(asker, f"arn:aws:iam::{ACCOUNT}:group/readers", READ), "AccessDenied")
