"""Fixtures, and the notes of what each passing test proves (`docs/coverage.md` is made of them)."""

import json
import os

import pytest
from claviger import Server
from machine import Machine


def pytest_configure(config):
    config.addinivalue_line("markers", "proves(subject, what, client): what a test proves when it passes")


@pytest.fixture(scope="session")
def server():
    """One server for all tests that only need their own pools and APIs."""
    with Server() as running:
        yield running


@pytest.fixture
def lone_server():
    """A server for a test that moves its clock or ends it."""
    with Server() as running:
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
