"""The entities with which drivers and owners set what they want, for vehicles and chargers alike."""
