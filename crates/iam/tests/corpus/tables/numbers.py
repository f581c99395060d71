"""Numeric operators. Source: "IAM JSON policy elements: Condition operators", the grammar's condition_value."""
from .form import *
from .tested import *

KEY = "aws:MultiFactorAuthAge"
EQUAL = "Numbers are compared by value: integers or decimals."
BARE = "Quotation marks are optional for numbers."
ANY = "Several values of one key are joined by a logical OR."

# values, request, equal, less, greater (the request against the value)
PAIRS = [
    ("10", "10", "="), ("10", "9", "<"), ("10", "11", ">"), ("10", "10.0", "="), ("10.0", "10", "="), ("10.5", "10.50", "="),
    ("10.5", "10.49", "<"), ("10.5", "10.51", ">"), ("9", "10", ">"), ("0", "0", "="), ("-1", "0", ">"), ("0", "-1", "<"),
    ("-5", "-5", "="), ("-5", "-6", "<"), ("100", "99.999", "<"), ("100", "1000", ">"), ("3600", "86400", ">"),
    ("3600", "120", "<"), ("2147483648", "2147483648", "="), ("4294967296", "4294967295", "<"),
]
OPERATORS = {
    "NumericEquals": "=", "NumericLessThan": "<", "NumericLessThanEquals": "<=", "NumericGreaterThan": ">", "NumericGreaterThanEquals": ">=",
}
NOT_ORDER = "Numbers are ordered by value, not as text."


def tables():
    table = Table("numbers")
    for operator, accepted in OPERATORS.items():
        rows = [(value, asked, relation in accepted, NOT_ORDER if len(value) != len(asked) else EQUAL) for value, asked, relation in PAIRS]
        tested(table, operator.lower(), operator, KEY, rows, 5)
        missing(table, operator, KEY, "10")
    rows = [(value, asked, relation == "=", EQUAL) for value, asked, relation in PAIRS]
    tested(table, "numericnotequals", "NumericNotEquals", KEY, negated(rows), 5)
    missing(table, "NumericNotEquals", KEY, "10", negative=True)
    lists = [(["1", "10"], "10", True, ANY), (["1", "2"], "10", False, ANY), ([1, 10], "10", True, BARE), (10, "10", True, BARE),
             (10.5, "10.5", True, BARE), (-1, "-1", True, BARE), (10, "11", False, BARE), ([10, "11"], "11", True, BARE)]
    tested(table, "lists", "NumericEquals", KEY, lists, 2)
    tested(table, "lists-not", "NumericNotEquals", KEY, negated(lists), 4)
    order = [(["1", "10"], "5", True, ANY), (["1", "2"], "5", False, ANY), (5, "4", True, BARE), (5, "5", False, BARE)]
    tested(table, "lists-less", "NumericLessThan", KEY, order, 2)
    tested(table, "if-exists", "NumericLessThanIfExists", KEY, if_exists(order), 2)
    text = [("10", "ten", False, "A value that is no number equals no number.", INFERRED), ("10", "", False, "A value that is no number equals no number.", INFERRED)]
    tested(table, "no-number", "NumericEquals", KEY, text, 1)
    for operator in ("NumericLessThan", "NumericGreaterThanEquals"):
        tested(table, "no-number", operator, KEY, [(value, asked, matches, "A value that is no number is neither less nor greater.", INFERRED) for value, asked, matches, _, _ in text], 1)
    return [table]
