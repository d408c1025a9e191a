"""The device model of an OCPP 2.x charging station: components with variables (part 2, appendices)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..simulated_site import ChargerSpec
from .configuration import MEASURANDS
from .message_schemas import Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A variable of a component; compared without regard to case, as the specification requires."""

    component: str
    variable: str
    instance: str | None = None
    evse: int | None = None

    @property
    def folded(self) -> tuple[str, str, str, int]:
        """The name in the form in which it is compared."""
        return (
            self.component.casefold(),
            self.variable.casefold(),
            (self.instance or "").casefold(),
            self.evse or 0,
        )

    def payload(self) -> Payload:
        """Return the name as OCPP writes it."""
        component: Payload = {"name": self.component}
        if self.evse is not None:
            component["evse"] = {"id": self.evse}
        variable: Payload = {"name": self.variable}
        if self.instance is not None:
            variable["instance"] = self.instance
        return {"component": component, "variable": variable}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable's value, and its access rights."""

    name: Name
    value: str
    mutability: str = "ReadWrite"
    data_type: str = "string"

    def report(self) -> Payload:
        """Return the variable as a report has it."""
        attribute: Payload = {"mutability": self.mutability}
        if self.mutability != "WriteOnly":
            attribute["value"] = self.value
        return {
            **self.name.payload(),
            "variableAttribute": [attribute],
            "variableCharacteristics": {
                "dataType": self.data_type,
                "supportsMonitoring": False,
            },
        }


def _name(path: str, evse: int | None = None) -> Name:
    """Read `Component.Variable` or `Component.Variable[Instance]`."""
    component, _, rest = path.partition(".")
    variable, _, instance = rest.rstrip("]").partition("[")
    return Name(
        component=component, variable=variable, instance=instance or None, evse=evse
    )


_WRITABLE: dict[str, str | int | bool] = {
    "AuthCtrlr.AuthorizeRemoteStart": False,
    "AuthCtrlr.LocalAuthorizeOffline": True,
    "AuthCtrlr.LocalPreAuthorize": False,
    "AuthCtrlr.OfflineTxForUnknownIdEnabled": True,
    "AlignedDataCtrlr.Interval": 0,
    "AlignedDataCtrlr.Measurands": "",
    "LocalAuthListCtrlr.Enabled": True,
    "OCPPCommCtrlr.HeartbeatInterval": 300,
    "OCPPCommCtrlr.MessageAttempts[TransactionEvent]": 3,
    "OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]": 5,
    "OCPPCommCtrlr.OfflineThreshold": 60,
    "OCPPCommCtrlr.WebSocketPingInterval": 30,
    "SampledDataCtrlr.TxEndedMeasurands": "Energy.Active.Import.Register",
    "SampledDataCtrlr.TxStartedMeasurands": "Energy.Active.Import.Register",
    "SampledDataCtrlr.TxUpdatedInterval": 30,
    "SampledDataCtrlr.TxUpdatedMeasurands": "Power.Active.Import,Energy.Active.Import.Register",
    "SmartChargingCtrlr.Enabled": True,
    "TxCtrlr.EVConnectionTimeOut": 60,
    "TxCtrlr.StopTxOnEVSideDisconnect": True,
    "TxCtrlr.StopTxOnInvalidId": True,
}
_READ_ONLY: dict[str, str | int | bool] = {
    "AlignedDataCtrlr.Available": True,
    "DeviceDataCtrlr.BytesPerMessage[GetReport]": 65536,
    "DeviceDataCtrlr.ItemsPerMessage[GetReport]": 12,
    "DeviceDataCtrlr.ItemsPerMessage[GetVariables]": 20,
    "DeviceDataCtrlr.ItemsPerMessage[SetVariables]": 20,
    "LocalAuthListCtrlr.Available": True,
    "LocalAuthListCtrlr.Entries": 100,
    "LocalAuthListCtrlr.ItemsPerMessage": 50,
    "OCPPCommCtrlr.FileTransferProtocols": "HTTPS",
    "OCPPCommCtrlr.MessageTimeout[Default]": 30,
    "ReservationCtrlr.Available": True,
    "SecurityCtrlr.SecurityProfile": 1,
    "SmartChargingCtrlr.Available": True,
    "SmartChargingCtrlr.Entries[ChargingProfiles]": 20,
    "SmartChargingCtrlr.PeriodsPerSchedule": 24,
    "SmartChargingCtrlr.ProfileStackLevel": 10,
    "TxCtrlr.TxStartPoint": "EVConnected,Authorized",
    "TxCtrlr.TxStopPoint": "EVConnected",
}


def _variable(path: str, value: str | int | bool, mutability: str) -> Variable:
    data_type = {bool: "boolean", int: "integer", str: "string"}[type(value)]
    if path.endswith("Measurands"):
        data_type = "MemberList"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return Variable(
        name=_name(path), value=text, mutability=mutability, data_type=data_type
    )


def default_variables(spec: ChargerSpec) -> list[Variable]:
    """Return the variables with their factory settings."""
    behaviour = spec.behaviour
    own: dict[str, str | int | bool] = {
        "ChargingStation.Model": spec.model,
        "ChargingStation.VendorName": spec.vendor,
        "ChargingStation.SupplyPhases": spec.phases,
        "SmartChargingCtrlr.ACPhaseSwitchingSupported": behaviour.switches_phases,
        "SmartChargingCtrlr.Phases3to1": behaviour.switches_phases,
        "SmartChargingCtrlr.RateUnit": "W" if behaviour.watts_only else "A,W",
    }
    if spec.protocol == "ocpp2.1":
        own["SmartChargingCtrlr.SupportsDynamicProfiles"] = True
        own["SmartChargingCtrlr.SupportsMaxOfflineDuration"] = True
    variables = [_variable(path, value, "ReadOnly") for path, value in own.items()]
    variables += [_variable(p, value, "ReadOnly") for p, value in _READ_ONLY.items()]
    variables += [_variable(p, value, "ReadWrite") for p, value in _WRITABLE.items()]
    # Without cards, no authorization is needed either (part 2 section C01).
    variables.append(
        _variable("AuthCtrlr.Enabled", not behaviour.autostart, "ReadWrite")
    )
    variables.append(_variable("SecurityCtrlr.BasicAuthPassword", "", "WriteOnly"))
    for evse in range(1, len(spec.cars) + 1):
        power_w = round(spec.max_a * 230 * spec.phases)
        for variable, value in (("Power", power_w), ("SupplyPhases", spec.phases)):
            variables.append(
                Variable(
                    name=Name(component="EVSE", variable=variable, evse=evse),
                    value=str(value),
                    mutability="ReadOnly",
                    data_type="integer",
                )
            )
    return variables


class DeviceModel:
    """The variables of one station."""

    def __init__(self, spec: ChargerSpec) -> None:
        """Start with the factory settings, and the deviations of this station."""
        self._variables = {v.name.folded: v for v in default_variables(spec)}
        for path, value in spec.behaviour.configuration:
            name = _name(path)
            if value is None:
                del self._variables[name.folded]
            else:
                old = self._variables.get(name.folded, Variable(name=name, value=""))
                self._variables[name.folded] = replace(old, value=value)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """All of them."""
        return tuple(self._variables.values())

    def text(self, path: str) -> str:
        """Return a value."""
        return self._variables[_name(path).folded].value

    def number(self, path: str) -> float:
        """Return a value that is a number."""
        return float(self.text(path))

    def boolean(self, path: str) -> bool:
        """Return a value that is true or false."""
        return self.text(path) == "true"

    def find(self, named: Payload) -> Variable | str:
        """Return the variable that a request names, or the status that says what is missing."""
        component, variable = named["component"], named["variable"]
        name = Name(
            component=component["name"],
            variable=variable["name"],
            instance=variable.get("instance"),
            evse=component.get("evse", {}).get("id"),
        )
        if found := self._variables.get(name.folded):
            return found
        known = {(v.name.folded[0], v.name.folded[3]) for v in self.variables}
        if (name.folded[0], name.folded[3]) in known:
            return "UnknownVariable"
        return "UnknownComponent"

    def get(self, named: Payload) -> Payload:
        """Answer one entry of GetVariables."""
        found = self.find(named)
        answer = {key: named[key] for key in ("component", "variable")}
        if isinstance(found, str):
            return answer | {"attributeStatus": found}
        if named.get("attributeType", "Actual") != "Actual":
            return answer | {"attributeStatus": "NotSupportedAttributeType"}
        if found.mutability == "WriteOnly":
            return answer | {"attributeStatus": "Rejected"}
        return answer | {"attributeStatus": "Accepted", "attributeValue": found.value}

    def set(self, named: Payload) -> Payload:
        """Answer one entry of SetVariables."""
        found = self.find(named)
        answer = {key: named[key] for key in ("component", "variable")}
        if isinstance(found, str):
            return answer | {"attributeStatus": found}
        if named.get("attributeType", "Actual") != "Actual":
            return answer | {"attributeStatus": "NotSupportedAttributeType"}
        value = named["attributeValue"]
        if found.mutability == "ReadOnly" or not _valid(found.data_type, value):
            return answer | {"attributeStatus": "Rejected"}
        self._variables[found.name.folded] = replace(found, value=value)
        return answer | {"attributeStatus": "Accepted"}

    def named(self, wanted: Iterable[Payload]) -> list[Variable]:
        """Return the variables that a GetReport asks for; a component alone means all of its variables."""
        found: list[Variable] = []
        for entry in wanted:
            if "variable" in entry:
                variable = self.find(entry)
                found += [variable] if isinstance(variable, Variable) else []
            else:
                component = entry["component"]["name"].casefold()
                found += [v for v in self.variables if v.name.folded[0] == component]
        return found


def _valid(data_type: str, value: str) -> bool:
    match data_type:
        case "integer":
            return value.isdecimal()
        case "boolean":
            return value in ("true", "false")
        case "MemberList":
            return set(filter(None, value.split(","))) <= set(MEASURANDS)
    return True
