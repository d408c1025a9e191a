"""What chargers cost in all: a Home Assistant with its recorder, and charge points in another process on loopback.

Run `python -m benchmarks.home_assistant`; `--chargers 1 50`, `--interval 10` seconds between the meter values of each
charger, and `--seconds 60` are the defaults. `--full` adds all that a household or a company may have: solar power,
prices by the hour, and for each charger a vehicle that leaves in three hours and a person whose card it is, with a quota; its
chargers are in mode eco. `--idle` is a site to which no car comes. `--profile FILE` keeps a profile of the last run. Prints for each number
of chargers: messages per second, CPU time per message (all threads: sockets, OCPP, engine, entities, recorder), rows
that the recorder would write in a day, in all and of the reasons and explanations, for each charger, and memory for
each charger. The meter values waver as those of real meters do.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
import cProfile
from dataclasses import dataclass
from datetime import timedelta
import json
from pathlib import Path
import random
import re
import signal
import sys
import tempfile
import time
from types import FrameType, MappingProxyType
from typing import Any

from custom_components.sunfuse.const import DOMAIN, SUBENTRY_CHARGER
from custom_components.sunfuse.drivers.wishes import Target, TargetKind
from custom_components.sunfuse.engine.model import Mode
from homeassistant import bootstrap, runner
from homeassistant.components.http.config import async_get_and_load_store
from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
    ConfigSubentryDataWithId,
)
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .central_system import free_port, memory_kb

ROOT = Path(__file__).parents[1]
DAY_S = 24 * 3600
FUSE_A = 25.0
# What the site reads, which is no entity of its own.
METERED = ("sensor.grid", "sensor.sun", "sensor.spot")
REASONS = ("_reason", "_explanation")
_NUMBER = re.compile(r"_\d+(?=_)")
_SAMPLE_S = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured with so many chargers."""

    chargers: int
    messages_per_s: float
    cpu_ms_per_message: float
    rows_per_day: float  # for each charger
    reason_rows_per_day: float
    rows_by_entity: Mapping[str, float]  # in a day, of all chargers together
    memory_kb_per_charger: float


@asynccontextmanager
async def temporary_folder() -> AsyncIterator[Path]:
    """Make a folder, and remove it in another thread: Home Assistant warns of files in its own, also when it has ended."""
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    try:
        yield Path(folder.name)
    finally:
        await asyncio.to_thread(folder.cleanup)


async def start_home_assistant(folder: Path) -> HomeAssistant:
    """Start a Home Assistant with nothing but the recorder."""
    (folder / "custom_components").symlink_to(ROOT / "custom_components")
    (folder / "configuration.yaml").write_text(
        f"homeassistant:\n  name: Bench\nrecorder:\nhttp:\n  server_port: {free_port()}\n",
        encoding="ascii",
    )
    hass = await bootstrap.async_setup_hass(
        runner.RuntimeConfig(
            config_dir=str(folder), skip_pip=True, skip_pip_packages=[]
        )
    )
    assert hass is not None
    await hass.async_start()
    # Otherwise Home Assistant takes back the port after five minutes, and stops for that.
    await (await async_get_and_load_store(hass)).async_promote_pending()
    return hass


def _subentry(
    kind: str, title: str, data: Mapping[str, Any], own: str
) -> ConfigSubentryDataWithId:
    return {
        "data": data,
        "subentry_id": own,
        "subentry_type": kind,
        "title": title,
        "unique_id": None,
    }


def _all_that_there_may_be(chargers: int) -> Iterator[ConfigSubentryDataWithId]:
    """Yield a tariff, and a vehicle, a person and a card for each charger."""
    source = {"kind": "entity", "entities": ["sensor.spot"]}
    yield _subentry("tariff", "Tariff", {"source": source}, "tariff")
    for number in range(chargers):
        person, card = f"person{number}", f"card{number}"
        car = {"capacity_kwh": 60.0, "usual_connector": f"S{number}/1"}
        yield _subentry("vehicle", f"Car {number}", car, f"car{number}")
        yield _subentry("person", f"Driver {number}", {"quota_kwh": 900.0}, person)
        held = {"number": f"X{number}", "kind": "rfid", "blocked": False}
        yield _subentry("card", f"Card {number}", held | {"person": person}, card)


def _charger(number: int) -> ConfigSubentryDataWithId:
    wired = {"circuit": "main", "l1_phase": "L1", "phases": 3}
    current = {"min_a": 6.0, "max_a": 16.0, "fail_safe_a": 6.0}
    data = {"identity": f"S{number}"} | wired | current
    return _subentry(SUBENTRY_CHARGER, f"Charger {number}", data, f"charger{number}")


def _prices() -> dict[str, Any]:
    """Return two days of prices as Nord Pool's entity shows them, the evenings dear."""
    midnight = dt_util.start_of_local_day()
    hours = [
        {
            "start": (at := midnight + timedelta(hours=hour)).isoformat(),
            "end": (at + timedelta(hours=1)).isoformat(),
            "value": 0.35 if 16 <= hour % 24 < 22 else 0.12 + 0.002 * hour,
        }
        for hour in range(48)
    ]
    return {
        "unit_of_measurement": "EUR/kWh",
        "raw_today": hours[:24],
        "raw_tomorrow": hours[24:],
    }


def settle_in(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Let each driver leave in three hours, with so much by then that no car can wait for a better price."""
    runtime = entry.runtime_data
    leaves = dt_util.utcnow() + timedelta(hours=3)
    for key in runtime.chargers.connector_keys():
        runtime.settings.set_connector(key.id, mode=Mode.ECO)
        runtime.departures.set_once(
            key.id,
            leaves,
            Target(kind=TargetKind.ENERGY, value=40_000),
            of_session=True,
        )


def site_entry(port: int, chargers: int, *, full: bool = False) -> ConfigEntry[Any]:
    """Return a site whose fuse carries so many chargers of 16 A."""
    sources: dict[str, Any] = {"grid": {"entity": "sensor.grid"}}
    if full:
        sources["solar"] = ["sensor.sun"]
    return ConfigEntry(
        domain=DOMAIN,
        title="Bench",
        data={
            "kind": "site",
            "system": "three_phase",
            "voltage_v": 230.0,
            "main_fuse_a": FUSE_A + 16.0 * chargers,
            "margin_a": 1.0,
            "port": port,
            "sources": sources,
        },
        discovery_keys=MappingProxyType({}),
        minor_version=1,
        options={},
        source="user",
        subentries_data=[
            *(_all_that_there_may_be(chargers) if full else ()),
            *(_charger(number) for number in range(chargers)),
        ],
        unique_id=None,
        version=1,
    )


async def meter_house(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Let the grid's meter tell something new each second: the house, and what the cars draw. Prices are known, too."""
    hass.states.async_set("sensor.spot", "0.2", _prices())
    while True:
        stations = (
            entry.runtime_data.central_system.stations.values()
            if entry.state is ConfigEntryState.LOADED
            else ()
        )
        cars_w = sum(
            station.state.connectors[0].meter.power_w or 0.0 for station in stations
        )
        sun_w = 3000 + random.randint(-60, 60)
        power_w = 4000 - sun_w + cars_w
        attributes = {"unit_of_measurement": "W", "device_class": "power"}
        hass.states.async_set("sensor.grid", str(power_w), attributes)
        hass.states.async_set("sensor.sun", str(sun_w), attributes)
        await asyncio.sleep(1)


async def follow_cars(entry: ConfigEntry[Any], *, charging: bool) -> None:
    """Return when all cars charge, or all chargers are there."""
    stations = entry.runtime_data.central_system.stations
    async with asyncio.timeout(300):
        while not all(
            (station.state.connectors[0].meter.power_w or 0) > 0
            if charging
            else station.state.connectors[0].status is not None
            for station in stations.values()
        ):
            await asyncio.sleep(0.2)


class Sampler:
    """Counts where CPU time is spent: the stack of the event loop's thread, each 2 ms of CPU time."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._stacks: Counter[tuple[str, ...]] = Counter()

    def _sample(self, _signal: int, frame: FrameType | None) -> None:
        stack: list[str] = []
        while frame is not None:
            code = frame.f_code
            place = "/".join(Path(code.co_filename).parts[-2:])
            stack.append(f"{place}:{code.co_qualname}")
            frame = frame.f_back
        self._stacks[tuple(reversed(stack))] += 1

    def enable(self) -> None:
        """Begin."""
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, _SAMPLE_S, _SAMPLE_S)

    def disable(self) -> None:
        """End."""
        signal.setitimer(signal.ITIMER_PROF, 0)

    def dump_stats(self, file: str) -> None:
        """Write them as flame graphs are made of: the stack, and how often it was seen."""
        lines = (
            f"{';'.join(stack)} {count}\n" for stack, count in self._stacks.items()
        )
        Path(file).write_text("".join(sorted(lines)), encoding="utf-8")


async def measure(
    chargers: int,
    interval_s: float,
    seconds: float,
    profile: cProfile.Profile | Sampler | None,
    *,
    full: bool = False,
    idle: bool = False,
) -> Figures:
    """Let so many chargers charge for a while."""
    async with temporary_folder() as folder:
        hass = await start_home_assistant(folder)
        port = free_port()
        entry = site_entry(port, chargers, full=full)
        meter = asyncio.create_task(meter_house(hass, entry))
        await asyncio.sleep(1)
        before_kb = memory_kb()
        await hass.config_entries.async_add(entry)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "benchmarks.central_system", "--port", str(port)),
            *("--stations", str(chargers), "--interval", str(interval_s)),
            "--idle" if idle else "--waver",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        if full:
            settle_in(hass, entry)
        await follow_cars(entry, charging=not idle)
        await asyncio.sleep(max(2 * interval_s, 60))  # all set up, all at rest

        rows: Counter[str] = Counter()

        @callback
        def count(event: Event[EventStateChangedData]) -> None:
            entity_id = event.data["entity_id"]
            if entity_id not in METERED:
                rows[_NUMBER.sub("_*", entity_id)] += 1

        hass.bus.async_listen(EVENT_STATE_CHANGED, count)
        if profile:
            profile.enable()
        started_ns, cpu_s = time.monotonic_ns(), time.process_time()
        await asyncio.sleep(seconds)
        ended_ns, cpu_s = time.monotonic_ns(), time.process_time() - cpu_s
        if profile:
            profile.disable()
        memory = (memory_kb() - before_kb) / chargers
        counted = rows.copy()
        output, _ = await process.communicate(b"")
        sent = [moment for moment in _sent(output) if started_ns <= moment < ended_ns]
        meter.cancel()
        await hass.async_stop(force=True)
    per_day = DAY_S / seconds / chargers
    return Figures(
        chargers=chargers,
        messages_per_s=len(sent) / seconds,
        cpu_ms_per_message=cpu_s / len(sent) * 1e3,
        rows_per_day=counted.total() * per_day,
        reason_rows_per_day=per_day
        * sum(rows for name, rows in counted.items() if name.endswith(REASONS)),
        rows_by_entity={
            name: rows * DAY_S / seconds for name, rows in counted.most_common()
        },
        memory_kb_per_charger=memory,
    )


def _sent(output: bytes) -> list[int]:
    sent: list[int] = json.loads(output)["sent"]
    return sent


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chargers", type=int, nargs="+", default=[1, 50])
    parser.add_argument("--interval", type=float, default=10)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rows", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--idle", action="store_true")
    parser.add_argument("--profile", metavar="FILE")
    parser.add_argument("--samples", metavar="FILE")
    arguments = parser.parse_args()
    print("chargers  messages/s  CPU/message  rows/day  of reasons  memory/charger")
    for chargers in arguments.chargers:
        profile: cProfile.Profile | Sampler | None = None
        if arguments.samples:
            profile = Sampler()
        elif arguments.profile:
            profile = cProfile.Profile()
        figures = asyncio.run(
            measure(
                chargers,
                arguments.interval,
                arguments.seconds,
                profile,
                full=arguments.full,
                idle=arguments.idle,
            )
        )
        if profile:
            profile.dump_stats(arguments.samples or arguments.profile)
        print(
            f"{figures.chargers:8d}  {figures.messages_per_s:10.1f}"
            f"  {figures.cpu_ms_per_message:8.2f} ms"
            f"  {figures.rows_per_day:8.0f}  {figures.reason_rows_per_day:10.0f}"
            f"  {figures.memory_kb_per_charger:11.0f} kB",
            flush=True,
        )
        if arguments.rows:
            for entity, rows in figures.rows_by_entity.items():
                print(f"{rows:18.0f} rows/day  {entity}", flush=True)


if __name__ == "__main__":
    main()
