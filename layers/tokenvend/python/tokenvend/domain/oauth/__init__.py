"""Requests to a provider's endpoints and their answers, as pure functions (RFC 6749)."""
