"""The pages that a user's browser shows during a consent."""
