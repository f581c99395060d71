#!/usr/bin/env python3
"""Strongroom against a bare hyper server that answers the same bytes, on the same core, in the same run.

Started by scripts/bench. Servers are pinned to one core, the load generator and this program to another (SERVER_CPU,
CLIENT_CPU; 0 and 1). Rounds are interleaved and their order turns; a ratio is the median over rounds of the ratios within
a round. docs/reference/performance.md says what is measured and what the columns mean.
"""
import argparse
import json
import os
import pathlib
import random
import re
import shutil
import signal
import statistics
import sys
import tempfile
import time
import uuid

from load import existence, report as reporting
from load.sending import load, send_all
from load.servers import Ceiling, Moto, Server, Strongroom
from load.signing import KEY_ID, OPERATIONS, SECRET_KEY, Signer, name, role_requests

OUT = pathlib.Path(__file__).resolve().parent / "out"
CHANGES = ("put", "create")
READS_OF_VALUES = ("get", "session", "keyed")
ROOT = (KEY_ID, SECRET_KEY, None)
READS_SIGNED, CHANGES_SIGNED, CHANGES_WARM = 20_000, 3_000, 300
CREATED_FROM = 1_000_000
STARTS = 5
ATTEMPTS = 3
SEED_STEP = 10_000
PAGES_MAX = 5_000


def given(answer):
    """The credential in an answer, if it gives one."""
    found = dict(re.findall("<(AccessKeyId|SecretAccessKey|SessionToken)>([^<]+)<", answer))
    return found and (found["AccessKeyId"], found["SecretAccessKey"], found.get("SessionToken"))


class Bench:
    def __init__(self, options, work):
        self.options, self.work, self.fresh = options, work, 0
        self.report = {"start_ms": {}, "idle_mb": {}, "loaded_mb": {}, "rows": []}

    def sign(self, server, operation, chosen):
        """Freshly signed requests; no two files of a run repeat a token."""
        self.fresh += 1
        credential = server.session if operation == "session" else ROOT
        signer = Signer(server.address, self.fresh, credential)
        return [signer.request(operation, each) for each in chosen]

    def assume_role(self, server):
        """Makes a role with policies and assumes it."""
        credential = ROOT
        for service, parameters in role_requests():
            self.fresh += 1
            signer = Signer(server.address, self.fresh, credential, service)
            answer = send_all(server.port, [signer.form(parameters)], 1)[0].decode()
            credential = given(answer) or credential
        server.session = credential

    def under_customer_key(self, server):
        """The same server again, with every secret sealed under a key that the account made, with AWS's default policy."""
        keyed = Strongroom(self.options.strongroom, self.work / "keyed", server.secrets, server.snapshot)
        keyed.name = reporting.KEYED
        keyed.restore()
        keyed.start()
        self.fresh += 1
        made = Signer(keyed.address, self.fresh, ROOT, "kms").json("TrentService.CreateKey", {})
        key = json.loads(send_all(keyed.port, [made], 1)[0])["KeyMetadata"]["KeyId"]
        signer = Signer(keyed.address, self.fresh, ROOT)
        updates = [signer.json("secretsmanager.UpdateSecret", {
            "SecretId": name(number), "KmsKeyId": key, "ClientRequestToken": str(uuid.UUID(int=number + 1))})
            for number in range(server.secrets)]
        send_all(keyed.port, updates)
        return keyed

    def load(self, server, requests, seconds=None):
        return load(server, requests, self.work / "requests", seconds)

    def undisturbed(self, measure):
        """Measures again, a few times, when other processes took a part of the machine; the last result counts."""
        for _ in range(ATTEMPTS):
            result = measure()
            if result["others"] <= reporting.OTHERS_MAX:
                break
        return result

    def first_start(self):
        """Median time to ready where there are no data yet: the root key and the database are made."""
        times = []
        for number in range(STARTS):
            server = Strongroom(self.options.strongroom, self.work / f"new-{number}")
            times.append(server.start())
            server.stop()
        self.report["start_ms"]["first"] = statistics.median(times)

    def starts(self, server, key):
        """Median time to ready, and the memory held a second after."""
        times = []
        for _ in range(STARTS):
            times.append(server.start())
            time.sleep(0.2)
            server.stop()
        server.start()
        time.sleep(1)
        self.report["start_ms"][key], self.report["idle_mb"][key] = statistics.median(times), server.memory_mb()

    def prepare(self):
        """Start-up and idle memory, empty and with each number of secrets, and a snapshot of the data at each."""
        server, servers, seeded = Strongroom(self.options.strongroom, self.work / "seeded"), [], 0
        self.first_start()
        server.start()
        server.stop()
        self.starts(server, "0")
        for size in self.options.sizes if self.options.only != "start" else []:
            while seeded < size:
                step = range(seeded, min(seeded + SEED_STEP, size))
                send_all(server.port, self.sign(server, "create", step))
                seeded = step.stop
            server.stop()
            snapshot = self.work / f"snapshot-{size}"
            shutil.copytree(server.data, snapshot, ignore=shutil.ignore_patterns("*.sock"))
            servers.append(Strongroom(self.options.strongroom, self.work / f"data-{size}", size, snapshot))
            self.starts(server, str(size))
        server.stop()
        shutil.rmtree(server.data)
        return servers

    def pages(self, server):
        """The tokens of all pages of the list (None: the first)."""
        tokens = [None]
        while len(tokens) < PAGES_MAX:
            answer = json.loads(send_all(server.port, self.sign(server, "list", tokens[-1:]), 1)[0])
            if "NextToken" not in answer:
                break
            tokens.append(answer["NextToken"])
        return tokens

    def ceiling(self, operation, server, asked):
        """A ceiling that answers what the server answers one request of the operation."""
        answer = self.work / "answer"
        answer.write_bytes(send_all(server.port, self.sign(server, operation, [asked]), 1)[0])
        return Ceiling(self.options.ceiling, answer)

    def reads(self, operation, servers):
        """All servers are up and warm: every secret, or every page, was asked for."""
        if operation == "keyed":
            servers = servers[:1]
        for server in servers:
            server.restore()
            server.start()
            if operation == "session":
                self.assume_role(server)
        if operation == "keyed":
            servers = [*servers, self.under_customer_key(servers[0])]
        if self.options.moto and operation == "get":
            moto = Moto(self.options.moto, servers[0].secrets)
            moto.start()
            send_all(moto.port, self.sign(moto, "create", range(moto.secrets)))
            servers = [*servers, moto]
        subjects = {server: self.pages(server) if operation == "list" else range(server.secrets) for server in servers}
        ceiling = self.ceiling(operation, servers[0], subjects[servers[0]][0])
        ceiling.session = servers[0].session
        ceiling.start()
        for server in servers if operation in READS_OF_VALUES else []:
            self.load(server, self.sign(server, operation, subjects[server]))
        subjects[ceiling] = subjects[servers[0]]
        rounds, all_servers = [], [ceiling, *servers]
        for number in range(self.options.rounds):
            results = {}
            for server in turned(all_servers, number):
                requests = self.sign(server, operation, random.choices(subjects[server], k=READS_SIGNED))
                result = self.undisturbed(lambda: self.load(server, requests, self.options.seconds))
                results[reporting.label(server)] = result
            rounds.append(results)
        if operation == "get":
            self.report["loaded_mb"] = {str(server.secrets): server.memory_mb() for server in servers if server.name != "moto"}
        Server.stop_all()
        return reporting.rows(operation, all_servers, rounds)

    @staticmethod
    def changed(operation, server, count, start=0):
        """What the requests of a round change: any of the secrets, or for create none of them."""
        if operation == "create":
            return range(CREATED_FROM + start, CREATED_FROM + start + count)
        return random.choices(range(server.secrets), k=count)

    def change(self, operation, server):
        """One round of changes, on data as they were seeded: a store that the rounds before filled would be another."""
        server.restore()
        server.start()
        self.load(server, self.sign(server, operation, self.changed(operation, server, CHANGES_WARM, CHANGES_SIGNED)))
        result = self.load(server, self.sign(server, operation, self.changed(operation, server, CHANGES_SIGNED)))
        server.stop()
        return result

    def changes(self, operation, servers):
        smallest = servers[0]
        smallest.restore()
        smallest.start()
        ceiling = self.ceiling(operation, smallest, self.changed(operation, smallest, 1)[0])
        smallest.stop()
        ceiling.start()
        rounds, all_servers = [], [ceiling, *servers]
        for number in range(self.options.rounds):
            results = {}
            for server in turned(all_servers, number):
                if server is ceiling:
                    requests = self.sign(ceiling, operation, self.changed(operation, smallest, CHANGES_SIGNED))
                    result = self.undisturbed(lambda: self.load(ceiling, requests, self.options.seconds))
                else:
                    result = self.undisturbed(lambda: self.change(operation, server))
                results[reporting.label(server)] = result
            rounds.append(results)
        ceiling.stop()
        return reporting.rows(operation, all_servers, rounds)

    @staticmethod
    def existence(server):
        server.restore()
        server.start()
        measured = existence.measure(server)
        server.stop()
        return measured

    def run(self):
        servers = self.prepare()
        for operation in OPERATIONS if servers else []:
            if self.options.only in (None, operation):
                print(f"measuring {operation} ({OPERATIONS[operation]})", file=sys.stderr, flush=True)
                measured = self.changes if operation in CHANGES else self.reads
                self.report["rows"] += measured(operation, servers)
        if servers and self.options.only in (None, "existence"):
            self.report["existence"] = self.existence(servers[0])
        self.report["bars"] = reporting.bars(self.report)
        return self.report


def turned(items, number):
    by = number % len(items)
    return items[by:] + items[:by]


def parse():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strongroom", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--ceiling", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--moto", metavar="MOTO_SERVER", help="GetSecretValue of moto's server, too (scripts/bench installs it)")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, 1,000 and 10,000 secrets only")
    parser.add_argument("--only", choices=["start", "existence", *OPERATIONS], help="one operation; start-up and idle memory alone; or whether time tells what exists")
    parser.add_argument("--bars", action="store_true", help="exit with 1 when a bar is missed")
    parser.add_argument("--rounds", type=int, help="rounds (7, quick 3; 50 at most)")
    parser.add_argument("--seconds", type=int, help="seconds under load, each (4, quick 2; 60 at most)")
    options = parser.parse_args()
    options.rounds = options.rounds or (3 if options.quick else 7)
    options.seconds = options.seconds or (2 if options.quick else 4)
    options.sizes = [1_000, 10_000] if options.quick else [1_000, 10_000, 100_000]
    if not (1 <= options.rounds <= 50 and 1 <= options.seconds <= 60):
        parser.error("--rounds are 1 to 50, --seconds 1 to 60")
    return options


def main():
    options = parse()
    os.sched_setaffinity(0, {int(os.environ.get("CLIENT_CPU", "1"))})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-", dir=os.environ.get("BENCH_DIR")) as work:
        try:
            report = Bench(options, pathlib.Path(work)).run()
        finally:
            Server.stop_all()
    report["conditions"] = {"rounds": options.rounds, "seconds": options.seconds, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    reporting.show(report)
    OUT.mkdir(exist_ok=True)
    (OUT / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    return 1 if options.bars and any(bar["state"] in ("MISSED", "DISTURBED") for bar in report["bars"]) else 0


if __name__ == "__main__":
    sys.exit(main())
