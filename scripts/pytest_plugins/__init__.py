"""What pytest is given beside its own plugins."""
