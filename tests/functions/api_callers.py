"""Which function answers a route of the API, and callers that the API's events name."""

import base64

FUNCTIONS = {"iam": "vend_iam", "oauth2": "vend_oauth2"}


SIGNER = {
    "userArn": "arn:aws:sts::111122223333:assumed-role/billing/session",
    "user": "AROAEXAMPLEEXAMPLE:session",
}


CLIENT = "Basic " + base64.b64encode(b"shop:tv_example").decode()


def function_of(route: str) -> str:
    if route.startswith(("/connect/", "/callback/")):
        return "connect_pages"
    if "jwks" in route:
        return "jwks"
    return "metadata" if "well-known" in route else FUNCTIONS[route.split("/")[1]]
