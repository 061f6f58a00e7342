"""Workload identity: callers that prove themselves by their platform's token (RFC 8693)."""
