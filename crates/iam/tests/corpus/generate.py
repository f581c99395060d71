"""Writes the decision cases beside this file: `python3 generate.py`, or `--check` to see that they are up to date.

Each line is a request with its policies (the input of `strongroom policy eval`), the expected decision, the rule that
decides, and how sure that is: `documented` in AWS's documentation, or `inferred` from it and from what others recorded.
"""
import json, pathlib, sys

from tables import actions, booleans, combinations, conditions, deputies, keys, malformed, numbers, principals
from tables import resources, secrets, sets, strings, times, variables
from tables.form import encoded

HERE = pathlib.Path(__file__).parent
MODULES = [actions, resources, principals, strings, numbers, times, booleans, sets, conditions, variables, combinations,
           secrets, deputies, keys, malformed]


def written():
    seen, files = {}, {}
    for table in (table for module in MODULES for table in module.tables()):
        lines = []
        for case in table.cases:
            line = encoded(case)
            same = encoded({key: value for key, value in case.items() if key not in ("id", "expected", "reason", "sure")})
            if same in seen:
                # Tables overlap here and there; the first to come is written, and the others must agree with it.
                assert seen[same][1] == case["expected"], f"{case['id']} contradicts {seen[same][0]}"
                continue
            seen[same] = case["id"], case["expected"]
            json.loads(line)
            lines.append(line + "\n")
        assert table.name not in files, table.name
        files[table.name] = "".join(lines)
    return files


def main():
    files, stale = written(), []
    for name, text in files.items():
        path = HERE / f"{name}.jsonl"
        if "--check" in sys.argv:
            if not path.exists() or path.read_text() != text:
                stale.append(path.name)
        else:
            path.write_text(text)
    assert not stale, f"out of date: {stale}"
    cases = {name: text.count("\n") for name, text in files.items()}
    print(f"{sum(cases.values())} cases: " + ", ".join(f"{name} {count}" for name, count in cases.items()))


if __name__ == "__main__":
    main()
