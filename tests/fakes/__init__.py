"""Stand-ins for the ports: plain, honest, and held to the same contracts as the adapters."""
