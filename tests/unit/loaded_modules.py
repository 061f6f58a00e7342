"""Which modules a request may load."""

#: All that a hit may load beside the standard library and tokenvend itself: the log line and
#: its metric, the two AWS clients and what they are made of, AES-GCM.
A_HIT_MAY_LOAD = {
    "_cffi_backend",
    "_openssl",
    "aws_lambda_powertools",
    "botocore",
    "certifi",
    "cryptography",
    "dateutil",
    "jmespath",
    "six",
    "snapshot_restore_py",
    "tokenvend",
    "typing_extensions",
    "urllib3",
}


#: Of ours and of theirs, what is dear and only a miss, the command or a test would need.
ONLY_A_MISS_NEEDS = {
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.parameters",
    "cryptography.x509",
    "joserfc",
    "tokenvend.adapters.deadline",
    "tokenvend.adapters.provider_http",
    "tokenvend.adapters.secrets_manager",
    "tokenvend.adapters.signing.aws_identity",
    "tokenvend.adapters.signing.kms",
    "tokenvend.adapters.signing.pem",
    "tokenvend.composition.subject_tokens",
    "tokenvend.consent",
    "tokenvend.domain.api_request",
    "tokenvend.domain.api_request_description",
    "tokenvend.domain.consent",
    "tokenvend.domain.journal",
    "tokenvend.domain.oauth.jwt_bearer",
    "tokenvend.domain.oauth.on_behalf_of",
    "tokenvend.domain.oauth.request_description",
    "tokenvend.domain.oauth.templates",
    "tokenvend.domain.oauth.response_body",
    "tokenvend.domain.oauth.response_description",
    "tokenvend.domain.oauth.token_lifetime",
    "tokenvend.domain.tenant_binding",
    "tokenvend.domain.tenant_values",
    "tokenvend.domain.users",
    "tokenvend.domain.workload",
    "tokenvend.vending.reject",
    "tokenvend.schedules.renewal",
    "tokenvend.vending.subject_tokens",
    "tokenvend.schedules.secret_sweep",
    "tokenvend.vending.users",
    "tokenvend.vending.workloads",
}
