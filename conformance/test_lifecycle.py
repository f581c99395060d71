"""Starting, stopping and refusing, as an operator sees it."""
import os, re, resource, signal, socket, subprocess, time, urllib.request

from conftest import BINARY, Server, free_port


def serve(data_dir, port, **environment):
    return subprocess.Popen([BINARY, "serve", "--data-dir", data_dir, "--listen", f"127.0.0.1:{port}"],
                            env={"PATH": os.environ["PATH"], **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_first_start_that_fails_loses_no_credential(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        failed = serve(tmp_path / "data", taken.getsockname()[1])
        _, err = failed.communicate(timeout=20)
        assert failed.returncode == 1 and "cannot listen" in err
    started = serve(tmp_path / "data", free_port())
    told = ""
    while "AWS_DEFAULT_REGION" not in told:
        line = started.stdout.readline()
        assert line, started.stderr.read()
        told += line
    assert re.search(r"^export AWS_SECRET_ACCESS_KEY=.{40}$", told, re.M)
    started.send_signal(signal.SIGTERM)
    assert started.wait(timeout=20) == 0


def test_half_a_preset_is_refused(tmp_path):
    for half in ({"STRONGROOM_ROOT_ACCESS_KEY_ID": "AKIAHALF"}, {"STRONGROOM_ROOT_SECRET_ACCESS_KEY": "half-a-preset"}):
        refused = serve(tmp_path / "data", free_port(), **half)
        _, err = refused.communicate(timeout=20)
        assert refused.returncode == 1 and "is set without" in err and "half-a-preset" not in err


def test_variables_that_are_set_to_nothing_count_as_unset(tmp_path):
    server = Server(tmp_path / "data", environment={"STRONGROOM_LISTEN": "", "STRONGROOM_CONFIG": "", "STRONGROOM_INSECURE_HTTP": ""})
    server.data_dir.mkdir()
    server.start().stop()


def test_silent_and_half_spoken_connections_do_not_hold_up_the_stop(tmp_path):
    server = Server(tmp_path / "data").start()
    with socket.create_connection(("127.0.0.1", server.port)), socket.create_connection(("127.0.0.1", server.port)) as half:
        half.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n")
        time.sleep(0.2)
        begun = time.monotonic()
        server.stop()
        assert time.monotonic() - begun < 5


def test_a_head_beyond_its_limit_is_refused(tmp_path):
    server = Server(tmp_path / "data").start()
    for size, refused in ((20_000, False), (40_000, True)):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * size + b"\r\n\r\n")
            assert (b" 431 " in connection.recv(100)) == refused
    server.stop()


def test_running_out_of_files_neither_spins_nor_floods_the_log(tmp_path):
    server = Server(tmp_path / "data").start()
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (64, 64))
    held = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(100)]
    time.sleep(1.5)
    log = (server.data_dir.parent / "data.log").stat().st_size
    assert log < 20_000, f"{log} bytes of log"
    for connection in held:
        connection.close()
    with urllib.request.urlopen(server.endpoint + "/health/ready", timeout=10) as answer:
        assert answer.status == 200
    server.stop()


def test_a_root_credential_that_could_not_be_told_is_made_anew(tmp_path):
    deaf = subprocess.Popen([BINARY, "serve", "--data-dir", tmp_path / "data", "--listen", f"127.0.0.1:{free_port()}"],
                            env={"PATH": os.environ["PATH"]}, stdout=open("/dev/full", "wb"), stderr=subprocess.PIPE)
    deaf.communicate(timeout=20)
    assert deaf.returncode == 1
    port = free_port()
    started = serve(tmp_path / "data", port)
    told = {}
    while "AWS_DEFAULT_REGION" not in told:
        line = started.stdout.readline()
        assert line, started.stderr.read()
        if line.startswith("export "):
            name, value = line[len("export "):].strip().split("=", 1)
            told[name] = value
    import boto3
    client = boto3.client("sts", endpoint_url=told["AWS_ENDPOINT_URL"], region_name="us-east-1", aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
                          aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"])
    assert client.get_caller_identity()["Arn"].endswith(":root")
    started.send_signal(signal.SIGTERM)
    assert started.wait(timeout=20) == 0
    again = serve(tmp_path / "data", free_port())
    line = again.stdout.readline()
    again.send_signal(signal.SIGTERM)
    rest, _ = again.communicate(timeout=20)
    assert "strongroom serves" in line and "AWS_SECRET_ACCESS_KEY" not in rest


def test_a_file_system_without_direct_writes_will_do(tmp_path):
    """Inferred (open(2): such a file system answers EINVAL to O_DIRECT, and Linux has made the file by then). ramfs is one."""
    disk = tmp_path / "ramfs"
    disk.mkdir()
    subprocess.run(["mount", "-t", "ramfs", "ramfs", disk], check=True)
    try:
        server = Server(disk / "data").start()
        try:
            server.client("secretsmanager").create_secret(Name="kept", SecretString="x")
            server.kill()
            server.start()
            assert server.client("secretsmanager").get_secret_value(SecretId="kept")["SecretString"] == "x"
        finally:
            server.kill()
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)
