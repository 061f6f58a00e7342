"""Load botocore's service descriptions faster than botocore's own loader.

botocore makes a client from a description of its service. Its loader searches the folders of four
hundred services for the one, and parses each JSON object into an `OrderedDict`, although a `dict`
keeps its order since Python 3.7. Both take about a third of the time that making our clients takes.
The files are those of the runtime's botocore, of any version. We package no copies, so the
descriptions always fit the code.
"""

import gzip
import json
from pathlib import Path
from typing import Any

from botocore.loaders import JSONFileLoader, Loader

#: Endings of a description's file: compressed in a wheel, plain in some distributions.
_ENDINGS = (".json.gz", ".json")
#: The services that the functions call, by botocore's names.
SERVICES = ("dynamodb", "kms", "lambda", "secretsmanager", "sts")


class DescriptionFiles(JSONFileLoader):
    """Reads one description of botocore into plain `dict` objects."""

    def exists(self, file_path: str) -> bool:
        """Whether there is a description at *file_path*, a path without its ending."""
        return any(Path(file_path + ending).is_file() for ending in _ENDINGS)

    def load_file(self, file_path: str) -> Any:
        """Return the description at *file_path* (without ending); `None` if it is missing."""
        for ending in _ENDINGS:
            try:
                content = Path(file_path + ending).read_bytes()
            except FileNotFoundError:
                continue
            return json.loads(gzip.decompress(content) if ending == ".json.gz" else content)
        return None


class ServiceModels(Loader):
    """botocore's loader, without its search through the folders of all services."""

    def __init__(self) -> None:
        super().__init__(file_loader=DescriptionFiles())

    def list_available_services(self, type_name: str) -> list[str]:
        """Return `SERVICES`, unchecked: loading fails later if this botocore lacks one of them."""
        del type_name
        return [*SERVICES]
