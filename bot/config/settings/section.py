"""The base of all sections."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from bot.conversation.surrogates import whole
from bot.conversation.visible import is_blank


class Section(BaseModel):
    """One table of `config.toml`; an empty string means "not set" if a key may be unset."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _tidy(cls, value: Any, info: ValidationInfo) -> Any:
        annotation = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and annotation is not bool:
            raise ValueError("must not be true or false")  # Python counts them as 1 and 0
        if not isinstance(value, str):
            return value
        text = "" if is_blank(value) else whole(value).strip()
        return text or (None if type(None) in get_args(annotation) else "")
