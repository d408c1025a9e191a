"""How long a decision of the engine takes."""
