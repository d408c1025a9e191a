"""Decides whether a card may charge: everyone, the cards of a list, or those that an automation approves."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
import hashlib
import re

from ..protocol.frames import Payload

LOCAL_LIST_CHUNK = 20  # cards in one message; all stations accept this many
LOCAL_LIST_MOST = 10_000  # cards in a station's list: it takes minutes to send them
LOCAL_LIST_USUAL = (
    1_000  # cards in the list of a station that does not say how many it can hold
)
_MOST_PARTS = 10_000
_SEPARATORS = re.compile(r"[\s:*-]")
# A contract (eMAID) with its check digit, without separators. "VID" and a MAC address (Autocharge) is as long, and is none.
_WITH_CHECK_DIGIT = re.compile(r"(?!vid)[a-z]{2}[0-9a-z]{3}c[0-9a-z]{9}")
_CONTRACT_LENGTH = 14
OWN_TOKEN = "SUNFUSE"  # the token with which we start transactions

# Called with the identity of the station and the number of the card. True: approved. None: no answer in time.
type AskAboutCard = Callable[[str, str], Awaitable[bool | None]]


def folded(token: str) -> str:
    """Return a token in the form in which tokens are compared: case, separators and a check digit make no difference.

    Case: CiString, OCPP 1.6 section 7.28. A contract is two letters of a country, three characters of a provider, a C
    and eight characters, and a check digit. Its separators and its check digit are optional (eMAID: ISO 15118-2:2014
    annex H, with the C of eMI3 part 2). Cars omit the separators, because their 15 characters have no room for them, and
    Plug & Charge backends omit the check digit, too (Hubject's OPCP, handling of IDs). People and readers write the bytes
    of a chip, or of a car's MAC address, with or without colons.
    """
    plain = _SEPARATORS.sub("", token).casefold()
    return plain[:_CONTRACT_LENGTH] if _WITH_CHECK_DIGIT.fullmatch(plain) else plain


class Verdict(StrEnum):
    """The answer about a card, in the terms of every version (AuthorizationStatus)."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"  # known, and not allowed: its driver gets a different answer than a stranger
    EXPIRED = "Expired"
    INVALID = "Invalid"

    @classmethod
    def of(cls, accepted: bool) -> Verdict:
        """Return the verdict on a card that is not blocked."""
        return cls.ACCEPTED if accepted else cls.INVALID


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card, or the contract of an ISO 15118 car (eMAID); `until` is when it expires."""

    id: str
    name: str = ""
    blocked: bool = False
    expired: bool = False
    until: datetime | None = None
    kind: str = "ISO14443"  # the IdToken type of OCPP 2.x

    @property
    def verdict(self) -> Verdict:
        """Return whether its driver may charge."""
        if self.blocked:
            return Verdict.BLOCKED
        return Verdict.EXPIRED if self.expired else Verdict.ACCEPTED


@dataclass(frozen=True, kw_only=True)
class CardPolicy:
    """Who may charge. There may be thousands of cards."""

    free: bool = True
    cards: tuple[Card, ...] = ()
    ask: AskAboutCard | None = None  # about cards that are not in the list
    default: bool = False  # if there is no answer

    def find(self, token: str) -> Card | None:
        """Return a card, however its number is written."""
        return self._by_number.get(folded(token))

    @cached_property
    def _by_number(self) -> Mapping[str, Card]:
        """The cards by their numbers in the form in which they are compared; of two with one number, the first."""
        return {folded(card.id): card for card in reversed(self.cards)}

    def decide(self, token: str) -> Verdict | None:
        """Return whether a card may charge; None if an automation has to be asked."""
        if token.casefold() == OWN_TOKEN.casefold():
            return Verdict.ACCEPTED
        if (card := self.find(token)) is not None:
            return card.verdict
        if self.free:
            return Verdict.ACCEPTED
        return None if self.ask is not None else Verdict.INVALID

    async def answer(self, identity: str, token: str) -> Verdict:
        """Ask whether a card may charge."""
        answer = None if self.ask is None else await self.ask(identity, token)
        return Verdict.of(self.default if answer is None else answer)

    @cached_property
    def version(self) -> int:
        """The version of the list for stations: a positive 31-bit number that changes with the list."""
        text = repr(
            [(card.id, card.verdict, card.kind, card.until) for card in self.cards]
        )
        digest = hashlib.sha256(text.encode()).digest()
        return int.from_bytes(digest[:4]) % (2**31 - 1 - _MOST_PARTS) + _MOST_PARTS


def fitting(cards: tuple[Card, ...], most: int) -> tuple[Card, ...]:
    """Return the cards for a station that can hold so many: if not all, those that may charge come first."""
    if len(cards) <= most:
        return cards
    return tuple(
        sorted(cards, key=lambda card: card.verdict is not Verdict.ACCEPTED)[:most]
    )


def local_list_updates(
    version: int, entries: list[Payload], most: int
) -> Iterator[tuple[int, str, list[Payload]]]:
    """Yield the messages that update a station's list to a version: number, kind and entries of each.

    Each number is higher than the one before, as differential updates require, and only the last is the version, so that a
    list that was sent in part does not count as complete.
    """
    chunks = [entries[i : i + most] for i in range(0, len(entries), most)] or [[]]
    for number, chunk in enumerate(chunks):
        kind = "Differential" if number else "Full"
        yield version - len(chunks) + 1 + number, kind, chunk
