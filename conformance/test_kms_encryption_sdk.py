"""A client-side library works against our keys: AWS Encryption SDK for Python. Issue 4, acceptance 2.

Both of the library's ways: its own master key providers, and the keyrings of the material providers library.
Expectations: the library's documentation.
"""
import os, uuid

import aws_encryption_sdk
import botocore.session
import pytest
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import (
    CreateAwsKmsDiscoveryKeyringInput, CreateAwsKmsEcdhKeyringInput, CreateAwsKmsKeyringInput, CreateAwsKmsRsaKeyringInput,
    CreateMultiKeyringInput, DiscoveryFilter, KmsEcdhStaticConfigurationsKmsPrivateKeyToStaticPublicKey, KmsPrivateKeyToStaticPublicKeyInput,
)
from aws_encryption_sdk import CommitmentPolicy, DiscoveryAwsKmsMasterKeyProvider, StrictAwsKmsMasterKeyProvider
from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError
from aws_encryption_sdk.identifiers import AlgorithmSuite
from aws_encryption_sdk.key_providers.kms import DiscoveryFilter as OldDiscoveryFilter
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from conftest import ACCOUNT, KEY_ID, SECRET_KEY
from test_behaviour import refused

CONTEXTS = [{}, {"purpose": "test", "Team": "Ä", "a": "b"}]
SIZES = [0, 1, 4096, 1_500_000]
UNSIGNED = AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY


@pytest.fixture(scope="module")
def kms(server):
    return server.client("kms")


@pytest.fixture(scope="module")
def keys(kms):
    return [kms.create_key()["KeyMetadata"]["Arn"] for _ in range(3)]


@pytest.fixture(scope="module")
def sdk():
    return aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)


@pytest.fixture(scope="module")
def providers():
    return AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())


@pytest.fixture
def session(server, monkeypatch):
    """As an application is set up: the endpoint stands in the environment."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    session = botocore.session.Session()
    session.set_credentials(KEY_ID, SECRET_KEY)
    return session


def file(path, size):
    path.write_bytes(os.urandom(size))
    return path


def encrypt_file(sdk, source, sealed, **materials):
    with open(source, "rb") as plain, open(sealed, "wb") as out, sdk.stream(mode="e", source=plain, **materials) as stream:
        for chunk in stream:
            out.write(chunk)


def decrypt_file(sdk, sealed, opened, **materials):
    with open(sealed, "rb") as source, open(opened, "wb") as out, sdk.stream(mode="d", source=source, **materials) as stream:
        for chunk in stream:
            out.write(chunk)
        return stream.header


def round_trip(sdk, tmp_path, context, encrypting, *decrypting):
    for size in SIZES:
        source = file(tmp_path / "plain", size)
        encrypt_file(sdk, source, tmp_path / "sealed", encryption_context=context, **encrypting)
        sealed = (tmp_path / "sealed").read_bytes()
        assert size < 16 or source.read_bytes() not in sealed
        for way in decrypting:
            header = decrypt_file(sdk, tmp_path / "sealed", tmp_path / "opened", **way)
            assert (tmp_path / "opened").read_bytes() == source.read_bytes()
            assert context.items() <= header.encryption_context.items()


@pytest.mark.parametrize("context", CONTEXTS)
def test_files_under_a_master_key(sdk, session, keys, tmp_path, context):
    one = StrictAwsKmsMasterKeyProvider(botocore_session=session, key_ids=keys[:1])
    any_key = DiscoveryAwsKmsMasterKeyProvider(botocore_session=session, discovery_filter=OldDiscoveryFilter(account_ids=[ACCOUNT], partition="aws"))
    round_trip(sdk, tmp_path, context, {"key_provider": one}, {"key_provider": one}, {"key_provider": any_key})


@pytest.mark.parametrize("context", CONTEXTS)
def test_files_under_two_master_keys_open_with_either(sdk, session, keys, tmp_path, context):
    provider = lambda key_ids: {"key_provider": StrictAwsKmsMasterKeyProvider(botocore_session=session, key_ids=key_ids)}
    round_trip(sdk, tmp_path, context, provider(keys[:2]), provider(keys[:1]), provider(keys[1:2]), provider(keys[:2]))


def test_a_wrong_master_key_opens_nothing(sdk, session, keys):
    provider = lambda key_ids: StrictAwsKmsMasterKeyProvider(botocore_session=session, key_ids=key_ids)
    sealed, _ = sdk.encrypt(source=b"for the first", key_provider=provider(keys[:1]), encryption_context={"a": "b"})
    with pytest.raises(AWSEncryptionSDKClientError):
        sdk.decrypt(source=sealed, key_provider=provider(keys[2:]))
    nowhere = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{uuid.uuid4()}"
    with pytest.raises(AWSEncryptionSDKClientError):
        sdk.encrypt(source=b"x", key_provider=provider([nowhere]))
    assert sdk.decrypt(source=sealed, key_provider=provider(keys))[0] == b"for the first"


def keyring(providers, kms, key_id):
    return providers.create_aws_kms_keyring(input=CreateAwsKmsKeyringInput(kms_key_id=key_id, kms_client=kms))


def both(providers, kms, keys):
    rings = [keyring(providers, kms, key_id) for key_id in keys]
    return providers.create_multi_keyring(input=CreateMultiKeyringInput(generator=rings[0], child_keyrings=rings[1:]))


@pytest.mark.parametrize("context", CONTEXTS)
def test_files_under_a_keyring(sdk, providers, kms, keys, tmp_path, context):
    one = {"keyring": keyring(providers, kms, keys[0])}
    found = DiscoveryFilter(account_ids=[ACCOUNT], partition="aws")
    discovering = {"keyring": providers.create_aws_kms_discovery_keyring(input=CreateAwsKmsDiscoveryKeyringInput(kms_client=kms, discovery_filter=found))}
    round_trip(sdk, tmp_path, context, one, one, one | {"encryption_context": context}, discovering)


@pytest.mark.parametrize("context", CONTEXTS)
def test_files_under_two_keyrings_open_with_either(sdk, providers, kms, keys, tmp_path, context):
    one = lambda key_id: {"keyring": keyring(providers, kms, key_id)}
    two = {"keyring": both(providers, kms, keys[:2])}
    round_trip(sdk, tmp_path, context, two, one(keys[0]), one(keys[1]), two)


def test_a_wrong_keyring_or_context_opens_nothing(sdk, providers, kms, keys):
    context = {"a": "b"}
    right, wrong = keyring(providers, kms, keys[0]), keyring(providers, kms, keys[2])
    sealed, _ = sdk.encrypt(source=b"for the first", keyring=right, encryption_context=context)
    with pytest.raises(AWSEncryptionSDKClientError):
        sdk.decrypt(source=sealed, keyring=wrong)
    with pytest.raises(AWSEncryptionSDKClientError):
        sdk.decrypt(source=sealed, keyring=right, encryption_context={"a": "c"})
    assert sdk.decrypt(source=sealed, keyring=right, encryption_context=context)[0] == b"for the first"


def test_an_edited_message_opens_nothing(sdk, providers, kms, keys):
    """The header holds our ciphertext as it is."""
    ring = keyring(providers, kms, keys[0])
    sealed, header = sdk.encrypt(source=b"plain", keyring=ring, encryption_context={"a": "b"})
    (data_key,) = header.encrypted_data_keys
    start = sealed.index(data_key.encrypted_data_key)
    for at in range(start, start + len(data_key.encrypted_data_key), 9):
        with pytest.raises(AWSEncryptionSDKClientError, match="able to decrypt"):
            sdk.decrypt(source=sealed[:at] + bytes([sealed[at] ^ 4]) + sealed[at + 1 :], keyring=ring)
    # What the library asks of us, asked without it.
    refused(lambda: kms.decrypt(CiphertextBlob=data_key.encrypted_data_key, KeyId=keys[0]), "InvalidCiphertextException")
    assert len(kms.decrypt(CiphertextBlob=data_key.encrypted_data_key, KeyId=keys[0], EncryptionContext=header.encryption_context)["Plaintext"]) == 32


@pytest.mark.parametrize("context", CONTEXTS)
def test_files_under_a_public_rsa_key(sdk, providers, kms, tmp_path, context):
    made = kms.create_key(KeySpec="RSA_3072", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["Arn"]
    pem = load_der_public_key(kms.get_public_key(KeyId=made)["PublicKey"]).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    def ring(**more):
        wanted = CreateAwsKmsRsaKeyringInput(kms_key_id=made, encryption_algorithm="RSAES_OAEP_SHA_256", **more)
        return {"keyring": providers.create_aws_kms_rsa_keyring(input=wanted)}
    # The public half encrypts without the server.
    round_trip(sdk, tmp_path, context, ring(public_key=pem) | {"algorithm": UNSIGNED}, ring(kms_client=kms))


@pytest.mark.parametrize("context", CONTEXTS)
def test_files_under_a_derived_secret(sdk, providers, kms, tmp_path, context):
    sender, recipient = (kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")["KeyMetadata"]["Arn"] for _ in range(2))
    public = lambda key_id: kms.get_public_key(KeyId=key_id)["PublicKey"]
    def ring(mine, theirs):
        pair = KmsPrivateKeyToStaticPublicKeyInput(sender_kms_identifier=mine, sender_public_key=public(mine), recipient_public_key=public(theirs))
        scheme = KmsEcdhStaticConfigurationsKmsPrivateKeyToStaticPublicKey(pair)
        wanted = CreateAwsKmsEcdhKeyringInput(key_agreement_scheme=scheme, curve_spec="ECC_NIST_P256", kms_client=kms)
        return {"keyring": providers.create_aws_kms_ecdh_keyring(input=wanted)}
    round_trip(sdk, tmp_path, context, ring(sender, recipient), ring(sender, recipient), ring(recipient, sender))
