"""Sets up a station that has connected, the same for every version: let it settle, learn its capabilities, configure it."""

import asyncio
import logging

from ..protocol.frames import Payload
from ..protocol.link import Link
from ..station.clock import format_time
from ..station.station_interface import StationInterface
from ..station_state import CommandError, StationInfo
from .fail_safe_profile import FailSafeProfile
from .setup_interface import SetupCommands

_LOGGER = logging.getLogger(__name__)

# The measurands that Sunfuse needs, then step by step fewer for stations that refuse.
_BY_PHASE = (  # OCPP 1.6 section 9.1.17: a measurand may be followed by a phase; Alfen takes up to nine
    "Current.Import.L1,Current.Import.L2,Current.Import.L3,"
    "Voltage.L1-N,Voltage.L2-N,Voltage.L3-N,"
    "Power.Active.Import,Energy.Active.Import.Register"
)
MEASURANDS = (
    (
        "Current.Import,Current.Offered,Voltage,"
        "Power.Active.Import,Energy.Active.Import.Register,SoC"
    ),
    "Current.Import,Voltage,Power.Active.Import,Energy.Active.Import.Register,SoC",
    "Current.Import,Voltage,Power.Active.Import,Energy.Active.Import.Register",
    "Current.Import,Power.Active.Import,Energy.Active.Import.Register",
    "Current.Import,Energy.Active.Import.Register",
    "Power.Active.Import,Energy.Active.Import.Register",
)
OFFLINE_UNKNOWN = "AllowOfflineTxForUnknownId"
_INTERVALS_S = (15, 30, 60)
_RARELY_S = 600.0  # between questions that are not answered
_OFTEN_S = 5  # more often is not needed


class Commissioner:
    """Sets up one connected station, with the commands of its version."""

    def __init__(
        self,
        link: Link,
        station: StationInterface,
        setup: SetupCommands,
        fail_safe: FailSafeProfile,
    ) -> None:
        """Run tasks on the link, and end with it."""
        self._link = link
        self._station = station
        self._setup = setup
        self._fail_safe = fail_safe
        self._setting_up: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None
        self._counting: asyncio.Task[None] | None = None
        self._settling = False  # waiting until the station may be asked
        self._again = False  # something changed during setup
        self._booted = False  # since it connected

    # When

    def answer_boot(self, info: StationInfo) -> Payload:
        """Process a BootNotification; an accepted station is set up once it has settled."""
        station = self._station
        self._booted = True
        station.reports.booted(info)
        accepted = station.state.accepted
        if accepted:
            self._fail_safe.booted()
            station.presence.enter_service()
            self._set_up_after(self._settle_s())
        timing = station.timing
        return {
            "status": "Accepted" if accepted else "Pending",
            "currentTime": format_time(station.now()),
            "interval": timing.heartbeat_s if accepted else timing.pending_s,
        }

    def came_back(self) -> None:
        """Note that the station is in service although it did not boot on this link."""
        if not self._station.presence.enter_service():
            return
        wait_s = self._settle_s()
        if not self._station.state.info.vendor:
            # Some makes report a status before they boot: a station that is not known yet may be about to boot.
            wait_s = max(wait_s, self._station.timing.return_s)
        self._set_up_after(wait_s)

    async def wait_for_boot(self) -> None:
        """Treat a station that sends no BootNotification after connecting as one that booted long ago."""
        await asyncio.sleep(self._station.timing.return_s)
        if self._station.state.accepted:
            self.came_back()

    async def ask_to_boot(self) -> None:
        """Ask a station that was pending until now to boot again."""
        try:
            await self._setup.try_trigger("BootNotification")
        except CommandError as err:
            _LOGGER.debug("%s: asking to boot: %s", self._station.identity, err)

    def set_up_again(self) -> None:
        """Set the station up again after a change: after the setup that is running, never beside it."""
        if self._settling:
            return  # the setup that is about to start uses the new values
        if self._setting_up is None or self._setting_up.done():
            self._set_up_after(0)
        else:
            self._again = True

    def _settle_s(self) -> float:
        settle_s = self._station.behaviour.settle_s
        if settle_s is None:
            settle_s = self._station.timing.settle_s
        return settle_s + self._station.presence.boot_loops.extra_s

    def _set_up_after(self, seconds: float) -> None:
        """Set the station up after a delay; if that is running already, start again, as it has booted meanwhile."""
        if self._setting_up is not None:
            self._setting_up.cancel()
        self._settling = True
        self._setting_up = self._link.spawn(self._settle(seconds))

    async def _settle(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._settling, self._again = False, True
        while self._again:
            self._again = False
            await self._commission()

    # What

    async def _commission(self) -> None:
        station, setup = self._station, self._setup
        station.presence.boot_loops.asked(station.now())
        try:
            # Some name no vendor when they boot: asked again, they would boot for ever (evcc issue 32170).
            if not station.state.info.vendor and not self._booted:
                await setup.try_trigger("BootNotification")
            await setup.learn()
            station.reports.learnt()
            await self._fail_safe.set_after_boot()
            await self._set_up_meter()
            await self._set_up_offline()
            await self._set_up_cards()
            for connector in station.state.connectors:
                if connector.status is None:
                    await setup.try_trigger("StatusNotification", connector.id)
                if connector.transaction is None:
                    await setup.try_trigger("MeterValues", connector.id)
            if station.connectors.unreported():
                self._ask_statuses()
            if self._counting is None or self._counting.done():
                self._counting = self._link.spawn(self._count_connectors())
        except CommandError as err:
            _LOGGER.debug("%s: setting up: %s", station.identity, err)

    async def _set_up_meter(self) -> None:
        """Set the meter values that Sunfuse needs, step by step fewer if the station refuses."""
        await self._set_up_measurands()
        await self._set_up_interval()
        await self._setup.try_set_begin_and_end()

    async def _set_up_measurands(self) -> None:
        first = (_BY_PHASE,) if self._station.behaviour.by_phase else ()
        for measurands in (*first, *MEASURANDS):
            if await self._setup.try_set("MeterValuesSampledData", measurands):
                return

    async def _set_up_interval(self) -> None:
        least_s = self._station.behaviour.sample_s or self._station.timing.sample_s
        known = self._station.variables.get("MeterValueSampleInterval") or ""
        if known.isdecimal() and _OFTEN_S <= int(known) <= least_s:
            return  # frequent enough
        for interval_s in sorted({least_s, *_INTERVALS_S}):
            if interval_s >= least_s and await self._setup.try_set(
                "MeterValueSampleInterval", str(interval_s)
            ):
                return

    async def _set_up_offline(self) -> None:
        """While the station is offline, everyone may charge if everyone may charge now; otherwise only the cards of its list.

        AllowOfflineTxForUnknownId: OCPP 1.6 section 9.1.2. AuthCtrlr.OfflineTxForUnknownIdEnabled: 2.x.
        """
        free = "true" if self._station.cards.free else "false"
        await self._setup.try_set(OFFLINE_UNKNOWN, free)

    async def _set_up_cards(self) -> None:
        """Keep the station's list of cards up to date, so that drivers can charge while we are offline.

        A station that never had a list gets none; a list that we sent is emptied when ours is empty, because it would go on
        refusing cards that were blocked.
        """
        station, policy = self._station, self._station.cards
        if policy.free and not policy.cards and station.state.local_list is None:
            return
        try:
            await self._setup.send_local_list(policy.version, policy.cards)
        except CommandError as err:
            if err.key == "not_connected":
                raise
            _LOGGER.debug("%s: local list: %s", station.identity, err)
            station.reports.local_list(taken=False)
        else:
            station.reports.local_list(taken=True)

    async def _count_connectors(self) -> None:
        """Count the connectors once more, when the station has had time to report the status of each."""
        await asyncio.sleep(self._station.timing.count_s)
        try:
            await self._setup.learn()
        except CommandError as err:
            _LOGGER.debug("%s: connectors: %s", self._station.identity, err)
        self._station.reports.learnt()

    def _ask_statuses(self) -> None:
        """Ask repeatedly for statuses that the station has not reported; infer them meanwhile."""
        if self._asking is None or self._asking.done():
            self._asking = self._link.spawn(self._ask_again())

    async def _ask_again(self) -> None:
        wait_s = self._station.timing.ask_again_s
        while True:
            await asyncio.sleep(wait_s)
            if not (unreported := self._station.connectors.unreported()):
                return
            wait_s = min(2 * wait_s, _RARELY_S)
            for connector in unreported:
                self._station.connectors.infer_status(connector)
                try:
                    await self._setup.try_trigger("StatusNotification", connector)
                except CommandError as err:
                    _LOGGER.debug("%s: status: %s", self._station.identity, err)
