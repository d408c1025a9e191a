"""The search for whole numbers: against every combination, and bounded by counted work."""

from itertools import product

import numpy as np
import pytest

from custom_components.sunfuse.planner.program.branching import Solution, Unsolved
from custom_components.sunfuse.planner.program.program import Program


def _knapsack(
    seed: int, count: int, limits: int = 2
) -> tuple[Program, np.ndarray, np.ndarray]:
    """Return a program that packs as much value as fits into some limits, with the values and the weights."""
    random = np.random.default_rng(seed)
    weights = random.uniform(1, 10, (limits, count))
    values = weights.sum(axis=0) + random.uniform(0, 1, count)
    program = Program()
    columns = program.columns(count, upper=1.0, cost=-values)
    for weight in weights:
        program.row((columns, weight), upper=weight.sum() / 3)
    program.whole(columns)
    return program, values, weights


def _packed(solution: Solution, values: np.ndarray) -> float:
    return float(values @ np.round(solution.values))


@pytest.mark.parametrize("seed", range(8))
def test_the_best_combination_is_found(seed: int) -> None:
    """Of nine things, all 512 combinations are tried."""
    program, values, weights = _knapsack(seed, 9)
    best = max(
        float(values @ chosen)
        for chosen in (np.array(each) for each in product((0, 1), repeat=9))
        if np.all(weights @ chosen <= weights.sum(axis=1) / 3)
    )
    solution = program.solve(lambda: 60.0, 1e-6)
    assert solution.optimal
    assert _packed(solution, values) == pytest.approx(best)


def test_a_search_ends_by_what_it_did_and_not_by_the_clock() -> None:
    """Whoever has a day gets what he would have got in a minute: a slow or busy machine has the same plan."""
    found = [
        _knapsack(1, 40, limits=8)[0].solve(lambda limit_s=limit_s: limit_s, 1e-6)  # type: ignore[misc]
        for limit_s in (60.0, 86_400.0)
    ]
    assert not found[0].optimal
    assert found[0].values.tolist() == found[1].values.tolist()


def test_what_cannot_be_is_said() -> None:
    """A column that would have to be two and one at most."""
    program = Program()
    column = program.columns(1, upper=1.0)
    program.row((column, 1.0), lower=2.0)
    with pytest.raises(Unsolved):
        program.solve(lambda: 60.0, 1e-6)
