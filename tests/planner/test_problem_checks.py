"""What may be asked of the planner: contradictions are refused in words, and lists and arrays are series as well."""

from dataclasses import replace

import numpy as np
import pytest

from custom_components.sunfuse.planner import Circuit, Goal, Peak, solve

from .common import car, problem

PEAK = Peak(price_per_kw=1.0, windows=(0,) * 4, level_w=2_500.0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"load_w": (0.0,)}, "load_w: 1 values for 4 steps"),
        ({"import_price": (float("nan"),) * 4}, "import_price"),
        ({"steps_s": (0.0,) * 4}, "steps_s"),
        ({"stores": (car(), car())}, "zoe stands twice"),
        ({"stores": (car(goals=(Goal(step=4, energy_wh=1.0),)),)}, "step 4 of 4"),
        ({"stores": (car(circuit="shed"),)}, "no circuit shed"),
        ({"stores": (car(charge_efficiency=0.0),)}, "charge_efficiency"),
        ({"stores": (car(min_wh=60_000.0),)}, "min_wh is above max_wh"),
        ({"stores": (car(phases=(3,)),)}, "phases"),
        ({"circuits": (Circuit(id="a", limit_a=(1.0,)),)}, "has not 3 phases"),
        (
            {
                "circuits": (
                    Circuit(id="a", parent="b", limit_a=(1.0,) * 3),
                    Circuit(id="b", parent="a", limit_a=(1.0,) * 3),
                )
            },
            "hangs from itself",
        ),
        ({"peaks": (Peak(price_per_kw=1.0, windows=(0,)),)}, "windows: 1 of 4"),
        (
            {"peaks": (Peak(price_per_kw=-1.0, windows=(0,) * 4),)},
            "price_per_kw is negative: -1",
        ),
        ({"stores": (car(min_charge_w=12_000.0),)}, "min_charge_w is above max"),
        ({"stores": (car(end_value=float("inf")),)}, "end_value has to be finite: inf"),
        ({"stores": (car(start_cost=float("nan")),)}, "start_cost is nan"),
        (
            {"load_w": ("a", 0.0, 0.0, 0.0)},
            "load_w: a value is 'a', which is no number",
        ),
        ({"load_w": 0.0}, "load_w is 0.0, not a series"),
        ({"steps_s": ()}, "there are no steps"),
        ({"import_price": ()}, "import_price: 0 values for 4 steps"),
        ({"stores": (car(energy_wh=None),)}, "energy_wh is None, which is no number"),
        ({"stores": car()}, "not a series"),
        ({"stores": (car(goals=Goal(step=1, energy_wh=1.0)),)}, "goals is Goal"),
        ({"stores": (car(goals=((1, 9.0),)),)}, "goals: .1, 9.0. is no Goal"),
        (
            {"stores": (car(goals=(Goal(step=0.5, energy_wh=1.0),)),)},  # type: ignore[arg-type]
            "goal at step 0.5",
        ),
        ({"stores": (car(max_wh=(9.0,)),)}, "max_wh: 1 values for 4 steps"),
        ({"stores": (car(max_wh=-1.0),)}, "max_wh is negative"),
        ({"stores": (car(min_wh=(0.0, 0.0, 60e3, 0.0)),)}, "min_wh is above max_wh"),
        ({"stores": (car(loss_per_hour=1.0),)}, "loss_per_hour is 1.0, not below 1"),
        ({"stores": (car(min_discharge_w=5.0, max_discharge_w=4.0),)}, "min_discharge"),
        ({"stores": (car(phases=(1.5,)),)}, "phases .1.5,. of 3"),
        ({"stores": (car(from_grid="no"),)}, "from_grid is 'no', neither True nor"),
        ({"stores": (car(id=7),)}, "the id 7 is no text"),
        ({"stores": (car(strategy="soon"),)}, "no strategy soon"),
        ({"circuits": (Circuit(id="a", limit_a=16.0),)}, "limit_a is 16.0, not a"),  # type: ignore[arg-type]
        ({"circuits": (Circuit(id="a", limit_a=()),)}, "has not 3 phases"),
        ({"peaks": (Peak(price_per_kw=1.0, windows=(0.5,) * 4),)}, "0.5 is no window"),  # type: ignore[arg-type]
        (
            {"peaks": (replace(PEAK, dearer_above=((2e3, 1.0),)),)},
            "2000.0 is not above 2500.0",
        ),
        (
            {"peaks": (replace(PEAK, dearer_above=((3e3, -1.0),)),)},
            r"dearer_above\[0\]: a value is negative",
        ),
        ({"stores": (car(taken_w=(float("nan"),)),)}, "taken_w"),
        ({"stores": (car(goals=(Goal(step=-1, energy_wh=1.0),)),)}, "step -1 of 4"),
        (
            {"stores": (car(goals=(Goal(step=1, energy_wh=float("nan")),)),)},
            "energy of a goal is nan, which is no number",
        ),
        ({"stores": (car(phases=(0, 0)),)}, "stands twice"),
        ({"steps_s": (float("inf"),) * 4}, "steps_s"),
        ({"voltage_v": 0.0}, "voltage_v: 0.0"),
        ({"exact_steps": -1}, "exact_steps is negative: -1"),
        ({"exact_steps": float("inf")}, "exact_steps: inf is no whole number"),
        ({"exact_steps": 1.0}, "exact_steps: 1.0 is no whole number"),
        (
            {"stores": (car(goals=(Goal(step=1.0, energy_wh=1.0),)),)},  # type: ignore[arg-type]
            "a goal at step 1.0",
        ),
        ({"phases": float("nan")}, "phases is nan"),
        (
            {"stores": (car(planned_w=(float("inf"),)),)},
            "planned_w: a value has to be finite",
        ),
        ({"stores": (car(demand_until_wh=-1.0),)}, "demand_until_wh is negative: -1"),
        ({"circuits": (Circuit(id="a", limit_a=(-1.0,) * 3),)}, "limit_a is negative"),
        (
            {
                "circuits": (
                    Circuit(
                        id="a",
                        limit_a=(1.0,) * 3,
                        load_a=((float("inf"),) * 3,) * 4,
                    ),
                )
            },
            "load_a has to be finite",
        ),
    ],
)
def test_a_problem_that_contradicts_itself_is_refused_in_words(
    changes: dict[str, object], said: str
) -> None:
    """Before anything is solved."""
    with pytest.raises(ValueError, match=said):
        solve(problem(**changes))  # type: ignore[arg-type]


def test_lists_are_series_as_well() -> None:
    """As others read them from JSON."""
    zoe = car(max_charge_w=[11_000.0, 0.0], goals=[Goal(step=1, energy_wh=11_000.0)])
    fuse = Circuit(id="main", limit_a=[[16.0] * 3, [16.0] * 3])  # type: ignore[arg-type]
    asked = problem(replace(zoe, circuit="main"), steps=2, circuits=[fuse])
    asked = replace(asked, load_w=[0.0, 0.0], import_price=[0.30, 0.10])  # type: ignore[arg-type]
    assert solve(asked).cost == pytest.approx(11 * 0.30, abs=0.01)


def test_numbers_of_arrays_are_numbers() -> None:
    """As numpy's and pandas' users have them: alone, and in a tuple."""
    goal = Goal(step=np.int64(1), energy_wh=np.int64(11_000))  # type: ignore[arg-type]
    zoe = car(max_charge_w=tuple(np.array([11_000, 0])), goals=(goal,))
    asked = problem(zoe, steps=2, load_w=tuple(np.array([0, 0])))
    assert solve(asked).cost == pytest.approx(11 * 0.30, abs=0.01)
