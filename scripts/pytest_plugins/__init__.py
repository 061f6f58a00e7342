"""Plugins of our own for pytest."""
