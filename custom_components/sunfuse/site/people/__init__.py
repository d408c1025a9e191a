"""Who charges: persons, their cards, what was agreed with them, and what they are billed."""
