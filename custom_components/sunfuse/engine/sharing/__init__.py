"""Who runs, in which order, and how much each gets of what is free."""
