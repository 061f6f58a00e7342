"""A role's sessions have one canonical identity; what is no workload has none."""

import pytest

from tokenvend.domain.identity import NotAnIdentityError, identity_of_principal, identity_of_session


@pytest.mark.parametrize(
    ("arn", "identity"),
    [
        ("arn:aws:sts::111122223333:assumed-role/billing/session", "iam:111122223333:role/billing"),
        ("arn:aws-cn:sts::111122223333:assumed-role/a.b@c/session", "iam:111122223333:role/a.b@c"),
        ("arn:aws:iam::111122223333:user/path/jo", "iam:111122223333:user/path/jo"),
    ],
)
def test_session_has_a_canonical_identity(arn: str, identity: str) -> None:
    assert identity_of_session(arn) == identity


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "arn:aws:iam::111122223333:root",
        "arn:aws:sts::111122223333:federated-user/billing",
        "arn:aws:iam::111122223333:role/billing",
        "arn:aws:sts::111122223333:assumed-role/billing",
        "arn:aws:sts::111122223333:assumed-role/billing/session/x",
        "arn:aws:sts::111122223333:assumed-role/billing/session\n",
        "arn:aws:sts::1111:assumed-role/billing/session",
        "xarn:aws:sts::111122223333:assumed-role/billing/session",
    ],
)
def test_what_is_not_a_workload_has_no_identity(arn: str) -> None:
    with pytest.raises(NotAnIdentityError):
        identity_of_session(arn)


def test_path_of_a_role_is_dropped_because_its_sessions_do_not_show_it() -> None:
    role = identity_of_principal("arn:aws:iam::111122223333:role/team/service/billing")

    assert role == identity_of_session("arn:aws:sts::111122223333:assumed-role/billing/session")
