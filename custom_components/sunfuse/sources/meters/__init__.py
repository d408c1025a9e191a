"""Meters read from entities: which sensors there are, their signs, and their currents by phase."""
