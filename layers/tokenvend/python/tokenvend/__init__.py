"""tokenvend: a token-vending service for AWS.

Reading order: `domain` (what is decided, pure), `ports` (what the use cases need from
the world), `vending` (the use cases), `adapters` (the world), `entries` (how a caller
gets in), `composition` (how it is put together).
"""
