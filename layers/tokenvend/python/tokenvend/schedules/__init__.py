"""What EventBridge runs, without a caller: renewal, the sweep of secrets, keep-alive."""
