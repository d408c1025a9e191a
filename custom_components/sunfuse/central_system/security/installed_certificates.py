"""The certificates of a station, as every version identifies them (CertificateHashDataType)."""

from ..protocol.frames import Payload
from ..station_commands import InstalledCertificate


def certificate_of(kind: str, hash_data: Payload) -> InstalledCertificate:
    """Return a certificate of a station from its hash data."""
    return InstalledCertificate(
        kind=kind,
        hash_algorithm=hash_data["hashAlgorithm"],
        issuer_name_hash=hash_data["issuerNameHash"],
        issuer_key_hash=hash_data["issuerKeyHash"],
        serial_number=hash_data["serialNumber"],
    )


def hash_data_of(certificate: InstalledCertificate) -> Payload:
    """Return the hash data of a certificate."""
    return {
        "hashAlgorithm": certificate.hash_algorithm,
        "issuerNameHash": certificate.issuer_name_hash,
        "issuerKeyHash": certificate.issuer_key_hash,
        "serialNumber": certificate.serial_number,
    }
