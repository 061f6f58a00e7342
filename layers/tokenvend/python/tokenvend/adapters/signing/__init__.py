"""Keys that sign client assertions, and what the world may know of them."""
