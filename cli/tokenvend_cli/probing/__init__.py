"""Measure what a provider does, in few requests, and say it without showing a token."""
