"""OCPP 2.0.1 and 2.1: what a station says, and what it is asked."""
