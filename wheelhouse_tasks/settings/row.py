"""The row of a setting in the table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Row:
    """One setting."""

    name: str
    #: Return what a text, or a value of a configuration file, means; raise ValueError.
    cast: Callable[[Any], Any]
    default: Any
    #: What it is for, as README has it.
    help: str
    group: str
    #: The tasks that take it as a flag.
    tasks: tuple[str, ...] = ()
    #: The parameter of those tasks; its flag has dashes in place of underscores.
    parameter: str
    #: The help of the flag, where it is another one.
    flag_help: str = ""
    #: What the README shows as its default, where that is not its value.
    shown: str = ""
    #: Whether its value must never be printed.
    secret: bool = False

    @property
    def is_list(self) -> bool:
        """Return whether its flag may be given several times."""
        return isinstance(self.default, tuple)

    @property
    def is_negated(self) -> bool:
        """Return whether its flag turns the setting off, because it is on by default."""
        return self.default is True

    @property
    def variables(self) -> tuple[str, str]:
        """Return the variables of the environment that set it; the second is the stronger one."""
        # invoke itself drops the first where a project configures the subtree at its root
        return f"INVOKE_WHEELHOUSE_{self.name.upper()}", f"WHEELHOUSE_{self.name.upper()}"

    @property
    def flag(self) -> str:
        """Return its flag, with dashes."""
        return "--" + self.parameter.replace("_", "-")

    def given(self, flag: object) -> Any:
        """Return the value that a flag gives, or None where it gives none."""
        if isinstance(self.default, bool):
            return not self.is_negated if flag else None
        return None if flag in (None, [], ()) else flag


def row(group: str, cast: Callable[[Any], Any], default: Any, text: str, **more: Any) -> Any:
    """Return the field of `Options` that is one row."""
    metadata = {"group": group, "cast": cast, "default": default, "help": text, **more}
    return field(metadata=metadata)
