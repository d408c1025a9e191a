"""Small sites whose sharing can be calculated by hand: the pictures of docs/sharing.md show them, and a test holds them.

`python -m benchmarks.sharing.examples docs/images` draws the pictures again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
import sys

from custom_components.sunfuse.engine.model import Circuit, Connector, Mode, PerPhase
from tests.engine.plant import Car, Load, Plant, steady

MAIN = Circuit(
    id="main", name="Main fuse", parent=None, limit_a=(25, 25, 25), margin_a=1
)
GARAGE = Circuit(
    id="garage",
    name="Garage",
    parent="main",
    limit_a=(20, 20, 20),
    margin_a=1,
    assumed_load_a=(3, 3, 3),
)
SETTLED_S = 360  # until ramps and waiting times are over
HOUSE, FREE, MARGIN = "#b0bec5", "#e8f5e9", "#ffe0b2"
COLORS = ("#1565c0", "#2e7d32", "#8e24aa", "#ef6c00")


def car(
    name: str,
    *phases: int,
    mode: Mode = Mode.FAST,
    circuit: str = "main",
    max_a: float = 16,
) -> Car:
    """Return a car that takes exactly what it is offered, on the phases (0 is L1) that its charger is wired to."""
    wired = phases or (0, 1, 2)
    connector = Connector(
        id=name, circuit=circuit, phases=wired, mode=mode, max_a=max_a
    )
    return Car(connector=connector, phases=len(wired), max_a=max_a, takes=1.0)


@dataclass(frozen=True, kw_only=True)
class Example:
    """A site at rest: what the house takes on each phase, and which cars are there."""

    title: str
    house_a: PerPhase
    cars: tuple[Car, ...]
    circuits: tuple[Circuit, ...] = (MAIN,)

    def settle(self) -> Plant:
        """Return the site some minutes later."""
        plant = Plant(
            cars=list(self.cars),
            circuits=self.circuits,
            loads={"main": steady(*self.house_a)},
        )
        plant.run(SETTLED_S)
        return plant


def examples() -> dict[str, Example]:
    """Return the sites by name; each call makes new cars."""
    return {
        "two cars": Example(
            title="Two cars share what the house leaves",
            house_a=(8, 4, 6),
            cars=(car("A"), car("B")),
        ),
        "oven": Example(
            title="The oven is on, on L1",
            house_a=(11, 4, 6),
            cars=(car("A"), car("B")),
        ),
        "rotated": Example(
            title="Single-phase cars, one on each phase",
            house_a=(8, 4, 6),
            cars=tuple(car(name, phase, max_a=32) for phase, name in enumerate("ABC")),
        ),
        "not rotated": Example(
            title="The same cars, all on L1",
            house_a=(8, 4, 6),
            cars=tuple(car(name, 0, max_a=32) for name in "ABC"),
        ),
        "mixed": Example(
            title="A three-phase car beside one on L1",
            house_a=(8, 4, 6),
            cars=(car("A"), car("B", 0)),
        ),
        "scarce": Example(
            title="Too little for three: one waits",
            house_a=(10, 8, 9),
            cars=(car("A"), car("B"), car("C")),
        ),
        "garage": Example(
            title="Two cars behind the garage's fuse",
            house_a=(2, 2, 2),
            cars=(car("A", circuit="garage"), car("B", circuit="garage")),
            circuits=(MAIN, GARAGE),
        ),
    }


# The pictures: a column for each phase of the main fuse, a colour for each car.
PANEL_W, PANEL_H, COLUMN_W, SCALE = 300, 300, 46, 7.6
BOTTOM = 250
SHOWN = ("two cars", "oven", "scarce", "rotated", "not rotated", "mixed")


def _panel(example: Example, left: float) -> Iterator[str]:
    plant = example.settle()
    limit_a, margin_a = MAIN.limit_a[0], MAIN.margin_a
    yield (f'<text x="{left + 20}" y="20" font-weight="bold">{example.title}</text>')
    for phase in range(3):
        x = left + 52 + phase * (COLUMN_W + 22)
        y = float(BOTTOM)
        parts = [(HOUSE, example.house_a[phase], "house")]
        parts += [
            (COLORS[place], one.draw(3)[phase], one.connector.id)
            for place, one in enumerate(plant.cars)
        ]
        for color, amperes, name in parts:
            if amperes <= 0:
                continue
            height = amperes * SCALE
            y -= height
            yield (
                f'<rect x="{x}" y="{y:.1f}" width="{COLUMN_W}" height="{height:.1f}" fill="{color}"/>'
            )
            yield (
                f'<text x="{x + COLUMN_W / 2}" y="{y + height / 2 + 4:.1f}" text-anchor="middle" '
                f'fill="{"#000" if name == "house" else "#fff"}">{amperes:.3g} A</text>'
            )
        top = BOTTOM - (limit_a - margin_a) * SCALE
        if y > top + 0.5:
            yield f'<rect x="{x}" y="{top:.1f}" width="{COLUMN_W}" height="{y - top:.1f}" fill="{FREE}"/>'
        height = margin_a * SCALE
        yield f'<rect x="{x}" y="{top - height:.1f}" width="{COLUMN_W}" height="{height:.1f}" fill="{MARGIN}"/>'
        yield f'<text x="{x + COLUMN_W / 2}" y="{BOTTOM + 18}" text-anchor="middle">L{phase + 1}</text>'
    y = BOTTOM - limit_a * SCALE
    yield f'<path d="M{left + 44} {y:.1f}H{left + PANEL_W - 44}" stroke="#c62828" stroke-width="2"/>'
    yield f'<text x="{left + 40}" y="{y + 4:.1f}" text-anchor="end" fill="#c62828">{limit_a:g} A</text>'
    waiting = [c.connector.id for c in plant.cars if not c.current_a]
    names = [
        (COLORS[place], f"car {one.connector.id}")
        for place, one in enumerate(plant.cars)
    ]
    for place, (color, name) in enumerate(names):
        x = left + 30 + place * 62
        yield f'<rect x="{x}" y="{BOTTOM + 30}" width="12" height="12" fill="{color}"/>'
        yield f'<text x="{x + 17}" y="{BOTTOM + 41}">{name}</text>'
    if waiting:
        yield (
            f'<text x="{left + 222}" y="{BOTTOM + 41}">{", ".join(waiting)} waits</text>'
        )


def panels() -> str:
    """Return the picture of the sites at rest, side by side."""
    sites = examples()
    return _svg(
        PANEL_W * 3,
        PANEL_H * 2,
        [
            f'<g transform="translate(0 {PANEL_H * (place // 3)})">'
            + "".join(_panel(sites[name], PANEL_W * (place % 3)))
            + "</g>"
            for place, name in enumerate(SHOWN)
        ],
    )


def evening() -> Plant:
    """Return two cars in an evening in which the oven is on for 20 minutes, and one car leaves before the other."""
    first, second = car("A"), car("B")
    first.arrives_s, second.arrives_s = 120, 900
    second.leaves_s = 3000
    return Plant(
        cars=[first, second], circuits=(MAIN,), loads={"main": _house_in_the_evening()}
    )


def _house_in_the_evening() -> Load:
    def load(at_s: float) -> PerPhase:
        cooks = 1500 <= at_s < 2700
        return (14.0 if cooks else 4.0, 4.0, 3.0)

    return load


HOUR_W, HOUR_H, LEFT, MINUTES = 900, 300, 44, 60


def timeline() -> str:
    """Return the picture of that evening on L1: house and cars stacked, below the line of the fuse."""
    plant = evening()
    samples: list[tuple[float, ...]] = []

    def watch(at_s: float, plant: Plant) -> None:
        if at_s % 10 == 0:
            samples.append(
                (
                    at_s,
                    plant.loads["main"](at_s)[0],
                    *(c.draw(3)[0] for c in plant.cars),
                )
            )

    plant.watch = watch
    plant.run(MINUTES * 60)
    return _svg(HOUR_W, HOUR_H, _stacked(samples))


def _stacked(samples: Sequence[tuple[float, ...]]) -> Iterator[str]:
    def x(at_s: float) -> float:
        return LEFT + at_s / (MINUTES * 60) * (HOUR_W - LEFT - 10)

    def y(amperes: float) -> float:
        return HOUR_H - 30 - amperes / 36 * (HOUR_H - 64)

    for amperes in range(0, 26, 5):
        yield f'<path d="M{LEFT} {y(amperes):.1f}H{HOUR_W - 10}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 6}" y="{y(amperes) + 4:.1f}" text-anchor="end">{amperes}</text>'
    for minute in range(0, MINUTES + 1, 10):
        yield f'<text x="{x(minute * 60):.1f}" y="{HOUR_H - 10}" text-anchor="middle">{minute} min</text>'
    below = [0.0] * len(samples)
    layers = (("house", HOUSE), ("car A", COLORS[0]), ("car B", COLORS[1]))
    for place, (_, color) in enumerate(layers, start=1):
        above = [low + one[place] for low, one in zip(below, samples, strict=True)]
        there = [
            f"{x(one[0]):.1f},{y(top):.1f}"
            for one, top in zip(samples, above, strict=True)
        ]
        back = [
            f"{x(one[0]):.1f},{y(low):.1f}"
            for one, low in zip(reversed(samples), reversed(below), strict=True)
        ]
        yield f'<polygon points="{" ".join(there + back)}" fill="{color}"/>'
        below = above
    yield f'<path d="M{LEFT} {y(25):.1f}H{HOUR_W - 10}" stroke="#c62828" stroke-width="2"/>'
    for place, (name, color) in enumerate((*layers, ("main fuse, 25 A", "#c62828"))):
        left = LEFT + place * 110
        yield f'<rect x="{left}" y="8" width="12" height="12" fill="{color}"/>'
        yield f'<text x="{left + 18}" y="18">{name}</text>'


def _svg(width: int, height: int, parts: Iterator[str] | Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">'
    )
    paper = f'<rect width="{width}" height="{height}" fill="#fff"/>'
    return "\n".join([head, paper, *parts, "</svg>", ""])


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "sharing.svg").write_text(panels())
    (folder / "evening.svg").write_text(timeline())
