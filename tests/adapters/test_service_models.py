"""What our reader finds in botocore's descriptions is what botocore's own finds in them."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

from tokenvend.adapters.service_models import SERVICES, DescriptionFiles, ServiceModels

#: All that making and using a client reads of one service.
TYPES = ("service-2", "endpoint-rule-set-1")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("type_name", TYPES)
def test_a_service_is_described_as_botocore_describes_it(service: str, type_name: str) -> None:
    ours = ServiceModels().load_service_model(service, type_name)

    # The order counts too: botocore builds requests in the order of a description.
    assert json.dumps(ours) == json.dumps(Loader().load_service_model(service, type_name))


@pytest.mark.parametrize("name", ["endpoints", "partitions", "sdk-default-configuration", "_retry"])
def test_what_all_services_share_is_read_as_botocore_reads_it(name: str) -> None:
    assert json.dumps(ServiceModels().load_data(name)) == json.dumps(Loader().load_data(name))


def test_a_service_that_we_do_not_call_is_refused_by_name() -> None:
    with pytest.raises(UnknownServiceError, match="'iam'"):
        ServiceModels().load_service_model("iam", "service-2")


def test_a_plain_description_is_read_as_a_packed_one(tmp_path: Path) -> None:
    (tmp_path / "plain.json").write_text('{"a": "ü"}', encoding="utf-8")
    files = DescriptionFiles()

    assert files.exists(str(tmp_path / "plain"))
    assert files.load_file(str(tmp_path / "plain")) == {"a": "ü"}
    assert not files.exists(str(tmp_path / "missing"))
    assert files.load_file(str(tmp_path / "missing")) is None
