"""A token answered from memory or the table must not pay for what only a miss needs."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ONLY_A_MISS_NEEDS = {
    "aws_xray_sdk",
    "jsonschema",
    "pydantic",
    "requests",
    "rich",
    "typer",
    "yaml",
    "tokenvend.adapters.provider_http",
    "tokenvend.adapters.secrets_manager",
}


@pytest.mark.parametrize("function", ["vend_iam", "vend_oauth2", "vend_direct"])
def test_function_loads_nothing_that_only_a_miss_needs(function: str) -> None:
    script = (
        "import runpy, sys;"
        f"runpy.run_path('functions/{function}/app.py');"
        "import tokenvend.composition; tokenvend.composition.aws_client('dynamodb');"
        "print('\\n'.join(sys.modules))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"AWS_DEFAULT_REGION": "eu-central-1", "PATH": ""},
    )

    loaded = set(done.stdout.split())
    assert "tokenvend.handling" in loaded
    assert loaded & ONLY_A_MISS_NEEDS == set()


def test_metadata_function_loads_no_aws_library() -> None:
    script = "import runpy, sys; runpy.run_path('functions/metadata/app.py'); print(*sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PATH": ""},
    )

    assert {"boto3", "botocore", "aws_lambda_powertools"} & set(done.stdout.split()) == set()
