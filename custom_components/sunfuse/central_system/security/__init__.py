"""Cards, passwords and certificates."""
