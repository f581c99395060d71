"""Date and IP address operators. Source: "IAM JSON policy elements: Condition operators", W3C NOTE-datetime."""
from .form import *
from .tested import *

NOW = "aws:CurrentTime"
FORMS = "A date is written in one of the W3C forms of ISO 8601 or in epoch seconds; what counts is the moment."
ZONE = "An offset from UTC belongs to the moment: the same moment may be written in several zones."
WINDOW = "Several operators of one condition are joined by a logical AND."

# value, request, the request's place against the value
PAIRS = [
    ("2026-11-24T12:00:00Z", "2026-11-24T12:00:00Z", "=", FORMS),
    ("2026-11-24T12:00:00Z", "2026-11-24T11:59:59Z", "<", FORMS),
    ("2026-11-24T12:00:00Z", "2026-11-24T12:00:01Z", ">", FORMS),
    ("2026-11-24T12:00:00Z", "2026-11-25T00:00:00Z", ">", FORMS),
    ("2026-11-24T12:00:00Z", "2025-12-31T23:59:59Z", "<", FORMS),
    ("2026-11-24T12:00:00Z", "1795521600", "=", FORMS),
    ("1795521600", "2026-11-24T12:00:00Z", "=", FORMS),
    ("1795521600", "1795521600", "=", FORMS),
    ("1795521600", "1795521599", "<", FORMS),
    ("1795521600", "1795521601", ">", FORMS),
    ("2026-11-24T12:00:00Z", "1795521601", ">", FORMS),
    ("2026-11-24T12:00:00Z", "999999999", "<", "Epoch seconds are ordered as moments, not as text."),
    ("2026-11-24T14:00:00+02:00", "2026-11-24T12:00:00Z", "=", ZONE),
    ("2026-11-24T07:00:00-05:00", "2026-11-24T12:00:00Z", "=", ZONE),
    ("2026-11-24T12:00:00+02:00", "2026-11-24T11:00:00Z", ">", ZONE),
    ("2026-11-24T12:00:00-05:00", "2026-11-24T16:59:59Z", "<", ZONE),
    ("2026-11-25T01:00:00+02:00", "2026-11-24T23:30:00Z", ">", ZONE),
    ("2026-11-24", "2026-11-24T00:00:00Z", "=", "A date without a time is the start of that day in UTC."),
    ("2026-11-24", "2026-11-24T00:00:01Z", ">", "A date without a time is the start of that day in UTC."),
    ("2026-11-24", "2026-11-23T23:59:59Z", "<", "A date without a time is the start of that day in UTC."),
    ("2026-11-24T12:00Z", "2026-11-24T12:00:00Z", "=", "The W3C forms allow a time without seconds."),
    ("2026-11-24T12:00:00.5Z", "2026-11-24T12:00:00Z", "<", "The W3C forms allow fractions of a second."),
    ("2026-11-24T12:00:00.000Z", "2026-11-24T12:00:00Z", "=", "The W3C forms allow fractions of a second."),
    ("2024-02-29T00:00:00Z", "2024-02-28T23:59:59Z", "<", "The 29th of February exists in leap years."),
    ("1970-01-01T00:00:00Z", "0", "=", FORMS),
]
OPERATORS = {"DateEquals": "=", "DateLessThan": "<", "DateLessThanEquals": "<=", "DateGreaterThan": ">", "DateGreaterThanEquals": ">="}
# The start of a day in UTC and the like is the plain reading of the forms; the documentation does not spell it out.
SURE = {"A date without a time is the start of that day in UTC.": INFERRED}


def dates():
    table = Table("dates")
    for operator, accepted in OPERATORS.items():
        rows = [(value, asked, place in accepted, rule, SURE.get(rule, DOCUMENTED)) for value, asked, place, rule in PAIRS]
        tested(table, operator.lower(), operator, NOW, rows, 6)
        missing(table, operator, "aws:TokenIssueTime", "2026-01-01T00:00:00Z")
    rows = [(value, asked, place == "=", rule, SURE.get(rule, DOCUMENTED)) for value, asked, place, rule in PAIRS]
    tested(table, "datenotequals", "DateNotEquals", NOW, negated(rows), 6)
    missing(table, "DateNotEquals", "aws:TokenIssueTime", "2026-01-01T00:00:00Z", negative=True)
    tested(table, "epoch", "NumericGreaterThan", "aws:EpochTime", [("1795521600", "1795521601", True, "aws:EpochTime is a number of seconds.", INFERRED)], 1)
    tested(table, "epoch", "DateGreaterThan", "aws:EpochTime", [("2026-11-24T12:00:00Z", "1795521601", True, FORMS), ("2026-11-24T12:00:00Z", "1795521600", False, FORMS)], 1)
    tested(table, "bare", "DateLessThan", NOW, [(1795521600, "2026-11-24T11:00:00Z", True, "Quotation marks are optional for numbers."), (1795521600, "2026-11-24T13:00:00Z", False, "Quotation marks are optional for numbers.")], 1)
    window = {"DateGreaterThan": {NOW: "2026-11-24T12:00:00Z"}, "DateLessThan": {NOW: "2026-11-24T15:00:00Z"}}
    for asked, matches in [("2026-11-24T12:00:01Z", True), ("2026-11-24T14:59:59Z", True), ("2026-11-24T12:00:00Z", False),
                           ("2026-11-24T15:00:00Z", False), ("2026-11-25T13:00:00Z", False), ("2026-11-23T13:00:00Z", False)]:
        table.matched("window", allow(Condition=window), matches, WINDOW, context={NOW: asked})
        table.refused("window-deny", deny(Condition=window), matches, WINDOW, context={NOW: asked})
    several = [(["2026-01-01T00:00:00Z", "2026-11-24T12:00:00Z"], "2026-11-24T12:00:00Z", True, "Several values of one key are joined by a logical OR."),
               (["2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"], "2026-11-24T12:00:00Z", False, "Several values of one key are joined by a logical OR.")]
    tested(table, "lists", "DateEquals", NOW, several, 1)
    tested(table, "lists-not", "DateNotEquals", NOW, negated(several), 1)
    return table


FROM = "aws:SourceIp"
RANGE = "An address matches a range in CIDR notation that contains it."
ALONE = "An address without a prefix means that address alone (/32)."
SIX = "IPv6 addresses and ranges are compared as IPv6, however written."
MIXED = "An IPv4 address lies in no IPv6 range, nor an IPv6 address in an IPv4 range."
ANY = "Several ranges of one key are joined by a logical OR."
ADDRESSES = [
    ("203.0.113.0/24", "203.0.113.0", True, RANGE), ("203.0.113.0/24", "203.0.113.7", True, RANGE), ("203.0.113.0/24", "203.0.113.255", True, RANGE),
    ("203.0.113.0/24", "203.0.114.0", False, RANGE), ("203.0.113.0/24", "203.0.112.255", False, RANGE), ("10.0.0.0/8", "10.255.255.255", True, RANGE),
    ("10.0.0.0/8", "11.0.0.0", False, RANGE), ("172.16.0.0/12", "172.31.255.255", True, RANGE), ("172.16.0.0/12", "172.32.0.0", False, RANGE),
    ("203.0.113.64/26", "203.0.113.127", True, RANGE), ("203.0.113.64/26", "203.0.113.128", False, RANGE), ("203.0.113.6/31", "203.0.113.7", True, RANGE),
    ("203.0.113.6/31", "203.0.113.8", False, RANGE), ("203.0.113.7/32", "203.0.113.7", True, RANGE), ("203.0.113.7/32", "203.0.113.6", False, RANGE),
    ("0.0.0.0/0", "198.51.100.1", True, RANGE), ("0.0.0.0/1", "127.255.255.255", True, RANGE), ("0.0.0.0/1", "128.0.0.0", False, RANGE),
    ("203.0.113.7", "203.0.113.7", True, ALONE), ("203.0.113.7", "203.0.113.8", False, ALONE),
    ("2001:db8:1234:5678::/64", "2001:db8:1234:5678::1", True, SIX), ("2001:DB8:1234:5678::/64", "2001:db8:1234:5678:ffff:ffff:ffff:ffff", True, SIX),
    ("2001:db8:1234:5678::/64", "2001:db8:1234:5679::1", False, SIX), ("2001:db8::/32", "2001:0db8:0000:0000:0000:0000:0000:0001", True, SIX),
    ("::/0", "2001:db8::1", True, SIX), ("2001:db8::1/128", "2001:db8::1", True, SIX), ("2001:db8::1/128", "2001:db8::2", False, SIX),
    ("2001:db8::1", "2001:db8:0::1", True, "An address without a prefix means that address alone.", INFERRED),
    ("2001:db8::1", "2001:db8::2", False, "An address without a prefix means that address alone.", INFERRED),
    ("0.0.0.0/0", "2001:db8::1", False, MIXED, INFERRED), ("::/0", "203.0.113.7", False, MIXED, INFERRED),
    (["192.0.2.0/24", "203.0.113.0/24"], "203.0.113.9", True, ANY), (["192.0.2.0/24", "203.0.113.0/24"], "198.51.100.9", False, ANY),
    (["203.0.113.0/24", "2001:DB8:1234:5678::/64"], "2001:db8:1234:5678::9", True, ANY), (["203.0.113.0/24", "2001:DB8:1234:5678::/64"], "203.0.113.9", True, ANY),
    (["203.0.113.0/24", "2001:DB8:1234:5678::/64"], "203.0.112.9", False, ANY),
]


def addresses():
    table = Table("addresses")
    tested(table, "in", "IpAddress", FROM, ADDRESSES)
    tested(table, "not-in", "NotIpAddress", FROM, negated(ADDRESSES), 4)
    tested(table, "in-if-exists", "IpAddressIfExists", FROM, if_exists(ADDRESSES[0:20:4]), 2)
    tested(table, "not-in-if-exists", "NotIpAddressIfExists", FROM, negated(ADDRESSES[0:20:4]), 2)
    missing(table, "IpAddress", FROM, "203.0.113.0/24")
    missing(table, "NotIpAddress", FROM, "203.0.113.0/24", negative=True)
    both = {"IpAddress": {FROM: "203.0.113.0/24"}, "NotIpAddress": {FROM: "203.0.113.128/25"}}
    for asked, matches in [("203.0.113.1", True), ("203.0.113.127", True), ("203.0.113.128", False), ("203.0.113.255", False), ("198.51.100.1", False)]:
        table.matched("both", allow(Condition=both), matches, WINDOW, context={FROM: asked})
    # "Denies access to AWS based on the source IP": NotIpAddress with Bool aws:ViaAWSService false.
    outside = {"NotIpAddress": {FROM: ["192.0.2.0/24", "203.0.113.0/24"]}, "Bool": {"aws:ViaAWSService": "false"}}
    rule = "The documented Deny by source address applies to addresses outside all ranges, and not to calls that a service makes."
    for asked, via, denied in [("192.0.2.1", "false", False), ("203.0.113.1", "false", False), ("198.51.100.1", "false", True),
                               ("198.51.100.1", "true", False), ("192.0.2.1", "true", False)]:
        table.refused("outside", deny("*", Condition=outside), denied, rule, context={FROM: asked, "aws:ViaAWSService": via})
    return table


def tables():
    return [dates(), addresses()]
