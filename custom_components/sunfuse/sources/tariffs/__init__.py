"""What a kilowatt-hour costs, what it emits, and what a peak costs."""
