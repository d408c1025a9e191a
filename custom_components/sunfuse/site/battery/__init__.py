"""The home battery: what is wanted of it, and the user's entities that command it."""
