"""Who charges in the half year of the simulated site: when each driver comes and leaves, and how much he needs."""

from collections.abc import Sequence
from dataclasses import dataclass

VOLTAGE_V = 230.0
MIN_A = 6.0
WORKING_DAYS = range(5)


@dataclass(frozen=True, kw_only=True)
class Habit:
    """When a driver comes and leaves on some days of the week, and how much he needs."""

    weekdays: Sequence[int]
    comes: tuple[float, float]  # local hour, and how much it varies
    leaves: tuple[float, float]  # on the next day where it is before he comes
    kwh: tuple[float, float]
    often: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Driver:
    """Somebody who charges here: of the family, of the business, or a guest."""

    name: str
    station: str
    phases: int
    max_a: float
    habits: tuple[Habit, ...]
    card: str | None = None
    vehicle: str | None = None
    at_work: bool = False  # of the business
    by_hand: bool = False  # starts and stops by a card

    @property
    def full_w(self) -> float:
        """The most that car and charger can do together."""
        return self.max_a * self.phases * VOLTAGE_V

    @property
    def least_w(self) -> float:
        """The least with which a car charges."""
        return MIN_A * self.phases * VOLTAGE_V


ANNA, BEN = "Anna", "Ben"
CHRIS, DANA, WORKSHOP = "Chris", "Dana", "Workshop van"
GARAGE, CARPORT, STREET = "SIM-GARAGE", "SIM-CARPORT", "SIM-STREET"

DRIVERS = (
    Driver(
        name=ANNA,
        station=GARAGE,
        phases=3,
        max_a=16.0,
        card="04A1B2C3D4E501",
        vehicle=GARAGE,
        habits=(
            Habit(
                weekdays=range(4),
                comes=(17.6, 0.5),
                leaves=(7.3, 0.25),
                kwh=(7, 18),
                often=0.9,
            ),
            Habit(
                weekdays=(4,),
                comes=(16.5, 0.8),
                leaves=(9.5, 1.0),
                kwh=(9, 22),
                often=0.9,
            ),
            Habit(
                weekdays=(5,),
                comes=(11.5, 0.8),
                leaves=(10.0, 1.0),
                kwh=(6, 20),
                often=0.8,
            ),
            Habit(
                weekdays=(6,),
                comes=(12.0, 0.8),
                leaves=(7.3, 0.25),
                kwh=(8, 25),
                often=0.8,
            ),
        ),
    ),
    Driver(
        name=BEN,
        station=CARPORT,
        phases=3,
        max_a=16.0,
        card="04A1B2C3D4E502",
        vehicle=CARPORT,
        habits=(
            Habit(
                weekdays=range(7),
                comes=(9.7, 0.6),
                leaves=(8.4, 0.5),
                kwh=(5, 16),
                often=0.75,
            ),
        ),
    ),
    Driver(
        name=CHRIS,
        station=STREET,
        phases=1,
        max_a=16.0,
        card="04A1B2C3D4E503",
        at_work=True,
        by_hand=True,
        habits=(
            Habit(
                weekdays=(0, 2, 4), comes=(8.1, 0.2), leaves=(16.2, 0.3), kwh=(6, 14)
            ),
        ),
    ),
    Driver(
        name=DANA,
        station=STREET,
        phases=1,
        max_a=16.0,
        card="04A1B2C3D4E504",
        at_work=True,
        by_hand=True,
        habits=(
            Habit(weekdays=(1, 3), comes=(8.6, 0.3), leaves=(15.3, 0.5), kwh=(5, 12)),
        ),
    ),
    Driver(
        name=WORKSHOP,
        station=STREET,
        phases=1,
        max_a=20.0,
        card="04A1B2C3D4E505",
        at_work=True,
        habits=(
            Habit(
                weekdays=WORKING_DAYS,
                comes=(17.3, 0.5),
                leaves=(6.8, 0.2),
                kwh=(12, 30),
                often=0.95,
            ),
        ),
    ),
    Driver(
        name="",
        station=STREET,
        phases=1,
        max_a=16.0,
        habits=(
            Habit(
                weekdays=(5, 6),
                comes=(13.0, 1.5),
                leaves=(18.0, 1.5),
                kwh=(4, 12),
                often=0.4,
            ),
        ),
    ),
)
