"""What a user's browser sees on the way through consent."""
