"""What to do: pure functions over frozen dataclasses. No Home Assistant, no OCPP, no I/O, no clock."""
