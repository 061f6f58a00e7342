"""Install what runs the pages for other languages: the packages that their readers install.

`python -m scripts.toolchains` needs no root. A second run costs milliseconds.
"""

import sys

from scripts.envs import ROOT, SetupError, ensure_node

#: What `docs/in-node.md` tells a reader to install, at pinned versions.
NODE_CLIENTS = ROOT / "tests" / "node_clients"


def main() -> int:
    """Install the packages for each language; 1 if one cannot be installed."""
    try:
        ensure_node(NODE_CLIENTS, "the clients for Node")
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
