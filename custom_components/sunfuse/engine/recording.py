"""The flight recorder: the last hour of snapshots and decisions, compact, and their replay in today's engine.

A record is made of segments. Each begins with the memory that its first decision started from, so that it can be
replayed alone; within it, only changes since the frame before are stored, of snapshots and of decisions.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime, timedelta
from json import dumps, loads
from typing import Any

from .codec import from_jsonable, is_default, to_jsonable
from .decide import decide
from .memory import Memory
from .model import Decision, Snapshot
from .stored_items import Stored
from .stored_memory import read_memory

KEPT = timedelta(hours=1)
SEGMENT = timedelta(minutes=5)
# A large site whose meters report every second fills more than can be attached to a bug report.
MOST_BYTES = 8_000_000
SEGMENTS = 12  # that the bytes are enough for at least
VERSION = 1

# Fields of a snapshot that had other names in earlier versions.
_RENAMED = {"status_told": "status_reported"}
# A connector's id, offer in amperes, phases and reason.
type Outcome = tuple[str, float, int, str]
# Some minutes as JSON text: the memory before the first decision, and the changes of each.
type Segment = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A decision of today's engine that differs from the recorded one, for one connector at one time."""

    at: datetime
    recorded: Outcome
    today: Outcome


@dataclass(slots=True, kw_only=True)
class _Segment:
    """Some minutes, as JSON text: it takes a tenth of the memory of objects, and its size is known."""

    began: datetime
    memory: str
    frames: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, frame: dict[str, Any]) -> None:
        text = dumps(frame, separators=(",", ":"))
        self.frames.append(text)
        self.size += len(text)


class Recorder:
    """Keeps the last hour, or as much of it as fits into `most_bytes`. `add` is cheap enough for every decision."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Start empty."""
        self._most_bytes = most_bytes
        self._segments: deque[_Segment] = deque()
        self._last: Snapshot | None = None
        self._outcomes: list[Outcome] = []

    def add(self, memory: Memory, snapshot: Snapshot, decision: Decision) -> None:
        """Record a decision, with the memory that it started from."""
        now = snapshot.now
        if not self._segments or self._is_full(self._segments[-1], now):
            text = dumps(memory.to_dict(), separators=(",", ":"))
            self._segments.append(_Segment(began=now, memory=text, size=len(text)))
            self._last, self._outcomes = None, []
        changed = (
            to_jsonable(snapshot)
            if self._last is None
            else _changes(self._last, snapshot)
        )
        frame: dict[str, Any] = {"snapshot": changed}
        if (outcomes := _outcomes(decision)) != self._outcomes:
            frame["decision"] = outcomes
        self._segments[-1].add(frame)
        self._last, self._outcomes = snapshot, outcomes
        self._forget(now)

    def _is_full(self, segment: _Segment, now: datetime) -> bool:
        # Whole segments are dropped, so none may be a large part of all.
        return (
            now - segment.began >= SEGMENT or segment.size > self._most_bytes / SEGMENTS
        )

    def _forget(self, now: datetime) -> None:
        segments = self._segments
        while now - segments[0].began > KEPT + SEGMENT or (
            len(segments) > 1 and sum(s.size for s in segments) > self._most_bytes
        ):
            segments.popleft()

    def segments(self) -> list[Segment]:
        """Return the segments, to be converted to a record elsewhere: that takes a while."""
        return [(s.memory, tuple(s.frames)) for s in self._segments]


def to_record(segments: Iterable[Segment]) -> dict[str, Any]:
    """Return a form for JSON."""
    return {
        "version": VERSION,
        "segments": [
            {"memory": loads(memory), "frames": [loads(frame) for frame in frames]}
            for memory, frames in segments
        ],
    }


def replay(record: dict[str, Any]) -> Iterator[Difference]:
    """Replay a record with today's engine, and yield where it now decides differently.

    Raises:
        KeyError, TypeError, ValueError: the record is not one, or of another version.

    """
    if record["version"] != VERSION:
        raise ValueError(f"A record of version {VERSION} expected")
    for segment in record["segments"]:
        phases = segment["frames"][0]["snapshot"]["site"]["phases"]
        memory = read_memory(Stored(segment["memory"]), phases)
        stored: dict[str, Any] = {}
        outcomes: list[Any] = []
        for frame in segment["frames"]:
            stored = _changed(stored, _renamed(frame["snapshot"]))
            snapshot = from_jsonable(Snapshot, stored)
            decision, memory = decide(snapshot, memory)
            # Without a recorded decision it is the previous one.
            outcomes = frame.get("decision", outcomes)
            for then, today in zip(outcomes, _outcomes(decision), strict=True):
                recorded: Outcome = (then[0], then[1], then[2], then[3])
                if recorded != today:
                    yield Difference(at=snapshot.now, recorded=recorded, today=today)


def _outcomes(decision: Decision) -> list[Outcome]:
    return [
        (c.id, c.offer_a, c.phases, c.reason.key.value) for c in decision.connectors
    ]


def _changes(before: Any, after: Any) -> dict[str, Any]:
    """Return what is new in a dataclass, what is gone (`-`), and the changes within tuples of equal length (`#`)."""
    changes: dict[str, Any] = {}
    gone: list[str] = []
    for field_ in fields(after):
        old, new = getattr(before, field_.name), getattr(after, field_.name)
        if old is new or old == new:
            continue
        if is_default(field_, new):
            gone.append(field_.name)
        elif _records(old) and _records(new) and len(old) == len(new):
            changes[field_.name] = {
                "#": {
                    str(index): _changes(was, now)
                    for index, (was, now) in enumerate(zip(old, new, strict=True))
                    if was is not now and was != now
                }
            }
        else:
            changes[field_.name] = to_jsonable(new)
    if gone:
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


def _renamed(value: Any) -> Any:
    """Return what was recorded with the present names of its fields."""
    if isinstance(value, list):
        return [_renamed(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        _RENAMED.get(key, key): [_RENAMED.get(name, name) for name in inner]
        if key == "-"
        else _renamed(inner)
        for key, inner in value.items()
    }


def _records(value: Any) -> bool:
    return isinstance(value, tuple) and all(is_dataclass(item) for item in value)
