"""What a user gets to see: overlay, window, film, table, report."""
