"""Who asks: one workload, one identity, and no forged ARN has any."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import names

from tokenvend.domain.identity import (
    EntryPoint,
    NotAnIdentityError,
    Proof,
    has_role_path,
    identity_of_alias,
    identity_of_client,
    identity_of_principal,
    identity_of_session,
)
from tokenvend.domain.names import CLIENT_ID
from tokenvend.domain.secret import Secret

ACCOUNT = "111122223333"


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-iso-b"])
@pytest.mark.parametrize("session", ["ab", "jo@example.com", "a=b,c+d.e-f_g", "x" * 64])
def test_session_of_any_partition_is_its_roles(partition: str, session: str) -> None:
    arn = f"arn:{partition}:sts::{ACCOUNT}:assumed-role/billing/{session}"

    assert identity_of_session(arn) == f"iam:{ACCOUNT}:role/billing"


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:sts::{ACCOUNT}:assumed-role/billing/a",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/billing/{'x' * 65}",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/{'x' * 65}/session",
        f"arn:aws:sts::{ACCOUNT}:assumed-role//session",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/team/billing/session",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/bill\ning/session",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/billing/session\narn:aws:iam::{ACCOUNT}:root",
        f"\narn:aws:sts::{ACCOUNT}:assumed-role/billing/session",
        f"arn:aws:iam::{ACCOUNT}:user/jo\n",
        f"arn:aws:iam::{ACCOUNT}:user/",
        f"arn:aws:iam::{ACCOUNT}:user/jo smith",
        f"arn:aws:sts:eu-west-1:{ACCOUNT}:assumed-role/billing/session",
        f"arn:awsx1:sts::{ACCOUNT}:assumed-role/billing/session",
        f"ARN:aws:sts::{ACCOUNT}:assumed-role/billing/session",
        f"arn:aws:sts::{ACCOUNT}0:assumed-role/billing/session",
        "arn:aws:sts:::assumed-role/billing/session",
        # Digits, but not those of an account.
        "arn:aws:iam::\u0661\u0661\u0661\u0661\u0662\u0662\u0662\u0662\u0663\u0663\u0663\u0663:user/jo",
        f"arn:aws:iam::{ACCOUNT}:group/billing",
        f"arn:aws:sts::{ACCOUNT}:self",
        "AROAEXAMPLE:session",
        "anonymous",
    ],
)
def test_forged_or_odd_arn_has_no_identity(arn: str) -> None:
    with pytest.raises(NotAnIdentityError) as caught:
        identity_of_session(arn)

    assert arn not in str(caught.value)


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:iam::{ACCOUNT}:root",
        f"arn:aws:sts::{ACCOUNT}:federated-user/billing",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/billing/session",
        f"arn:aws:iam::{ACCOUNT}:role/",
        f"arn:aws:iam::{ACCOUNT}:role/team/",
        f"arn:aws:iam::{ACCOUNT}:role/team//billing",
        f"arn:aws:iam::{ACCOUNT}:role/billing\n",
        f"arn:aws:iam::{ACCOUNT}:role/*",
        "*",
    ],
)
def test_configuration_can_name_only_a_role_or_a_user(arn: str) -> None:
    with pytest.raises(NotAnIdentityError):
        identity_of_principal(arn)


def test_user_keeps_its_path_in_both_places() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:user/team/jo"

    assert identity_of_principal(arn) == identity_of_session(arn) == f"iam:{ACCOUNT}:user/team/jo"


@pytest.mark.parametrize(
    ("resource", "has_path"),
    [("role/billing", False), ("role/team/billing", True), ("user/team/jo", False)],
)
def test_only_a_roles_path_is_said_to_be_dropped(resource: str, has_path: bool) -> None:  # noqa: FBT001
    assert has_role_path(f"arn:aws:iam::{ACCOUNT}:{resource}") is has_path


@given(
    role=st.from_regex(r"[A-Za-z0-9_+=,.@-]{1,64}", fullmatch=True),
    alias=names,
    client=st.from_regex(CLIENT_ID, fullmatch=True),
)
def test_no_two_kinds_of_caller_share_an_identity(role: str, alias: str, client: str) -> None:
    identities = [
        identity_of_session(f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/session"),
        identity_of_session(f"arn:aws:iam::{ACCOUNT}:user/role/{role}"),
        identity_of_alias(alias),
        identity_of_client(client),
    ]

    assert all(one != other for one, other in combinations(identities, 2))


def test_proof_does_not_show_its_secret() -> None:
    proof = Proof(EntryPoint.OAUTH2, "client:jo", client_secret=Secret("hunter2"))

    assert "hunter2" not in repr(proof)
