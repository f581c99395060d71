"""KMS's cryptography over the wire, against Python's `cryptography`.

Expectations: documented in KMS's API reference unless a case says otherwise. "Recorded" is what AWS itself has answered in
the recordings of LocalStack's and floci's tests of KMS.
"""
import base64, hashlib, http.client, itertools, json, os, random, subprocess, uuid

import boto3
import botocore.config
import botocore.exceptions
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key, load_der_public_key

from conftest import ACCOUNT, BINARY, KEY_ID, SECRET_KEY
from test_behaviour import refused

HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
RSA_SPECS = ["RSA_2048", "RSA_3072", "RSA_4096"]
CURVES = {"ECC_NIST_P256": ec.SECP256R1, "ECC_NIST_P384": ec.SECP384R1, "ECC_NIST_P521": ec.SECP521R1, "ECC_SECG_P256K1": ec.SECP256K1}
AGREEING = [spec for spec in CURVES if spec != "ECC_SECG_P256K1"]
RSA_SIGNING = [f"RSASSA_{padding}_SHA_{bits}" for padding in ("PSS", "PKCS1_V1_5") for bits in HASHES]
SIGNING = (
    [("RSA_2048", algorithm) for algorithm in RSA_SIGNING]
    + [("RSA_3072", "RSASSA_PSS_SHA_384"), ("RSA_4096", "RSASSA_PKCS1_V1_5_SHA_512")]
    + [("ECC_NIST_P256", "ECDSA_SHA_256"), ("ECC_NIST_P384", "ECDSA_SHA_384"), ("ECC_NIST_P521", "ECDSA_SHA_512")]
    + [("ECC_SECG_P256K1", "ECDSA_SHA_256"), ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512")]
    + [(f"ML_DSA_{size}", "ML_DSA_SHAKE_256") for size in (44, 65, 87)]
)
MACS = {"HMAC_224": hashlib.sha224, "HMAC_256": hashlib.sha256, "HMAC_384": hashlib.sha384, "HMAC_512": hashlib.sha512}


@pytest.fixture(scope="module")
def kms(server):
    return server.client("kms")


@pytest.fixture(scope="module")
def key(kms):
    """Makes keys, one of each kind unless another is asked for."""
    made = {}
    def make(spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT", fresh=False, **more):
        if fresh or (spec, usage) not in made:
            arn = kms.create_key(KeySpec=spec, KeyUsage=usage, **more)["KeyMetadata"]["Arn"]
            if fresh:
                return arn
            made[spec, usage] = arn
        return made[spec, usage]
    return make


def silent(call, code):
    """Recorded: the exception has no message."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    response = caught.value.response
    assert response["Error"]["Code"] == code, response
    assert response["Error"]["Message"] in ("", "An error occurred", None) and not response.get("message"), response
    return response


def public_key(kms, key_id):
    return load_der_public_key(kms.get_public_key(KeyId=key_id)["PublicKey"])


def verify(public, algorithm, message, signature, is_digest=False):
    """What an independent library says of a signature. PSS: recorded, the salt is as long as the digest."""
    if algorithm in ("ED25519_SHA_512", "ML_DSA_SHAKE_256"):
        return public.verify(signature, message)
    digest = HASHES[algorithm[-3:]]()
    digest_or_hash = utils.Prehashed(digest) if is_digest else digest
    if algorithm.startswith("ECDSA"):
        return public.verify(signature, message, ec.ECDSA(digest_or_hash))
    scheme = padding.PKCS1v15()
    if "PSS" in algorithm:
        scheme = padding.PSS(padding.MGF1(digest), digest.digest_size)
    return public.verify(signature, message, scheme, digest_or_hash)


@pytest.mark.parametrize("spec,algorithm", SIGNING)
def test_what_kms_signs_others_verify(kms, key, spec, algorithm):
    key_id = key(spec, "SIGN_VERIFY")
    public, message = public_key(kms, key_id), os.urandom(random.randint(1, 4096))
    signed = kms.sign(KeyId=key_id, Message=message, SigningAlgorithm=algorithm)
    assert (signed["KeyId"], signed["SigningAlgorithm"]) == (key_id, algorithm)
    verify(public, algorithm, message, signed["Signature"])
    verified = kms.verify(KeyId=key_id, Message=message, Signature=signed["Signature"], SigningAlgorithm=algorithm)
    assert verified["SignatureValid"] is True and (verified["KeyId"], verified["SigningAlgorithm"]) == (key_id, algorithm)
    ask = {"KeyId": key_id, "SigningAlgorithm": algorithm, "MessageType": "DIGEST"}
    if algorithm in ("ED25519_SHA_512", "ML_DSA_SHAKE_256"):
        # Recorded: one names the algorithm, the other the key spec.
        what = f"key spec {spec}" if spec.startswith("ML") else f"algorithm {algorithm}"
        refused(lambda: kms.sign(Message=bytes(64), **ask), "ValidationException", f"Message type DIGEST is incompatible with {what}.")
        return
    digest = hashlib.new(f"sha{algorithm[-3:]}", message).digest()
    signature = kms.sign(Message=digest, **ask)["Signature"]
    verify(public, algorithm, digest, signature, is_digest=True)
    assert kms.verify(KeyId=key_id, Message=message, Signature=signature, SigningAlgorithm=algorithm)["SignatureValid"]
    assert kms.verify(Message=digest, Signature=signed["Signature"], **ask)["SignatureValid"]
    # Recorded.
    too_short = f"Digest is invalid length for algorithm {algorithm}."
    refused(lambda: kms.sign(Message=digest[1:], **ask), "ValidationException", too_short)
    refused(lambda: kms.verify(Message=digest + b"x", Signature=signature, **ask), "ValidationException", too_short)


def edited_signatures(algorithm, public, signature):
    """In the manner of Wycheproof's: what a careless verifier takes."""
    yield "one bit", bytes([signature[0] ^ 1]) + signature[1:]
    yield "the last bit", signature[:-1] + bytes([signature[-1] ^ 1])
    yield "cut", signature[:-1]
    yield "longer", signature + b"\0"
    yield "one zero", b"\0"
    yield "zeroes", bytes(len(signature))
    yield "ones", b"\xff" * len(signature)
    yield "as long as may be", signature.ljust(6144, b"\0")
    if algorithm.startswith("ECDSA"):
        r, s = utils.decode_dss_signature(signature)
        n = {
            "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
            "secp256k1": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
        }.get(public.curve.name, 1 << public.curve.key_size)
        for name, pair in {
            "r and s are 0": (0, 0), "r is 0": (0, s), "s is 0": (r, 0), "r and s are 1": (1, 1), "r is n": (n, s), "s is n": (r, n),
            "r is too large by n": (r + n, s), "s is too large by n": (r, s + n), "swapped": (s, r), "negative": (-r, s),
        }.items():
            yield name, utils.encode_dss_signature(*pair) if min(pair) >= 0 else der(pair)
        size = (public.curve.key_size + 7) // 8
        yield "not in DER", r.to_bytes(size, "big") + s.to_bytes(size, "big")
        yield "a long form of the length", b"\x30\x81" + (signature[1:] if signature[1] < 128 else b"\x00" + signature[2:])
        yield "an indefinite length", b"\x30\x80" + signature[2:] + b"\0\0"
        yield "a third number", der((r, s, 0))
    if isinstance(public, rsa.RSAPublicKey):
        yield "the modulus more", (int.from_bytes(signature, "big") + public.public_numbers().n).to_bytes(len(signature) + 1, "big")
        yield "a zero before", b"\0" + signature
    if isinstance(public, ed25519.Ed25519PublicKey):
        order = 2**252 + 27742317777372353535851937790883648493
        s = int.from_bytes(signature[32:], "little")
        yield "s is too large by the order", signature[:32] + (s + order).to_bytes(32, "little")


def der(numbers):
    body = b""
    for number in numbers:
        content = number.to_bytes((number.bit_length() + 8) // 8 or 1, "big", signed=True)
        body += bytes([2, len(content)]) + content
    return (b"\x30" + bytes([len(body)]) if len(body) < 128 else b"\x30\x81" + bytes([len(body)])) + body


@pytest.mark.parametrize("spec,algorithm", SIGNING)
def test_what_is_not_the_messages_signature_is_refused_with_one_error(kms, key, spec, algorithm):
    key_id, message = key(spec, "SIGN_VERIFY"), b"to whom it may concern"
    public = public_key(kms, key_id)
    signature = kms.sign(KeyId=key_id, Message=message, SigningAlgorithm=algorithm)["Signature"]
    ask = lambda signature, message=message: kms.verify(KeyId=key_id, Message=message, Signature=signature, SigningAlgorithm=algorithm)
    answers = set()
    for name, edited in edited_signatures(algorithm, public, signature):
        assert edited != signature, name
        response = silent(lambda: ask(edited), "KMSInvalidSignatureException")
        answers.add(json.dumps(response["Error"]))
    silent(lambda: ask(signature, message + b"!"), "KMSInvalidSignatureException")
    another = key(spec, "SIGN_VERIFY", fresh=True)
    silent(lambda: kms.verify(KeyId=another, Message=message, Signature=signature, SigningAlgorithm=algorithm), "KMSInvalidSignatureException")
    assert len(answers) == 1
    assert ask(signature)["SignatureValid"]


def test_a_signature_is_of_one_algorithm_only(kms, key):
    key_id, message = key("RSA_2048", "SIGN_VERIFY"), b"m"
    for made, asked in itertools.permutations(RSA_SIGNING, 2):
        signature = kms.sign(KeyId=key_id, Message=message, SigningAlgorithm=made)["Signature"]
        silent(lambda: kms.verify(KeyId=key_id, Message=message, Signature=signature, SigningAlgorithm=asked), "KMSInvalidSignatureException")


def test_an_algorithm_that_does_not_fit_the_key_is_named_with_its_spec(kms, key):
    """Recorded, SYMMETRIC_DEFAULT too, which AWS lets pass as a signing algorithm."""
    for spec, algorithm in [
        ("RSA_2048", "ECDSA_SHA_256"), ("ECC_NIST_P256", "ECDSA_SHA_384"), ("ECC_NIST_P384", "RSASSA_PSS_SHA_384"),
        ("ECC_NIST_EDWARDS25519", "ECDSA_SHA_512"), ("ML_DSA_44", "ED25519_SHA_512"), ("RSA_2048", "SM2DSA"),
        ("RSA_2048", "ED25519_PH_SHA_512"), ("RSA_2048", "SYMMETRIC_DEFAULT"),
    ]:
        ask = {"KeyId": key(spec, "SIGN_VERIFY"), "Message": b"m", "SigningAlgorithm": algorithm}
        message = f"Algorithm {algorithm} is incompatible with key spec {spec}."
        refused(lambda: kms.sign(**ask), "InvalidKeyUsageException", message)
        refused(lambda: kms.verify(Signature=b"s", **ask), "InvalidKeyUsageException", message)
        # Recorded: the algorithm is looked at before the digest's length.
        refused(lambda: kms.sign(MessageType="DIGEST", **ask), "InvalidKeyUsageException", message)


def test_what_the_library_lacks_is_unsupported(kms, key):
    edwards, lattice = key("ECC_NIST_EDWARDS25519", "SIGN_VERIFY"), key("ML_DSA_44", "SIGN_VERIFY")
    prehashed = {"KeyId": edwards, "SigningAlgorithm": "ED25519_PH_SHA_512"}
    refused(lambda: kms.sign(Message=bytes(64), MessageType="DIGEST", **prehashed), "UnsupportedOperationException")
    # Recorded.
    refused(lambda: kms.sign(Message=b"m", **prehashed), "ValidationException", "Message type RAW is incompatible with algorithm ED25519_PH_SHA_512.")
    external = {"KeyId": lattice, "SigningAlgorithm": "ML_DSA_SHAKE_256", "MessageType": "EXTERNAL_MU", "Message": bytes(64)}
    refused(lambda: kms.sign(**external), "UnsupportedOperationException")
    refused(lambda: kms.verify(Signature=b"s", **external), "UnsupportedOperationException")


def test_the_enumerations_are_told_in_awss_order(kms, key):
    """Recorded."""
    key_id = key("RSA_2048", "SIGN_VERIFY")
    refused(lambda: kms.sign(KeyId=key_id, Message=b"m", SigningAlgorithm="X"), "ValidationException",
            "1 validation error detected: Value 'X' at 'signingAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [RSASSA_PSS_SHA_256, RSASSA_PSS_SHA_384, RSASSA_PSS_SHA_512, RSASSA_PKCS1_V1_5_SHA_256, RSASSA_PKCS1_V1_5_SHA_384, RSASSA_PKCS1_V1_5_SHA_512, ECDSA_SHA_256, ECDSA_SHA_384, ECDSA_SHA_512, ED25519_SHA_512, ED25519_PH_SHA_512, SM2DSA, ML_DSA_SHAKE_256]")
    refused(lambda: kms.sign(KeyId=key_id, Message=b"m", SigningAlgorithm="ECDSA_SHA_256", MessageType="X"), "ValidationException",
            "Member must satisfy enum value set: [RAW, DIGEST, EXTERNAL_MU]")
    refused(lambda: kms.generate_mac(KeyId=key_id, Message=b"m", MacAlgorithm="X"), "ValidationException",
            "Member must satisfy enum value set: [HMAC_SHA_384, HMAC_SHA_256, HMAC_SHA_224, HMAC_SHA_512]")


def test_public_keys_are_told_with_what_they_are_for(kms, key):
    rsa_signing = ["RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
                   "RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512"]
    for spec, usage, member, algorithms in [
        ("RSA_2048", "SIGN_VERIFY", "SigningAlgorithms", rsa_signing),
        ("RSA_3072", "ENCRYPT_DECRYPT", "EncryptionAlgorithms", ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]),
        ("ECC_NIST_P256", "KEY_AGREEMENT", "KeyAgreementAlgorithms", ["ECDH"]),
        ("ECC_NIST_P384", "SIGN_VERIFY", "SigningAlgorithms", ["ECDSA_SHA_384"]),
        ("ML_DSA_65", "SIGN_VERIFY", "SigningAlgorithms", ["ML_DSA_SHAKE_256"]),
    ]:
        key_id = key(spec, usage)
        answer = kms.get_public_key(KeyId=key_id)
        legacy = {} if spec.startswith("ML") else {"CustomerMasterKeySpec": spec}
        answer.pop("ResponseMetadata")
        loaded = load_der_public_key(answer.pop("PublicKey"))
        assert answer == {"KeyId": key_id, "KeySpec": spec, "KeyUsage": usage, member: algorithms, **legacy}
        if spec in CURVES:
            assert isinstance(loaded.curve, CURVES[spec])
        if spec.startswith("RSA"):
            assert loaded.key_size == int(spec[4:]) and loaded.public_numbers().e == 65537
    # Recorded: without a message.
    silent(lambda: kms.get_public_key(KeyId=key()), "UnsupportedOperationException")
    silent(lambda: kms.get_public_key(KeyId=key("HMAC_256", "GENERATE_VERIFY_MAC")), "UnsupportedOperationException")


@pytest.mark.parametrize("spec", RSA_SPECS)
@pytest.mark.parametrize("algorithm", ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"])
def test_what_others_encrypt_under_a_public_key_kms_decrypts(kms, key, spec, algorithm):
    key_id = key(spec)
    public = public_key(kms, key_id)
    digest = hashes.SHA1 if algorithm.endswith("_1") else hashes.SHA256
    scheme = padding.OAEP(padding.MGF1(digest()), digest(), None)
    longest = int(spec[4:]) // 8 - 2 * digest().digest_size - 2
    for plaintext in (b"x", os.urandom(longest)):
        ciphertext = public.encrypt(plaintext, scheme)
        decrypted = kms.decrypt(KeyId=key_id, CiphertextBlob=ciphertext, EncryptionAlgorithm=algorithm)
        assert decrypted["Plaintext"] == plaintext and "KeyMaterialId" not in decrypted
        own = kms.encrypt(KeyId=key_id, Plaintext=plaintext, EncryptionAlgorithm=algorithm)["CiphertextBlob"]
        assert len(own) == int(spec[4:]) // 8
        assert kms.decrypt(KeyId=key_id, CiphertextBlob=own, EncryptionAlgorithm=algorithm)["Plaintext"] == plaintext
    other = "RSAES_OAEP_SHA_256" if algorithm.endswith("_1") else "RSAES_OAEP_SHA_1"
    silent(lambda: kms.decrypt(KeyId=key_id, CiphertextBlob=ciphertext, EncryptionAlgorithm=other), "InvalidCiphertextException")
    for edited in (ciphertext[:-1], ciphertext + b"\0", bytes([ciphertext[0] ^ 1]) + ciphertext[1:], bytes(len(ciphertext)), b"\xff" * len(ciphertext)):
        silent(lambda: kms.decrypt(KeyId=key_id, CiphertextBlob=edited, EncryptionAlgorithm=algorithm), "InvalidCiphertextException")
    # Recorded: without an algorithm a ciphertext of RSA is none.
    silent(lambda: kms.decrypt(KeyId=key_id, CiphertextBlob=ciphertext), "InvalidCiphertextException")


@pytest.mark.parametrize("spec", MACS)
def test_codes_are_those_of_hmac(kms, key, spec):
    key_id, algorithm, message = key(spec, "GENERATE_VERIFY_MAC"), spec.replace("HMAC_", "HMAC_SHA_"), os.urandom(4096)
    made = kms.generate_mac(KeyId=key_id, Message=message, MacAlgorithm=algorithm)
    assert len(made["Mac"]) == MACS[spec]().digest_size and (made["KeyId"], made["MacAlgorithm"]) == (key_id, algorithm)
    assert made["Mac"] == kms.generate_mac(KeyId=key_id, Message=message, MacAlgorithm=algorithm)["Mac"]
    ask = lambda mac, message=message: kms.verify_mac(KeyId=key_id, Message=message, MacAlgorithm=algorithm, Mac=mac)
    verified = ask(made["Mac"])
    assert verified["MacValid"] is True and (verified["KeyId"], verified["MacAlgorithm"]) == (key_id, algorithm)
    mac = made["Mac"]
    for edited in (mac[:-1], mac + b"\0", bytes([mac[0] ^ 1]) + mac[1:], mac[:-1] + bytes([mac[-1] ^ 128]), b"\0", bytes(6144)):
        silent(lambda: ask(edited), "KMSInvalidMacException")
    silent(lambda: ask(mac, message[:-1]), "KMSInvalidMacException")
    another = key(spec, "GENERATE_VERIFY_MAC", fresh=True)
    silent(lambda: kms.verify_mac(KeyId=another, Message=message, MacAlgorithm=algorithm, Mac=mac), "KMSInvalidMacException")
    wrong = "HMAC_SHA_224" if algorithm != "HMAC_SHA_224" else "HMAC_SHA_256"
    # Recorded.
    message_of = f"Algorithm {wrong} is incompatible with key spec {spec}."
    refused(lambda: kms.generate_mac(KeyId=key_id, Message=b"m", MacAlgorithm=wrong), "InvalidKeyUsageException", message_of)
    refused(lambda: kms.verify_mac(KeyId=key_id, Message=b"m", MacAlgorithm=wrong, Mac=mac), "InvalidKeyUsageException", message_of)


@pytest.mark.parametrize("spec", AGREEING)
def test_both_sides_derive_the_same_secret(kms, key, spec):
    key_id, mine = key(spec, "KEY_AGREEMENT"), ec.generate_private_key(CURVES[spec]())
    spki = lambda private: private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ask = lambda public, key_id=key_id: kms.derive_shared_secret(KeyId=key_id, KeyAgreementAlgorithm="ECDH", PublicKey=public)
    derived = ask(spki(mine))
    assert derived["SharedSecret"] == mine.exchange(ec.ECDH(), public_key(kms, key_id))
    assert (derived["KeyId"], derived["KeyAgreementAlgorithm"], derived["KeyOrigin"]) == (key_id, "ECDH", "AWS_KMS")
    another = key(spec, "KEY_AGREEMENT", fresh=True)
    public = lambda key_id: kms.get_public_key(KeyId=key_id)["PublicKey"]
    assert ask(public(another))["SharedSecret"] == ask(public(key_id), another)["SharedSecret"]
    # Recorded: an empty message.
    good = spki(mine)
    off_curve = good[:-1] + bytes([good[-1] ^ 1])
    elsewhere = [spki(ec.generate_private_key(curve())) for name, curve in CURVES.items() if name != spec]
    for bad in (b"x", good[:-1], good + b"\0", off_curve, *elsewhere, key_of_rsa(kms, key)):
        silent(lambda: ask(bad), "ValidationException")


def key_of_rsa(kms, key):
    return kms.get_public_key(KeyId=key("RSA_2048", "SIGN_VERIFY"))["PublicKey"]


@pytest.mark.parametrize("spec", [*RSA_SPECS, *CURVES, "ECC_NIST_EDWARDS25519"])
def test_a_pair_of_data_keys_is_a_pair(kms, key, spec):
    key_id, context = key(), {"for": spec}
    made = kms.generate_data_key_pair(KeyId=key_id, KeyPairSpec=spec, EncryptionContext=context)
    assert (made["KeyId"], made["KeyPairSpec"]) == (key_id, spec) and len(made["KeyMaterialId"]) == 64
    private = load_der_private_key(made["PrivateKeyPlaintext"], None)
    spki = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert spki == made["PublicKey"]
    opened = kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"], EncryptionContext=context)
    assert opened["Plaintext"] == made["PrivateKeyPlaintext"]
    silent(lambda: kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"]), "InvalidCiphertextException")
    hidden = kms.generate_data_key_pair_without_plaintext(KeyId=key_id, KeyPairSpec=spec, EncryptionContext=context)
    assert "PrivateKeyPlaintext" not in hidden and hidden["PublicKey"] != made["PublicKey"]
    private = load_der_private_key(kms.decrypt(CiphertextBlob=hidden["PrivateKeyCiphertextBlob"], EncryptionContext=context)["Plaintext"], None)
    assert private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == hidden["PublicKey"]


def test_pairs_that_the_library_cannot_make_are_unsupported(kms, key):
    for spec in ("SM2", "ML_KEM_512", "ML_KEM_768", "ML_KEM_1024"):
        for call in (kms.generate_data_key_pair, kms.generate_data_key_pair_without_plaintext):
            refused(lambda: call(KeyId=key(), KeyPairSpec=spec), "UnsupportedOperationException")
    refused(lambda: kms.generate_data_key_pair(KeyId=key(), KeyPairSpec="ML_DSA_44"), "ValidationException", "keyPairSpec")


def test_data_keys_without_plaintext_open_to_as_many_bytes_as_were_asked_for(kms, key):
    key_id = key()
    for ask, length in (({"KeySpec": "AES_256"}, 32), ({"KeySpec": "AES_128"}, 16), ({"NumberOfBytes": 1}, 1), ({"NumberOfBytes": 1024}, 1024)):
        made = kms.generate_data_key_without_plaintext(KeyId=key_id, EncryptionContext={"a": "b"}, **ask)
        assert "Plaintext" not in made and made["KeyId"] == key_id and len(made["KeyMaterialId"]) == 64
        assert len(kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"a": "b"})["Plaintext"]) == length
    # Recorded, both the message and that it comes after the look-up and before the key's usage.
    either = "Please specify either number of bytes or key spec."
    for call in (kms.generate_data_key, kms.generate_data_key_without_plaintext):
        for ask in ({}, {"KeySpec": "AES_256", "NumberOfBytes": 32}):
            refused(lambda: call(KeyId=key_id, **ask), "ValidationException", either)
            refused(lambda: call(KeyId=key("RSA_2048", "SIGN_VERIFY"), **ask), "ValidationException", either)
            refused(lambda: call(KeyId=str(uuid.uuid4()), **ask), "NotFoundException", "does not exist")
        refused(lambda: call(KeyId=key("RSA_2048"), KeySpec="AES_256"), "InvalidKeyUsageException", "You cannot generate a data key with an asymmetric CMK")


def test_random_bytes_are_as_many_as_were_asked_for(kms):
    seen = {kms.generate_random(NumberOfBytes=count)["Plaintext"] for count in (16, 16, 17, 1024)}
    assert sorted(map(len, seen)) == [16, 16, 17, 1024]
    assert len(kms.generate_random(NumberOfBytes=1)["Plaintext"]) == 1
    # Recorded.
    refused(kms.generate_random, "ValidationException", "NumberOfBytes is required.")
    for count, rule in ((0, "greater than or equal to 1"), (1025, "less than or equal to 1024")):
        validating = botocore.config.Config(parameter_validation=False)
        client = boto3.client("kms", endpoint_url=kms.meta.endpoint_url, region_name="us-east-1", aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET_KEY, config=validating)
        refused(lambda: client.generate_random(NumberOfBytes=count), "ValidationException",
                f"1 validation error detected: Value '{count}' at 'numberOfBytes' failed to satisfy constraint: Member must have value {rule}")
    refused(lambda: kms.generate_random(NumberOfBytes=1, CustomKeyStoreId="cks-1234567890abcdef0"), "CustomKeyStoreNotFoundException")
    recipient = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": b"d"}
    refused(lambda: kms.generate_random(NumberOfBytes=1, Recipient=recipient), "UnsupportedOperationException")


def test_a_ciphertext_is_encrypted_again_under_another_key(kms, key):
    old, new, pair = key(fresh=True), key(fresh=True), key("RSA_2048")
    context, plaintext = {"a": "1", "b": "2"}, os.urandom(190)
    blob = kms.encrypt(KeyId=old, Plaintext=plaintext, EncryptionContext=context)["CiphertextBlob"]
    again = kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=dict(reversed(context.items())), DestinationKeyId=new, DestinationEncryptionContext={"c": "3"})
    assert (again["SourceKeyId"], again["KeyId"]) == (old, new)
    assert (again["SourceEncryptionAlgorithm"], again["DestinationEncryptionAlgorithm"]) == ("SYMMETRIC_DEFAULT", "SYMMETRIC_DEFAULT")
    material = lambda key_id: kms.describe_key(KeyId=key_id)["KeyMetadata"]["CurrentKeyMaterialId"]
    assert (again["SourceKeyMaterialId"], again["DestinationKeyMaterialId"]) == (material(old), material(new))
    opened = kms.decrypt(CiphertextBlob=again["CiphertextBlob"], EncryptionContext={"c": "3"})
    assert opened["Plaintext"] == plaintext and opened["KeyId"] == new
    out = kms.re_encrypt(CiphertextBlob=again["CiphertextBlob"], SourceKeyId=new, SourceEncryptionContext={"c": "3"}, DestinationKeyId=pair, DestinationEncryptionAlgorithm="RSAES_OAEP_SHA_256")
    assert "DestinationKeyMaterialId" not in out and out["SourceKeyMaterialId"] == material(new)
    back = kms.re_encrypt(CiphertextBlob=out["CiphertextBlob"], SourceKeyId=pair, SourceEncryptionAlgorithm="RSAES_OAEP_SHA_256", DestinationKeyId=new)
    assert "SourceKeyMaterialId" not in back and back["SourceEncryptionAlgorithm"] == "RSAES_OAEP_SHA_256"
    assert kms.decrypt(CiphertextBlob=back["CiphertextBlob"])["Plaintext"] == plaintext
    same = kms.re_encrypt(CiphertextBlob=back["CiphertextBlob"], DestinationKeyId=new, DestinationEncryptionContext={"now": "bound"})
    assert kms.decrypt(CiphertextBlob=same["CiphertextBlob"], EncryptionContext={"now": "bound"})["Plaintext"] == plaintext


def test_what_does_not_open_is_not_encrypted_again(kms, key):
    old, new = key(fresh=True), key(fresh=True)
    context = {"a": "1", "b": "2"}
    blob = kms.encrypt(KeyId=old, Plaintext=b"p", EncryptionContext=context)["CiphertextBlob"]
    ask = lambda blob=blob, **more: kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=new, **more)
    for wrong in ({}, {"a": "1"}, {"a": "1", "b": "2", "c": "3"}, {"A": "1", "b": "2"}, {"a": "1", "b": "3"}, {"a": "2", "b": "1"}):
        silent(lambda: ask(SourceEncryptionContext=wrong), "InvalidCiphertextException")
    silent(lambda: ask(blob[:-1], SourceEncryptionContext=context), "InvalidCiphertextException")
    silent(lambda: ask(b"garbage", SourceEncryptionContext=context), "InvalidCiphertextException")
    # Recorded: said before the destination is looked at.
    wrong_key = "The key ID in the request does not identify a CMK that can perform this operation."
    nowhere = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{uuid.uuid4()}"
    refused(lambda: kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=context, SourceKeyId=new, DestinationKeyId=nowhere), "IncorrectKeyException", wrong_key)
    refused(lambda: ask(SourceEncryptionContext=context, SourceKeyId=key("RSA_2048", "SIGN_VERIFY")), "IncorrectKeyException", wrong_key)
    refused(lambda: kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=context, DestinationKeyId=nowhere), "NotFoundException", f"Key '{nowhere}' does not exist")
    signing = key("ECC_NIST_P256", "SIGN_VERIFY")
    refused(lambda: kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=context, DestinationKeyId=signing), "InvalidKeyUsageException",
            f"{signing} key usage is SIGN_VERIFY which is not valid for ReEncryptTo.")
    # Documented: the algorithm is the destination's to fit.
    refused(lambda: kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=context, DestinationKeyId=key("RSA_2048")), "InvalidKeyUsageException",
            "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.")


def test_a_dry_run_may_leave_the_ciphertext_out(kms, key):
    """Model: DryRunModifiers of ReEncrypt; the source must then be named."""
    ask = {"DryRun": True, "DryRunModifiers": ["IGNORE_CIPHERTEXT"], "DestinationKeyId": key()}
    refused(lambda: kms.re_encrypt(SourceKeyId=key(), **ask), "DryRunOperationException")
    refused(lambda: kms.re_encrypt(SourceKeyId=key(), CiphertextBlob=b"garbage", **ask), "DryRunOperationException")
    refused(lambda: kms.re_encrypt(**ask), "ValidationException", "sourceKeyId")
    refused(lambda: kms.re_encrypt(SourceKeyId=key(), **ask | {"DryRun": False}), "ValidationException", "ciphertextBlob")
    refused(lambda: kms.re_encrypt(SourceKeyId=key("HMAC_256", "GENERATE_VERIFY_MAC"), **ask), "InvalidKeyUsageException")


def calls(kms, key):
    """One good call of each operation, by the parameters of its key."""
    blob = kms.encrypt(KeyId=key(), Plaintext=b"p")["CiphertextBlob"]
    signing, mac, agreeing = key("ECC_NIST_P256", "SIGN_VERIFY"), key("HMAC_256", "GENERATE_VERIFY_MAC"), key("ECC_NIST_P256", "KEY_AGREEMENT")
    ecdsa = {"Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
    hmac_256 = {"Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
    return {
        "ReEncrypt": (kms.re_encrypt, {"CiphertextBlob": blob, "DestinationKeyId": key()}, {"SourceKeyId": key()}),
        "GenerateDataKeyWithoutPlaintext": (kms.generate_data_key_without_plaintext, {"KeySpec": "AES_256"}, {"KeyId": key()}),
        "GenerateDataKeyPair": (kms.generate_data_key_pair, {"KeyPairSpec": "ECC_NIST_P256"}, {"KeyId": key()}),
        "GenerateDataKeyPairWithoutPlaintext": (kms.generate_data_key_pair_without_plaintext, {"KeyPairSpec": "ECC_NIST_P256"}, {"KeyId": key()}),
        "GenerateMac": (kms.generate_mac, hmac_256, {"KeyId": mac}),
        "VerifyMac": (kms.verify_mac, {"Mac": kms.generate_mac(KeyId=mac, **hmac_256)["Mac"], **hmac_256}, {"KeyId": mac}),
        "Sign": (kms.sign, ecdsa, {"KeyId": signing}),
        "Verify": (kms.verify, {"Signature": kms.sign(KeyId=signing, **ecdsa)["Signature"], **ecdsa}, {"KeyId": signing}),
        "DeriveSharedSecret": (kms.derive_shared_secret, {"KeyAgreementAlgorithm": "ECDH", "PublicKey": kms.get_public_key(KeyId=agreeing)["PublicKey"]}, {"KeyId": agreeing}),
    }


def test_a_dry_run_does_all_but_the_deed(kms, key):
    """Recorded of data key pairs; what would fail fails as it would, documented."""
    for name, (call, members, on) in calls(kms, key).items():
        call(**members, **on)
        refused(lambda: call(DryRun=True, **members, **on), "DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
        call(DryRun=False, **members, **on)
        nowhere = dict.fromkeys(on, str(uuid.uuid4()))
        refused(lambda: call(DryRun=True, **members, **nowhere), "NotFoundException", "does not exist")
    _, members, on = calls(kms, key)["Verify"]
    silent(lambda: kms.verify(DryRun=True, **members | {"Signature": b"s"}, **on), "KMSInvalidSignatureException")


def test_a_key_for_something_else_is_refused_by_the_operations_name(kms, key):
    """Recorded."""
    wrong = {"ENCRYPT_DECRYPT": key(), "SIGN_VERIFY": key("ECC_NIST_P256", "SIGN_VERIFY"), "GENERATE_VERIFY_MAC": key("HMAC_256", "GENERATE_VERIFY_MAC"),
             "KEY_AGREEMENT": key("ECC_NIST_P256", "KEY_AGREEMENT")}
    for name, (call, members, on) in calls(kms, key).items():
        if name == "ReEncrypt":
            continue
        for usage, key_id in wrong.items():
            if key_id not in on.values():
                refused(lambda: call(KeyId=key_id, **members), "InvalidKeyUsageException", f"{key_id} key usage is {usage} which is not valid for {name}.")


def test_a_disabled_key_does_nothing_but_show_its_public_half(kms, key):
    """Recorded, GetPublicKey too, and that usage is looked at before the state."""
    fresh = lambda spec, usage: key(spec, usage, fresh=True)
    used, signing = fresh("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"), fresh("ECC_NIST_P256", "SIGN_VERIFY")
    mac, agreeing = fresh("HMAC_256", "GENERATE_VERIFY_MAC"), fresh("ECC_NIST_P256", "KEY_AGREEMENT")
    mine = lambda spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT": {"ENCRYPT_DECRYPT": used, "SIGN_VERIFY": signing, "GENERATE_VERIFY_MAC": mac, "KEY_AGREEMENT": agreeing}[usage]
    prepared = calls(kms, mine)
    for key_id in (used, signing, mac, agreeing):
        kms.disable_key(KeyId=key_id)
    for name, (call, members, on) in prepared.items():
        (key_id,) = on.values()
        refused(lambda: call(**members, **on), "DisabledException", f"{key_id} is disabled.")
        refused(lambda: call(DryRun=True, **members, **on), "DisabledException", f"{key_id} is disabled.")
    _, members, _ = prepared["Sign"]
    refused(lambda: kms.sign(KeyId=used, **members), "InvalidKeyUsageException")
    assert kms.get_public_key(KeyId=signing)["PublicKey"]
    enabled = key(fresh=True)
    blob = kms.encrypt(KeyId=enabled, Plaintext=b"p")["CiphertextBlob"]
    refused(lambda: kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=used), "DisabledException", f"{used} is disabled.")
    for key_id in (used, signing, mac, agreeing):
        kms.enable_key(KeyId=key_id)
    for name, (call, members, on) in prepared.items():
        call(**members, **on)
    kms.schedule_key_deletion(KeyId=signing)
    for ask in (lambda: kms.sign(KeyId=signing, **members_of(prepared, "Sign")), lambda: kms.get_public_key(KeyId=signing)):
        refused(ask, "KMSInvalidStateException", f"{signing} is pending deletion.")


def members_of(prepared, name):
    return prepared[name][1]


@pytest.fixture
def somebody(server):
    """A user with the statements that a test gives it."""
    iam, name = server.client("iam"), f"u-{uuid.uuid4()}"
    iam.create_user(UserName=name)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    client = boto3.client("kms", endpoint_url=server.endpoint, region_name="us-east-1", aws_access_key_id=made["AccessKeyId"],
                          aws_secret_access_key=made["SecretAccessKey"], config=botocore.config.Config(retries={"max_attempts": 0}))
    def may(*statements):
        document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **statement} for statement in statements]})
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
        return client
    return may


def equals(**conditions):
    return {"StringEquals": {f"kms:{key.replace('__', ':')}": value for key, value in conditions.items()}}


def denied(call, action):
    refused(call, "AccessDeniedException", f"is not authorized to perform: {action} on resource: ")


def test_policies_decide_by_how_it_is_signed(kms, key, somebody):
    signing, mac = key("RSA_2048", "SIGN_VERIFY"), key("HMAC_256", "GENERATE_VERIFY_MAC")
    user = somebody({"Action": ["kms:Sign", "kms:Verify"], "Condition": equals(SigningAlgorithm="RSASSA_PSS_SHA_256", MessageType="RAW")})
    ask = {"KeyId": signing, "Message": bytes(32)}
    signature = user.sign(SigningAlgorithm="RSASSA_PSS_SHA_256", **ask)["Signature"]
    user.verify(SigningAlgorithm="RSASSA_PSS_SHA_256", Signature=signature, **ask)
    denied(lambda: user.sign(SigningAlgorithm="RSASSA_PSS_SHA_512", **ask), "kms:Sign")
    denied(lambda: user.sign(SigningAlgorithm="RSASSA_PSS_SHA_256", MessageType="DIGEST", **ask), "kms:Sign")
    denied(lambda: user.verify(SigningAlgorithm="RSASSA_PSS_SHA_512", Signature=signature, **ask), "kms:Verify")
    denied(lambda: user.get_public_key(KeyId=signing), "kms:GetPublicKey")
    user = somebody({"Action": "kms:*Mac", "Condition": equals(MacAlgorithm="HMAC_SHA_256")})
    made = user.generate_mac(KeyId=mac, Message=b"m", MacAlgorithm="HMAC_SHA_256")["Mac"]
    user.verify_mac(KeyId=mac, Message=b"m", MacAlgorithm="HMAC_SHA_256", Mac=made)
    denied(lambda: user.generate_mac(KeyId=mac, Message=b"m", MacAlgorithm="HMAC_SHA_512"), "kms:GenerateMac")
    user = somebody({"Action": "kms:DeriveSharedSecret", "Condition": equals(KeyAgreementAlgorithm="ECDH")})
    agreeing = key("ECC_NIST_P256", "KEY_AGREEMENT")
    user.derive_shared_secret(KeyId=agreeing, KeyAgreementAlgorithm="ECDH", PublicKey=kms.get_public_key(KeyId=agreeing)["PublicKey"])
    user = somebody({"Action": "kms:GenerateRandom"})
    user.generate_random(NumberOfBytes=1)
    denied(lambda: somebody({"Action": "kms:Sign"}).generate_random(NumberOfBytes=1), "kms:GenerateRandom")


def test_policies_decide_by_what_data_keys_are_for(kms, key, somebody):
    user = somebody({"Action": "kms:GenerateDataKeyPair*", "Condition": equals(DataKeyPairSpec="ECC_NIST_P256", EncryptionContext__Team="a")})
    for call, action in ((user.generate_data_key_pair, "kms:GenerateDataKeyPair"), (user.generate_data_key_pair_without_plaintext, "kms:GenerateDataKeyPairWithoutPlaintext")):
        call(KeyId=key(), KeyPairSpec="ECC_NIST_P256", EncryptionContext={"Team": "a"})
        denied(lambda: call(KeyId=key(), KeyPairSpec="ECC_NIST_P384", EncryptionContext={"Team": "a"}), action)
        denied(lambda: call(KeyId=key(), KeyPairSpec="ECC_NIST_P256", EncryptionContext={"Team": "b"}), action)
        denied(lambda: call(KeyId=key(), KeyPairSpec="ECC_NIST_P256"), action)
    user = somebody({"Action": "kms:GenerateDataKeyWithoutPlaintext", "Condition": equals(EncryptionAlgorithm="SYMMETRIC_DEFAULT", EncryptionContext__Team="a")})
    user.generate_data_key_without_plaintext(KeyId=key(), KeySpec="AES_256", EncryptionContext={"Team": "a", "more": "x"})
    denied(lambda: user.generate_data_key_without_plaintext(KeyId=key(), KeySpec="AES_256", EncryptionContext={"Team": "A"}), "kms:GenerateDataKeyWithoutPlaintext")
    denied(lambda: user.generate_data_key(KeyId=key(), KeySpec="AES_256", EncryptionContext={"Team": "a"}), "kms:GenerateDataKey")


def test_reencryption_needs_one_action_on_each_key(kms, key, somebody):
    old, new = key(fresh=True), key(fresh=True)
    blob = kms.encrypt(KeyId=old, Plaintext=b"p", EncryptionContext={"Team": "a"})["CiphertextBlob"]
    def ask(user, to=new, **more):
        return user.re_encrypt(CiphertextBlob=blob, SourceKeyId=old, SourceEncryptionContext={"Team": "a"}, DestinationKeyId=to, DestinationEncryptionContext={"Team": "b"}, **more)
    source, destination = {"Action": "kms:ReEncryptFrom", "Resource": old}, {"Action": "kms:ReEncryptTo", "Resource": new}
    ask(somebody(source, destination))
    refused(lambda: ask(somebody(source, destination), DryRun=True), "DryRunOperationException")
    denied(lambda: ask(somebody(source)), "kms:ReEncryptTo")
    denied(lambda: ask(somebody(source), DryRun=True), "kms:ReEncryptTo")
    denied(lambda: ask(somebody(destination)), "kms:ReEncryptFrom")
    denied(lambda: ask(somebody({"Action": ["kms:ReEncrypt", "kms:Decrypt", "kms:Encrypt"]})), "kms:ReEncryptFrom")
    denied(lambda: ask(somebody(source | {"Resource": new}, destination | {"Resource": old})), "kms:ReEncryptFrom")
    # Each action sees its own side's context.
    ask(somebody(source | {"Condition": equals(EncryptionContext__Team="a")}, destination | {"Condition": equals(EncryptionContext__Team="b")}))
    denied(lambda: ask(somebody(source | {"Condition": equals(EncryptionContext__Team="b")}, destination)), "kms:ReEncryptFrom")
    denied(lambda: ask(somebody(source, destination | {"Condition": equals(EncryptionContext__Team="a")})), "kms:ReEncryptTo")
    for is_same, to in (("true", old), ("false", new)):
        same = {"Bool": {"kms:ReEncryptOnSameKey": is_same}}
        user = somebody({"Action": "kms:ReEncrypt*", "Condition": same})
        ask(user, to)
        denied(lambda: ask(user, new if to == old else old), "kms:ReEncryptFrom")
        user = somebody({"Action": "kms:ReEncryptFrom"}, {"Action": "kms:ReEncryptTo", "Condition": same})
        ask(user, to)
        denied(lambda: ask(user, new if to == old else old), "kms:ReEncryptTo")
    # By ciphertext alone a refusal does not tell whether the key is there. Recorded.
    refused(lambda: somebody(destination).re_encrypt(CiphertextBlob=blob, DestinationKeyId=new), "AccessDeniedException", "The ciphertext refers to a customer master key that does not exist")


def test_ten_thousand_swapped_replayed_and_edited_ciphertexts_are_refused_with_one_error(server, kms, key):
    """Issue 4, acceptance 3, for KMS's ciphertexts. Decrypt by ciphertext and by key, ReEncrypt, each under a wrong context."""
    chance = random.Random(4)
    keys = [key(fresh=True) for _ in range(3)]
    contexts = [{}, {"a": "b"}, {"a": "b", "c": "d"}, {"A": "b"}, {"a": "B"}, {"ab": ""}, {"": "ab"}, {"c": "b", "a": "d"}]
    made = [(key_id, context, kms.encrypt(KeyId=key_id, Plaintext=b"same plaintext", EncryptionContext=context)["CiphertextBlob"])
            for key_id in keys for context in contexts for _ in range(2)]
    good = {(key_id, blob): context for key_id, context, blob in made}
    head = len(os.path.commonprefix([blob for key_id, _, blob in made if key_id == keys[0]]))
    def edited():
        key_id, context, blob = chance.choice(made)
        _, _, other = chance.choice(made)
        match chance.randrange(6):
            case 0:
                at = chance.randrange(head, len(blob))
                return key_id, context, blob[:at] + bytes([blob[at] ^ 1 << chance.randrange(8)]) + blob[at + 1:]
            case 1:
                return key_id, context, blob[: chance.randrange(1, len(blob))]
            case 2:
                return key_id, context, blob + os.urandom(chance.randrange(1, 40))
            case 3:
                return key_id, context, blob[:head] + other[head:]
            case 4:
                at = chance.randrange(head, len(blob))
                return key_id, context, blob[:at] + other[at:]
            case _:
                return key_id, chance.choice(contexts), blob
    answers, count = {}, 0
    while count < 10_000:
        key_id, context, blob = edited()
        if good.get((key_id, blob)) == context:
            continue
        count += 1
        ask = {"CiphertextBlob": base64.b64encode(blob).decode()}
        named = chance.random() < 0.5
        if chance.random() < 0.7:
            answer = raw(server, "Decrypt", ask | {"EncryptionContext": context} | ({"KeyId": key_id} if named else {}))
        else:
            answer = raw(server, "ReEncrypt", ask | {"SourceEncryptionContext": context, "DestinationKeyId": keys[0]} | ({"SourceKeyId": key_id} if named else {}))
        answers[answer] = answers.get(answer, 0) + 1
    assert len(answers) == 1, answers
    ((status, body),) = answers
    assert status == 400 and json.loads(body)["__type"] == "InvalidCiphertextException", answers
    # Under another key's name they are another key's: recorded.
    for key_id, context, blob in made:
        for other in keys:
            if other != key_id:
                refused(lambda: kms.decrypt(KeyId=other, CiphertextBlob=blob, EncryptionContext=context), "IncorrectKeyException")
        assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"] == b"same plaintext"


SESSION = []


def raw(server, operation, members):
    """Status and body as they come, without what a client makes of them."""
    body = json.dumps(members)
    request = AWSRequest("POST", server.endpoint + "/", data=body, headers={"X-Amz-Target": f"TrentService.{operation}", "Content-Type": "application/x-amz-json-1.1"})
    SigV4Auth(Credentials(KEY_ID, SECRET_KEY), "kms", "us-east-1").add_auth(request)
    if not SESSION or SESSION[0].port != server.port:
        SESSION[:] = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)]
    SESSION[0].request("POST", "/", body, dict(request.headers))
    answer = SESSION[0].getresponse()
    return answer.status, answer.read().decode()


def test_a_refusal_without_words_has_the_body_that_clients_know(server, kms, key):
    status, body = raw(server, "Decrypt", {"CiphertextBlob": base64.b64encode(b"garbage").decode()})
    assert status == 400 and json.loads(body)["__type"] == "InvalidCiphertextException"
    assert json.loads(body).get("message") in (None, "") and "Message" not in json.loads(body)


def test_every_operation_from_the_command_line(server, kms, key, tmp_path):
    def aws(*arguments, fails=None):
        done = subprocess.run(["aws", "kms", *map(str, arguments)], env=server.cli_environment(), capture_output=True, text=True)
        if fails:
            assert done.returncode != 0 and fails in done.stderr, done
            return None
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
    blob = lambda text: base64.b64decode(text)
    def file(name, content):
        (tmp_path / name).write_bytes(content)
        return f"fileb://{tmp_path / name}"
    signing, mac, agreeing = key("ECC_NIST_P256", "SIGN_VERIFY"), key("HMAC_256", "GENERATE_VERIFY_MAC"), key("ECC_NIST_P256", "KEY_AGREEMENT")
    message = file("message", b"from the command line")
    signed = aws("sign", "--key-id", signing, "--message", message, "--signing-algorithm", "ECDSA_SHA_256")
    spki = blob(aws("get-public-key", "--key-id", signing)["PublicKey"])
    load_der_public_key(spki).verify(blob(signed["Signature"]), b"from the command line", ec.ECDSA(hashes.SHA256()))
    verify_with = ["verify", "--key-id", signing, "--message", message, "--signing-algorithm", "ECDSA_SHA_256", "--signature"]
    assert aws(*verify_with, file("signature", blob(signed["Signature"])))["SignatureValid"] is True
    aws(*verify_with, file("bad", b"x"), fails="KMSInvalidSignatureException")
    code = aws("generate-mac", "--key-id", mac, "--message", message, "--mac-algorithm", "HMAC_SHA_256")["Mac"]
    assert aws("verify-mac", "--key-id", mac, "--message", message, "--mac-algorithm", "HMAC_SHA_256", "--mac", file("mac", blob(code)))["MacValid"] is True
    mine = ec.generate_private_key(ec.SECP256R1())
    theirs = file("public", mine.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    secret = aws("derive-shared-secret", "--key-id", agreeing, "--key-agreement-algorithm", "ECDH", "--public-key", theirs)["SharedSecret"]
    assert blob(secret) == mine.exchange(ec.ECDH(), public_key(kms, agreeing))
    data_key = aws("generate-data-key-without-plaintext", "--key-id", key(), "--key-spec", "AES_256", "--encryption-context", "a=b")["CiphertextBlob"]
    again = aws("re-encrypt", "--ciphertext-blob", file("blob", blob(data_key)), "--source-encryption-context", "a=b", "--destination-key-id", key())
    assert len(kms.decrypt(CiphertextBlob=blob(again["CiphertextBlob"]))["Plaintext"]) == 32
    pair = aws("generate-data-key-pair", "--key-id", key(), "--key-pair-spec", "ECC_NIST_P256")
    assert load_der_private_key(blob(pair["PrivateKeyPlaintext"]), None).curve.name == "secp256r1"
    assert "PrivateKeyPlaintext" not in aws("generate-data-key-pair-without-plaintext", "--key-id", key(), "--key-pair-spec", "ECC_NIST_P256")
    assert len(blob(aws("generate-random", "--number-of-bytes", 24)["Plaintext"])) == 24


def test_audit_events_tell_what_was_done_and_not_with_what(server, kms, key):
    canary = f"canary-{uuid.uuid4()}".encode()
    secrets = [canary]
    signing, mac, agreeing = key("RSA_2048", "SIGN_VERIFY"), key("HMAC_256", "GENERATE_VERIFY_MAC"), key("ECC_NIST_P256", "KEY_AGREEMENT")
    signature = kms.sign(KeyId=signing, Message=canary, SigningAlgorithm="RSASSA_PSS_SHA_256")["Signature"]
    kms.verify(KeyId=signing, Message=canary, Signature=signature, SigningAlgorithm="RSASSA_PSS_SHA_256")
    silent(lambda: kms.verify(KeyId=signing, Message=canary, Signature=b"s", SigningAlgorithm="RSASSA_PSS_SHA_256"), "KMSInvalidSignatureException")
    code = kms.generate_mac(KeyId=mac, Message=canary, MacAlgorithm="HMAC_SHA_256")["Mac"]
    kms.verify_mac(KeyId=mac, Message=canary, MacAlgorithm="HMAC_SHA_256", Mac=code)
    secrets.append(kms.derive_shared_secret(KeyId=agreeing, KeyAgreementAlgorithm="ECDH", PublicKey=kms.get_public_key(KeyId=agreeing)["PublicKey"])["SharedSecret"])
    secrets.append(kms.generate_random(NumberOfBytes=33)["Plaintext"])
    secrets.append(kms.generate_data_key_pair(KeyId=key(), KeyPairSpec="ECC_NIST_P256")["PrivateKeyPlaintext"])
    blob = kms.encrypt(KeyId=key(), Plaintext=canary)["CiphertextBlob"]
    kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key(), DestinationEncryptionContext={"told": "yes"})
    tail = subprocess.run([BINARY, "audit", "tail", "-n", "1000", "--data-dir", server.data_dir], capture_output=True, check=True).stdout
    for held in secrets:
        for form in (held, base64.b64encode(held).rstrip(b"="), held.hex().encode()):
            assert form not in tail
    events = [json.loads(line) for line in tail.splitlines()][-20:]
    by_name = {event["eventName"]: event for event in events}
    for name in ("Sign", "Verify", "GenerateMac", "VerifyMac", "DeriveSharedSecret", "GenerateRandom", "GenerateDataKeyPair", "GetPublicKey", "ReEncrypt"):
        event = by_name[name]
        assert event["eventSource"] == "kms.amazonaws.com" and event["readOnly"] is True and event["responseElements"] is None, event
    assert by_name["Sign"]["requestParameters"] == {"keyId": signing, "signingAlgorithm": "RSASSA_PSS_SHA_256"}
    assert by_name["ReEncrypt"]["requestParameters"] == {"destinationKeyId": key(), "destinationEncryptionContext": {"told": "yes"}}
