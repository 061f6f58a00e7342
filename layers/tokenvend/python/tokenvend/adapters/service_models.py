"""botocore's descriptions of AWS's services, read without its detours.

A client is made from a description of its service. botocore's own loader goes through the folders
of four hundred services to find that one is there, and keeps each object of a description as an
`OrderedDict`, which Python's own `dict` has been good enough for since 3.7. Together that is about
a third of what making our clients costs. What is read is the runtime's botocore as it is, whatever
its version: nothing is brought along, so nothing can be out of step.
"""

import gzip
import json
from pathlib import Path
from typing import Any

from botocore.loaders import JSONFileLoader, Loader

#: How botocore keeps a description: packed in a wheel, plain in some distributions.
_ENDINGS = (".json.gz", ".json")
#: The services that the functions call, by botocore's names.
SERVICES = ("dynamodb", "kms", "lambda", "secretsmanager", "sts")


class DescriptionFiles(JSONFileLoader):
    """Reads one file of botocore's, into plain objects."""

    def exists(self, file_path: str) -> bool:
        """Whether there is a description at *file_path*, whose ending is left out."""
        return any(Path(file_path + ending).is_file() for ending in _ENDINGS)

    def load_file(self, file_path: str) -> Any:
        """What *file_path* describes; `None` if it is not there."""
        for ending in _ENDINGS:
            try:
                content = Path(file_path + ending).read_bytes()
            except FileNotFoundError:
                continue
            return json.loads(gzip.decompress(content) if ending == ".json.gz" else content)
        return None


class ServiceModels(Loader):
    """botocore's loader, without the search for services that we never call."""

    def __init__(self) -> None:
        super().__init__(file_loader=DescriptionFiles())

    def list_available_services(self, type_name: str) -> list[str]:
        """The services that we call. That this botocore has them, its next step finds out."""
        del type_name
        return [*SERVICES]
