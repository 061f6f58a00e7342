"""tokenvend: a token-vending service for AWS.

Reading order: `domain` (the rules, pure), `ports` (what the use cases need of the outside),
`vending` (answer one caller), `refresh_tokens` and `consent` (users' connections), `schedules`
(what runs without a caller), `adapters` (DynamoDB, KMS, Secrets Manager, providers),
`observability` (log lines and metrics), `composition` (how the parts are put together), `entries`
(each way in: read an event, call a use case, answer).
"""
