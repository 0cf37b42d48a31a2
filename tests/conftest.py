"""What all tests share: how many examples hypothesis tries, and folders that are cheap to have.

TEST_EXAMPLES=50 pytest tests/test_properties.py     fifty times as many examples, other ones each time, and
                                                         what fails is made as small as it gets (takes minutes)
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

pytest.register_assert_rewrite("tests.house", "tests.engines", "tests.redshift_house", "tests.dashboard_house")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Shells have what runs in the background ignore Ctrl-C, and the processes that tests stop would do so, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)

FACTOR = int(os.environ.get("TEST_EXAMPLES", "1"))
"""Above 1 the examples are others each time; 1 is for continuous integration, always the same."""

settings.register_profile(
    "sparkify",
    deadline=None,
    derandomize=FACTOR == 1,
    phases=[phase for phase in Phase if phase is not Phase.shrink or FACTOR > 1],
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
settings.load_profile("sparkify")


def examples(count: int) -> settings:
    """How many examples a property is tried on; of a few all, of many fewer where nobody asked for more."""
    return settings(max_examples=count * FACTOR if FACTOR > 1 or count <= 5 else max(5, count // 2))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the module."""
    return tmp_path_factory.mktemp("houses")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with raw files and a warehouse that holds them. Nobody changes it."""
    from tests.command import etl, small_company  # what is imported here has its asserts left as they are

    folder = small_company(tmp_path_factory.mktemp("loaded"))
    etl(folder).ok()
    return folder
