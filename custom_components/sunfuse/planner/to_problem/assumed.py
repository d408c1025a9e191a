"""The values that a plan assumes for what is not known, and the list of these assumptions."""

from dataclasses import dataclass

from ..intention import Assumption
from ..outlook import Outlook, Quantiles
from ..problem import Series

# A household of 3500 kWh a year.
_HOUSE_W = 400.0
# Per kilowatt-hour, if no price is known: roughly what a household in Europe pays. It only affects comparisons.
_PRICE = 0.30


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """The series of an outlook, complete, and what of them was assumed."""

    house: Quantiles
    sun: Quantiles
    import_price: Series
    export_price: Series
    carbon_g: Series  # empty where carbon does not count, or nobody knows it
    assumptions: tuple[Assumption, ...]


def complete(outlook: Outlook) -> Assumed:
    """Return all series of an outlook, with typical values for what is not known."""
    steps = len(outlook.steps_s)
    found: list[Assumption] = []

    def known(values: Series, usual: float, otherwise: Assumption) -> Series:
        if len(values) == steps:
            return values
        found.append(otherwise)
        if values:  # what is known ends early: the rest costs what that does on average
            usual = sum(values) / len(values)
        return (*values[:steps], *((usual,) * (steps - len(values))))

    prices = outlook.import_price
    import_price = known(
        prices,
        _PRICE,
        Assumption.PRICES_ESTIMATED if prices else Assumption.PRICES_UNKNOWN,
    )
    if outlook.known_prices is not None and outlook.known_prices < min(
        steps, len(prices)
    ):
        found.append(Assumption.PRICES_ESTIMATED)
    export_price = known(outlook.export_price, 0.0, Assumption.EXPORT_UNKNOWN)
    carbon_g: Series = ()
    if _carbon_counts(outlook):
        if outlook.carbon_g:
            carbon_g = known(outlook.carbon_g, 0.0, Assumption.CARBON_UNKNOWN)
        else:
            found.append(Assumption.CARBON_UNKNOWN)
    house = _quantiles(outlook.house, steps)
    if house is None:
        found.append(Assumption.HOUSE_UNKNOWN)
        house = _flat(_HOUSE_W, steps)
    sun = _quantiles(outlook.sun, steps)
    if sun is None:
        found.append(Assumption.SUN_UNKNOWN)
        sun = _flat(0.0, steps)
    return Assumed(
        house=house,
        sun=sun,
        import_price=import_price,
        export_price=export_price,
        carbon_g=carbon_g,
        assumptions=tuple(dict.fromkeys(found)),
    )


def _carbon_counts(outlook: Outlook) -> bool:
    return outlook.carbon_weight > 0 or any(
        car.carbon_limit_g is not None for car in outlook.cars
    )


def _quantiles(expected: Quantiles | None, steps: int) -> Quantiles | None:
    """Return quantiles as long as the steps; a forecast that ends early goes on as it was a day before."""
    if expected is None or not expected.median:
        return None
    return Quantiles(
        low=_longer(expected.low, steps),
        median=_longer(expected.median, steps),
        high=_longer(expected.high, steps),
    )


def _longer(values: Series, steps: int) -> Series:
    longer = list(values[:steps])
    while len(longer) < steps:
        longer.append(longer[-96] if len(longer) >= 96 else longer[-1])
    return tuple(longer)


def _flat(power_w: float, steps: int) -> Quantiles:
    values = (power_w,) * steps
    return Quantiles(low=values, median=values, high=values)
