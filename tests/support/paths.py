"""Where the checkout is, and what the tests keep beside them."""

from pathlib import Path

SUPPORT = Path(__file__).parent
DATA = SUPPORT / "data"
TESTS = SUPPORT.parent
ROOT = TESTS.parent
