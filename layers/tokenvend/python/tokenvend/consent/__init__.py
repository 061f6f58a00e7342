"""Users' consent: what callers do with connections, and the pages that users go through."""
