"""AssumeRoleWithWebIdentity with keys that the server fetches from the issuer, over TLS under a private authority: the
issuers here are real HTTPS servers, good ones and bad ones. Codes: documented (STS API reference)."""
import datetime, http.server, json, ssl, subprocess, threading, time

import botocore.exceptions
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from conftest import ACCOUNT, BINARY, Server, free_port
from test_web_identity import EC, OTHER, RSA, as_session, assume, jwk, policy, token

# What a refusal may take: five seconds for the issuer, and some for a loaded machine.
SECONDS_MAX = 9
BAD = ["wrong", "plain", "redirect", "redirected-keys", "large", "large-keys", "garbage", "keyless", "missing"]
AWAY = ["slow", "dripping", "slow-keys", "failing"]


def certificate(name, issuer=None, key=None, hosts=()):
    """A certificate and its key, signed by another or by itself."""
    own = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.subject if issuer else subject).public_key(own.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
               .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True))
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
    return builder.sign(key or own, hashes.SHA256()), own


def pem(thing):
    if isinstance(thing, x509.Certificate):
        return thing.public_bytes(serialization.Encoding.PEM)
    return thing.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


class Issuers:
    """An HTTPS server of many issuers: the first part of a path says which, and so how it behaves."""

    def __init__(self, directory, authority, authority_key):
        self.keys, self.asked, self.over = {"keys": [jwk("rsa", RSA), jwk("ec", EC)]}, [], threading.Event()
        issuers = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuers.asked.append(self.path)
                try:
                    issuers.answer(self)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        leaf, key = certificate("localhost", authority, authority_key, hosts=["localhost"])
        chain = directory / "chain.pem"
        chain.write_bytes(pem(leaf) + pem(key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.base = f"https://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, name):
        return f"{self.base}/{name}"

    def count(self, name):
        return sum(path.startswith(f"/{name}/") for path in self.asked)

    def answer(self, request):
        name, page = request.path.strip("/").split("/", 1)
        is_keys = page == "jwks"
        status, headers, body = 200, {"Cache-Control": "max-age=3600"}, None
        if is_keys:
            content = self.keys
        else:
            content = {"issuer": self.url(name), "jwks_uri": self.url(name) + "/jwks"}
        if name == "wrong":
            content |= {"issuer": self.url("good")}
        elif name == "plain":
            content |= {"jwks_uri": content["jwks_uri"].replace("https", "http")}
        elif name == "redirect" or (name == "redirected-keys" and is_keys):
            status, headers = 302, {"Location": self.url("good") + "/" + page}
        elif name == "large" or (name == "large-keys" and is_keys):
            content = content | {"padding": "x" * 1_000_000}
        elif name == "garbage":
            body = b"<html>"
        elif name == "keyless":
            content = content if not is_keys else {"keys": []}
        elif name == "missing":
            status = 404
        elif name == "failing":
            status = 500
        elif name == "slow" or (name == "slow-keys" and is_keys):
            self.over.wait(60)
        body = body or json.dumps(content).encode()
        request.send_response(status)
        for header in headers.items():
            request.send_header(*header)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if name == "dripping":
            for octet in body:
                request.wfile.write(bytes([octet]))
                request.wfile.flush()
                if self.over.wait(0.5):
                    return
        else:
            request.wfile.write(body)

    def stop(self):
        self.over.set()
        self.server.shutdown()


@pytest.fixture(scope="module")
def issuers(tmp_path_factory):
    directory = tmp_path_factory.mktemp("issuers")
    authority, key = certificate("authority")
    issuers = Issuers(directory, authority, key)
    issuers.authority = directory / "authority.pem"
    issuers.authority.write_bytes(pem(authority))
    issuers.other_authority = directory / "other.pem"
    issuers.other_authority.write_bytes(pem(certificate("other")[0]))
    issuers.closed = f"https://localhost:{free_port()}/closed"
    issuers.by_address = issuers.url("address").replace("localhost", "127.0.0.1")
    yield issuers
    issuers.stop()


def arn(issuer):
    return f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer.removeprefix('https://')}"


def furnish(server, urls):
    iam = server.client("iam")
    for url in urls:
        iam.create_open_id_connect_provider(Url=url, ClientIDList=["app"])
    statement = {"Effect": "Allow", "Principal": {"Federated": [arn(url) for url in urls]}, "Action": "sts:AssumeRoleWithWebIdentity"}
    iam.create_role(RoleName="open", AssumeRolePolicyDocument=policy(statement))
    read = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    iam.put_role_policy(RoleName="open", PolicyName="read", PolicyDocument=policy(read))
    server.client().create_secret(Name="s", SecretString="value")


@pytest.fixture(scope="module")
def server(tmp_path_factory, issuers):
    directory = tmp_path_factory.mktemp("data")
    trusted = [issuers.url(name) for name in ["good", "rotating", *BAD, *AWAY]] + [issuers.closed, issuers.by_address]
    tables = [f'[[oidc]]\nissuer = "{url}"\nca_file = "{issuers.authority}"\n' for url in trusted]
    tables.append(f'[[oidc]]\nissuer = "{issuers.url("other")}"\nca_file = "{issuers.other_authority}"\n')
    config = directory / "strongroom.toml"
    config.write_text("".join(tables))
    server = Server(directory / "dir", config=config).start()
    furnish(server, [*trusted, issuers.url("other"), issuers.url("system")])
    # Rotation needs a minute from here on: the tests between this and that use it.
    assume(server, token(iss=issuers.url("rotating")))
    server.rotating_since = time.monotonic()
    yield server
    server.stop()


def refused(server, code, **claims):
    """The refusal's message. No caller waits longer than the issuer may take, and nothing is an error of the server's."""
    begun = time.monotonic()
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        assume(server, token(**claims))
    assert time.monotonic() - begun < SECONDS_MAX
    error = caught.value.response["Error"]
    assert (error["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]) == (code, 400), error
    return error["Message"]


def events(server, name):
    lines = subprocess.run([BINARY, "audit", "tail", "-n", "100000", "--data-dir", server.data_dir], capture_output=True, text=True, check=True).stdout
    return [event for event in map(json.loads, lines.splitlines()) if event["eventName"] == name]


def test_a_token_is_verified_with_keys_that_its_issuer_publishes(server, issuers):
    url = issuers.url("good")
    answer = assume(server, token(iss=url))
    assert answer["Provider"] == arn(url)
    assert as_session(server, answer).get_secret_value(SecretId="s")["SecretString"] == "value"
    assert assume(server, token(EC, "ES256", "ec", iss=url))["SubjectFromWebIdentityToken"] == "alice"
    refused(server, "InvalidIdentityToken", iss=url, key=OTHER)
    for _ in range(3):
        refused(server, "InvalidIdentityToken", iss=url, kid="unknown")
    assert issuers.count("good") == 2, "two pages, once: tokens that anybody can make up do not have them fetched again"


def test_an_issuer_is_named_as_it_names_itself(server, issuers):
    refused(server, "InvalidIdentityToken", iss=issuers.url("good") + "/")
    refused(server, "InvalidIdentityToken", iss=issuers.url("good").replace("localhost", "LOCALHOST"))


def test_an_issuer_without_a_provider_is_not_asked(server, issuers):
    for iss in (issuers.url("stranger"), issuers.url("good/../stranger"), issuers.url("stranger/good")):
        assert "No OpenIDConnect provider found" in refused(server, "InvalidIdentityToken", iss=iss)
    assert not [path for path in issuers.asked if "stranger" in path]


@pytest.mark.parametrize("name", BAD)
def test_an_issuer_whose_answer_is_not_right_gives_no_keys(server, issuers, name):
    assert "Couldn't retrieve verification key" in refused(server, "InvalidIdentityToken", iss=issuers.url(name))
    before = issuers.count(name)
    assert 1 <= before <= 2
    refused(server, "InvalidIdentityToken", iss=issuers.url(name))
    # Keys that are none at all are kept, like others; failures are kept for ten seconds.
    assert issuers.count(name) == before, "a failure is kept for a while"


@pytest.mark.parametrize("name", AWAY)
def test_an_issuer_that_does_not_answer_in_time_is_told_apart(server, issuers, name):
    refused(server, "IDPCommunicationError", iss=issuers.url(name))
    before = issuers.count(name)
    refused(server, "IDPCommunicationError", iss=issuers.url(name))
    assert issuers.count(name) == before, "a failure is kept for a while"


def test_an_issuer_that_nobody_serves_is_told_apart(server, issuers):
    refused(server, "IDPCommunicationError", iss=issuers.closed)


@pytest.mark.parametrize("name", ["system", "other"])
def test_a_certificate_of_an_authority_that_is_not_the_issuers_is_not_trusted(server, issuers, name):
    """`system` has no file: the operating system's authorities count, and ours is none of them."""
    refused(server, "InvalidIdentityToken", iss=issuers.url(name))
    assert issuers.count(name) == 0


def test_a_certificate_for_another_name_is_not_trusted(server, issuers):
    refused(server, "InvalidIdentityToken", iss=issuers.by_address)
    assert issuers.count("address") == 0


def test_callers_that_wait_for_a_slow_issuer_keep_nobody_else_waiting(server, issuers):
    time.sleep(10.5)
    waiting = [threading.Thread(target=lambda: refused(server, "IDPCommunicationError", iss=issuers.url("slow"))) for _ in range(8)]
    before = issuers.count("slow")
    for thread in waiting:
        thread.start()
    begun = time.monotonic()
    assume(server, token(iss=issuers.url("good")))
    assert server.client().get_secret_value(SecretId="s")["SecretString"] == "value"
    assert time.monotonic() - begun < 3
    for thread in waiting:
        thread.join()
    assert issuers.count("slow") == before + 1, "one asks for all"


def test_the_audit_log_tells_whose_token_it_was(server, issuers):
    url = issuers.url("good")
    answer = assume(server, token(iss=url, sub="audited"))
    as_session(server, answer).get_secret_value(SecretId="s")
    refused(server, "InvalidIdentityToken", iss=url, sub="forged", key=OTHER)
    time.sleep(0.2)
    found = events(server, "AssumeRoleWithWebIdentity")
    # Documented: IAM user guide, "Example OIDC AWS STS API event in CloudTrail log file".
    event = [event for event in found if event["userIdentity"].get("userName") == "audited"][-1]
    assert event["userIdentity"] == {"type": "WebIdentityUser", "principalId": f"{arn(url)}:app:audited", "userName": "audited", "identityProvider": arn(url)}
    assert event["readOnly"] is True and event["responseElements"]["subjectFromWebIdentityToken"] == "audited"
    assert event["recipientAccountId"] == ACCOUNT and event["resources"][0]["ARN"] == f"arn:aws:iam::{ACCOUNT}:role/open"
    assert "forged" not in json.dumps(found), "what is not verified names nobody"
    assert found[-1]["errorCode"] == "InvalidIdentityToken" and found[-1]["userIdentity"]["type"] == "Unknown"
    used = events(server, "GetSecretValue")[-1]["userIdentity"]
    assert used["type"] == "AssumedRole"
    assert used["sessionContext"]["webIdFederationData"] == {"federatedProvider": arn(url), "attributes": {}}


def test_an_operator_who_says_so_has_no_issuer_asked(tmp_path_factory, issuers):
    directory = tmp_path_factory.mktemp("closed")
    config = directory / "strongroom.toml"
    config.write_text("oidc_fetch = false\n")
    server = Server(directory / "dir", config=config).start()
    try:
        furnish(server, [issuers.url("unasked"), issuers.closed])
        refused(server, "InvalidIdentityToken", iss=issuers.url("unasked"))
        refused(server, "InvalidIdentityToken", iss=issuers.closed)
        assert issuers.count("unasked") == 0
    finally:
        server.stop()


def test_a_key_that_the_issuer_has_changed_is_taken_within_a_minute(server, issuers):
    url, new = issuers.url("rotating"), dict(key=OTHER, kid="new", iss=issuers.url("rotating"))
    issuers.keys = {"keys": [jwk("new", OTHER), jwk("ec", EC)]}
    try:
        time.sleep(max(0, server.rotating_since + 61 - time.monotonic()))
        assert assume(server, token(**new))["Provider"] == arn(url)
        assert issuers.count("rotating") == 4
        refused(server, "InvalidIdentityToken", iss=url)
        assert issuers.count("rotating") == 4, "the old key is gone, and nobody asks for it again at once"
    finally:
        issuers.keys = {"keys": [jwk("rsa", RSA), jwk("ec", EC)]}
