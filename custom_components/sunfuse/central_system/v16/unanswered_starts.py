"""OCPP 1.6: a station learns the id of a transaction from the answer to its StartTransaction."""

import asyncio
from datetime import timedelta

from ..protocol.link import Link
from ..station.station_interface import StationInterface
from ..station_state import CommandError


class UnansweredStarts:
    """The transactions whose ids a station does not know yet: it refuses every command that names one.

    An answer may be lost with its connection. It counts as received once the station has sent another request, or has
    named the id. Otherwise the station sends its StartTransaction again on its next connection (OCPP 1.6 section 3.7);
    if it does not in good time, it has received the answer after all.
    """

    def __init__(self, link: Link, station: StationInterface) -> None:
        """Start a connection."""
        self._link = link
        self._transactions = station.sessions.transactions
        self._now = station.now
        self._timing = station.timing
        self._connected_at = station.now()
        self._answers: dict[str, asyncio.Future[bool]] = {}  # on this connection
        self._news = asyncio.Event()

    def add(self, transaction_id: str) -> None:
        """Note that the request that is being handled starts a transaction."""
        self._answers[transaction_id] = answer = self._link.answered
        answer.add_done_callback(lambda _: self._news.set())

    def next_request(self) -> None:
        """Note that the station sends another request: it has received the answers that were sent before."""
        for transaction_id, answer in tuple(self._answers.items()):
            if _was_sent(answer):
                del self._answers[transaction_id]
                self.named(transaction_id)

    def named(self, transaction_id: str) -> None:
        """Note that the station knows an id."""
        self._transactions.note_id_known(transaction_id)
        self._news.set()

    def has(self, transaction_id: str) -> bool:
        """Whether the station does not know the id of a transaction."""
        record = self._transactions.get(transaction_id)
        if record is None or record.id_known:
            return False
        if (answer := self._answers.get(transaction_id)) is not None:
            return not _was_sent(answer)
        waits = timedelta(seconds=self._timing.start_again_s)
        return self._now() - self._connected_at < waits

    async def wait(self, transaction_id: str) -> None:
        """Wait until the station knows the id of a transaction, or is disconnected.

        Raises:
            CommandError: it does not receive the id in time.

        """
        try:
            async with asyncio.timeout(self._timing.response_s):
                while self.has(transaction_id) and not self._link.closed:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError as err:
            raise CommandError("refused", "StartTransaction") from err


def _was_sent(answer: asyncio.Future[bool]) -> bool:
    return answer.done() and answer.result()
