"""The forms of a charger."""
