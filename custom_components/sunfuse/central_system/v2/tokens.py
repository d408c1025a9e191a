"""OCPP 2.x: cards as messages contain them, and the answers about them."""

from ..onboarding.card_checks import CardChecks
from ..protocol.frames import Payload
from ..protocol.link import Answer
from ..security.card_policy import Card, Verdict
from ..security.plug_and_charge import contract_info


def token_info(verdict: Verdict) -> Payload:
    """Return whether a card may charge, as an answer."""
    return {"idTokenInfo": {"status": verdict.value}}


def token_of(card_id: str, known: Card | None) -> Payload:
    """Return a card as 2.x writes it: only the list of cards knows its type."""
    return {"idToken": card_id, "type": known.kind if known else "ISO14443"}


def decide(
    doorkeeper: CardChecks,
    token: Payload,
    *,
    contract: bool = False,
    running: str | None = None,
    presented: bool = True,
) -> Answer:
    """Return the answer about a card, or about the contract of an ISO 15118 car; it may only be named again."""
    answer = contract_info if contract else token_info
    if token["type"] == "NoAuthorization":  # a button, or a charger without a reader
        return doorkeeper.decide_without_card(answer)
    return doorkeeper.decide(token["idToken"], answer, running, presented=presented)
