"""How long a plan takes, and how good it is."""
