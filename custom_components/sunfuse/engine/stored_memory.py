"""Reads the engine's memory from a file, item by item: what cannot be, alone or beside the rest, is noted, and its default is used.

A file is written by others, too: by a disk that fails, by a version of yesterday or of tomorrow, by hand. The engine relies on rows
that have a value for each phase, and on durations that can be added to a time.
"""

from collections.abc import Callable, Iterator
from typing import Any

from .memory import CircuitMemory, ConnectorMemory, Draw, LoadHistory, Memory
from .meters.doubt import Doubt
from .stored_items import Stored
from .switch_regret import MEANS_S, RecentSky

# What earlier versions stored under other names.
_RENAMED = {
    "told_a": "confirmed_a",
    "told_until": "confirmed_until",
    "disobeyed_at": "forced_stop_at",
}
# Of a circuit: one value for each phase, or none yet.
_ROWS = (
    "uncontrolled_a",
    "average_a",
    "highest_a",
    "lowest_a",
    "highest_at",
    "highest_before_a",
    "highest_before_at",
    "lowest_before_a",
    "mean_a",
    "usual_a",
    "swings",
    "heat",
    "cars_at_change_a",
)
# The same; None if there is none.
_READINGS = ("read_a", "suspect_a")
_DURATIONS = ("interval_s", "response_s", "longest_still_s")
# No meter or charger takes longer for anything.
_LONGEST_S = 86_400.0


def read_memory(stored: Stored, phases: int) -> Memory:
    """Return the memory of a site with so many phases; what cannot be read is noted in `stored`.

    What is known of other phases than the site has is left out without a word: the site was changed.
    """
    return Memory(
        connectors={
            name: _connector(past) for name, past in _each(stored.within("connectors"))
        },
        circuits={
            name: _circuit(past, phases)
            for name, past in _each(stored.within("circuits"))
        },
        **stored.without("connectors", "circuits").fields_of(Memory),
    )


def _each(stored: Stored) -> Iterator[tuple[str, Stored]]:
    return ((name, stored.within(name)) for name in stored.names)


def _connector(past: Stored) -> ConnectorMemory:
    return ConnectorMemory(
        **past.renamed(_RENAMED).fields_of(
            ConnectorMemory,
            draws=_are_of_one_site,
            recent_sky=_is_sky,
            confirms_s=_lasts,
        )
    )


def _circuit(past: Stored, phases: int) -> CircuitMemory:
    seen = {past.read(name, _length, None) for name in _ROWS} - {None, 0}
    if seen and phases not in seen:
        return CircuitMemory()
    checks: dict[str, Callable[[Any], bool]] = {
        **dict.fromkeys(_ROWS, lambda row: len(row) in (0, phases)),
        **dict.fromkeys(_READINGS, lambda row: row is None or len(row) == phases),
        **dict.fromkeys(_DURATIONS, _lasts),
        "history": lambda history: _is_history(history, phases),
        "doubt": _is_doubt,
    }
    return CircuitMemory(**past.fields_of(CircuitMemory, **checks))


def _length(row: Any) -> int | None:
    return len(row) if isinstance(row, list) else None


def _are_of_one_site(draws: tuple[Draw, ...]) -> bool:
    """Whether all draws have the same phases; if those are not the site's, the engine does not use them."""
    rows = ((one.current_a, one.lowest_a, one.highest_a) for one in draws)
    return len({len(row) for of_draw in rows for row in of_draw}) <= 1


def _lasts(seconds: float | None) -> bool:
    """Whether something may have taken so long."""
    return seconds is None or 0.0 <= seconds <= _LONGEST_S


def _is_history(history: LoadHistory, phases: int) -> bool:
    """Whether all that is known of a load is known of each phase, and the highest of both days or of none."""
    days = {len(history.highest_a), len(history.highest_before_a)}
    known = {phases} if history.day_at is not None else {0}
    return days == known and {len(history.mean_a), len(history.fed_in)} <= {0, phases}


def _is_doubt(doubt: Doubt) -> bool:
    """Whether cars and meter were compared in the same flows: by phase and in sum, or in sum alone."""
    rows = (doubt.cars_a, doubt.metered_a, doubt.wavers_a, doubt.feeds_in)
    known = (doubt.level, doubt.before, doubt.changed_from)
    levels = [one for one in known if one is not None]
    flows = {len(row) for row in (*rows, doubt.following, doubt.followed)} - {0}
    flows |= {len(row) for one in levels for row in (one.cars_a, one.metered_a)}
    if doubt.changed_from is not None:
        flows |= {len(doubt.moved_with), len(doubt.following), len(doubt.feeds_in)}
    return len(flows) <= 1 and 0 not in flows


def _is_sky(sky: RecentSky) -> bool:
    """Whether each kind of sky that was seen has its times."""
    kinds = {len(sky.states), len(sky.lasted_s), len(sky.ended)}
    known = sky.best in sky.states or not sky.states
    return len(kinds) == 1 and known and len(sky.means_w) in (0, len(MEANS_S))
