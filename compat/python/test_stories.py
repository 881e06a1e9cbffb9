"""Every operation, by every client: what it answers and how it refuses."""

import json

import pytest
import stories
from claviger import Server


@pytest.mark.parametrize("client", [stories.Boto3, stories.AwsCli], ids=["boto3", "aws-cli"])
@pytest.mark.parametrize("path", stories.STORIES, ids=lambda path: path.stem)
def test_story(path, client, prove):
    with Server() as server:
        prove(stories.play(json.loads(path.read_text()), client(server)))
