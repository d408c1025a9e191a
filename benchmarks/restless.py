"""How often the reasons of restless sites change, and how many rows their chargers write in a day, in a real Home Assistant.

Run `python -m benchmarks.restless`. One Home Assistant with its recorder has several sites, whose house wavers by 2 A, whose
meters are noisy, and over which clouds pass; see `SITES`. Chargers charge for `--settle 300` seconds, and then for `--seconds 1200`, which
are counted. Printed are for each site the rows in a day of each of its chargers, in all and of reason and explanation,
and which reasons followed each other how often.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
import math
import random
import time

from aiohttp import ClientSession, TCPConnector

from custom_components.sunfuse.engine.model import Mode
from custom_components.sunfuse.engine.tuning import Policy
from homeassistant.config_entries import ConfigEntry, ConfigSubentryDataWithId
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from . import wavering
from .central_system import free_port
from .home_assistant import (
    DAY_S,
    REASONS,
    site_entry,
    start_home_assistant,
    temporary_folder,
)

VOLTAGE_V = 230.0
CLOUD_S = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Restless:
    """A site on which much happens."""

    fuse_a: float
    modes: tuple[Mode, ...]
    policy: str = "equal"
    phases: int = 3
    house_a: float = 4.0
    noise_a: float = 1.0  # of the house's meter, on each phase
    sun_w: float = 0.0
    clouds: bool = False


FAST, SUN, LEAST = Mode.FAST, Mode.SOLAR, Mode.SOLAR_MIN
SITES: Mapping[str, Restless] = {
    "one at the fuse": Restless(fuse_a=20, modes=(FAST,)),
    "one, quiet meter": Restless(fuse_a=20, modes=(FAST,), noise_a=0.1),
    "two, laxity": Restless(fuse_a=32, modes=(FAST, FAST), policy="laxity"),
    "four, deadline": Restless(fuse_a=40, modes=(FAST,) * 4, policy="deadline"),
    "three, need": Restless(fuse_a=25, modes=(FAST, LEAST, FAST), policy="need"),
    "one phase": Restless(fuse_a=32, modes=(FAST, FAST), phases=1),
    "sun": Restless(fuse_a=25, modes=(SUN,), sun_w=6500),
    "sun and clouds": Restless(fuse_a=25, modes=(SUN, LEAST), sun_w=9000, clouds=True),
    "sun, little": Restless(fuse_a=25, modes=(SUN,), sun_w=3000, clouds=True),
    "sun, one phase": Restless(fuse_a=32, modes=(SUN, FAST), sun_w=5000, phases=1),
}


@dataclass(slots=True)
class Counted:
    """What happened at a site."""

    chargers: int
    rows: int = 0
    reasons: int = 0
    followed: Counter[tuple[str, str]] = field(default_factory=Counter)


class _House:
    """What the meters of a site show."""

    def __init__(self, name: str, site: Restless, points: list[wavering.ChargePoint]):
        """Show what a site takes, with these chargers."""
        self._site = site
        self._points = points
        self._grid, self._sun = meters_of(name)
        self._chance = random.Random(name)

    def show(self, hass: HomeAssistant) -> None:
        """Show the present values."""
        now_s, site, chance = time.monotonic(), self._site, self._chance
        sun_w = site.sun_w
        if site.clouds:
            dull = random.Random(int(now_s / CLOUD_S)).choice((1.0, 1.0, 0.3))
            sun_w *= dull * (1 + 0.02 * math.sin(now_s / 3))
        steps = random.Random(int(now_s / 7))
        kettle_a = 8.0 if now_s % 600 < 120 else 0.0
        attributes = {"unit_of_measurement": "A", "device_class": "current"}
        for phase in range(site.phases):
            house_a = site.house_a + steps.uniform(-2, 2) + (0 if phase else kettle_a)
            cars_a = sum(point.drawn_a[phase] for point in self._points)
            given_a = sun_w / VOLTAGE_V / site.phases
            seen_a = house_a + cars_a - given_a + chance.gauss(0, site.noise_a)
            hass.states.async_set(self._grid[phase], f"{seen_a:.2f}", attributes)
        attributes = {"unit_of_measurement": "W", "device_class": "power"}
        hass.states.async_set(self._sun, f"{sun_w:.0f}", attributes)


def meters_of(name: str) -> tuple[tuple[str, ...], str]:
    """Return the sensors of a site: of the grid's phases, and of its panels."""
    short = "".join(letter for letter in name if letter.isalnum())
    return (
        tuple(f"sensor.grid_{short}_l{phase + 1}" for phase in range(3)),
        f"sensor.sun_{short}",
    )


def entry_of(name: str, site: Restless, port: int) -> ConfigEntry:
    """Return the entry of a site."""
    grid, sun = meters_of(name)
    plain = site_entry(port, len(site.modes))
    wired = {"phases": site.phases}
    sources = {"grid_phases": grid[: site.phases]}
    return ConfigEntry(
        domain=plain.domain,
        title=name,
        data={
            **plain.data,
            "system": "three_phase" if site.phases > 1 else "single_phase",
            "main_fuse_a": site.fuse_a,
            "sources": sources | ({"solar": [sun]} if site.sun_w else {}),
        },
        discovery_keys=plain.discovery_keys,
        minor_version=1,
        options={},
        source="user",
        subentries_data=[
            ConfigSubentryDataWithId(
                data={**subentry.data, **wired},
                subentry_id=f"{port}{subentry.subentry_id}",
                subentry_type=subentry.subentry_type,
                title=subentry.title,
                unique_id=None,
            )
            for subentry in plain.subentries.values()
        ],
        unique_id=None,
        version=1,
    )


async def begin(
    hass: HomeAssistant,
    session: ClientSession,
    name: str,
    tasks: list[asyncio.Task[None]],
) -> ConfigEntry:
    """Set a site up, and let its cars charge."""
    port, site = free_port(), SITES[name]
    entry = entry_of(name, site, port)
    points: list[wavering.ChargePoint] = []
    house = _House(name, site, points)
    house.show(hass)
    await hass.config_entries.async_add(entry)
    entry.runtime_data.settings.set_site(policy=Policy(site.policy))
    for number, mode in enumerate(site.modes):
        kind = wavering.Kind(
            current_a=0.3,
            power_part=0.01,
            voltage_v=2,
            most_a=(16.0, 15.0, 11.0)[number % 3],
            phases=site.phases,
            switches=mode is Mode.SOLAR and site.phases > 1,
        )
        websocket = await session.ws_connect(
            f"ws://127.0.0.1:{port}/S{number}", protocols=("ocpp1.6",)
        )
        point = wavering.ChargePoint(f"S{number}", kind, websocket)
        points.append(point)
        tasks.append(asyncio.create_task(point.read()))
        tasks.append(asyncio.create_task(point.charge(number * 2.0, 10.0)))

    async def show() -> None:
        while True:
            house.show(hass)
            await asyncio.sleep(1)

    tasks.append(asyncio.create_task(show()))
    await asyncio.sleep(2)
    runtime = entry.runtime_data
    for key, mode in zip(runtime.chargers.connector_keys(), site.modes, strict=False):
        runtime.settings.set_connector(key.id, mode=mode)
    return entry


async def measure(
    names: list[str], settle_s: float, seconds: float
) -> Mapping[str, Counted]:
    """Let all sites run at once, and return what happened at each."""
    async with temporary_folder() as folder:
        hass = await start_home_assistant(folder)
        tasks: list[asyncio.Task[None]] = []
        session = ClientSession(connector=TCPConnector(limit=0))
        entries = [await begin(hass, session, name, tasks) for name in names]
        await asyncio.sleep(settle_s)
        found = {name: Counted(chargers=len(SITES[name].modes)) for name in names}
        registry = er.async_get(hass)
        site_of = {entity.entry_id: entity.title for entity in entries}

        @callback
        def count(event: Event[EventStateChangedData]) -> None:
            entity_id, before = event.data["entity_id"], event.data["old_state"]
            entity, after = registry.async_get(entity_id), event.data["new_state"]
            if entity is None or entity.config_entry_id not in site_of:
                return
            one = found[site_of[entity.config_entry_id]]
            if "charger" not in entity_id:
                return
            one.rows += 1
            if entity_id.endswith(REASONS) or "_reason_" in entity_id:
                one.reasons += 1
                if before and after:
                    one.followed[before.state, after.state] += 1

        stop = hass.bus.async_listen(EVENT_STATE_CHANGED, count)
        await asyncio.sleep(seconds)
        stop()
        for task in tasks:
            task.cancel()
        await session.close()
        await hass.async_stop(force=True)
    return found


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settle", type=float, default=300)
    parser.add_argument("--seconds", type=float, default=1200)
    parser.add_argument("--sites", nargs="+", default=list(SITES))
    arguments = parser.parse_args()
    found = asyncio.run(measure(arguments.sites, arguments.settle, arguments.seconds))
    print("site               rows/day  of reasons")
    for name, one in found.items():
        each = DAY_S / arguments.seconds / one.chargers
        print(f"{name:18} {one.rows * each:8.0f}  {one.reasons * each:10.0f}")
        for (before, after), times in one.followed.most_common(4):
            print(f"  {times * each:8.0f}  {before} -> {after}")


if __name__ == "__main__":
    main()
