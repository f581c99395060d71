"""Resource and NotResource. Source: "IAM JSON policy elements: Resource", "NotResource", "Identify AWS resources with ARNs"."""
from .form import *

BASE = f"arn:aws:secretsmanager:us-east-1:{OWNER}:secret:"
BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"

WHOLE = "An ARN without wildcards matches that resource alone."
STAR = "An asterisk in an ARN segment stands for any combination of characters, none included."
MARK = "A question mark in an ARN stands for any single character."
SLASH = "An asterisk expands over slashes too: a slash is a character like any other."
CASE = "Resource ARNs are compared with regard to case."
SEGMENT = "Each segment of the ARN must match: partition, service, region, account and resource."
ANY = "The resource * covers every resource."
DOTS = "Only * and ? are special in an ARN; every other character stands for itself."
SUFFIX = "Six question marks stand for the six characters that Secrets Manager appends to a secret's name."
MISSING = "AWS completes an incomplete ARN in an identity-based policy with * for each missing field."

ROWS = [
    (SECRET, SECRET, True, WHOLE),
    (BASE + "prod/db-a1B2c4", SECRET, False, WHOLE),
    (BASE + "prod/db", SECRET, False, WHOLE),
    (SECRET + "x", SECRET, False, WHOLE),
    (BASE + "prod", SECRET, False, WHOLE),
    ("*", SECRET, True, ANY),
    ("*", BUCKET + "/x", True, ANY),
    ("*", "*", True, ANY),
    (BASE + "*", SECRET, True, STAR),
    (BASE + "prod/*", SECRET, True, STAR),
    (BASE + "prod*", SECRET, True, STAR),
    (BASE + "prod/db*", SECRET, True, STAR),
    (BASE + "prod/db-*", SECRET, True, STAR),
    (BASE + "prod/db-a1B2c3*", SECRET, True, STAR),
    (BASE + "*prod/db-a1B2c3", SECRET, True, STAR),
    (BASE + "*/db-*", SECRET, True, STAR),
    (BASE + "*db*", SECRET, True, STAR),
    (BASE + "p*d/d*-*3", SECRET, True, STAR),
    (BASE + "test/*", SECRET, False, STAR),
    (BASE + "prod/*", BASE + "production/db-a1B2c3", False, STAR),
    (BASE + "prod*", BASE + "production/db-a1B2c3", True, STAR),
    (BASE + "prod/*", BASE + "prod-a1B2c3", False, STAR),
    (BASE + "prod/*-c3", SECRET, False, STAR),
    (BASE + "prod/*/x*", SECRET, False, STAR),
    (BASE + "**", SECRET, True, STAR),
    (f"arn:aws:secretsmanager:*:{OWNER}:secret:prod/*", SECRET, True, STAR),
    ("arn:aws:secretsmanager:us-east-1:*:secret:prod/*", SECRET, True, STAR),
    ("arn:aws:secretsmanager:*:*:secret:*", SECRET, True, STAR),
    ("arn:aws:secretsmanager:*:*:*", SECRET, True, STAR),
    (f"arn:aws:secretsmanager:us-*:{OWNER}:secret:prod/*", SECRET, True, STAR),
    (f"arn:aws:secretsmanager:us-*-1:{OWNER}:secret:prod/*", SECRET, True, STAR),
    (f"arn:aws:secretsmanager:*-1:{OWNER}:secret:prod/*", SECRET, True, STAR),
    (f"arn:aws:secretsmanager:eu-*:{OWNER}:secret:prod/*", SECRET, False, STAR),
    (f"arn:aws:secretsmanager:us-*-2:{OWNER}:secret:prod/*", SECRET, False, STAR),
    ("arn:aws:secretsmanager:us-east-1:1234*:secret:*", SECRET, True, STAR),
    ("arn:aws:secretsmanager:us-east-1:*9012:secret:*", SECRET, True, STAR),
    ("arn:aws:secretsmanager:us-east-1:9*:secret:*", SECRET, False, STAR),
    (BASE + "prod/db-??????", SECRET, True, SUFFIX),
    (BASE + "prod/db-??????", BASE + "prod/db-a1B2c", False, SUFFIX),
    (BASE + "prod/db-??????", BASE + "prod/db-a1B2c3d", False, SUFFIX),
    (BASE + "prod/db-??????", BASE + "prod/db-backup-a1B2c3", False, SUFFIX),
    (BASE + "prod/db-*", BASE + "prod/db-backup-a1B2c3", True, STAR),
    (BASE + "prod/??-??????", SECRET, True, SUFFIX),
    (BASE + "prod/?-??????", SECRET, False, SUFFIX),
    (BASE + "????/db-a1B2c3", SECRET, True, MARK),
    (BASE + "???/db-a1B2c3", SECRET, False, MARK),
    (BASE + "prod/db-a1B2c?", SECRET, True, MARK),
    (BASE + "prod/db-a1B2c3?", SECRET, False, MARK),
    (BASE + "prod?db-a1B2c3", SECRET, True, MARK),
    (BASE + "prod/?*", SECRET, True, MARK),
    (BASE + "prod/?*", BASE + "prod/", False, MARK),
    (f"arn:aws:secretsmanager:us-east-?:{OWNER}:secret:*", SECRET, True, MARK),
    (f"arn:aws:secretsmanager:us-east-??:{OWNER}:secret:*", SECRET, False, MARK),
    ("arn:aws:secretsmanager:us-east-1:????????????:secret:*", SECRET, True, MARK),
    ("arn:aws:secretsmanager:us-east-1:???????????:secret:*", SECRET, False, MARK),
    (BASE + "Prod/*", SECRET, False, CASE),
    (BASE + "prod/DB-*", SECRET, False, CASE),
    (BASE + "prod/db-A1B2C3", SECRET, False, CASE),
    (f"arn:aws:secretsmanager:US-EAST-1:{OWNER}:secret:*", SECRET, False, CASE),
    (f"arn:aws:secretsmanager:us-west-2:{OWNER}:secret:prod/*", SECRET, False, SEGMENT),
    (f"arn:aws:secretsmanager:us-east-1:{OTHER}:secret:prod/*", SECRET, False, SEGMENT),
    (f"arn:aws-cn:secretsmanager:us-east-1:{OWNER}:secret:prod/*", SECRET, False, SEGMENT),
    (f"arn:aws-us-gov:secretsmanager:us-east-1:{OWNER}:secret:prod/*", SECRET, False, SEGMENT),
    (f"arn:aws:kms:us-east-1:{OWNER}:secret:prod/*", SECRET, False, SEGMENT),
    (f"arn:aws:secretsmanager:us-east-1:{OWNER}:key:prod/*", SECRET, False, SEGMENT),
    (f"arn:aws-cn:secretsmanager:cn-north-1:{OWNER}:secret:*", f"arn:aws-cn:secretsmanager:cn-north-1:{OWNER}:secret:x-a1B2c3", True, SEGMENT),
    (BASE + "a.b-*", BASE + "a.b-a1B2c3", True, DOTS),
    (BASE + "a.b-*", BASE + "axb-a1B2c3", False, DOTS),
    (BASE + "a+b-*", BASE + "aab-a1B2c3", False, DOTS),
    (BASE + "a+b-*", BASE + "a+b-a1B2c3", True, DOTS),
    (BASE + "a@b=c_d-*", BASE + "a@b=c_d-a1B2c3", True, DOTS),
    (BASE + "prod/../x", BASE + "x", False, DOTS),
    (BASE + "prod/*", BASE + "prod/../test/db-a1B2c3", True, SLASH),
    (BASE + "prod/*/db-*", BASE + "prod/eu/west/db-a1B2c3", True, SLASH),
    (BASE + "prod/*/db-*", BASE + "prod//db-a1B2c3", True, SLASH),
    (BASE + "prod/*/db-*", SECRET, False, SLASH),
    (BUCKET + "/*", BUCKET + "/a/b", True, SLASH),
    (BUCKET + "/*", BUCKET, False, STAR),
    # The Resource page's own list.
    (BUCKET + "/*/test/*", BUCKET + "/1/test/object.jpg", True, SLASH),
    (BUCKET + "/*/test/*", BUCKET + "/1/2/test/object.jpg", True, SLASH),
    (BUCKET + "/*/test/*", BUCKET + "/1/2/test/3/object.jpg", True, SLASH),
    (BUCKET + "/*/test/*", BUCKET + "/1/2/3/test/4/object.jpg", True, SLASH),
    (BUCKET + "/*/test/*", BUCKET + "/1///test///object.jpg", True, SLASH),
    (BUCKET + "/*/test/*", BUCKET + "/1/test/.jpg", True, SLASH),
    (BUCKET + "/*/test/*", BUCKET + "//test/object.jpg", True, SLASH),
    (BUCKET + "/*/test/*", BUCKET + "/1/test/", True, SLASH),
    (BUCKET + "/*/test/*", BUCKET + "/1-test/object.jpg", False, SLASH),
    (BUCKET + "/*/test/*", BUCKET + "/test/object.jpg", False, SLASH),
    (BUCKET + "/*/test/*", BUCKET + "/1/2/test.jpg", False, SLASH),
    # The paths of "Identify AWS resources with Amazon Resource Names".
    (f"arn:aws:iam::{OWNER}:role/*", f"arn:aws:iam::{OWNER}:role/x", True, STAR),
    (f"arn:aws:iam::{OWNER}:role/service-*", f"arn:aws:iam::{OWNER}:role/service-test", True, STAR),
    (f"arn:aws:iam::{OWNER}:role/service-*", f"arn:aws:iam::{OWNER}:role/other", False, STAR),
    (f"arn:aws:iam::{OWNER}:user/accounting/*", f"arn:aws:iam::{OWNER}:user/accounting/eu/ann", True, SLASH),
    (f"arn:aws:iam::{OWNER}:user/Bob", f"arn:aws:iam::{OWNER}:user/bob", False, CASE),
    ("arn:aws:s3:::amzn-s3-demo-bucket/????-test", BUCKET + "/1234-test", True, MARK),
    ("arn:aws:s3:::amzn-s3-demo-bucket/????-test", BUCKET + "/a100-test", True, MARK),
    ("arn:aws:s3:::amzn-s3-demo-bucket/????-test", BUCKET + "/12345-test", False, MARK),
    ([BASE + "test/*", BASE + "prod/*"], SECRET, True, "A list of resources matches if any of them does."),
    ([BASE + "test/*", BASE + "dev/*"], SECRET, False, "A list of resources matches if any of them does."),
    ([SECRET], SECRET, True, "A list of resources matches if any of them does."),
    (BASE + "*", "*", False, "An action that works on no resource is covered by the resource * alone."),
    ("arn:aws:secretsmanager:*:*:secret:*", "*", False, "An action that works on no resource is covered by the resource * alone."),
]


def tables():
    table = Table("resources")
    for pattern, resource, matches, rule in ROWS:
        action = "secretsmanager:ListSecrets" if resource == "*" else GET
        table.matched("allow", allow("*", pattern), matches, rule, action=action, resource=resource)
    hard = BASE + "*a" * 14 + "*b"
    table.matched("allow", allow("*", hard), False, STAR, resource=BASE + "a" * 60)
    table.matched("allow", allow("*", hard), True, STAR, resource=BASE + "a" * 60 + "b")
    for pattern, resource, matches, rule in ROWS[2::4]:
        table.refused("deny", deny("*", pattern), matches, f"{rule[:-1]}, for a Deny as for an Allow.", resource=resource)
    located = [row for row in ROWS if row[1] != "*"]
    for pattern, resource, matches, rule in located[0::3]:
        table.matched("not-allow", allow("*", None, NotResource=pattern), not matches,
                      f"NotResource covers every resource but those it lists; {inner(rule)}", resource=resource)
    for pattern, resource, matches, rule in located[1::4]:
        table.refused("not-deny", deny("*", None, NotResource=pattern), not matches,
                      f"Deny with NotResource denies all but the listed resources; {inner(rule)}", resource=resource)
    both = "A statement applies only where its action and its resource both match."
    table.add("both", IMPLICIT, both, identity=[policy(allow(PUT, SECRET), allow(GET, BASE + "test/*"))])
    table.add("both", IMPLICIT, both, identity=[policy(allow(PUT, SECRET)), policy(allow(GET, BASE + "test/*"))])
    table.add("both", ALLOWED, both, identity=[policy(allow([PUT, GET], [BASE + "test/*", SECRET]))])
    table.add("both", ALLOWED, "A Deny of another resource does not touch this one.",
              identity=[policy(allow("*"), deny("*", BASE + "test/*"))])
    table.add("both", EXPLICIT, "A Deny of a wider resource overrides an Allow of the exact one.",
              identity=[policy(allow(GET, SECRET), deny("*", BASE + "*"))])
    table.add("both", EXPLICIT, "A Deny of the exact resource overrides an Allow of all.",
              identity=[policy(allow("*"), deny("*", SECRET))])
    for short in ("arn:aws:secretsmanager", "arn:aws:secretsmanager:us-east-1", "arn:aws:secretsmanager:*",
                  "arn:aws:secretsmanager:us-*"):
        table.add("incomplete", ALLOWED, MISSING, identity=[policy(allow(GET, short))])
        table.add("incomplete", EXPLICIT, MISSING, identity=[EVERYTHING, policy(deny(GET, short))])
    for short in ("arn:aws:kms", "arn:aws:secretsmanager:eu-west-1", "arn:aws:secretsmanager:eu-*"):
        table.add("incomplete", IMPLICIT, MISSING, identity=[policy(allow(GET, short))])
        table.add("incomplete", ALLOWED, MISSING, identity=[EVERYTHING, policy(deny(GET, short))])
    table.add("incomplete", MALFORMED, "Session policies do not support incomplete ARNs: MalformedPolicyDocument.",
              principal=SESSION, identity=[EVERYTHING], session=policy(allow(GET, "arn:aws:secretsmanager")))
    table.add("incomplete", MALFORMED, "Session policies do not support incomplete ARNs: MalformedPolicyDocument.",
              principal=SESSION, identity=[EVERYTHING], session=policy(allow("*"), deny(GET, "arn:aws:kms:us-east-1")))
    # In a resource-based policy the resource must match just so.
    attached = "A statement of a resource-based policy applies where its Resource matches the resource it is attached to."
    for pattern, matches in ((SECRET, True), ("*", True), (BASE + "prod/*", True), (BASE + "test/*", False),
                             (f"arn:aws:secretsmanager:us-east-1:{OTHER}:secret:*", False), (BASE + "prod/db-??????", True)):
        built = policy(allow(GET, pattern, Principal={"AWS": ALICE}))
        table.add("attached", ALLOWED if matches else IMPLICIT, attached, resource_policy=built)
        built = policy(deny(GET, pattern, Principal="*"))
        table.add("attached", EXPLICIT if matches else ALLOWED, attached, identity=[EVERYTHING], resource_policy=built)
        built = policy(allow(GET, None, NotResource=pattern, Principal={"AWS": ALICE}))
        table.add("attached", IMPLICIT if matches else ALLOWED, attached, resource_policy=built)
    return [table]
