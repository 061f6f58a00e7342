"""A tokenvend for your own tests: in the process, or as a server on this machine.

>>> fake = FakeTokenvend()
>>> client = fake.client()
>>> client.token("sr-jobs", scope="jobs_read").reveal()
'fake-sr-jobs-1'
>>> fake.refuse("sr-jobs", "invalid_scope")
>>> client.token("sr-jobs", scope="jobs_manage")
Traceback (most recent call last):
    ...
tokenvend_client.errors.RefusedError: invalid_scope: The fake was told to refuse it.
>>> len(fake.calls)
2
"""

from tokenvend_client.testing.clock import ManualClock
from tokenvend_client.testing.fake import FakeTokenvend
from tokenvend_client.testing.users import user_token

__all__ = ["FakeTokenvend", "ManualClock", "user_token"]
