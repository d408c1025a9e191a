"""Sunfuse: an OCPP central system that shares a site's current among its chargers, sunshine first."""
