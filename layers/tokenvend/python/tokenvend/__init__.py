"""tokenvend: a token-vending service for AWS.

Reading order: `domain` (what is decided, pure), `ports` (what the use cases need from
the world), `vending` and `connecting` (the use cases), `adapters` (the world), `entries` (how
a caller gets in), `observability` (what is recorded), `composition` (how it is put together),
`handlers` (what each function does with an event).
"""
