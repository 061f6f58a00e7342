"""Runs last: whatever the tests of this folder did, neither a log nor their own output
holds a secret or a token."""

from tokenvend_local.stack import LocalStack


def test_no_log_holds_a_secret_or_a_token(
    stack: LocalStack, keep_out_of_logs: set[str], said: list[str]
) -> None:
    values = {*stack.provider.secret_values(), *keep_out_of_logs}
    logs = "\n".join([stack.logs(), *said])

    leaked = [value[:6] + "…" for value in values if value in logs]

    assert values
    assert '"outcome":"vended"' in logs
    assert leaked == []
