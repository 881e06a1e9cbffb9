"""An acknowledged write is on disk: the server is killed a hundred times, and its system calls are read."""

import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import threading

import botocore.exceptions
import pytest
from claviger import Server
from stories import aws_client

KILLS = 100
# Enough writes for a kill to fall at every point of one; a round ends with the kill, not with the count.
WRITES_PER_ROUND_MAX = 40


def write_until_killed(server, number, seed):
    """Makes pools until the server dies; returns the ids of those it acknowledged."""
    idp = aws_client(server, "cognito-idp")
    acknowledged = []
    # A seeded moment within the time that a few writes take.
    timer = threading.Timer(random.Random(seed).uniform(0.0, 0.05), server.kill)
    timer.start()
    try:
        for write in range(WRITES_PER_ROUND_MAX):
            acknowledged.append(idp.create_user_pool(PoolName=f"round-{number}-{write}")["UserPool"]["Id"])
    except (botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError):
        pass
    timer.join()
    return acknowledged


def pools(server):
    pages = aws_client(server, "cognito-idp").get_paginator("list_user_pools").paginate(MaxResults=60)
    return {pool["Id"] for page in pages for pool in page["UserPools"]}


@pytest.mark.proves("durability", "kill -9 loses nothing acknowledged", "boto3")
def test_a_hundred_kills_lose_nothing_acknowledged(tmp_path):
    acknowledged = set()
    for number in range(KILLS):
        server = Server(tmp_path)
        missing = acknowledged - pools(server)
        assert not missing, f"lost after kill {number}: {missing}"
        acknowledged |= set(write_until_killed(server, number, seed=number))
    assert len(acknowledged) > KILLS, "the rounds must write for their kills to mean anything"
    with Server(tmp_path) as server:
        assert acknowledged <= pools(server)
    for file in tmp_path.glob("*.db"):
        assert sqlite3.connect(file).execute("PRAGMA integrity_check").fetchone() == ("ok",)


# A line of strace: process, call with the start of its arguments, result. A call may be split over two lines.
SYNCED = re.compile(r"\b(fsync|fdatasync)\b.*= 0$")
ANSWER = re.compile(r"\b(sendto|write|writev|sendmsg)\(.*HTTP/1\.1 (\d{3})")
REQUEST = re.compile(r"\b(recvfrom|read|readv|recvmsg)\b.*POST / HTTP/1\.1")


@pytest.mark.proves("durability", "an fsync before each acknowledgement", "boto3")
def test_each_write_is_synced_before_it_is_answered(tmp_path):
    assert shutil.which("strace"), "strace is not on the path; install it to run this test"
    trace = tmp_path / "trace"
    calls = "trace=fsync,fdatasync,write,writev,sendto,sendmsg,read,readv,recvfrom,recvmsg"
    wrapper = ["strace", "-f", "-qq", "-s", "64", "-e", calls, "-o", str(trace)]
    writes = 20
    with Server(tmp_path / "data", wrapper=wrapper) as server:
        idp = aws_client(server, "cognito-idp")
        for number in range(writes):
            idp.create_user_pool(PoolName=f"pool-{number}")
        stop_traced(server)
    unsynced, synced, answered = False, False, 0
    for line in trace.read_text(errors="replace").splitlines():
        if REQUEST.search(line):
            unsynced, synced = True, False
        elif SYNCED.search(line):
            synced = True
        elif unsynced and (found := ANSWER.search(line)):
            assert found[2] == "200", line
            assert synced, f"answered before anything was synced: {line}"
            unsynced, answered = False, answered + 1
    assert answered == writes


def stop_traced(server):
    """Asks the server under strace to stop: a signal to strace itself would only detach it."""
    process = server.process.pid
    (child,) = pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()
    os.kill(int(child), signal.SIGTERM)
    server.process.wait(30)
