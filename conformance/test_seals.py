"""Where the root key is kept: made, changed, moved and proved with the real binary; whoever is killed on the way loses nothing.

Expectations are inferred: AWS has no such thing.
"""
import os, pathlib, re, shutil, signal, subprocess, threading, time, urllib.error, urllib.request, uuid

import botocore.exceptions
import pytest

from conftest import BINARY, Server

PASSPHRASE = "correct horse battery staple"
KINDS = ["key-file", "passphrase", "shares"]


class Vault:
    """A data directory, what opens it, and the commands on it."""

    def __init__(self, path, kind="key-file"):
        self.path, self.data_dir, self.kind = path, path / "data", kind
        path.mkdir(exist_ok=True)
        self.passphrase_file = self.write("passphrase", PASSPHRASE + "\n")
        self.server = Server(self.data_dir, environment=self.environment())

    def environment(self):
        return {"STRONGROOM_SEAL_PASSPHRASE_FILE": str(self.passphrase_file)}

    def write(self, name, text):
        file = self.path / name
        file.touch(mode=0o600)
        file.write_text(text)
        return file

    def share_files(self, root=None):
        """Of the root key that counts, or of another."""
        root = root or self.seal("status")["root key"]
        return sorted((self.path / "shares").glob(f"share-{root}-*"))

    def held(self, command):
        """What a command must be given, for it is not where the configuration says."""
        if self.kind != "shares" or command not in ("verify", "rotate", "migrate"):
            return []
        return [word for file in self.share_files()[-2:] for word in ("--share-file", file)]

    def next(self, command, arguments):
        """How shares are to be made, where they are."""
        is_new = command in ("init", "migrate") and "shares" in arguments or command == "rotate" and self.kind == "shares"
        return ["--shares-dir", self.path / "shares", "--threshold", "2", "--shares", "3"] if is_new else []

    def run(self, command, *arguments, before=(), environment=None, held=None, **options):
        arguments = [*arguments, *self.next(command, arguments), *(self.held(command) if held is None else held)]
        environment = {"PATH": os.environ["PATH"], **(self.environment() if environment is None else environment)}
        arguments = [*before, BINARY, "seal", command, "--data-dir", self.data_dir, *arguments]
        return subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=60, **options)

    def seal(self, command, *arguments, **options):
        done = self.run(command, *arguments, **options)
        assert done.returncode == 0, (command, done.stderr)
        return dict(line.split(": ", 1) for line in done.stdout.splitlines())

    def refused(self, command, *arguments, **options):
        done = self.run(command, *arguments, **options)
        assert done.returncode == 1 and done.stderr, (command, done)
        return done.stderr

    def init(self):
        return self.seal("init", "--kind", self.kind)

    def start(self):
        self.server.start(wait=self.kind != "shares")
        if self.kind == "shares":
            wait_sealed(self.server)
            for file in self.share_files()[:2]:
                self.seal("unseal", "--share-file", file)
            self.server.wait_ready()
        return self.server.client()

    def stop(self):
        self.server.stop()

    def spoil_start(self):
        """Starts a server that cannot open its data. Answers what it said."""
        self.server.start(wait=False)
        assert self.server.process.wait(timeout=20) == 1
        return self.server.log()

    def fill(self):
        self.init()
        self.start().create_secret(Name="kept", SecretString="value")
        self.stop()
        return self

    def holds(self):
        """That the data opens and is whole, with a server of its own."""
        assert self.start().get_secret_value(SecretId="kept")["SecretString"] == "value"
        self.stop()

    def migrate(self, kind):
        done = self.seal("migrate", "--to", kind)
        self.kind = kind
        return done

    def bytes(self):
        """All that is in the directory; a socket and an empty lock are left out."""
        return {
            str(file.relative_to(self.path)): (file.read_bytes(), file.stat().st_mode)
            for file in sorted(self.path.rglob("*"))
            if file.is_file() and file.name != "strongroom.lock" and file.suffix != ".log"
        }

    def events(self):
        tail = subprocess.run([BINARY, "audit", "tail", "-n", "1000", "--data-dir", self.data_dir], capture_output=True, text=True)
        assert tail.returncode == 0, tail.stderr
        return [name for name in re.findall(r'"eventName":"(\w+)"', tail.stdout)]


def answer(server, path="/", data=None, headers={}):
    request = urllib.request.Request(server.endpoint + path, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answered:
            return answered.status, answered.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait_sealed(server):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert server.process.poll() is None, server.log()
        try:
            if answer(server, "/health/ready") == (503, "sealed\n"):
                # The port is answered a moment before the socket that takes shares is there.
                if (server.data_dir / "admin.sock").exists():
                    return
        except OSError:
            pass
        time.sleep(0.005)
    raise AssertionError(f"the server was not sealed: {server.log()}")


@pytest.fixture
def vault(tmp_path):
    made = []

    def make(kind="key-file", name="vault"):
        made.append(Vault(tmp_path / name, kind))
        return made[-1]

    yield make
    for vault in made:
        if vault.server.process and vault.server.process.poll() is None:
            vault.server.kill()


@pytest.mark.parametrize("kind", KINDS)
def test_data_is_made_and_opens_again_under_the_seal_that_was_chosen(vault, kind):
    vault = vault(kind)
    made = vault.init()
    assert made["seal"].split()[0] == kind and made["storage keys"] == "1"
    assert vault.data_dir.stat().st_mode & 0o777 == 0o700
    assert (vault.data_dir / "root.key").exists() == (kind == "key-file")
    assert "already" in vault.refused("init", "--kind", kind)
    vault.start().create_secret(Name="kept", SecretString="value")
    shown = vault.seal("status")
    assert shown.pop("server") == "running" and shown == made
    vault.stop()
    vault.holds()
    shown = vault.seal("status")
    assert shown.pop("server") == "not running" and shown == made
    if kind == "shares":
        assert [file.stat().st_mode & 0o777 for file in vault.share_files()] == [0o600] * 3
        assert (vault.path / "shares").stat().st_mode & 0o777 == 0o700


def test_a_first_start_makes_what_the_configuration_chooses_and_a_later_one_holds_the_data_to_it(vault, tmp_path):
    vault = vault("passphrase")
    vault.server.config = tmp_path / "strongroom.toml"
    vault.server.config.write_text("[seal]\nkind = 'passphrase'\n")
    vault.start().create_secret(Name="kept", SecretString="value")
    assert vault.seal("status")["seal"] == "passphrase (Argon2id, 64 MiB, 3 passes, 4 lanes)"
    vault.stop()
    vault.holds()
    vault.server.config.write_text("[seal]\nkind = 'key-file'\n")
    before = vault.bytes()
    vault.server.start(wait=False)
    assert vault.server.process.wait(timeout=20) == 1
    assert "has the seal key-file, and this data has passphrase" in vault.server.log()
    assert vault.bytes() == before


def copied(source, target):
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.sock"))


def wrong_secrets(vault, other):
    """What may be wrong with what is given, how to get it wrong, and what is said of it."""
    root, passphrase = vault.data_dir / "root.key", vault.passphrase_file
    if vault.kind == "key-file":
        needed, given = vault.seal("status")["root key"], other.seal("status")["root key"]
        yield "another's", lambda: shutil.copy(other.data_dir / "root.key", root), f"needs the root key {needed}, and was given {given}"
        yield "missing", root.unlink, "root.key: No such file"
        yield "damaged", lambda: root.write_text(root.read_text().replace("v1 ", "v1 0", 1)), "root.key: is damaged or not a strongroom root key"
        yield "open to others", lambda: root.chmod(0o640), "root.key: can be read by others"
    elif vault.kind == "passphrase":
        yield "another", lambda: passphrase.write_text(PASSPHRASE + "!"), "passphrase: is not the passphrase of this data"
        yield "empty", lambda: passphrase.write_text("\n"), "passphrase: holds no passphrase"
        yield "missing", passphrase.unlink, "passphrase: No such file"
        yield "open to others", lambda: passphrase.chmod(0o604), "passphrase: can be read by others"
    else:
        mine, others = vault.share_files(), other.share_files()
        needed, given = vault.seal("status")["root key"], other.seal("status")["root key"]
        last = mine[-1]
        yield "another's", lambda: shutil.copy(others[1], last), f"the share 2 is of the root key {given}, and this data needs shares of {needed}"
        yield "missing", last.unlink, "-3: No such file"
        yield "damaged", lambda: last.write_text(last.read_text().replace(" 3 2 ", " 3 2 0", 1)), "the share 3 is damaged"
        yield "another number", lambda: last.write_text(last.read_text().replace(" 3 2 ", " 1 2 ", 1)), "the share 1 is damaged"
        yield "open to others", lambda: last.chmod(0o640), "-3: can be read by others"
        yield "the same twice", lambda: shutil.copy(mine[-2], last), "2 shares are needed, and 1 given"


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_root_key_is_told_and_nothing_is_touched(vault, kind):
    vault, other = vault(kind), vault(kind, "other")
    vault.fill(), other.fill()
    sound = vault.path.parent / "sound"
    copied(vault.path, sound)
    held = vault.held("verify")
    for what, spoil, told in wrong_secrets(vault, other):
        spoil()
        before = vault.bytes()
        for command in (["verify"], ["rotate"], ["migrate", "--to", "passphrase" if kind != "passphrase" else "key-file"]):
            said = vault.refused(*command, held=held)
            assert told in said, (what, said)
            assert vault.bytes() == before, (what, command)
        if kind != "shares":
            assert told in vault.spoil_start(), what
            assert vault.bytes() == before, what
        shutil.rmtree(vault.path)
        copied(sound, vault.path)
    vault.holds()


@pytest.mark.parametrize("running", [False, True], ids=["stopped", "running"])
@pytest.mark.parametrize("kind", KINDS)
def test_another_root_key_takes_the_place_of_the_first(vault, kind, running):
    vault = vault(kind).fill()
    first, held = vault.seal("status"), vault.bytes()
    if running:
        client = vault.start()
    second = vault.seal("rotate")
    assert second["root key"] != first["root key"] and second["seal"] == first["seal"]
    assert not list(vault.path.rglob("*.next")) and not list(vault.path.rglob("*.new"))
    if running:
        assert client.get_secret_value(SecretId="kept")["SecretString"] == "value"
        client.create_secret(Name="after", SecretString="later")
        vault.stop()
    vault.holds()
    assert vault.seal("status")["root key"] == second["root key"]
    assert vault.events().count("RotateRootKey") == 1
    verified = subprocess.run([BINARY, "audit", "verify", "--data-dir", vault.data_dir], capture_output=True, text=True)
    assert verified.returncode == 0, verified.stderr
    if kind == "key-file":
        old = vault.write("old.key", held["data/root.key"][0].decode())
        assert f"needs the root key {second['root key']}, and was given {first['root key']}" in vault.refused("verify", "--seal-key-file", old)


def test_a_passphrase_is_changed_with_the_root_key(vault):
    vault = vault("passphrase").fill()
    assert "at least 12 characters" in vault.refused("rotate", "--new-passphrase-file", vault.write("short", "elevenchars"))
    new = vault.write("new", "another passphrase\n")
    vault.seal("rotate", "--new-passphrase-file", new)
    assert "is not the passphrase" in vault.refused("verify")
    vault.seal("verify", "--seal-passphrase-file", new)
    vault.passphrase_file.write_text("another passphrase")
    vault.holds()


def test_a_passphrase_comes_out_of_a_pipe(vault):
    vault = vault("passphrase").fill()
    for command in ("verify", "rotate"):
        read, write = os.pipe()
        os.write(write, PASSPHRASE.encode())
        os.close(write)
        vault.seal(command, "--seal-passphrase-file", f"/dev/fd/{read}", environment={}, pass_fds=[read])
        os.close(read)
    assert "no file is named that holds it" in vault.refused("verify", environment={})
    vault.holds()


@pytest.mark.parametrize("running", [False, True], ids=["stopped", "running"])
def test_the_root_key_moves_from_each_seal_to_each_other(vault, running):
    vault = vault(KINDS[0]).fill()
    ways = [(old, new) for old in KINDS for new in KINDS if old != new]
    roots = {vault.seal("status")["root key"]}
    round_trip = ["passphrase", "shares", "key-file", "shares", "passphrase", "key-file"]
    assert set(zip([KINDS[0], *round_trip], round_trip)) == set(ways)
    for kind in round_trip:
        if running:
            vault.start()
        moved = vault.migrate(kind)
        roots.add(moved["root key"])
        assert moved["seal"].split()[0] == kind
        assert (vault.data_dir / "root.key").exists() == (kind == "key-file"), "what opens nothing any more is removed"
        if running:
            vault.stop()
        vault.holds()
        vault.seal("verify")
    assert len(roots) == 1 + len(ways) and vault.events().count("MigrateSeal") == len(ways)
    assert "seal rotate" in vault.refused("migrate", "--to", vault.kind)


def test_the_root_keys_file_moves_and_is_never_written_over_another(vault):
    vault, other = vault().fill(), vault(name="other").fill()
    new = vault.path / "elsewhere.key"
    shutil.copy(other.data_dir / "root.key", new)
    before = vault.bytes()
    assert "is not this data's root key, and is not overwritten" in vault.refused("migrate", "--to", "key-file", "--new-key-file", new)
    assert vault.bytes() == before
    new.unlink()
    vault.seal("migrate", "--to", "key-file", "--new-key-file", new)
    assert new.exists() and not (vault.data_dir / "root.key").exists()
    vault.server.config = vault.write("strongroom.toml", f"[seal]\nkey_file = '{new}'\n")
    vault.holds()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("running", [False, True], ids=["stopped", "running"])
def test_the_recovery_drill_opens_the_data_with_a_backup_and_changes_nothing(vault, kind, running):
    vault = vault(kind).fill()
    backup = vault.path / "backup"
    shutil.copy({"key-file": vault.data_dir / "root.key", "passphrase": vault.passphrase_file}.get(kind) or vault.share_files()[1], backup)
    flag = {"key-file": "--seal-key-file", "passphrase": "--seal-passphrase-file", "shares": "--share-file"}[kind]
    held = ["--share-file", vault.share_files()[0]] if kind == "shares" else []
    if running:
        vault.start()
    before = vault.bytes()
    assert vault.seal("verify", flag, backup, held=held)["this opens the data"] == f"root key {vault.seal('status')['root key']}, storage keys: 1"
    backup.write_text("something else\n")
    vault.refused("verify", flag, backup, held=held)
    after = vault.bytes()
    after.pop("backup"), before.pop("backup")
    assert after == before


def test_a_backup_of_the_whole_directory_is_drilled_beside_the_server(vault):
    vault = vault().fill()
    vault.start()
    copy = vault.path / "copy"
    copy.mkdir()
    subprocess.run(["sqlite3", vault.data_dir / "strongroom.db", f".backup {copy}/strongroom.db"], check=True) if shutil.which("sqlite3") else backed_up(vault.data_dir, copy)
    done = subprocess.run([BINARY, "seal", "verify", "--data-dir", copy, "--seal-key-file", vault.data_dir / "root.key"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def backed_up(source, target):
    import sqlite3

    with sqlite3.connect(f"file:{source}/strongroom.db?mode=ro", uri=True) as database, sqlite3.connect(target / "strongroom.db") as copy:
        database.backup(copy)


def test_nobody_replaces_the_root_key_who_has_not_opened_the_present_one(vault):
    import base64, json, socket

    vault, other = vault().fill(), vault(name="other").fill()

    def ask(vault, command):
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(str(vault.data_dir / "admin.sock"))
            asking.sendall(json.dumps(command).encode() + b"\n")
            return json.loads(asking.makefile().readline())

    vault.start(), other.start()
    mine, others = ask(vault, {"command": "seal-read"})["answer"], ask(other, {"command": "seal-read"})["answer"]
    before = vault.seal("status")
    for sealing in (mine["sealing"], others["sealing"]):
        for proof in ("", base64.b64encode(bytes(120)).decode()):
            answer = ask(vault, {"command": "seal-replace", "sealing": sealing, "proof": proof, "reason": "RotateRootKey"})
            assert answer == {"error": "nothing proves that these are the storage keys in use"}
    assert vault.seal("status") == before
    vault.stop()
    vault.holds()


def test_only_one_replaces_the_root_key_at_a_time(vault):
    vault = vault().fill()
    vault.start()
    outcomes = []
    threads = [threading.Thread(target=lambda: outcomes.append(vault.run("rotate"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert any(done.returncode == 0 for done in outcomes)
    for done in outcomes:
        assert done.returncode == 0 or "replaced" in done.stderr, done.stderr
    vault.seal("verify")
    vault.stop()
    vault.holds()


SYSCALLS = ["openat", "write", "fsync", "rename", "unlink", "pwrite64", "fdatasync", "close"]


@pytest.mark.parametrize("way", [["rotate"], ["migrate", "--to", "passphrase"], ["migrate", "--to", "shares"]], ids=["rotate", "to a passphrase", "to shares"])
def test_whoever_is_killed_at_any_system_call_finds_data_that_opens(vault, tmp_path, way):
    vault = vault().fill()
    first, sound = vault.seal("status")["root key"], tmp_path / "sound"
    copied(vault.path, sound)
    found, kills = set(), 0
    for call in SYSCALLS:
        # A command spends most calls on loading itself; the last are those that count. Killed from the end backwards.
        counted = vault.run(*way, before=["strace", "-f", "-qq", "-e", f"trace={call}", "-o", tmp_path / "calls"])
        assert counted.returncode == 0, counted.stderr
        last = len((tmp_path / "calls").read_text().splitlines())
        for number in range(max(1, last - (40 if "rotate" in way else 12)), last + 1):
            shutil.rmtree(vault.path)
            copied(sound, vault.path)
            vault.kind = "key-file"
            done = vault.run(*way, before=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:signal=SIGKILL:when={number}"])
            kills += done.returncode != 0
            vault.kind = vault.seal("status")["seal"].split()[0]
            vault.seal("verify")
            found.add(vault.seal("status")["root key"] == first)
            if number % 6 == 0:
                vault.holds()
        shutil.rmtree(vault.path)
        copied(sound, vault.path)
        vault.kind = "key-file"
    assert found == {True, False} and kills > 20, (found, kills)


def test_root_keys_change_under_load_while_server_and_command_are_killed(vault):
    vault = vault().fill()
    client, stop, written, failures = vault.start(), threading.Event(), ["kept"], []

    def load():
        while not stop.is_set():
            name = f"load/{uuid.uuid4()}"
            try:
                client.create_secret(Name=name, SecretString="value")
                written.append(name)
                client.get_secret_value(SecretId=written[0])
            except Exception as error:
                if not stop.is_set() and not killing.is_set():
                    failures.append(error)
                time.sleep(0.01)

    killing = threading.Event()
    thread = threading.Thread(target=load)
    thread.start()
    roots = {vault.seal("rotate")["root key"] for _ in range(5)}
    assert len(roots) == 5 and failures == []
    for number in range(30):
        rotating = subprocess.Popen([BINARY, "seal", "rotate", "--data-dir", vault.data_dir], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(number * 0.004)
        if number % 2:
            killing.set()
            vault.server.kill()
            rotating.wait()
            vault.server.start()
            killing.clear()
        else:
            rotating.send_signal(signal.SIGKILL)
            rotating.wait()
        vault.seal("verify")
    stop.set()
    thread.join()
    assert failures == []
    vault.stop()
    client = vault.start()
    for name in written:
        assert client.get_secret_value(SecretId=name)["SecretString"] == "value"


def test_nothing_of_a_key_or_passphrase_is_said(vault):
    vault = vault().fill()
    keys = [(vault.data_dir / "root.key").read_text().split()[1]]
    said = []
    for command in (["rotate"], ["migrate", "--to", "passphrase"], ["rotate"], ["migrate", "--to", "key-file"], ["verify"], ["status"]):
        done = vault.run(*command)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout + done.stderr)
        if (vault.data_dir / "root.key").exists():
            keys.append((vault.data_dir / "root.key").read_text().split()[1])
    vault.passphrase_file.write_text(PASSPHRASE + " and more")
    vault.migrate("passphrase")
    vault.passphrase_file.write_text(PASSPHRASE)
    said.append(vault.refused("verify"))
    vault.server.start(wait=False)
    vault.server.process.wait(timeout=20)
    said.append(vault.server.log())
    for part in [*keys, PASSPHRASE, PASSPHRASE + " and more"]:
        assert not any(part in text for text in said)
        for name, (content, _) in vault.bytes().items():
            assert name == "passphrase" or part.encode() not in content, name


def test_a_sealed_server_answers_that_it_lives_and_nothing_else(vault):
    vault = vault("shares").fill()
    vault.server.start(wait=False)
    wait_sealed(vault.server)
    assert answer(vault.server, "/health/live") == (200, "ok\n")
    assert answer(vault.server, "/health/ready") == (503, "sealed\n")
    for ask in (lambda: vault.server.client().get_secret_value(SecretId="kept"), lambda: vault.server.client("sts").get_caller_identity()):
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            ask()
        assert refused.value.response["Error"] == {"Code": "ServiceUnavailable", "Message": "The server is sealed"} | (
            {"Type": "Receiver"} if "Type" in refused.value.response["Error"] else {})
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    for path, data in (("/", None), ("/metrics", None), ("/health/ready", b"x"), ("/admin", b"{}"), ("/", b"x" * 200_000)):
        assert answer(vault.server, path, data)[0] == 503, path
    account = subprocess.run([BINARY, "account", "create", "--data-dir", vault.data_dir], capture_output=True, text=True)
    assert account.returncode == 1 and "the server is sealed" in account.stderr
    assert vault.seal("status")["server"] == "sealed, 0 shares given"
    first, second, third = vault.share_files()
    assert vault.seal("unseal", input=first.read_text()) == {"shares": "1 of 2"}
    assert vault.seal("unseal", "--share-file", first) == {"shares": "1 of 2"}, "a share counts once"
    assert vault.seal("status")["server"] == "sealed, 1 shares given"
    damaged = vault.write("damaged", second.read_text().replace(" 2 2 ", " 2 2 0"))
    assert "the share 2 is damaged" in vault.refused("unseal", "--share-file", damaged)
    assert answer(vault.server, "/health/ready")[0] == 503
    assert vault.seal("unseal", "--share-file", third) == {"server": "unsealed"}
    vault.server.wait_ready()
    assert vault.server.client().get_secret_value(SecretId="kept")["SecretString"] == "value"
    assert vault.seal("status")["server"] == "running"
    for file in (first, second, third):
        assert file.read_text().split()[4] not in vault.server.log()


def test_shares_of_other_data_and_edited_ones_open_nothing(vault):
    import hashlib

    vault, other = vault("shares").fill(), vault("shares", "other").fill()
    vault.server.start(wait=False)
    wait_sealed(vault.server)
    assert "the share 1 is of the root key" in vault.refused("unseal", "--share-file", other.share_files()[0])
    _, root, number, threshold, _, _ = vault.share_files()[0].read_text().split()
    forged = bytes(range(32))
    sum = hashlib.sha256(b"strongroom share checksum" + bytes.fromhex(root) + bytes([int(number), int(threshold)]) + forged).hexdigest()[:8]
    file = vault.write("forged", f"strongroom-share-v1 {root} {number} {threshold} {forged.hex()} {sum}\n")
    assert "the share 1 is not the one that was handed out" in vault.refused("unseal", "--share-file", file)
    assert vault.seal("status")["server"] == "sealed, 0 shares given"


def test_a_sealed_server_stops_when_told_and_starts_sealed_again(vault):
    vault = vault("shares").fill()
    for _ in range(2):
        vault.server.start(wait=False)
        wait_sealed(vault.server)
        vault.seal("unseal", "--share-file", vault.share_files()[0])
        vault.stop()
    vault.holds()


def test_old_shares_open_nothing_once_new_ones_are_handed_out(vault):
    vault = vault("shares").fill()
    old = vault.share_files()
    vault.start()
    few = [word for file in old[:1] for word in ("--share-file", file)]
    assert "2 shares are needed, and 1 given" in vault.refused("rotate", held=few)
    vault.seal("rotate")
    vault.stop()
    said = vault.refused("verify", held=[word for file in old for word in ("--share-file", file)])
    assert "the share 1 is of the root key" in said
    vault.holds()


def test_a_preset_credential_is_kept_out_of_the_environment_while_shares_are_awaited(vault):
    from conftest import SECRET_KEY

    vault = vault("shares")
    vault.init()
    for _ in range(2):
        vault.server.start(wait=False)
        wait_sealed(vault.server)
        assert SECRET_KEY.encode() not in pathlib.Path(f"/proc/{vault.server.process.pid}/environ").read_bytes()
        for file in vault.share_files()[:2]:
            vault.seal("unseal", "--share-file", file)
        vault.server.wait_ready()
        assert vault.server.client("sts").get_caller_identity()["Account"] == "123456789012"
        vault.stop()
