"""The address that a charger connects to: what to type into its settings, and what else this machine is called."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from homeassistant.components.network import async_get_loaded_adapters
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ...const import CONF_KIND, CONF_PORT, KIND_SIMULATED
from .tls import scheme

# What answers where nothing else is known; few chargers can look it up.
UNKNOWN = "homeassistant.local"
LOOPBACK = "127.0.0.1"
# Networks inside this machine, which no charger is in.
_INNER = ("docker", "hassio", "veth", "br-", "lo")


@dataclass(frozen=True, slots=True, kw_only=True)
class OcppAddress:
    """Where chargers connect to; `others` lead to the same port, from other networks of this machine."""

    url: str
    others: tuple[str, ...] = ()

    def of(self, identity: str) -> str:
        """Return the address with the identity that a charger connects with."""
        return f"{self.url}{identity}"


@callback
def ocpp_address(
    hass: HomeAssistant, entry: ConfigEntry | None, port: int
) -> OcppAddress:
    """Return the address of a site's port; `entry` is None while the site is being added."""
    secure = scheme(entry)
    if entry is not None and entry.data[CONF_KIND] == KIND_SIMULATED:
        hosts = [LOOPBACK]
    else:
        hosts = list(dict.fromkeys(_hosts(hass, encrypted=secure == "wss")))
    urls = [f"{secure}://{_bracketed(host)}:{port}/" for host in hosts or [UNKNOWN]]
    return OcppAddress(url=urls[0], others=tuple(urls[1:]))


@callback
def address_of(hass: HomeAssistant, entry: ConfigEntry) -> OcppAddress:
    """Return the address of a site."""
    return ocpp_address(hass, entry, entry.data[CONF_PORT])


def _hosts(hass: HomeAssistant, *, encrypted: bool) -> Iterator[str]:
    """Yield what this machine is called in the house, the best first.

    A name that ends in .local is found by multicast DNS, which few chargers speak: the numbers come before it. With
    TLS the name is checked against the certificate, so the names that Home Assistant's own addresses have come first.
    """
    urls = [hass.config.internal_url]
    if encrypted:
        urls.append(hass.config.external_url)
    for url in urls:
        name = (urlsplit(url).hostname if url else None) or ""
        if name and not _is_loopback(name) and (encrypted or not _is_multicast(name)):
            yield name
    if hass.config.api is not None and not _is_loopback(hass.config.api.local_ip):
        yield hass.config.api.local_ip
    if "network" not in hass.config.components:
        return
    for adapter in async_get_loaded_adapters(hass):
        if not adapter["name"].startswith(_INNER):
            for network in adapter["ipv4"]:
                address = ip_address(network["address"])
                if not (address.is_loopback or address.is_link_local):
                    yield str(address)


def _is_multicast(name: str) -> bool:
    return name.rstrip(".").casefold().endswith(".local")


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name.casefold() == "localhost"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
