"""The command that has CloudTrail record writes to the tables is one that CloudTrail takes."""

import json
import re
from pathlib import Path

import botocore.session
from botocore.validate import validate_parameters

PAGE = (Path(__file__).parents[2] / "docs" / "deploying.md").read_text(encoding="utf-8")


def test_selectors_are_valid_and_keep_management_events() -> None:
    (text,) = re.findall(r"--advanced-event-selectors '(.*?)'", PAGE, re.DOTALL)
    selectors = json.loads(text)
    model = botocore.session.get_session().get_service_model("cloudtrail")
    shape = model.operation_model("PutEventSelectors").input_shape
    assert shape is not None

    validate_parameters({"TrailName": "trail", "AdvancedEventSelectors": selectors}, shape)

    management, data = ({f["Field"]: f for f in each["FieldSelectors"]} for each in selectors)
    assert management["eventCategory"]["Equals"] == ["Management"]
    assert data["resources.type"]["Equals"] == ["AWS::DynamoDB::Table"]
    assert len(data["resources.ARN"]["StartsWith"]) == 3


def test_no_page_promises_writes_of_items_without_it() -> None:
    operating = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")

    assert "deploying.md#record-who-writes-the-tables" in operating
    assert "dynamodb:PutItem" not in operating
