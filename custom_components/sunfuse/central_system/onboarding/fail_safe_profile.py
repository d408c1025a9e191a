"""The lasting profile: the current with which transactions start, and to which they fall back."""

from collections.abc import Awaitable, Callable
import logging

from ..station.quirks import Kind, Purpose
from ..station.refused_commands import LIMITS
from ..station.station_interface import StationInterface
from ..station_commands import Limit
from ..station_state import CommandError
from .setup_interface import SetupCommands

_LOGGER = logging.getLogger(__name__)


class FailSafeProfile:
    """Sets the fail-safe current of one connected station."""

    def __init__(
        self,
        station: StationInterface,
        setup: SetupCommands,
        present_a: Callable[[], Awaitable[float | None]],
    ) -> None:
        """`present_a` asks for the limit that the station intends now; it returns None where that is unknown."""
        self._station = station
        self._setup = setup
        self._present_a = present_a
        self._booted_with_it = (
            False  # and has not been asked yet whether it kept the profile
        )

    def booted(self) -> None:
        """Note that the station booted: whether it kept the profile is to be checked."""
        self._booted_with_it |= self._station.fail_safe.lasting is not None
        self._station.fail_safe.lasting = None

    async def set_after_boot(self) -> None:
        """Set the profile; a station that booted with it is asked before and after.

        After a power cut while we are offline, the station has only what it kept.
        """
        asks, self._booted_with_it = self._booted_with_it, False
        before_a = await self._present_a() if asks else None
        await self.set()
        if before_a is None or self._station.fail_safe.lasting is None:
            return
        if (after_a := await self._present_a()) is not None:
            self._station.fail_safe.judge_boot(before_a, after_a)

    async def set_anew(self) -> None:
        """Set the profile even if the station may have it."""
        self._station.fail_safe.lasting = None
        await self.set()

    async def set(self) -> None:
        """Set the profile unless the station has it.

        The specification allows several shapes, and stations differ in which they accept; the first that is accepted
        is tried first from then on.
        """
        station = self._station
        limit = Limit(current_a=station.config.fail_safe_a)
        if station.fail_safe.lasting is not None:
            current_a, (_, level, _) = station.fail_safe.lasting
            if level not in station.shape.lasting_levels:
                station.fail_safe.lasting = None
            elif current_a == limit.current_a:
                return
        if not station.limits.refusals.may_ask(LIMITS):
            return
        for kind, level, each in self._shapes():
            if await self._try(limit, kind, level, each=each):
                station.fail_safe.lasting = (limit.current_a, (kind, level, each))
                station.fail_safe.confirmed_set(taken=True)
                return
        station.limits.confirmed(taken=False)
        station.fail_safe.confirmed_set(taken=False)

    def _shapes(self) -> list[tuple[Kind, int, bool]]:
        """Return the shapes to try: kind, stack level, and whether each connector needs its own profile."""
        shape = self._station.shape
        first = self._station.behaviour.lasting_kind
        if shape.live_purpose is Purpose.STATION_MAX:
            first = Kind.ABSOLUTE  # must not be Relative (OCPP 2.0.1 K01.FR.38)
        kinds = [first, *(kind for kind in Kind if kind is not first)]
        shapes = [
            (kind, level, each)
            for each in (False, True)
            for kind in kinds
            for level in shape.lasting_levels
        ]
        if self._station.fail_safe.lasting is not None:
            shapes.insert(0, self._station.fail_safe.lasting[1])
        return shapes

    async def _try(self, limit: Limit, kind: Kind, level: int, *, each: bool) -> bool:
        connectors = [0]
        if each:
            connectors = [state.id for state in self._station.state.connectors]
        for connector in connectors:
            profile = self._station.shape.lasting(limit, kind, level)
            profile["chargingProfileId"] += connector
            try:
                await self._setup.set_profile(connector, profile)
            except CommandError as err:
                if err.key == "not_connected":
                    raise
                _LOGGER.debug("%s: fail-safe: %s", self._station.identity, err)
                return False
        return True
