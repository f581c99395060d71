"""AWS's published service model, walked: every member accepted, every limit held on both sides, every required member
missed, every wrong type sent. No answer is a 5xx; every answer has the model's shape; every error is one AWS knows.

Where expectations come from: the model in the newest botocore (documented); the codes of the framework's own refusals
(ValidationException, SerializationException) are AWS's common errors (documented); names recorded in aws-behaviour.md.
"""
import datetime, json, random, re, string, subprocess, uuid

import botocore.auth, botocore.awsrequest, botocore.credentials, botocore.session
import pytest
import urllib.request, urllib.error

from conftest import BINARY, KEY_ID, SECRET_KEY

MODEL = botocore.session.Session().get_service_model("secretsmanager")
OPERATIONS = sorted(MODEL.operation_names)
OTHER = "210987654321"
FRAMEWORK = {"ValidationException", "SerializationException", "AccessDeniedException"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "123456789012"},
                     "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]})


def call(server, operation, body, key=(KEY_ID, SECRET_KEY)):
    """A raw, correctly signed request: no client may refuse it first."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = botocore.awsrequest.AWSRequest("POST", server.endpoint + "/", data=data, headers={
        "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"secretsmanager.{operation}"})
    credentials = botocore.credentials.Credentials(*key)
    botocore.auth.SigV4Auth(credentials, "secretsmanager", "us-east-1").add_auth(request)
    prepared = request.prepare()
    raw = urllib.request.Request(prepared.url, data=data, headers=dict(prepared.headers.items()), method="POST")
    try:
        with urllib.request.urlopen(raw, timeout=20) as answer:
            return answer.status, json.loads(answer.read()), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read()), error.headers


def check_error(operation, status, body, headers):
    assert status == 400, (operation, status, body)
    known = FRAMEWORK | {shape.name for shape in MODEL.operation_model(operation).error_shapes}
    assert body["__type"] in known, (operation, body)
    assert headers["x-amzn-ErrorType"] == body["__type"]
    assert headers["x-amzn-RequestId"]


def check_shape(shape, value, path=""):
    """Whether a value is one of the shape: types, required members, no member that the model lacks, limits."""
    if shape.type_name == "structure":
        assert isinstance(value, dict), path
        assert set(value) <= set(shape.members), (path, set(value) - set(shape.members))
        for name, inner in value.items():
            check_shape(shape.members[name], inner, f"{path}.{name}")
    elif shape.type_name == "list":
        assert isinstance(value, list), path
        for inner in value:
            check_shape(shape.member, inner, path + "[]")
    elif shape.type_name == "map":
        for inner in value.values():
            check_shape(shape.value, inner, path + "{}")
    elif shape.type_name in ("string", "blob"):
        assert isinstance(value, str), (path, value)
        assert not getattr(shape, "enum", None) or value in shape.enum, (path, value)
        assert len(value) <= shape.metadata.get("max", 10 ** 9) * (2 if shape.type_name == "blob" else 1), path
    elif shape.type_name == "timestamp":
        assert isinstance(value, (int, float)), (path, value)
    elif shape.type_name in ("long", "integer"):
        assert isinstance(value, int), (path, value)
    elif shape.type_name == "boolean":
        assert isinstance(value, bool), (path, value)


def fresh_secret(server, tag=""):
    name = f"walk/{uuid.uuid4()}{tag}"
    status, body, _ = call(server, "CreateSecret", {"Name": name, "SecretString": "v", "ClientRequestToken": str(uuid.uuid4())})
    assert status == 200, body
    return name, body


def cross_account_replica(server, primary):
    """A replica of the secret in a second account, which is made at the command line when it is first needed."""
    if not hasattr(server, "other"):
        made = subprocess.run([BINARY, "account", "create", "--data-dir", server.data_dir, "--id", OTHER, "--name", "other"], capture_output=True, text=True)
        assert made.returncode == 0, made.stderr
        told = dict(re.findall(r"^export AWS_([A-Z_]+)=(.*)$", made.stdout, re.M))
        server.other = (told["ACCESS_KEY_ID"], told["SECRET_ACCESS_KEY"])
    token = str(uuid.uuid4())
    status, body, _ = call(server, "CreateSecret", {"Name": token, "ClientRequestToken": token, "CrossAccountPrimaryARN": primary}, server.other)
    assert status == 200, body
    return body["ARN"]


def minimal(server, operation):
    """A request of each operation that succeeds, made anew each time."""
    token = str(uuid.uuid4())
    if operation == "CreateSecret":
        return {"Name": f"walk/{token}", "ClientRequestToken": token, "SecretString": "v"}
    if operation in ("ListSecrets", "GetRandomPassword"):
        return {}
    if operation == "ValidateResourcePolicy":
        return {"ResourcePolicy": POLICY}
    name, created = fresh_secret(server)
    if operation == "BatchGetSecretValue":
        return {"SecretIdList": [name]}
    body = {"SecretId": name}
    if operation in ("PutSecretValue", "UpdateSecret", "RotateSecret"):
        body["ClientRequestToken"] = token
    if operation == "PutSecretValue":
        body["SecretString"] = "w"
    if operation == "PutResourcePolicy":
        body["ResourcePolicy"] = POLICY
    if operation == "TagResource":
        body["Tags"] = [{"Key": "k", "Value": "v"}]
    if operation == "UntagResource":
        body["TagKeys"] = ["k"]
    if operation == "UpdateSecretVersionStage":
        body |= {"VersionStage": "MINE", "MoveToVersionId": created["VersionId"]}
    if "CrossAccountReplica" in operation:
        body["CrossAccountReplicaARN"] = cross_account_replica(server, created["ARN"])
    if operation == "DisassociateCrossAccountReplica":
        assert call(server, "AssociateCrossAccountReplica", body)[0] == 200
    if operation == "ReplicateSecretToRegions":
        body["AddReplicaRegions"] = [{"Region": "eu-west-1"}]
    if operation == "RemoveRegionsFromReplication":
        call(server, "ReplicateSecretToRegions", {"SecretId": name, "AddReplicaRegions": [{"Region": "eu-west-1"}]})
        body["RemoveReplicaRegions"] = ["eu-west-1"]
    return body


# No rotation function can be made in this deployment yet; no secret of us-east-1 is a replica; nothing to cancel.
ANSWERS_ERROR = {"RotateSecret": "InvalidRequestException", "CancelRotateSecret": "InvalidRequestException",
                 "StopReplicationToReplica": "InvalidRequestException"}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_plain_request_is_answered_in_the_models_shape(server, operation):
    status, body, headers = call(server, operation, minimal(server, operation))
    if operation in ANSWERS_ERROR:
        check_error(operation, status, body, headers)
        assert body["__type"] == ANSWERS_ERROR[operation]
        return
    assert status == 200, body
    output = MODEL.operation_model(operation).output_shape
    if output is not None:
        check_shape(output, body)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_required_member_is_missed(server, operation):
    shape = MODEL.operation_model(operation).input_shape
    for member in shape.required_members:
        body = minimal(server, operation)
        body.pop(member)
        for without in (body, body | {member: None}):
            status, answer, headers = call(server, operation, without)
            check_error(operation, status, answer, headers)
            assert answer["__type"] == "ValidationException", (member, answer)
            camel = member[0].lower() + member[1:]
            assert f"Value null at '{camel}'" in answer["message"], answer


WRONG = {
    "string": [7, 1.5, True, [], ["x"], {}, {"a": "b"}],
    "blob": [7, True, [], {}, "not base64!"],
    "list": ["x", 7, True, {}],
    "structure": ["x", 7, True, [], ["x"]],
    "boolean": ["true", 1, [], {}],
    "long": ["7", True, [], {}, 1.5],
    "integer": ["7", True, [], {}, 1.5],
}


def places(shape, path=()):
    """Every member of a shape, however deep, as (path, shape)."""
    for name, member in shape.members.items():
        yield path + (name,), member
        if member.type_name == "structure":
            yield from places(member, path + (name,))
        if member.type_name == "list":
            yield path + (name, 0), member.member
            if member.member.type_name == "structure":
                yield from places(member.member, path + (name, 0))


def placed(body, path, value):
    """The body with a value at a place; what is missing on the way is made."""
    body = json.loads(json.dumps(body))
    at = body
    for step, following in zip(path, path[1:]):
        empty = [] if following == 0 else {}
        if step == 0:
            if not at:
                at.append(empty)
            at = at[0]
        else:
            if type(at.get(step)) is not type(empty):
                at[step] = empty
            at = at[step]
    if path[-1] == 0:
        at[:] = [value]
    else:
        at[path[-1]] = value
    return body


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_wrong_type_is_refused(server, operation):
    shape = MODEL.operation_model(operation).input_shape
    body, tried = minimal(server, operation), 0
    for path, member in places(shape):
        for wrong in WRONG[member.type_name]:
            status, answer, headers = call(server, operation, placed(body, path, wrong))
            check_error(operation, status, answer, headers)
            assert answer["__type"] == "SerializationException", (path, wrong, answer)
            tried += 1
    assert tried > 0


def text_of(shape, length):
    if shape.name in ("SecretIdType", "NameType"):
        return "n" * length
    if "Region" in shape.name:
        return ("a" * max(length - 2, 0) + "-1") if length >= 3 else "a" * length
    return "1" * length


# What the model's limit means where the service has a narrower rule of its own.
NARROWER = {"SecretId": 512, "RotationLambdaARN": 0, "CrossAccountPrimaryARN": 0, "ScheduleExpression": 0, "Duration": 0}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_limit_is_held_on_both_sides(server, operation):
    shape = MODEL.operation_model(operation).input_shape
    for path, member in places(shape):
        low, high = member.metadata.get("min"), member.metadata.get("max")
        for bound, inside, outside in (("min", low, low and low - 1), ("max", high, high and high + 1)):
            if inside is None or (bound == "min" and inside == 0):
                continue
            values = {}
            for name, size in (("inside", inside), ("outside", outside)):
                if member.type_name == "string":
                    if getattr(member, "enum", None):
                        break
                    values[name] = text_of(member, size)
                elif member.type_name == "blob":
                    values[name] = __import__("base64").b64encode(b"x" * size).decode()
                elif member.type_name in ("long", "integer"):
                    values[name] = size
                elif member.type_name == "list":
                    inner = member.member
                    element = {"string": "x" * max(inner.metadata.get("min", 1), 1), "structure": {}}[inner.type_name]
                    values[name] = [element] * size
            if not values:
                continue
            body = minimal(server, operation)
            if path == ("SecretBinary",):
                body.pop("SecretString", None)
            status, answer, headers = call(server, operation, placed(body, path, values["outside"]))
            check_error(operation, status, answer, headers)
            said = answer.get("message", answer.get("Message", ""))
            assert answer["__type"] == "ValidationException", (path, bound, answer)
            assert "Member must" in said, (path, bound, answer)
            status, answer, headers = call(server, operation, placed(body, path, values["inside"]))
            if status != 200:
                check_error(operation, status, answer, headers)
                said = answer.get("message", answer.get("Message", ""))
                assert "Member must have length" not in said or path[-1] not in said[:1].lower() + path[-1], answer
                own = path[-1] if isinstance(path[-1], str) else path[-2]
                camel = own[0].lower() + own[1:]
                assert f"'{camel}' failed to satisfy constraint: Member must have" not in said, (path, bound, answer)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_enum_takes_its_values_and_no_other(server, operation):
    for path, member in places(MODEL.operation_model(operation).input_shape):
        if member.type_name != "string" or not getattr(member, "enum", None):
            continue
        body = minimal(server, operation)
        if path[0] == "Filters":
            body = {"Filters": [{"Key": "name", "Values": ["x"]}]}
        for value in member.enum:
            assert call(server, operation, placed(body, path, value))[0] == 200, (path, value)
        status, answer, headers = call(server, operation, placed(body, path, "other"))
        check_error(operation, status, answer, headers)
        assert answer["__type"] == "ValidationException"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_random_bodies_never_make_a_500(server, operation):
    rng = random.Random(operation)
    shape = MODEL.operation_model(operation).input_shape
    body = minimal(server, operation)

    def anything(depth=0):
        kinds = [None, True, 0, -1, 2 ** 63, 1e308, "", "x", "\u0000", "é" * 300, "arn:aws:secretsmanager:::", "a b",
                 [], {}, "x" * 5000]
        if depth < 3 and rng.random() < 0.3:
            return [anything(depth + 1) for _ in range(rng.randrange(3))]
        if depth < 3 and rng.random() < 0.2:
            return {rng.choice(["Key", "Values", "Region", "x"]): anything(depth + 1)}
        return rng.choice(kinds)

    for _ in range(60):
        members = rng.sample(sorted(shape.members), k=min(len(shape.members), rng.randrange(1, 4))) if shape.members else []
        status, answer, headers = call(server, operation, body | {member: anything() for member in members})
        assert status in (200, 400), (operation, status, answer)
        if status == 400:
            check_error(operation, status, answer, headers)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"7", b"\"x\"", b"{\"SecretId\":}", b"\xff\xfe", b"{}" * 2,
                                 b"[" * 100_000, b'{"a":' * 50_000, b'{"SecretId":"\\ud800"}'])
def test_what_is_no_json_object_is_refused(server, raw):
    status, answer, headers = call(server, "DescribeSecret", raw)
    check_error("DescribeSecret", status, answer, headers)


def test_unknown_operations_and_large_bodies_have_their_answers(server):
    assert call(server, "NoSuchOperation", {})[1]["__type"] == "UnknownOperationException"
    status, answer, _ = call(server, "PutSecretValue", {"SecretId": "x", "SecretString": "y" * 2_000_000})
    assert status == 413 and answer["__type"] == "RequestEntityTooLargeException"
