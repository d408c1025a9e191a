"""Ten vans at six o'clock on one feeder with a demand charge: `python -m benchmarks.homes.vans [--picture docs/images/ten-vans.svg]`.

Each comes between half past five and half past six in the evening, needs 25 to 45 kWh by six in the morning, and takes 11 kW. The
feeder carries 3 x 160 A beside a workshop that takes 8 kW until seven and 2 kW at night; a kilowatt of the month's highest quarter
hour costs 15. There is a plan each quarter hour, and each van takes what its plan says.
"""

from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from pathlib import Path
import sys

import numpy as np

from custom_components.sunfuse.planner import (
    CarGoal,
    CarOutlook,
    CircuitOutlook,
    Intention,
    Outlook,
    PeakTariff,
    Quantiles,
    clock_steps,
    intend,
)

START = datetime(2026, 11, 12, 17, 30, tzinfo=UTC)
END = datetime(2026, 11, 13, 6, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
FEEDER_A = 160.0
MOST_W = 11_040.0
STORED_W = 0.92 * MOST_W - 225
PRICE_PER_KW = 15.0
VANS = 10
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 960, 320, 44, 30, 34


def vans() -> list[tuple[datetime, float]]:
    """Return when each van comes, and what it needs."""
    random = np.random.default_rng(7)
    return [
        (
            START + timedelta(minutes=int(random.uniform(0, 4)) * 15),
            float(random.uniform(25_000, 45_000)),
        )
        for _ in range(VANS)
    ]


def workshop_w(at: datetime) -> float:
    """Return what the workshop takes."""
    return 8_000.0 if at.hour in (17, 18) else 2_000.0


def uncontrolled(count: int) -> list[float]:
    """Return the power of each quarter hour where every van charges at once."""
    power = [workshop_w(START + step * QUARTER) for step in range(count)]
    for comes, needed_wh in vans():
        left_wh = needed_wh
        for step in range((comes - START) // QUARTER, count):
            part = min(1.0, left_wh / (STORED_W * 0.25))
            power[step] += MOST_W * part
            left_wh -= STORED_W * 0.25 * part
    return power


def planned(count: int) -> tuple[list[float], float]:
    """Return the power of each quarter hour as it is planned, and what is missing at six o'clock."""
    stored = [0.0] * VANS
    power: list[float] = []
    intention: Intention | None = None
    for step in range(count):
        now = START + step * QUARTER
        arrived = [number for number, (comes, _) in enumerate(vans()) if comes <= now]
        intention = intend(
            _outlook(now, arrived, stored, max(power, default=0.0)), intention
        )
        taken_w = workshop_w(now)
        for car in intention.cars:
            slot = next(slot for slot in car.slots if slot.start <= now < slot.end)
            taken_w += slot.power_w
            stored[int(car.id)] += slot.energy_wh
        power.append(taken_w)
    missing_wh = sum(
        max(0.0, needed_wh - held_wh)
        for (_, needed_wh), held_wh in zip(vans(), stored, strict=True)
    )
    return power, missing_wh


def _outlook(
    now: datetime, arrived: list[int], stored: list[float], peak_w: float
) -> Outlook:
    steps_s = clock_steps(now, END)
    count = len(steps_s)
    house = tuple(workshop_w(now + step * QUARTER) for step in range(count))
    return Outlook(
        now=now,
        steps_s=steps_s,
        circuits=(CircuitOutlook(id="feeder", limit_a=(FEEDER_A,) * 3),),
        house=Quantiles(low=house, median=house, high=house),
        sun=Quantiles(low=(0.0,) * count, median=(0.0,) * count, high=(0.0,) * count),
        import_price=(0.18,) * count,
        export_price=(0.0,) * count,
        peaks=(
            PeakTariff(
                name="demand",
                windows=tuple(range(count)),
                price_per_kw=PRICE_PER_KW,
                counted_w=(peak_w,),
            ),
        ),
        cars=tuple(
            _van(number, comes, needed_wh, number in arrived, stored[number])
            for number, (comes, needed_wh) in enumerate(vans())
        ),
    )


def _van(
    number: int, comes: datetime, needed_wh: float, arrived: bool, stored_wh: float
) -> CarOutlook:
    lacks_wh = max(0.0, needed_wh - stored_wh)
    return CarOutlook(
        id=str(number),
        circuit="feeder",
        connected=arrived,
        arrives=None if arrived else comes,
        full_wh=lacks_wh,
        goals=(CarGoal(at=END, energy_wh=lacks_wh),),
    )


def picture(rows: dict[str, list[float]], colors: tuple[str, ...]) -> str:
    """Return both nights as SVG."""
    most_kw = max(max(power) for power in rows.values()) / 1000 * 1.05
    count = len(next(iter(rows.values())))

    def x(step: float) -> float:
        return LEFT + step / count * (WIDTH - LEFT - 8)

    def y(power_kw: float) -> float:
        return HEIGHT - BOTTOM - power_kw / most_kw * (HEIGHT - BOTTOM - TOP)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for power_kw in range(0, int(most_kw) + 1, 20):
        parts.append(f'<path d="M{LEFT} {y(power_kw):.1f}H{WIDTH - 8}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{LEFT - 6}" y="{y(power_kw) + 4:.1f}" text-anchor="end">{power_kw}</text>'
        )
    for step in range(2, count, 8):
        at = START + step * QUARTER
        parts.append(
            f'<text x="{x(step):.1f}" y="{HEIGHT - 10}" text-anchor="middle">{at:%H:%M}</text>'
        )
    for place, ((name, power), color) in enumerate(
        zip(rows.items(), colors, strict=True)
    ):
        points = " ".join(
            f"{x(step + end):.1f},{y(each / 1000):.1f}"
            for step, each in enumerate(power)
            for end in (0, 1)
        )
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>'
        )
        left = LEFT + place * 260
        parts.append(f'<rect x="{left}" y="10" width="14" height="12" fill="{color}"/>')
        parts.append(
            f'<text x="{left + 20}" y="20">{name}: {max(power) / 1000:.0f} kW</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def cli() -> int:
    """Print both peaks; draw them where asked to."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--picture", type=Path)
    asked = parser.parse_args()
    count = (END - START) // QUARTER
    before = uncontrolled(count)
    after, missing_wh = planned(count)
    energy_wh = sum(after) / 4
    print(f"{VANS} vans, {sum(wh for _, wh in vans()) / 1000:.0f} kWh by 06:00")
    for name, power in (("uncontrolled", before), ("planned", after)):
        print(
            f"{name}: {max(power) / 1000:.1f} kW, {max(power) / 1000 * PRICE_PER_KW:.0f} a month"
        )
    print(
        f"missing: {missing_wh / 1000:.2f} kWh; mean power {energy_wh / count * 4 / 1000:.1f} kW, which no plan can be below"
    )
    if asked.picture:
        rows = {"uncontrolled": before, "planned": after}
        asked.picture.write_text(
            picture(rows, ("#90a4ae", "#1565c0")), encoding="utf-8"
        )
    return 0


if __name__ == "__main__":
    sys.exit(cli())
