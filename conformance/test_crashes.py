"""What was acknowledged survives: the server is killed at random moments, and the power is cut.

Killing alone proves nothing about durability (the page cache outlives the process), so the same is done on lossyfs.py, a
file system that forgets what was not fsynced; and that harness is first seen to fail with synchronous lowered one notch.
Sizes by environment: STRONGROOM_KILLS (200), STRONGROOM_CUTS (50).
"""
import json, os, pathlib, random, subprocess, sys, threading, time, uuid

import botocore.exceptions
import pytest

from conftest import BINARY, Server

KILLS = int(os.environ.get("STRONGROOM_KILLS", 200))
CUTS = int(os.environ.get("STRONGROOM_CUTS", 50))
WRITERS = 4


class History:
    """What the server acknowledged, by secret; and what may or may not have happened."""

    def __init__(self):
        self.lock, self.versions, self.requests = threading.Lock(), {}, []
        self.deleted, self.maybe_deleted = set(), set()

    def acknowledge(self, name, token, value, request_id):
        with self.lock:
            self.versions.setdefault(name, []).append((token, value))
            self.requests.append(request_id)

    def ask_for_deletion(self, name):
        with self.lock:
            self.maybe_deleted.add(name)

    def acknowledge_deletion(self, name, request_id):
        with self.lock:
            self.deleted.add(name)
            self.requests.append(request_id)


def write(client, history, stop, seed):
    rng, mine = random.Random(seed), []
    while not stop.is_set():
        token, value = str(uuid.UUID(int=rng.getrandbits(128))), f"value-{rng.getrandbits(64):x}"
        try:
            if not mine or rng.random() < 0.3:
                name = f"crash/{uuid.uuid4()}"
                answer = client.create_secret(Name=name, SecretString=value, ClientRequestToken=token)
                mine.append(name)
                history.acknowledge(name, token, value, answer["ResponseMetadata"]["RequestId"])
            elif rng.random() < 0.1 and len(mine) > 1:
                name = mine.pop(rng.randrange(len(mine)))
                history.ask_for_deletion(name)
                answer = client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
                history.acknowledge_deletion(name, answer["ResponseMetadata"]["RequestId"])
            else:
                name = rng.choice(mine)
                answer = client.put_secret_value(SecretId=name, SecretString=value, ClientRequestToken=token)
                history.acknowledge(name, token, value, answer["ResponseMetadata"]["RequestId"])
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
            # The server was killed while it worked on this: it may have happened or not.
            if "name" in dir() and name in mine:
                mine.remove(name)
            return


def load_until(server, history, seconds, seed, end):
    stop = threading.Event()
    threads = [threading.Thread(target=write, args=(server.client(), history, stop, f"{seed}-{i}")) for i in range(WRITERS)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    end()
    stop.set()
    for thread in threads:
        thread.join()


def losses(server, history, limit=None):
    """What is missing or half done, of the secrets written last."""
    client, found = server.client(), []
    names = list(history.versions)[-(limit or len(history.versions)):]
    for name in names:
        versions = history.versions[name]
        if name in history.deleted:
            try:
                client.describe_secret(SecretId=name)
                found.append(f"{name}: deleted and there")
            except client.exceptions.ResourceNotFoundException:
                pass
            continue
        try:
            described = client.describe_secret(SecretId=name)
            current = [id for id, stages in described["VersionIdsToStages"].items() if "AWSCURRENT" in stages]
            if len(current) != 1:
                found.append(f"{name}: {len(current)} current versions")
            for token, value in versions[-3:]:
                if client.get_secret_value(SecretId=name, VersionId=token)["SecretString"] != value:
                    found.append(f"{name}: another value")
        except botocore.exceptions.ClientError as error:
            # A deletion may have been under way when the server ended.
            if "can't find the specified secret." not in str(error) or name not in history.maybe_deleted:
                found.append(f"{name}: {error}")
    return found


def audited(server):
    tail = subprocess.run([BINARY, "audit", "tail", "-n", "100000000", "--data-dir", server.data_dir], capture_output=True, text=True)
    assert tail.returncode == 0, tail.stderr
    return [json.loads(line)["requestID"] for line in tail.stdout.splitlines()]


def check_audit(server, history):
    # The outbox is carried over right after the start; a request to the log itself comes behind it.
    deadline = time.monotonic() + 10
    while True:
        events = audited(server)
        missing = set(history.requests) - set(events)
        if not missing or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    assert not missing, f"{len(missing)} acknowledged changes without their event"
    assert len(events) == len(set(events)), "an event twice"
    verified = subprocess.run([BINARY, "audit", "verify", "--data-dir", server.data_dir], capture_output=True, text=True)
    assert verified.returncode == 0, verified.stderr


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(tmp_path):
    server, history, rng = Server(tmp_path / "data"), History(), random.Random(2026)
    server.data_dir.mkdir()
    for cycle in range(KILLS):
        server.start()
        load_until(server, history, rng.uniform(0.02, 0.25), cycle, server.kill)
        if cycle % 10 == 9 or cycle == KILLS - 1:
            server.start()
            assert losses(server, history, limit=300) == [], f"cycle {cycle}"
            server.kill()
    server.start()
    assert losses(server, history) == []
    check_audit(server, history)
    assert len(history.requests) > KILLS
    server.stop()


class LossyDisk:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.mkdir()
        script = pathlib.Path(__file__).resolve().parent / "lossyfs.py"
        self.process = subprocess.Popen([sys.executable, script, self.path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not os.path.ismount(self.path):
            assert self.process.poll() is None and time.monotonic() < deadline, "lossyfs did not mount"
            time.sleep(0.02)

    def signal(self, name):
        try:
            os.stat(self.path / name)
        except FileNotFoundError:
            pass

    def close(self):
        subprocess.run(["fusermount3", "-u", "-z", self.path], check=False)
        self.process.wait(timeout=20)


@pytest.fixture
def lossy(tmp_path):
    disk = LossyDisk(tmp_path / "disk")
    yield disk
    disk.close()


def power_cuts(tmp_path, disk, durability, cuts):
    """Answers the first losses found, or none."""
    config = tmp_path / f"{durability}.toml"
    # The audit log's own sync stays as it is: what is lowered is the database's.
    config.write_text(f'[storage]\nexclusive = true\ndurability = "{durability}"\n')
    server, history, rng = Server(disk.path / durability, config=config), History(), random.Random(7)
    server.data_dir.mkdir()
    for cycle in range(cuts):
        server.start()
        load_until(server, history, rng.uniform(0.05, 0.4), f"{durability}{cycle}", server.kill)
        disk.signal(".cut")
        try:
            server.start()
        except AssertionError as error:
            return [str(error)]
        found = losses(server, history, limit=100)
        server.kill()
        if found:
            return found
    server.start()
    check_audit(server, history)
    assert losses(server, history) == []
    assert len(history.requests) > cuts
    server.kill()
    return []


def test_the_harness_notices_a_lowered_sync(tmp_path, lossy):
    assert power_cuts(tmp_path, lossy, "process-only", 10) != []


def test_nothing_acknowledged_is_lost_when_the_power_is_cut(tmp_path, lossy):
    assert power_cuts(tmp_path, lossy, "full", CUTS) == []


def test_a_failing_sync_is_never_acknowledged_and_the_service_recovers(tmp_path, lossy):
    config = tmp_path / "exclusive.toml"
    config.write_text("[storage]\nexclusive = true\n")
    server, history = Server(lossy.path / "data", config=config), History()
    server.data_dir.mkdir()
    server.start()
    client = server.client()
    client.create_secret(Name="before", SecretString="value")
    lossy.signal(".failsync")
    for attempt in (lambda: client.get_secret_value(SecretId="before"), lambda: client.create_secret(Name="during", SecretString="x")):
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            attempt()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    lossy.signal(".healsync")
    assert client.get_secret_value(SecretId="before")["SecretString"] == "value"
    client.create_secret(Name="after", SecretString="value")
    server.kill()
    lossy.signal(".cut")
    server.start()
    assert server.client().get_secret_value(SecretId="after")["SecretString"] == "value"
    server.kill()
