"""What the engine remembers from tick to tick."""

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
import logging
from typing import Any, Self

from .model import PerPhase

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What a connector drew on the site's phases, and when."""

    at: datetime
    current_a: PerPhase


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorMemory:
    """The past of one connector, as far as it matters for what comes next."""

    draws: tuple[Draw, ...] = ()  # the newest last, as far back as a meter may lag
    raised_at: datetime | None = None  # the last step up
    on_since: datetime | None = None  # with an offer since
    off_since: datetime | None = None  # waiting for an offer since
    stopped_at: datetime | None = None  # an offer was taken away
    sunny_since: datetime | None = None  # the sun has been enough to start
    dull_since: datetime | None = None  # the sun has been too little to go on


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Starts empty; goes in and comes out of every decision."""

    connectors: dict[str, ConnectorMemory] = field(default_factory=dict)
    uncontrolled_a: dict[str, PerPhase] = field(default_factory=dict)  # by circuit
    surplus_w: float | None = None  # the running average
    at: datetime | None = None  # of the last decision

    def connector(self, connector_id: str) -> ConnectorMemory:
        """Return what is remembered of a connector."""
        return self.connectors.get(connector_id, _NOTHING)

    def to_dict(self) -> dict[str, Any]:
        """Return a form that JSON can hold."""
        stored: dict[str, Any] = _jsonable(asdict(self))
        return stored

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        """Return the memory of `to_dict`; one that cannot be read is as good as none."""
        try:
            return cls(
                connectors={
                    connector: _connector(past)
                    for connector, past in stored["connectors"].items()
                },
                uncontrolled_a={
                    circuit: tuple(map(float, load))
                    for circuit, load in stored["uncontrolled_a"].items()
                },
                surplus_w=stored["surplus_w"],
                at=_time(stored["at"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as err:
            _LOGGER.warning(
                "The engine's memory cannot be read, so it starts anew: %r", err
            )
            return cls()


_NOTHING = ConnectorMemory()
_TIMES = (
    "raised_at",
    "on_since",
    "off_since",
    "stopped_at",
    "sunny_since",
    "dull_since",
)


def _connector(stored: dict[str, Any]) -> ConnectorMemory:
    times = {name: _time(stored[name]) for name in _TIMES}
    draws = tuple(
        Draw(
            at=datetime.fromisoformat(draw["at"]),
            current_a=tuple(map(float, draw["current_a"])),
        )
        for draw in stored["draws"]
    )
    return replace(_NOTHING, draws=draws, **times)


def _time(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored)


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value
