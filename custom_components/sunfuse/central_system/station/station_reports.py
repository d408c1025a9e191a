"""What a station reports about itself, whatever version of OCPP it speaks."""

from collections.abc import Callable

from ..station_state import LocalList, StationInfo
from .boot_loops import BootLoops
from .metering.meters import Meters
from .shared_state import SharedState


class Reports:
    """Takes in what a station reports about itself."""

    def __init__(
        self,
        shared: SharedState,
        boot_loops: BootLoops,
        meters: Meters,
        *,
        on_heard: tuple[Callable[[], None], ...],
        after_heard: Callable[[], None],
    ) -> None:
        """Call `on_heard` with each message, and `after_heard` once that is noted."""
        self._shared = shared
        self._boot_loops = boot_loops
        self._meters = meters
        self._on_heard = on_heard
        self._after_heard = after_heard

    def heard(self) -> None:
        """Note that the station is alive."""
        for call in self._on_heard:
            call()
        self._shared.heard()
        self._after_heard()

    def booted(self, info: StationInfo) -> None:
        """Note make, model and firmware; after a firmware update everything that was learned is void."""
        before = self._shared.state.info
        self._boot_loops.booted(self._shared.now())
        self._meters.booted()
        updated = before.vendor and before.firmware != info.firmware
        changes = self._shared.unlearn() if updated else {}
        self._shared.identify(info, **changes)

    def learnt(self) -> None:
        """Note that the station reported its capabilities."""
        self._shared.count_connectors(
            switches_phases=self._shared.shape.switches_phases
        )

    def card(self, token: str, decision: bool | None) -> None:
        """Note that a card was presented to the station, and the decision (None: an automation is asked)."""
        if decision is False:
            self._shared.counters["refused_cards"] += 1
        self._shared.update(
            last_card=token,
            last_card_at=self._shared.now(),
            last_card_taken=decision,
        )

    def firmware(self, status: str) -> None:
        """Note the progress of a firmware update, in the specification's term."""
        self._shared.update(firmware_status=status)

    def log(self, status: str) -> None:
        """Note the progress of the upload of a log, in the specification's term."""
        self._shared.update(log_status=status)

    def local_list(self, *, taken: bool) -> None:
        """Note whether the station accepted our list of cards."""
        local_list = LocalList.IN_STEP if taken else LocalList.NOT_TAKEN
        self._shared.update(local_list=local_list)
