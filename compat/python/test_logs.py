"""Log events: what callers put, what functions print and what access logs say, read through CloudWatch Logs' API."""

import json
import re
import time

import pytest
from stories import aws_client
from test_functions import make, zipped

pytestmark = pytest.mark.dev("logs, which each node keeps for itself")

PRINTS = """
def handler(event, context):
    print("a strong wind")
    print("from the", event["from"])
    return context.aws_request_id
"""


@pytest.mark.proves("functions", "What a function prints, in CloudWatch Logs", "boto3")
def test_what_a_function_prints_is_logged(lone_server):
    functions, logs = aws_client(lone_server, "lambda"), aws_client(lone_server, "logs")
    make(functions, "storms", "python3.12", zipped(index_py=PRINTS), Timeout=30)
    ids = [json.load(functions.invoke(FunctionName="storms", Payload=b'{"from": "north"}')["Payload"]) for _ in range(2)]
    group = "/aws/lambda/storms"
    assert logs.describe_log_groups()["logGroups"][0]["logGroupName"] == group
    [stream] = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream["logStreamName"])
    where = {"logGroupName": group, "logStreamName": stream["logStreamName"]}
    lines = [event["message"] for event in logs.get_log_events(**where)["events"]]
    assert len(lines) == 10
    for at, request in zip((0, 5), ids):
        start, wind, north, end, report = lines[at : at + 5]
        assert (start, end) == (f"START RequestId: {request} Version: $LATEST\n", f"END RequestId: {request}\n")
        assert (wind, north) == ("a strong wind\n", "from the north\n")
        assert report.startswith(f"REPORT RequestId: {request}\tDuration: ") and "\tMemory Size: 128 MB" in report
    assert "Init Duration" in lines[4] and "Init Duration" not in lines[9]
    found = logs.filter_log_events(logGroupName=group, filterPattern='"strong wind"')["events"]
    assert [event["message"] for event in found] == ["a strong wind\n"] * 2
    logs.delete_log_group(logGroupName=group)
    functions.invoke(FunctionName="storms", Payload=b'{"from": "south"}')
    assert len(logs.filter_log_events(logGroupName=group)["events"]) == 5


@pytest.mark.proves("logs", "Pages of events", "boto3")
def test_events_come_in_pages(lone_server):
    logs = aws_client(lone_server, "logs")
    logs.create_log_group(logGroupName="storms")
    now = int(time.time() * 1000)
    for name in ("north", "south"):
        logs.create_log_stream(logGroupName="storms", logStreamName=name)
        events = [{"timestamp": now + number, "message": f"{name} {number}"} for number in range(5)]
        logs.put_log_events(logGroupName="storms", logStreamName=name, logEvents=events)
    where = {"logGroupName": "storms", "logStreamName": "north"}

    def page(**choice):
        answer = logs.get_log_events(**where, **choice)
        return [int(event["message"].split()[1]) for event in answer["events"]], answer

    last, answer = page(limit=2)
    assert last == [3, 4]
    before, _ = page(limit=2, nextToken=answer["nextBackwardToken"])
    assert before == [1, 2]
    first, answer = page(limit=2, startFromHead=True)
    assert first == [0, 1]
    assert page(limit=9, nextToken=answer["nextForwardToken"])[0] == [2, 3, 4]
    assert page(startTime=now + 1, endTime=now + 3)[0] == [1, 2]
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName="storms", PaginationConfig={"PageSize": 3})
    found = [event["message"] for part in pages for event in part["events"]]
    assert found == [f"{name} {number}" for number in range(5) for name in ("north", "south")]
    only = logs.filter_log_events(logGroupName="storms", logStreamNamePrefix="so", filterPattern="-2")["events"]
    assert [event["message"] for event in only] == [f"south {number}" for number in (0, 1, 3, 4)]
