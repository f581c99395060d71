"""KMS against AWS's published service model, walked in the way of test_service_model.py: every operation of the compatibility
page, every member accepted, every limit held on both sides, every required member missed, every wrong type sent. No answer is
a 5xx; every answer has the model's shape; every error is one that AWS knows.

Where expectations come from: the model in the newest botocore (documented); the codes of the framework's own refusals are AWS's
common errors (documented); its sentences are recorded."""
import base64, json, os, random, re, uuid
import urllib.error, urllib.request

import botocore.auth, botocore.awsrequest, botocore.credentials, botocore.session
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

from conftest import ACCOUNT, KEY_ID, ROOT, SECRET_KEY
from test_service_model import WRONG, check_shape, places, placed

MODEL = botocore.session.Session().get_service_model("kms")
# Any operation may answer these. AWS: the two of KMS's stand in some operations' lists only, and come from all that take a key or
# have a part that is not everywhere.
COMMON = {"ValidationException", "SerializationException", "AccessDeniedException", "InvalidArnException", "UnsupportedOperationException"}
# Inferred: AWS's list of ListKeyPolicies' errors has none for a marker that is none, though it takes one.
BESIDES = {"ListKeyPolicies": {"InvalidMarkerException"}}
REGION = "us-east-1"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}]})
# Nitro enclaves' attestation is read as a whole and refused as a whole: nothing of it has a meaning here.
OPAQUE = {"Recipient"}
WRONG = WRONG | {"map": ["x", 7, True, [], {"a": 7}, {"a": {}}], "timestamp": [True, [], {}, "soon"]}


def delivered():
    page = (ROOT / "docs/reference/compatibility.md").read_text()
    section = page.split("\n## kms\n")[1].split("\n## ")[0]
    return re.findall(r"^\| ([A-Z]\w+) \|", section, re.M)


OPERATIONS = delivered()


def call(server, operation, body, region=REGION):
    """A raw, correctly signed request: no client may refuse it first."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = botocore.awsrequest.AWSRequest("POST", server.endpoint + "/", data=data, headers={
        "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"TrentService.{operation}"})
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(KEY_ID, SECRET_KEY), "kms", region).add_auth(request)
    prepared = request.prepare()
    raw = urllib.request.Request(prepared.url, data=data, headers=dict(prepared.headers.items()), method="POST")
    try:
        with urllib.request.urlopen(raw, timeout=60) as answer:
            return answer.status, json.loads(answer.read() or b"{}"), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read()), error.headers


def done(server, operation, **members):
    status, body, _ = call(server, operation, members)
    assert status == 200, (operation, members, body)
    return body


def check_error(operation, status, body, headers):
    assert status == 400, (operation, status, body)
    known = COMMON | BESIDES.get(operation, set()) | {shape.name for shape in MODEL.operation_model(operation).error_shapes}
    assert body["__type"] in known, (operation, body)
    assert headers["x-amzn-ErrorType"] == body["__type"]
    assert headers["x-amzn-RequestId"]


def said(body):
    return body.get("message") or body.get("Message") or ""


def fresh(server, **members):
    return done(server, "CreateKey", **members)["KeyMetadata"]["KeyId"]


def shared(server, spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT"):
    """A key that no request of the walk changes: making pairs of keys takes time."""
    held = server.__dict__.setdefault("kms_keys", {})
    if (spec, usage) not in held:
        held[spec, usage] = fresh(server, KeySpec=spec, KeyUsage=usage)
    return held[spec, usage]


def grantee(server):
    if not hasattr(server, "kms_grantee"):
        server.kms_grantee = server.client("iam").create_user(UserName=f"walk-{uuid.uuid4().hex[:12]}")["User"]["Arn"]
    return server.kms_grantee


def blob(content=b"walk"):
    return base64.b64encode(content).decode()


def aliased(server):
    alias = f"alias/walk/{uuid.uuid4()}"
    done(server, "CreateAlias", AliasName=alias, TargetKeyId=fresh(server))
    return alias


def granted(server):
    key = fresh(server)
    made = done(server, "CreateGrant", KeyId=key, GranteePrincipal=grantee(server), Operations=["Decrypt"])
    return {"KeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}", "GrantId": made["GrantId"]}


def import_request(server):
    key = fresh(server, Origin="EXTERNAL")
    asked = done(server, "GetParametersForImport", KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    public = serialization.load_der_public_key(base64.b64decode(asked["PublicKey"]))
    wrapped = public.encrypt(os.urandom(32), padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
    return {"KeyId": key, "ImportToken": asked["ImportToken"], "EncryptedKeyMaterial": blob(wrapped), "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}


def imported(server):
    request = import_request(server)
    done(server, "ImportKeyMaterial", **request)
    return request["KeyId"]


def replicated(server):
    key = fresh(server, MultiRegion=True)
    done(server, "ReplicateKey", KeyId=key, ReplicaRegion="eu-west-1")
    return key


def pending(server):
    key = fresh(server)
    done(server, "ScheduleKeyDeletion", KeyId=key)
    return key


def rotating(server):
    key = fresh(server)
    done(server, "EnableKeyRotation", KeyId=key)
    return key


def peer_key():
    numbers = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return blob(ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(*numbers))


def signing(server):
    return {"KeyId": shared(server, "ECC_NIST_P256", "SIGN_VERIFY"), "Message": blob(), "SigningAlgorithm": "ECDSA_SHA_256"}


def macing(server):
    return {"KeyId": shared(server, "HMAC_256", "GENERATE_VERIFY_MAC"), "Message": blob(), "MacAlgorithm": "HMAC_SHA_256"}


def ciphertext(server):
    return done(server, "Encrypt", KeyId=shared(server), Plaintext=blob())["CiphertextBlob"]


# A request of each operation that succeeds, made anew each time.
MINIMAL = {
    "CancelKeyDeletion": lambda server: {"KeyId": pending(server)},
    "CreateAlias": lambda server: {"AliasName": f"alias/walk/{uuid.uuid4()}", "TargetKeyId": fresh(server)},
    "CreateGrant": lambda server: {"KeyId": fresh(server), "GranteePrincipal": grantee(server), "Operations": ["Decrypt"]},
    "CreateKey": lambda server: {},
    "Decrypt": lambda server: {"CiphertextBlob": ciphertext(server)},
    "DeleteAlias": lambda server: {"AliasName": aliased(server)},
    "DeleteImportedKeyMaterial": lambda server: {"KeyId": imported(server)},
    "DeriveSharedSecret": lambda server: {"KeyId": shared(server, "ECC_NIST_P256", "KEY_AGREEMENT"), "KeyAgreementAlgorithm": "ECDH", "PublicKey": peer_key()},
    "DescribeKey": lambda server: {"KeyId": shared(server)},
    "DisableKey": lambda server: {"KeyId": fresh(server)},
    "DisableKeyRotation": lambda server: {"KeyId": rotating(server)},
    "EnableKey": lambda server: {"KeyId": fresh(server)},
    "EnableKeyRotation": lambda server: {"KeyId": fresh(server)},
    "Encrypt": lambda server: {"KeyId": shared(server), "Plaintext": blob()},
    "GenerateDataKey": lambda server: {"KeyId": shared(server), "KeySpec": "AES_256"},
    "GenerateDataKeyPair": lambda server: {"KeyId": shared(server), "KeyPairSpec": "ECC_NIST_P256"},
    "GenerateDataKeyPairWithoutPlaintext": lambda server: {"KeyId": shared(server), "KeyPairSpec": "ECC_NIST_P256"},
    "GenerateDataKeyWithoutPlaintext": lambda server: {"KeyId": shared(server), "KeySpec": "AES_256"},
    "GenerateMac": macing,
    "GenerateRandom": lambda server: {"NumberOfBytes": 32},
    "GetKeyPolicy": lambda server: {"KeyId": shared(server)},
    "GetKeyRotationStatus": lambda server: {"KeyId": rotating(server)},
    "GetParametersForImport": lambda server: {"KeyId": fresh(server, Origin="EXTERNAL"), "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"},
    "GetPublicKey": lambda server: {"KeyId": shared(server, "ECC_NIST_P256", "SIGN_VERIFY")},
    "ImportKeyMaterial": import_request,
    "ListAliases": lambda server: {},
    "ListGrants": lambda server: {"KeyId": granted(server)["KeyId"]},
    "ListKeyPolicies": lambda server: {"KeyId": shared(server)},
    "ListKeyRotations": lambda server: {"KeyId": rotating(server)},
    "ListKeys": lambda server: {},
    "ListResourceTags": lambda server: {"KeyId": fresh(server, Tags=[{"TagKey": "k", "TagValue": "v"}])},
    "ListRetirableGrants": lambda server: {"RetiringPrincipal": grantee(server)},
    "PutKeyPolicy": lambda server: {"KeyId": fresh(server), "Policy": POLICY},
    "ReEncrypt": lambda server: {"CiphertextBlob": ciphertext(server), "DestinationKeyId": shared(server)},
    "ReplicateKey": lambda server: {"KeyId": fresh(server, MultiRegion=True), "ReplicaRegion": "eu-west-1"},
    "RetireGrant": granted,
    "RevokeGrant": granted,
    "RotateKeyOnDemand": lambda server: {"KeyId": fresh(server)},
    "ScheduleKeyDeletion": lambda server: {"KeyId": fresh(server)},
    "Sign": signing,
    "TagResource": lambda server: {"KeyId": fresh(server), "Tags": [{"TagKey": "k", "TagValue": "v"}]},
    "UntagResource": lambda server: {"KeyId": fresh(server), "TagKeys": ["k"]},
    "UpdateAlias": lambda server: {"AliasName": aliased(server), "TargetKeyId": fresh(server)},
    "UpdateKeyDescription": lambda server: {"KeyId": fresh(server), "Description": "d"},
    "UpdatePrimaryRegion": lambda server: {"KeyId": replicated(server), "PrimaryRegion": "eu-west-1"},
    "Verify": lambda server: signing(server) | {"Signature": done(server, "Sign", **signing(server))["Signature"]},
    "VerifyMac": lambda server: macing(server) | {"Mac": done(server, "GenerateMac", **macing(server))["Mac"]},
}


def minimal(server, operation):
    return MINIMAL[operation](server)


def walked(operation):
    """The places of an operation's request whose parts have a meaning."""
    return [(path, shape) for path, shape in places(MODEL.operation_model(operation).input_shape) if path[0] not in OPAQUE]


def lower(name):
    return name[0].lower() + name[1:]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_plain_request_is_answered_in_the_models_shape(server, operation):
    status, body, _ = call(server, operation, minimal(server, operation))
    assert status == 200, body
    output = MODEL.operation_model(operation).output_shape
    if output is None:
        assert body == {}
    else:
        check_shape(output, body)
        assert body, "an operation that has an answer says something"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_required_member_is_missed(server, operation):
    shape = MODEL.operation_model(operation).input_shape
    whole = minimal(server, operation)
    for member in shape.required_members:
        body = {name: value for name, value in whole.items() if name != member}
        for without in (body, body | {member: None}):
            status, answer, headers = call(server, operation, without)
            check_error(operation, status, answer, headers)
            assert answer["__type"] == "ValidationException", (member, answer)
            # Recorded: the word "null" does not stand there for what is sensitive.
            assert re.search(f"Value (null )?at '{lower(member)}' failed to satisfy constraint: Member must not be null", said(answer)), answer


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_wrong_type_is_refused(server, operation):
    body = minimal(server, operation)
    for path, member in walked(operation):
        for wrong in WRONG[member.type_name]:
            status, answer, headers = call(server, operation, placed(body, path, wrong))
            check_error(operation, status, answer, headers)
            assert answer["__type"] == "SerializationException", (path, wrong, answer)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_cannot_be_done_is_refused_and_not_ignored(server, operation):
    body = minimal(server, operation)
    for member in OPAQUE & set(MODEL.operation_model(operation).input_shape.members):
        whole = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": blob()}
        status, answer, headers = call(server, operation, body | {member: whole})
        check_error(operation, status, answer, headers)
        assert answer["__type"] == "UnsupportedOperationException", answer


def sized(shape, size):
    """A value of a shape at a length or of a number; `None` where the model has no other than its own values."""
    if shape.type_name == "string":
        return None if getattr(shape, "enum", None) else "n" * size
    if shape.type_name == "blob":
        return blob(b"x" * size)
    if shape.type_name in ("long", "integer"):
        return size
    if shape.type_name == "list":
        inner = shape.member
        return [{"string": (getattr(inner, "enum", None) or ["x" * max(inner.metadata.get("min", 1), 1)])[0], "structure": {}}[inner.type_name]] * size
    return None


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_limit_is_held_on_both_sides(server, operation):
    for path, member in walked(operation):
        low, high = member.metadata.get("min"), member.metadata.get("max")
        for inside, outside in ((low, low and low - 1), (high, high and high + 1)):
            if not inside or sized(member, inside) is None:
                continue
            body = minimal(server, operation)
            status, answer, headers = call(server, operation, placed(body, path, sized(member, outside)))
            check_error(operation, status, answer, headers)
            assert answer["__type"] == "ValidationException" and "Member must" in said(answer), (path, outside, answer)
            status, answer, headers = call(server, operation, placed(body, path, sized(member, inside)))
            if status != 200:
                check_error(operation, status, answer, headers)
                own = lower(path[-1] if isinstance(path[-1], str) else path[-2])
                assert not re.search(f"{own}' failed to satisfy constraint: Member must have", said(answer)), (path, inside, answer)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_enum_takes_its_values_and_no_other(server, operation):
    for path, member in walked(operation):
        if member.type_name != "string" or not getattr(member, "enum", None):
            continue
        body = minimal(server, operation)
        for value in member.enum:
            status, answer, headers = call(server, operation, placed(body, path, value))
            if status != 200:
                check_error(operation, status, answer, headers)
                assert "enum value set" not in said(answer), (path, value, answer)
        status, answer, headers = call(server, operation, placed(body, path, "other"))
        check_error(operation, status, answer, headers)
        assert answer["__type"] == "ValidationException" and "enum value set" in said(answer), (path, answer)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_random_bodies_never_make_a_500(server, operation):
    rng = random.Random(operation)
    members = sorted(MODEL.operation_model(operation).input_shape.members)
    body = minimal(server, operation)

    def anything(depth=0):
        kinds = [None, True, 0, -1, 2 ** 63, 1e308, "", "x", "\u0000", "é" * 300, "arn:aws:kms:::", "alias/", "alias/aws/x", "mrk-", "a b", [], {}, "x" * 9000, "eHg="]
        if depth < 3 and rng.random() < 0.3:
            return [anything(depth + 1) for _ in range(rng.randrange(3))]
        if depth < 3 and rng.random() < 0.2:
            return {rng.choice(["TagKey", "TagValue", "EncryptionContextSubset", "x"]): anything(depth + 1)}
        return rng.choice(kinds)

    for _ in range(60):
        chosen = rng.sample(members, k=min(len(members), rng.randrange(1, 4)))
        status, answer, headers = call(server, operation, body | {member: anything() for member in chosen})
        if status != 200:
            check_error(operation, status, answer, headers)


@pytest.mark.parametrize("raw", [b"{", b"[]", b"null", b"7", b"\"x\"", b"{\"KeyId\":}", b"\xff\xfe", b"{}" * 2, b"[" * 100_000, b'{"a":' * 50_000, b'{"KeyId":"\\ud800"}'])
def test_what_is_no_json_object_is_refused(server, raw):
    status, answer, headers = call(server, "DescribeKey", raw)
    check_error("DescribeKey", status, answer, headers)


def test_operations_that_are_not_there_say_so(server):
    missing = set(MODEL.operation_names) - set(OPERATIONS)
    for operation in sorted(missing) + ["NoSuchOperation"]:
        assert call(server, operation, {})[1]["__type"] == "UnknownOperationException", operation
