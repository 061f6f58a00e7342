"""What every model of the file has in common."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A part of the file: no key that is not known, no value that would have to be converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
