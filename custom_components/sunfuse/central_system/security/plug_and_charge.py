"""Plug and charge over OCPP 1.6: messages of 2.0.1 inside DataTransfer.

Open Charge Alliance, "Using ISO 15118 Plug & Charge with OCPP 1.6": the message's name is the `messageId`, its
payload as JSON the `data`.
"""

import json

from ..protocol.frames import Payload, read_json
from .card_policy import Verdict

VENDOR = "org.openchargealliance.iso15118pnc"

# There is no contract service, and nobody to sign certificates of ISO 15118.
_ANSWERS: dict[str, Payload] = {
    "Get15118EVCertificate": {"status": "Failed", "exiResponse": ""},
    "GetCertificateStatus": {"status": "Failed"},
    "SignCertificate": {"status": "Rejected"},
}


def contract_of(data: str) -> str | None:
    """Return the contract (eMAID) that an Authorize asks about, None if it names none."""
    try:
        token = read_json(data)["idToken"]
        contract = token["idToken"] if isinstance(token, dict) else token
    except ValueError, TypeError, KeyError:
        return None
    return contract if isinstance(contract, str) and contract else None


def answer(message: str) -> Payload:
    """Return the answer to any other message."""
    if (payload := _ANSWERS.get(message)) is None:
        return {"status": "UnknownMessageId"}
    return wrapped(payload)


def wrapped(payload: Payload) -> Payload:
    """Return an answer as DataTransfer carries it."""
    return {"status": "Accepted", "data": json.dumps(payload)}


def contract_info(verdict: Verdict) -> Payload:
    """Return whether a contract may charge (C07); the station itself has verified its certificate."""
    accepted = verdict is Verdict.ACCEPTED
    status = "Accepted" if accepted else "ContractCancelled"
    return {"idTokenInfo": {"status": verdict.value}, "certificateStatus": status}
