"""Every operation, by every client: what it answers and how it refuses."""

import pytest
import stories
from nodes import started


def marks(story):
    return [pytest.mark.dev(story["dev"])] if "dev" in story else []


@pytest.mark.parametrize("client", [stories.Boto3, stories.AwsCli], ids=["boto3", "aws-cli"])
@pytest.mark.parametrize("story", [pytest.param(story, id=name, marks=marks(story)) for name, story in stories.STORIES])
def test_story(story, client, prove):
    with started() as server:
        prove(stories.play(story, client(server)))
