"""What a station reports of itself, whatever version of OCPP it speaks."""

from collections.abc import Callable

from ..model import LocalList, StationInfo
from .ledger import Ledger
from .patience import Patience


class Reports:
    """Takes in what a station reports of itself."""

    def __init__(
        self,
        ledger: Ledger,
        patience: Patience,
        *,
        on_heard: tuple[Callable[[], None], ...],
        after_heard: Callable[[], None],
    ) -> None:
        """Call `on_heard` with each sign of life, and `after_heard` once that is noted."""
        self._ledger = ledger
        self._patience = patience
        self._on_heard = on_heard
        self._after_heard = after_heard

    def heard(self) -> None:
        """Note a sign of life."""
        for call in self._on_heard:
            call()
        self._ledger.heard()
        self._after_heard()

    def booted(self, info: StationInfo) -> None:
        """Note what the station says of itself; after a firmware update nothing that was learnt counts."""
        before = self._ledger.state.info
        self._patience.booted(self._ledger.now())
        updated = before.vendor and before.firmware != info.firmware
        changes = self._ledger.unlearn() if updated else {}
        self._ledger.identify(info, **changes)

    def learnt(self) -> None:
        """Note that the station answered what it can do."""
        self._ledger.count_connectors(
            switches_phases=self._ledger.shape.switches_phases
        )

    def card(self, token: str, decision: bool | None) -> None:
        """Note that a card was held to the station, and the decision (None: somebody is asked)."""
        if decision is False:
            self._ledger.counters["refused_cards"] += 1
        self._ledger.update(
            last_card=token,
            last_card_at=self._ledger.now(),
            last_card_taken=decision,
        )

    def firmware(self, status: str) -> None:
        """Note the progress of a firmware update, in the specification's word."""
        self._ledger.update(firmware_status=status)

    def log(self, status: str) -> None:
        """Note the progress of the upload of a log, in the specification's word."""
        self._ledger.update(log_status=status)

    def local_list(self, *, taken: bool) -> None:
        """Note whether the station took our list of cards."""
        local_list = LocalList.IN_STEP if taken else LocalList.NOT_TAKEN
        self._ledger.update(local_list=local_list)
