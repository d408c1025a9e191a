"""How a simulated charger deviates from the specification. The default is one that follows it."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
import random

_NOTHING: frozenset[str] = frozenset()


class AtZero(StrEnum):
    """What a charger does when it may give less than 6 A."""

    PAUSES = "pauses"
    MINIMUM = "minimum"  # it continues with 6 A
    STOPS = "stops"  # it ends the transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerBehaviour:
    """What a charger does differently; the fields can be combined. Shares are from 0 to 1."""

    # Its messages
    drops: float = 0.0  # the share that is never sent
    duplicates: float = 0.0  # the share that is sent twice, with the same id
    reorders: float = 0.0  # the share that is overtaken by the next one
    lag_s: float = 0.0  # before each is sent
    rubbish: tuple[str, ...] = ()  # texts that it sends after each message, in turn
    answer_timeout_s: float = 30.0
    # Its answers
    refuses: frozenset[str] = (
        _NOTHING  # actions answered Rejected, or the nearest equivalent
    )
    unsupported: frozenset[str] = _NOTHING  # actions answered with a CALLERROR
    silent: frozenset[str] = _NOTHING  # actions that it never answers
    refuses_purposes: frozenset[str] = (
        _NOTHING  # of charging profiles, in the terms of its version
    )
    configuration: tuple[
        tuple[str, str | None], ...
    ] = ()  # other values of its keys; None: no such key
    # Its operation
    clock_skew: timedelta = timedelta()  # how far its clock is ahead; it is never set
    boots_on_reconnect: bool = (
        True  # many do; the specification requires it only after a restart
    )
    hangs_up_after_s: float = 0.0  # of every connection
    restarts_when_asked_within_s: float = 0.0  # of its boot, for its configuration
    autostart: bool = True  # a car that is plugged in starts charging by itself
    forgets_profiles: bool = False  # when it restarts
    # What it stored offline is sent in any order (of OCPP 1.6 starts first), and stops have no id.
    shuffles_stored: bool = False
    repeats_stored: float = (
        0.0  # the share of transaction messages that is reported again as new ones
    )
    # Its limits
    obeys: bool = True  # False: it confirms every limit, and allows its maximum
    applies_after_s: float = 0.0
    honours_expiry: bool = True  # False: a limit never expires
    at_zero: AtZero = AtZero.PAUSES
    watts_only: bool = False  # limits and meter in watts only
    switches_phases: bool = False  # between one phase and three
    # Its meter
    kilo: bool = False  # it measures in kW and kWh
    default_measurand: bool = False  # energy comes without its measurand and unit
    register_per_session: bool = (
        False  # the energy register starts at 0 with each transaction
    )


@dataclass(slots=True)
class Character:
    """A behaviour that may change while the charger runs, and its random generator."""

    behaviour: ChargerBehaviour
    frozen: bool = False  # the electronics hang: nothing is read and nothing is sent, not even a pong
    random: random.Random = field(default_factory=random.Random)

    def happens(self, share: float) -> bool:
        """Return whether an event with this probability happens now."""
        return share > 0 and self.random.random() < share

    def change(self, **changes: object) -> None:
        """Change the behaviour from now on."""
        self.behaviour = replace(self.behaviour, **changes)  # type: ignore[arg-type]  # fields by name
