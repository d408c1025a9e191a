"""The entities by which drivers and owners say what they want: those of vehicles and those of chargers alike."""
