"""Signatures of meter values in the Open Charge Metering Format."""

import base64

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
import pytest

from custom_components.sunfuse.central_system.security.ocmf import (
    SignatureCheck,
    check_ocmf,
)

# A published record of a KEBA charger with its key, which the transparency software of S.A.F.E. e.V. accepts.
KEBA = (
    'OCMF|{"FV":"1.0","GI":"KEBA_KCP30","GS":"17619300","GV":"2.8.5","PG":"T32","IS":false,"IL":"NONE",'
    '"IF":["RFID_NONE","OCPP_NONE","ISO15118_NONE","PLMN_NONE"],"IT":"NONE","ID":"","RD":[{"TM":'
    '"2019-08-13T10:03:15,000+0000 I","TX":"B","EF":"","ST":"G","RV":0.2596,"RI":"1-b:1.8.0","RU":"kWh"},'
    '{"TM":"2019-08-13T10:03:36,000+0000 R","TX":"E","EF":"","ST":"G","RV":0.2597,"RI":"1-b:1.8.0",'
    '"RU":"kWh"}]}|{"SD":"304502200E2F107C987A300AC1695CA89EA149A8CDFA16188AF0A33EE64B67964AA943F9'
    '022100889A72B6D65364BEA8562E7F6A0253157ACFF84FE4929A93B5964D23C4265699"}'
)
KEY = (
    "3059301306072A8648CE3D020106082A8648CE3D030107034200043AEEB45C392357820A58FDFB0857BD77ADA31585C61C430531DFA53B440AFBFD"
    "D95AC887C658EA55260F808F55CA948DF235C2108A0D6DC7D4AB1A5E1A7955BE"
)


# A published record of an eBZ meter in a Compleo charger, and its key (test data of the same transparency software): a curve of
# 192 bits, and a signature whose first number lacks the zero that DER asks for.
EBZ = (
    'OCMF|{"FV":"1.0","GI":"eBZ LD3","GS":"1EBZ0300034628","GV":"V207","MS":"1EBZ0300034628","PG":"T120","IS":true,'
    '"IL":"TRUSTED","IT":"EMAID","ID":"DKV_Testbox2","CI":"Dies","CT":"EVSEID","RD":[{"TM":"2022-10-27T19:38:50,000+0200 I",'
    '"TX":"B","RV":2851485,"RI":"1-b:1.8.e","RU":"Wh","ST":"G"},{"TM":"2022-10-27T19:43:38,000+0200 I","TX":"E",'
    '"RV":2851753,"RI":"1-b:1.8.e","RU":"Wh","ST":"G"}]}|{"SA":"ECDSA-secp192r1-SHA256","SD":"30340218e10a077929f593717aff'
    'dff69a5df0d2862989a6638f873d0218007d21b1c0255c5b24a3c5a01d600839ebae2bb67bcb1159"}'
)
EBZ_KEY = (
    "3049301306072a8648ce3d020106082a8648ce3d030101033200041e155ef46fbcc56005769c08d792127c006c242ccccd96bf7051b6fbc27849"
    "7036659e7bae57f542776a17c7f8b28600"
)


def test_a_signature_as_meters_write_it() -> None:
    """A number without its leading zero is no lie; a changed reading is."""
    assert check_ocmf(EBZ, EBZ_KEY) is SignatureCheck.VALID
    changed = EBZ.replace("2851753", "2851754")
    assert check_ocmf(changed, EBZ_KEY) is SignatureCheck.INVALID
    for broken in (EBZ.replace('"SD":"30', '"SD":"31'), EBZ.replace('59"}', '"}')):
        assert check_ocmf(broken, EBZ_KEY) is SignatureCheck.INVALID


@pytest.mark.parametrize(
    "key",
    [
        KEY,
        KEY.lower(),
        base64.b64encode(bytes.fromhex(KEY)).decode(),
        f"oca:base16:asn1:{KEY}",
        base64.b64encode(f"oca:base16:asn1:{KEY}".encode()).decode(),
    ],
)
def test_a_real_record_is_valid_and_a_changed_one_is_not(key: str) -> None:
    """Whichever way the key is written."""
    assert check_ocmf(KEBA, key) is SignatureCheck.VALID
    assert check_ocmf(KEBA.replace("0.2597", "0.9597"), key) is SignatureCheck.INVALID


def test_another_curve() -> None:
    """Brainpool curves are common, and so is base64."""
    private = ec.generate_private_key(ec.BrainpoolP256R1())
    payload = '{"FV":"1.0","RD":[]}'
    signed = private.sign(payload.encode(), ec.ECDSA(hashes.SHA256()))
    text = (
        f'OCMF|{payload}|{{"SA":"ECDSA-brainpoolP256r1-SHA256","SE":"base64",'
        f'"SD":"{base64.b64encode(signed).decode()}"}}'
    )
    public = private.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    assert check_ocmf(text, public.hex()) is SignatureCheck.VALID
    assert check_ocmf(text, KEY) is SignatureCheck.NOT_CHECKED  # of another curve


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (KEBA, ""),
        (KEBA, "rubbish"),
        (KEBA, "ABCD"),
        ("EDL|1|2", KEY),
        ("OCMF|{}", KEY),
        ("OCMF|{}|[]", KEY),
        ("OCMF|{}|null", KEY),
        ('OCMF|{}|{"SD":"xyz"}', KEY),
        ('OCMF|{}|{"SD":"00","SA":"RSA"}', KEY),
        ('OCMF|{}|{"SD":"00","SA":"ECDSA-secp256r1-MD5"}', KEY),
        ('OCMF|{}|{"SD":5}', KEY),
    ],
)
def test_what_cannot_be_checked_is_said(text: str, key: str) -> None:
    """Nothing is called valid or invalid without having been checked."""
    assert check_ocmf(text, key) is SignatureCheck.NOT_CHECKED


def test_a_signature_that_is_none_is_invalid() -> None:
    """It was checked, and does not fit."""
    assert check_ocmf('OCMF|{}|{"SD":"00"}', KEY) is SignatureCheck.INVALID
