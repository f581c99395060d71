"""Raw HTTP requests for Secrets Manager, signed with SigV4, with the headers that an AWS SDK sends."""
import datetime
import hashlib
import hmac
import json
import random
import uuid

ACCOUNT, KEY_ID, SECRET_KEY = "123456789012", "AKIABENCH00000000000", "benchsecret" + "0" * 29
REGION, SERVICE, MEDIA_TYPE = "us-east-1", "secretsmanager", "application/x-amz-json-1.1"
SEPARATOR = b"\n%%--%%\n"
VALUE_BYTES = 200
PAGE = 20
OPERATIONS = {"get": "GetSecretValue", "list": "ListSecrets", "put": "PutSecretValue", "create": "CreateSecret"}
AGENT = "aws-sdk-rust/1.3.9 ua/2.1 api/secretsmanager#1.80.0 os/linux lang/rust#1.88.0 md/bench"


def name(number):
    return f"bench/s{number:07d}"


def body(operation, chosen, rng):
    """The request's body: `chosen` is a secret's number, or for list a page token (None: the first page)."""
    if operation == "list":
        return {"MaxResults": PAGE} if chosen is None else {"MaxResults": PAGE, "NextToken": chosen}
    if operation == "get":
        return {"SecretId": name(chosen)}
    value = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=VALUE_BYTES))
    token = str(uuid.UUID(int=rng.getrandbits(128)))
    subject = {"Name": name(chosen)} if operation == "create" else {"SecretId": name(chosen)}
    return {**subject, "SecretString": value, "ClientRequestToken": token}


class Signer:
    """Signs as of now: a server takes what it signed for five minutes."""

    def __init__(self, host, seed):
        self.host, self.rng = host, random.Random(seed)
        self.time = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        self.scope = f"{self.time[:8]}/{REGION}/{SERVICE}/aws4_request"
        self.key = ("AWS4" + SECRET_KEY).encode()
        for part in self.scope.split("/"):
            self.key = hmac.digest(self.key, part.encode(), "sha256")

    def request(self, operation, chosen):
        content = json.dumps(body(operation, chosen, self.rng)).encode()
        signed = {"content-type": MEDIA_TYPE, "host": self.host, "x-amz-date": self.time,
                  "x-amz-target": f"{SERVICE}.{OPERATIONS[operation]}"}
        headers = "".join(f"{key}:{value}\n" for key, value in signed.items())
        names = ";".join(signed)
        canonical = f"POST\n/\n\n{headers}\n{names}\n{hashlib.sha256(content).hexdigest()}"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{self.time}\n{self.scope}\n{digest}"
        signature = hmac.digest(self.key, to_sign.encode(), "sha256").hex()
        sent = {
            **signed,
            "authorization": f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{self.scope}, SignedHeaders={names}, Signature={signature}",
            "user-agent": AGENT,
            "x-amz-user-agent": AGENT,
            "amz-sdk-invocation-id": str(uuid.UUID(int=self.rng.getrandbits(128))),
            "amz-sdk-request": "attempt=1; max=3",
            "accept-encoding": "identity",
            "accept": "*/*",
            "content-length": str(len(content)),
        }
        head = "".join(f"{key}: {value}\r\n" for key, value in sent.items())
        return f"POST / HTTP/1.1\r\n{head}\r\n".encode() + content
