"""The `tokenvend` command."""
