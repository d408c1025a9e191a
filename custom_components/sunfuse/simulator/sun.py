"""Solar power: clear sky from the sun's elevation, and passing clouds.

Everything here is a function of the time (and of a seed), so a simulated day can be stepped through in any way.
"""

from dataclasses import dataclass
from datetime import datetime
import math

from astral import Observer
from astral.sun import zenith_and_azimuth

from .noise import smooth_noise

_HAZE = 0.7  # the share of sunlight that passes one air mass (Meinel, 1976)
_SOLAR_CONSTANT_W = 1353.0
_DIFFUSE = 0.1  # of the direct light, added from the whole sky
_PERFORMANCE = 0.9  # cables, heat, dust, inverter
_THICKEST_CLOUD = 0.75  # the share of light that the thickest cloud absorbs


@dataclass(frozen=True, slots=True, kw_only=True)
class SolarSpec:
    """A solar system that faces the equator."""

    peak_w: float = 9000.0
    inverter_w: float = 8500.0
    latitude_deg: float = 50.0
    longitude_deg: float = 10.0
    tilt_deg: float = 35.0


def _sine_above(at: datetime, latitude_deg: float, longitude_deg: float) -> float:
    # Beyond a pole is the other side of the earth; a steep roof in the far south does not see that.
    observer = Observer(max(-90.0, min(latitude_deg, 90.0)), longitude_deg)
    zenith, _ = zenith_and_azimuth(observer, at, with_refraction=False)
    return math.cos(math.radians(zenith))


def elevation_deg(at: datetime, spec: SolarSpec) -> float:
    """Return the elevation of the sun, below 0 at night."""
    return math.degrees(
        math.asin(_sine_above(at, spec.latitude_deg, spec.longitude_deg))
    )


def clear_sky_w(at: datetime, spec: SolarSpec) -> float:
    """Return the solar system's power under a clear sky."""
    height = _sine_above(at, spec.latitude_deg, spec.longitude_deg)
    if height <= 0.01:
        return 0.0
    direct_w = _SOLAR_CONSTANT_W * math.pow(_HAZE, math.pow(1 / height, 0.678))
    # A tilted plane sees the sun as a level one further south does (Duffie and Beckman, 1.6).
    facing = max(
        0.0, _sine_above(at, spec.latitude_deg - spec.tilt_deg, spec.longitude_deg)
    )
    sky = (1 + math.cos(math.radians(spec.tilt_deg))) / 2
    irradiance_w = direct_w * (facing + _DIFFUSE * sky)
    return min(spec.peak_w * _PERFORMANCE * irradiance_w / 1000, spec.inverter_w)


def cloud_factor(at: datetime, seed: int) -> float:
    """Return the share of light that passes the clouds, from 0.25 to 1."""
    now_s = at.timestamp()
    thickness = 0.7 * smooth_noise(seed, "haze", now_s / 700) + 0.3 * smooth_noise(
        seed, "puffs", now_s / 110
    )
    covered = min(max((thickness - 0.5) / 0.3, 0.0), 1.0)
    return 1 - _THICKEST_CLOUD * covered * covered * (3 - 2 * covered)


def solar_power_w(at: datetime, spec: SolarSpec, seed: int) -> float:
    """Return the solar system's power at a time in UTC."""
    return clear_sky_w(at, spec) * cloud_factor(at, seed)
