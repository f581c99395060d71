"""How a case is written, and the cast that appears in most of them."""
import json

OWNER, OTHER, THIRD = "123456789012", "210987654321", "555555555555"
ALICE, BOB = f"arn:aws:iam::{OWNER}:user/alice", f"arn:aws:iam::{OWNER}:user/bob"
CAROL = f"arn:aws:iam::{OWNER}:user/eng/carol"
STRANGER = f"arn:aws:iam::{OTHER}:user/stranger"
ROOT, OTHER_ROOT = f"arn:aws:iam::{OWNER}:root", f"arn:aws:iam::{OTHER}:root"
ROLE, SESSION = f"arn:aws:iam::{OWNER}:role/app", f"arn:aws:sts::{OWNER}:assumed-role/app/i-1"
SESSION_TWO = f"arn:aws:sts::{OWNER}:assumed-role/app/i-2"
OTHER_ROLE, OTHER_SESSION = f"arn:aws:iam::{OTHER}:role/app", f"arn:aws:sts::{OTHER}:assumed-role/app/i-1"
FEDERATED = f"arn:aws:sts::{OWNER}:federated-user/fay"
SECRET = f"arn:aws:secretsmanager:us-east-1:{OWNER}:secret:prod/db-a1B2c3"
GET, PUT, DESCRIBE = "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:DescribeSecret"

ALLOWED, EXPLICIT, IMPLICIT, MALFORMED = "Allowed", "ExplicitlyDenied", "ImplicitlyDenied", "Malformed"
DOCUMENTED, INFERRED = "documented", "inferred"


def inner(sentence):
    """A sentence as the second half of another: without its capital, unless its first word is a name."""
    first = sentence.split()[0]
    return sentence if any(letter.isupper() for letter in first[1:]) or first in ("Null", "Bool") else sentence[0].lower() + sentence[1:]


class Raw(str):
    """JSON that must be written as it stands (duplicate members, odd numbers)."""


def statement(effect="Allow", action=GET, resource="*", **elements):
    built = {"Effect": effect}
    if action is not None:
        built["Action"] = action
    if resource is not None:
        built["Resource"] = resource
    built.update(elements)
    return built


def allow(action=GET, resource="*", **elements):
    return statement("Allow", action, resource, **elements)


def deny(action=GET, resource="*", **elements):
    return statement("Deny", action, resource, **elements)


def policy(*statements, version="2012-10-17"):
    body = {"Statement": list(statements)}
    return {"Version": version, **body} if version else body


EVERYTHING = policy(allow("*"))
GRANT = policy(allow())
NOTHING = policy(allow("s3:GetObject"))
REFUSAL = policy(deny())


class Table:
    """One file of cases. `add` numbers them within their section."""

    def __init__(self, name):
        self.name, self.cases, self.counts = name, [], {}

    def add(self, section, expected, reason, sure=DOCUMENTED, *, principal=ALICE, action=GET, resource=SECRET,
            account=OWNER, context=None, identity=(), boundary=None, session=None, resource_policy=None):
        number = self.counts[section] = self.counts.get(section, 0) + 1
        assert expected in (ALLOWED, EXPLICIT, IMPLICIT, MALFORMED) and sure in (DOCUMENTED, INFERRED), (section, number)
        assert reason.endswith(".") and len(reason) > 12, reason
        self.cases.append({
            "id": f"{self.name}/{section}-{number:02}",
            "principal": principal, "action": action, "resource": resource, "account": account,
            "context": context or {}, "identity": list(identity), "boundary": boundary, "session": session,
            "resourcePolicy": resource_policy, "expected": expected, "reason": reason, "sure": sure,
        })

    def matched(self, section, built, matches, reason, sure=DOCUMENTED, **request):
        """A statement's match seen through Allow: allowed or not, nothing else grants."""
        self.add(section, ALLOWED if matches else IMPLICIT, reason, sure, identity=[policy(built)], **request)

    def refused(self, section, built, matches, reason, sure=DOCUMENTED, **request):
        """The same match seen through Deny, beside a policy that allows all."""
        self.add(section, EXPLICIT if matches else ALLOWED, reason, sure, identity=[EVERYTHING, policy(built)], **request)


def encoded(case):
    """One line of JSON; raw parts as they stand."""
    raws = []

    def marked(value):
        if isinstance(value, Raw):
            raws.append(str(value))
            return f"\x01{len(raws) - 1}\x01"
        if isinstance(value, dict):
            return {key: marked(inner) for key, inner in value.items()}
        return [marked(inner) for inner in value] if isinstance(value, (list, tuple)) else value

    text = json.dumps(marked(case), ensure_ascii=False, separators=(",", ":"))
    for number, raw in enumerate(raws):
        text = text.replace(f'"\\u0001{number}\\u0001"', raw)
    return text
