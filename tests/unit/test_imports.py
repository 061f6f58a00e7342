"""A token answered from memory or the table must not pay for what only a miss needs.

`tests/local_stack/test_real_runtime.py` asks the same of the built functions and a real answer.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

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
    "tokenvend",
    "typing_extensions",
    "urllib3",
}
#: Of ours and of theirs, what is dear and only a miss, the command or a test would need.
ONLY_A_MISS_NEEDS = {
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.parameters",
    "cryptography.x509",
    "tokenvend.adapters.deadline",
    "tokenvend.adapters.provider_http",
    "tokenvend.adapters.secrets_manager",
    "tokenvend.adapters.signing.kms",
    "tokenvend.adapters.signing.pem",
    "tokenvend.connecting",
    "tokenvend.domain.consent",
    "tokenvend.domain.journal",
    "tokenvend.vending.reject",
    "tokenvend.vending.renew",
    "tokenvend.vending.sweep",
}
_VARIABLES = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "PATH": "",
    "TOKENVEND_CONNECTIONS_TABLE": "connections",
    "TOKENVEND_DEPLOYMENT": "tokenvend",
    "TOKENVEND_KEY_ARN": "arn:aws:kms:eu-central-1:111122223333:key/1",
    "TOKENVEND_REGISTRY_TABLE": "registry",
    "TOKENVEND_SECRET_PREFIX": "tokenvend/tokenvend/",
    "TOKENVEND_TOKENS_TABLE": "tokens",
}


def _loaded(script: str) -> set[str]:
    """The modules that *script* loads, beside those of a bare interpreter."""
    whole = (
        f"import sys; before = set(sys.modules); {script}; print(*(sys.modules.keys() - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", whole],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=_VARIABLES,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("function", ["vend_iam", "vend_oauth2", "vend_direct"])
def test_a_hit_loads_only_what_it_needs(function: str) -> None:
    loaded = _loaded(
        f"import runpy; runpy.run_path('functions/{function}/app.py');"
        "from tokenvend.composition.environment import environment; environment().vendor"
    )

    packages = {name.partition(".")[0] for name in loaded}
    assert packages - A_HIT_MAY_LOAD - sys.stdlib_module_names == set()
    assert loaded & ONLY_A_MISS_NEEDS == set()
    assert {
        "tokenvend.handlers.callers",
        "botocore.client",
        "aws_lambda_powertools.logging",
    } <= loaded


def test_metadata_function_loads_no_library_at_all() -> None:
    loaded = _loaded("import runpy; runpy.run_path('functions/metadata/app.py')")

    packages = {name.partition(".")[0] for name in loaded}
    assert packages - sys.stdlib_module_names == {"tokenvend"}
