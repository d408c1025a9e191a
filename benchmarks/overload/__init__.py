"""Searches sites on which a step of sun, house or limit lasts too long, or stops a car that need not stop."""
