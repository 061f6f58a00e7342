"""The ways in: each reads an event, calls one use case, and writes its answer."""
