"""Raw HTTP requests for Secrets Manager, signed with SigV4, with the headers that an AWS SDK sends."""
import datetime
import hashlib
import hmac
import json
import random
import urllib.parse
import uuid

ACCOUNT, KEY_ID, SECRET_KEY = "123456789012", "AKIABENCH00000000000", "benchsecret" + "0" * 29
REGION, SERVICE, MEDIA_TYPE = "us-east-1", "secretsmanager", "application/x-amz-json-1.1"
SEPARATOR = b"\n%%--%%\n"
VALUE_BYTES = 200
PAGE = 20
OPERATIONS = {"get": "GetSecretValue", "session": "GetSecretValue", "keyed": "GetSecretValue", "list": "ListSecrets", "put": "PutSecretValue",
              "create": "CreateSecret"}
AGENT = "aws-sdk-rust/1.3.9 ua/2.1 api/secretsmanager#1.80.0 os/linux lang/rust#1.88.0 md/bench"


def name(number):
    return f"bench/s{number:07d}"


def body(operation, chosen, rng):
    """The request's body: `chosen` is a secret's number, or for list a page token (None: the first page)."""
    if operation == "list":
        return {"MaxResults": PAGE} if chosen is None else {"MaxResults": PAGE, "NextToken": chosen}
    if operation in ("get", "session", "keyed"):
        return {"SecretId": name(chosen)}
    value = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=VALUE_BYTES))
    token = str(uuid.UUID(int=rng.getrandbits(128)))
    subject = {"Name": name(chosen)} if operation == "create" else {"SecretId": name(chosen)}
    return {**subject, "SecretString": value, "ClientRequestToken": token}


class Signer:
    """Signs as of now: a server takes what it signed for five minutes. `credential`: key id, secret, session token."""

    def __init__(self, host, seed, credential=(KEY_ID, SECRET_KEY, None), service=SERVICE):
        self.host, self.rng, self.service = host, random.Random(seed), service
        self.key_id, secret, self.token = credential
        self.time = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        self.scope = f"{self.time[:8]}/{REGION}/{service}/aws4_request"
        self.key = ("AWS4" + secret).encode()
        for part in self.scope.split("/"):
            self.key = hmac.digest(self.key, part.encode(), "sha256")

    def request(self, operation, chosen):
        """A request of Secrets Manager."""
        return self.json(f"{SERVICE}.{OPERATIONS[operation]}", body(operation, chosen, self.rng))

    def json(self, target, members):
        """A request of a JSON service."""
        return self.signed(json.dumps(members).encode(), {"content-type": MEDIA_TYPE, "x-amz-target": target})

    def form(self, parameters):
        """A request of a query service."""
        content = urllib.parse.urlencode(parameters).encode()
        return self.signed(content, {"content-type": "application/x-www-form-urlencoded"})

    def signed(self, content, headers):
        signed = {**headers, "host": self.host, "x-amz-date": self.time}
        if self.token:
            signed["x-amz-security-token"] = self.token
        signed = dict(sorted(signed.items()))
        names = ";".join(signed)
        canonical = "".join(f"{key}:{value}\n" for key, value in signed.items())
        canonical = f"POST\n/\n\n{canonical}\n{names}\n{hashlib.sha256(content).hexdigest()}"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{self.time}\n{self.scope}\n{digest}"
        signature = hmac.digest(self.key, to_sign.encode(), "sha256").hex()
        credential = f"Credential={self.key_id}/{self.scope}"
        sent = {
            **signed,
            "authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={signature}",
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


ROLE, POLICIES = "bench", 5
TRUST = {"Version": "2012-10-17", "Statement": {
    "Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}}


def policy(number):
    """One of the role's policies; the last of them allows, and holds for this machine and account only."""
    statements = [{"Effect": "Allow", "Action": "secretsmanager:DescribeSecret",
                   "Resource": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:team-{number}/app-{each}/*"}
                  for each in range(20)]
    if number == POLICIES - 1:
        statements.append({"Effect": "Allow", "Action": "secretsmanager:GetSecretValue",
                           "Resource": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:bench/*",
                           "Condition": {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"},
                                         "StringEquals": {"aws:PrincipalAccount": ACCOUNT}}})
    return {"Version": "2012-10-17", "Statement": statements}


def role_requests():
    """What makes the role and the user who assumes it, each with its service, in order. Roots may not assume roles: from
    the user's access key on, the user asks."""
    user = {"Version": "2010-05-08", "UserName": ROLE}
    may = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}
    yield "iam", {"Action": "CreateUser", **user}
    yield "iam", {"Action": "PutUserPolicy", **user, "PolicyName": ROLE, "PolicyDocument": json.dumps(may)}
    yield "iam", {"Action": "CreateRole", "Version": "2010-05-08", "RoleName": ROLE, "AssumeRolePolicyDocument": json.dumps(TRUST)}
    for number in range(POLICIES):
        name = f"{ROLE}-{number}"
        yield "iam", {"Action": "CreatePolicy", "Version": "2010-05-08", "PolicyName": name,
                      "PolicyDocument": json.dumps(policy(number))}
        yield "iam", {"Action": "AttachRolePolicy", "Version": "2010-05-08", "RoleName": ROLE,
                      "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/{name}"}
    yield "iam", {"Action": "CreateAccessKey", **user}
    yield "sts", {"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{ROLE}",
                  "RoleSessionName": "bench"}
