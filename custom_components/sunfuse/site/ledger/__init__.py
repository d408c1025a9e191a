"""The ledger of a site inside Home Assistant: what goes in, and what entities and statistics show of it."""
