"""A real server for each module: the release binary, a port of its own, a data directory of its own."""
import os, pathlib, signal, socket, subprocess, time, urllib.request

import boto3
import botocore.config
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = pathlib.Path(os.environ.get("STRONGROOM", ROOT / "target/release/strongroom"))
ACCOUNT = "123456789012"
KEY_ID = "AKIATESTROOTKEY00001"
SECRET_KEY = "rootSecretForTests0000000000000000000001"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """`strongroom serve` as a process."""

    def __init__(self, data_dir, config=None, environment=None):
        self.data_dir, self.port = pathlib.Path(data_dir), free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.config, self.environment, self.process = config, environment or {}, None

    def start(self, wait=True):
        arguments = [BINARY, "serve", "--data-dir", self.data_dir, "--listen", f"127.0.0.1:{self.port}"]
        if self.config:
            arguments += ["--config", self.config]
        environment = {
            "PATH": os.environ["PATH"],
            "STRONGROOM_ACCOUNT_ID": ACCOUNT,
            "STRONGROOM_ROOT_ACCESS_KEY_ID": KEY_ID,
            "STRONGROOM_ROOT_SECRET_ACCESS_KEY": SECRET_KEY,
            **self.environment,
        }
        log = open(self.data_dir.parent / f"{self.data_dir.name}.log", "ab")
        self.process = subprocess.Popen(arguments, env=environment, stdout=log, stderr=log)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=20):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended: {self.log()}")
            try:
                with urllib.request.urlopen(self.endpoint + "/health/ready", timeout=1) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.005)
        raise AssertionError(f"the server was not ready in time: {self.log()}")

    def log(self):
        return (self.data_dir.parent / f"{self.data_dir.name}.log").read_text(errors="replace")[-2000:]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=30)
        assert code == 0, f"stopped with {code}: {self.log()}"

    def client(self, service="secretsmanager", region="us-east-1", **config):
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET_KEY,
            config=botocore.config.Config(retries={"max_attempts": 0}, **config),
        )

    def cli_environment(self):
        return {
            "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}",
            "HOME": str(self.data_dir.parent),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_PAGER": "",
        }


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("data") / "dir").start()
    yield server
    if server.process.poll() is None:
        server.stop()


@pytest.fixture
def client(server):
    return server.client()
