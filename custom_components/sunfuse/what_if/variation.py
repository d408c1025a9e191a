"""What is varied: a policy, a tariff, a fuse, a battery, a roof, the number of chargers, prices, and how much is used."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from ..engine.model import Mode
from .past_weeks import PastStay, PastWeek
from .peak_price import WeekPeaks
from .plant import HomeStorage, Outlet
from .replay import ReplayedSite

_WEEK = timedelta(weeks=1)
# The import and the export price of a quarter hour; None: as it was.
type WeekPrices = Mapping[datetime, tuple[float, float]]


class ChargingPolicy(StrEnum):
    """How cars are charged: by a mode of Sunfuse, or with full power from the moment they are plugged in."""

    ECO = Mode.ECO.value
    SOLAR = Mode.SOLAR.value
    SOLAR_MIN = Mode.SOLAR_MIN.value
    FAST = Mode.FAST.value
    UNCONTROLLED = "uncontrolled"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSetup:
    """A site as it is today: wiring, connectors, battery, and what peaks cost."""

    site: ReplayedSite
    outlets: tuple[Outlet, ...]
    storage: HomeStorage | None = None
    policy: ChargingPolicy | None = None  # None: each connector in its own mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """What is different; what is None stays as it is. The factors are of the energy prices, and of what house and cars use."""

    policy: ChargingPolicy | None = None
    fuse_a: float | None = None
    storage: HomeStorage | None = None
    solar_factor: float = 1.0
    chargers: int | None = None
    # Of each week: prices, and what peaks cost.
    prices: Callable[[PastWeek], WeekPrices] | None = None
    peaks: Callable[[PastWeek], WeekPeaks] | None = None
    price_factor: float = 1.0
    use_factor: float = 1.0


def varied_setup(setup: SiteSetup, variation: Variation) -> SiteSetup:
    """Return a site as it would be."""
    circuits = setup.site.circuits
    if variation.fuse_a is not None:
        root = circuits[0]
        limits = (variation.fuse_a,) * len(root.limit_a)
        circuits = (replace(root, limit_a=limits, rated_a=limits), *circuits[1:])
    return replace(
        setup,
        site=replace(setup.site, circuits=circuits),
        outlets=_outlets(setup.outlets, circuits[0].id, variation.chargers),
        storage=variation.storage or setup.storage,
        policy=variation.policy or setup.policy,
    )


def varied_week(
    week: PastWeek, setup: SiteSetup, variation: Variation, before: Sequence[PastStay]
) -> PastWeek:
    """Return a week as it would have been; `before` are the stays of the week before it, for additional cars."""
    use = variation.use_factor
    prices = variation.prices(week) if variation.prices else {}
    quarters = [
        prices.get(start, (bought, sold))
        for start, bought, sold in zip(
            week.starts, week.import_price, week.export_price, strict=True
        )
    ]
    factor = variation.price_factor
    stays = _stays(week, setup.outlets, variation.chargers, before)
    return replace(
        week,
        house_w=tuple(power_w * use for power_w in week.house_w),
        sun_w=tuple(power_w * variation.solar_factor for power_w in week.sun_w),
        import_price=tuple(bought * factor for bought, _ in quarters),
        export_price=tuple(sold * factor for _, sold in quarters),
        stays=tuple(replace(stay, energy_wh=stay.energy_wh * use) for stay in stays),
    )


def _outlets(
    outlets: tuple[Outlet, ...], root: str, number: int | None
) -> tuple[Outlet, ...]:
    """Return so many connectors: the first ones, or also others that are like them, on the main circuit."""
    if number is None:
        return outlets
    more = [
        replace(
            outlets[index % len(outlets)], id=f"additional {index + 1}", circuit=root
        )
        for index in range(number - len(outlets))
    ]
    return (*outlets[:number], *more)


def _stays(
    week: PastWeek,
    outlets: tuple[Outlet, ...],
    number: int | None,
    before: Sequence[PastStay],
) -> list[PastStay]:
    """Return who is plugged in where, with another number of chargers.

    At an additional charger is a car that is used like that of another charger in the week before. With fewer, cars
    take turns at those that are left; who finds none that is free is at a place that is taken, and goes without.
    """
    if number is None:
        return list(week.stays)
    ids = [outlet.id for outlet in outlets]
    kept = ids[:number]
    stays = [stay for stay in week.stays if stay.connector in kept]
    homeless = [stay for stay in week.stays if stay.connector not in kept]
    for stay in sorted(homeless, key=lambda one: one.came):
        free = [
            place
            for place in kept
            if all(
                other.left <= stay.came or stay.left <= other.came
                for other in stays
                if other.connector == place
            )
        ]
        stays.append(replace(stay, connector=(free or kept)[0]))
    for index in range(number - len(ids)):
        like = ids[index % len(ids)]
        stays += [
            replace(
                stay,
                connector=f"additional {index + 1}",
                came=stay.came + _WEEK,
                left=stay.left + _WEEK,
            )
            for stay in before
            if stay.connector == like
        ]
    return stays
