"""INIT makes what nearly every request needs, and nothing that only a miss needs.

`tests/local_stack/test_real_runtime.py` asks the same of the built functions and a real answer.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.loaded_modules import A_HIT_MAY_LOAD, ONLY_A_MISS_NEEDS

from tokenvend.adapters.dynamodb.definition_items import build_definition
from tokenvend.domain.credential_definition import CredentialDefinition

ROOT = Path(__file__).parents[2]

_VARIABLES = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "PATH": "",
    "TOKENVEND_CONNECTIONS_TABLE": "connections",
    "TOKENVEND_DIRECT_FUNCTION": "vend-direct",
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
    return set(_run(whole).split())


def _run(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=_VARIABLES,
    )
    return done.stdout


@pytest.mark.parametrize("function", ["vend_iam", "vend_oauth2", "vend_direct"])
def test_init_loads_what_a_hit_needs_and_no_more(function: str) -> None:
    loaded = _loaded(f"import runpy; runpy.run_path('functions/{function}/app.py')")

    packages = {name.partition(".")[0] for name in loaded}
    assert packages - A_HIT_MAY_LOAD - sys.stdlib_module_names == set()
    assert loaded & ONLY_A_MISS_NEEDS == set()
    assert loaded >= {
        "tokenvend.entries.callers",
        "botocore.client",
        "aws_lambda_powertools.logging",
    }


def test_definition_is_read_without_what_a_token_request_needs() -> None:
    definition = CredentialDefinition(
        name="jobs",
        provider="acme",
        token_endpoint="https://{tenant.domain}/token",
        tenant_values={"domain": ("*.acme.example",)},
        token_request={"on_behalf_of": "jwt_bearer", "assertion": {"issuer": "{secret.name}"}},
        token_answer={"token": "data.token", "lifetime_unit": "rfc3339"},
        api_request={"headers": {"X-Key": "{token}"}, "query": {"shop": "{answer.shop.id}"}},
    )
    document = build_definition(definition).document

    loaded = _loaded(
        "from tokenvend.adapters.dynamodb.definition_items import parse_definition;"
        f"parse_definition({document!r}).fingerprint"
    )

    assert "tokenvend.adapters.dynamodb.definition_items" in loaded
    assert loaded & ONLY_A_MISS_NEEDS == set()


@pytest.mark.parametrize(
    ("function", "made"),
    [
        ("vend_iam", "dynamodb kms"),
        ("vend_oauth2", "dynamodb kms"),
        ("vend_direct", "dynamodb kms"),
        ("renew", "dynamodb kms"),
        ("sweep", "dynamodb lambda secretsmanager"),
        ("keep_alive", "dynamodb kms"),
        ("connect_pages", "dynamodb kms"),
        ("jwks", "dynamodb kms"),
    ],
)
def test_init_makes_the_clients_that_each_invocation_needs(function: str, made: str) -> None:
    script = (
        "made = [];"
        "from botocore.session import Session; create = Session.create_client;"
        "Session.create_client = lambda self, name, **how: (made.append(name),"
        " create(self, name, **how))[1];"
        f"import runpy; runpy.run_path('functions/{function}/app.py'); print(*sorted(made))"
    )

    assert _run(script).split() == made.split()


@pytest.mark.parametrize("function", ["vend_iam", "vend_oauth2", "vend_direct", "renew", "jwks"])
def test_init_looks_for_no_garbage_and_leaves_it_to_the_invocations(function: str) -> None:
    script = (
        "import gc; gc.collect(); runs = [];"
        "gc.callbacks.append(lambda phase, _: runs.append(phase));"
        f"exec(open('functions/{function}/app.py').read());"
        "print(len(runs), gc.isenabled(), gc.get_freeze_count() > 10_000)"
    )

    runs, enabled, frozen = _run(script).split()

    assert (runs, enabled, frozen) == ("0", "True", "True")


def test_metadata_function_loads_no_library_at_all() -> None:
    loaded = _loaded("import runpy; runpy.run_path('functions/metadata/app.py')")

    packages = {name.partition(".")[0] for name in loaded}
    assert packages - sys.stdlib_module_names == {"tokenvend"}
