"""Signs the certificates that stations request."""

import asyncio
from collections.abc import Awaitable, Callable
import logging

from ..protocol.frames import Payload
from ..protocol.link import Link
from ..security.certificates import CertificateAuthority
from ..station.station_interface import StationInterface
from ..station_state import CommandError

_LOGGER = logging.getLogger(__name__)

_OWN = "ChargingStationCertificate"


class CertificateSigner:
    """Answers the requests of one connected station for a certificate."""

    def __init__(
        self,
        link: Link,
        station: StationInterface,
        send: Callable[[str, Payload], Awaitable[None]],
    ) -> None:
        """`send` sends a certificate (PEM), together with the request for it."""
        self._link = link
        self._station = station
        self._send = send
        self._signing = False

    def answer(self, payload: Payload) -> Payload:
        """Answer a request for a certificate; the certificate itself is sent afterwards."""
        authority = self._station.authority
        if authority is None or payload.get("certificateType", _OWN) != _OWN:
            return {"status": "Rejected"}
        if not self._signing:
            self._signing = True
            self._link.spawn(self._sign(authority, payload))
        return {"status": "Accepted"}

    async def _sign(self, authority: CertificateAuthority, payload: Payload) -> None:
        station = self._station
        loop = asyncio.get_running_loop()
        try:
            certificate = await loop.run_in_executor(
                None, authority.sign, payload["csr"], station.identity, station.now()
            )
            await self._send(certificate, payload)
        except (ValueError, CommandError) as err:
            _LOGGER.warning("%s: no certificate was given: %s", station.identity, err)
        finally:
            self._signing = False
