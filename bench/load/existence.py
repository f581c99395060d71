"""Whether the time of a refusal tells a caller without rights that a secret exists."""
import json
import re
import socket
import statistics
import time

from load.sending import send_all
from load.signing import MEDIA_TYPE, SERVICE, Signer, name

BLOCKS, PAIRS = 40, 50
NOBODY = "nobody"


def without_rights(server):
    """The access key of a user who may do nothing."""
    form = lambda **parameters: send_all(server.port, [Signer(server.address, 1, service="iam").form({"Version": "2010-05-08", "UserName": NOBODY, **parameters})], 1)[0].decode()
    form(Action="CreateUser")
    made = form(Action="CreateAccessKey")
    return *(re.search(f"<{member}>([^<]+)<", made).group(1) for member in ("AccessKeyId", "SecretAccessKey")), None


class Asking:
    """One connection, one request at a time."""

    def __init__(self, server):
        self.signer = Signer(server.address, 2, without_rights(server))
        self.socket = socket.create_connection(("127.0.0.1", server.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answers = self.socket.makefile("rb")

    def signed(self, secret):
        return self.signer.signed(json.dumps({"SecretId": secret}).encode(), {"content-type": MEDIA_TYPE, "x-amz-target": f"{SERVICE}.GetSecretValue"})

    def microseconds(self, request):
        begun = time.perf_counter_ns()
        self.socket.sendall(request)
        status, length = self.answers.readline(), 0
        while (line := self.answers.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        answer = self.answers.read(length)
        took = (time.perf_counter_ns() - begun) / 1e3
        if not status.startswith(b"HTTP/1.1 400") or b"AccessDenied" not in answer:
            raise RuntimeError(f"not refused: {status!r} {answer[:200]!r}")
        return took

    def differences(self, ones, others):
        """By block, how much longer the median refusal of the others takes; who is first takes turns."""
        found = []
        for block in range(BLOCKS):
            times = ([], [])
            for pair in range(block * PAIRS, (block + 1) * PAIRS):
                both = [(times[0], ones), (times[1], others)]
                for kept, requests in both if pair % 2 else both[::-1]:
                    kept.append(self.microseconds(requests[pair % len(requests)]))
            found.append(statistics.median(times[1]) - statistics.median(times[0]))
        return found


def measure(server):
    """`difference_us`: how much longer a refusal takes for secrets that do not exist. `noise_us`: three standard errors
    of that, and at least the difference that is found between secrets that all exist."""
    asking = Asking(server)
    count = min(server.secrets, 1_000)
    there = [asking.signed(name(number)) for number in range(count)]
    absent = [asking.signed(name(number).replace("/s", "/x")) for number in range(count)]
    asking.differences(there, absent)
    nothing = statistics.mean(asking.differences(there, there[::-1]))
    differences = asking.differences(there, absent)
    error = statistics.stdev(differences) / len(differences) ** 0.5
    return {"difference_us": statistics.mean(differences), "noise_us": max(3 * error, abs(nothing))}
