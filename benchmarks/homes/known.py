"""What is known of a home beforehand: prices once they are published, the usual day of its house, a forecast of the sun."""

from datetime import UTC, datetime

import numpy as np

from custom_components.sunfuse.planner import Quantiles

from .world import DAY_MIN, NORMAL_90, QUARTER_MIN, QUARTERS, SUN_ERROR, Values, World

START = datetime(2026, 1, 1, tzinfo=UTC)
PRICES_AT_MIN = 13 * 60


def known_prices(
    world: World, now_min: float, count: int
) -> tuple[tuple[float, ...], int]:
    """Return the prices that are known, and what those after them usually are."""
    first = int(now_min) // QUARTER_MIN
    days = 2 if now_min % DAY_MIN >= PRICES_AT_MIN else 1
    known = (int(now_min) // DAY_MIN + days) * QUARTERS - first
    if world.perfect:
        known = count
    known = min(known, count)
    prices = [
        float(world.import_price[first + step])
        if step < known
        else float(world.past_price[(first + step) % QUARTERS])
        for step in range(count)
    ]
    return tuple(prices), known


def house_ahead(world: World, first: int, count: int) -> Quantiles:
    """Return the house load as it is known beforehand, for so many quarter hours from one on."""
    if world.perfect:
        return _exactly(world.quarters(world.house_w)[first : first + count])
    return usual_house(world, first, count)


def usual_house(world: World, first: int, count: int) -> Quantiles:
    """Return the house load of a usual day."""
    low, median, high = (
        tuple(float(values[(first + step) % QUARTERS]) for step in range(count))
        for values in world.house_expected
    )
    return Quantiles(low=low, median=median, high=high)


def day_peaks(world: World, interval_min: int, top: int) -> tuple[float, ...]:
    """Return the highest interval of days without cars: of the weeks before.

    Where the month is known, it is what its `top` highest days reach, of each day: so it is reached for certain.
    """
    net_w = world.past_net_w
    if world.perfect:
        net_w = world.quarters(world.house_w) - world.quarters(world.sun_w)
        net_w = net_w[: world.days * QUARTERS]
    windows = np.maximum(net_w, 0.0).reshape(-1, interval_min // QUARTER_MIN)
    days_w = windows.mean(axis=1).reshape(len(net_w) // QUARTERS, -1).max(axis=1)
    if world.perfect:
        days_w[:] = np.sort(days_w)[-top]
    return tuple(days_w.tolist())


def sun_ahead(world: World, first: int, count: int) -> Quantiles:
    """Return the sun as it is forecast."""
    if world.perfect:
        return _exactly(world.quarters(world.sun_w)[first : first + count])
    steps = range(first, first + count)
    clear = [float(world.clear_w[step]) for step in steps]
    day = [float(world.sun_forecast[step // QUARTERS]) for step in steps]

    def part(shift: float) -> tuple[float, ...]:
        return tuple(
            power * min(1.0, max(0.05, share + shift))
            for power, share in zip(clear, day, strict=True)
        )

    wide = NORMAL_90 * SUN_ERROR
    return Quantiles(low=part(-wide), median=part(0.0), high=part(wide))


def _exactly(values: Values) -> Quantiles:
    known = tuple(float(value) for value in values)
    return Quantiles(low=known, median=known, high=known)
