"""Fixtures, and the notes of what each passing test proves (`docs/coverage.md` is made of them)."""

import collections
import json
import os

import nodes
import pytest
from machine import Machine


def pytest_configure(config):
    config.addinivalue_line("markers", "proves(subject, what, client): what a test proves when it passes")
    config.addinivalue_line("markers", "nodes: a test of several nodes, which need a database")
    config.addinivalue_line("markers", "dev(why): a test of `claviger dev` alone, with what it needs of that")


def pytest_collection_modifyitems(config, items):
    """Leaves out what the servers under test do not have, and says what and why."""
    left_out = [item for item in items if item.get_closest_marker("dev" if nodes.STORE else "nodes")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)
    if not nodes.STORE:
        if left_out:
            print(f"left out: {len(left_out)} tests of several nodes, which `cargo xtask test --postgres` runs")
        return
    reasons = collections.Counter(item.get_closest_marker("dev").args[0] for item in left_out)
    for why, count in sorted(reasons.items()):
        print(f"left out, of claviger dev alone: {count} tests of {why}")


@pytest.fixture(scope="session")
def server():
    """One server for all tests that only need their own pools and APIs."""
    with nodes.started() as running:
        yield running


@pytest.fixture
def lone_server():
    """A server for a test that moves its clock or ends it."""
    with nodes.started() as running:
        yield running


@pytest.fixture(scope="session")
def machine(server):
    """A pool with a domain, a resource server and a client that may read and write, but not delete."""
    return Machine.create(server)


@pytest.fixture
def prove(request):
    """Notes proofs that are kept when the test passes."""
    notes = request.node.stash.setdefault(PROOFS, [])
    return notes.extend


PROOFS = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call" and report.passed:
        marked = [
            {"subject": mark.args[0], "what": mark.args[1], "client": mark.args[2], "refusal": False}
            for mark in item.iter_markers("proves")
        ]
        write_proofs([*item.stash.get(PROOFS, []), *marked])
    return report


def write_proofs(proofs):
    path = os.environ.get("CLAVIGER_PROOFS")
    if path:
        with open(path, "a") as file:
            file.writelines(json.dumps(proof) + "\n" for proof in proofs)
