"""OCPP 1.6: a station learns the id of a transaction from the answer to its StartTransaction."""

import asyncio

from ..protocol.link import Link


class UnansweredStarts:
    """The transactions whose ids a station does not know yet: it refuses every command that names one."""

    def __init__(self, link: Link) -> None:
        """Start with none."""
        self._link = link
        self._answered: dict[str, asyncio.Event] = {}

    def add(self, transaction_id: str) -> None:
        """Note that the request that is being handled starts a transaction."""
        waiting = {id_: one for id_, one in self._answered.items() if not one.is_set()}
        self._answered = {**waiting, transaction_id: self._link.answered}

    def has(self, transaction_id: str) -> bool:
        """Whether the start of a transaction was not answered yet."""
        answered = self._answered.get(transaction_id)
        return answered is not None and not answered.is_set()

    async def wait(self, transaction_id: str) -> None:
        """Wait until the start of a transaction was answered, or cannot be answered any more."""
        if (answered := self._answered.get(transaction_id)) is not None:
            await answered.wait()
