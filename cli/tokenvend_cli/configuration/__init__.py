"""`tokenvend.yaml`: read, check, compile."""
