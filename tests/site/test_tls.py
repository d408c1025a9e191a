"""TLS for the port that chargers connect to: given files, Home Assistant's own certificate, and what goes wrong."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
import ssl
from types import SimpleNamespace
from typing import Any

from aiohttp import WSServerHandshakeError
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.site.chargers.ocpp_address import address_of
from custom_components.sunfuse.site.chargers.tls import (
    RELOAD_INTERVAL,
    CertificateFiles,
    load,
)
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ..actions.test_charger_actions import device_of
from ..central_system.client import RawStation
from ..certificates import signing_request, write_certificate
from ..common import charger, free_port, set_meters, site_entry, wait_until
from ..forms import CHARGER
from ..site_fixtures import BOOT, Home
from .chargers.test_charger_security import subentry_of

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def set_options(home: Home, **values: Any) -> ConfigFlowResult:
    """Fill in the options' form of security."""
    options = home.hass.config_entries.options
    menu = await options.async_init(home.entry.entry_id)
    form = await options.async_configure(menu["flow_id"], {"next_step_id": "security"})
    return await options.async_configure(form["flow_id"], values)


async def settled(home: Home) -> None:
    """Wait until the site was set up anew."""
    await home.hass.async_block_till_done(wait_background_tasks=False)
    await wait_until(
        lambda: home.entry.state is ConfigEntryState.LOADED, "the site is loaded"
    )


async def connect(
    home: Home, trusted: str | None, own: tuple[str, str] | None = None
) -> RawStation:
    """Connect a charger that trusts this certificate, or does not check, and may have one of its own."""
    context = ssl.create_default_context(cafile=trusted)
    if trusted is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if own is not None:
        context.load_cert_chain(*own)
    port = home.entry.runtime_data.central_system.port
    websocket = await home.session.ws_connect(
        f"wss://127.0.0.1:{port}/CP1", protocols=("ocpp1.6",), ssl=context
    )
    return RawStation(home.session, websocket)


async def boots(
    home: Home, trusted: str | None, own: tuple[str, str] | None = None
) -> None:
    """Let a charger connect with TLS and boot."""
    station = await connect(home, trusted, own)
    assert (await station.call("BootNotification", BOOT))["status"] == "Accepted"
    await station.websocket.close()


def issue(hass: HomeAssistant, home: Home) -> str | None:
    """Return which repair issue there is about the site's certificate."""
    found = ir.async_get(hass).async_get_issue(
        DOMAIN, f"{home.entry.entry_id}_certificate"
    )
    return found.translation_key if found else None


@pytest.fixture
def begins_at() -> datetime:
    """Return the present time: certificates are checked by OpenSSL's clock, which does not jump."""
    return datetime.now(UTC)


async def test_files(
    hass: HomeAssistant, start: Callable[..., Any], tmp_path: Path
) -> None:
    """With a certificate chargers connect by wss; the site's address says so."""
    home: Home = await start("CP1")
    certificate, key = write_certificate(tmp_path, "home")
    result = await set_options(
        home, tls="files", tls_certificate=certificate, tls_key=key
    )
    assert result["type"] == "create_entry"
    await settled(home)
    await boots(home, certificate)
    assert issue(hass, home) is None

    flows = hass.config_entries.flow
    form = await flows.async_init(
        DOMAIN,
        context={"source": SOURCE_RECONFIGURE, "entry_id": home.entry.entry_id},
    )
    set_meters(hass, currents_a=(10, 4, 4))
    for values in (
        {
            "system": "three_phase",
            "grid_power": "sensor.grid_power",
            "grid_inverted": False,
            "grid_phases": ["sensor.grid_l1", "sensor.grid_l2", "sensor.grid_l3"],
        },
        {"battery_inverted": False},
        {
            "voltage_v": 230,
            "main_fuse_a": 25,
            "margin_a": 1,
            "port": home.entry.data["port"],
        },
    ):
        form = await flows.async_configure(form["flow_id"], values)
    assert form["reason"] == "reconfigure_successful"
    assert address_of(hass, home.entry).url.startswith("wss://")


def handshake(server: ssl.SSLContext, cipher: str, version: ssl.TLSVersion) -> None:
    """Shake hands in memory with a charger that has this cipher suite and this version only."""
    charger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    charger.check_hostname = False
    charger.verify_mode = ssl.CERT_NONE
    charger.minimum_version = charger.maximum_version = version
    charger.set_ciphers(cipher)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        charger.wrap_bio(down, up),
        server.wrap_bio(up, down, server_side=True),
    ]
    while ends:
        for end in tuple(ends):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            ends.remove(end)


@pytest.mark.parametrize(
    ("kind", "cipher"),
    [
        # What a central system must offer: OCPP 1.6 compliance test TC_086_CSMS.
        ("ec", "ECDHE-ECDSA-AES128-GCM-SHA256"),
        ("ec", "ECDHE-ECDSA-AES256-GCM-SHA384"),
        ("rsa", "AES128-GCM-SHA256"),
        ("rsa", "AES256-GCM-SHA384"),
        # What old chargers have.
        ("rsa", "ECDHE-RSA-AES128-SHA"),
    ],
)
def test_cipher_suites(tmp_path: Path, kind: str, cipher: str) -> None:
    """The cipher suites that OCPP asks for are offered, with TLS 1.2 at least and never without authentication."""
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else None
    certificate, secret = write_certificate(tmp_path, "home", key=key)
    context, _ = load(CertificateFiles(certificate=certificate, key=secret))
    handshake(context, cipher, ssl.TLSVersion.TLSv1_2)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        handshake(context, "ADH-AES128-SHA256:@SECLEVEL=0", ssl.TLSVersion.TLSv1_2)


async def test_home_assistants_own(
    hass: HomeAssistant,
    start: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The certificate of Home Assistant's web page serves the chargers too; without one that is said."""
    home: Home = await start("CP1")
    form = await set_options(home, tls="home_assistant")
    assert form["errors"] == {"tls": "no_own_certificate"}
    certificate, key = write_certificate(tmp_path, "web")
    hass.config.components.add("http")
    monkeypatch.setattr(
        hass, "http", SimpleNamespace(ssl_certificate=certificate, ssl_key=key)
    )
    result = await set_options(home, tls="home_assistant")
    assert result["type"] == "create_entry"
    await settled(home)
    await boots(home, certificate)


@pytest.mark.parametrize(
    ("files", "errors"),
    [
        ({}, {"tls_certificate": "file_missing", "tls_key": "file_missing"}),
        (
            {"tls_certificate": "/nowhere.pem", "tls_key": "/nowhere.key"},
            {"tls_certificate": "certificate_unreadable"},
        ),
        (
            {"tls_certificate": "home.key", "tls_key": "home.key"},
            {"tls_certificate": "certificate_unreadable"},
        ),
        (
            {"tls_certificate": "home.pem", "tls_key": "other.key"},
            {"tls_certificate": "certificate_mismatch"},
        ),
        (
            {"tls_certificate": "old.pem", "tls_key": "old.key"},
            {"tls_certificate": "certificate_expired"},
        ),
    ],
)
async def test_what_is_wrong_with_a_certificate(
    start: Callable[..., Any],
    tmp_path: Path,
    files: dict[str, str],
    errors: dict[str, str],
) -> None:
    """It is said at its field, before the port closes to everyone."""
    home: Home = await start("CP1")
    for name, days in (("home", 30), ("other", 30), ("old", -1)):
        write_certificate(tmp_path, name, days=days)
    named = {field: str(tmp_path / name) for field, name in files.items()}
    form = await set_options(home, tls="files", **named)
    assert form["errors"] == errors


async def test_a_certificate_that_breaks(
    hass: HomeAssistant, start: Callable[..., Any], tmp_path: Path
) -> None:
    """Read again every six hours: renewed, expired and unreadable ones; a restart without it waits for it."""
    home: Home = await start("CP1")
    certificate, key = write_certificate(tmp_path, "home")
    await set_options(home, tls="files", tls_certificate=certificate, tls_key=key)
    await settled(home)

    async def later(times: int, expected: str | None) -> None:
        async_fire_time_changed(
            hass, dt_util.utcnow() + times * (RELOAD_INTERVAL + timedelta(seconds=1))
        )
        await wait_until(lambda: issue(hass, home) == expected, f"issue {expected}")

    write_certificate(tmp_path, "home")
    await later(1, None)
    await hass.async_block_till_done()
    await boots(home, certificate)

    write_certificate(tmp_path, "home", days=-1)
    await later(2, "certificate_expired")

    Path(certificate).write_text("rubbish")
    await later(3, "certificate_unusable")
    # The one that was read last is still served: a client that does not check the date can connect.
    await boots(home, None)

    await hass.config_entries.async_reload(home.entry.entry_id)
    assert home.entry.state is ConfigEntryState.SETUP_RETRY
    assert issue(hass, home) == "certificate_unusable"

    write_certificate(tmp_path, "home")
    await hass.config_entries.async_reload(home.entry.entry_id)
    await settled(home)
    assert issue(hass, home) is None
    await boots(home, certificate)

    Path(certificate).write_text("rubbish")
    await later(4, "certificate_unusable")
    await hass.config_entries.async_unload(home.entry.entry_id)
    await hass.config_entries.async_remove(home.entry.entry_id)
    assert issue(hass, home) is None


async def test_tls_stays_while_a_charger_needs_it(
    hass: HomeAssistant, start: Callable[..., Any], tmp_path: Path
) -> None:
    """A client certificate can be shown inside TLS only."""
    certificate, key = write_certificate(tmp_path, "home")
    entry = site_entry(free_port(), charger("CP1", security="certificate"))
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry,
        options={"tls": "files", "tls_certificate": certificate, "tls_key": key},
    )
    options = hass.config_entries.options
    menu = await options.async_init(entry.entry_id)
    form = await options.async_configure(menu["flow_id"], {"next_step_id": "security"})
    form = await options.async_configure(form["flow_id"], {"tls": "none"})
    assert form["errors"] == {"tls": "chargers_need_tls"}


async def test_a_client_certificate(
    hass: HomeAssistant, start: Callable[..., Any], tmp_path: Path
) -> None:
    """Security profile 3: Sunfuse signs the charger's certificate, and then only who has it gets in."""
    home: Home = await start("CP1")
    certificate, key = write_certificate(tmp_path, "home")
    device_id = device_of(home, "CP1")
    with pytest.raises(ServiceValidationError) as error:
        await hass.services.async_call(
            DOMAIN, "renew_certificate", {"device_id": device_id}, blocking=True
        )
    assert error.value.translation_key == "no_tls"
    await set_options(home, tls="files", tls_certificate=certificate, tls_key=key)
    await settled(home)

    station = await connect(home, certificate)
    await station.call("BootNotification", BOOT)
    station.answers["ExtendedTriggerMessage"] = {"status": "Accepted"}
    station.answers["CertificateSigned"] = {"status": "Accepted"}
    # The charger is to trust who signs.
    station.answers["InstallCertificate"] = {"status": "Accepted"}
    await hass.services.async_call(
        DOMAIN,
        "install_certificate",
        {"device_id": device_id, "kind": "central_system_root"},
        blocking=True,
    )
    installed = await station.wait_received("InstallCertificate")
    assert installed["certificateType"] == "CentralSystemRootCertificate"
    authority = x509.load_pem_x509_certificate(installed["certificate"].encode())
    await hass.services.async_call(
        DOMAIN, "renew_certificate", {"device_id": device_id}, blocking=True
    )
    own_key, request = signing_request(tmp_path, "CP1")
    answer = await station.call("SignCertificate", {"csr": request})
    assert answer["status"] == "Accepted"
    signed = (await station.wait_received("CertificateSigned"))["certificateChain"]
    chain = tmp_path / "CP1.pem"
    chain.write_text(signed)
    own_certificate = x509.load_pem_x509_certificate(signed.encode())
    own_certificate.verify_directly_issued_by(authority)
    await station.websocket.close()

    subentry = subentry_of(home, "CP1")
    form = await home.entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    result = await hass.config_entries.subentries.async_configure(
        form["flow_id"], CHARGER | {"security": "certificate"}
    )
    assert result["reason"] == "reconfigure_successful"
    await settled(home)
    with pytest.raises(WSServerHandshakeError):
        await connect(home, certificate)
    own = (str(chain), own_key)
    await boots(home, certificate, own)

    # The authority outlives a restart, so the charger gets in afterwards too.
    await hass.config_entries.async_reload(home.entry.entry_id)
    await settled(home)
    await boots(home, certificate, own)
