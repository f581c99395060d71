"""From rounds to rows, bars, and what is printed."""
import statistics

CEILING = "ceiling"
KEYED = "customer key"
OTHERS_MAX = 0.15
CEILING_SHARE_MIN = 0.85
COLUMNS = [  # heading, width, key, format
    ("operation", 9, "operation", "s"), ("server", 12, "server", "s"), ("secrets", 9, "secrets", "d"),
    ("req/s", 9, "rate", ".0f"), ("ratio", 7, "ratio", ".3f"), ("lowest", 8, "ratio_lowest", ".3f"),
    ("highest", 9, "ratio_highest", ".3f"), ("cpu us", 9, "cpu_us", ".1f"), ("cpu ratio", 11, "cpu_ratio", ".3f"),
    ("p50 us", 8, "p50_us", ".0f"), ("p99 us", 8, "p99_us", ".0f"), ("p99 ratio", 11, "p99_ratio", ".2f"),
    ("growth", 8, "growth", ".2f"), ("core", 6, "server_share", ".2f"), ("others", 8, "others", ".2f"),
]


def label(server):
    return (server.name, server.secrets)


def rows(operation, servers, rounds):
    """A row per server; `rounds` are dictionaries of results by label. Ratios are made within a round."""
    fewest = next(label(server) for server in servers if server.name == "strongroom")
    made = []
    for server in servers:
        mine = label(server)
        ratios = sorted(found[mine]["rate"] / found[CEILING, None]["rate"] for found in rounds)
        row = {"operation": operation, "server": server.name, "secrets": server.secrets, "ratio": statistics.median(ratios),
               "ratio_lowest": ratios[0], "ratio_highest": ratios[-1]}
        for key in ("rate", "cpu_us", "p50_us", "p99_us", "server_share", "others"):
            row[key] = statistics.median(found[mine][key] for found in rounds)
        pairs = [(found[mine], found[CEILING, None], found[fewest]) for found in rounds]
        row["cpu_ratio"] = statistics.median(ceiling["cpu_us"] / me["cpu_us"] for me, ceiling, _ in pairs)
        row["p99_ratio"] = statistics.median(me["p99_us"] / ceiling["p99_us"] for me, ceiling, _ in pairs)
        if server.name != CEILING:
            row["growth"] = statistics.median(few["rate"] / me["rate"] for me, _, few in pairs)
        row["broken"] = sum(found[mine]["broken"] for found in rounds)
        made.append(row)
    return made


def disturbed(ceiling, compared):
    """Whether other processes took so much of the machine that nothing follows from the rows. A ceiling that leaves its
    core idle was kept waiting by the load generator, and every ratio to it flatters."""
    return ceiling["server_share"] < CEILING_SHARE_MIN or any(row["others"] > OTHERS_MAX for row in (ceiling, *compared))


def bars(report):
    """Every bar of a release: what, the limit, the value found, and its state."""
    found = {(row["operation"], row["server"], row["secrets"]): row for row in report["rows"]}
    holds = {">=": lambda a, b: a >= b, "<=": lambda a, b: a <= b, "<": lambda a, b: a < b}
    made = []

    def bar(what, sign, limit, value, unsure=False):
        state = "not measured" if value is None else "DISTURBED" if unsure else "holds" if holds[sign](value, limit) else "MISSED"
        made.append({"what": what, "bar": f"{sign} {limit}", "value": value, "state": state})

    def measured(what, sign, limit, operation, secrets, key, server="strongroom"):
        row = found.get((operation, server, secrets))
        compared = (row, found.get((operation, "strongroom", 1000)))
        unsure = row is not None and disturbed(found[operation, CEILING, None], compared)
        bar(what, sign, limit, row and row[key], unsure)

    measured("GetSecretValue under a customer key: time against the default key", "<=", 1.15, "keyed", 1000, "growth", KEYED)
    growth = "time with 100,000 secrets against 1,000"
    measured("GetSecretValue: requests/s against the ceiling", ">=", 0.50, "get", 1000, "ratio")
    measured("GetSecretValue: p99 against the ceiling's", "<", 4, "get", 1000, "p99_ratio")
    measured("GetSecretValue by a role session: requests/s against the ceiling", ">=", 0.45, "session", 1000, "ratio")
    measured("GetSecretValue: requests/s against moto's", ">=", 100, "get", 1000, "growth", "moto")
    measured(f"GetSecretValue: {growth}", "<=", 1.3, "get", 100_000, "growth")
    measured(f"CreateSecret: {growth}", "<=", 1.3, "create", 100_000, "growth")
    measured(f"ListSecrets: a page's {growth}", "<=", 1.5, "list", 100_000, "growth")
    bar("first start (no store yet), ms", "<", 100, report["start_ms"].get("first"))
    bar("start with an empty store, ms", "<", 100, report["start_ms"].get("0"))
    bar("start with 100,000 secrets, ms", "<", 1000, report["start_ms"].get("100000"))
    bar("idle, resident MB", "<", 40, report["idle_mb"].get("0"))
    existence = report.get("existence")
    noise = existence and round(existence["noise_us"], 2)
    bar("refusal for a secret that does not exist: longer by, us", "<=", noise, existence and abs(existence["difference_us"]))
    return made


def show(report):
    print("".join(f"{heading:>{width}}" for heading, width, _, _ in COLUMNS))
    for row in report["rows"]:
        cells = ["" if row.get(key) is None else format(row[key], kind) for _, _, key, kind in COLUMNS]
        print("".join(f"{cell:>{width}}" for cell, (_, width, _, _) in zip(cells, COLUMNS)))
    for title, key in (("start, ms", "start_ms"), ("idle, resident MB", "idle_mb"), ("loaded, resident MB", "loaded_mb")):
        print(f"{title}, by secrets: " + ", ".join(f"{name}: {value:.1f}" for name, value in report[key].items()))
    for bar in report["bars"]:
        value = "" if bar["value"] is None else f"{bar['value']:.3f}"
        print(f"{bar['what']:<66}{bar['bar']:>9}{value:>10}  {bar['state']}")
