"""Passwords and certificates with which a station connects: the security profiles of OCPP.

Profile 0 requires nothing, 1 a password, 2 a password inside TLS, 3 a client certificate (OCPP 1.6
security white paper section 3, OCPP 2.0.1 part 2 A00).
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
import hmac
import secrets
from typing import Any

from ..station_state import StationConfig


def new_password() -> str:
    """Return a password that every version of OCPP accepts.

    AuthorizationKey of OCPP 1.6 is up to 40 hexadecimal digits, BasicAuthPassword of 2.0.1 is 16 to 40 characters.
    """
    return secrets.token_hex(20)


def credentials(header: str | None) -> tuple[str, bytes] | None:
    """Return name and password of an Authorization header; the password is bytes, as OCPP 1.6 does not define its encoding."""
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error, ValueError:
        return None
    name, colon, password = decoded.partition(b":")
    if not colon:
        return None
    return name.decode(errors="replace"), password


class Proof(StrEnum):
    """How a client proves to be a station."""

    PRESENT = "present"  # its password
    FORMER = "former"  # its previous password, which is still valid
    NONE = "none"


def proof_of(config: StationConfig, header: str | None) -> Proof:
    """Return what a header proves."""
    if password_fits(config, header):
        return Proof.PRESENT
    former = config.former.passwords if config.former else ()
    if any(password_fits(replace(config, password=one), header) for one in former):
        return Proof.FORMER
    return Proof.NONE


def must_prove(config: StationConfig) -> bool:
    """Whether a password or a certificate is required to connect as a station."""
    if config.client_certificate:
        return True
    was_open = config.former is not None and None in config.former.passwords
    return config.password is not None and not was_open


def password_fits(config: StationConfig, header: str | None) -> bool:
    """Return whether a header proves that the other side knows the station's password."""
    if config.password is None or (given := credentials(header)) is None:
        return False
    name, password = given
    fits = [hmac.compare_digest(form, password) for form in _forms(config.password)]
    return any(fits) and name.casefold() == config.identity.casefold()


def _forms(password: str) -> list[bytes]:
    """Return the bytes that a station may send: some send the bytes that the hexadecimal digits encode."""
    try:
        return [password.encode(), bytes.fromhex(password)]
    except ValueError:
        return [password.encode()]


def certificate_fits(config: StationConfig, certificate: Mapping[str, Any]) -> bool:
    """Return whether a client certificate, verified by TLS, belongs to the station: its common name is the identity."""
    return any(
        name == "commonName" and value.casefold() == config.identity.casefold()
        for part in certificate.get("subject", ())
        for name, value in part
    )
