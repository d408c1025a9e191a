"""Solar power without a forecast: the clear sky, scaled by what this roof produced so far.

The position of the sun is astronomy. How much of it comes through a cloudless sky is
Haurwitz' formula. What the roof produces of it, by the sun's direction, is learned from
the site's own history: tilt, trees and usual clouds are all part of the ratio of
production to clear sky, and the quantiles of the ratio separate good days from bad.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
import math

from astral import Observer
from astral.sun import zenith_and_azimuth

from ..series import QUARTER, Slot, percentile, quarters
from .power_forecast import Forecast, with_spread

_SECTOR = 15.0  # degrees of azimuth; the sun takes about an hour
# Of a clear sky on an average roof: overcast, usual, cloudless; per watt of peak power.
_PRIOR = (0.08, 0.45, 0.85)
_PRIOR_HOURS = 5
_FAINT = 30.0  # W/m2; below it the ratio is noise


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the site is, in degrees, north and east positive."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Roof:
    """Watts of production per W/m2 of clear sky, by sector of azimuth.

    Each is the 10th, 50th and 90th percentile; `usual` is used for sectors without data.
    """

    sectors: tuple[tuple[int, tuple[float, float, float]], ...] = ()
    usual: tuple[float, float, float] | None = None


def sun(at: datetime, place: Place) -> tuple[float, float]:
    """Return the sun's elevation and azimuth (from north over east) in degrees, refraction left out."""
    observer = Observer(place.latitude, place.longitude)
    zenith, azimuth = zenith_and_azimuth(observer, at, with_refraction=False)
    return 90.0 - zenith, azimuth


def clear_sky(elevation_deg: float) -> float:
    """Return the irradiance on level ground under a clear sky, in W/m2.

    B. Haurwitz, "Insolation in relation to cloudiness and cloud density", Journal of
    Meteorology 2 (1945): 1098 cos z exp(-0.057 / cos z), z from the zenith.
    """
    cosine = math.sin(math.radians(elevation_deg))
    return 0.0 if cosine <= 0 else 1098.0 * cosine * math.exp(-0.057 / cosine)


def clear_sky_mean(start: datetime, end: datetime, place: Place) -> float:
    """Return the mean irradiance of a period: its quarters' middles."""
    middles = [at + QUARTER / 2 for at in quarters(start, end)]
    return sum(clear_sky(sun(at, place)[0]) for at in middles) / len(middles)


def learn_roof(
    history: Iterable[Slot], place: Place, *, peak_w: float | None = None
) -> Roof:
    """Learn the roof's production from hourly means of its power in watts.

    `peak_w`, the panels' nominal power, is used where history is short. With neither,
    the forecast is empty.
    """
    ratios: dict[int, list[float]] = {}
    for slot in history:
        irradiance = clear_sky_mean(slot.start, slot.end, place)
        if irradiance >= _FAINT:
            _, azimuth = sun(slot.start + (slot.end - slot.start) / 2, place)
            ratio = max(0.0, slot.value) / irradiance
            ratios.setdefault(int(azimuth // _SECTOR), []).append(ratio)
    everything = [ratio for some in ratios.values() for ratio in some]
    usual: tuple[float, float, float] | None = None
    if peak_w is not None:
        # Nominal power is at 1000 W/m2.
        low, middle, high = (share * peak_w / 1000 for share in _PRIOR)
        usual = (low, middle, high)
    if everything:
        usual = _mixed(everything, usual)
    sectors = [(sector, _mixed(some, usual)) for sector, some in sorted(ratios.items())]
    return Roof(sectors=tuple(sectors), usual=usual)


def _mixed(
    ratios: list[float], prior: tuple[float, float, float] | None
) -> tuple[float, float, float]:
    """Return the quantiles of some ratios; the fewer there are, the closer to the usual ones."""
    own = tuple(percentile(ratios, percent) for percent in (10, 50, 90))
    share = 1.0 if prior is None else len(ratios) / (len(ratios) + _PRIOR_HOURS)
    base = prior or (0.0, 0.0, 0.0)
    low, middle, high = (
        share * mine + (1 - share) * other
        for mine, other in zip(own, base, strict=True)
    )
    return low, middle, high


def expect_sun(roof: Roof, place: Place, start: datetime, end: datetime) -> Forecast:
    """Return the expected production by quarter hour; empty where nothing is known."""
    if (usual := roof.usual) is None:
        return ()
    sectors = dict(roof.sectors)

    def powers(slot: Slot) -> tuple[float, float, float]:
        _, azimuth = sun(slot.start + QUARTER / 2, place)
        low, middle, high = sectors.get(int(azimuth // _SECTOR), usual)
        return low * slot.value, middle * slot.value, high * slot.value

    light = tuple(
        Slot(
            start=at,
            end=at + QUARTER,
            value=clear_sky(sun(at + QUARTER / 2, place)[0]),
        )
        for at in quarters(start, end)
    )
    return with_spread(light, powers)
