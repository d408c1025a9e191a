"""The certificate of the port that chargers connect to: Home Assistant's own, given files, or none."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
import ssl
from typing import Any

from cryptography import x509

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ...const import (
    CONF_KIND,
    CONF_TLS,
    CONF_TLS_CERTIFICATE,
    CONF_TLS_KEY,
    DOMAIN,
    KIND_SIMULATED,
    TLS_FILES,
    TLS_HOME_ASSISTANT,
    TLS_NONE,
)

# Certificates are renewed weeks before they expire; new connections get the new one within this.
RELOAD_INTERVAL = timedelta(hours=6)

# A central system must offer ECDHE-ECDSA and plain RSA, both with AES-GCM (OCPP 1.6 compliance test TC_086_CSMS); old
# chargers have CBC only. The best come first; all of them authenticate and encrypt.
_CIPHERS = (
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:ECDHE+AES:DHE+AES:RSA+AESGCM:RSA+AES"
    ":!aNULL:!eNULL:!aDSS:!AESCCM"
)


class TlsError(Exception):
    """A certificate that cannot be used. `key` names the reason, `detail` is the system's message."""

    def __init__(self, key: str, detail: str = "") -> None:
        """Remember what is wrong."""
        super().__init__(f"{key}: {detail}")
        self.key = key
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFiles:
    """The files of a certificate chain and its key, both PEM."""

    certificate: str
    key: str | None = None  # None: in the same file


def is_encrypted(entry: ConfigEntry) -> bool:
    """Return whether chargers connect to a site with TLS. Simulated ones stay inside this machine."""
    tls: str = entry.options.get(CONF_TLS, TLS_NONE)
    kind: str = entry.data[CONF_KIND]
    return tls != TLS_NONE and kind != KIND_SIMULATED


def scheme(entry: ConfigEntry | None) -> str:
    """Return the scheme of the address that chargers connect to."""
    return "wss" if entry is not None and is_encrypted(entry) else "ws"


def certificate_files(
    hass: HomeAssistant, options: Mapping[str, Any]
) -> CertificateFiles | None:
    """Return the files that the options select; None without TLS.

    Raises:
        TlsError: Home Assistant has no certificate of its own.

    """
    match options.get(CONF_TLS, TLS_NONE):
        case tls if tls == TLS_FILES:
            return CertificateFiles(
                certificate=options[CONF_TLS_CERTIFICATE], key=options[CONF_TLS_KEY]
            )
        case tls if tls == TLS_HOME_ASSISTANT:
            http = hass.http if "http" in hass.config.components else None
            if http is None or http.ssl_certificate is None:
                raise TlsError("no_own_certificate")
            return CertificateFiles(certificate=http.ssl_certificate, key=http.ssl_key)
        case _:
            return None


def load(
    files: CertificateFiles,
    authority: str | None = None,
    context: ssl.SSLContext | None = None,
) -> tuple[ssl.SSLContext, datetime]:
    """Read a certificate; return the context and when the certificate expires. Blocks: not for the event loop.

    `authority` is the certificate (PEM) that signs the chargers' own. A given context continues with the
    new certificate.

    Raises:
        TlsError: `certificate_unreadable` or `certificate_mismatch`.

    """
    try:
        # A key with a password would prompt on the terminal: an empty password makes it an error.
        context = context or _context(authority)
        context.load_cert_chain(files.certificate, files.key, password="")
        chain = Path(files.certificate).read_bytes()
        expires = x509.load_pem_x509_certificates(chain)[0].not_valid_after_utc
    except ssl.SSLError as err:
        if err.reason == "KEY_VALUES_MISMATCH":
            raise TlsError("certificate_mismatch", str(err)) from err
        raise TlsError("certificate_unreadable", str(err)) from err
    except (OSError, ValueError) as err:
        raise TlsError("certificate_unreadable", str(err)) from err
    return context, expires


def _context(authority: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_COMPRESSION
    context.set_ciphers(_CIPHERS)
    if authority is not None:
        # A client without a certificate may still have a password.
        context.load_verify_locations(cadata=authority)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


async def async_tls(
    hass: HomeAssistant, entry: ConfigEntry, authority: str
) -> ssl.SSLContext:
    """Return the context for a site's port with TLS; it follows the renewal of its certificate.

    `authority` is the certificate that signs the chargers' own.

    Raises:
        ConfigEntryNotReady: the certificate cannot be used. The chargers are at their fail-safe current, as always
            without a connection, and Home Assistant tries again.

    """
    try:
        files = certificate_files(hass, entry.options)
        assert files is not None
        context, expires = await hass.async_add_executor_job(load, files, authority)
    except TlsError as err:
        _unusable(hass, entry, err)
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="certificate_unusable",
            translation_placeholders={"detail": err.detail or err.key},
        ) from err
    _warn_of_expiry(hass, entry, expires)

    async def reload(_now: datetime) -> None:
        try:
            again = certificate_files(hass, entry.options)
            assert again is not None
            _, expires = await hass.async_add_executor_job(
                load, again, authority, context
            )
        except TlsError as err:
            # The previous one stays in use.
            _unusable(hass, entry, err)
        else:
            _warn_of_expiry(hass, entry, expires)

    entry.async_on_unload(
        async_track_time_interval(
            hass, reload, RELOAD_INTERVAL, cancel_on_shutdown=True
        )
    )
    return context


def _issue_id(entry_id: str) -> str:
    return f"{entry_id}_certificate"


@callback
def forget_issue(hass: HomeAssistant, entry_id: str) -> None:
    """Remove the issue about the certificate of a site that needs none."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry_id))


def _unusable(hass: HomeAssistant, entry: ConfigEntry, err: TlsError) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry.entry_id),
        is_fixable=True,
        data={"entry_id": entry.entry_id, "fix": "reload"},
        severity=ir.IssueSeverity.ERROR,
        translation_key="certificate_unusable",
        translation_placeholders={
            "site": entry.title,
            "detail": err.detail or err.key,
        },
    )


def _warn_of_expiry(hass: HomeAssistant, entry: ConfigEntry, expires: datetime) -> None:
    if expires > dt_util.utcnow():
        ir.async_delete_issue(hass, DOMAIN, _issue_id(entry.entry_id))
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry.entry_id),
        is_fixable=True,
        # fix_actions.py knows what that is; it starts from the whole, and this is a part.
        data={"entry_id": entry.entry_id, "fix": "reload"},
        severity=ir.IssueSeverity.WARNING,
        translation_key="certificate_expired",
        translation_placeholders={
            "site": entry.title,
            "date": expires.astimezone(UTC).date().isoformat(),
        },
    )
