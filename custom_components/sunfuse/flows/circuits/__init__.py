"""The forms of a circuit."""
