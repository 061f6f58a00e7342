"""Read direct callers' aliases from AWS Lambda."""

from typing import TYPE_CHECKING

from tokenvend.adapters.aws_errors import store_errors
from tokenvend.domain.names import LIVE_ALIAS

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class LambdaCallerAliases:
    """`ports.CallerAliases` on AWS Lambda. *function* is the direct function's name."""

    def __init__(self, client: "LambdaClient", *, function: str) -> None:
        self._client = client
        self._function = function

    def behind(self) -> list[str]:
        """See `ports.CallerAliases`."""
        pages = self._client.get_paginator("list_aliases").paginate(FunctionName=self._function)
        with store_errors("lambda:ListAliases"):
            versions = {
                alias["Name"]: alias["FunctionVersion"]
                for page in pages
                for alias in page["Aliases"]
            }
        live = versions.get(LIVE_ALIAS)
        return sorted(name for name, version in versions.items() if version != live)
