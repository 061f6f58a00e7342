"""The token endpoint, without the network: build a request, parse an answer (RFC 6749)."""
