"""A month of a home: house load, sun, prices and two cars, and what is known of them beforehand.

Everything is made from a seed. Times are minutes since the month's first midnight; a *block* is five minutes, a quarter
three blocks. What is measured here and there gives the sizes: about 4,000 kWh a year of house load with the peaks of
ovens and kettles, 7 kWp of sun under changing clouds, day-ahead prices with two peaks and a dip at noon, forecasts of
the next day's sun that are wrong by a fifth.
"""

from dataclasses import dataclass, replace
import math

import numpy as np
from numpy.typing import NDArray

type Values = NDArray[np.float64]

BLOCK_MIN = 5
QUARTER_MIN = 15
DAY_MIN = 1440
BLOCKS = DAY_MIN // BLOCK_MIN
QUARTERS = DAY_MIN // QUARTER_MIN
VOLTAGE_V = 230.0
FUSE_A = 25.0
# What is forecast reaches so far beyond the month.
TAIL_DAYS = 3
LATITUDE = math.radians(51.0)
PANELS_W = 7_000.0
SUN_ERROR = 0.2  # standard deviation of a day's forecast, as a part of the clear sky
NORMAL_90 = 1.2816
CHARGE_EFFICIENCY = 0.92
STANDBY_W = 225.0
# The market's price and what comes on top, per kilowatt-hour.
FEES = 0.15
EXPORT = 0.07


@dataclass(frozen=True, kw_only=True)
class Car:
    """A car and its charger."""

    name: str
    phases: tuple[int, ...]
    max_a: float

    @property
    def most_w(self) -> float:
        """The most that it takes."""
        return self.max_a * VOLTAGE_V * len(self.phases)

    @property
    def least_w(self) -> float:
        """The least that it takes (IEC 61851-1: 6 A)."""
        return 6.0 * VOLTAGE_V * len(self.phases)


CARS = (
    Car(name="large", phases=(0, 1, 2), max_a=16.0),
    Car(name="small", phases=(1,), max_a=16.0),
)


@dataclass(frozen=True, kw_only=True)
class Stay:
    """A car that is plugged in, and what its driver says; he leaves a little later than he says, or much."""

    car: Car
    arrives_min: int
    leaves_min: int
    says_min: int  # when it is to be ready
    needed_wh: float  # in its battery


@dataclass(frozen=True, kw_only=True)
class World:
    """A month, and three days after it, in which nobody is there."""

    days: int
    house_w: Values  # by block
    sun_w: Values
    spot: Values  # by quarter; the price is `import_price`
    import_price: Values
    export_price: Values
    stays: tuple[Stay, ...]
    house_expected: tuple[
        Values, Values, Values
    ]  # by quarter of the day: low, median, high
    clear_w: Values  # by quarter
    sun_forecast: Values  # by day: the part of the clear sky
    past_price: Values  # by quarter of the day, of the weeks before
    past_net_w: Values  # house less sun by quarter, of the weeks before
    perfect: bool

    def quarters(self, values: Values) -> Values:
        """Return the means of quarter hours of what is known by block."""
        return np.asarray(values.reshape(-1, 3).mean(axis=1))


def make(
    month: int,
    seed: int,
    *,
    days: int = 28,
    hourly: bool = False,
    perfect: bool = False,
    sunny: bool = True,
) -> World:
    """Return a month (0 is January) of the home of a seed."""
    random = np.random.default_rng((seed, month))
    long = days + TAIL_DAYS
    house_w = np.concatenate([_house_day(random, day) for day in range(long)])
    clear_w = np.concatenate([_clear_day(30 * month + day) for day in range(long)])
    clearness = np.clip(random.beta(1.6, 1.1, long), 0.08, 1.0)
    sun_w = _sun(random, clear_w, clearness)
    if not sunny:
        sun_w, clear_w = sun_w * 0, clear_w * 0
    spot = _spot(random, month, long, clearness)
    if hourly:
        spot = np.repeat(spot.reshape(-1, 4).mean(axis=1), 4)
    past = _spot(random, month, 14, np.clip(random.beta(1.6, 1.1, 14), 0.08, 1.0))
    usual = np.random.default_rng((seed, 99))
    many = np.array([_house_day(usual, day % 7) for day in range(56)]).reshape(
        56, QUARTERS, 3
    )
    means = many.mean(axis=2)
    before = np.random.default_rng((seed, month, 98))
    past_clear = np.concatenate(
        [_clear_day(30 * month - 56 + day) for day in range(56)]
    )
    past_sun = _sun(before, past_clear, np.clip(before.beta(1.6, 1.1, 56), 0.08, 1.0))
    past_net_w = means.ravel() - past_sun.reshape(-1, 3).mean(axis=1) * sunny
    expected = tuple(np.quantile(means, q, axis=0) for q in (0.1, 0.5, 0.9))
    return World(
        days=days,
        house_w=house_w,
        sun_w=sun_w,
        spot=spot,
        import_price=spot * 1.1 + FEES,
        export_price=np.minimum(EXPORT, spot * 1.1 + FEES - 0.01),
        stays=tuple(
            replace(stay, says_min=stay.leaves_min) if perfect else stay
            for stay in _stays(random, days)
        ),
        house_expected=(expected[0], expected[1], expected[2]),
        clear_w=clear_w.reshape(-1, 3).mean(axis=1),
        sun_forecast=np.clip(clearness + random.normal(0, SUN_ERROR, long), 0.05, 1.0),
        past_net_w=past_net_w,
        past_price=(past * 1.1 + FEES).reshape(14, QUARTERS).mean(axis=0),
        perfect=perfect,
    )


def _house_day(random: np.random.Generator, day: int) -> Values:
    """Return a day's load by block: what is always on, people, and the devices that they switch on."""
    hours = np.arange(BLOCKS) * BLOCK_MIN / 60
    awake = (
        np.exp(-(((hours - 7.5) / 1.2) ** 2)) * 250
        + np.exp(-(((hours - 19.5) / 2.2) ** 2)) * 450
    )
    if day % 7 >= 5:
        awake = awake + np.exp(-(((hours - 13) / 3) ** 2)) * 200
    load = 180 + awake * random.lognormal(0, 0.3)
    for power_w, minutes, from_h, to_h, often in (
        (2_200, 40, 17, 20, 0.6),  # oven
        (2_000, 5, 6.5, 9, 1.5),  # kettle
        (2_000, 5, 15, 21, 1.5),
        (1_800, 60, 18, 22, 0.6),  # dishwasher
        (2_000, 45, 9, 20, 0.4),  # washing machine
        (1_500, 90, 10, 21, 0.3),  # dryer
        (3_000, 30, 12, 13, 0.3),  # hob
    ):
        for _ in range(random.poisson(often)):
            first = int(random.uniform(from_h, to_h) * 12)
            load[first : first + max(1, minutes // BLOCK_MIN)] += power_w
    return np.asarray(load)


def _clear_day(day_of_year: int) -> Values:
    """Return the power of the panels under a clear sky by block, from the height of the sun."""
    hours = np.arange(BLOCKS) * BLOCK_MIN / 60
    declination = math.radians(-23.44) * math.cos(
        2 * math.pi * (day_of_year + 10) / 365
    )
    height = math.sin(LATITUDE) * math.sin(declination) + math.cos(LATITUDE) * math.cos(
        declination
    ) * np.cos((hours - 12) * math.pi / 12)
    return PANELS_W * 0.85 * np.clip(height + 0.08, 0, 1) ** 1.15 * (height > 0)


def _sun(random: np.random.Generator, clear_w: Values, clearness: Values) -> Values:
    """Return the sun by block: the day's clouds, and those that pass."""
    passing, cloud = [], 0.0
    for _ in range(len(clear_w)):
        cloud = 0.9 * cloud + random.normal(0, 0.12)
        passing.append(cloud)
    part = np.repeat(clearness, BLOCKS)
    # Broken skies vary most.
    wobble = np.array(passing) * np.sqrt(part * (1.05 - part)) * 2
    return np.asarray(clear_w * np.clip(part + wobble, 0.03, 1.0))


def _spot(
    random: np.random.Generator, month: int, days: int, clearness: Values
) -> Values:
    """Return day-ahead prices by quarter hour: two peaks, a night, a dip at noon where the sun shines."""
    hours = np.arange(QUARTERS) / 4
    winter = 0.5 + 0.5 * math.cos(2 * math.pi * month / 12)
    level, out = 0.0, []
    for day in range(days):
        level = 0.7 * level + random.normal(0, 0.02)
        mean = 0.07 + 0.03 * winter + level
        shape = (
            0.035 * np.exp(-(((hours - 8) / 1.6) ** 2))
            + 0.055 * np.exp(-(((hours - 19) / 2.0) ** 2))
            - 0.02 * np.exp(-(((hours - 3) / 3.0) ** 2))
            - (0.08 - 0.06 * winter)
            * clearness[day]
            * np.exp(-(((hours - 13) / 2.5) ** 2))
        )
        if day % 7 >= 5:
            shape = shape - 0.015
        wiggle = np.repeat(random.normal(0, 0.008, 24), 4) + random.normal(
            0, 0.004, QUARTERS
        )
        out.append(mean + shape * random.lognormal(0, 0.25) + wiggle)
    return np.concatenate(out)


def _stays(random: np.random.Generator, days: int) -> list[Stay]:
    """Return who is plugged in when: one commutes, one comes and goes; both forget it sometimes."""
    stays: list[Stay] = []
    large, small = CARS
    home = int(random.normal(17.5 * 60, 45))
    for day in range(days - 1):
        weekend_follows = day % 7 == 4
        leaves_day = day + (3 if weekend_follows and random.random() < 0.5 else 1)
        arrives = day * DAY_MIN + int(np.clip(random.normal(17.6 * 60, 50), 900, 1300))
        free = not stays or arrives >= stays[-1].leaves_min + 30
        if random.random() < 0.85 and leaves_day < days and free:
            leaves = leaves_day * DAY_MIN + int(
                np.clip(random.normal(7.6 * 60, 30), 330, 660)
            )
            stays.append(
                _stay(random, large, arrives, leaves, random.uniform(5_000, 24_000))
            )
    last = home - DAY_MIN
    for day in range(days - 1):
        arrives = day * DAY_MIN + int(random.uniform(12 * 60, 18 * 60))
        if random.random() < 0.3 or arrives < last + 60:
            continue
        leaves = (day + 1) * DAY_MIN + int(random.uniform(8 * 60, 11.5 * 60))
        last = leaves
        stays.append(
            _stay(random, small, arrives, leaves, random.uniform(3_000, 14_000))
        )
    return sorted(stays, key=lambda stay: stay.arrives_min)


def _stay(
    random: np.random.Generator, car: Car, arrives: int, leaves: int, needed_wh: float
) -> Stay:
    """Return a stay; the driver says a quarter hour up to an hour before he leaves."""
    says = int(leaves - random.uniform(0, 45)) // QUARTER_MIN * QUARTER_MIN
    stored_w = car.most_w * CHARGE_EFFICIENCY - STANDBY_W
    most_wh = 0.9 * stored_w * (says - arrives) / 60
    return Stay(
        car=car,
        arrives_min=arrives,
        leaves_min=leaves,
        says_min=says,
        needed_wh=min(needed_wh, most_wh),
    )
