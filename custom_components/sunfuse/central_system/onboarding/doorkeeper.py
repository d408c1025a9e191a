"""Who may charge at a station: what every version answers about cards."""

import asyncio
from collections.abc import Callable
import logging

from ..actions import ActingAdapter
from ..model import CommandError
from ..protocol.frames import Payload
from ..protocol.link import Answer, Link
from ..protocol.text import clean
from ..security.cards import Verdict
from ..station.face import StationFace

_LOGGER = logging.getLogger(__name__)


class Doorkeeper(ActingAdapter):
    """Decides about the cards that are held to one connected station."""

    def __init__(self, link: Link, station: StationFace) -> None:
        """Speak with this station on this link."""
        super().__init__(link)
        self.station = station

    def decide(
        self,
        token: str,
        answer: Callable[[Verdict], Payload],
        transaction_id: str | None = None,
    ) -> Answer:
        """Return the answer about a card, at once or after somebody was asked.

        A station is to end the transaction of a card that is refused; one that does not is told to.
        """
        token = clean(token)
        if transaction_id is not None:
            answer = self._ending(answer, transaction_id)
        policy = self.station.cards
        decision = policy.decide(token)
        if decision is None:
            self.station.reports.card(token, None)
            return self._ask_about(token, answer)
        self.station.reports.card(token, decision is Verdict.ACCEPTED)
        return answer(decision)

    def _ending(
        self, answer: Callable[[Verdict], Payload], transaction_id: str
    ) -> Callable[[Verdict], Payload]:
        def answer_and_end(verdict: Verdict) -> Payload:
            if verdict is not Verdict.ACCEPTED:
                self.link.spawn(self._end(transaction_id))
            return answer(verdict)

        return answer_and_end

    async def _end(self, transaction_id: str) -> None:
        """Stop a transaction that may not be, unless the station has done so by itself."""
        await asyncio.sleep(self.station.timing.refused_s)
        for state in self.station.state.connectors:
            running = state.transaction
            if running is not None and running.id == transaction_id:
                try:
                    await self.remote_stop(transaction_id)
                except CommandError as err:
                    _LOGGER.warning(
                        "Charger %s goes on although its card was refused: %s",
                        self.station.identity,
                        err,
                    )

    async def _ask_about(
        self, token: str, answer: Callable[[Verdict], Payload]
    ) -> Payload:
        verdict = await self.station.cards.answer(self.station.identity, token)
        self.station.reports.card(token, verdict is Verdict.ACCEPTED)
        return answer(verdict)

    def note_firmware(self, payload: Payload) -> Payload:
        """Note how far the station is with its firmware."""
        self.station.reports.firmware(payload["status"])
        return {}

    def note_log(self, payload: Payload) -> Payload:
        """Note how far the station is with the upload of a log."""
        self.station.reports.log(payload["status"])
        return {}

    async def _set_up_cards(self) -> None:
        """Keep the station's list in step, so that drivers get in while we are away.

        Where there never was a list there is none to keep; one that was told is emptied with our own: it would go on
        refusing who was blocked.
        """
        station, policy = self.station, self.station.cards
        if policy.free and not policy.cards and station.state.local_list is None:
            return
        try:
            await self.send_local_list(policy.version, policy.cards)
        except CommandError as err:
            if err.key == "not_connected":
                raise
            _LOGGER.debug("%s: local list: %s", station.identity, err)
            station.reports.local_list(taken=False)
        else:
            station.reports.local_list(taken=True)
