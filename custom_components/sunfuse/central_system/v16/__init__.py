"""OCPP 1.6: what a station says, and what it is asked."""
