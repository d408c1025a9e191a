"""The forms of who charges: cards, persons, price lists."""
