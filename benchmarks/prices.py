"""AWS's list prices in US dollars: us-east-1, on demand, arm64, first tier, no free tier.

From AWS's public pricing pages of each service. Prices change: `AS_OF` says when these held.
docs/cost.md has the same table; a test compares the two.
"""

from typing import Final

AS_OF: Final = "2025-12"

#: What is billed → dollars for one of it.
PRICES: Final[dict[str, float]] = {
    "API Gateway REST request": 3.50e-6,
    "Lambda request": 0.20e-6,
    "Lambda GB-second": 0.0000133334,
    "Lambda provisioned GB-second": 0.0000033334,
    "SnapStart GB-second kept": 0.0000015046,
    "SnapStart GB restored": 0.0001397998,
    "DynamoDB read request unit": 0.125e-6,
    "DynamoDB write request unit": 0.625e-6,
    "KMS request": 0.03e-4,
    "Secrets Manager request": 0.05e-4,
    "CloudWatch Logs GB ingested": 0.50,
    "CloudWatch metric, a month": 0.30,
    "CloudWatch alarm, a month": 0.10,
    "CloudWatch dashboard, a month": 3.00,
    "X-Ray trace": 5.00e-6,
    "KMS key, a month": 1.00,
    "KMS key rotation, each of the first two, a month": 1.00,
    "Secret, a month": 0.40,
}
