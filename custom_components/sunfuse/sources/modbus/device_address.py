"""How a device is reached: over the network or a serial line. Stored in a sub-entry as a plain dictionary."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from .device import Parity, SerialSettings


class LinkKind(StrEnum):
    """What carries the requests."""

    TCP = "tcp"
    # The frames of a serial line, unchanged, over a TCP connection: many gateways do so.
    RTU_OVER_TCP = "rtu_over_tcp"
    SERIAL = "serial"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusLink:
    """A way to one or more devices. `host` is a host name or address, or the path of a serial port."""

    kind: LinkKind
    host: str
    port: int = 0
    serial: SerialSettings = SerialSettings()

    @property
    def endpoint(self) -> tuple[str, int]:
        """Return what can be open only once, whatever protocol is used on it."""
        serial = self.kind is LinkKind.SERIAL
        return (self.host, 0) if serial else (self.host.lower(), self.port)

    @property
    def name(self) -> str:
        """Return its name for people."""
        return self.host if self.kind is LinkKind.SERIAL else f"{self.host}:{self.port}"

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return what `to_dict` stored."""
        return cls(
            kind=LinkKind(stored["kind"]),
            host=stored["host"],
            port=stored["port"],
            serial=SerialSettings(
                baudrate=stored["baudrate"],
                parity=Parity(stored["parity"]),
                stop_bits=stored["stop_bits"],
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a form for the sub-entry."""
        return {
            "kind": self.kind.value,
            "host": self.host,
            "port": self.port,
            "baudrate": self.serial.baudrate,
            "parity": self.serial.parity.value,
            "stop_bits": self.serial.stop_bits,
        }
