"""Condition operators seen through one statement: rows of (values in the policy, value in the request, matches, rule)."""
from .form import *

ABSENT = object()
NO_KEY = "A key that is not in the request does not match, and the condition is false."
NO_KEY_NEGATED = "A key that is not in the request matches a negated operator."
NO_KEY_IF_EXISTS = "With IfExists a missing key makes the condition true."
THERE_IF_EXISTS = "With IfExists a key that is present is compared as without."


def condition(operator, key, values):
    return {operator: {key: values}}


def context(key, value):
    return {} if value is ABSENT else {key: value}


def tested(table, section, operator, key, rows, deny_every=3):
    """Each row through an Allow, and every few through a Deny."""
    for number, (values, value, matches, rule, *sure) in enumerate(rows):
        built = condition(operator, key, values)
        table.matched(section, allow(Condition=built), matches, rule, *sure, context=context(key, value))
        if number % deny_every == 0:
            rule = f"A Deny applies where its condition is true; {inner(rule)}"
            table.refused(f"{section}-deny", deny(Condition=built), matches, rule, *sure, context=context(key, value))


def negated(rows):
    return [(values, value, not matches, f"The operator is negated, so it is true where none of the values matches; {inner(rule)}", *sure)
            for values, value, matches, rule, *sure in rows]


def if_exists(rows):
    return [(values, value, matches, f"{THERE_IF_EXISTS[:-1]}; {inner(rule)}", *sure) for values, value, matches, rule, *sure in rows]


def missing(table, operator, key, values, negative=False):
    """The four ways in which a missing key is met, through Allow and through Deny."""
    name = f"{operator.lower()}-missing"
    for form, matches, rule in [
        (operator, negative, NO_KEY_NEGATED if negative else NO_KEY),
        (operator + "IfExists", True, NO_KEY_IF_EXISTS),
    ]:
        table.matched(name, allow(Condition=condition(form, key, values)), matches, rule)
        table.refused(name, deny(Condition=condition(form, key, values)), matches, rule)
