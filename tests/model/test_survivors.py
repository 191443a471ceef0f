"""A worker that lives on beside one that dies: at every step of the one, after every number of steps of the other."""

from __future__ import annotations

import pytest
from simulation import PROVIDERS, World, earlier, generator, upload

#: Steps of an upload of one file, with some to spare.
STEPS = range(1, 40)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_survivor_is_on_every_page(provider: str) -> None:
    """An upload has its file on every page, wherever another one that wrote pages beside it was killed."""
    honoured = PROVIDERS[provider]
    for before in STEPS:
        for steps in STEPS:
            world = World(honoured, generator(0), objects=earlier(honoured))
            survivor = world.start(upload(["a-1-py3-none-any.whl"]))
            for _ in range(before):
                if not survivor.greenlet.dead:
                    survivor.run()
            victim = world.start(upload(["a-2-py3-none-any.whl"]))
            for _ in range(steps):
                if not victim.greenlet.dead:
                    victim.run()
            if survivor.greenlet.dead or victim.greenlet.dead:
                break
            world.kill(victim, zombie=False)
            while not survivor.greenlet.dead:
                survivor.run()
            assert world.lost() == set(), world.tell()
            assert world.wrong == []
