"""The entries: each parses an event, calls one use case, and builds the answer."""
