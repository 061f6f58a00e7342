"""Measure how a provider behaves, in few requests, without showing a token."""
