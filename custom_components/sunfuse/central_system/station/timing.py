"""Intervals and timeouts."""

from dataclasses import dataclass

from ..station_state import CARD_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Intervals of the central system, in seconds."""

    heartbeat_s: int = (
        60  # the interval that an accepted station is given; also keeps its clock right
    )
    pending_s: int = 10  # when a pending one is to ask again
    ping_s: float = 20.0  # a dead socket is found within one and a half of these
    settle_s: float = (
        2.0  # wait after booting: some stations restart when asked too early
    )
    return_s: float = (
        5.0  # a station that reconnects without booting counts as booted after this
    )
    response_s: float = 30.0
    refused_s: float = (
        10.0  # for a station to end the transaction of a card that was refused
    )
    backdate_s: int = (
        10  # a live limit starts a little in the past by the station's clock
    )
    start_grace_s: float = (
        3.0  # a station may start a transaction by itself before it is commanded to
    )
    start_retry_s: float = 30.0
    card_s: float = CARD_S
    react_s: float = 15.0  # until a car follows a new limit and its meter shows it (IEC 61851-1: 5 s)
    wake_s: float = 60.0  # a car that draws nothing after a pause is asleep
    nudge_s: float = 15.0  # for how long such a car is offered 6 A before its transaction is restarted
    own_limit_s: float = (
        30.0  # until it is believed that a charger allows a car less than was offered
    )
    believed_s: float = 600.0  # for how long that is believed, until it is tried again
    live_s: float = (
        60.0  # older messages were stored while offline and do not describe the present
    )
    start_again_s: float = (
        120.0  # for a station whose StartTransaction was not answered to send it again
    )
    hold_s: float = 300.0  # for the start of a transaction to arrive whose end was reported before it
    ask_again_s: float = (
        15.0  # for a status that the station did not report; later less often
    )
    count_s: float = 10.0  # until the statuses of a station that does not say how many connectors it has are complete
    probe_s: float = (
        3.0  # for an old connection to show that it is alive when there is a newer one
    )
    sample_s: int = 10  # between meter values while charging
