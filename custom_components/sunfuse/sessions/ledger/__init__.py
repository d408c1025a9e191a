"""The ledger: what happened, in a file of its own that survives a power cut, and what is derived from it there."""
