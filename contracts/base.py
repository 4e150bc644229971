"""What every contract shares: its identity, its one serialisation and its digest.

Which contracts exist is told by `contracts.registry`, not here.
"""

import hashlib
from typing import ClassVar, Self, Unpack

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A frozen piece of a contract, or any other plain data that crosses a border.

    Strict about types; unknown fields are ignored, because a roll-out mixes versions. Edges
    (HTTP bodies, model replies) forbid them at the call: `extra="forbid"`.
    """

    model_config = ConfigDict(
        frozen=True, strict=True, extra="ignore", use_attribute_docstrings=True
    )


class Contract(Part):
    """One kind of context that may cross a border, named and versioned.

    Declare `class Draft(Contract, version=1)`; the name is the class name unless `name=` is given,
    so that an older version can live beside the current one as `class DraftV1(Contract,
    name="Draft", version=1)`.
    """

    contract_name: ClassVar[str] = ""
    contract_version: ClassVar[int] = 0

    def __init_subclass__(
        cls, *, version: int = 0, name: str | None = None, **kwargs: Unpack[ConfigDict]
    ) -> None:
        """Record the identity that the class statement gives.

        Raises:
            TypeError: the class states no version.
        """
        super().__init_subclass__(**kwargs)
        if version < 1:
            raise TypeError(f"{cls.__name__} needs a version: class {cls.__name__}(…, version=1)")
        cls.contract_name = name or cls.__name__
        cls.contract_version = version

    @classmethod
    def key(cls) -> str:
        """Name the contract as flows do: `Draft@1`."""
        return f"{cls.contract_name}@{cls.contract_version}"

    def encode(self) -> bytes:
        """Serialise once: compact UTF-8 JSON in field order. The digest is over these bytes."""
        return self.model_dump_json().encode()

    @classmethod
    def decode(cls, stored: bytes | str) -> Self:
        """Read stored bytes.

        Raises:
            pydantic.ValidationError: the bytes do not fit this contract.
        """
        return cls.model_validate_json(stored)


def digest(stored: bytes) -> str:
    """Address stored bytes: lower-case hexadecimal SHA-256 (FIPS 180-4), 64 characters."""
    return hashlib.sha256(stored).hexdigest()
