"""The forms that show a meter's sign and its speed before it is chosen."""
