"""A night that passes, plan after plan with perfect forecasts: what drivers are told stays true."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from custom_components.sunfuse.planner import (
    CarGoal,
    CarOutlook,
    Intention,
    PeakTariff,
    clock_steps,
    intend,
)

from .sites import EVENING, MORNING, QUARTER, car, exactly, night

_HOUSE_W = 400.0
_VOLTAGE_V = 230.0


@dataclass(kw_only=True)
class _Night:
    """A night in which cars do what is planned."""

    needs_wh: dict[str, float]
    cars: tuple[CarOutlook, ...]
    price: dict[int, float]
    per_kw: float = 0.0
    peak_w: float = 0.0
    # For each car and time of a plan: when it would start.
    told: dict[str, list[datetime]] = field(default_factory=dict)
    charged: dict[str, list[datetime]] = field(default_factory=dict)

    def run(self) -> None:
        now, before = EVENING, None
        while now < MORNING and any(lacks > 1 for lacks in self.needs_wh.values()):
            before = self._plan(now, before)
            self._charge(now, before)
            now += QUARTER

    def _plan(self, now: datetime, before: Intention | None) -> Intention:
        steps_s = clock_steps(now, MORNING)
        steps = len(steps_s)
        tariff = PeakTariff(
            name="quarter hour",
            windows=tuple(range(steps)),
            price_per_kw=self.per_kw,
            floor_w=2_500.0,
            counted_w=(self.peak_w,),
            guarded=True,
        )
        return intend(
            night(
                *(
                    replace(
                        each,
                        full_wh=self.needs_wh[each.id],
                        charging=now - QUARTER in self.charged.get(each.id, ()),
                        goals=(CarGoal(at=MORNING, energy_wh=self.needs_wh[each.id]),),
                    )
                    for each in self.cars
                    if self.needs_wh[each.id] > 1
                ),
                now=now,
                steps_s=steps_s,
                house=exactly(*(_HOUSE_W,) * steps),
                sun=exactly(*(0.0,) * steps),
                import_price=tuple(
                    self.price.get((now + step * QUARTER).hour, 0.30)
                    for step in range(steps)
                ),
                export_price=(0.08,) * steps,
                peaks=(tariff,) if self.per_kw else (),
            ),
            before,
        )

    def _charge(self, now: datetime, plan: Intention) -> None:
        drawn_w = _HOUSE_W
        for planned in plan.cars:
            power_w = planned.slots[0].power_w
            starts = now if power_w > 1 else planned.next_start
            if starts is not None:
                self.told.setdefault(planned.id, []).append(starts)
            if power_w > 1:
                self.needs_wh[planned.id] -= planned.slots[0].energy_wh
                self.charged.setdefault(planned.id, []).append(now)
            drawn_w += power_w
        self.peak_w = max(self.peak_w, drawn_w)

    def put_off(self, name: str) -> timedelta:
        """Return how much later than it was first told a car began."""
        return self.charged[name][0] - self.told[name][0]


@pytest.mark.parametrize("price", [{}, {2: 0.20, 3: 0.20}], ids=["flat", "cheap hours"])
def test_a_start_is_not_put_off_below_a_peak_that_it_cannot_keep(
    price: dict[int, float],
) -> None:
    """With 6 A on three phases it takes 4.14 kW beside 0.4 of the house: no waiting makes the peak lower than 4.54."""
    passes = _Night(
        needs_wh={"zoe": 10_000.0},
        cars=(car(),),
        price=price,
        per_kw=4.2,
    )
    passes.run()
    assert passes.put_off("zoe") == timedelta(0)
    assert passes.needs_wh["zoe"] <= 1
    assert passes.peak_w == pytest.approx(3 * 6 * _VOLTAGE_V + _HOUSE_W, abs=1)


def test_a_peak_that_is_dear_is_no_higher_than_the_minimum_needs_to_be() -> None:
    """Nine hours at 3.6 kW store 30 kWh: at 15 for a kilowatt it takes the whole night rather than more power."""
    passes = _Night(
        needs_wh={"zoe": 30_000.0}, cars=(car(),), price={2: 0.20}, per_kw=15.0
    )
    passes.run()
    assert passes.needs_wh["zoe"] <= 1
    assert passes.peak_w == pytest.approx(3 * 6 * _VOLTAGE_V + _HOUSE_W, abs=50)


def test_the_last_bit_is_no_start_of_its_own() -> None:
    """100 Wh are cheaper by two hundredths of a cent at three; another start costs as much as 50 Wh, a good cent."""
    last = car(energy_wh=100.0, full_wh=100.0, charging=True)
    (planned,) = intend(night(last, cheap={3: 0.338})).cars
    assert [slot.charges for slot in planned.slots].index(True) == 0
    assert sum(slot.charges for slot in planned.slots) == 1
    # Who does not charge needs a start anyway, and it is where power is cheap.
    (waits,) = intend(night(replace(last, charging=False), cheap={3: 0.338})).cars
    assert waits.next_start is not None
    assert waits.next_start.hour == 3
