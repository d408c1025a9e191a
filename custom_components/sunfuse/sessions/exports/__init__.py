"""Sessions for others: monthly statements, tables, charge records."""
