"""What will come: sunshine on the roof, and what the house draws without cars."""
