"""A provider's own way of consent: what of it makes a token of a refresh another one."""

from tokenvend.domain.consent_flow import STANDARD, ConsentFlow


def test_what_a_refresh_sends_and_where_to_shapes_its_token() -> None:
    flow = ConsentFlow(refresh_names_scopes=True, refresh_endpoint="https://acme.example/refresh")

    assert flow.shapes_tokens == {
        "names_scopes": True,
        "refresh_endpoint": "https://acme.example/refresh",
    }


def test_standard_flow_and_the_way_of_a_code_shape_no_token() -> None:
    coded = ConsentFlow(code_in_callback="auth_code", code_parameter="auth", without_pkce="no")

    assert STANDARD.shapes_tokens == {}
    assert coded.shapes_tokens == {}
