"""Chargers get certificates of their own, signed by a small certificate authority."""

from datetime import timedelta
import ssl
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    CertificateAuthority,
    InstalledCertificate,
    StationConfig,
)
from custom_components.sunfuse.central_system.security.station_passwords import (
    certificate_fits,
)

from .charging import CP1
from .client import ANSWERS_2, Payload, RawStation
from .conftest import START, Connect

VERSIONS = ("1.6", "2.0.1", "2.1")
HASH = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "a",
    "issuerKeyHash": "b",
    "serialNumber": "7",
}


def request_for(key: Any, name: str = "whoever") -> str:
    """Return a certificate signing request (PEM)."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    request = x509.CertificateSigningRequestBuilder(subject).sign(key, algorithm)
    return request.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="module")
def authority() -> CertificateAuthority:
    """Return an authority."""
    return CertificateAuthority.new("Sunfuse", START)


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        rsa.generate_private_key(65537, 2048),
    ],
)
def test_sign(authority: CertificateAuthority, key: Any) -> None:
    """A certificate is for the identity that asked, for its key, and of the authority."""
    pem = authority.sign(request_for(key, "somebody else"), "CP1", START)
    certificate = x509.load_pem_x509_certificate(pem.encode())
    own = x509.load_pem_x509_certificate(authority.certificate.encode())
    certificate.verify_directly_issued_by(own)
    assert certificate.public_key() == key.public_key()
    subject = (
        tuple((part.rfc4514_attribute_name, part.value) for part in name)
        for name in certificate.subject.rdns
    )
    told = {"subject": tuple(((("commonName", v),)) for ((_, v),) in subject)}
    assert certificate_fits(CP1, told)
    assert not certificate_fits(StationConfig(identity="CP2"), told)
    assert certificate.not_valid_before_utc < START < certificate.not_valid_after_utc
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert not constraints.value.ca
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_verify_locations(cadata=authority.certificate)


@pytest.mark.parametrize(
    "request_",
    [
        "",
        "rubbish",
        "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----",
        request_for(rsa.generate_private_key(65537, 1024)),
        request_for(ed25519.Ed25519PrivateKey.generate()),
        "\ud800",
    ],
    # Not the requests themselves: their keys are new in every process.
    ids=["empty", "rubbish", "no request", "short key", "other kind", "surrogate"],
)
def test_what_is_not_signed(authority: CertificateAuthority, request_: str) -> None:
    """Rubbish, weak keys and unusual ones are refused."""
    with pytest.raises(ValueError):
        authority.sign(request_, "CP1", START)


def test_request_of_another_key(authority: CertificateAuthority) -> None:
    """Who does not hold the key gets no certificate for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    good = x509.load_pem_x509_csr(request_for(key).encode())
    der = bytearray(good.public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    forged = ssl.DER_cert_to_PEM_cert(bytes(der)).replace(
        "CERTIFICATE", "CERTIFICATE REQUEST"
    )
    with pytest.raises(ValueError):
        authority.sign(forged, "CP1", START)


def test_authority_is_kept(authority: CertificateAuthority) -> None:
    """An authority goes on from what was kept of it, and outlives its stations' certificates."""
    again = CertificateAuthority(certificate=authority.certificate, key=authority.key)
    csr = request_for(ec.generate_private_key(ec.SECP256R1()))
    later = START + timedelta(days=19 * 365 + 200)
    certificate = x509.load_pem_x509_certificate(again.sign(csr, "CP1", later).encode())
    own = x509.load_pem_x509_certificate(authority.certificate.encode())
    assert certificate.not_valid_after_utc == own.not_valid_after_utc
    assert authority.key not in repr(authority)


async def _ready(connect: Connect, system: CentralSystem, version: str) -> RawStation:
    system.accept(CP1)
    station = await connect(protocols=(f"ocpp{version}",))
    if version == "1.6":
        await station.boot()
    else:
        station.answers |= ANSWERS_2
        await station.boot2()
    await station.wait_received("TriggerMessage")
    return station


@pytest.mark.parametrize("version", VERSIONS)
async def test_certificate_is_given(
    system: CentralSystem,
    connect: Connect,
    authority: CertificateAuthority,
    version: str,
) -> None:
    """A charger requests a certificate, is answered that it will follow, and gets it."""
    system.set_authority(authority)
    station = await _ready(connect, system, version)
    station.answers["CertificateSigned"] = {"status": "Accepted"}
    asked: Payload = {"csr": request_for(ec.generate_private_key(ec.SECP256R1()))}
    if version == "2.1":
        asked |= {"requestId": 5, "certificateType": "ChargingStationCertificate"}
    answer = await station.call("SignCertificate", asked)
    assert answer == {"status": "Accepted"}
    told = await station.wait_received("CertificateSigned")
    assert told["certificateChain"].startswith("-----BEGIN CERTIFICATE-----")
    rest = {key: told[key] for key in told if key != "certificateChain"}
    assert rest == {key: asked[key] for key in asked if key != "csr"}
    # Neither the request nor the certificate is in the log of messages.
    assert "BEGIN" not in str(system.stations["CP1"].diagnostics())


@pytest.mark.parametrize("version", VERSIONS)
async def test_no_certificate_is_given(
    system: CentralSystem,
    connect: Connect,
    authority: CertificateAuthority,
    caplog: pytest.LogCaptureFixture,
    version: str,
) -> None:
    """Without an authority, or for a contract, none is given; rubbish is logged and harms nobody."""
    station = await _ready(connect, system, version)
    good = {"csr": request_for(ec.generate_private_key(ec.SECP256R1()))}
    assert (await station.call("SignCertificate", good))["status"] == "Rejected"
    system.set_authority(authority)
    if version != "1.6":
        contract = {**good, "certificateType": "V2GCertificate"}
        answer = await station.call("SignCertificate", contract)
        assert answer["status"] == "Rejected"
    await station.call("SignCertificate", {"csr": "rubbish"})
    await station.call("Heartbeat", {})
    for _ in range(200):
        if "no certificate was given" in caplog.text:
            break
        await station.call("Heartbeat", {})
    assert "no certificate was given" in caplog.text
    assert not station.received("CertificateSigned")


@pytest.mark.parametrize("version", VERSIONS)
async def test_installed_certificates(
    system: CentralSystem, connect: Connect, version: str
) -> None:
    """The certificates of a charger are listed with their purposes."""
    station = await _ready(connect, system, version)

    def answer(request: Payload) -> Payload:
        if version != "1.6":
            chain = {
                "certificateType": "CSMSRootCertificate",
                "certificateHashData": HASH,
                "childCertificateHashData": [{**HASH, "serialNumber": "8"}],
            }
            return {"status": "Accepted", "certificateHashDataChain": [chain]}
        if request["certificateType"] != "CentralSystemRootCertificate":
            return {"status": "NotFound"}
        both = [HASH, {**HASH, "serialNumber": "8"}]
        return {"status": "Accepted", "certificateHashData": both}

    station.answers["GetInstalledCertificateIds"] = answer
    found = await (await system.stations["CP1"].in_service()).installed_certificates()
    assert found == [
        InstalledCertificate(
            kind="CSMSRootCertificate",
            hash_algorithm="SHA256",
            issuer_name_hash="a",
            issuer_key_hash="b",
            serial_number=serial,
        )
        for serial in ("7", "8")
    ]
