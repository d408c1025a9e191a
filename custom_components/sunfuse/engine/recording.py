"""The flight recorder: the last hour of snapshots and decisions, compact, and what today's engine makes of them.

A record is made of segments. Each begins with the memory that its first decision started from, so that it can be
replayed alone; within it, of every snapshot only what changed since the one before is kept.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .codec import from_jsonable, to_jsonable
from .decide import decide
from .memory import Memory
from .model import Decision, Snapshot

KEPT = timedelta(hours=1)
SEGMENT = timedelta(minutes=5)
VERSION = 1

# A connector's id, offer in amperes, phases and reason.
type Outcome = tuple[str, float, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What today's engine decides otherwise than was recorded, for one connector at one time."""

    at: datetime
    recorded: Outcome
    today: Outcome


class Recorder:
    """Keeps the last hour. `add` is cheap enough for every decision."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._segments: deque[tuple[datetime, dict[str, Any]]] = deque()
        self._last: dict[str, Any] = {}

    def add(self, memory: Memory, snapshot: Snapshot, decision: Decision) -> None:
        """Record a decision, with the memory that it started from."""
        now = snapshot.now
        stored: dict[str, Any] = to_jsonable(snapshot)
        if not self._segments or now - self._segments[-1][0] >= SEGMENT:
            self._segments.append((now, {"memory": memory.to_dict(), "frames": []}))
            self._last = {}
        while now - self._segments[0][0] > KEPT + SEGMENT:
            self._segments.popleft()
        frame = {"snapshot": _changes(self._last, stored), "decision": _told(decision)}
        self._segments[-1][1]["frames"].append(frame)
        self._last = stored

    def to_dict(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        segments = [segment for _, segment in self._segments]
        return {"version": VERSION, "segments": segments}


def replay(record: dict[str, Any]) -> Iterator[Difference]:
    """Run a record through today's engine, and yield where it would now decide otherwise.

    Raises:
        KeyError, TypeError, ValueError: the record is not one, or of another version.

    """
    if record["version"] != VERSION:
        raise ValueError(f"A record of version {VERSION} expected")
    for segment in record["segments"]:
        memory = from_jsonable(Memory, segment["memory"])
        stored: dict[str, Any] = {}
        for frame in segment["frames"]:
            stored = _changed(stored, frame["snapshot"])
            snapshot = from_jsonable(Snapshot, stored)
            decision, memory = decide(snapshot, memory)
            for then, today in zip(frame["decision"], _told(decision), strict=True):
                recorded: Outcome = (then[0], then[1], then[2], then[3])
                if recorded != today:
                    yield Difference(at=snapshot.now, recorded=recorded, today=today)


def _told(decision: Decision) -> list[Outcome]:
    return [
        (c.id, c.offer_a, c.phases, c.reason.key.value) for c in decision.connectors
    ]


def _changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return what is new, what is gone (`-`), and the changes within lists of as many records (`#`)."""
    changes: dict[str, Any] = {}
    for key, value in after.items():
        known: Any = before.get(key)
        if known == value and key in before:
            continue
        if _records(known) and _records(value) and len(known) == len(value):
            changes[key] = {
                "#": {
                    str(index): _changes(old, new)
                    for index, (old, new) in enumerate(zip(known, value, strict=True))
                    if old != new
                }
            }
        else:
            changes[key] = value
    if gone := sorted(before.keys() - after.keys()):
        changes["-"] = gone
    return changes


def _changed(before: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return the record with the changes that `_changes` found."""
    gone = changes.get("-", [])
    after = {key: value for key, value in before.items() if key not in gone}
    for key, value in changes.items():
        if key == "-":
            continue
        if isinstance(value, dict) and "#" in value:
            records = list(before[key])
            for index, inner in value["#"].items():
                records[int(index)] = _changed(records[int(index)], inner)
            after[key] = records
        else:
            after[key] = value
    return after


def _records(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)
