"""Remove a stack whose first deployment failed, with the resources that CloudFormation leaves.

The template retains the key, two tables and the log groups (`RetainExceptOnCreate`). The roll back
of a first deployment deletes them nevertheless, but `DeleteStack` does not. Their names are unique
to the stack, made by CloudFormation or with the stack's id in it: nothing of another stack is ever
touched.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tokenvend_deploy.retained import RetainedKind, retained_kinds
from tokenvend_deploy.stack import ClientOf, read_stack
from tokenvend_local.errors import LocalStackError


class NotRemovableError(LocalStackError):
    """The stack is in use, or something of it could not be removed."""


def remove_failed_stack(client: ClientOf, name: str) -> None:
    """Delete the stack *name*, whose first deployment failed, and all that it made.

    A stack that was ever deployed completely is left alone, and so is one with a table that is not
    empty. KMS deletes the key 7 days later.

    Raises:
        NotRemovableError: the stack is in use, one of its tables is not empty, or a part of it is
            still there afterwards; the text names it.
    """
    cloudformation = client("cloudformation")
    stack = read_stack(cloudformation, name)
    if stack is None:
        raise NotRemovableError(f"There is no stack {name}.")
    if not stack.is_failed:
        raise NotRemovableError(f"{name} was deployed ({stack.status}): it is not removed here.")
    made = list(_made_by(cloudformation, name, retained_kinds(client)))
    for kind, each in made:
        if kind.holds_something(each):
            raise NotRemovableError(f"The {kind.label} {each} is not empty: nothing was removed.")
    for kind, each in made:
        kind.unprotect(each)
    cloudformation.delete_stack(StackName=name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=name)
    for kind, each in made:
        kind.delete(each)
    if left := [f"the {kind.label} {each}" for kind, each in made if kind.exists(each)]:
        raise NotRemovableError(f"{name} is deleted, but still there is: {', '.join(left)}.")


def _made_by(
    cloudformation: Any, stack: str, kinds: tuple[RetainedKind, ...]
) -> Iterator[tuple[RetainedKind, str]]:
    """Return the resources of these *kinds* that the stack made, from its events.

    The events also name what a roll back could not delete.
    """
    names: dict[str, set[str]] = defaultdict(set)
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack):
        for event in page["StackEvents"]:
            if event.get("PhysicalResourceId"):
                names[event["ResourceType"]].add(event["PhysicalResourceId"])
    for kind in kinds:
        yield from ((kind, name) for name in sorted(names[kind.type]))
