"""Run the provider until a signal stops it: `python -m tokenvend_local.demo_provider`.

The key of the control listener comes in the environment, so that it is not in the process
list. The first line written says where both listeners are.
"""

import json
import os
import signal
import sys
import threading

from tokenvend_local.demo_provider.provider import Provider

KEY_VARIABLE = "DEMO_PROVIDER_CONTROL_KEY"


def main() -> int:
    """Serve until SIGTERM or SIGINT."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    provider = Provider(os.environ[KEY_VARIABLE])
    provider.start()
    where = {"url": provider.provider.url, "control_url": provider.control.url}
    sys.stdout.write(json.dumps(where) + "\n")
    sys.stdout.flush()
    stopped.wait()
    provider.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
