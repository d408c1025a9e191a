"""The configuration keys of an OCPP 1.6 charge point (section 9)."""

from dataclasses import dataclass, replace

from ..simulated_site import ChargerSpec

MEASURANDS = (
    "Current.Import",
    "Voltage",
    "Power.Active.Import",
    "Energy.Active.Import.Register",
    "SoC",
    "Current.Offered",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A configuration key and what may be written to it."""

    value: str
    readonly: bool = False
    kind: str = "text"  # text, number, boolean or measurands
    hidden: bool = False  # write-only


def _number(value: float, *, readonly: bool = False) -> Key:
    return Key(value=f"{value:g}", readonly=readonly, kind="number")


def _boolean(value: bool, *, readonly: bool = False) -> Key:
    return Key(value=str(value).lower(), readonly=readonly, kind="boolean")


def default_keys(spec: ChargerSpec) -> dict[str, Key]:
    """Return the keys with their factory settings."""
    profiles = "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"
    keys = {
        "AllowOfflineTxForUnknownId": _boolean(True),
        "AuthorizationCacheEnabled": _boolean(False),
        "AuthorizationKey": Key(value=spec.password or "", hidden=True),
        "AuthorizeRemoteTxRequests": _boolean(False),
        "ChargeProfileMaxStackLevel": _number(10, readonly=True),
        "ChargingScheduleAllowedChargingRateUnit": Key(
            value="Power" if spec.behaviour.watts_only else "Current,Power",
            readonly=True,
        ),
        "ChargingScheduleMaxPeriods": _number(24, readonly=True),
        "ClockAlignedDataInterval": _number(0),
        "ConnectionTimeOut": _number(60),
        "ConnectorPhaseRotation": Key(value="NotApplicable"),
        "ConnectorSwitch3to1PhaseSupported": _boolean(
            spec.behaviour.switches_phases, readonly=True
        ),
        "FreeModeActive": _boolean(spec.behaviour.autostart),
        "FreeModeRFID": Key(value="FREE"),
        "GetConfigurationMaxKeys": _number(50, readonly=True),
        "HeartbeatInterval": _number(300),
        "LocalAuthListEnabled": _boolean(True),
        "LocalAuthListMaxLength": _number(100, readonly=True),
        "LocalAuthorizeOffline": _boolean(True),
        "LocalPreAuthorize": _boolean(False),
        "MaxChargingProfilesInstalled": _number(20, readonly=True),
        "MeterValueSampleInterval": _number(30),
        "MeterValuesAlignedData": Key(value="", kind="measurands"),
        "MeterValuesSampledData": Key(
            value="Current.Import,Power.Active.Import,Energy.Active.Import.Register",
            kind="measurands",
        ),
        "NumberOfConnectors": _number(len(spec.cars), readonly=True),
        "ReserveConnectorZeroSupported": _boolean(False, readonly=True),
        "ResetRetries": _number(1),
        "SendLocalListMaxLength": _number(50, readonly=True),
        "StopTransactionOnEVSideDisconnect": _boolean(True),
        "StopTransactionOnInvalidId": _boolean(True),
        "StopTxnAlignedData": Key(value="", kind="measurands"),
        "StopTxnSampledData": Key(value="", kind="measurands"),
        "SupportedFeatureProfiles": Key(value=profiles, readonly=True),
        "TransactionMessageAttempts": _number(3),
        "TransactionMessageRetryInterval": _number(5),
        "UnlockConnectorOnEVSideDisconnect": _boolean(True),
        "WebSocketPingInterval": _number(30),
    }
    for name, value in spec.behaviour.configuration:
        if value is None:
            del keys[name]
        else:
            keys[name] = replace(keys.get(name, Key(value="")), value=value)
    return keys


class Configuration:
    """The keys of one charge point."""

    def __init__(self, keys: dict[str, Key]) -> None:
        """Start with these keys."""
        self.keys = keys

    def text(self, name: str) -> str:
        """Return a value."""
        return self.keys[name].value

    def number(self, name: str) -> float:
        """Return a value that is a number."""
        return float(self.keys[name].value)

    def boolean(self, name: str) -> bool:
        """Return a value that is true or false."""
        return self.keys[name].value == "true"

    def change(self, name: str, value: str) -> str:
        """Write a value; returns the status that OCPP has for the outcome."""
        if (key := self.keys.get(name)) is None:
            return "NotSupported"
        if key.readonly or not _valid(key.kind, value):
            return "Rejected"
        if key.kind == "boolean":
            value = value.lower()
        self.keys[name] = replace(key, value=value)
        return "Accepted"


def _valid(kind: str, value: str) -> bool:
    match kind:
        case "number":
            return value.isdecimal()
        case "boolean":
            return value.lower() in ("true", "false")
        case "measurands":
            return set(filter(None, value.split(","))) <= set(MEASURANDS)
    return True
