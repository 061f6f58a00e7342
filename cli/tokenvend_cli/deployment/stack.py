"""Find a deployment by the name of its CloudFormation stack."""

from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from tokenvend_cli.place import Place
from tokenvend_cli.problems import CommandError


class Deployment:
    """One deployed stack: its outputs, and clients for its AWS services.

    *attempts* is for bulk work: how often a call is tried before AWS counts as away, with growing
    waits while AWS is busy. Without it, AWS's own settings hold.
    """

    def __init__(self, place: Place, *, attempts: int | None = None) -> None:
        self._place = place
        # Imported here: it takes half a second, and some commands never call AWS. boto3 is slower.
        import botocore.session
        from botocore.config import Config

        self._session = botocore.session.Session(profile=place.profile)
        self._config = (
            Config(retries={"mode": "adaptive", "total_max_attempts": attempts})
            if attempts
            else None
        )

    def client(self, service: str) -> Any:
        """Return a boto3 client for this account and Region."""
        try:
            return self._session.create_client(
                service,
                region_name=self._place.region,
                endpoint_url=self._place.endpoint_url,
                config=self._config,
            )
        except NoRegionError:
            raise CommandError(
                "no AWS Region is set: name it with --region or AWS_DEFAULT_REGION"
            ) from None
        except (BotoCoreError, ValueError) as error:
            raise CommandError(str(error)) from None

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The stack's outputs.

        Raises:
            CommandError: there is no such stack.
        """
        try:
            answer = self.client("cloudformation").describe_stacks(StackName=self._place.stack)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            raise CommandError(
                f"there is no stack {self._place.stack} in this Region: name it with --stack or"
                " TOKENVEND_STACK, and its Region with --region"
            ) from None
        found = answer["Stacks"][0].get("Outputs", [])
        return {output["OutputKey"]: output["OutputValue"] for output in found}

    def output(self, name: str) -> str:
        """One output; every deployment of this version has it."""
        if name not in self.outputs:
            raise CommandError(f"the stack {self._place.stack} is not a tokenvend deployment")
        return self.outputs[name]

    @property
    def is_local_stack(self) -> bool:
        """Whether this is the local stack, which admits loopback providers."""
        return self.output("LocalStack") == "true"
