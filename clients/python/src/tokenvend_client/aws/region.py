"""Find the Region, and the domain of its endpoints."""

import os

_SUFFIXES = {
    "cn-": "amazonaws.com.cn",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "eu-isoe-": "cloud.adc-e.uk",
    "us-isof-": "csp.hci.ic.gov",
    "eusc-": "amazonaws.eu",
}


def region_of_environment() -> str:
    """Return the Region that the environment names; empty if it names none.

    `TOKENVEND_REGION` is that of the deployment, where the workload runs in another.
    """
    names = ("TOKENVEND_REGION", "AWS_REGION", "AWS_DEFAULT_REGION")
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def domain_suffix(region: str) -> str:
    """Return the domain of *region*'s endpoints.

    >>> domain_suffix("eu-west-1"), domain_suffix("cn-north-1")
    ('amazonaws.com', 'amazonaws.com.cn')
    """
    found = (suffix for prefix, suffix in _SUFFIXES.items() if region.startswith(prefix))
    return next(found, "amazonaws.com")
