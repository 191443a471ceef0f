"""A container in memory: the storage port with delays, failures and laggards to order."""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from wheelhouse_tasks.errors import Changed, ContainerMissing, ObjectMissing
from wheelhouse_tasks.storage.port import ABSENT, Conditions, Entry, Payload


@dataclass
class FakeStore:
    """What is in it is a table; every request is written down."""

    objects: dict[str, tuple[Entry, bytes, Payload]] = field(default_factory=dict)
    exists: bool = True
    #: Whether user metadata is kept, as at most providers but the local one.
    keeps_facts: bool = True
    #: Whether conditional writes are honoured.
    honours: bool = False
    #: Names that listings do not show yet.
    unlisted: set[str] = field(default_factory=set)
    requests: list[tuple[str, str]] = field(default_factory=list)
    label: str = "fake"
    _marks: Iterator[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def create(self) -> bool:
        """Create the container."""
        self._note("create", "")
        created, self.exists = not self.exists, True
        return created

    @property
    def lists_in_pieces(self) -> bool:
        """Return that a piece costs no less than all."""
        return False

    def list(self, prefix: str, *, after: str = "", until: str | None = None) -> list[Entry]:
        """List what is not held back."""
        self._note("list", prefix)
        names = sorted(name for name in self.objects if name.startswith(prefix) and name not in self.unlisted)
        names = [name for name in names if after < name and (until is None or name <= until)]
        return [self.objects[name][0] for name in names]

    def facts(self, name: str) -> tuple[Entry, dict[str, str]]:
        """Return an entry and its user metadata."""
        self._note("facts", name)
        entry, _, payload = self._get(name)
        return entry, dict(payload.facts) if self.keeps_facts else {}

    def read(self, name: str, start: int = 0) -> Iterator[bytes]:
        """Yield the bytes in two blocks."""
        self._note("read", name)
        content = self._get(name)[1][start:]
        yield content[: len(content) // 2]
        yield content[len(content) // 2 :]

    def put(self, name: str, payload: Payload, *, expect: str | None = None) -> Entry:
        """Store an object under a new mark."""
        self._note("put", name)
        with payload.open() as file:
            content = file.read()
        with self._lock:
            if self.honours and expect is not None and expect != self._mark(name):
                raise Changed(name, "is not what was expected")
            entry = Entry(name, len(content), f"mark{next(self._marks)}")
            self.objects[name] = (entry, content, payload)
        return entry

    def recorded_conditions(self) -> Conditions:
        """Return what is honoured, without a request."""
        return self.conditions()

    def conditions(self) -> Conditions:
        """Return which conditions are honoured; marks are numbers."""
        return Conditions(absent=self.honours, mark=self.honours, md5=False)

    def delete(self, name: str) -> None:
        """Delete an object."""
        self._note("delete", name)
        self.objects.pop(name, None)

    def public_url(self) -> str | None:
        """Know no address."""
        return None

    def content(self, name: str) -> bytes:
        """Return an object's bytes without a request."""
        return self.objects[name][1]

    def count(self, *methods: str) -> int:
        """Return how many requests of some kinds there were."""
        return sum(method in methods for method, _ in self.requests)

    def _note(self, method: str, name: str) -> None:
        self.requests.append((method, name))
        if not self.exists and method != "create":
            raise ContainerMissing(self.label, "there is no such container")

    def _mark(self, name: str) -> str:
        return self.objects[name][0].mark if name in self.objects else ABSENT

    def _get(self, name: str) -> tuple[Entry, bytes, Payload]:
        try:
            return self.objects[name]
        except KeyError:
            raise ObjectMissing(name, "is not in fake") from None
