"""The base class of the file's models."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A part of the file. An unknown key, or a value of another type, is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
