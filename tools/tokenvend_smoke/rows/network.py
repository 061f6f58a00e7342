"""Functions in a VPC."""

import time

from tokenvend_smoke.logs import documents_since
from tokenvend_smoke.outcome import require
from tokenvend_smoke.rows.gateway import every_entry_vends
from tokenvend_smoke.run import Smoke
from tokenvend_smoke.stacks import network_name
from tokenvend_smoke.waiting import wait_until


def functions_in_a_vpc_reach_everything(smoke: Smoke) -> None:
    """Every entry vends, and the provider sees the NAT gateway's address and no other."""
    began = int(time.time() * 1000)
    every_entry_vends(smoke)
    nat = smoke.account.outputs(network_name(smoke.account))["NatAddress"]
    group = smoke.stand_in.outputs["ProviderLogGroup"]

    def addresses() -> set[str]:
        lines = documents_since(smoke.account, group, began)
        return {each["source_ip"] for each in lines if each.get("path") == "/token"}

    seen = wait_until(addresses, minutes=3, otherwise="the provider's log has no line")
    require(seen == {nat}, f"the provider saw {sorted(seen)}, and the NAT gateway is {nat}")
