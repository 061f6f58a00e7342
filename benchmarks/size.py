"""What an environment weighs: memory at its peak, and the layer on disk."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Row

ROOT = Path(__file__).parents[1]
_MB = 1024 * 1024
_PEAK = "VmHWM"
_LOAD_EVERYTHING = """
import importlib
import boto3
for name in ("handling", "adapters.provider_http", "adapters.secrets_manager"):
    importlib.import_module("tokenvend." + name)
for service in ("dynamodb", "kms", "secretsmanager"):
    boto3.client(service, region_name="eu-central-1")
print(open("/proc/self/status").read())
"""


def rows() -> Iterator[Row]:
    """Sizes against their bounds; here the bound is the baseline, so the ratio's goal is 1."""
    yield Row("peak memory, all loaded", _peak_memory(), 110.0, "the bound", 1.0, "MB")
    layer = ROOT / "build" / "sam" / "TokenvendLayer"
    if layer.is_dir():
        size = sum(path.stat().st_size for path in layer.rglob("*") if path.is_file()) / _MB
        yield Row("the built layer, unpacked", size, 40.0, "the bound", 1.0, "MB")


def _peak_memory() -> float:
    done = subprocess.run(
        [sys.executable, "-c", _LOAD_EVERYTHING], capture_output=True, text=True, check=True
    )
    match = re.search(rf"{_PEAK}:\s+(\d+) kB", done.stdout)
    if match is None:
        raise RuntimeError("peak memory is only known on Linux")
    return int(match[1]) / 1024
