"""Decides whether a card may charge at a station; the same for every version."""

import asyncio
from collections.abc import Awaitable, Callable
import logging

from ..protocol.frames import Payload
from ..protocol.link import Answer, Link
from ..protocol.text import clean
from ..security.card_policy import Verdict
from ..station.station_interface import StationInterface
from ..station_state import CommandError

_LOGGER = logging.getLogger(__name__)

# A station has no more connectors than that with a card each; what is forgotten is asked again.
_MOST_ASKED = 32

# How a version of OCPP writes a verdict.
type VerdictAnswer = Callable[[Verdict], Payload]


class CardChecks:
    """Decides about the cards presented to one connected station."""

    def __init__(
        self,
        link: Link,
        station: StationInterface,
        stop: Callable[[str], Awaitable[None]],
    ) -> None:
        """Use `stop` to stop the transaction of a card that is refused."""
        self._link = link
        self._station = station
        self._stop = stop
        self._asked: dict[str, Verdict] = {}  # what automations answered, by card

    def decide(
        self,
        token: str,
        answer: VerdictAnswer,
        transaction_id: str | None = None,
        *,
        presented: bool = True,
    ) -> Answer:
        """Return the answer about a card, at once or after an automation was asked.

        A station must end the transaction of a card that is refused; if it does not, we stop it. A card that is only
        named again was not `presented`: nobody is asked again, and nothing is reported.
        """
        token = clean(token)
        if transaction_id is not None:
            answer = self._ending(answer, transaction_id)
        decision = self._station.cards.decide(token)
        if not presented and (known := decision or self._asked.get(token)):
            return answer(known)
        if decision is None:
            self._station.reports.card(token, None)
            return self._ask_about(token, answer)
        self._station.reports.card(token, decision is Verdict.ACCEPTED)
        return answer(decision)

    def decide_without_card(self, answer: VerdictAnswer) -> Payload:
        """Return the answer about a transaction that was started without a card: by a button, or by plugging in."""
        return answer(Verdict.of(self._station.cards.free))

    def _ending(self, answer: VerdictAnswer, transaction_id: str) -> VerdictAnswer:
        def answer_and_end(verdict: Verdict) -> Payload:
            if verdict is not Verdict.ACCEPTED:
                self._link.spawn(self._end(transaction_id))
            return answer(verdict)

        return answer_and_end

    async def _end(self, transaction_id: str) -> None:
        """Stop a transaction that is not allowed, unless the station has already done so."""
        await asyncio.sleep(self._station.timing.refused_s)
        for state in self._station.state.connectors:
            running = state.transaction
            if running is not None and running.id == transaction_id:
                try:
                    await self._stop(transaction_id)
                except CommandError as err:
                    _LOGGER.warning(
                        "Charger %s goes on although its card was refused: %s",
                        self._station.identity,
                        err,
                    )

    async def _ask_about(self, token: str, answer: VerdictAnswer) -> Payload:
        verdict = await self._station.cards.answer(self._station.identity, token)
        if len(self._asked) >= _MOST_ASKED:
            self._asked.clear()
        self._asked[token] = verdict
        self._station.reports.card(token, verdict is Verdict.ACCEPTED)
        return answer(verdict)
