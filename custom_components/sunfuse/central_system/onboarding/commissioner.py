"""What every version does with a station that came: let it settle, learn what it can, set it up."""

from abc import abstractmethod
import asyncio
import itertools
import logging
from typing import override

from ..actions import InstalledCertificate
from ..adapter import Limit
from ..model import CommandError
from ..protocol.frames import Fault, Payload
from ..protocol.link import Link
from ..security.certificates import CertificateAuthority
from ..station.face import StationFace
from ..station.profiles import LEARNT_PURPOSE, Shape
from ..station.quirks import Kind, Purpose
from ..station.refusals import LIMITS
from .doorkeeper import Doorkeeper

_LOGGER = logging.getLogger(__name__)

# What Sunfuse needs, and step by step less for stations that refuse.
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
_RARELY_S = 600.0  # between questions that stay without an answer
_OFTEN_S = 5  # more often is more than is needed
_SURE = 3  # refusals of one kind of profile in a row, while another is taken
_LEARNING_S = 15.0  # for an answer without which one can do; limits wait behind it


class Commissioner(Doorkeeper):
    """Sets up one connected station."""

    def __init__(self, link: Link, station: StationFace) -> None:
        """Speak with this station on this link."""
        super().__init__(link, station)
        self._setting_up: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None
        self._settling = False  # it waits until the station may be asked
        self._again = False  # something changed while it asks
        self._requests = itertools.count(1)
        self._signing = False
        self._refusals = 0
        self._booted_with_fail_safe = False  # and is not yet asked whether it kept it

    def next_request_id(self) -> int:
        """Return an id for a request whose progress the station tells later."""
        return next(self._requests)

    def sign_certificate(self, payload: Payload) -> Payload:
        """Answer a request for a certificate; the certificate itself follows."""
        kind = payload.get("certificateType", "ChargingStationCertificate")
        if self.station.authority is None or kind != "ChargingStationCertificate":
            return {"status": "Rejected"}
        if not self._signing:
            self._signing = True
            self.link.spawn(self._sign(self.station.authority, payload))
        return {"status": "Accepted"}

    async def _sign(self, authority: CertificateAuthority, payload: Payload) -> None:
        station = self.station
        loop = asyncio.get_running_loop()
        try:
            certificate = await loop.run_in_executor(
                None, authority.sign, payload["csr"], station.identity, station.now()
            )
            await self.certificate_signed(certificate, payload)
        except (ValueError, CommandError) as err:
            _LOGGER.warning("%s: no certificate was given: %s", station.identity, err)
        finally:
            self._signing = False

    @override
    async def delete_certificate(self, certificate: InstalledCertificate) -> None:
        data = {
            "hashAlgorithm": certificate.hash_algorithm,
            "issuerNameHash": certificate.issuer_name_hash,
            "issuerKeyHash": certificate.issuer_key_hash,
            "serialNumber": certificate.serial_number,
        }
        await self._command("DeleteCertificate", {"certificateHashData": data})

    @override
    async def request(self, action: str, payload: Payload) -> Payload:
        try:
            return await self._call(action, payload)
        except Fault as fault:
            raise CommandError("refused", str(fault)) from fault

    @override
    async def clear_profiles(self) -> None:
        for purpose in ("TxProfile", "TxDefaultProfile"):
            await self._clear(purpose)
        self.station.fail_safe.lasting = None
        self.station.limits.renew(self)
        await self._set_fail_safe()

    @abstractmethod
    async def _clear(self, purpose: str) -> None:
        """Clear all profiles of a purpose; that there are none is no error."""

    # What differs by version

    @abstractmethod
    async def _learn(self) -> None:
        """Ask for what the station can, one thing at a time, and remember it in its `variables`."""

    async def _set_up_meter(self) -> None:
        """Have the station send the meter values that Sunfuse needs, step by step less where it refuses."""
        behaviour = self.station.behaviour
        first = (_BY_PHASE,) if behaviour.by_phase else ()
        for measurands in (*first, *MEASURANDS):
            if await self._try_set("MeterValuesSampledData", measurands):
                break
        least_s = behaviour.sample_s or self.station.timing.sample_s
        known = self.station.variables.get("MeterValueSampleInterval") or ""
        if known.isdecimal() and _OFTEN_S <= int(known) <= least_s:
            return  # as often as it should be
        for interval_s in sorted({least_s, *_INTERVALS_S}):
            if interval_s >= least_s and await self._try_set(
                "MeterValueSampleInterval", str(interval_s)
            ):
                break

    @abstractmethod
    async def _try_set(self, key: str, value: str) -> bool:
        """Set a key of OCPP 1.6, or what says the same; returns whether it has the value now, or never will."""

    @abstractmethod
    async def _set_profile(self, connector: int, profile: Payload) -> None:
        """Set a charging profile, in the words of OCPP 1.6, for a connector or (0) all of them."""

    @abstractmethod
    async def _try_trigger(self, message: str, connector: int | None = None) -> None:
        """Ask the station to send a message; a refusal is no error."""

    def booted(self) -> None:
        """Note that the station booted; set it up when it has settled."""
        # Who knows whether it kept it?
        self._booted_with_fail_safe |= self.station.fail_safe.lasting is not None
        self.station.fail_safe.lasting = None
        self.station.presence.enter_service()
        self._set_up_after(self._settle_s())

    def came_back(self) -> None:
        """Note a sign that the station is in service although it did not boot on this link."""
        if not self.station.presence.enter_service():
            return
        wait_s = self._settle_s()
        if not self.station.state.info.vendor:
            # Some makes tell a status before they boot: one that we do not know may be about to.
            wait_s = max(wait_s, self.station.timing.return_s)
        self._set_up_after(wait_s)

    def _settle_s(self) -> float:
        settle_s = self.station.behaviour.settle_s
        if settle_s is None:
            settle_s = self.station.timing.settle_s
        return settle_s + self.station.presence.patience.extra_s

    def _set_up_after(self, seconds: float) -> None:
        """Set the station up in a while; if that is under way, begin again: it has booted meanwhile."""
        if self._setting_up is not None:
            self._setting_up.cancel()
        self._settling = True
        self._setting_up = self.link.spawn(self._settle(seconds))

    @override
    def set_up_again(self) -> None:
        """Set the station up by what changed: after what is under way, never beside it."""
        if self._settling:
            return  # it is set up soon, by what holds then
        if self._setting_up is None or self._setting_up.done():
            self._set_up_after(0)
        else:
            self._again = True

    async def wait_for_boot(self) -> None:
        """Take a station that stays silent after connecting as one that booted long ago."""
        await asyncio.sleep(self.station.timing.return_s)
        if self.station.state.accepted:
            self.came_back()

    async def _settle(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._settling, self._again = False, True
        while self._again:
            self._again = False
            await self._commission()

    async def _commission(self) -> None:
        self.station.presence.patience.asked(self.station.now())
        try:
            if not self.station.state.info.vendor:
                await self._try_trigger("BootNotification")
            await self._learn()
            self.station.reports.learnt()
            await self._set_fail_safe_anew()
            await self._set_up_meter()
            await self._set_up_offline()
            await self._set_up_cards()
            for connector in self.station.state.connectors:
                if connector.status is None:
                    await self._try_trigger("StatusNotification", connector.id)
                if connector.transaction is None:
                    await self._try_trigger("MeterValues", connector.id)
            if self.station.connectors.unreported():
                self._ask_statuses()
        except CommandError as err:
            _LOGGER.debug("%s: setting up: %s", self.station.identity, err)

    def _ask_statuses(self) -> None:
        """Ask for statuses that the station did not tell, again and again; meanwhile infer them."""
        if self._asking is None or self._asking.done():
            self._asking = self.link.spawn(self._ask_again())

    async def _ask_again(self) -> None:
        wait_s = self.station.timing.ask_again_s
        while True:
            await asyncio.sleep(wait_s)
            if not (untold := self.station.connectors.unreported()):
                return
            wait_s = min(2 * wait_s, _RARELY_S)
            for connector in untold:
                self.station.connectors.infer_status(connector)
                try:
                    await self._try_trigger("StatusNotification", connector)
                except CommandError as err:
                    _LOGGER.debug("%s: status: %s", self.station.identity, err)

    async def _set_up_offline(self) -> None:
        """Let everybody charge while the station does not reach us, if everybody may; else only who is on its list.

        AllowOfflineTxForUnknownId is of OCPP 1.6 section 9.1.2; AuthCtrlr.OfflineTxForUnknownIdEnabled of 2.x.
        """
        free = "true" if self.station.cards.free else "false"
        await self._try_set(OFFLINE_UNKNOWN, free)

    @override
    async def ask_to_boot(self) -> None:
        try:
            await self._try_trigger("BootNotification")
        except CommandError as err:
            _LOGGER.debug("%s: asking to boot: %s", self.station.identity, err)

    @override
    async def limit_transaction(
        self, connector: int, transaction_id: str | None, limit: Limit
    ) -> None:
        """Set a live limit, by the first kind of profile that the station takes.

        What a station refused several times in a row, while it took the next kind, is not tried again.
        """
        shape, refusals = self.station.shape, []
        for purpose in self._live_purposes():
            tried = shape.with_live(purpose)
            try:
                await self._set_live(tried, connector, transaction_id, limit)
            except CommandError as err:
                if err.key not in ("refused", "not_supported"):
                    raise
                refusals.append(err)
            else:
                await self._note_purpose(purpose, refused=bool(refusals))
                return
        raise refusals[0]

    def _live_purposes(self) -> list[Purpose]:
        if (known := self.station.behaviour.live_purpose) is not None:
            return [known]
        first = self.station.shape.live_purpose
        order = list(Purpose)
        return order[order.index(first) :]

    async def _set_live(
        self, shape: Shape, connector: int, transaction_id: str | None, limit: Limit
    ) -> None:
        if shape.live_purpose is Purpose.STATION_MAX:
            limit = self.station.limits.of_all(connector, limit)
            connector = 0
        profile = shape.live(connector, limit, transaction_id)
        await self._set_profile(connector, profile)

    async def _note_purpose(self, purpose: Purpose, *, refused: bool) -> None:
        """Remember which profile the station takes, when it is sure; what it falls back to must suit it."""
        self._refusals = self._refusals + 1 if refused else 0
        if self._refusals < _SURE:
            return
        self._refusals = 0
        self.station.variables[LEARNT_PURPOSE] = purpose.value
        self.station.fail_safe.lasting = None
        await self._set_fail_safe()

    def _sends_profile_with_start(self) -> bool:
        # With a start only a TxProfile may come (OCPP 1.6 section 5.11, OCPP 2.0.1 F01.FR.08).
        shape = self.station.shape
        smart = shape.smart and self.station.state.takes_limits
        return smart and shape.live_purpose is Purpose.TX_PROFILE

    async def _ask(self, action: str, payload: Payload) -> Payload | None:
        """Return the answer; None where the station refuses or is too slow."""
        timeout_s = min(self.station.timing.response_s, _LEARNING_S)
        try:
            return await self.link.call(action, payload, timeout_s)
        except CommandError as err:
            if err.key == "not_connected":
                raise
            _LOGGER.debug("%s: %s", self.station.identity, err)
            return None

    async def _call(self, action: str, payload: Payload) -> Payload:
        return await self.link.call(action, payload, self.station.timing.response_s)

    async def _command(self, action: str, payload: Payload) -> None:
        """Send a request whose answer is a status.

        Raises:
            CommandError: the status is not one of success.

        """
        answer = await self._call(action, payload)
        status: str = answer["status"]
        if status in ("NotSupported", "NotImplemented"):
            raise CommandError("not_supported", f"{action}: {status}")
        if status not in ("Accepted", "Unlocked", "Scheduled", "RebootRequired"):
            raise CommandError("refused", f"{action}: {status}")

    async def _set_fail_safe_anew(self) -> None:
        """Lay down the fail-safe current; a station that booted with it is asked before and after.

        A power cut while we are away leaves it with what it kept.
        """
        fail_safe = self.station.fail_safe
        asks, self._booted_with_fail_safe = self._booted_with_fail_safe, False
        before_a = await fail_safe.present_a(self) if asks else None
        await self._set_fail_safe()
        if before_a is None or self.station.fail_safe.lasting is None:
            return
        if (after_a := await fail_safe.present_a(self)) is not None:
            fail_safe.judge_boot(before_a, after_a)

    async def _set_fail_safe(self) -> None:
        """Lay down the current at which transactions begin and to which they fall back.

        Stations differ in which of the shapes that the specification allows they take; the first that is taken
        is tried first from then on.
        """
        station = self.station
        limit = Limit(current_a=station.config.fail_safe_a)
        if station.fail_safe.lasting is not None:
            current_a, (_, level, _) = station.fail_safe.lasting
            if level not in station.shape.lasting_levels:
                station.fail_safe.lasting = None
            elif current_a == limit.current_a:
                return
        if not station.limits.refusals.may_ask(LIMITS):
            return
        for kind, level, each in self._lasting_shapes():
            if await self._try_lasting(limit, kind, level, each=each):
                station.fail_safe.lasting = (limit.current_a, (kind, level, each))
                station.fail_safe.confirmed_set(taken=True)
                return
        station.limits.confirmed(taken=False)
        station.fail_safe.confirmed_set(taken=False)
        _LOGGER.warning(
            "Charger %s did not take its fail-safe current", self.station.identity
        )

    def _lasting_shapes(self) -> list[tuple[Kind, int, bool]]:
        first = self.station.behaviour.lasting_kind
        if self.station.shape.live_purpose is Purpose.STATION_MAX:
            first = Kind.ABSOLUTE  # it may not be Relative (OCPP 2.0.1 K01.FR.38)
        kinds = [first, *(kind for kind in Kind if kind is not first)]
        levels = self.station.shape.lasting_levels
        shapes = [
            (kind, level, each)
            for each in (False, True)
            for kind in kinds
            for level in levels
        ]
        if self.station.fail_safe.lasting is not None:
            shapes.insert(0, self.station.fail_safe.lasting[1])
        return shapes

    async def _try_lasting(
        self, limit: Limit, kind: Kind, level: int, *, each: bool
    ) -> bool:
        connectors = [0]
        if each:
            connectors = [state.id for state in self.station.state.connectors]
        for connector in connectors:
            profile = self.station.shape.lasting(limit, kind, level)
            profile["chargingProfileId"] += connector
            try:
                await self._set_profile(connector, profile)
            except CommandError as err:
                if err.key == "not_connected":
                    raise
                _LOGGER.debug("%s: fail-safe: %s", self.station.identity, err)
                return False
        return True


def certificate_of(kind: str, data: Payload) -> InstalledCertificate:
    """Return a certificate that a station has, from how it is known."""
    return InstalledCertificate(
        kind=kind,
        hash_algorithm=data["hashAlgorithm"],
        issuer_name_hash=data["issuerNameHash"],
        issuer_key_hash=data["issuerKeyHash"],
        serial_number=data["serialNumber"],
    )
