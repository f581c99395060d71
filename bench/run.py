#!/usr/bin/env python3
"""Ratios of strongroom to a bare hyper server that answers the same bytes, on the same cores, in the same run.

Servers are pinned to one core, the load generator to another. Rounds are interleaved and their order turns; a ratio is
the median over rounds of the ratios within a round. docs/reference/performance.md says what the columns mean.
"""
import argparse, json, os, pathlib, re, shutil, socket, statistics, subprocess, sys, tempfile, time, urllib.request

HERE = pathlib.Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")
SERVER_CORE, CLIENT_CORE = os.environ.get("SERVER_CPU", "0"), os.environ.get("CLIENT_CPU", "1")
KEY_ID, SECRET_KEY = "AKIABENCH00000000000", "benchsecret00000000000000000000000000000"
CONNECTIONS = 64
LISTED = 20
ONCE = {"put", "create"}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Process:
    """A server pinned to its core."""

    def __init__(self, name, command, port, environment=None):
        self.name, self.command, self.port, self.environment = name, command, port, environment or {}
        self.address, self.process = f"127.0.0.1:{port}", None

    def start(self, ready=None, seconds=60):
        begun = time.monotonic()
        command = ["taskset", "-c", SERVER_CORE, *map(str, self.command)]
        environment = {"PATH": os.environ["PATH"], **self.environment}
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            try:
                if ready:
                    urllib.request.urlopen(f"http://{self.address}{ready}", timeout=1).read()
                else:
                    socket.create_connection(("127.0.0.1", self.port), 1).close()
                return time.monotonic() - begun
            except OSError:
                if time.monotonic() - begun > seconds or self.process.poll() is not None:
                    raise SystemExit(f"{self.name} did not start") from None
                time.sleep(0.001)

    def cpu_seconds(self):
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat[stat.rindex(")") + 2:].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)


class Bench:
    def __init__(self, arguments, work):
        self.arguments, self.work, self.running = arguments, work, []

    def strongroom(self, name):
        port, data = free_port(), self.work / name
        config = self.work / "bench.toml"
        config.write_text("clock_skew_minutes = 15\n")
        command = [self.arguments.strongroom, "serve", "--data-dir", data, "--listen", f"127.0.0.1:{port}", "--config", config]
        preset = {"STRONGROOM_ACCOUNT_ID": "123456789012", "STRONGROOM_ROOT_ACCESS_KEY_ID": KEY_ID, "STRONGROOM_ROOT_SECRET_ACCESS_KEY": SECRET_KEY}
        return Process(name, command, port, preset)

    def start(self, server, **how):
        seconds = server.start(**how)
        self.running.append(server)
        return seconds

    def stop(self, server):
        server.stop()
        self.running.remove(server)

    def signed(self, server, operation, count, secrets, start=0, seed=1):
        path = self.work / f"{server.name}.{operation}.requests"
        subprocess.run([sys.executable, HERE / "load/signgen.py", "--host", server.address, "--op", operation, "--count", str(count),
                        "--secrets", str(secrets), "--start", str(start), "--seed", str(seed), "--max-results", str(LISTED), "-o", path], check=True)
        return path

    def seed(self, server, secrets):
        for start in range(0, secrets, 20_000):
            path = self.signed(server, "create", min(20_000, secrets - start), secrets, start, seed=start + 1)
            done = subprocess.run(["taskset", "-c", CLIENT_CORE, sys.executable, HERE / "load/once.py", "--file", path, "--addr", server.address, "-c", "32"],
                                  capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"seeding {server.name} failed: {done.stdout[-500:]} {done.stderr[-500:]}")

    def answer_to(self, server, path):
        """The body that the server answers the first request of a file with: what the ceiling answers."""
        record = path.read_bytes().split(b"\n%%--%%\n")[0]
        with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
            connection.sendall(record)
            received = b""
            while b"\r\n\r\n" not in received:
                received += connection.recv(65536)
            head, body = received.split(b"\r\n\r\n", 1)
            length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
            while len(body) < length:
                body += connection.recv(65536)
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise SystemExit(f"{server.name} answered {head!r} {body[:300]!r}")
        return body

    def load(self, server, path, once):
        environment = {"PATH": os.environ["PATH"], "REQ_FILE": str(path), **({"REQ_ONCE": "1"} if once else {})}
        seconds = 120 if once else self.arguments.seconds
        cpu = server.cpu_seconds()
        done = subprocess.run(["taskset", "-c", CLIENT_CORE, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "20s", "--latency",
                               "-s", HERE / "load/wrk-signed.lua", f"http://{server.address}/"], env=environment, capture_output=True, text=True)
        found = re.search(r"RESULT (\{.*\})", done.stdout)
        if not found:
            raise SystemExit(f"wrk: {done.stdout} {done.stderr}")
        result = json.loads(found.group(1))
        if not once and any(value for key, value in result.items() if key.startswith("err_")):
            raise SystemExit(f"{server.name}: errors {result}")
        if once and result["err_status"]:
            raise SystemExit(f"{server.name}: {result['err_status']} refusals")
        result["cpu_us"] = (server.cpu_seconds() - cpu) / max(1, result["requests"]) * 1e6
        return result

    def measure(self, operation, servers):
        """Rounds over the ceiling and the servers (by number of secrets), interleaved."""
        first, secrets = servers[0]
        probe = self.signed(first, operation, 1, secrets, start=90_000_000)
        answer = self.work / f"{operation}.answer"
        answer.write_bytes(self.answer_to(first, probe))
        port = free_port()
        ceiling = Process("ceiling", [self.arguments.ceiling, f"127.0.0.1:{port}", answer], port)
        self.start(ceiling)
        rounds = []
        try:
            entries = [(ceiling, secrets), *servers]
            for number in range(self.arguments.rounds + 1):
                turned = entries[number % len(entries):] + entries[:number % len(entries)]
                results = {}
                for server, secrets in turned:
                    count = self.arguments.writes if operation in ONCE else 4096
                    start = 10_000_000 + number * 200_000
                    path = self.signed(server, operation, count, secrets, start, seed=1000 + number)
                    results[server.name] = self.load(server, path, operation in ONCE)
                if number:  # the first warms up
                    rounds.append(results)
        finally:
            self.stop(ceiling)
        return [self.row(operation, server, secrets, rounds) for server, secrets in servers]

    @staticmethod
    def row(operation, server, secrets, rounds):
        def ratio(key, turned=False):
            pairs = [(found[server.name][key], found["ceiling"][key]) for found in rounds]
            return statistics.median((b / a if turned else a / b) for a, b in pairs if a and b)
        middle = lambda name, key: statistics.median(found[name][key] for found in rounds)
        return {"operation": operation, "secrets": secrets, "rate_ratio": ratio("rps"), "cpu_ratio": ratio("cpu_us", True), "p99_ratio": ratio("p99_us"),
                "rps": middle(server.name, "rps"), "p50_us": middle(server.name, "p50_us"), "p99_us": middle(server.name, "p99_us"),
                "cpu_us": middle(server.name, "cpu_us"), "ceiling_rps": middle("ceiling", "rps"), "ceiling_cpu_us": middle("ceiling", "cpu_us")}


def show(rows):
    print(f"{'operation':<10}{'secrets':>9}{'rate ratio':>12}{'cpu ratio':>11}{'p99 ratio':>11}{'req/s':>10}{'p50 us':>9}{'p99 us':>9}{'cpu us':>8}")
    for row in rows:
        print(f"{row['operation']:<10}{row['secrets']:>9}{row['rate_ratio']:>12.3f}{row['cpu_ratio']:>11.3f}{row['p99_ratio']:>11.2f}"
              f"{row['rps']:>10.0f}{row['p50_us']:>9.0f}{row['p99_us']:>9.0f}{row['cpu_us']:>8.1f}")


def moto(bench):
    """GetSecretValue of the moto server with 1,000 secrets, against ours, in this run."""
    port = free_port()
    server = Process("moto", [bench.arguments.moto, "-p", port, "-H", "127.0.0.1"], port)
    bench.start(server)
    bench.seed(server, 1000)
    ours = bench.strongroom("beside-moto")
    bench.start(ours, ready="/health/ready")
    bench.seed(ours, 1000)
    pairs = []
    for _ in range(3):
        rates = [bench.load(s, bench.signed(s, "get", 2048, 1000), False)["rps"] for s in (server, ours)]
        pairs.append(rates[1] / rates[0])
    bench.stop(server)
    bench.stop(ours)
    return statistics.median(pairs)


def bars(report):
    """What is missed of the bars that a release must hold."""
    rows = {(row["operation"], row["secrets"]): row for row in report["rows"]}
    missed = []
    def bar(what, value, holds):
        if not holds(value):
            missed.append(f"{what}: {value:.3f}")
    for (operation, secrets), row in rows.items():
        if operation == "get" and secrets == 1000:
            bar("GetSecretValue against the ceiling, 0.50 at least", row["rate_ratio"], lambda value: value >= 0.50)
            bar("p99 of GetSecretValue against the ceiling's, below 4", row["p99_ratio"], lambda value: value < 4)
    for operation, limit in (("get", 1.3), ("create", 1.3), ("list", 1.5)):
        few, many = rows.get((operation, 1000)), rows.get((operation, 100_000))
        if few and many:
            bar(f"{operation} with 100,000 secrets against 1,000, {limit} times at most", few["rate_ratio"] / many["rate_ratio"], lambda value: value <= limit)
    bar("start with an empty store, 100 ms at most", report["start_empty_s"], lambda value: value <= 0.1)
    if "start_100000_s" in report:
        bar("start with 100,000 secrets, 1 s at most", report["start_100000_s"], lambda value: value <= 1)
    bar("resident when idle, 40 MiB at most", report["idle_mib"], lambda value: value < 40)
    if "moto_times" in report:
        bar("requests against moto's, 100 times at least", report["moto_times"], lambda value: value >= 100)
    return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strongroom", required=True)
    parser.add_argument("--ceiling", required=True)
    parser.add_argument("--moto", help="path of moto_server: compare with it, too")
    parser.add_argument("--quick", action="store_true", help="1,000 and 10,000 secrets only, short rounds")
    parser.add_argument("--only", help="get, put, create or list")
    parser.add_argument("--bars", action="store_true", help="fail when a bar is missed")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--seconds", type=int, default=0)
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (3 if arguments.quick else 5)
    arguments.seconds = arguments.seconds or (2 if arguments.quick else 4)
    arguments.writes = 4_000 if arguments.quick else 12_000
    sizes = [1000, 10_000] if arguments.quick else [1000, 10_000, 100_000]
    work = pathlib.Path(tempfile.mkdtemp(prefix="strongroom-bench-", dir=os.environ.get("BENCH_DIR")))
    bench, report = Bench(arguments, work), {"rows": []}
    try:
        empty = bench.strongroom("empty")
        bench.start(empty, ready="/health/ready")
        bench.stop(empty)
        report["start_empty_s"] = bench.start(empty, ready="/health/ready")
        time.sleep(1)
        report["idle_mib"] = empty.memory_mib()
        bench.stop(empty)
        servers = []
        for size in sizes:
            server = bench.strongroom(f"with-{size}")
            bench.start(server, ready="/health/ready")
            bench.seed(server, size)
            bench.stop(server)
            report[f"start_{size}_s"] = bench.start(server, ready="/health/ready")
            servers.append((server, size))
        for operation in [arguments.only] if arguments.only else ["get", "list", "put", "create"]:
            report["rows"] += bench.measure(operation, servers)
        report["loaded_mib"] = {str(size): server.memory_mib() for server, size in servers}
        for server, _ in servers:
            bench.stop(server)
        if arguments.moto:
            report["moto_times"] = moto(bench)
    finally:
        for server in bench.running:
            server.stop()
        shutil.rmtree(work, ignore_errors=True)
    show(report["rows"])
    for key, value in report.items():
        if key != "rows":
            print(f"{key}: {value}")
    out = HERE / "out"
    out.mkdir(exist_ok=True)
    (out / "report.json").write_text(json.dumps(report, indent=1))
    missed = bars(report)
    for line in missed:
        print("missed:", line)
    return 1 if arguments.bars and missed else 0


if __name__ == "__main__":
    sys.exit(main())
