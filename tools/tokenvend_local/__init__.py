"""The local stack: a local AWS with the template deployed in it, and a provider beside it."""
