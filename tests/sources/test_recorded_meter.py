"""How often a meter's sensors reported, by what the recorder has of them."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from custom_components.sunfuse.sources.config import MeterConfig, PowerSource
from custom_components.sunfuse.sources.freshness import Interval
from custom_components.sunfuse.sources.meters.recorded_meter import (
    async_recorded_intervals,
)
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..common import register
from .test_history import imported

METER = "sensor.meter"
PHASES = ("sensor.l1", "sensor.l2", "sensor.l3")
TOTAL = "sensor.p"
LASTS_S = 1800
QUIET_S = 150


async def test_from_the_recorder(recorder_mock: Recorder, hass: HomeAssistant) -> None:
    """Twelve changes, twenty seconds apart; what is not there or hardly changed says nothing."""
    now = dt_util.utcnow()
    for index in range(12):
        at = (now + timedelta(seconds=20 * (index - 12))).timestamp()
        hass.states.async_set(METER, str(index), timestamp=at)
    hass.states.async_set("sensor.still", "1")
    await hass.async_block_till_done()
    await imported(hass)
    meter = MeterConfig(phases=(METER, "sensor.still", "sensor.unheard_of"))
    found = await async_recorded_intervals(hass, meter, 230, now)
    assert found.keys() == {METER}
    assert found[METER].usual_s == pytest.approx(20)
    assert await async_recorded_intervals(hass, MeterConfig(), 230, now) == {}


async def test_without_a_recorder(hass: HomeAssistant) -> None:
    """Nothing is known, and nothing fails."""
    meter = MeterConfig(phases=(METER,))
    assert await async_recorded_intervals(hass, meter, 230, dt_util.utcnow()) == {}


def quiet_a(second: int) -> float:
    """Return what L3 carries: a little, and now and then a little less."""
    return 0.3 + second // QUIET_S % 2 / 10


async def recorded(
    hass: HomeAssistant,
    meter: MeterConfig,
    *,
    shows_a: Callable[[int], float] = quiet_a,
    unit: str = "A",
    sign: int = 1,
) -> Interval:
    """Return how often L3 reported, which carries `quiet_a` or what it `shows_a`, beside phases that change every ten seconds."""
    started = dt_util.utcnow() - timedelta(seconds=LASTS_S)
    for second in range(0, LASTS_S, 10):
        loads_a = (4 + second % 20 / 10, 3 + second % 20 / 20)
        true_a = sum(loads_a) + quiet_a(second)
        shown = [*loads_a, shows_a(second)]
        factor = 230 if unit == "W" else 1000 if unit == "mA" else 1
        at = (started + timedelta(seconds=second)).timestamp()
        for name, value, its in (
            *((n, a * factor, unit) for n, a in zip(PHASES, shown, strict=True)),
            (TOTAL, 237 * true_a, "W"),
        ):
            # The recorder has lost what the total showed for ten seconds.
            text = "unavailable" if name == TOTAL and second == 600 else f"{value:.1f}"
            if name != TOTAL and sign < 0:
                text = f"-{text}"
            hass.states.async_set(
                name, text, {"unit_of_measurement": its}, timestamp=at
            )
    await hass.async_block_till_done()
    await imported(hass)
    found = await async_recorded_intervals(hass, meter, 230, dt_util.utcnow())
    assert found[PHASES[0]].usual_s == pytest.approx(10)
    return found[PHASES[2]]


@pytest.mark.parametrize("unit", ["A", "mA", "W"])
async def test_a_quiet_phase_beside_its_total_is_not_slow(
    recorder_mock: Recorder, hass: HomeAssistant, unit: str
) -> None:
    """It waited minutes for a change, and the total showed every ten seconds that it carried the same."""
    for name in (*PHASES, TOTAL):
        register(hass, name, "mqtt", "meter")
    meter = MeterConfig(phases=PHASES, power=PowerSource(entity=TOTAL))
    assert (await recorded(hass, meter, unit=unit)).usual_s == pytest.approx(10)


async def test_signs_that_are_turned_are_turned_back(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    """Phases that are negative on import, beside a total that is positive."""
    for name in (*PHASES, TOTAL):
        register(hass, name, "mqtt", "meter")
    power = PowerSource(entity=TOTAL)
    meter = MeterConfig(phases=PHASES, power=power, phases_inverted=True)
    assert (await recorded(hass, meter, sign=-1)).usual_s == pytest.approx(10)
    turned = MeterConfig(phases=PHASES, power=PowerSource(entity=TOTAL, inverted=True))
    found = await async_recorded_intervals(hass, turned, 230, dt_util.utcnow())
    assert found[PHASES[2]].usual_s == pytest.approx(10)


async def test_a_phase_that_is_late_is_slow_in_the_recorder_too(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    """An oven of 8 A was in the total long before the phase showed it: it is read rarely."""
    for name in (*PHASES, TOTAL):
        register(hass, name, "mqtt", "meter")
    meter = MeterConfig(phases=PHASES, power=PowerSource(entity=TOTAL))

    def late_a(second: int) -> float:
        return 8.3 + second // QUIET_S % 2 / 10

    assert (await recorded(hass, meter, shows_a=late_a)).usual_s == QUIET_S


@pytest.mark.parametrize(
    "meter",
    [
        pytest.param(MeterConfig(phases=PHASES), id="no total"),
        pytest.param(
            MeterConfig(phases=PHASES, power=PowerSource(positive=TOTAL)),
            id="a total of two sensors",
        ),
        pytest.param(
            MeterConfig(phases=PHASES, power=PowerSource(entity="sensor.other")),
            id="a total that is not there",
        ),
        pytest.param(
            MeterConfig(phases=PHASES, power=PowerSource(entity=TOTAL)),
            id="a total of another device",
        ),
    ],
)
async def test_a_quiet_phase_of_which_no_total_tells_is_slow(
    recorder_mock: Recorder, hass: HomeAssistant, meter: MeterConfig
) -> None:
    """Nobody knows what it carried meanwhile."""
    for name in PHASES:
        register(hass, name, "mqtt", "meter")
    register(hass, TOTAL, "mqtt", "inverter")
    assert (await recorded(hass, meter)).usual_s == QUIET_S
