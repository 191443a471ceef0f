"""A development wheel before and after it is stamped."""

from pathlib import Path

import wheels

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.stamps import stamp

WHEN = 1_767_225_600  # 2026-01-01T00:00:00Z


def rewritten(folder: Path, **options: object) -> tuple[Path, Path]:
    """Return a wheel and what became of it."""
    extra = {
        "demo-1.0.dev0.data/scripts/tool": b"#!python\n",
        "demo-1.0.dev0.dist-info/RECORD.jws": b"{}",
        "demo-1.0.dev0.dist-info/licenses/LICENSE": b"free\n",
    }
    wheel = wheels.make_wheel(folder, "demo", "1.0.dev0", extra_files=extra, **options)  # type: ignore[arg-type]
    target = folder / "stamped"
    target.mkdir()
    return wheel, stamp.rewrite(wheel, artifact.parse(wheel.name), WHEN, target)
