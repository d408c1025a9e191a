"""Checks the signature of a meter value in the Open Charge Metering Format (OCMF 1.0 to 1.2).

`OCMF|<payload>|<signature>`: the signature is ECDSA over the payload exactly as it stands there. This shows whether the
text was changed since the meter signed it. What German calibration law asks for beside that (a type-approved display, the
official transparency software) a program like this cannot replace.
"""

import base64
import binascii
from enum import StrEnum
import json
import re

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

_HEADER = "OCMF"
# What counts where the signature does not name another one (section "Signature").
_DEFAULT = "ECDSA-secp256r1-SHA256"
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "SHA256": hashes.SHA256,
    "SHA384": hashes.SHA384,
    "SHA512": hashes.SHA512,
}
# How OCPP 2.x may write a key: `oca:base16:asn1:3059...` (application note of the Open Charge Alliance on signed values).
_WRITTEN = re.compile(r"^oca:base(16|64):asn1:(.+)$", re.IGNORECASE)
# Tags of DER.
_SEQUENCE, _INTEGER = 0x30, 0x02
_HEX = re.compile(r"^([0-9a-fA-F]{2})+$")


class SignatureCheck(StrEnum):
    """What a check of a signature came to."""

    VALID = "valid"
    INVALID = "invalid"
    # No OCMF, no key that can be read, or an algorithm that is not supported.
    NOT_CHECKED = "not_checked"


def check_ocmf(text: str, public_key: str) -> SignatureCheck:
    """Return if a text was signed by the owner of a public key (DER, as hex or base64)."""
    header, _, rest = text.strip().partition("|")
    payload, _, signature = rest.rpartition("|")
    key = _key(public_key)
    if header != _HEADER or not payload or key is None:
        return SignatureCheck.NOT_CHECKED
    try:
        stated = json.loads(signature)
        data = _bytes(stated["SD"], stated.get("SE", "hex"))
        algorithm, curve, digest = stated.get("SA", _DEFAULT).split("-")
        hash_algorithm = _HASHES[digest.upper()]()
    except KeyError, ValueError, AttributeError, TypeError:
        return SignatureCheck.NOT_CHECKED
    if algorithm != "ECDSA" or curve.lower() != key.curve.name.lower():
        return SignatureCheck.NOT_CHECKED
    try:
        key.verify(_strict(data), payload.encode(), ec.ECDSA(hash_algorithm))
    except InvalidSignature:
        return SignatureCheck.INVALID
    return SignatureCheck.VALID


def _strict(signature: bytes) -> bytes:
    """Return a signature in strict DER (X.690, 8.3): meters in the field write numbers of it without their leading zero.

    One that is no sequence of two numbers is returned as it is.
    """
    numbers: list[int] = []
    at = 2
    while at + 2 <= len(signature) and signature[at] == _INTEGER:
        end = at + 2 + signature[at + 1]
        numbers.append(int.from_bytes(signature[at + 2 : end]))
        at = end
    if len(numbers) != 2 or at != len(signature) or signature[0] != _SEQUENCE:
        return signature
    return encode_dss_signature(*numbers)


def _key(text: str) -> ec.EllipticCurvePublicKey | None:
    """Return a public key, None where it cannot be read."""
    try:
        key = load_der_public_key(_unwrapped(text))
    except ValueError, UnsupportedAlgorithm:
        return None
    return key if isinstance(key, ec.EllipticCurvePublicKey) else None


def _unwrapped(text: str) -> bytes:
    text = "".join(text.split())
    if (written := _WRITTEN.match(text)) is not None:
        return _bytes(written[2], "hex" if written[1] == "16" else "base64")
    if _HEX.match(text):
        return bytes.fromhex(text)
    data = _bytes(text, "base64")
    inner = data.decode("ascii", "replace")
    return _unwrapped(inner) if _WRITTEN.match(inner) else data


def _bytes(text: str, encoding: str) -> bytes:
    """Return what a text encodes; raises ValueError where it does not."""
    if encoding == "base64":
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise ValueError(str(error)) from error
    return bytes.fromhex(text)
