"""The row of a setting in the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Row:
    """One setting. As an attribute of a class it takes its name from there; an instance holds its value.

    A plain class: every `inv` of a host project makes all rows, and a dataclass is slow to define.
    """

    __slots__ = ("cast", "default", "flag_help", "group", "help", "name", "parameter", "secret", "shown", "tasks")

    def __init__(  # noqa: PLR0913
        self,
        group: str,
        cast: Callable[[Any], Any],
        default: Any,
        help: str,  # noqa: A002
        *,
        name: str = "",
        tasks: tuple[str, ...] = (),
        parameter: str = "",
        flag_help: str = "",
        shown: str = "",
        secret: bool = False,
    ) -> None:
        self.name = name
        #: Return what a text, or a value of a configuration file, means; raise ValueError.
        self.cast = cast
        self.default = default
        #: What it is for, as README has it.
        self.help = help
        self.group = group
        #: The tasks that take it as a flag.
        self.tasks = tasks
        #: The parameter of those tasks; its flag has dashes in place of underscores.
        self.parameter = parameter
        #: The help of the flag, where it is another one.
        self.flag_help = flag_help
        #: What the README shows as its default, where that is not its value.
        self.shown = shown
        #: Whether its value must never be printed.
        self.secret = secret

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the name of the attribute; what is on by default has a flag that turns it off."""
        self.name = name
        self.parameter = self.parameter or (f"no_{name}" if self.is_negated else name)

    def __get__(self, instance: object, owner: type) -> Row:
        """Return the row of a class; an instance that comes here has no value."""
        if instance is not None:
            raise AttributeError(self.name)
        return self

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
    """Return the attribute of `Options` that is one row; its type is that of the value."""
    return Row(group, cast, default, text, **more)
