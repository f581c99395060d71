"""Servers under measurement: started on a core of their own, watched through /proc, stopped at the end whatever happens."""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time
import urllib.request

from load.signing import ACCOUNT, KEY_ID, SECRET_KEY

SERVER_CORE = os.environ.get("SERVER_CPU", "0")
STOP_SECONDS_MAX = 20


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    running = []

    def __init__(self, name, secrets=None, port=None):
        self.name, self.secrets, self.port = name, secrets, port or free_port()
        self.address, self.process = f"127.0.0.1:{self.port}", None
        self.session = None

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {}

    def connect(self):
        socket.create_connection(("127.0.0.1", self.port), 1).close()

    def start(self, seconds=60):
        """Starts it and waits until it is ready; how many milliseconds that took."""
        environment = {"PATH": os.environ["PATH"], **self.environment()}
        command = ["taskset", "-c", SERVER_CORE, *map(str, self.command())]
        begun = time.monotonic()
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(command, env=environment, stdin=quiet, stdout=quiet, stderr=quiet)
        Server.running.append(self)
        while True:
            try:
                self.connect()
                return (time.monotonic() - begun) * 1e3
            except OSError:
                if time.monotonic() - begun > seconds or self.process.poll() is not None:
                    raise SystemExit(f"{self.name} did not start: {command}") from None
                time.sleep(0.001)

    def stop(self):
        Server.running.remove(self)
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @staticmethod
    def stop_all():
        for server in list(Server.running):
            server.stop()

    def cpu_seconds(self):
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat[stat.rindex(")") + 2:].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024 / 1e6


class Ceiling(Server):
    """The bare hyper server, answering one body."""

    def __init__(self, binary, answer):
        super().__init__("ceiling")
        self.binary, self.answer = binary, answer

    def command(self):
        return [self.binary, self.address, self.answer]


class Moto(Server):
    def __init__(self, binary, secrets):
        super().__init__("moto", secrets)
        self.binary = binary

    def command(self):
        return [self.binary, "-H", "127.0.0.1", "-p", self.port]


class Strongroom(Server):
    """Configured as it comes. Its data is a copy of a snapshot, if it has one."""

    def __init__(self, binary, data, secrets=0, snapshot=None):
        super().__init__("strongroom", secrets)
        self.binary, self.data, self.snapshot = binary, data, snapshot

    def command(self):
        return [self.binary, "serve", "--data-dir", self.data, "--listen", self.address]

    def environment(self):
        if self.data.exists():
            return {}
        return {"STRONGROOM_ACCOUNT_ID": ACCOUNT, "STRONGROOM_ROOT_ACCESS_KEY_ID": KEY_ID,
                "STRONGROOM_ROOT_SECRET_ACCESS_KEY": SECRET_KEY}

    def connect(self):
        urllib.request.urlopen(f"http://{self.address}/health/ready", timeout=1).read()

    def restore(self):
        """Back to the snapshot, with nothing left to write that a sync under measurement would have to wait for."""
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(self.snapshot, self.data)
        os.sync()
