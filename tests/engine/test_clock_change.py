"""What is remembered moves with the wall clock."""

from datetime import UTC, datetime, timedelta

from custom_components.sunfuse.engine.clock_change import move_attributes, moved
from custom_components.sunfuse.engine.memory import (
    CircuitMemory,
    ConnectorMemory,
    Draw,
    Memory,
)

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
BACK = timedelta(hours=-1)


def test_all_times_of_a_memory() -> None:
    """However deep; but not which boost the energy belongs to, which settings name by the wall clock."""
    memory = Memory(
        connectors={
            "a": ConnectorMemory(
                draws=(Draw(at=NOON, current_a=(1.0,)),),
                on_since=NOON,
                boost_at=NOON,
            )
        },
        circuits={"main": CircuitMemory(read_at=NOON, read_a=(1.0,))},
        at=NOON,
    )
    before = NOON + BACK
    after = moved(memory, BACK)
    assert after.at == before
    assert after.connectors["a"].draws == (Draw(at=before, current_a=(1.0,)),)
    assert after.connectors["a"].on_since == before
    assert after.connectors["a"].boost_at == NOON
    assert after.circuits["main"] == CircuitMemory(read_at=before, read_a=(1.0,))
    assert memory.at == NOON


def test_what_holds_no_time() -> None:
    """Numbers, texts and types are what they were; lists stay lists."""
    assert moved([NOON, 1, "a"], BACK) == [NOON + BACK, 1, "a"]
    draw = CircuitMemory()
    assert moved(draw, BACK) is not None
    assert moved(Memory, BACK) is Memory


def test_attributes() -> None:
    """Something that remembers times in its attributes moves all of them."""

    class Something:
        def __init__(self) -> None:
            self.since: datetime | None = NOON
            self.by_name = {"a": (NOON, "text")}
            self.other = self

    something = Something()
    move_attributes(something, BACK)
    assert something.since == NOON + BACK
    assert something.by_name == {"a": (NOON + BACK, "text")}
    assert something.other is something
