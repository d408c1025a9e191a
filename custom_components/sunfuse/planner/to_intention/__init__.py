"""From a plan to what it means for each car and driver."""
