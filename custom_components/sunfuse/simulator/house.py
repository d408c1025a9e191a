"""What the household draws, per phase: a base load and appliances that are switched on and off.

A function of the time and a seed. Hours are local.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from .noise import chance, smooth_noise

type Phases = tuple[float, float, float]

DAY_S = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How often an appliance is used between two hours of the day."""

    from_h: float
    to_h: float
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Appliance:
    """An appliance on one phase or several, whose thermostat may switch it on and off."""

    name: str
    power_w: Phases
    lasts_s: float
    uses: tuple[Use, ...]
    on_s: float = 0.0  # 0: no thermostat
    off_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseSpec:
    """A household."""

    base_w: Phases = (90.0, 60.0, 100.0)
    swing_w: Phases = (60.0, 40.0, 80.0)  # the most that small appliances add
    appliances: tuple[Appliance, ...] = ()
    utc_offset_h: float = 2.0


FAMILY_HOUSE = HouseSpec(
    appliances=(
        Appliance(
            name="fridge",
            power_w=(0.0, 95.0, 0.0),
            lasts_s=DAY_S,
            uses=(Use(from_h=0, to_h=0),),
            on_s=1200,
            off_s=2100,
        ),
        Appliance(
            name="heat pump",
            power_w=(750.0, 750.0, 750.0),
            lasts_s=2.5 * 3600,
            uses=(
                Use(from_h=5, to_h=5.5),
                Use(from_h=10.8, to_h=11),
                Use(from_h=16.5, to_h=17.5),
            ),
            on_s=1300,
            off_s=1500,
        ),
        Appliance(
            name="kettle",
            power_w=(2200.0, 0.0, 0.0),
            lasts_s=170,
            uses=(
                Use(from_h=6.5, to_h=9, times=2),
                Use(from_h=10.52, to_h=10.6),
                Use(from_h=10.8, to_h=12, times=2),
                Use(from_h=13, to_h=18, times=3),
                Use(from_h=19, to_h=22),
            ),
        ),
        Appliance(
            name="oven",
            power_w=(0.0, 2800.0, 0.0),
            lasts_s=2700,
            uses=(Use(from_h=11.5, to_h=12), Use(from_h=17.8, to_h=18.5)),
            on_s=80,
            off_s=70,
        ),
        Appliance(
            name="hob",
            power_w=(1800.0, 0.0, 1500.0),
            lasts_s=1500,
            uses=(Use(from_h=11.7, to_h=12.2), Use(from_h=18, to_h=19)),
            on_s=40,
            off_s=25,
        ),
        Appliance(
            name="washing machine",
            power_w=(0.0, 0.0, 2100.0),
            lasts_s=4200,
            uses=(Use(from_h=10.6, to_h=10.8), Use(from_h=15, to_h=16)),
            on_s=700,
            off_s=1500,
        ),
        Appliance(
            name="lights and television",
            power_w=(140.0, 60.0, 110.0),
            lasts_s=3 * 3600,
            uses=(Use(from_h=19.5, to_h=20.5),),
        ),
    )
)


@lru_cache(maxsize=256)
def starts_s(appliance: Appliance, seed: int, day: int) -> tuple[float, ...]:
    """Return when on a day the appliance is switched on, in seconds since midnight."""
    starts: list[float] = []
    for use in appliance.uses:
        for _ in range(use.times):
            share = chance(seed, f"{appliance.name}/{day}", len(starts))
            starts.append((use.from_h + share * (use.to_h - use.from_h)) * 3600)
    return tuple(starts)


def _runs(appliance: Appliance, seed: int, day: int, second: float) -> bool:
    """Return whether it runs, also from late yesterday."""
    for days_ago in (0, 1):
        for start in starts_s(appliance, seed, day - days_ago):
            since_s = second + days_ago * DAY_S - start
            if 0 <= since_s < appliance.lasts_s:
                cycle_s = appliance.on_s + appliance.off_s
                return not cycle_s or since_s % cycle_s < appliance.on_s
    return False


def house_power_w(at: datetime, spec: HouseSpec, seed: int) -> Phases:
    """Return what the household draws on each phase, at a time in UTC."""
    local = at + timedelta(hours=spec.utc_offset_h)
    day = local.toordinal()
    second = local.hour * 3600 + local.minute * 60 + local.second
    power_w = [
        base + swing * smooth_noise(seed, f"house {phase}", at.timestamp() / 45)
        for phase, (base, swing) in enumerate(
            zip(spec.base_w, spec.swing_w, strict=True)
        )
    ]
    for appliance in spec.appliances:
        if _runs(appliance, seed, day, second):
            power_w = [
                sum(pair) for pair in zip(power_w, appliance.power_w, strict=True)
            ]
    return power_w[0], power_w[1], power_w[2]
