"""The rotation of KMS's keys. Messages that are quoted whole are recorded from AWS; members and limits are documented (API
reference, "Rotate AWS KMS keys"). What comes with time is in crates/services/tests/kms_rotation: the clock is not moved here."""
import datetime, json, subprocess

import botocore.exceptions
import pytest

from conftest import Server


def refused(call, code, text=None):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    if text is not None:
        assert error.get("Message", "") == text, error
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.fixture(scope="module")
def kms(server):
    return server.client("kms", parameter_validation=False)


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


def materials(kms, key):
    return kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]


def test_what_was_encrypted_before_three_rotations_opens_after_them(kms, key):
    blobs, context = [], {"a": "b"}
    for round in range(4):
        blobs.append(kms.encrypt(KeyId=key, Plaintext=b"%d" % round, EncryptionContext=context)["CiphertextBlob"])
        current = kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"]
        assert materials(kms, key)[-1]["KeyMaterialId"] == current
        for number, blob in enumerate(blobs):
            opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
            assert opened["Plaintext"] == b"%d" % number
            assert opened["KeyMaterialId"] == materials(kms, key)[number]["KeyMaterialId"]
        refused(lambda: kms.decrypt(CiphertextBlob=blobs[0], EncryptionContext={"a": "c"}), "InvalidCiphertextException", "")
        if round < 3:
            assert kms.rotate_key_on_demand(KeyId=key)["KeyId"] == key
    assert len({entry["KeyMaterialId"] for entry in materials(kms, key)}) == 4


def test_rotations_survive_a_kill(tmp_path):
    server = Server(tmp_path / "dir").start()
    kms = server.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    blobs = []
    for _ in range(3):
        blobs.append(kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"])
        kms.rotate_key_on_demand(KeyId=key)
        server.kill()
        server.start()
        assert [kms.decrypt(CiphertextBlob=blob)["Plaintext"] for blob in blobs] == [b"x"] * len(blobs)
        assert len(materials(kms, key)) == len(blobs) + 1
    server.stop()


def test_the_list_of_rotations(kms, key):
    id = key.split("/")[1]
    assert kms.list_key_rotations(KeyId=key)["Rotations"] == []
    (first,) = materials(kms, key)
    assert first == {"KeyId": id, "KeyMaterialId": first["KeyMaterialId"], "KeyMaterialState": "CURRENT"}
    kms.rotate_key_on_demand(KeyId=key)
    (second,) = kms.list_key_rotations(KeyId=key)["Rotations"]
    assert abs(second.pop("RotationDate") - datetime.datetime.now(datetime.UTC)) < datetime.timedelta(minutes=1)
    assert second == {"KeyId": id, "KeyMaterialId": second["KeyMaterialId"], "KeyMaterialState": "CURRENT", "RotationType": "ON_DEMAND"}
    assert [entry["KeyMaterialState"] for entry in materials(kms, key)] == ["NON_CURRENT", "CURRENT"]
    for _ in range(3):
        kms.rotate_key_on_demand(KeyId=key)
    page = kms.list_key_rotations(KeyId=key, Limit=3)
    assert page["Truncated"] and len(page["Rotations"]) == 3
    rest = kms.list_key_rotations(KeyId=key, Limit=3, Marker=page["NextMarker"])
    assert not rest["Truncated"] and len(rest["Rotations"]) == 1 and "NextMarker" not in rest
    refused(lambda: kms.list_key_rotations(KeyId=key, Marker="x"), "InvalidMarkerException")
    refused(lambda: kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL", Marker=page["NextMarker"]), "InvalidMarkerException")
    refused(lambda: kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="SOME"), "ValidationException")


def test_the_status_of_rotation(kms, key):
    id = key.split("/")[1]
    status = lambda: {name: value for name, value in kms.get_key_rotation_status(KeyId=key).items() if name != "ResponseMetadata"}
    assert status() == {"KeyId": id, "KeyRotationEnabled": False}
    kms.enable_key_rotation(KeyId=key)
    told = status()
    due = told.pop("NextRotationDate") - datetime.datetime.now(datetime.UTC)
    assert abs(due - datetime.timedelta(days=365)) < datetime.timedelta(minutes=1)
    assert told == {"KeyId": id, "KeyRotationEnabled": True, "RotationPeriodInDays": 365}
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    assert status()["RotationPeriodInDays"] == 90
    before = status()["NextRotationDate"]
    kms.rotate_key_on_demand(KeyId=key)
    assert status()["NextRotationDate"] == before
    kms.disable_key_rotation(KeyId=key)
    assert status() == {"KeyId": id, "KeyRotationEnabled": False}


@pytest.mark.parametrize("days, rule", [(89, "greater than or equal to 90"), (2561, "less than or equal to 2560")])
def test_periods_out_of_range_are_refused_before_the_key_is_looked_up(kms, days, rule):
    message = f"1 validation error detected: Value '{days}' at 'rotationPeriodInDays' failed to satisfy constraint: Member must have value {rule}"
    refused(lambda: kms.enable_key_rotation(KeyId="nonsense", RotationPeriodInDays=days), "ValidationException", message)


def test_periods_at_the_limits_are_taken(kms, key):
    for days in (90, 2560):
        kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=days)
        assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == days


@pytest.mark.parametrize("spec, usage", [("RSA_2048", "ENCRYPT_DECRYPT"), ("ECC_NIST_P256", "SIGN_VERIFY"), ("HMAC_256", "GENERATE_VERIFY_MAC")])
def test_keys_that_never_rotate(kms, spec, usage):
    """Recorded: the exceptions have no message, and DisableKeyRotation succeeds."""
    key = kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["Arn"]
    refused(lambda: kms.enable_key_rotation(KeyId=key), "UnsupportedOperationException", "")
    refused(lambda: kms.rotate_key_on_demand(KeyId=key), "UnsupportedOperationException", "")
    kms.disable_key_rotation(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    assert kms.list_key_rotations(KeyId=key)["Rotations"] == []


def test_keys_of_imported_material(kms):
    key = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["Arn"]
    for call in (kms.enable_key_rotation, kms.disable_key_rotation, kms.rotate_key_on_demand):
        refused(lambda: call(KeyId=key), "KMSInvalidStateException", f"{key} is pending import.")
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False


def test_the_state_comes_before_the_spec(kms, key):
    """Recorded of RotateKeyOnDemand on a disabled RSA key."""
    pair = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    for arn in (key, pair):
        kms.disable_key(KeyId=arn)
        for call in (kms.enable_key_rotation, kms.disable_key_rotation, kms.rotate_key_on_demand):
            refused(lambda: call(KeyId=arn), "DisabledException", f"{arn} is disabled.")
        kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
        for call in (kms.enable_key_rotation, kms.disable_key_rotation, kms.rotate_key_on_demand):
            refused(lambda: call(KeyId=arn), "KMSInvalidStateException", f"{arn} is pending deletion.")
        assert kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"] is False
        assert kms.list_key_rotations(KeyId=arn)["Rotations"] == []


def test_aliases_are_refused_and_absent_keys_not_found(kms, key):
    absent = key[:-12] + "0" * 12
    for call in (kms.enable_key_rotation, kms.disable_key_rotation, kms.rotate_key_on_demand, kms.get_key_rotation_status, kms.list_key_rotations):
        refused(lambda: call(KeyId="alias/nothing"), "InvalidArnException", "Key Aliases are not supported for this operation.")
        refused(lambda: call(KeyId=absent), "NotFoundException", f"Key '{absent}' does not exist")


def test_twenty_five_rotations_on_demand_and_no_more(kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    for _ in range(25):
        kms.rotate_key_on_demand(KeyId=key)
    message = f"The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: {key}"
    refused(lambda: kms.rotate_key_on_demand(KeyId=key), "LimitExceededException", message)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_the_servers_own_key_is_rotated_by_nobody_and_says_that_it_rotates_yearly(server, kms, client):
    """Documented: API reference, GetKeyRotationStatus and EnableKeyRotation."""
    client.create_secret(Name="own-key", SecretString="value")
    key = kms.describe_key(KeyId="alias/aws/secretsmanager")["KeyMetadata"]["KeyId"]
    status = kms.get_key_rotation_status(KeyId=key)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 365)
    for call in (kms.enable_key_rotation, kms.disable_key_rotation, kms.rotate_key_on_demand):
        refused(lambda: call(KeyId=key), "AccessDeniedException")
    assert client.get_secret_value(SecretId="own-key")["SecretString"] == "value"


def test_rotations_at_once_are_all_there(kms, key):
    from concurrent.futures import ThreadPoolExecutor
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: kms.rotate_key_on_demand(KeyId=key), range(12)))
    assert len(materials(kms, key)) == 13
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_the_command_line(server, kms, key):
    run = lambda *words: subprocess.run(["aws", "kms", *words, "--key-id", key, "--output", "json"], env=server.cli_environment(), capture_output=True, text=True, check=True).stdout
    run("enable-key-rotation", "--rotation-period-in-days", "180")
    assert json.loads(run("get-key-rotation-status"))["RotationPeriodInDays"] == 180
    run("rotate-key-on-demand")
    assert len(json.loads(run("list-key-rotations", "--include-key-material", "ALL_KEY_MATERIAL"))["Rotations"]) == 2
    run("disable-key-rotation")
