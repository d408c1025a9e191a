"""A small certificate authority, with which chargers can prove their identity (security profile 3).

Creating keys and signing certificates takes long: not for the event loop.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_OWN = timedelta(days=20 * 365)
_CHARGER = timedelta(days=2 * 365)
_EARLIER = timedelta(days=1)  # clocks differ
_LEAST_RSA_BITS = (
    2048  # OCPP 1.6 security white paper section 4.3, OCPP 2.0.1 A00.FR.501
)
_LEAST_EC_BITS = 224


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateAuthority:
    """A key and its certificate, as PEM; the caller stores both."""

    certificate: str
    key: str = field(repr=False)

    @classmethod
    def new(cls, name: str, now: datetime) -> Self:
        """Return an authority with a new key. Not for the event loop."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
        certificate = (
            x509.CertificateBuilder(subject, subject, key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _EARLIER)
            .not_valid_after(now + _OWN)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(authority=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
                critical=False,
            )
            .sign(key, hashes.SHA256())
        )
        return cls(
            certificate=_pem(certificate),
            key=key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ).decode(),
        )

    def sign(self, request: str, identity: str, now: datetime) -> str:
        """Return the certificate (PEM) for a station's certificate signing request.

        Its common name is the identity, whatever the request contains: a station cannot become another one. Not for the
        event loop.

        Raises:
            ValueError: the request is invalid, not signed with its own key, or its key is too weak.

        """
        try:
            asked = x509.load_pem_x509_csr(request.encode())
            public_key = asked.public_key()
            genuine = asked.is_signature_valid
        except (UnsupportedAlgorithm, InvalidSignature) as err:
            raise ValueError(str(err)) from err
        if not genuine:
            raise ValueError("The request is not signed with its own key")
        match public_key:
            case rsa.RSAPublicKey():
                strong = public_key.key_size >= _LEAST_RSA_BITS
            case ec.EllipticCurvePublicKey():
                strong = public_key.key_size >= _LEAST_EC_BITS
            case _:
                raise ValueError("The key is neither of RSA nor of an elliptic curve")
        if not strong:
            raise ValueError("The key is too short")
        own = x509.load_pem_x509_certificate(self.certificate.encode())
        issuer = self._private_key()
        name = x509.NameAttribute(NameOID.COMMON_NAME, identity)
        certificate = (
            x509.CertificateBuilder(own.subject, x509.Name([name]), public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _EARLIER)
            .not_valid_after(min(now + _CHARGER, own.not_valid_after_utc))
            .add_extension(
                x509.BasicConstraints(ca=False, path_length=None), critical=True
            )
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()),
                critical=False,
            )
            .sign(issuer, hashes.SHA256())
        )
        return _pem(certificate)

    def is_usable(self) -> bool:
        """Whether key and certificate are valid. Not for the event loop."""
        try:
            x509.load_pem_x509_certificate(self.certificate.encode())
            self._private_key()
        except ValueError, TypeError, UnsupportedAlgorithm:
            return False
        return True

    def _private_key(self) -> ec.EllipticCurvePrivateKey:
        match serialization.load_pem_private_key(self.key.encode(), password=None):
            case ec.EllipticCurvePrivateKey() as key:
                return key
        raise ValueError("The key of the authority is of another kind")


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _usage(*, authority: bool) -> x509.KeyUsage:
    """Return the key usage of the authority or of a station (RFC 5280 section 4.2.1.3)."""
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
