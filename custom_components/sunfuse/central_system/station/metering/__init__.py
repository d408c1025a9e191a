"""What a station measures, and the energy that its connectors delivered."""
