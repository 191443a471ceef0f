"""The rows of the benchmark, and what they are to reach beside their peers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

MB, KB = 1_000_000, 1_000
#: The command without our tasks, and the time that requests alone take: no programs, but peers all the same.
PLAIN, BOUND = "without", "requests alone"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One kind of work, for us and for our peers."""

    name: str
    kind: Literal["upload", "web", "s3", "check", "add", "again", "release", "list"]
    #: How many files, and how large.
    count: int = 1
    size: int = 5 * MB
    #: Milliseconds that each answer takes longer.
    delay: int = 0
    tls: bool = False
    workers: int = 8
    #: Files of the project that are there already, and how many projects there are of as many.
    there: int = 0
    projects: int = 1
    rounds: int = 3
    #: What our time may be, divided by that of a peer; None for one that is shown beside it.
    peers: Mapping[str, float | None] = field(default_factory=dict)
    #: What we may take at most: "seconds", "cpu" (seconds) or "peak" (MB).
    most: Mapping[str, float] = field(default_factory=dict)
    #: Whether times are compared by their lower quartile, as where the work is next to nothing.
    quartile: bool = False

    @property
    def key(self) -> str:
        """Return what `--only` compares: the kind and the name."""
        return f"{self.kind} {self.name}"


SENDERS: Mapping[str, float | None] = {"rclone": 1.2, "boto3": 1.0, "s5cmd": None}
CHECKED = "aria2c that verifies"
ROWS = (
    Row(name="upload 60 x 5 MB", kind="upload", count=60, peers=SENDERS),
    Row(name="upload 60 x 5 MB, TLS", kind="upload", count=60, tls=True, peers=SENDERS),
    Row(name="upload 60 x 5 MB, 20 ms", kind="upload", count=60, delay=20, peers=SENDERS),
    Row(name="upload 1 x 500 MB", kind="upload", size=500 * MB, peers={"rclone": 0.7, "boto3": None}),
    Row(
        name="upload 2,000 x 20 kB, 20 ms, 16 workers",
        kind="upload",
        count=2000,
        size=20 * KB,
        delay=20,
        workers=16,
        peers={"rclone": 1.3, "boto3": None, "s5cmd": None},
        most={"cpu": 5.0},
    ),
    Row(name="fetch by HTTPS 60 x 5 MB", kind="web", count=60, tls=True, peers={CHECKED: 1.0, "aria2c": None}),
    *(
        Row(
            name=f"fetch 2,000 x 20 kB{text}",
            kind="web",
            count=2000,
            size=20 * KB,
            delay=delay,
            workers=workers,
            peers={CHECKED: goal, "aria2c": None},
        )
        for text, delay, workers, goal in (
            ("", 0, 8, 3.0),
            (", 20 ms", 20, 8, 1.15),
            (", 20 ms, 16 workers", 20, 16, 1.3),
        )
    ),
    Row(name="fetch through S3 60 x 5 MB", kind="s3", count=60, peers={"rclone": 1.2, "s5cmd": None}),
    Row(name="fetch through S3 60 x 5 MB, TLS", kind="s3", count=60, tls=True, peers={"rclone": 1.2}),
    Row(name="check 1,000 files, 20 ms", kind="check", there=1000, delay=20, peers={BOUND: 1.5}),
    Row(
        name="upload 1 wheel into 5,000, 20 ms",
        kind="add",
        size=20 * KB,
        there=5000,
        delay=20,
        peers={"s3pypi": None},
        most={"seconds": 1.2, "peak": 250},
    ),
    Row(
        name="upload 24 wheels into 5,000 of 20,000 objects, 20 ms",
        kind="add",
        count=24,
        size=20 * KB,
        there=5000,
        projects=2,
        delay=20,
        peers={"s3pypi": 1.2, "rclone": None},
        most={"peak": 100},
    ),
    *(
        Row(
            name=f"upload with nothing new{text}",
            kind="again",
            size=20 * KB,
            delay=delay,
            rounds=5,
            peers={"rclone": None},
            most={"seconds": seconds},
        )
        for text, delay, seconds in (("", 0, 0.30), (", 20 ms", 20, 0.40))
    ),
    Row(
        name="release 60 x 1 MB, 50 ms",
        kind="release",
        count=60,
        size=MB,
        delay=50,
        rounds=2,
        peers={"twine": 0.8, "uv publish": 0.8},
    ),
    Row(name="inv --list", kind="list", rounds=60, peers={PLAIN: 1.03}, quartile=True),
)
#: Those whose preparation takes long, for `--full`; the first two are there smaller.
FULL = (
    replace(ROWS[3], name="upload 1 x 2 GB", size=2000 * MB),
    replace(
        next(row for row in ROWS if row.projects > 1),
        name="upload 24 wheels into 5,000 of 100,000 objects, 20 ms",
        projects=10,
    ),
    Row(name="check 10,000 files, 20 ms", kind="check", there=10_000, delay=20, rounds=1, peers={BOUND: 1.5}),
    Row(
        name="upload 1 wheel into 50,000, 20 ms",
        kind="add",
        size=20 * KB,
        there=50_000,
        delay=20,
        most={"seconds": 6.0, "peak": 250},
    ),
)


def chosen(only: tuple[str, ...], *, quick: bool, full: bool, rounds: int | None) -> list[Row]:
    """Return the rows with any of the words *only* in their kind or name, or all of them.

    *quick* makes each of them so small that it takes a second or two: that they work is shown, and no more than that.
    """
    rows = [row for row in (*ROWS, *(FULL if full else ())) if not only or any(word in row.key for word in only)]
    if quick:
        rows = [
            replace(
                row,
                name=f"{row.name} (quick)",
                count=min(row.count, 3),
                size=min(row.size, 20 * KB),
                there=min(row.there, 10),
                rounds=1,
                peers=dict.fromkeys(row.peers),
                most={},
            )
            for row in rows
        ]
    return [replace(row, rounds=rounds) for row in rows] if rounds else rows
