"""What the tests of a whole site share."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
import random
import socket
from types import MappingProxyType
from typing import Any

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.const import DOMAIN
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.const import UnitOfElectricCurrent, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

# Below what systems give to outgoing connections (Linux: from 32768, IANA: from 49152). From there a port that was
# free a moment ago may be somebody's, the sooner the busier the machine is.
_FIRST_PORT, _PORTS = 20_000, 12_000

# Far above what a loaded machine needs; a condition that holds is seen at once.
PATIENCE_S = 90


async def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait until the condition holds, however slow this machine is."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.02)
    except TimeoutError as err:
        raise AssertionError(f"never happened: {what}") from err


def charger(identity: str, **changes: Any) -> ConfigSubentryData:
    """Return the sub-entry of a three-phase charger of 16 A."""
    return ConfigSubentryData(
        data={
            "identity": identity,
            "circuit": "main",
            "l1_phase": "L1",
            "phases": 3,
            "min_a": 6.0,
            "max_a": 16.0,
            "fail_safe_a": 6.0,
        }
        | changes,
        subentry_type="charger",
        title=f"Charger {identity}",
        unique_id=identity,
    )


def site_entry(
    port: int,
    *chargers: ConfigSubentryData,
    options: Mapping[str, Any] | None = None,
    **changes: Any,
) -> MockConfigEntry:
    """Return the entry of a three-phase site of 25 A with a meter; without sun, chargers start at full power."""
    return MockConfigEntry(
        domain=DOMAIN,
        title="Home",
        data={
            "kind": "site",
            "system": "three_phase",
            "voltage_v": 230.0,
            "main_fuse_a": 25.0,
            "margin_a": 1.0,
            "port": port,
            "sources": {
                "grid": {"entity": "sensor.grid_power"},
                "grid_phases": [
                    "sensor.grid_l1",
                    "sensor.grid_l2",
                    "sensor.grid_l3",
                ],
            },
        }
        | changes,
        options=options or {},
        subentries_data=chargers,
    )


def set_meters(hass: HomeAssistant, *, currents_a: tuple[float, float, float]) -> None:
    """Show these values on the site's meter."""
    for phase, current_a in enumerate(currents_a, start=1):
        hass.states.async_set(
            f"sensor.grid_l{phase}",
            str(current_a),
            MappingProxyType(
                {
                    "unit_of_measurement": UnitOfElectricCurrent.AMPERE,
                    "device_class": "current",
                }
            ),
            force_update=True,
        )
    hass.states.async_set(
        "sensor.grid_power",
        str(sum(currents_a) * 230),
        MappingProxyType(
            {"unit_of_measurement": UnitOfPower.WATT, "device_class": "power"}
        ),
        force_update=True,
    )


def register(hass: HomeAssistant, name: str, platform: str, device: str | None) -> None:
    """Let Home Assistant know a sensor of a platform, which belongs to a device of MQTT."""
    device_id = None
    if device is not None:
        if not hass.config_entries.async_entries("mqtt"):
            MockConfigEntry(domain="mqtt").add_to_hass(hass)
        (entry,) = hass.config_entries.async_entries("mqtt")
        found = dr.async_get(hass).async_get_or_create(
            config_entry_id=entry.entry_id, identifiers={("mqtt", device)}
        )
        device_id = found.id
    er.async_get(hass).async_get_or_create(
        "sensor",
        platform,
        name,
        suggested_object_id=name.removeprefix("sensor."),
        device_id=device_id,
    )


def _candidates() -> Iterator[int]:
    """Go round from a place of one's own: processes that run at once hardly ever look at the same port."""
    # Not the random numbers that hypothesis seeds.
    start = random.SystemRandom().randrange(_PORTS)
    while True:
        for step in range(_PORTS):
            yield _FIRST_PORT + (start + step) % _PORTS


_next_ports = _candidates()


def free_port() -> int:
    """Return a port on which nothing listens, at any address; the same one is not returned again soon."""
    for port in _next_ports:
        with socket.socket() as probe:
            try:
                probe.bind(("", port))
            except OSError:
                continue
            return port
    raise AssertionError
