"""Every operation, by every client: what it answers and how it refuses."""

import pytest
import stories
from nodes import started


def marks(story):
    return [pytest.mark.dev(story["dev"])] if "dev" in story else []


# What the AWS CLI sends is what boto3 sends: for two nodes, once is enough.
CLIENTS = [
    pytest.param(stories.Boto3, id="boto3"),
    pytest.param(stories.AwsCli, id="aws-cli", marks=pytest.mark.dev("stories by the AWS CLI")),
]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("story", [pytest.param(story, id=name, marks=marks(story)) for name, story in stories.STORIES])
def test_story(story, client, prove):
    with started() as server:
        prove(stories.play(story, client(server)))
