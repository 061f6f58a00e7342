"""Check that a pattern admits only hosts of one provider."""

import re
from ipaddress import ip_address

_PATTERN = re.compile(r"[a-z0-9.*-]+")
_LAST_LABEL = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")
#: Names of one's own network or machine, among them those of clouds' metadata services.
_NEAR = frozenset(
    {
        *("arpa", "corp", "home", "internal", "intranet", "lan", "local", "localhost", "onion"),
        "private",
    }
)
#: Labels under a country's domain below which registries sell names: co.uk, com.au.
_REGISTRIES = frozenset({"ac", "co", "com", "edu", "gob", "gov", "go", "ne", "net", "or", "org"})
#: Domains where anybody can get a name, or where a name can mean any address.
_ANYBODYS = (
    *("amazonaws.com", "amplifyapp.com", "appspot.com", "awsapprunner.com", "azureedge.net"),
    *("azurefd.net", "azurewebsites.net", "cloudapp.net", "cloudapp.azure.com", "cloudfront.net"),
    *("cloudfunctions.net", "duckdns.org", "elasticbeanstalk.com", "firebaseapp.com", "fly.dev"),
    *("github.io", "gitlab.io", "glitch.me", "herokuapp.com", "localtest.me", "lvh.me"),
    *("netlify.app", "ngrok.app", "ngrok.dev", "ngrok.io", "ngrok-free.app", "nip.io"),
    *("on.aws", "onrender.com", "pages.dev", "railway.app", "run.app", "sslip.io", "surge.sh"),
    *("trycloudflare.com", "vercel.app", "web.app", "workers.dev", "xip.io"),
)


def host_problem(pattern: str) -> str | None:
    """Return why *pattern* admits too many hosts; `None` if it does not."""
    labels = pattern.split(".")
    fixed = _fixed_end(labels)
    return (
        _form_problem(pattern, labels)
        or _domain_problem(fixed)
        or (_registry_problem(fixed) if len(fixed) < len(labels) else None)
    )


def _form_problem(pattern: str, labels: list[str]) -> str | None:
    if _is_address(pattern):
        return "it is an address; a tenant's host has a name, which its certificate proves"
    if _PATTERN.fullmatch(pattern) is None or not all(map(_is_label, labels)):
        return "a host's name has small letters, digits, hyphens and dots"
    if "xn--" in pattern and "*" in pattern:
        return "an internationalised label may look like another: write each such host out"
    return None


def _domain_problem(fixed: list[str]) -> str | None:
    """Return what is wrong with the *fixed* end of a host."""
    if len(fixed) < 2:
        return "write out at least the provider's own domain, such as *.provider.example"
    if _LAST_LABEL.fullmatch(fixed[-1]) is None or fixed[-1] in _NEAR:
        return "that is a name or an address of a network's own, and no provider's"
    return None


def _registry_problem(fixed: list[str]) -> str | None:
    """Return who else may have a name under the *fixed* end of a host."""
    if len(fixed) == 2 and len(fixed[1]) == 2 and fixed[0] in _REGISTRIES:
        return f"anybody can buy a name under {'.'.join(fixed)}"
    end = "." + ".".join(fixed)
    shared = next((each for each in _ANYBODYS if end.endswith(f".{each}")), None)
    return f"anybody can have a name under {shared}" if shared else None


def _fixed_end(labels: list[str]) -> list[str]:
    """Return the labels after the last one that has a `*`."""
    starred = [index for index, label in enumerate(labels) if "*" in label]
    return labels[starred[-1] + 1 :] if starred else labels


def _is_label(label: str) -> bool:
    return 0 < len(label) <= 63 and not label.startswith("-") and not label.endswith("-")


def _is_address(pattern: str) -> bool:
    try:
        ip_address(pattern)
    except ValueError:
        return False
    return True
