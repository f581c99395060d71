"""Sends requests exactly once and hands back the answers (from Python), or loads a server for a while (with wrk)."""
import asyncio
import json
import os
import pathlib
import re
import resource
import subprocess
import time

from load.signing import SEPARATOR

SCRIPT = pathlib.Path(__file__).with_name("signed.lua")
CONNECTIONS = 64
ONCE_SECONDS_MAX = 120
SEND_SECONDS_MAX = 600


async def exchange(stream, request):
    """One request, one answer: the status, the body, and whether the server closes the connection."""
    reader, writer = stream
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(re.search(rb"\r\ncontent-length: *(\d+)", head).group(1))
    closes = b"\r\nconnection: close" in head or head.startswith(b"http/1.0")
    return int(head[9:12]), await reader.readexactly(length), closes


async def worker(port, waiting, answers):
    stream = None
    while waiting:
        number, request = waiting.pop()
        stream = stream or await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        status, answer, closes = await exchange(stream, request)
        if status != 200:
            raise RuntimeError(f"answer {status}: {answer[:300]!r}")
        answers[number] = answer
        if closes:
            stream[1].close()
            stream = None
    if stream:
        stream[1].close()


def send_all(port, requests, connections=32):
    """Every request exactly once; the answers in the requests' order. Any answer but 200 is an error."""
    async def work():
        waiting, answers = list(enumerate(requests))[::-1], [b""] * len(requests)
        workers = (worker(port, waiting, answers) for _ in range(connections))
        await asyncio.wait_for(asyncio.gather(*workers), SEND_SECONDS_MAX)
        return answers
    return asyncio.run(work())


def busy_seconds():
    """Time that all cores together were busy since the machine started."""
    fields = [int(field) for field in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def wrk_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def load(server, requests, path, seconds=None):
    """Loads a server with the requests, over and over for some seconds, or (without seconds) each once. wrk runs on the
    core that this program is pinned to."""
    path.write_bytes(b"".join(request + SEPARATOR for request in requests))
    environment = {"PATH": os.environ["PATH"], "REQ_FILE": str(path), "REQ_ONCE": "0" if seconds else "1"}
    limit = seconds or ONCE_SECONDS_MAX
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{limit}s", "--timeout", "20s", "-s", SCRIPT, f"http://{server.address}/"]
    server_before, busy_before, wrk_before, begun = server.cpu_seconds(), busy_seconds(), wrk_seconds(), time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=limit + 60)
    elapsed, server_used, wrk_used = time.monotonic() - begun, server.cpu_seconds() - server_before, wrk_seconds() - wrk_before
    others = (busy_seconds() - busy_before - server_used - wrk_used) / elapsed
    path.unlink()
    found = re.search(r"RESULT (\{.*\})", done.stdout)
    if not found:
        raise SystemExit(f"wrk on {server.name}: {done.stdout} {done.stderr}")
    result = json.loads(found.group(1))
    if result["refused"] or not result["requests"] or (not seconds and elapsed > ONCE_SECONDS_MAX):
        raise SystemExit(f"{server.name}: {result}")
    duration = result["duration_us"] / 1e6
    return {**result, "rate": result["requests"] / duration, "cpu_us": server_used / result["requests"] * 1e6,
            "server_share": server_used / duration, "others": max(0.0, others)}
