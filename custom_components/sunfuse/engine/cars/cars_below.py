"""The cars below a circuit, with all that is known of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..memory import Draw, Memory
from ..model import Connector, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class CarsBelow:
    """The connectors below a circuit and what all connectors drew lately, in a snapshot and in what is remembered."""

    connectors: list[Connector]
    draws: Mapping[str, tuple[Draw, ...]]
    snapshot: Snapshot
    memory: Memory
