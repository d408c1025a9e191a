"""What real meters do now and then, through Home Assistant's door: the fuse holds, and what is said is true."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pytest

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..common import set_meters
from ..site_fixtures import PerPhase, limits, obeys

pytestmark = pytest.mark.usefixtures("socket_enabled")

SENSORS = ("sensor.grid_l1", "sensor.grid_l2", "sensor.grid_l3")
AMPERES = MappingProxyType({"unit_of_measurement": "A", "device_class": "current"})
MILLIAMPERES = MappingProxyType(
    {"unit_of_measurement": "mA", "device_class": "current"}
)
NO_UNIT: Mapping[str, Any] = MappingProxyType({})
# A house takes 7 A more on L1 after so many seconds of the fault.
MORE_S = 8
LASTS_S = 75

# Shows what flows so many seconds after the fault began.
type Shows = Callable[[HomeAssistant, int, PerPhase], None]


def show(
    hass: HomeAssistant,
    flow_a: PerPhase,
    *,
    text: Callable[[float], str] = str,
    attributes: Mapping[str, Any] = AMPERES,
    timestamp: float | None = None,
) -> None:
    """Show currents as this text, beside a right total."""
    set_meters(hass, currents_a=flow_a)
    for sensor, current_a in zip(SENSORS, flow_a, strict=True):
        hass.states.async_set(
            sensor,
            text(current_a),
            attributes,
            force_update=True,
            timestamp=timestamp,
        )


def always(text: Callable[[float], str], **changes: Any) -> Shows:
    """Show each current as this text."""
    return lambda hass, _, flow_a: show(hass, flow_a, text=text, **changes)


def once(at_s: int, text: Callable[[float], str], lasts_s: int = 1) -> Shows:
    """Show it as this text for some seconds."""

    def shows(hass: HomeAssistant, now_s: int, flow_a: PerPhase) -> None:
        lasts = at_s <= now_s < at_s + lasts_s
        show(hass, flow_a, text=text if lasts else str)

    return shows


def each(interval_s: int) -> Shows:
    """Report as seldom as this."""

    def shows(hass: HomeAssistant, now_s: int, flow_a: PerPhase) -> None:
        if now_s % interval_s == 0:
            show(hass, flow_a)

    return shows


def gone(hass: HomeAssistant, now_s: int, flow_a: PerPhase) -> None:
    """Report L1 under another name: the sensor was renamed, or is disabled."""
    show(hass, flow_a)
    hass.states.async_remove(SENSORS[0])
    hass.states.async_set("sensor.renamed", str(flow_a[0]), AMPERES)


def old(hass: HomeAssistant, now_s: int, flow_a: PerPhase) -> None:
    """Be there again after twenty seconds, with the value of before, which is restored and stays."""
    if now_s < 20:
        show(hass, flow_a, text=lambda _: STATE_UNAVAILABLE)
    elif now_s == 20:
        show(hass, (24.0, 18.0, 18.0))


def of_another_time(ahead_s: float) -> Shows:
    """Report for the last time, by a clock that differs by so much."""

    def shows(hass: HomeAssistant, now_s: int, flow_a: PerPhase) -> None:
        if now_s == 0:
            show(hass, flow_a, timestamp=dt_util.utcnow().timestamp() + ahead_s)

    return shows


@dataclass(frozen=True, kw_only=True)
class Strange:
    """What a meter does, for how long that may overload the fuse, and what is said at the end of it."""

    shows: Shows
    above_s: int
    said: str = "The main fuse has no more capacity on L1"


# A right meter of each second shows the overload after MORE_S, and charger and car take two seconds.
RIGHT_S = 4
# One that is silent is lost 30 s after it last reported, which is 22 s after the load came.
SILENT_S = 30 - MORE_S + RIGHT_S
NO_VALUE = "no value from sensor.grid_l1"
TOO_OLD = "no new reading from sensor.grid_l1"

METERS = {
    "telegrams stop": Strange(shows=lambda *_: None, above_s=SILENT_S, said=TOO_OLD),
    "telegrams each ten seconds": Strange(shows=each(10), above_s=10 + RIGHT_S),
    "restarts at zero": Strange(shows=once(0, lambda _: "0.0", 3), above_s=RIGHT_S),
    "restores an old value": Strange(shows=old, above_s=0, said=""),
    "unknown at night": Strange(
        shows=always(lambda _: STATE_UNKNOWN), above_s=0, said=NO_VALUE
    ),
    "sign turned once": Strange(shows=once(12, lambda a: str(-a)), above_s=RIGHT_S),
    "words swapped once": Strange(
        shows=once(20, lambda a: str(a * 65536)), above_s=RIGHT_S
    ),
    "a word lost once": Strange(
        shows=once(9, lambda a: str(a / 65536)), above_s=RIGHT_S + 1
    ),
    "moved to milliamperes": Strange(
        shows=always(lambda a: str(a * 1000), attributes=MILLIAMPERES),
        above_s=RIGHT_S,
    ),
    "thousands without a word": Strange(
        shows=always(lambda a: str(a * 1000)),
        above_s=0,
        said="shows more than can flow there",
    ),
    "unit lost": Strange(
        shows=always(str, attributes=NO_UNIT), above_s=0, said=NO_VALUE
    ),
    "a comma": Strange(
        shows=always(lambda a: str(a).replace(".", ",")), above_s=0, said=NO_VALUE
    ),
    "renamed": Strange(shows=gone, above_s=0, said=NO_VALUE),
    "a clock that was slow": Strange(
        shows=of_another_time(-120), above_s=0, said=TOO_OLD
    ),
    "a clock that was fast": Strange(
        # It counts from when it is first read.
        shows=of_another_time(600),
        above_s=SILENT_S + 2,
        said=TOO_OLD,
    ),
}


@pytest.mark.parametrize("name", METERS)
async def test_a_strange_meter(
    hass: HomeAssistant, start: Callable[..., Any], name: str
) -> None:
    """The car draws 14 A, then the house takes 17 instead of 10 A on L1. Afterwards the car has the 7 A that are left, or soon will."""
    strange = METERS[name]
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    await asyncio.sleep(20)
    flows_a: list[float] = []

    def report(flow_a: PerPhase) -> None:
        if len(flows_a) == MORE_S:
            home.house_a = (17, 4, 4)
        strange.shows(hass, len(flows_a), flow_a)
        flows_a.append(max(flow_a))

    home.report = report
    await asyncio.sleep(LASTS_S)
    assert strange.said in home.explanation("CP1/1")
    assert sum(a > 25 for a in flows_a) <= strange.above_s
    assert 6 <= limits(station)[-1] <= 7
    home.report = lambda flow_a: set_meters(hass, currents_a=flow_a)
    await home.shows("sensor", "state", "limited")
    await obeys(station, 7)
