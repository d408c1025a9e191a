"""What one, two, three chargers would have got from a site in the recorded time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from ..series import percentile

MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Charger:
    """The charger in question, and the energy of a day's driving.

    8 kWh are about 45 km at 18 kWh/100 km, more than a car's mean day in Europe.
    """

    phases: int = 3
    min_a: float = 6.0  # IEC 61851-1: below 6 A there is no charging
    max_a: float = 16.0
    day_kwh: float = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """A period of the history with the load of each phase, without cars."""

    start: datetime
    end: datetime
    load_a: tuple[float, ...]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What a number of chargers would have got.

    Attributes:
        chargers: how many.
        all_at_once: share of the time in which all could charge at their minimum.
        any_at_all: share of the time in which at least one could charge.
        night_kwh: what each gets in a usual night (22:00 to 7:00), the median.
        poor_night_kwh: what each gets in the poorest night of ten.
        enough: a day's driving for each even in a poor night.

    """

    chargers: int
    all_at_once: float
    any_at_all: float
    night_kwh: float
    poor_night_kwh: float
    enough: bool


def outlooks(
    minutes: Sequence[Minute],
    limit_a: float,
    voltage_v: float,
    charger: Charger,
    tz: tzinfo,
) -> tuple[Carried, ...]:
    """Return the result for one charger, two, and so on, until it is not enough.

    At least four, so that the page has something to compare; at most fifty.
    """
    found: list[Carried] = []
    dated = [(minute, _night(minute.start.astimezone(tz))) for minute in minutes]
    while len(found) < MOST:
        found.append(_outlook(len(found) + 1, dated, limit_a, voltage_v, charger))
        if len(found) >= 4 and not found[-1].enough:
            break
    return tuple(found)


# From 22:00 to 7:00.
NIGHT_H = 9


def _night(local: datetime) -> date | None:
    """Return the date of the evening on which the night of a local time began; None during the day."""
    night = local.hour >= 22 or local.hour < 7
    return (local - timedelta(hours=12)).date() if night else None


def _outlook(
    chargers: int,
    dated: Sequence[tuple[Minute, date | None]],
    limit_a: float,
    voltage_v: float,
    charger: Charger,
) -> Carried:
    """Simulate a number of chargers over the whole time, each with a hungry car."""
    total_s = all_s = any_s = 0.0
    nights: dict[date, float] = {}
    hours: dict[date, float] = {}
    for minute, night in dated:
        running, amps = shared(minute.load_a, limit_a, chargers, charger)
        total_s += minute.seconds
        all_s += minute.seconds if running == chargers else 0.0
        any_s += minute.seconds if running else 0.0
        if night is not None:
            kwh = amps * voltage_v * minute.seconds / 3.6e6
            nights[night] = nights.get(night, 0.0) + kwh
            hours[night] = hours.get(night, 0.0) + minute.seconds / 3600
    # A night of which less than eight hours are known does not count.
    # One of which an hour is unknown, such as the first, is no poorer for that.
    whole = [
        kwh / chargers * NIGHT_H / hours[night]
        for night, kwh in nights.items()
        if hours[night] >= 7.5
    ]
    poor = percentile(whole, 10) if whole else 0.0
    return Carried(
        chargers=chargers,
        all_at_once=all_s / total_s,
        any_at_all=any_s / total_s,
        night_kwh=percentile(whole, 50) if whole else 0.0,
        poor_night_kwh=poor,
        enough=poor >= charger.day_kwh,
    )


def shared(
    load_a: Sequence[float], limit_a: float, chargers: int, charger: Charger
) -> tuple[int, float]:
    """Return how many charge at once, and the amperes of all phases added.

    Chargers on all phases are bound by the fullest phase. Chargers on one phase are
    spread, the emptiest phase first, as an electrician would.
    """
    # Feed-in never raises a limit: a cloud removes it too quickly.
    rooms = sorted((limit_a - max(0.0, amps) for amps in load_a), reverse=True)
    if charger.phases > 1:
        used = min(charger.phases, len(rooms))
        running, amps = _filled(rooms[-1], chargers, charger)
        return running, amps * used
    running_total, amps_total = 0, 0.0
    for index, room in enumerate(rooms):
        mine = chargers // len(rooms) + (index < chargers % len(rooms))
        running, amps = _filled(room, mine, charger)
        running_total += running
        amps_total += amps
    return running_total, amps_total


def _filled(room_a: float, chargers: int, charger: Charger) -> tuple[int, float]:
    """Return how many of some chargers fit into a headroom, and their total current."""
    running = min(chargers, max(0, int(room_a // charger.min_a)))
    return running, min(room_a, running * charger.max_a) if running else 0.0
