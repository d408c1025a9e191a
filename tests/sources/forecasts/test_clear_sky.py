"""Sunshine without a forecast, against the almanac and against made roofs."""

from datetime import UTC, datetime, timedelta

import astral
import astral.sun
import pytest

from custom_components.sunfuse.sources.forecasts.clear_sky import (
    Place,
    clear_sky,
    clear_sky_mean,
    expect_sun,
    learn_roof,
    sun,
)
from custom_components.sunfuse.sources.series import Slot

GREENWICH = Place(latitude=51.4779, longitude=0.0)
AMSTERDAM = Place(latitude=52.3676, longitude=4.9041)
SYDNEY = Place(latitude=-33.8688, longitude=151.2093)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("at", "place", "elevation", "azimuth"),
    [
        # Noon of the solstice: 90 - 51.48 + 23.44, in the south.
        (datetime(2026, 6, 21, 12, 2, tzinfo=UTC), GREENWICH, 61.96, 180),
        # Winter: 90 - 51.48 - 23.44; true noon is two minutes before twelve.
        (datetime(2026, 12, 21, 11, 58, tzinfo=UTC), GREENWICH, 15.08, 180),
        # Southern summer noon (02:53 UTC): 90 - 33.87 + 23.44, in the north.
        (datetime(2026, 12, 21, 1, 53, tzinfo=UTC), SYDNEY, 79.57, 0),
    ],
)
def test_where_the_sun_stands(
    at: datetime, place: Place, elevation: float, azimuth: float
) -> None:
    """Within a tenth of a degree in elevation at its highest."""
    high, direction = sun(at, place)
    assert high == pytest.approx(elevation, abs=0.1)
    assert (direction - azimuth + 180) % 360 - 180 == pytest.approx(0, abs=2.5)


@pytest.mark.parametrize("place", [GREENWICH, AMSTERDAM, SYDNEY])
@pytest.mark.parametrize("month", range(1, 13))
@pytest.mark.parametrize("hour", [0, 5, 9, 14, 20])
def test_as_another_almanac_has_it(place: Place, month: int, hour: int) -> None:
    """`astral`, which Home Assistant's own sun uses: to a twentieth of a degree."""
    at = datetime(2026, month, 7, hour, 21, tzinfo=UTC)
    observer = astral.Observer(place.latitude, place.longitude)
    high, direction = sun(at, place)
    other = astral.sun.elevation(observer, at, with_refraction=False)
    assert high == pytest.approx(other, abs=0.05)
    turned = direction - astral.sun.azimuth(observer, at)
    assert (turned + 180) % 360 - 180 == pytest.approx(0, abs=0.3)


def test_light_of_a_clear_sky() -> None:
    """Haurwitz by hand: 1098 exp(-0.057) and 549 exp(-0.114); none below the horizon."""
    assert clear_sky(90) == pytest.approx(1037.2, abs=0.1)
    assert clear_sky(30) == pytest.approx(489.8, abs=0.1)
    assert clear_sky(-1) == 0


def history(days: int, watts_per_irradiance: float, cloud: list[float]) -> list[Slot]:
    """Make a flat roof's hourly production under some clouds."""
    start = datetime(2026, 5, 1, tzinfo=UTC)
    slots = []
    for hour in range(days * 24):
        at = start + hour * HOUR
        light = clear_sky_mean(at, at + HOUR, AMSTERDAM)
        power = light * watts_per_irradiance * cloud[hour // 24 % len(cloud)]
        slots.append(Slot(start=at, end=at + HOUR, value=power))
    return slots


def test_a_clear_month_is_forecast_exactly() -> None:
    """5 W per W/m2 of a roof without clouds: the next day is the same."""
    roof = learn_roof(history(30, 5.0, [1.0]), AMSTERDAM)
    start = datetime(2026, 5, 31, tzinfo=UTC)
    forecast = expect_sun(roof, AMSTERDAM, start, start + 24 * HOUR)
    light = clear_sky_mean(start, start + 24 * HOUR, AMSTERDAM) * 24
    assert sum(slot.energy_wh for slot in forecast) == pytest.approx(
        5 * light, rel=0.01
    )
    assert forecast[0].p50_w == 0  # midnight


def test_clouds_make_the_spread() -> None:
    """Of overcast, mixed and clear days come low, likely and high."""
    roof = learn_roof(history(60, 5.0, [0.1, 0.5, 1.0]), AMSTERDAM)
    noon = datetime(2026, 7, 1, 11, tzinfo=UTC)
    slot = expect_sun(roof, AMSTERDAM, noon, noon + HOUR)[0]
    light = clear_sky(sun(slot.start + timedelta(minutes=7.5), AMSTERDAM)[0])
    assert slot.p10_w / light == pytest.approx(0.5, rel=0.15)
    assert slot.p50_w / light == pytest.approx(2.5, rel=0.15)
    assert slot.p90_w / light == pytest.approx(5.0, rel=0.15)


def test_a_roof_to_the_east_has_its_morning() -> None:
    """Half of the day in the shade of the ridge is learned by the sun's direction."""
    slots = [
        slot if slot.start.hour < 11 else Slot(start=slot.start, end=slot.end, value=0)
        for slot in history(30, 5.0, [1.0])
    ]
    roof = learn_roof(slots, AMSTERDAM)
    start = datetime(2026, 5, 31, tzinfo=UTC)
    forecast = expect_sun(roof, AMSTERDAM, start, start + 24 * HOUR)
    morning = sum(s.energy_wh for s in forecast if s.start.hour < 10)
    evening = sum(s.energy_wh for s in forecast if s.start.hour >= 13)
    assert morning > 10 * evening


def test_day_one_with_nominal_power_only() -> None:
    """5 kWp: at noon of a June day something between 0.3 and 4.3 kW, likely 2."""
    roof = learn_roof((), AMSTERDAM, peak_w=5000)
    noon = datetime(2026, 6, 21, 11, 30, tzinfo=UTC)
    slot = expect_sun(roof, AMSTERDAM, noon, noon + HOUR)[0]
    assert 300 < slot.p10_w < 500
    assert 1500 < slot.p50_w < 2500
    assert 3000 < slot.p90_w < 4300


def test_knowing_nothing_is_reported() -> None:
    """Neither history nor size: no forecast, instead of a made-up one."""
    noon = datetime(2026, 6, 21, 11, tzinfo=UTC)
    assert expect_sun(learn_roof((), AMSTERDAM), AMSTERDAM, noon, noon + HOUR) == ()
