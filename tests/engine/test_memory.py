"""The memory survives a restart, and whatever was done to its file."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
import json
from typing import Any

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.codec import from_jsonable, to_jsonable
from custom_components.sunfuse.engine.memory import (
    Boosted,
    CircuitMemory,
    ConnectorMemory,
    Draw,
    Offered,
)
from custom_components.sunfuse.engine.meters.doubt import Doubt
from custom_components.sunfuse.engine.model import (
    Boost,
    Connector,
    Decision,
    ExternalLimit,
    LimitKind,
    Mode,
    PlanSlot,
    PowerReading,
    ReasonKey,
    Snapshot,
)
from custom_components.sunfuse.engine.stored_items import Stored
from custom_components.sunfuse.engine.stored_memory import read_memory

from .common import MAIN, NOW, car, later, offers, restored, site
from .honest_sites import BELIEVED, random_hidden_sun
from .plant import START

FULL = Memory(
    connectors={
        "a": ConnectorMemory(
            draws=(Draw(at=NOW, current_a=(6.0, 6.0, 0.0)),),
            on_since=NOW,
            stops=2,
            takes_a=9.5,
            switches=(NOW, NOW + timedelta(minutes=1)),
            offers=(Offered(at=NOW, current_a=8.0),),
        )
    },
    circuits={"main": CircuitMemory(uncontrolled_a=(1.0, 2.0, 3.0), read_w=4.0)},
    surplus_w=1234.5,
    boosted=(Boosted(person="p", day="2026-06-21", energy_wh=10.0),),
    at=NOW,
)


def test_a_whole_memory_is_read_at_once() -> None:
    """What is written of a memory, with its cars and circuits by id, is read as it was."""
    assert from_jsonable(Memory, to_jsonable(FULL)) == FULL


def test_there_and_back_through_json() -> None:
    """What is written to a file is read back the same."""
    stored = json.loads(json.dumps(FULL.to_dict()))
    assert restored(stored) == FULL
    assert restored(json.loads(json.dumps(Memory().to_dict()))) == Memory()


@pytest.mark.parametrize(
    ("stored", "unread"),
    [
        (None, []),
        ([], ["*"]),
        ("x", ["*"]),
        ({"unknown": 1}, ["unknown"]),
        ({"connectors": []}, ["connectors"]),
        ({"connectors": {"a": 1}}, ["connectors.a"]),
        ({"connectors": {"a": {"stops": "two"}}}, ["connectors.a.stops"]),
        ({"connectors": {"a": {"stops": True}}}, ["connectors.a.stops"]),
        ({"connectors": {"a": {"newer": 1}}}, ["connectors.a.newer"]),
        (
            {"connectors": {"a": {"draws": [{"at": "x", "current_a": [1]}]}}},
            ["connectors.a.draws"],
        ),
        ({"connectors": {"a": {"draws": [{"at": 5}]}}}, ["connectors.a.draws"]),
        ({"circuits": {"main": {"read_w": "y"}}}, ["circuits.main.read_w"]),
        ({"surplus_w": float("nan")}, ["surplus_w"]),
        ({"surplus_w": "much"}, ["surplus_w"]),
        ({"boosted": {"person": "p"}}, ["boosted"]),
    ],
)
def test_what_cannot_be_read_is_noted(stored: Any, unread: list[str]) -> None:
    """Whatever is in the file, charging goes on."""
    noted = Stored(stored)
    memory = read_memory(noted, 3)
    nothing = replace(memory, connectors={}, circuits={})
    assert nothing == Memory()
    assert all(past == ConnectorMemory() for past in memory.connectors.values())
    assert noted.unread == unread


def test_the_rest_of_a_memory_is_kept() -> None:
    """One field that is not understood costs that field alone."""
    stored = json.loads(json.dumps(FULL.to_dict()))
    stored["connectors"]["a"]["stops"] = "two"
    stored["connectors"]["a"]["of_tomorrow"] = 1
    past = replace(FULL.connectors["a"], stops=0)
    assert read_memory(Stored(stored), 3) == replace(FULL, connectors={"a": past})


def remembered(seed: int) -> tuple[Snapshot, Any]:
    """Return a site that has charged for minutes, and its memory as it is stored."""
    plant = random_hidden_sun(seed)
    kept: list[tuple[Snapshot, Any]] = []

    def keeping(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        kept[:] = [(snapshot, json.loads(json.dumps(memory.to_dict())))]
        return decide(snapshot, memory)

    plant.decide = keeping
    plant.run(420)
    return kept[0]


@pytest.fixture(name="lived", scope="module")
def a_site_that_lives() -> tuple[Snapshot, Any]:
    """Return it."""
    return remembered(3)


def places(stored: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every item of stored data."""
    items = stored if isinstance(stored, dict) else dict(enumerate(stored))
    for name, item in items.items():
        yield (*path, name)
        if isinstance(item, dict | list):
            yield from places(item, (*path, name))


@pytest.mark.parametrize("new", ["missing", "x", 1e15, -5.0, []])
def test_any_item_may_be_broken(lived: tuple[Snapshot, Any], new: Any) -> None:
    """Whichever it is, nothing else of the memory is lost, and the engine decides with the rest."""
    snapshot, stored = lived
    whole = read_memory(Stored(stored), 3)
    for path in places(stored):
        broken = deepcopy(stored)
        above = broken
        for name in path[:-1]:
            above = above[name]
        if new == "missing":
            del above[path[-1]]
        else:
            above[path[-1]] = new
        memory = read_memory(Stored(broken), 3)
        decide(snapshot, memory)
        assert with_item(memory, whole, path[0]) == whole, path
        if len(path) > 2 and path[0] in ("connectors", "circuits"):
            kind, which, item = path[:3]
            before, after = getattr(whole, kind)[which], getattr(memory, kind)[which]
            assert with_item(after, before, item) == before, path


def with_item(thing: Any, other: Any, name: str) -> Any:
    """Return a dataclass with one item of another."""
    return replace(thing, **{name: getattr(other, name)})


def test_a_phase_that_is_missing(lived: tuple[Snapshot, Any]) -> None:
    """A row without one of its phases is named; all other rows of its circuit are still there."""
    snapshot, stored = deepcopy(lived)
    stored["circuits"]["main"]["usual_a"].pop()
    noted = Stored(stored)
    memory = read_memory(noted, 3)
    assert noted.unread == ["circuits.main.usual_a"]
    before = restored(lived[1]).circuits["main"]
    assert memory.circuits["main"] == replace(before, usual_a=())
    decide(snapshot, memory)


def test_a_site_that_has_other_phases_now() -> None:
    """What is known of three phases says nothing of one, and is no mistake in the file: no repair names it."""
    noted = Stored(json.loads(json.dumps(FULL.to_dict())))
    memory = read_memory(noted, 1)
    assert not noted.unread
    assert memory.circuit("main") == CircuitMemory()
    assert memory.connector("a").takes_a == 9.5


def test_stored_rows() -> None:
    """A row that cannot be read is left out; a list that is none has no rows."""
    stored = Stored({"rows": ["1", "x", "3"], "list": 5})
    assert stored
    assert not Stored({})
    assert Stored.of(stored) is stored
    assert list(Stored.of({"a": 1}).names) == ["a"]
    assert stored.rows("rows", int) == [1, 3]
    assert stored.rows("list", str) == []
    assert stored.rows("missing", str) == []
    assert stored.unread == ["rows.1", "list"]


def test_an_item_that_several_read_is_named_once() -> None:
    """Each charger looks for its part of a list of chargers that is none; the repair names that list once."""
    stored = Stored({"stations": "x"})
    for name in ("CP1", "CP2"):
        assert not stored.within("stations").within(name)
    assert stored.unread == ["stations"]


def test_a_snapshot_is_a_record() -> None:
    """Any snapshot and decision can be written down and read back: a user's report is a test case."""
    snapshot = site(
        car(
            "a",
            boost=Boost(started_at=NOW, person="p"),
            plan=PlanSlot(
                at_most_a=8.0,
                key=ReasonKey.WAITING_FOR_PLAN,
                values=(("price", 0.18), ("until", "later")),
            ),
        ),
        limits=(ExternalLimit(name="x", kind=LimitKind.PEAK, power_w=4000.0),),
        solar=PowerReading(at=NOW, power_w=100.0),
    )
    stored = json.loads(json.dumps(to_jsonable(snapshot)))
    assert from_jsonable(Snapshot, stored) == snapshot
    broken = {**stored, "meters": [["main"]]}
    with pytest.raises(ValueError, match="2 values expected"):
        from_jsonable(Snapshot, broken)


def test_a_restart_changes_no_offer_for_the_worse() -> None:
    """With the memory from the file a solar car goes on; without one, too."""
    snapshot = site(
        car("a", mode=Mode.SOLAR, offer_a=8.0),
        house_a=(-8.0, -8.0, -8.0),
        solar=PowerReading(at=NOW, power_w=9000.0),
    )
    decision, memory = decide(snapshot, Memory())
    assert offers(decision) == pytest.approx({"a": 8.0})
    snapshot = later(snapshot, 5, decision)
    kept = restored(json.loads(json.dumps(memory.to_dict())))
    assert offers(decide(snapshot, kept)[0]) == pytest.approx({"a": 8.0})
    assert offers(decide(snapshot, Memory())[0]) == pytest.approx({"a": 8.0})


def test_another_site_does_not_inherit_loads() -> None:
    """What was measured on three phases says nothing about a site of one."""
    _, memory = decide(site(car("a"), house_a=(9, 9, 9)), Memory())
    single = replace(
        site(),
        site=replace(site().site, phases=1),
        circuits=(replace(MAIN, limit_a=(25,)),),
        meters=(),
        connectors=(Connector(id="b", circuit="main", phases=(0,)),),
    )
    decision, _ = decide(single, memory)
    assert decision.circuits[0].uncontrolled_a == (0.0,)


def test_what_a_restart_must_not_lose_changes_seldom() -> None:
    """It is saved when somebody starts or stops, and not at every reading."""
    snapshot = site(car("a"))
    memory = Memory()
    told = []
    for _ in range(6):
        decision, memory = decide(snapshot, memory)
        told.append(memory.lasting())
        snapshot = later(snapshot, 5, decision)
    assert len(set(told)) == 1
    snapshot = replace(
        snapshot, connectors=(replace(snapshot.connectors[0], mode=Mode.OFF),)
    )
    assert decide(snapshot, memory)[1].lasting() != told[-1]


def test_what_an_earlier_version_kept_is_no_news() -> None:
    """A field that nothing uses any more is passed over, and no repair names it."""
    stored = Stored(
        {
            "hold_since": "2026-11-01T00:00:00+00:00",
            "connectors": {"a": {"sky": {"turns": 2.0}, "regret": {"turns": 2.0}}},
        }
    )
    assert read_memory(stored, 3) == Memory(connectors={"a": ConnectorMemory()})
    assert not stored.unread


def test_a_field_that_had_another_name_is_read() -> None:
    """What an earlier version stored of a connector under other names is still known, and no repair names it."""
    stored = Stored({"connectors": {"a": {"told_a": 9.0}}})
    past = read_memory(stored, 3).connector("a")
    assert past.confirmed_a == 9.0
    assert not stored.unread


# What the engine has noted of a meter since 2026-11-30.
NEWER = frozenset(
    [
        "level",
        "before",
        "followed",
        "broken",
        "wavers_a",
        "exported_at",
        "trust",
        "swings",
        "car_phases",
        "last_car_phases",
        "without_offer",
        "needed_wh",
    ]
)


def as_before(stored: Any) -> Any:
    """Return a stored memory as the version of the day before wrote it."""
    if isinstance(stored, list):
        return [as_before(item) for item in stored]
    if not isinstance(stored, dict):
        return stored
    older = {k: as_before(v) for k, v in stored.items() if k not in NEWER}
    return older | {"exported": True} if "changed_a" in stored else older


@pytest.mark.parametrize("seed", [0, 3, 8])
def test_the_memory_of_an_earlier_version_goes_on(seed: int) -> None:
    """Cars charge beside sun that nobody reports when Sunfuse is updated: all that was known of their meter still is."""
    plant, updated_s = random_hidden_sun(seed), 600.0
    known: list[Doubt] = []

    def updated(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        if not known and snapshot.now >= START + timedelta(seconds=updated_s):
            stored = Stored(as_before(json.loads(json.dumps(memory.to_dict()))))
            memory = read_memory(stored, 3)
            assert not stored.unread
            known.append(memory.circuit("main").doubt)
        return decide(snapshot, memory)

    plant.decide = updated
    plant.run(900)
    assert any(known[0].following)
    assert {d.circuits[0].meter for d in plant.decisions[1:]} <= BELIEVED
