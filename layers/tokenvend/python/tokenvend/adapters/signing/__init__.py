"""Sign client assertions, and read the public halves of the signing keys."""
