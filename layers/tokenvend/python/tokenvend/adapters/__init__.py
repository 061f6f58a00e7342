"""The world behind the ports: DynamoDB, KMS, Secrets Manager, a provider's endpoints, time."""
