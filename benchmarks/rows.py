"""How many rows the recorder writes in a day for a charger that charges steadily and reports each 10 s.

Run `python -m benchmarks.rows`. Chargers of the kinds of `benchmarks.wavering` charge, for `--settle 1500` until they have
used up what may be written at once, and then for `--seconds 600`, which are counted; `--full` is a site
with solar power, prices, vehicles that leave in three hours, and people with quotas. Printed are, for each kind, the rows in a
day of its charger with its car and driver: in all, and of its reason and explanation; then those of the site itself.
`--enabled` enables all entities first, also those that are not when they are added. `--names` names the entities.
"""

import argparse
import asyncio
from collections import Counter
import re
import sys

from homeassistant.config_entries import RELOAD_AFTER_UPDATE_DELAY
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from . import wavering
from .central_system import free_port
from .home_assistant import (
    DAY_S,
    METERED,
    REASONS,
    follow_cars,
    meter_house,
    settle_in,
    site_entry,
    start_home_assistant,
    temporary_folder,
)

_NUMBER = re.compile(r"_(\d+)(?=_|$)")


def _enable_all(hass: HomeAssistant, entry_id: str) -> None:
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry_id):
        if entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION:
            registry.async_update_entity(entity.entity_id, disabled_by=None)


async def measure(
    settle_s: float, seconds: float, chargers: int, *, full: bool, enabled: bool
) -> Counter[str]:
    """Let chargers of all kinds charge for a while; returns the rows in that time by entity."""
    rows: Counter[str] = Counter()
    async with temporary_folder() as folder:
        hass = await start_home_assistant(folder)
        port = free_port()
        entry = site_entry(port, chargers, full=full)
        meter = asyncio.create_task(meter_house(hass, entry))
        await asyncio.sleep(1)
        await hass.config_entries.async_add(entry)
        if enabled:
            _enable_all(hass, entry.entry_id)
            # Home Assistant loads the entry again by itself, half a minute later.
            await asyncio.sleep(RELOAD_AFTER_UPDATE_DELAY + 15)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "benchmarks.wavering"),
            *("--port", str(port), "--chargers", str(chargers)),
            stdin=asyncio.subprocess.PIPE,
        )
        if full:
            settle_in(hass, entry)
        await follow_cars(entry, charging=True)
        await asyncio.sleep(settle_s)

        @callback
        def count(event: Event[EventStateChangedData]) -> None:
            if event.data["entity_id"] not in METERED:
                rows[event.data["entity_id"]] += 1

        hass.bus.async_listen(EVENT_STATE_CHANGED, count)
        await asyncio.sleep(seconds)
        counted = rows.copy()
        await process.communicate(b"")
        meter.cancel()
        await hass.async_stop(force=True)
    return counted


def _print(rows: Counter[str], per_day: float, chargers: int, *, names: bool) -> None:
    whose: dict[str, Counter[str]] = {"the site": Counter()}
    for number in range(chargers):
        whose.setdefault(wavering.kind_of(number), Counter())
    each = Counter(wavering.kind_of(number) for number in range(chargers))
    for entity, count in rows.items():
        found = _NUMBER.search(entity)
        kind = wavering.kind_of(int(found[1])) if found else "the site"
        whose[kind][_NUMBER.sub("_*", entity)] += count
    print("charger           rows/day  of reasons")
    for kind, counted in whose.items():
        per_each = per_day / max(each[kind], 1)
        reasons = sum(n for name, n in counted.items() if name.endswith(REASONS))
        total = counted.total() * per_each
        print(f"{kind:17} {total:8.0f}  {reasons * per_each:10.0f}", flush=True)
        for entity, count in counted.most_common() if names else ():
            print(f"  {count * per_each:14.0f}  {entity}", flush=True)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settle", type=float, default=1500)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--chargers", type=int, default=len(wavering.KINDS))
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--enabled", action="store_true")
    parser.add_argument("--names", action="store_true")
    arguments = parser.parse_args()
    rows = asyncio.run(
        measure(
            arguments.settle,
            arguments.seconds,
            arguments.chargers,
            full=arguments.full,
            enabled=arguments.enabled,
        )
    )
    _print(rows, DAY_S / arguments.seconds, arguments.chargers, names=arguments.names)


if __name__ == "__main__":
    main()
