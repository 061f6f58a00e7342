"""Record what an operator does with users' consents, in the log that the functions use too."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from tokenvend.refresh_tokens.connection_events import ConnectionEvent
from tokenvend_cli.deployment.stack import Deployment


class AuditTrail:
    """Writes the audit lines of one command to the deployment's log of connections.

    It is opened before the first change, so that no change is made that cannot be recorded. The
    operator is the principal that AWS names for the credentials.
    """

    def __init__(self, deployment: Deployment, on_failure: Callable[[str], None]) -> None:
        self._on_failure = on_failure
        self._logs = deployment.client("logs")
        self._identity = str(deployment.client("sts").get_caller_identity()["Arn"])
        self._where = {
            "logGroupName": deployment.output("ConnectionsLogGroupName"),
            "logStreamName": f"tokenvend-command/{datetime.now(UTC):%Y/%m/%d}/{uuid4().hex}",
        }
        self._logs.create_log_stream(**self._where)

    def publish(self, event: ConnectionEvent) -> None:
        """Record *event*: one line, as the functions write it. It never raises.

        The event has already happened; if it cannot be recorded, `on_failure` is called.
        """
        # Importing Powertools takes a tenth of a second, and no other command needs it.
        from tokenvend.observability.consents import consent_event_line

        now = datetime.now(UTC)
        line = consent_event_line(event, identity=self._identity, now=now)
        entry = {"timestamp": int(now.timestamp() * 1000), "message": line}
        try:
            self._logs.put_log_events(**self._where, logEvents=[entry])
        except (BotoCoreError, ClientError) as error:
            self._on_failure(f"it is done, but not recorded in the log: {error}")
