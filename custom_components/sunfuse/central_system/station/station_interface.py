"""What adapters may ask of a station and report to it: the boundary between versions of OCPP and stations.

Facts are read from the station itself; what a charger reports goes to the part of the station that it concerns.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from ...engine.model import ConnectorStatus
from ..adapter import Adapter
from ..security.card_policy import CardPolicy
from ..security.certificates import CertificateAuthority
from ..station_commands import Limit
from ..station_state import (
    ChargingNeeds,
    ConnectorState,
    StationConfig,
    StationInfo,
    StationState,
)
from .boot_loops import BootLoops
from .clock import Clock
from .limits.charger_limits import ChargerLimit
from .limits.profile_shape import Shape
from .metering.sampled_values import Reading
from .quirks import Behaviour, Kind
from .refused_commands import RefusedCommands
from .sessions.event_order import EventOrder
from .sessions.transactions import Record, Transactions
from .settings_restart import SettingsRestart
from .timing import Timing


class ReportsInterface(Protocol):
    """What a station reports of itself."""

    def heard(self) -> None:
        """Note that the station is alive."""

    def booted(self, info: StationInfo) -> None:
        """Note make, model and firmware of the station when it boots."""

    def learnt(self) -> None:
        """Note that `variables` changed: the station reported its capabilities."""

    def card(self, token: str, decision: bool | None) -> None:
        """Note that a card was presented to the station, and the decision (None: an automation is asked)."""

    def firmware(self, status: str) -> None:
        """Note the progress of a firmware update, in the specification's term."""

    def log(self, status: str) -> None:
        """Note the progress of the upload of a log, in the specification's term."""

    def local_list(self, *, taken: bool) -> None:
        """Note whether the station accepted our list of cards."""


class PresenceInterface(Protocol):
    """Whether the station is in service."""

    @property
    def boot_loops(self) -> BootLoops:
        """How long the station is left alone after it booted."""

    def enter_service(self) -> bool:
        """Note that the station accepts commands from now on; returns whether that is new."""


class ConnectorsInterface(Protocol):
    """The connectors of a station, by number."""

    @property
    def evses(self) -> dict[tuple[int, int], int]:
        """The numbers of connectors, by EVSE and connector of OCPP 2.x."""

    def numbered(self, evse: int, connector: int) -> int:
        """Return the number of a connector of an EVSE; 0 where there are too many."""

    def reported_status(
        self,
        connector: int,
        status: ConnectorStatus,
        error_code: str | None,
        at: datetime | None = None,
    ) -> None:
        """Note the status of a connector, `at` by our clock (None: now)."""

    def reported_needs(self, connector: int, needs: ChargingNeeds) -> bool:
        """Note what a car needs; returns whether a schedule follows at once."""

    def reported_priority(self, connector: int, *, on: bool) -> None:
        """Note whether the driver requested maximum power at the station."""

    def measured(
        self,
        connector: int,
        readings: Iterable[Reading],
        at: datetime,
        *,
        transaction_id: str | None = None,
    ) -> None:
        """Note what a connector measured at `at` by our clock, in a transaction if that is named."""

    def unreported(self) -> list[int]:
        """Return the connectors whose status was not reported since we started."""

    def infer_status(self, connector: int) -> None:
        """Infer the status of a connector that does not report it."""


class SessionsInterface(Protocol):
    """The transactions of a station."""

    @property
    def transactions(self) -> Transactions:
        """The known transactions."""

    @property
    def events(self) -> EventOrder:
        """The order of transaction events (OCPP 2.x)."""

    def started(self, record: Record) -> None:
        """Note that a transaction started."""

    def authorised(
        self, connector: int, transaction_id: str, id_token: str | None
    ) -> None:
        """Note that the running transaction of a connector may charge, and by which card: it may have begun with the cable."""

    def recognised(self, connector: int, transaction_id: str) -> None:
        """Note that a transaction is running whose start was not reported, or before our restart."""

    def stopped(
        self,
        transaction_id: str,
        at: datetime,
        meter_stop_wh: float | None,
        reason: str | None,
        *,
        first: tuple[datetime, float] | None = None,
        by_card: bool = False,
    ) -> None:
        """Note that a transaction ended; `first` is its first register reading where its start is unknown."""


class LimitsInterface(Protocol):
    """The limits of a station: ours, and others."""

    @property
    def refusals(self) -> RefusedCommands:
        """The commands that the station refuses."""

    def renew(self, adapter: Adapter) -> None:
        """Send the present offers again, to every connector with a transaction."""

    def of_all(self, connector: int, limit: Limit) -> Limit:
        """Return a limit for the whole station that gives a connector its own."""

    def current(self, connector: int) -> Limit | None:
        """Return the present offer of a connector, None if it expired."""

    def confirmed(self, *, taken: bool) -> None:
        """Note whether the station accepted a limit."""

    def reported_external(
        self, connector: int, source: str, limit: ChargerLimit
    ) -> None:
        """Note a limit that is not ours, on a connector or (0) the whole station."""

    def cleared_external(self, connector: int | None, source: str) -> None:
        """Note that a limit that is not ours has ended; None: on every connector."""


class FailSafeInterface(Protocol):
    """The fail-safe current of a station."""

    # The fail-safe current that the station accepted, and in which shape of profile.
    lasting: tuple[float, tuple[Kind, int, bool]] | None

    def confirmed_set(self, *, taken: bool) -> None:
        """Note whether the station accepted its fail-safe current."""

    async def present_a(self, adapter: Adapter) -> float | None:
        """Return the limit that the station intends without a car, None if it does not report that."""

    def judge_boot(self, before_a: float, after_a: float) -> None:
        """Conclude whether the station kept its fail-safe current over a boot."""


class StationInterface(Protocol):
    """A station, as an adapter sees it."""

    @property
    def identity(self) -> str:
        """The name that the station connects with."""

    @property
    def config(self) -> StationConfig:
        """What the user configured."""

    @property
    def state(self) -> StationState:
        """The last known state of the station."""

    def connector(self, connector: int) -> ConnectorState:
        """Return the state of a connector; an empty one if nothing is known of it."""

    @property
    def timing(self) -> Timing:
        """How long things may take."""

    def now(self) -> datetime:
        """Return the present time, timezone-aware UTC."""

    @property
    def clock(self) -> Clock:
        """The station's clock."""

    def ours(self, theirs: datetime) -> datetime:
        """Return our time of an event; never in the future."""

    @property
    def behaviour(self) -> Behaviour:
        """What is special about this make and model."""

    @property
    def shape(self) -> Shape:
        """The shape in which the station accepts limits."""

    @property
    def variables(self) -> dict[str, str | None]:
        """The station's settings as it reported them; None: it has no such key."""

    @property
    def settings_restart(self) -> SettingsRestart:
        """The restart that a setting of the station waits for."""

    @property
    def device_model(self) -> dict[str, str | None]:
        """The device model of OCPP 2.x, as reported."""

    @property
    def counters(self) -> Counter[str]:
        """Unexpected events, for diagnostics."""

    @property
    def cards(self) -> CardPolicy:
        """Who may charge."""

    @property
    def authority(self) -> CertificateAuthority | None:
        """Who signs the station's certificate; None: nobody."""

    @property
    def reports(self) -> ReportsInterface:
        """Takes in what the station reports of itself."""

    @property
    def presence(self) -> PresenceInterface:
        """Knows whether the station is in service."""

    @property
    def connectors(self) -> ConnectorsInterface:
        """Takes in what is reported of connectors."""

    @property
    def sessions(self) -> SessionsInterface:
        """Takes in what is reported of transactions."""

    @property
    def limits(self) -> LimitsInterface:
        """Takes in what is reported and confirmed of limits."""

    @property
    def fail_safe(self) -> FailSafeInterface:
        """Takes in what is reported and confirmed of the fail-safe current."""
