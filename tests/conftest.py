"""Fixtures of the end-to-end tests.

    shared      one Everseal for the whole run, with 2 workers: tests use names of their own
    everseal    makes private ones: everseal({"edge.workers": "1"}), stopped at the test's end
    origin      an origin server of the test's own (support/origin.py says what it can do)
    origins     makes more of them: origins(certificate=(chain, key), name="b")
    name        a hostname nobody else uses
"""
import itertools
import shutil
import tempfile
from pathlib import Path

import pytest

from support.instance import BINARY, Everseal
from support.origin import Origin

_numbers = itertools.count(1)


def pytest_configure(config):
    if not BINARY.exists():
        pytest.exit(f"{BINARY} is not built: run make build, or set EVERSEAL_BUILD", 2)


def pytest_collection_modifyitems(config, items):
    """Tests for a probing build run when they are asked for, and else are not there."""
    if "probe" in config.option.markexpr:
        return
    asked = [item for item in items if not item.get_closest_marker("probe")]
    config.hook.pytest_deselected(items=[item for item in items if item not in asked])
    items[:] = asked


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the last lines of the log of every instance it used."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            for instance in getattr(value, "instances", [value]):
                if isinstance(instance, Everseal):
                    report.sections.append((f"log of {instance.folder}",
                                            instance.log_text()[-6000:]))


@pytest.fixture(scope="session")
def work():
    """A folder of this run, short enough for Unix sockets, removed at its end."""
    folder = Path(tempfile.mkdtemp(prefix="everseal-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def shared(work):
    instance = Everseal(work / "shared")
    try:
        yield instance.start()
    finally:
        instance.stop()


@pytest.fixture
def everseal(work):
    def make(settings=None, start=True, env=None, folder=None):
        instance = Everseal(folder or work / f"own-{next(_numbers)}", settings, env)
        make.instances.append(instance)
        return instance.start() if start else instance
    make.instances = []
    yield make
    for instance in make.instances:
        instance.stop()


@pytest.fixture
def origins():
    made = []

    def make(**options):
        made.append(Origin(**options))
        return made[-1]
    yield make
    for one in made:
        one.close()


@pytest.fixture
def origin(origins):
    return origins()


@pytest.fixture
def name():
    """Its zone is of its own too, so tests cannot meet by a wildcard or a setting."""
    return f"shop.t{next(_numbers)}-tests.example.net"
