"""The folder of one row, and the commands that run there."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench_inputs import PROJECT
from bench_lab import BENCH, KEY, SECRET, Lab
from bench_rows import Row
from bench_runner import Command, RunFailed
from bench_server import HOST
from paths import SUPPORT

BUCKET = "bench"


@dataclass(frozen=True)
class Place:
    """One row in the lab, in a folder of its own."""

    lab: Lab
    row: Row
    folder: Path

    @property
    def dist(self) -> Path:
        """Return the folder of the wheels."""
        return self.folder / "dist"

    @property
    def got(self) -> Path:
        """Return the folder that is fetched into."""
        return self.folder / "got"

    def ours(self, *words: str | Path, **env: str) -> Command:
        """Return a command of ours, in a project that has a bucket."""
        (self.folder / "pyproject.toml").write_text(f'[project]\nname = "{PROJECT}"\nversion = "1.0"\n')
        row, tls = self.row, self.row.tls
        settings = {
            "PROVIDER": "s3",
            "CONTAINER": BUCKET,
            "HOST": HOST,
            "PORT": str(self.lab.tls_port if tls else self.lab.port),
            "REGION": "us-east-1",
            "SECURE": "yes" if tls else "no",
            "USERNAME": KEY,
            "SECRET": SECRET,
            "MAX_WORKERS": str(row.workers),
            **({"CA_BUNDLE": str(self.lab.certificate)} if tls else {}),
            **env,
        }
        own = {f"WHEELHOUSE_{name}": text for name, text in settings.items()}
        return self.command(sys.executable, "-m", "wheelhouse_tasks", *words, env={**self.lab.env, **own})

    def command(self, *words: str | Path, env: Mapping[str, str]) -> Command:
        """Return a command that runs in the folder of the row."""
        return Command(words=words, cwd=self.folder, env=env)

    def rclone(self, rclone: str, source: str | Path, target: str | Path, *words: str) -> Command:
        """Return a command of rclone, for which `bench:` is the server."""
        facts = {"TYPE": "s3", "PROVIDER": "Other", "ACCESS_KEY_ID": KEY, "SECRET_ACCESS_KEY": SECRET}
        facts["ENDPOINT"] = self.lab.url(tls=self.row.tls)
        env = {**self.lab.env, **{f"RCLONE_CONFIG_BENCH_{name}": text for name, text in facts.items()}}
        more = [f"--transfers={self.row.workers}", "--s3-no-check-bucket", *words]
        if self.row.tls:
            more.append(f"--ca-cert={self.lab.certificate}")
        return self.command(rclone, "copy", source, target, *more, env=env)

    def stored(self, least: int) -> None:
        """Raise RunFailed where the server holds fewer objects."""
        there = self.lab.control("count")["objects"]
        if there < least:
            raise RunFailed(f"{there} objects arrived, expected {least} at least")

    def arrived(self) -> None:
        """Raise RunFailed where files that were fetched are not whole."""
        sizes = sorted(path.stat().st_size for path in self.got.glob("*.whl"))
        if sizes != sorted(path.stat().st_size for path in self.dist.iterdir()):
            raise RunFailed(f"{len(sizes)} files arrived, or are not whole, expected {self.row.count}")

    def empty(self) -> None:
        """Make the folder anew that is fetched into."""
        shutil.rmtree(self.got, ignore_errors=True)
        self.got.mkdir()


def seed(place: Place, bucket: str) -> None:
    """Fill a bucket with projects of as many files as the row has."""
    names = [PROJECT, *(f"other-{number}" for number in range(1, place.row.projects))]
    script, facts = BENCH / "bench_seed.py", (str(place.lab.port), bucket, str(place.row.there))
    run(place.command(sys.executable, script, *facts, *names, env={**place.lab.env, "PYTHONPATH": str(SUPPORT)}))


def run(command: Command) -> None:
    """Run a command that only prepares."""
    done = subprocess.run(
        list(map(str, command.words)), cwd=command.cwd, env=command.env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RunFailed(f"preparing: {done.stdout[-1000:]}{done.stderr[-1000:]}")
