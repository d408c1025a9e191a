"""The address that chargers connect to: where one looks for it, and right for what this machine is called."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from custom_components.sunfuse.site.chargers.ocpp_address import ocpp_address
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant

from ..common import site_entry
from ..site_fixtures import Home

pytestmark = pytest.mark.usefixtures("socket_enabled")

TLS = {"tls": "files", "tls_certificate": "/a", "tls_key": "/b"}


def _adapter(name: str, *addresses: str) -> dict[str, Any]:
    return {"name": name, "ipv4": [{"address": address} for address in addresses]}


@pytest.mark.parametrize(
    ("internal", "external", "options", "adapters", "url", "others"),
    [
        (None, None, {}, [], "ws://192.168.1.5:9000/", ()),
        # A port or a path of Home Assistant's own is not that of the chargers.
        ("https://house.lan:8123/x", None, {}, [], "ws://house.lan:9000/", 1),
        # Few chargers look up names that end in .local.
        ("http://homeassistant.local:8123", None, {}, [], "ws://192.168.1.5:9000/", ()),
        ("http://127.0.0.1:8123", None, {}, [], "ws://192.168.1.5:9000/", ()),
        ("http://[fd00::5]:8123", None, {}, [], "ws://[fd00::5]:9000/", 1),
        # With TLS the name must be that of the certificate.
        (None, "https://home.example.org", TLS, [], "wss://home.example.org:9000/", 1),
        (None, "https://home.example.org", {}, [], "ws://192.168.1.5:9000/", ()),
        (
            None,
            None,
            {},
            [
                _adapter("eth0", "192.168.1.5", "169.254.1.1"),
                _adapter("eth0.20", "10.0.20.5"),
                _adapter("docker0", "172.17.0.1"),
                _adapter("lo", "127.0.0.1"),
            ],
            "ws://192.168.1.5:9000/",
            ("ws://10.0.20.5:9000/",),
        ),
    ],
)
async def test_what_this_machine_is_called(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    internal: str | None,
    external: str | None,
    options: dict[str, Any],
    adapters: list[dict[str, Any]],
    url: str,
    others: Any,
) -> None:
    """The best address comes first; the others are named, so that somebody with two networks finds theirs."""
    hass.config.internal_url, hass.config.external_url = internal, external
    hass.config.api = SimpleNamespace(local_ip="192.168.1.5")  # type: ignore[assignment]
    hass.config.components.add("network")
    monkeypatch.setattr(
        "custom_components.sunfuse.site.chargers.ocpp_address.async_get_loaded_adapters",
        lambda _hass: adapters,
    )
    entry = site_entry(9000)
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, options=options)
    address = ocpp_address(hass, entry, 9000)
    assert address.url == url
    if isinstance(others, int):
        assert len(address.others) == others
    else:
        assert address.others == others
    assert address.of("garage") == f"{url}garage"


async def test_it_is_where_one_looks_for_it(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """On the site's device, in the form of a new charger, and in the sentence of one that never connected."""
    hass.config.internal_url = "http://192.168.1.20:8123"
    home: Home = await start("CP1")
    url = f"ws://192.168.1.20:{home.entry.data['port']}/"
    assert home.state("sensor", "ocpp_address") == url
    form = await hass.config_entries.subentries.async_init(
        (home.entry.entry_id, "charger"), context={"source": SOURCE_USER}
    )
    assert (form["description_placeholders"] or {})["address"] == url
    assert f"{url}CP1" in home.explanation("CP1/1")
