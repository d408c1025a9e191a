"""A picture of a broken day: what the sun leaves for the car, what it is offered, and what it draws, as SVG."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.engine.plant import VOLTAGE_V, Plant

from .skies import HOUR
from .table import Row, run

ROW = Row(sky="broken clouds", phases="1/3")
SEED = 1
HOURS = 1.5
EVERY_S = 5
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 960, 360, 44, 30, 34
MOST_KW = 12

type Samples = list[
    tuple[float, float, float, float]
]  # seconds; sun, offer, draw in kW


def _sample(samples: Samples, at_s: float, plant: Plant) -> None:
    if at_s % EVERY_S:
        return
    assert plant.solar_w is not None
    load_w = sum(plant.loads["main"](at_s)) * VOLTAGE_V
    (car,) = plant.cars
    samples.append(
        (
            at_s,
            max(plant.solar_w(at_s) - load_w, 0.0) / 1000,
            car.offer_a * car.offered_phases * VOLTAGE_V / 1000,
            car.current_a * len(car.using) * VOLTAGE_V / 1000,
        )
    )


def _x(at_s: float) -> float:
    return LEFT + at_s / (HOURS * HOUR) * (WIDTH - LEFT - 8)


def _y(power_kw: float) -> float:
    return HEIGHT - BOTTOM - power_kw / MOST_KW * (HEIGHT - BOTTOM - TOP)


def _points(pairs: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_x(at_s):.1f},{_y(power_kw):.1f}" for at_s, power_kw in pairs)


def _parts(samples: Samples) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">'
    )
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
    for power_kw in range(0, MOST_KW + 1, 2):
        y = _y(power_kw)
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - 8}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{power_kw}</text>'
    for minute in range(0, int(HOURS * 60) + 1, 15):
        x = _x(minute * 60)
        yield f'<text x="{x:.1f}" y="{HEIGHT - 10}" text-anchor="middle">{minute} min</text>'
    sun = [(at_s, sun_kw) for at_s, sun_kw, _, _ in samples]
    ends = [(sun[0][0], 0.0), *sun, (sun[-1][0], 0.0)]
    yield f'<polygon points="{_points(ends)}" fill="#ffd54f"/>'
    for place, (name, color, width) in enumerate(
        (("offer", "#90a4ae", 1), ("draw", "#1565c0", 2)), start=2
    ):
        line = [(sample[0], sample[place]) for sample in samples]
        yield (
            f'<polyline points="{_points(line)}" fill="none" stroke="{color}" '
            f'stroke-width="{width}"><title>{name}</title></polyline>'
        )
    legend = (
        ("sun left by the house, kW", "#ffd54f"),
        ("offer", "#90a4ae"),
        ("draw of the car", "#1565c0"),
    )
    for place, (name, color) in enumerate(legend):
        x = LEFT + place * 200
        yield f'<rect x="{x}" y="10" width="14" height="12" fill="{color}"/>'
        yield f'<text x="{x + 20}" y="20">{name}</text>'
    yield "</svg>"


def draw(path: Path) -> None:
    """Let the hours pass, and write the picture."""
    samples: Samples = []
    run(ROW, True, SEED, HOURS, also=lambda at_s, plant: _sample(samples, at_s, plant))
    path.write_text("\n".join(_parts(samples)) + "\n")
