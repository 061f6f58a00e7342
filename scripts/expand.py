"""Expand the template as AWS does: with SAM's own translator, for one Region and parameters.

CloudFormation gets the result. To print it:
`python -m scripts.expand REGION [NAME=VALUE …]`.
"""

import copy
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from cfnlint.decode import cfn_yaml
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.utils.py27hash_fix import (
    to_py27_compatible_template,
    undo_mark_unicode_str_in_template,
)

from scripts.envs import ROOT

TEMPLATE = ROOT / "template.yaml"
ACCOUNT = "111122223333"
#: The property with the code location of a function or layer, by resource type.
_CODE_PROPERTIES = ("CodeUri", "ContentUri")


def load(path: Path = TEMPLATE) -> dict[str, Any]:
    """Read the template in *path* as plain dictionaries and lists, with short tags expanded."""
    document: dict[str, Any] = json.loads(json.dumps(cfn_yaml.load(str(path)), default=str))
    return document


def locate_code(template: Mapping[str, Any], digests: Mapping[str, str]) -> dict[str, Any]:
    """Return *template* with code locations as `sam deploy` sets them: named by the code's digest.

    *digests* are by logical id; code without a digest gets a constant, unique name.
    """
    located = copy.deepcopy(dict(template))
    for name, resource in located["Resources"].items():
        for property_name in _CODE_PROPERTIES:
            if property_name in resource.get("Properties", {}):
                key = digests.get(name, name.lower())
                resource["Properties"][property_name] = f"s3://artifacts/{key}"
    return located


def expand(
    template: Mapping[str, Any], parameters: Mapping[str, str], *, region: str = "eu-west-1"
) -> dict[str, Any]:
    """Expand *template*, from `locate_code`, with *parameters* in *region*.

    Raises:
        samtranslator.model.exceptions.InvalidDocumentException: SAM refuses the template.
    """
    given = {
        name: parameters.get(name, each.get("Default", ""))
        for name, each in template["Parameters"].items()
    }
    fragment = copy.deepcopy(dict(template))
    with _region(region):
        to_py27_compatible_template(fragment, given)
        translator = Translator(None, Parser(), boto_session=boto3.Session(region_name=region))
        translated = translator.translate(
            fragment, parameter_values=given, get_managed_policy_map=dict
        )
    expanded: dict[str, Any] = json.loads(json.dumps(undo_mark_unicode_str_in_template(translated)))
    return expanded


@contextmanager
def _region(region: str) -> Iterator[None]:
    """Set the Region of the process's default session, from which SAM takes the partition."""
    before = os.environ.get("AWS_DEFAULT_REGION")
    os.environ["AWS_DEFAULT_REGION"] = region
    try:
        yield
    finally:
        if before is None:
            del os.environ["AWS_DEFAULT_REGION"]
        else:
            os.environ["AWS_DEFAULT_REGION"] = before


def main(arguments: Sequence[str]) -> int:
    """Print the expanded template."""
    region, *pairs = arguments or ["eu-west-1"]
    parameters = dict(pair.split("=", 1) for pair in pairs)
    sys.stdout.write(
        json.dumps(expand(locate_code(load(), {}), parameters, region=region), indent=1)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
