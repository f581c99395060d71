"""Imported key material: wrapped by Python's `cryptography` as an owner of keys would.

Expectations: documented in AWS's service model and developer guide unless a case says otherwise; messages recorded in
kms-aws.md where a test has one.
"""
import base64, datetime, json, os, subprocess, time

import botocore.exceptions
import pytest
from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
OAEP = {"SHA_1": hashes.SHA1, "SHA_256": hashes.SHA256}
DIRECT = ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]
BEHIND_AES = ["RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"]
SIZES = ["RSA_2048", "RSA_3072", "RSA_4096"]


def refused(call, code, text=None):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    assert text is None or error["Message"] == text, error
    return error


@pytest.fixture
def kms(server):
    return server.client("kms")


def create(kms, **members):
    return kms.create_key(Origin="EXTERNAL", **members)["KeyMetadata"]["Arn"]


def state(kms, key):
    return kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]


def wrap(public, algorithm, material):
    """As AWS's developer guide says: the material under RSA, or under an AES key that is."""
    key, oaep = serialization.load_der_public_key(public), OAEP[algorithm.split("_", 2)[2].replace("KEY_WRAP_", "")]
    pad = padding.OAEP(padding.MGF1(oaep()), oaep(), None)
    if algorithm in DIRECT:
        return key.encrypt(material, pad)
    aes = os.urandom(32)
    return key.encrypt(aes, pad) + keywrap.aes_key_wrap_with_padding(aes, material)


def parameters(kms, key, algorithm="RSAES_OAEP_SHA_256", spec="RSA_2048"):
    return kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec=spec)


def bring(kms, key, material, algorithm="RSAES_OAEP_SHA_256", spec="RSA_2048", **more):
    made = parameters(kms, key, algorithm, spec)
    if "ValidTo" not in more:
        more.setdefault("ExpirationModel", "KEY_MATERIAL_DOES_NOT_EXPIRE")
    return kms.import_key_material(KeyId=key, ImportToken=made["ImportToken"],
                                   EncryptedKeyMaterial=wrap(made["PublicKey"], algorithm, material), **more)


def pkcs8(key):
    return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def round_trip(kms, key):
    sealed = kms.encrypt(KeyId=key, Plaintext=b"hello")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"hello"
    return sealed


@pytest.mark.parametrize("spec", SIZES)
@pytest.mark.parametrize("algorithm", DIRECT)
def test_symmetric_material_comes_in_under_each_algorithm_and_size(kms, algorithm, spec):
    key = create(kms)
    made = parameters(kms, key, algorithm, spec)
    assert made["KeyId"] == key and len(made["ImportToken"]) <= 6144
    assert serialization.load_der_public_key(made["PublicKey"]).key_size == int(spec[4:])
    left = made["ParametersValidTo"] - datetime.datetime.now(datetime.timezone.utc)
    assert abs(left - datetime.timedelta(hours=24)) < datetime.timedelta(minutes=1)
    done = kms.import_key_material(
        KeyId=key, ImportToken=made["ImportToken"], ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
        EncryptedKeyMaterial=wrap(made["PublicKey"], algorithm, os.urandom(32)))
    assert done["KeyId"] == key and len(done["KeyMaterialId"]) == 64
    round_trip(kms, key)


@pytest.mark.parametrize("algorithm", BEHIND_AES)
def test_an_imported_rsa_key_signs_and_decrypts_as_its_owners_does(kms, algorithm):
    own = rsa.generate_private_key(65537, 2048)
    key = create(kms, KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    assert "KeyMaterialId" not in bring(kms, key, pkcs8(own), algorithm, "RSA_4096")
    sealed = kms.encrypt(KeyId=key, Plaintext=b"hello", EncryptionAlgorithm="RSAES_OAEP_SHA_256")["CiphertextBlob"]
    assert own.decrypt(sealed, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)) == b"hello"
    sealed = own.public_key().encrypt(b"there", padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
    opened = kms.decrypt(KeyId=key, CiphertextBlob=sealed, EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    assert opened["Plaintext"] == b"there"
    for direct in DIRECT:  # "To import an RSA private key, you must use an RSA_AES wrapping algorithm."
        refused(lambda: parameters(kms, key, direct, "RSA_4096"), "UnsupportedOperationException")


CURVES = {"ECC_NIST_P256": ec.SECP256R1(), "ECC_NIST_P384": ec.SECP384R1(), "ECC_NIST_P521": ec.SECP521R1(),
          "ECC_SECG_P256K1": ec.SECP256K1()}


@pytest.mark.parametrize("spec", CURVES)
def test_curve_keys_come_in_directly_and_behind_aes(kms, spec):
    size = "RSA_3072" if spec == "ECC_NIST_P521" else "RSA_2048"
    own = ec.generate_private_key(CURVES[spec])
    for algorithm in DIRECT + BEHIND_AES:
        key = create(kms, KeySpec=spec, KeyUsage="SIGN_VERIFY")
        bring(kms, key, pkcs8(own), algorithm, size)
        assert state(kms, key) == "Enabled"
        if algorithm in DIRECT:
            refused(lambda: bring(kms, key, pkcs8(ec.generate_private_key(CURVES[spec])), algorithm, size),
                    "IncorrectKeyMaterialException")
    if size == "RSA_3072":
        for algorithm in DIRECT:
            refused(lambda: parameters(kms, key, algorithm, "RSA_2048"), "UnsupportedOperationException")


def test_ed25519_keys_come_in(kms):
    key = create(kms, KeySpec="ECC_NIST_EDWARDS25519", KeyUsage="SIGN_VERIFY")
    own = ed25519.Ed25519PrivateKey.generate()
    bring(kms, key, pkcs8(own))
    assert state(kms, key) == "Enabled"


@pytest.mark.parametrize("spec,length", [("HMAC_224", 28), ("HMAC_256", 32), ("HMAC_384", 48), ("HMAC_512", 64)])
def test_hmac_keys_come_in_with_the_length_of_their_spec_only(kms, spec, length):
    key = create(kms, KeySpec=spec, KeyUsage="GENERATE_VERIFY_MAC")
    for wrong in (length - 1, length + 1):
        refused(lambda: bring(kms, key, os.urandom(wrong)), "IncorrectKeyMaterialException")
    assert state(kms, key) == "PendingImport"
    assert "KeyMaterialId" not in bring(kms, key, os.urandom(length))
    assert state(kms, key) == "Enabled"


def test_metadata_tells_of_imported_material_only_while_it_is_there(kms):
    """Recorded: no ExpirationModel and not enabled before the import and after the deletion."""
    key = create(kms)
    def told():
        metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
        return metadata["Enabled"], metadata["KeyState"], metadata.get("ExpirationModel"), metadata["Origin"]
    assert told() == (False, "PendingImport", None, "EXTERNAL")
    done = bring(kms, key, b"k" * 32)
    assert told() == (True, "Enabled", "KEY_MATERIAL_DOES_NOT_EXPIRE", "EXTERNAL")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"] == done["KeyMaterialId"]
    gone = kms.delete_imported_key_material(KeyId=key)
    assert (gone["KeyId"], gone["KeyMaterialId"]) == (key, done["KeyMaterialId"])
    assert told() == (False, "PendingImport", None, "EXTERNAL")


def test_deleted_material_must_come_again_and_no_other(kms):
    key, material = create(kms), os.urandom(32)
    first = bring(kms, key, material)
    sealed = round_trip(kms, key)
    kms.delete_imported_key_material(KeyId=key)
    kms.delete_imported_key_material(KeyId=key)  # documented: no effect
    refused(lambda: kms.decrypt(CiphertextBlob=sealed), "KMSInvalidStateException", f"{key} is pending import.")
    refused(lambda: kms.encrypt(KeyId=key, Plaintext=b"x"), "KMSInvalidStateException", f"{key} is pending import.")
    refused(lambda: bring(kms, key, os.urandom(32)), "IncorrectKeyMaterialException")
    refused(lambda: bring(kms, key, material, KeyMaterialId="0" * 64), "IncorrectKeyMaterialException")
    refused(lambda: bring(kms, key, material, ImportType="NEW_KEY_MATERIAL"), "IncorrectKeyMaterialException")
    again = bring(kms, key, material, KeyMaterialId=first["KeyMaterialId"], ImportType="EXISTING_KEY_MATERIAL")
    assert again["KeyMaterialId"] == first["KeyMaterialId"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"hello"


def test_material_that_expires_is_gone_at_its_time(kms):
    """A key can be used until its material expires, and not one moment longer."""
    key, material = create(kms), os.urandom(32)
    end = time.time() + 2
    bring(kms, key, material, ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=end)
    metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert metadata["ExpirationModel"] == "KEY_MATERIAL_EXPIRES" and abs(metadata["ValidTo"].timestamp() - end) < 1
    sealed = round_trip(kms, key)
    while time.time() <= end + 0.05:
        time.sleep(0.05)
    refused(lambda: kms.decrypt(CiphertextBlob=sealed), "KMSInvalidStateException", f"{key} is pending import.")
    metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert metadata["KeyState"] == "PendingImport" and "ValidTo" not in metadata and "ExpirationModel" not in metadata
    refused(lambda: bring(kms, key, os.urandom(32)), "IncorrectKeyMaterialException")
    bring(kms, key, material)
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"hello"
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE"


def test_how_long_material_lasts_is_said_once_and_well(kms):
    """First message recorded, codes documented."""
    key = create(kms)
    refused(lambda: bring(kms, key, b"k" * 32, ExpirationModel="KEY_MATERIAL_EXPIRES"), "ValidationException",
            "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES")
    for model, end in [("KEY_MATERIAL_EXPIRES", time.time() - 1), ("KEY_MATERIAL_EXPIRES", time.time() + 366 * 86400),
                       ("KEY_MATERIAL_DOES_NOT_EXPIRE", time.time() + 60)]:
        refused(lambda: bring(kms, key, b"k" * 32, ExpirationModel=model, ValidTo=end), "ValidationException")
    bring(kms, key, b"k" * 32, ValidTo=time.time() + 364 * 86400)  # the model's default is that it expires


def test_another_keys_token_and_an_edited_one_are_none(kms, server):
    one, two = create(kms), create(kms)
    made, other = parameters(kms, one), parameters(kms, two)
    def brought(key, token, public, client=kms):
        return client.import_key_material(KeyId=key, ImportToken=token, ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
                                          EncryptedKeyMaterial=wrap(public, "RSAES_OAEP_SHA_256", b"k" * 32))
    refused(lambda: brought(one, other["ImportToken"], other["PublicKey"]), "InvalidImportTokenException")
    for edited in (made["ImportToken"][:-1] + bytes([made["ImportToken"][-1] ^ 1]), made["ImportToken"][:-1], b"x"):
        refused(lambda: brought(one, edited, made["PublicKey"]), "InvalidImportTokenException")
    fresh = parameters(kms, one)
    refused(lambda: brought(one, fresh["ImportToken"], made["PublicKey"]), "InvalidCiphertextException")
    brought(one, made["ImportToken"], made["PublicKey"])
    assert (state(kms, one), state(kms, two)) == ("Enabled", "PendingImport")


def test_a_token_is_good_for_its_own_algorithm_only(kms):
    key = create(kms)
    made = parameters(kms, key, "RSAES_OAEP_SHA_256")
    wrong = wrap(made["PublicKey"], "RSAES_OAEP_SHA_1", b"k" * 32)
    for wrapped in (wrong, b"x", b"x" * 256, b"x" * 6144):
        refused(lambda: kms.import_key_material(KeyId=key, ImportToken=made["ImportToken"], EncryptedKeyMaterial=wrapped,
                                                ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE"),
                "InvalidCiphertextException")


def test_symmetric_material_has_32_bytes(kms):
    key = create(kms)
    for length in (1, 16, 31, 33, 64):
        refused(lambda: bring(kms, key, os.urandom(length)), "IncorrectKeyMaterialException")
    assert state(kms, key) == "PendingImport"


def test_new_material_waits_for_its_rotation_and_keeps_others_out(kms):
    """Recorded message."""
    key, first, second, third = create(kms), *(os.urandom(32) for _ in range(3))
    one = bring(kms, key, first, ImportType="NEW_KEY_MATERIAL", KeyMaterialDescription="the first")["KeyMaterialId"]
    sealed = round_trip(kms, key)
    two = bring(kms, key, second, ImportType="NEW_KEY_MATERIAL")["KeyMaterialId"]
    assert two != one and state(kms, key) == "Enabled"
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"] == one
    error = refused(lambda: bring(kms, key, third, ImportType="NEW_KEY_MATERIAL"), "KMSInvalidStateException")
    three = error["Message"].split("id: ")[1][:64]
    assert error["Message"] == (f"New key material (id: {three}) cannot be imported into KMS key {key}, because another key "
                                f"material (id: {two}) is pending rotation.")
    assert bring(kms, key, second)["KeyMaterialId"] == two
    # Documented: it "is not permanently associated with the KMS key. You can delete this key material and import different".
    assert kms.delete_imported_key_material(KeyId=key, KeyMaterialId=two)["KeyMaterialId"] == two
    assert state(kms, key) == "Enabled"
    assert bring(kms, key, third, ImportType="NEW_KEY_MATERIAL")["KeyMaterialId"] == three
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"hello"
    refused(lambda: kms.delete_imported_key_material(KeyId=key, KeyMaterialId="0" * 64), "NotFoundException")


def test_a_key_of_ours_takes_no_material(kms):
    """Recorded message."""
    key = kms.create_key()["KeyMetadata"]["Arn"]
    text = f"{key} origin is AWS_KMS which is not valid for this operation."
    refused(lambda: parameters(kms, key), "UnsupportedOperationException", text)
    refused(lambda: kms.delete_imported_key_material(KeyId=key), "UnsupportedOperationException", text)
    refused(lambda: kms.import_key_material(KeyId=key, ImportToken=b"x", EncryptedKeyMaterial=b"x",
                                            ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE"),
            "UnsupportedOperationException", text)


def test_what_tells_materials_apart_is_for_symmetric_keys(kms):
    key = create(kms, KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    for more in ({"ImportType": "NEW_KEY_MATERIAL"}, {"KeyMaterialDescription": "d"}, {"KeyMaterialId": "0" * 64}):
        refused(lambda: bring(kms, key, b"k" * 32, **more), "ValidationException")


def test_what_aws_has_given_up_or_knows_in_china_only_is_refused(kms):
    key = create(kms)
    for algorithm, spec in (("RSAES_PKCS1_V1_5", "RSA_2048"), ("SM2PKE", "SM2"), ("RSAES_OAEP_SHA_256", "SM2")):
        refused(lambda: parameters(kms, key, algorithm, spec), "UnsupportedOperationException")


def test_keys_that_are_not_there_and_aliases_are_refused_in_awss_words(kms):
    """Recorded messages."""
    arn = f"arn:aws:kms:us-east-1:123456789012:key/{ID}"
    calls = (lambda key: parameters(kms, key), lambda key: kms.delete_imported_key_material(KeyId=key),
             lambda key: kms.import_key_material(KeyId=key, ImportToken=b"x", EncryptedKeyMaterial=b"x",
                                                 ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE"))
    for call in calls:
        refused(lambda: call(ID), "NotFoundException", f"Key '{arn}' does not exist")
        refused(lambda: call("alias/x"), "InvalidArnException", "Key Aliases are not supported for this operation.")


def test_material_survives_a_restart_and_is_never_in_the_data(server, kms):
    key, material = create(kms), b"a material that nobody may find!"
    bring(kms, key, material)
    sealed = round_trip(kms, key)
    server.stop()
    found = subprocess.run(["grep", "-rlaF", material.decode(), server.data_dir], capture_output=True, text=True)
    assert found.stdout == "" and material.decode() not in server.log()
    server.start()
    assert server.client("kms").decrypt(CiphertextBlob=sealed)["Plaintext"] == b"hello"


def test_the_cli_imports_a_key(server, tmp_path):
    def aws(*arguments):
        done = subprocess.run(["aws", "kms", *arguments], env=server.cli_environment(), capture_output=True, text=True,
                              cwd=tmp_path, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}
    key = aws("create-key", "--origin", "EXTERNAL")["KeyMetadata"]["KeyId"]
    made = aws("get-parameters-for-import", "--key-id", key, "--wrapping-algorithm", "RSAES_OAEP_SHA_256",
               "--wrapping-key-spec", "RSA_4096")
    (tmp_path / "token").write_bytes(base64.b64decode(made["ImportToken"]))
    wrapped = wrap(base64.b64decode(made["PublicKey"]), "RSAES_OAEP_SHA_256", os.urandom(32))
    (tmp_path / "wrapped").write_bytes(wrapped)
    end = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    aws("import-key-material", "--key-id", key, "--import-token", "fileb://token", "--encrypted-key-material",
        "fileb://wrapped", "--expiration-model", "KEY_MATERIAL_EXPIRES", "--valid-to", end)
    assert aws("describe-key", "--key-id", key)["KeyMetadata"]["ExpirationModel"] == "KEY_MATERIAL_EXPIRES"
    aws("delete-imported-key-material", "--key-id", key)
    assert aws("describe-key", "--key-id", key)["KeyMetadata"]["KeyState"] == "PendingImport"
