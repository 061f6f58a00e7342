"""Users' consents: what callers do with their connections, and what users see on the way."""
