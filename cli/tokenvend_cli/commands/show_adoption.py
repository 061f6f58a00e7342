"""Show which tags and which key policy an adopted secret needs."""

import json

from rich.text import Text

from tokenvend_cli.commands.context import note, say, show
from tokenvend_cli.deployment.adoption import Adoption


def show_adoption(adoption: Adoption) -> None:
    """Print each tag with its current value, then the key's policy, then what is left to do."""
    secret = adoption.secret
    say(secret.secret_id, style="bold")
    for key, needed in secret.needed.items():
        show(_tag_line(key, needed, (secret.found or {}).get(key)))
    say("")
    say("The tags let this deployment's functions read the secret.")
    if secret.key_arn is None:
        say("AWS's managed key encrypts it. If you use a key of your own, its policy needs this:")
    else:
        say(f"Your key {secret.key_arn} encrypts it. Its policy needs this statement:")
    say(json.dumps(adoption.key_statement, indent=2))
    say("People who run `tokenvend connections`, `probe` or `revoke` read the secret too: name")
    say("their roles with --operator, and the statement has them.")
    say("")
    if not adoption.is_deployed:
        note(
            f"the deployed file does not name it: add `secret: {{arn: {secret.secret_id}}}` to"
            f" credentials.{secret.name}, then run `tokenvend apply`"
        )
    if not secret.is_tagged:
        which = "" if adoption.is_deployed else f" --arn {secret.secret_id}"
        note(f"set the tags with: tokenvend secret adopt {secret.name}{which} --tag")


def _tag_line(key: str, needed: str, found: str | None) -> Text:
    line = Text.assemble("  ", ("ok  ", "green") if found == needed else ("set ", "red"))
    line.append(f"{key} = {needed}")
    if found not in {None, needed}:
        line.append(f"  (it is {found})", "dim")
    return line
