"""AssumeRoleWithWebIdentity against the real binary: tokens that an issuer signed, and tokens that somebody made up.
Codes: documented (STS API reference); messages told in users' reports of AWS's own answers, where they are compared."""
import base64, hashlib, hmac, json, time

import boto3, botocore, botocore.config, botocore.exceptions
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from conftest import ACCOUNT, Server

ISSUER = "https://issuer.example.com/realm"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/issuer.example.com/realm"
KEY = "issuer.example.com/realm:"
RSA, OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
EC, EC384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def b64(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def number(value, size=None):
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def jwk(kid, key):
    public = key.public_key().public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return {"kty": "RSA", "use": "sig", "kid": kid, "n": number(public.n), "e": number(public.e)}
    size = key.curve.key_size // 8
    return {"kty": "EC", "kid": kid, "crv": f"P-{key.curve.key_size}", "x": number(public.x, size), "y": number(public.y, size)}


def sign(key, algorithm, message):
    if algorithm == "none":
        return b""
    if algorithm.startswith("HS"):
        return hmac.new(key, message, hashlib.sha256).digest()
    digest = HASHES[algorithm[2:]]
    if algorithm.startswith("RS"):
        return key.sign(message, padding.PKCS1v15(), digest)
    if algorithm.startswith("PS"):
        return key.sign(message, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    size = key.curve.key_size // 8
    return b"".join(part.to_bytes(size, "big") for part in utils.decode_dss_signature(key.sign(message, ec.ECDSA(digest))))


def token(key=RSA, algorithm="RS256", kid="rsa", drop=(), **claims):
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": "app", "sub": "alice", "iat": now, "exp": now + 300} | claims
    claims = {name: value for name, value in claims.items() if name not in drop}
    header = {"alg": algorithm, "typ": "JWT"} | ({"kid": kid} if kid else {})
    message = ".".join(b64(json.dumps(part).encode()) for part in (header, claims)).encode()
    return f"{message.decode()}.{b64(sign(key, algorithm, message))}"


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(*actions, provider=PROVIDER, **condition):
    actions = ["sts:AssumeRoleWithWebIdentity", *actions]
    return policy({"Effect": "Allow", "Principal": {"Federated": provider}, "Action": actions} | ({"Condition": condition} if condition else {}))


@pytest.fixture(scope="module")
def jwks(tmp_path_factory):
    path = tmp_path_factory.mktemp("keys") / "jwks.json"
    keys = [jwk("rsa", RSA), jwk("ec", EC), jwk("ec384", EC384)]
    path.write_text(json.dumps({"keys": keys}))
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory, jwks):
    directory = tmp_path_factory.mktemp("data")
    config = directory / "strongroom.toml"
    config.write_text(f'oidc_fetch = false\n[[oidc]]\nissuer = "{ISSUER}"\njwks_file = "{jwks}"\n')
    server = Server(directory / "dir", config=config).start()
    iam = server.client("iam")
    iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=["app", "web"])
    iam.create_open_id_connect_provider(Url="https://keyless.example.com", ClientIDList=["app"])
    conditions = {
        "open": trust(),
        "strict": trust(StringEquals={KEY + "aud": "app", KEY + "sub": "alice"}),
        "named": trust(StringEquals={"sts:RoleSessionName": "chosen", "aws:FederatedProvider": PROVIDER}),
        "mfa": trust(**{"ForAnyValue:StringEquals": {KEY + "amr": "mfa"}}),
        "tagged": trust("sts:TagSession", StringEquals={"aws:RequestTag/Team": "red"}),
        "sourced": trust("sts:SetSourceIdentity", StringEquals={"sts:SourceIdentity": "alice"}),
        "elsewhere": trust(provider=f"arn:aws:iam::{ACCOUNT}:oidc-provider/keyless.example.com"),
        "people": policy({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}),
    }
    for name, document in conditions.items():
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    read = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "arn:aws:secretsmanager:*:*:secret:mine/*"}
    iam.put_role_policy(RoleName="open", PolicyName="read", PolicyDocument=policy(read))
    by_tag = read | {"Condition": {"StringEquals": {"aws:PrincipalTag/Team": "red"}}}
    iam.put_role_policy(RoleName="tagged", PolicyName="read", PolicyDocument=policy(by_tag))
    for name in ("mine/a", "theirs/a"):
        server.client().create_secret(Name=name, SecretString=name)
    yield server
    server.stop()


def assume(server, web_token, role="open", session="session", **more):
    client = boto3.client("sts", endpoint_url=server.endpoint, region_name="us-east-1",
                          config=botocore.config.Config(signature_version=botocore.UNSIGNED, retries={"max_attempts": 0}))
    return client.assume_role_with_web_identity(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}", RoleSessionName=session, WebIdentityToken=web_token, **more)


def refused(call, code, text="", status=400):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert text in error["Message"], error
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def as_session(server, answer, service="secretsmanager"):
    key = answer["Credentials"]
    return boto3.client(service, endpoint_url=server.endpoint, region_name="us-east-1", aws_access_key_id=key["AccessKeyId"],
                        aws_secret_access_key=key["SecretAccessKey"], aws_session_token=key["SessionToken"])


def test_a_session_works_and_is_limited_by_its_role(server):
    answer = assume(server, token())
    assert answer["SubjectFromWebIdentityToken"] == "alice"
    assert answer["Provider"] == PROVIDER and answer["Audience"] == "app"
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/open/session"
    assert answer["AssumedRoleUser"]["Arn"] == arn
    assert answer["AssumedRoleUser"]["AssumedRoleId"].startswith("AROA") and answer["AssumedRoleUser"]["AssumedRoleId"].endswith(":session")
    assert as_session(server, answer, "sts").get_caller_identity()["Arn"] == arn
    session = as_session(server, answer)
    assert session.get_secret_value(SecretId="mine/a")["SecretString"] == "mine/a"
    refused(lambda: session.get_secret_value(SecretId="theirs/a"), "AccessDeniedException", "no identity-based policy allows")
    refused(lambda: session.put_secret_value(SecretId="mine/a", SecretString="x"), "AccessDeniedException")
    narrowed = assume(server, token(), Policy=policy({"Effect": "Deny", "Action": "*", "Resource": "*"}))
    refused(lambda: as_session(server, narrowed).get_secret_value(SecretId="mine/a"), "AccessDeniedException")


@pytest.mark.parametrize("key, algorithm, kid", [(RSA, "RS256", "rsa"), (RSA, "RS384", "rsa"), (RSA, "RS512", "rsa"), (EC, "ES256", "ec"), (EC384, "ES384", "ec384"),
                                                 (EC, "ES256", None)])
def test_each_algorithm_of_awss_is_taken(server, key, algorithm, kid):
    assert assume(server, token(key, algorithm, kid))["SubjectFromWebIdentityToken"] == "alice"


PEM = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
DER = RSA.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("bad", [
    dict(key=OTHER),
    dict(kid="unknown"),
    dict(key=EC, algorithm="ES256", kid="rsa"),
    dict(key=RSA, algorithm="RS256", kid="ec"),
    dict(algorithm="PS256"),
    dict(algorithm="none"),
    dict(algorithm="none", kid=None),
    dict(key=PEM, algorithm="HS256"),
    dict(key=DER, algorithm="HS256"),
    dict(key=number(RSA.public_key().public_numbers().n).encode(), algorithm="HS256"),
    dict(aud="other"),
    dict(aud="app", azp="other"),
    dict(aud=[]),
    dict(drop=["aud"]),
    dict(iss="https://issuer.example.com"),
    dict(iss="https://other.example.com"),
    dict(iss="http://issuer.example.com/realm"),
    dict(iss="https://keyless.example.com"),
    dict(drop=["iss"]),
    dict(drop=["sub"]),
    dict(drop=["exp"]),
    dict(nbf=int(time.time()) + 900),
    dict(iat=int(time.time()) + 900),
], ids=lambda bad: " ".join(f"{name}={str(value)[:24]}" for name, value in bad.items()))
def test_a_token_that_does_not_hold_gives_nothing(server, bad):
    refused(lambda: assume(server, token(**bad)), "InvalidIdentityToken")


def test_a_token_that_is_over_is_told_so(server):
    refused(lambda: assume(server, token(exp=int(time.time()) - 61)), "ExpiredTokenException", "Token expired")
    assert assume(server, token(exp=int(time.time()) - 30)), "a minute for clocks that differ"


def test_a_changed_claim_breaks_the_signature(server):
    header, _, signature = token().split(".")
    claims = token(sub="mallory").split(".")[1]
    refused(lambda: assume(server, f"{header}.{claims}.{signature}"), "InvalidIdentityToken")


def test_what_is_no_token_is_refused(server):
    for text in ("abcd", "a.b.c", "....", "e30.e30."):
        refused(lambda: assume(server, text), "InvalidIdentityToken", "not a valid JWT")
    refused(lambda: assume(server, token(padding="x" * 20_000)), "ValidationError")


def test_the_trust_policy_decides_on_the_claims(server):
    denied = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    no = lambda call: refused(call, "AccessDenied", denied, 403)
    assume(server, token(), "strict")
    no(lambda: assume(server, token(sub="bob"), "strict"))
    no(lambda: assume(server, token(aud="web"), "strict"))
    no(lambda: assume(server, token(aud="app", azp="web"), "strict"))
    assume(server, token(), "named", "chosen")
    no(lambda: assume(server, token(), "named", "another"))
    assume(server, token(amr=["pwd", "mfa"]), "mfa")
    no(lambda: assume(server, token(amr=["pwd"]), "mfa"))
    no(lambda: assume(server, token(), "mfa"))
    for role in ("elsewhere", "people", "missing"):
        no(lambda: assume(server, token(), role))


def test_tags_and_source_identity_come_with_the_token_where_the_role_allows_them(server):
    tags = {"https://aws.amazon.com/tags": {"principal_tags": {"Team": ["red"]}, "transitive_tag_keys": ["Team"]}}
    answer = assume(server, token(**tags), "tagged")
    assert answer["PackedPolicySize"] >= 1
    assert as_session(server, answer).get_secret_value(SecretId="mine/a")["SecretString"] == "mine/a"
    refused(lambda: assume(server, token(**tags)), "AccessDenied", "sts:TagSession", 403)
    identity = {"https://aws.amazon.com/source_identity": "alice"}
    assert assume(server, token(**identity), "sourced")["SourceIdentity"] == "alice"
    refused(lambda: assume(server, token(**identity)), "AccessDenied", "sts:SetSourceIdentity", 403)
    refused(lambda: assume(server, token(**{"https://aws.amazon.com/source_identity": "a b"}), "sourced"), "InvalidIdentityToken")


def test_new_keys_are_taken_and_old_ones_dropped_without_a_restart(server, jwks):
    before = jwks.read_text()
    try:
        jwks.write_text(json.dumps({"keys": [jwk("new", OTHER)]}))
        deadline = time.monotonic() + 5
        while True:
            try:
                assume(server, token(OTHER, kid="new"))
                break
            except botocore.exceptions.ClientError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        refused(lambda: assume(server, token()), "InvalidIdentityToken", "Couldn't retrieve verification key")
    finally:
        jwks.write_text(before)
        time.sleep(1.1)


def test_a_session_is_as_long_as_the_role_allows(server):
    length = lambda **more: (assume(server, token(), **more)["Credentials"]["Expiration"].timestamp() - time.time())
    assert 3500 < length() <= 3600
    assert 800 < length(DurationSeconds=900) <= 900
    refused(lambda: assume(server, token(), DurationSeconds=7200), "ValidationError", "MaxSessionDuration")


def test_neither_the_token_nor_the_credentials_reach_the_audit_log(server):
    web_token = token()
    answer = assume(server, web_token)
    time.sleep(0.2)
    kept = b"".join(path.read_bytes() for path in server.data_dir.rglob("*") if path.is_file())
    for secret in (web_token, web_token.split(".")[2], answer["Credentials"]["SecretAccessKey"], answer["Credentials"]["SessionToken"]):
        assert secret.encode() not in kept
