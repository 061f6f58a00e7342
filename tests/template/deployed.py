"""The resources that a deployment has, for the tests."""

from typing import Any

from scripts.decide import decided_resources


def deployed(template: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    """The resources with *parameters*, and the template's defaults for the others."""
    return decided_resources(template, parameters)
