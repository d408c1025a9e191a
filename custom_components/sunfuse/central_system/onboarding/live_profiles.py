"""The profiles of live limits: which kind a station accepts."""

from collections.abc import Awaitable, Callable

from ..adapter import Adapter
from ..protocol.frames import Payload
from ..station.limits.profile_shape import LEARNT_PURPOSE, Shape
from ..station.quirks import Purpose
from ..station.station_interface import StationInterface
from ..station_commands import Limit
from ..station_state import CommandError
from .fail_safe_profile import FailSafeProfile
from .setup_interface import SetupCommands

_SURE = 3  # consecutive refusals of one kind of profile, while another is accepted


class LiveProfiles:
    """Sets live limits on one connected station."""

    def __init__(
        self,
        station: StationInterface,
        setup: SetupCommands,
        fail_safe: FailSafeProfile,
    ) -> None:
        """Keep the lasting profile below the live ones."""
        self._station = station
        self._setup = setup
        self._fail_safe = fail_safe
        self._refusals = 0

    async def limit(
        self, connector: int, transaction_id: str | None, limit: Limit
    ) -> None:
        """Set a live limit, with the first kind of profile that the station accepts.

        A kind that the station refused several times in a row, while it accepted the next one, is not tried again.

        Raises:
            CommandError: it accepts none, or could not be asked.

        """
        shape, refusals = self._station.shape, []
        for purpose in self._purposes():
            tried = shape.with_live(purpose)
            try:
                await self._set(tried, connector, transaction_id, limit)
            except CommandError as err:
                if err.key not in ("refused", "not_supported"):
                    raise
                refusals.append(err)
            else:
                await self._note_purpose(purpose, refused=bool(refusals))
                return
        raise refusals[0]

    async def start(
        self,
        connector: int,
        limit: Limit,
        send: Callable[[Payload | None], Awaitable[None]],
    ) -> bool:
        """Start a transaction by `send`, with a profile or without; returns whether the limit went with it.

        Some refuse every start that carries a profile (goecharger/go-eCharger-API-v2 issue 243).

        Raises:
            CommandError: the station does not start it, or could not be asked.

        """
        if self._go_with_a_start():
            try:
                await send(self._station.shape.live(connector, limit, None))
            except CommandError as err:
                if err.key not in ("refused", "not_supported"):
                    raise
            else:
                return True
        await send(None)
        return False

    async def clear(self, adapter: Adapter) -> None:
        """Remove the profiles of all live limits, whoever set them; then set those that are to hold.

        Raises:
            CommandError: the station could not be asked.

        """
        for purpose in ("TxProfile", "TxDefaultProfile"):
            await self._setup.clear_profiles(purpose)
        self._station.limits.renew(adapter)
        await self._fail_safe.set_anew()

    def _go_with_a_start(self) -> bool:
        """Whether a start command may carry the limit: only a TxProfile may (OCPP 1.6 section 5.11, 2.0.1 F01.FR.08)."""
        shape = self._station.shape
        smart = shape.smart and self._station.state.takes_limits
        return smart and shape.live_purpose is Purpose.TX_PROFILE

    def _purposes(self) -> list[Purpose]:
        if (known := self._station.behaviour.live_purpose) is not None:
            return [known]
        first = self._station.shape.live_purpose
        order = list(Purpose)
        return order[order.index(first) :]

    async def _set(
        self, shape: Shape, connector: int, transaction_id: str | None, limit: Limit
    ) -> None:
        if shape.live_purpose is Purpose.STATION_MAX:
            limit = self._station.limits.of_all(connector, limit)
            connector = 0
        profile = shape.live(connector, limit, transaction_id)
        await self._setup.set_profile(connector, profile)

    async def _note_purpose(self, purpose: Purpose, *, refused: bool) -> None:
        """Remember which profile the station accepts, once that is certain; the fail-safe profile must match it."""
        self._refusals = self._refusals + 1 if refused else 0
        if self._refusals < _SURE:
            return
        self._refusals = 0
        self._station.variables[LEARNT_PURPOSE] = purpose.value
        await self._fail_safe.set_anew()
