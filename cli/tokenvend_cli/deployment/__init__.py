"""What is deployed: the stack, its registry, its callers' aliases, its secrets."""
