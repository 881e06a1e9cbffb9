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
import requests
from claviger import Server
from stories import aws_client

pytestmark = pytest.mark.dev("a data folder")

KILLS = 100
# A round ends with the kill; this only bounds it.
WRITES_PER_ROUND_MAX = 1000


class Ledger:
    """What the server has acknowledged: the app clients of one pool, by name."""

    def __init__(self, pool):
        self.pool = pool
        self.present = {}
        self.acknowledged = 0
        # The name in the call that the kill interrupted: nobody was told how it ended.
        self.doubtful = None

    def write_until_killed(self, server, chance):
        """Adds and deletes clients until the server dies, at a moment within the time that a few writes take."""
        idp = aws_client(server, "cognito-idp")
        # A few writes come first on any machine, however slow: a kill must have something to lose.
        for _ in range(1 + chance.randrange(3)):
            self.write(idp, chance)
        timer = threading.Timer(chance.uniform(0.0, 0.03), server.kill)
        timer.start()
        try:
            for _ in range(WRITES_PER_ROUND_MAX):
                self.write(idp, chance)
        except (botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError):
            pass
        timer.join()

    def write(self, idp, chance):
        if self.present and chance.random() < 0.4:
            name = self.doubtful = chance.choice(sorted(self.present))
            idp.delete_user_pool_client(UserPoolId=self.pool, ClientId=self.present[name])
            del self.present[name]
        else:
            name = self.doubtful = f"client-{self.acknowledged}-{chance.random()}"
            made = idp.create_user_pool_client(UserPoolId=self.pool, ClientName=name, GenerateSecret=True)
            self.present[name] = made["UserPoolClient"]["ClientId"]
        self.doubtful = None
        self.acknowledged += 1

    def compare(self, server):
        """Everything acknowledged is as it was said, and nothing else is there."""
        idp = aws_client(server, "cognito-idp")
        pages = idp.get_paginator("list_user_pool_clients").paginate(UserPoolId=self.pool, MaxResults=60)
        found = {client["ClientName"]: client["ClientId"] for page in pages for client in page["UserPoolClients"]}
        settled = found.pop(self.doubtful, None)
        self.present.pop(self.doubtful, None)
        assert found == self.present
        if settled:
            self.present[self.doubtful] = settled
        self.doubtful = None


@pytest.mark.proves("durability", "kill -9 loses nothing acknowledged", "boto3")
def test_a_hundred_kills_lose_nothing_acknowledged(tmp_path):
    chance = random.Random(2026)
    with Server(tmp_path) as server:
        ledger = Ledger(aws_client(server, "cognito-idp").create_user_pool(PoolName="kept")["UserPool"]["Id"])
    for _ in range(KILLS):
        server = Server(tmp_path)
        ledger.compare(server)
        ledger.write_until_killed(server, chance)
    assert ledger.acknowledged > KILLS, "the rounds must write for their kills to mean anything"
    with Server(tmp_path) as server:
        ledger.compare(server)
    databases = [path for path in tmp_path.iterdir() if path.read_bytes()[:15] == b"SQLite format 3"]
    assert databases, list(tmp_path.iterdir())
    for path in databases:
        assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


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
        pool = idp.create_user_pool(PoolName="kept")["UserPool"]["Id"]
        # The pool's keys are made and kept in the background; nothing but the writes below may sync from here on.
        assert requests.get(f"{server.url}/{pool}/.well-known/jwks.json").status_code == 200
        for number in range(writes):
            idp.create_user_pool_client(UserPoolId=pool, ClientName=f"client-{number}")
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
    assert answered == 1 + writes


def stop_traced(server):
    """Asks the server under strace to stop: a signal to strace itself would only detach it."""
    process = server.process.pid
    (child,) = pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()
    os.kill(int(child), signal.SIGTERM)
    server.process.wait(30)
