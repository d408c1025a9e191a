"""The site report: how much a connection can carry, from its own history."""
