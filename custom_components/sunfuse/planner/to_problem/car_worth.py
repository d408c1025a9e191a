"""What charging a car is worth in each step, beside what its driver needs: cheap hours, sun, hurry."""

from dataclasses import dataclass
from datetime import timedelta

from ..outlook import QUARTER, CarMode, CarOutlook, Outlook
from ..problem import Series
from .assumed import Assumed

# How much more solar energy is worth in a car than exported, per kilowatt-hour.
_SUN = 0.005
# This share of the lowest power reaches the battery (HTW Berlin, 2025).
_LEAST_STORED = 0.76
# Energy that is needed immediately is worth this multiple of the highest price.
_HURRY = 3.0
# It is full within this multiple of the time that it takes alone.
_SOON = 2.0
# The cheapest quarter of all hours counts as cheap if it costs clearly less than the mean.
_CHEAP_SHARE = 0.25
_CLEARLY = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class CarWorth:
    """Values the steps of an outlook for its cars."""

    outlook: Outlook
    assumed: Assumed
    surplus: Series  # of the sun, in each step

    @property
    def steps(self) -> int:
        """The number of steps."""
        return len(self.outlook.steps_s)

    def hurries(self, car: CarOutlook) -> tuple[bool, ...]:
        """Return the steps in which it charges immediately, whatever it costs."""
        if car.mode is CarMode.OFF:
            return (False,) * self.steps
        until = car.boost_until
        if car.boost_wh is not None and until is None:
            return (False,) * self.steps  # the intermediate goals ensure that
        return tuple(
            car.mode is CarMode.FAST or (until is not None and start < until)
            for start in self.outlook.starts[:-1]
        )

    def cheap(self, car: CarOutlook) -> tuple[bool, ...]:
        """Return the steps in which `eco` charges because it is cheap or clean."""
        if car.mode is not CarMode.ECO:
            return (False,) * self.steps
        prices, grams = self.assumed.import_price, self.assumed.carbon_g
        limit, clean = car.price_limit, car.carbon_limit_g
        if limit is None and not car.goals:
            # A driver who sets a ready time buys no more than needed for it.
            limit = _cheap(self.assumed.import_price)
        return tuple(
            (limit is not None and prices[step] <= limit)
            or (clean is not None and bool(grams) and grams[step] <= clean)
            for step in range(self.steps)
        )

    def waits(self, car: CarOutlook) -> tuple[bool, ...]:
        """Return the steps in which exporting comes first."""
        limit = car.feed_in_first_above
        return tuple(
            limit is not None and price > limit for price in self.assumed.export_price
        )

    def end_value(self, car: CarOutlook, waits: tuple[bool, ...]) -> float:
        """Return what a stored kilowatt-hour is worth: a little more than exporting the solar energy would have earned."""
        if car.mode is CarMode.OFF:
            return 0.0
        earned = (
            price
            for price, waiting, surplus in zip(
                self.assumed.export_price, waits, self.surplus, strict=True
            )
            if surplus > 0 and not waiting
        )
        return (max((0.0, *earned)) + _SUN) / _LEAST_STORED

    def charge_value(
        self,
        cheap: tuple[bool, ...],
        hurries: tuple[bool, ...],
        most_w: float,
        full_wh: float,
    ) -> Series:
        """Return the additional value of charging in a step."""
        if not (any(cheap) or any(hurries)):
            return ()
        prices = self.assumed.import_price
        dearest = max(0.01, *map(abs, prices))
        soon = _SOON * max(
            1.0, full_wh / (max(most_w, 1.0) * QUARTER / timedelta(hours=1))
        )
        values = []
        for step in range(self.steps):
            value = 0.0
            if cheap[step]:
                value = max(0.0, prices[step]) + _SUN
            if hurries[step]:
                # Beside its price, as no cheaper hour is worth waiting for; and clearly less with each step until it may be full.
                early = max(0.0, 1 - step / soon)
                value = max(0.0, prices[step]) + dearest * (1 + _HURRY * early)
            values.append(value)
        return tuple(values)

    def bit_value(self, values: Series, bit_w: float, least_w: float) -> Series:
        """Return the value of charging in a step, less what the last bit costs there beyond its mean power.

        It is charged at the least power for a part of the step: sun below that pays only for its share.
        """
        if bit_w <= 0:  # a full car takes none
            return values
        assumed, found = self.assumed, []
        for step, value in enumerate(values or (0.0,) * self.steps):
            sun_w = self.surplus[step]
            beyond = min(1.0, sun_w / bit_w) - min(1.0, sun_w / least_w)
            dearer = assumed.import_price[step] - assumed.export_price[step]
            found.append(value - beyond * max(0.0, dearer))
        return tuple(found)


def _cheap(prices: Series) -> float:
    """Return the price up to which hours count as cheap; if all prices are equal, none does."""
    quarter = sorted(prices)[int(len(prices) * _CHEAP_SHARE)]
    return min(quarter, _CLEARLY * sum(prices) / len(prices))
