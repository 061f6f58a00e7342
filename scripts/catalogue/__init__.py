"""Count how many providers of a public catalogue `tokenvend.yaml` can describe."""
