"""No value, key or credential in the clear: not in files, log, audit, metrics, environment or memory.

Issue 2, acceptance 8; security.md T8 and F6; SECURITY.md for what is promised. Every canary is a row of pieces that begin
with the same mark, so one search for the mark, in all forms it may take, finds any 26 bytes of any canary.
"""
import base64, contextlib, gc, http.client, json, os, pathlib, re, resource, secrets, shutil, signal, socket, ssl, string
import subprocess, tempfile, time, urllib.request

import boto3
import botocore.config
import botocore.exceptions
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from conftest import ACCOUNT, BINARY, KEY_ID, Server, free_port

ALPHABET = string.ascii_letters + string.digits
PIECE, MARK = 16, 11
PREFIX = "secretsmanager."
TYPE = "application/x-amz-json-1.1"


def forms(text):
    """What bytes may look like where they were not meant to be: encodings, and what computing a hash leaves of them."""
    found = {
        "raw": text,
        "hex": text.hex().encode(),
        "HEX": text.hex().upper().encode(),
        "percent": "".join(f"%{byte:02x}" for byte in text).encode(),
        "PERCENT": "".join(f"%{byte:02X}" for byte in text).encode(),
        "JSON": "".join(f"\\u{byte:04x}" for byte in text).encode(),
        "escaped": "".join(f"\\x{byte:02x}" for byte in text).encode(),
        "UTF-16": b"\0".join(bytes([byte]) for byte in text),
        "UTF-32": b"\0\0\0".join(bytes([byte]) for byte in text),
        "numbers": b", ".join(str(byte).encode() for byte in text),
        "JSON numbers": b",".join(str(byte).encode() for byte in text),
        "HMAC inner pad": bytes(byte ^ 0x36 for byte in text),
        "HMAC outer pad": bytes(byte ^ 0x5C for byte in text),
    }
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + text)
        found[f"base64+{shift}"] = whole[(shift * 8 + 5) // 6 : (shift + len(text)) * 8 // 6]
    for shift in range(4):
        words = [text[at : at + 4][::-1] for at in range(shift, len(text) - 3, 4)]
        found[f"words+{shift}"] = b"".join(words)
    return found


class Mark:
    """A mark of this run, the canaries that bear it, and the search for it."""

    def __init__(self):
        self.pieces, self.count = {}, 0
        while True:
            self.text = "".join(secrets.choice(ALPHABET) for _ in range(MARK))
            self.forms = forms(self.text.encode())
            # Then base64 for URLs, and base64 escaped once more, look the same.
            if all(self.forms[f"base64+{shift}"].isalnum() for shift in range(3)):
                return

    def canary(self, label, pieces=4):
        self.count += 1
        made = [self.text + "".join(secrets.choice(ALPHABET) for _ in range(PIECE - MARK)) for _ in range(pieces)]
        self.pieces |= {piece.encode(): f"{label} (canary {self.count}, piece {place})" for place, piece in enumerate(made)}
        return "".join(made)

    def find(self, place, data, most=4):
        """Where the mark is in the data: place, form, which canary, and what stands around it."""
        hits = []
        for form, pattern in self.forms.items():
            at = data.find(pattern)
            while at >= 0 and len(hits) < most:
                which = self.pieces.get(bytes(data[at : at + PIECE]), "")
                hits.append(f"{place} at {at:#x}, {form} {which}: {bytes(data[max(at - 48, 0) : at + 64])!r}")
                at = data.find(pattern, at + PIECE)
        return hits


VALUE, NAME, PRIVATE = Mark(), Mark(), Mark()
"""Values and credentials, in no place. Names, which show that the search sees each place. What is sealed in the database."""


def until(check, seconds=10):
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.02)


# The clients.

def sdk(server, secret, region="us-east-1"):
    return boto3.client(
        "secretsmanager", endpoint_url=server.endpoint, region_name=region, aws_access_key_id=KEY_ID, aws_secret_access_key=secret,
        config=botocore.config.Config(retries={"max_attempts": 0}, parameter_validation=False),
    )


def refused(call):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    assert 400 <= caught.value.response["ResponseMetadata"]["HTTPStatusCode"] < 500
    assert VALUE.text not in str(caught.value.response), "a refusal repeats a value"


def signed(server, secret, operation, body, headers=(), key_id=KEY_ID, service="secretsmanager", token=None, path="/"):
    """Headers of a signed request."""
    content = {"Content-Type": TYPE, "X-Amz-Target": PREFIX + operation} if operation else {"Content-Type": "application/x-www-form-urlencoded"}
    request = AWSRequest("POST", server.endpoint + path, headers={**content, **dict(headers)}, data=body)
    SigV4Auth(Credentials(key_id, secret, token), service, "us-east-1").add_auth(request)
    return dict(request.headers)


class Http1:
    """A connection kept alive, until the server closes it over a body that it does not read to its end."""

    def __init__(self, server):
        kind = http.client.HTTPSConnection if server.endpoint.startswith("https") else http.client.HTTPConnection
        self.connection = kind("127.0.0.1", server.port, timeout=10)
        self.close = self.connection.close

    def ask(self, method, path, headers, body):
        try:
            self.connection.request(method, path, body=body, headers=headers)
        except ConnectionError:
            self.connection.close()
            self.connection.request(method, path, body=body, headers=headers)
        with self.connection.getresponse() as answer:
            return answer.status == 200, answer.read()


class Http2:
    """As much of HTTP/2 as these requests need: one stream after the other. RFC 9113; headers by RFC 7541, section 6.2.1,
    so that the server keeps them in its table."""

    DATA, HEADERS, RESET, SETTINGS, GOAWAY, WINDOW = 0, 1, 3, 4, 7, 8
    END_STREAM, END_HEADERS, ACK = 1, 4, 1
    FRAME_MAX = 16_384

    def __init__(self, server):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if server.endpoint.startswith("https"):
            context = ssl.create_default_context()
            context.set_alpn_protocols(["h2"])
            self.socket = context.wrap_socket(self.socket, server_hostname="127.0.0.1")
            assert self.socket.selected_alpn_protocol() == "h2"
        self.scheme, self.authority = server.endpoint.split("://")
        self.close, self.input = self.socket.close, self.socket.makefile("rb")
        # What may be sent: on the connection, on the stream, on a new stream.
        self.stream, self.room, self.stream_room, self.initial_room = -1, 65_535, 0, None
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self.send(self.SETTINGS, 0, 0, b"")
        while self.initial_room is None:
            self.take()

    def send(self, kind, flags, stream, content):
        self.socket.sendall(len(content).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + content)

    def take(self):
        head = self.input.read(9)
        assert len(head) == 9, "the server ended the connection"
        kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big")
        frame = self.input.read(int.from_bytes(head[:3], "big"))
        if kind == self.SETTINGS and not flags & self.ACK:
            settings = {frame[at + 1]: int.from_bytes(frame[at + 2 : at + 6], "big") for at in range(0, len(frame), 6)}
            self.initial_room = settings.get(4, 65_535)
            self.send(self.SETTINGS, self.ACK, 0, b"")
        if kind == self.WINDOW and stream == 0:
            self.room += int.from_bytes(frame, "big")
        if kind == self.WINDOW and stream == self.stream:
            self.stream_room += int.from_bytes(frame, "big")
        if kind == self.HEADERS:
            self.is_fine = frame[:1] == b"\x88"
        if kind == self.DATA and frame:
            self.content += frame
            self.send(self.WINDOW, 0, 0, len(frame).to_bytes(4, "big"))
        if kind in (self.HEADERS, self.DATA) and stream == self.stream:
            self.is_answered = bool(flags & self.END_STREAM)
        # An answer that does not wait for the end of the request is followed by a reset for no error.
        assert kind != self.GOAWAY and not (kind == self.RESET and any(frame)), (kind, frame)

    @staticmethod
    def text(value):
        value, length = value.encode(), b""
        if len(value) < 127:
            return bytes([len(value)]) + value
        rest = len(value) - 127
        while rest >= 128:
            length, rest = length + bytes([rest % 128 + 128]), rest // 128
        return b"\x7f" + length + bytes([rest]) + value

    def ask(self, method, path, headers, body):
        self.stream, self.stream_room = self.stream + 2, self.initial_room
        self.is_fine, self.content, self.is_answered = None, b"", False
        fields = {":method": method, ":scheme": self.scheme, ":authority": self.authority, ":path": path, **headers}
        block = b"".join(b"\x40" + self.text(name.lower()) + self.text(value) for name, value in fields.items())
        self.send(self.HEADERS, self.END_HEADERS, self.stream, block)
        for at in range(0, len(body), self.FRAME_MAX):
            part = body[at : at + self.FRAME_MAX]
            while not self.is_answered and min(self.room, self.stream_room) < len(part):
                self.take()
            if not self.is_answered:
                self.send(self.DATA, 0, self.stream, part)
                self.room, self.stream_room = self.room - len(part), self.stream_room - len(part)
        self.send(self.DATA, self.END_STREAM, self.stream, b"")
        while not self.is_answered:
            self.take()
        return self.is_fine, self.content


PASSWORDS = []
"""What GetRandomPassword gave."""


def converse(connection, requests):
    """Makes the requests over one connection, and sees that those are answered that should be."""
    with contextlib.closing(connection):
        for what, *request in requests:
            is_fine, content = connection.ask(*request)
            assert is_fine == what.startswith("fine"), (what, content)
            # AWS, too, says which action it does not know.
            assert is_fine or what == "an unknown action" or not VALUE.find("a refusal", content), (what, content)
            if what == "fine: password":
                PASSWORDS.append(json.loads(content)["RandomPassword"])


# What is done with values and credentials.

def tricky(label):
    """A text that no encoding leaves as it is, between two canaries."""
    return VALUE.canary(label) + '"\\/\n\té€\U0001f600%+ &<' + VALUE.canary(label)


def use_through_sdk(server, secret):
    """Every operation that takes or gives a value or a credential, answered and refused."""
    client, west = sdk(server, secret), sdk(server, secret, "us-west-2")
    private = {"Description": PRIVATE.canary("description"), "Tags": [{"Key": PRIVATE.canary("tag key"), "Value": PRIVATE.canary("tag value")}]}
    name = lambda: NAME.canary("name")
    text, blob, bare, gone, shared = name(), name(), name(), name(), name()
    client.create_secret(Name=text, SecretString=tricky("create, text"), **private)
    first = tricky("create, binary").encode()
    token = client.create_secret(Name=blob, SecretBinary=first)["VersionId"]
    client.create_secret(Name=bare)
    client.create_secret(Name=shared, SecretString=tricky("create, replicated"), AddReplicaRegions=[{"Region": "us-west-2"}])
    client.put_secret_value(SecretId=bare, SecretString=tricky("put, text"))
    client.put_secret_value(SecretId=bare, SecretBinary=tricky("put, binary").encode(), VersionStages=["MINE"])
    client.put_secret_value(SecretId=blob, SecretBinary=first, ClientRequestToken=token)
    client.put_secret_value(SecretId=bare, SecretString=VALUE.canary("put, long") * 1000)
    client.put_secret_value(SecretId=text, SecretString=tricky("put, rotation"), RotationToken=VALUE.canary("rotation token"))
    client.update_secret(SecretId=text, SecretString=tricky("update, text"), Description=PRIVATE.canary("description"))
    client.update_secret(SecretId=text, SecretBinary=tricky("update, binary").encode())
    policy = {"Version": "2012-10-17", "Statement": [{"Sid": PRIVATE.canary("policy"), "Effect": "Deny", "Principal": {"AWS": ACCOUNT}, "Action": "secretsmanager:CancelRotateSecret", "Resource": "*"}]}
    client.put_resource_policy(SecretId=blob, ResourcePolicy=json.dumps(policy))
    assert until(lambda: west.batch_get_secret_value(SecretIdList=[shared])["SecretValues"])
    for place in (text, bare, shared):
        client.get_secret_value(SecretId=place)
    client.get_secret_value(SecretId=bare, VersionStage="MINE")
    client.get_secret_value(SecretId=bare, VersionStage="AWSPREVIOUS")
    client.get_secret_value(SecretId=blob, VersionId=token)
    assert len(client.batch_get_secret_value(SecretIdList=[text, blob, bare, shared])["SecretValues"]) == 4
    client.create_secret(Name=gone, SecretString=tricky("deleted"))
    client.delete_secret(SecretId=gone)
    long = VALUE.canary("too long") * 1025
    for call in (
        lambda: client.put_secret_value(SecretId=gone, SecretString=tricky("put, marked for deletion")),
        lambda: client.put_secret_value(SecretId=blob, SecretString=tricky("put, token in use"), ClientRequestToken=token),
        lambda: client.put_secret_value(SecretId=name(), SecretString=tricky("put, missing")),
        lambda: client.put_secret_value(SecretId=text, SecretString=long),
        lambda: client.put_secret_value(SecretId=text, SecretBinary=long.encode()),
        lambda: client.put_secret_value(SecretId=text, SecretString=tricky("put, both"), SecretBinary=tricky("put, both").encode()),
        lambda: client.put_secret_value(SecretId=text, SecretString=tricky("put, stages"), VersionStages=[""]),
        lambda: client.put_secret_value(SecretId=text, SecretString=tricky("put, rotation"), RotationToken=VALUE.canary("token, long", 40)),
        lambda: client.create_secret(Name=text, SecretString=tricky("create, name taken")),
        lambda: client.create_secret(Name=gone, SecretString=tricky("create, marked for deletion")),
        lambda: client.create_secret(Name="not a name", SecretString=tricky("create, no name")),
        lambda: client.create_secret(Name=name(), SecretString=tricky("create, key"), KmsKeyId=f"arn:aws:kms:us-east-1:{ACCOUNT}:key/x"),
        lambda: client.create_secret(Name=name(), SecretString=tricky("create, tags"), Tags=[{"Key": "aws:x", "Value": ""}]),
        lambda: client.update_secret(SecretId=text, SecretString=long),
        lambda: client.update_secret(SecretId=name(), SecretString=tricky("update, missing")),
        lambda: west.update_secret(SecretId=shared, SecretString=tricky("update, replica")),
        lambda: sdk(server, VALUE.canary("wrong secret access key", 3)).list_secrets(),
    ):
        refused(call)
    client.delete_secret(SecretId=gone, ForceDeleteWithoutRecovery=True)
    for each in (client, west):
        each.close()
    # Connections of clients that lie in reference cycles with the exceptions they raised.
    gc.collect()


def many(server, secret, count):
    """A crowd of values, so that every thread and every buffer has had some."""
    with contextlib.ExitStack() as stack:
        talks = [stack.enter_context(contextlib.closing(Http1(server))) for _ in range(8)]
        for place in range(count):
            name = NAME.canary("name", 1)
            content = {"Name": name, "ClientRequestToken": secrets.token_hex(16), "SecretString": VALUE.canary("many")}
            for operation, members in (("CreateSecret", content), ("GetSecretValue", {"SecretId": name})):
                body = json.dumps(members).encode()
                is_fine, answer = talks[place % len(talks)].ask("POST", "/", signed(server, secret, operation, body), body)
                assert is_fine, answer


def raw_requests(server, secret):
    """(what, method, path, headers, body): requests an SDK would not send. All are refused but those called `fine`."""
    canary = VALUE.canary
    def put(what, body, headers=(), operation="PutSecretValue"):
        return what, "POST", "/", signed(server, secret, operation, body, headers), body
    def value(what, **members):
        return json.dumps({"SecretId": "x", "ClientRequestToken": "0" * 32, "SecretString": canary(what), **members}).encode()
    for what, body in {
        "cut off": f'{{"SecretId": "x", "SecretString": "{canary("cut off")}',
        "more behind": f'{{"SecretId": "x"}} "{canary("more behind")}"',
        "no JSON": canary("no JSON"),
        "a string": f'"{canary("a string")}"',
        "a list": f'["{canary("a list")}"]',
        "single quotes": f"{{'SecretString': '{canary('single quotes')}'}}",
        "no quotes": f'{{"SecretString": {canary("no quotes")}}}',
        "a bad escape": f'{{"SecretString": "{canary("a bad escape")}\\q"}}',
        "a lone surrogate": f'{{"SecretString": "\\ud800{canary("a lone surrogate")}"}}',
        "text as a structure": f'{{"SecretString": {{"a": "{canary("text as a structure")}"}}}}',
        "text as a list": f'{{"SecretString": ["{canary("text as a list")}"]}}',
        "no base64": f'{{"SecretBinary": "{canary("no base64")}!"}}',
        "a blob as a structure": f'{{"SecretBinary": {{"a": "{canary("a blob as a structure")}"}}}}',
        "an id as a structure": f'{{"SecretId": {{"a": "{canary("an id as a structure")}"}}}}',
        "a list as text": f'{{"VersionStages": "{canary("a list as text")}", "SecretString": "{canary("a list as text")}"}}',
        "given twice": f'{{"SecretString": "{canary("given twice")}", "SecretString": "{canary("given twice")}"}}',
        "too deep": '{"VersionStages": ' + "[" * 200 + f'"{canary("too deep")}"' + "]" * 200 + "}",
        "no token": f'{{"SecretId": "x", "SecretString": "{canary("no token")}"}}',
        "an unknown secret": value("an unknown secret").decode(),
        "members of no one": json.dumps({"SecretId": "x", "Password": canary("members of no one"), "Nested": [{canary("as a name"): canary("nested")}]}),
    }.items():
        yield put(what, body.encode())
    yield put("not UTF-8", b'{"SecretString": "' + canary("not UTF-8").encode() + b"\xff\xfe" + canary("not UTF-8").encode() + b'"}')
    yield put("UTF-16", f'{{"SecretString": "{canary("UTF-16")}"}}'.encode("utf-16"))
    yield put("a list of tags", f'{{"Name": "x", "Tags": ["{canary("tags")}"], "SecretString": "{canary("tags")}"}}'.encode(), operation="CreateSecret")
    for kind in ("SecretString", "SecretBinary"):
        name, content = NAME.canary("name"), canary(kind)
        shown = base64.b64encode(content.encode()).decode() if kind == "SecretBinary" else content
        body = json.dumps({"Name": name, "ClientRequestToken": secrets.token_hex(16), kind: shown}).encode()
        yield put("fine: create", body, operation="CreateSecret")
        yield put("fine: get", json.dumps({"SecretId": name}).encode(), operation="GetSecretValue")
        long = json.dumps({"SecretId": name, "ClientRequestToken": secrets.token_hex(16), kind: canary("long") * 600}).encode()
        yield put("fine: put", long)
        yield put("fine: batch", json.dumps({"SecretIdList": [name]}).encode(), operation="BatchGetSecretValue")
    yield put("fine: password", b'{"PasswordLength": 64}', operation="GetRandomPassword")
    yield put("fine: unknown members", f'{{"Password": "{canary("unknown")}"}}'.encode(), operation="ListSecrets")
    yield put("an unknown operation", value("an unknown operation"), operation=canary("operation"))

    body = value("a signature that fails")
    good = signed(server, secret, "PutSecretValue", body)
    authorization = good["Authorization"]
    for what, changed in {
        "none": {"Authorization": None},
        "another signature": {"Authorization": authorization[:-1] + ("0" if authorization[-1] != "0" else "1")},
        "another time": {"X-Amz-Date": "20200101T000000Z"},
        "another content": {"X-Amz-Target": PREFIX + "CreateSecret"},
        "bearer": {"Authorization": f"Bearer {canary('bearer')}"},
        "basic": {"Authorization": "Basic " + base64.b64encode(f"x:{canary('basic')}".encode()).decode()},
        "no parts": {"Authorization": f"AWS4-HMAC-SHA256 {canary('no parts')}"},
        "signature": {"Authorization": re.sub("Signature=.*", f"Signature={canary('signature')}", authorization)},
        "credential": {"Authorization": re.sub("Credential=[^,]*", f"Credential={canary('credential', 3)}", authorization)},
        "scope": {"Authorization": re.sub("aws4_request", canary("scope"), authorization)},
        "token": {"X-Amz-Security-Token": canary("unsigned token")},
        "hash": {"X-Amz-Content-SHA256": canary("hash")},
    }.items():
        headers = {name: text for name, text in {**good, **changed}.items() if text is not None}
        yield f"signature: {what}", "POST", "/", headers, body
    yield "signature: key", "POST", "/", signed(server, canary("another key", 3), "PutSecretValue", body), body
    # An access key id is no secret: it is looked up, and SQLite does not wipe the memory it looked it up with.
    yield "signature: key id", "POST", "/", signed(server, secret, "PutSecretValue", body, key_id=NAME.canary("key id", 2)), body
    yield "signature: session", "POST", "/", signed(server, secret, "PutSecretValue", body, token=canary("session token", 20)), body
    yield put("fine: other headers", b"{}", {"Cookie": canary("cookie"), "X-Vault-Token": canary("header")}, "ListSecrets")

    yield "a path", "POST", "/" + canary("path"), good, body
    yield "a query", "POST", "/?SecretString=" + canary("query"), good, body
    yield "a method", "PUT", "/", good, body
    for what, form in {
        "fine: form": f"Action=GetCallerIdentity&Version=2011-06-15&Password={canary('form')}",
        "an unknown action": f"Action={canary('action')}&Version=2011-06-15",
        "fine: no form": f"Action=GetCallerIdentity&Version=2011-06-15&%zz={canary('no form')}",
    }.items():
        yield what, "POST", "/", signed(server, secret, None, form.encode(), service="sts"), form.encode()
    for what, token in {"fine: presigned": None, "a presigned token": canary("presigned token", 20)}.items():
        request = AWSRequest("GET", f"{server.endpoint}/?Action=GetCallerIdentity&Version=2011-06-15&Password={canary('presigned')}")
        SigV4QueryAuth(Credentials(KEY_ID, secret, token), "sts", "us-east-1").add_auth(request)
        yield what, "GET", request.url.removeprefix(server.endpoint), {}, b""
    for what, size in {"a large body": 700_000, "a huge body": 1_000_000}.items():
        body = canary(what).encode() * (size // 64)
        yield what, "POST", "/", signed(server, secret, "PutSecretValue", body), body


def break_off(server, secret):
    """Requests that are no HTTP, or end in the middle."""
    body = json.dumps({"SecretId": "x", "SecretString": VALUE.canary("broken off")}).encode()
    head = "".join(f"{name}: {text}\r\n" for name, text in signed(server, secret, "PutSecretValue", body).items()).encode()
    canary = lambda what: VALUE.canary(what).encode()
    for sent in (
        b"POST / HTTP/1.1\r\nhost: x\r\n" + head + b"content-length: %d\r\n\r\n" % (len(body) + 1) + body,
        b"POST / HTTP/1.1\r\nhost: x\r\n" + head + b"transfer-encoding: chunked\r\n\r\n%x\r\n" % len(body) + body,
        b"POST / HTTP/1.1\r\nhost: x\r\nauthorization: " + canary("no end of the head"),
        b"GET /" + canary("no version") + b" HTTP/9.9\r\n\r\n",
        canary("no request") + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\n" + canary("no header") + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nx: " + canary("a header that is too long") * 1000 + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + canary("no frame"),
    ):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            with contextlib.suppress(OSError):
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(0.5)
                connection.recv(65536)


# Where it is looked for.

def memory(pid):
    """Every page that a debugger of root can read, in runs, with the mapping's name. More than a core dump has."""
    size = os.sysconf("SC_PAGE_SIZE")
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem, open(f"/proc/{pid}/pagemap", "rb", 0) as pagemap:
        for line in maps:
            span, mode, _, _, _, *name = line.split(maxsplit=5)
            start, end = (int(edge, 16) for edge in span.split("-"))
            if "r" not in mode or name and name[0].startswith(("[vvar", "[vsyscall")):
                continue
            pagemap.seek(start // size * 8)
            # The highest bit says present, the next swapped out: the byte that has them, of each page.
            used = pagemap.read((end - start) // size * 8)[7::8]
            for run in re.finditer(rb"[\x40-\xff]+", used):
                data, length = bytearray(), len(run[0]) * size
                mem.seek(start + run.start() * size)
                # Pages that are given back meanwhile are gone.
                with contextlib.suppress(OSError):
                    while len(data) < length:
                        data += mem.read(length - len(data))
                yield f"memory {start + run.start() * size:#x} ({mode} {''.join(name).strip()})", data


def core(pid, directory, block=1 << 20):
    """A core dump of the running process, as root can force it, without its empty blocks."""
    with tempfile.TemporaryDirectory(dir=directory) as place:
        done = subprocess.run(["gcore", "-o", f"{place}/core", str(pid)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done
        empty = bytes(block)
        with open(f"{place}/core.{pid}", "rb") as dump:
            return b"".join(part for part in iter(lambda: dump.read(block), b"") if part != empty)


def connections(server):
    """Connections that the server has open: accepted on its port, with a file descriptor."""
    rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [row for row in rows if int(row[1].split(":")[1], 16) == server.port and row[3] != "0A" and row[9] != "0"]


def all_closed(server):
    # Until it closes, a connection's buffers hold its last request: SECURITY.md.
    assert until(lambda: not connections(server)), connections(server)


def files(directory):
    return [path for path in sorted(directory.rglob("*")) if path.is_file()]


def places(server):
    """Every place but memory, by name."""
    proc, data = pathlib.Path(f"/proc/{server.process.pid}"), server.data_dir
    tail = subprocess.run([BINARY, "audit", "tail", "-n", "1000000", "--data-dir", data], capture_output=True)
    assert tail.returncode == 0, tail.stderr
    with urllib.request.urlopen(server.endpoint + "/metrics") as answer:
        metrics = answer.read()
    together = lambda paths: b"".join(path.read_bytes() for path in paths)
    database = [path for path in files(data) if path.name.startswith("strongroom.db")]
    audit = files(data / "audit")
    return {
        "database": together(database),
        "audit log": together(audit),
        "other files": together(path for path in files(data) if path not in database + audit),
        "temporary files": together(files(pathlib.Path(server.environment["TMPDIR"]))),
        "log": (data.parent / f"{data.name}.log").read_bytes(),
        "audit tail": tail.stdout,
        "metrics": metrics,
        "environment": (proc / "environ").read_bytes(),
        "arguments": (proc / "cmdline").read_bytes(),
    }


KNOWN = {"other files": b"strongroom-root-key", "log": b"strongroom serves", "metrics": b'operation="PutSecretValue",outcome="success"'}
"""What is in those places that have no names of secrets."""


def given_away(place, data):
    """Canaries, and passwords that were made, in 16 bytes at a time."""
    parts = [password[at : at + 16].encode() for password in PASSWORDS for at in range(0, len(password), 16)]
    return VALUE.find(place, data) + [f"{place}: a random password" for part in parts if part in data]


def in_memory(server):
    return [hit for name, data in memory(server.process.pid) for hit in given_away(name, data)]


class Evidence:
    """What a search of all places came to, after requests are done and their connections closed."""

    def __init__(self, server, with_core=None):
        all_closed(server)
        # What is under way in the background opens values, too.
        until(lambda: not in_memory(server), 5)
        self.left = in_memory(server)
        self.seen = {"memory": any(NAME.find(name, data) for name, data in memory(server.process.pid))}
        found = places(server)
        if with_core:
            found["core"] = core(server.process.pid, with_core)
        for place, data in found.items():
            self.left += given_away(place, data)
            self.seen[place] = KNOWN[place] in data if place in KNOWN else bool(NAME.find(place, data))
        self.private = PRIVATE.find("database", found["database"])
        self.private_seen = PRIVATE.find("audit tail", found["audit tail"])


def certificate(directory):
    """For this machine's own address, and trusted by the clients of this process."""
    done = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=strongroom",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", directory / "tls.key", "-out", directory / "tls.pem"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


FIRST, LATER, LAST = "first start, HTTP", "later start with the credential in the environment, TLS", "later start without the credential"


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """One data directory, three starts, each with a search of its own."""
    directory = tmp_path_factory.mktemp("leaks")
    temporary, secret = directory / "tmp", VALUE.canary("root secret access key", 3)
    temporary.mkdir()
    (temporary / "known").write_text(NAME.canary("temporary file"))
    (directory / "plain.toml").write_text("[metrics]\npublic = true\n")
    certificate(directory)
    (directory / "tls.toml").write_text(f"[metrics]\npublic = true\n[tls]\ncertificate = '{directory}/tls.pem'\nkey = '{directory}/tls.key'\n")
    environment = {"STRONGROOM_ROOT_SECRET_ACCESS_KEY": secret, "TMPDIR": str(temporary), "KNOWN": NAME.canary("variable"), "RUST_LOG": "trace"}
    server = Server(directory / NAME.canary("directory"), config=directory / "plain.toml", environment=environment)
    evidence = {"secret": secret, "data_dir": server.data_dir}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(directory / "tls.pem"))
        patch.setenv("AWS_CA_BUNDLE", str(directory / "tls.pem"))
        try:
            server.start()
            evidence["under way"] = search_under_way(server, secret)
            use_through_sdk(server, secret)
            for speak in (Http1, Http2):
                converse(speak(server), raw_requests(server, secret))
            break_off(server, secret)
            many(server, secret, 1000)
            evidence[FIRST] = Evidence(server, with_core=directory)
            server.stop()

            server.config, server.endpoint = directory / "tls.toml", server.endpoint.replace("http:", "https:")
            server.start()
            use_through_sdk(server, secret)
            for speak in (Http1, Http2):
                converse(speak(server), raw_requests(server, secret))
            evidence[LATER] = Evidence(server)
            server.stop()

            server.config, server.endpoint = directory / "plain.toml", server.endpoint.replace("https:", "http:")
            del environment["STRONGROOM_ROOT_SECRET_ACCESS_KEY"]
            server.environment = environment | {"STRONGROOM_ROOT_SECRET_ACCESS_KEY": ""}
            server.start()
            use_through_sdk(server, secret)
            evidence[LAST] = Evidence(server)
            server.stop()
        finally:
            if server.process.poll() is None:
                server.kill()
    return evidence


def search_under_way(server, secret):
    """What the search of memory sees while the server waits for the rest of a request: it must see that."""
    canary = VALUE.canary("under way")
    body = f'{{"SecretString": "{canary}", "SecretBinary": "{base64.b64encode(canary.encode()).decode()}'.encode()
    head = "".join(f"{name}: {text}\r\n" for name, text in signed(server, secret, "PutSecretValue", body).items())
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\nhost: x\r\n{head}content-length: {len(body) + 9}\r\n\r\n".encode() + body)
        return until(lambda: [hit for name, data in memory(server.process.pid) for hit in VALUE.find(name, data, most=100) if "under way" in hit])


# What is held of it.

def test_the_search_knows_every_form_of_a_canary():
    mark = Mark()
    canary = mark.canary("a canary")
    text = canary.encode()
    words = lambda padded: b"".join(padded[at : at + 4][::-1] for at in range(0, len(padded) - 3, 4))
    shown = [
        text, text.hex(), text.hex().upper(), json.dumps({"a": canary}), canary.encode("utf-16"), canary.encode("utf-16-be"), canary.encode("utf-32"),
        str(list(text)), json.dumps(list(text), separators=(",", ":")), "".join(f"%{byte:02x}" for byte in text),
        "".join(f"%{byte:02X}" for byte in text), "".join(f"\\u{byte:04x}" for byte in text), "".join(f"\\x{byte:02x}" for byte in text),
        bytes(byte ^ 0x36 for byte in text), bytes(byte ^ 0x5C for byte in text),
        *(base64.b64encode(b"." * shift + text) for shift in range(4)), *(base64.urlsafe_b64encode(b"." * shift + text) for shift in range(4)),
        *(words(b"." * shift + text) for shift in range(4)), text[20:46], text[-26:],
    ]
    for each in shown:
        each = each.encode() if isinstance(each, str) else each
        assert mark.find("here", b"\0" * 5000 + each + b"\0" * 5000), each
    assert "a canary (canary 1, piece 0)" in mark.find("here", b"x" + text)[0]
    assert not mark.find("here", os.urandom(1_000_000) + Mark().canary("another").encode())


def test_the_search_of_memory_sees_a_request_that_is_under_way(story):
    assert any("raw under way" in hit for hit in story["under way"]), story["under way"]


@pytest.mark.parametrize("start", (FIRST, LATER, LAST))
def test_the_search_sees_each_place(story, start):
    assert all(story[start].seen.values()), story[start].seen
    assert len(story[start].seen) == (11 if start == FIRST else 10)


@pytest.mark.parametrize("start", (FIRST, LATER, LAST))
def test_no_value_and_no_credential_is_left_anywhere(story, start):
    assert VALUE.count > 1000 and len(PASSWORDS) == 4
    assert story[start].left == [], "\n".join(story[start].left)


def test_nothing_is_left_in_the_files_of_a_stopped_server(story):
    left = [hit for path in files(story["data_dir"]) for hit in given_away(path.name, path.read_bytes())]
    assert left == [], "\n".join(left)


def test_the_database_has_no_descriptions_tags_and_policies(story):
    """SECURITY.md: the database file alone reveals names, not these."""
    assert all(story[start].private_seen for start in (FIRST, LATER, LAST)), "the audit log should have shown some"
    left = [hit for start in (FIRST, LATER, LAST) for hit in story[start].private]
    assert left == [], "\n".join(left)


class Bare(Server):
    """A server with no environment but its own, as the user it is told."""

    def __init__(self, data_dir, user=None, binary=BINARY, environment=None):
        super().__init__(data_dir, environment=environment)
        self.user, self.binary = user, binary

    def start(self):
        arguments = [self.binary, "serve", "--data-dir", self.data_dir, "--listen", f"127.0.0.1:{self.port}"]
        who = {} if self.user is None else {"user": self.user, "group": self.user, "extra_groups": []}
        with open(self.data_dir.parent / f"{self.data_dir.name}.log", "ab") as log:
            self.process = subprocess.Popen(arguments, env={"PATH": os.environ["PATH"], **self.environment}, stdout=log, stderr=log, **who)
        self.wait_ready()
        return self


@pytest.fixture
def bare(tmp_path):
    server = Bare(tmp_path / "data").start()
    yield server
    if server.process.poll() is None:
        server.kill()


def pieces_in_memory(server, what, secret):
    """Where sixteen bytes of a secret are, in any form, from every eighth on."""
    hits = []
    for name, data in memory(server.process.pid):
        for at in range(0, len(secret) - 15, 8):
            found = [form for form, pattern in forms(secret[at : at + 16]).items() if pattern in data]
            hits += [f"{what}, from byte {at}, {form}: {name}" for form in found]
    return hits


def test_a_root_credential_that_was_made_is_shown_once_and_kept_nowhere(bare):
    log = lambda: (bare.data_dir.parent / f"{bare.data_dir.name}.log").read_text()
    shown = dict(re.findall(r"export (\w+)=(.*)", log()))
    key_id, secret = shown["AWS_ACCESS_KEY_ID"], shown["AWS_SECRET_ACCESS_KEY"]
    for start in range(2):
        converse(Http1(bare), [("fine", "POST", "/", signed(bare, secret, "ListSecrets", b"{}", key_id=key_id), b"{}")])
        all_closed(bare)
        assert log().count(secret) == 1
        left = pieces_in_memory(bare, "the secret access key", secret.encode())
        assert left == [], f"start {start}:\n" + "\n".join(left)
        for path in files(bare.data_dir):
            assert secret.encode() not in path.read_bytes()
        bare.stop()
        bare.start()


def test_the_root_key_is_out_of_memory_once_the_storage_keys_are_open(bare):
    for _ in range(2):
        all_closed(bare)
        text = (bare.data_dir / "root.key").read_text().split()[1]
        left = pieces_in_memory(bare, "the root key", bytes.fromhex(text))
        assert left == [], "\n".join(left)
        assert text not in (bare.data_dir.parent / f"{bare.data_dir.name}.log").read_text()
        bare.stop()
        bare.start()


def test_a_crash_leaves_no_core(bare, tmp_path):
    limits = pathlib.Path(f"/proc/{bare.process.pid}/limits").read_text()
    assert re.search(r"^Max core file size +0 +0 ", limits, re.M), limits

    def crash(pid):
        os.kill(pid, signal.SIGABRT)
        _, status = os.waitpid(pid, 0)
        assert os.WTERMSIG(status) == signal.SIGABRT
        return os.WCOREDUMP(status)

    ordinary = subprocess.Popen(["sleep", "60"], cwd=tmp_path)
    resource.prlimit(ordinary.pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert crash(ordinary.pid), "an ordinary process leaves a core, or this says nothing: see /proc/sys/kernel/core_pattern"
    assert not crash(bare.process.pid)


def test_no_other_process_of_its_user_reads_its_memory():
    nobody, stranger = 65_534, 54_321
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        directory.chmod(0o711)
        home, binary = directory / "home", directory / "strongroom"
        home.mkdir()
        os.chown(home, nobody, nobody)
        # A program that its user cannot read has no readable memory, whatever it does itself.
        shutil.copy(BINARY, binary)
        binary.chmod(0o755)
        environment = {"STRONGROOM_ROOT_ACCESS_KEY_ID": KEY_ID, "STRONGROOM_ROOT_SECRET_ACCESS_KEY": VALUE.canary("root secret access key", 3)}
        server = Bare(home / "data", nobody, binary, environment)
        ordinary = subprocess.Popen(["sleep", "60"], user=nobody, group=nobody, extra_groups=[])
        try:
            server.start()
            def is_denied(pid, file, user):
                done = subprocess.run(["cat", f"/proc/{pid}/{file}"], user=user, group=user, extra_groups=[], capture_output=True, text=True)
                return "Permission denied" in done.stderr
            for file in ("mem", "environ", "maps"):
                assert not is_denied(ordinary.pid, file, nobody), f"{file} of an ordinary process should be readable"
                for user in (nobody, stranger):
                    assert is_denied(server.process.pid, file, user), f"user {user} reads {file}"
            assert not VALUE.find("environment", pathlib.Path(f"/proc/{server.process.pid}/environ").read_bytes())
        finally:
            for process in filter(None, (ordinary, server.process)):
                process.kill()
                process.wait()


def test_a_start_that_is_refused_does_not_repeat_a_credential(tmp_path):
    canary, damaged = VALUE.canary("refused start", 3), secrets.token_hex(32)
    (tmp_path / "unknown.toml").write_text(f'[metrics]\npublic = true\nroot_secret_access_key = "{canary}"\n')
    (tmp_path / "no.toml").write_text(f"STRONGROOM_ROOT_SECRET_ACCESS_KEY={canary}\n")
    for name, text in {"damaged": f"strongroom-root-key-v1 {damaged} 00000000\n", "swapped": canary}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "root.key").write_text(text)
        (tmp_path / name / "root.key").chmod(0o600)
    secret, key_id = "STRONGROOM_ROOT_SECRET_ACCESS_KEY", "STRONGROOM_ROOT_ACCESS_KEY_ID"
    cases = {
        "an unknown setting": (["--config", tmp_path / "unknown.toml"], {}),
        "no TOML": (["--config", tmp_path / "no.toml"], {}),
        "no key id": ([], {secret: canary}),
        "the secret as the key id": ([], {secret: canary, key_id: canary + "+"}),
        "the secret as the account": ([], {secret: canary, key_id: KEY_ID, "STRONGROOM_ACCOUNT_ID": canary}),
        "a long secret": ([], {secret: canary * 10, key_id: KEY_ID}),
        "a damaged key file": (["--data-dir", tmp_path / "damaged"], {}),
        "another key file": (["--data-dir", tmp_path / "swapped"], {}),
    }
    repeated = []
    for what, (arguments, environment) in cases.items():
        arguments = [BINARY, "serve", "--listen", f"127.0.0.1:{free_port()}", *(arguments if "--data-dir" in arguments else ["--data-dir", tmp_path / "data", *arguments])]
        done = subprocess.run(arguments, env={"PATH": os.environ["PATH"], **environment}, capture_output=True, timeout=20)
        assert done.returncode != 0 and done.stderr, (what, done)
        output = done.stdout + done.stderr
        if VALUE.find(what, output) or damaged.encode() in output:
            repeated.append((what, output))
    assert repeated == []
