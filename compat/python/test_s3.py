"""S3 through boto3 and the AWS CLI: bodies of every form, copies, parts, presigned URLs."""

import io
import os
import subprocess
import sys
import urllib.error
import urllib.request

import boto3.s3.transfer
import botocore.exceptions
import pytest
import stories
from nodes import started

LARGE = os.urandom(1024) * (9 * 1024)


@pytest.fixture(scope="module")
def server():
    with started() as server:
        yield server


@pytest.fixture
def s3(server):
    client = stories.aws_client(server, "s3")
    client.create_bucket(Bucket="weather")
    return client


def content(s3, key, **options):
    return s3.get_object(Bucket="weather", Key=key, **options)["Body"].read()


def test_objects(s3, prove):
    algorithms = ["CRC32", "SHA1", "SHA256"]
    for algorithm in algorithms:
        s3.put_object(Bucket="weather", Key="a b:c", Body=b"rain", ChecksumAlgorithm=algorithm, Metadata={"unit": "mm"})
        answer = s3.head_object(Bucket="weather", Key="a b:c", ChecksumMode="ENABLED")
        assert answer["Metadata"] == {"unit": "mm"} and answer[f"Checksum{algorithm}"]
        assert content(s3, "a b:c", ChecksumMode="ENABLED") == b"rain"
    s3.put_object(Bucket="weather", Key="stream", Body=io.BytesIO(b"x" * 100_000))
    assert content(s3, "stream", Range="bytes=99990-") == b"x" * 10
    s3.copy_object(Bucket="weather", Key="copy", CopySource={"Bucket": "weather", "Key": "a b:c"})
    assert content(s3, "copy") == b"rain"
    s3.put_object_tagging(Bucket="weather", Key="copy", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert s3.get_object_tagging(Bucket="weather", Key="copy")["TagSet"] == [{"Key": "a", "Value": "b"}]
    s3.delete_object_tagging(Bucket="weather", Key="copy")
    for call, code in [(s3.get_object, "NoSuchKey"), (s3.head_object, "404")]:
        with pytest.raises(botocore.exceptions.ClientError) as refusal:
            call(Bucket="weather", Key="none")
        assert refusal.value.response["Error"]["Code"] == code
    prove([{"subject": "s3", "what": "objects", "client": "boto3", "refusal": False}])


def test_uploads_in_parts(s3, prove):
    transfer = boto3.s3.transfer.TransferConfig(multipart_threshold=5 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024)
    s3.upload_fileobj(io.BytesIO(LARGE), "weather", "large", Config=transfer)
    answer = s3.get_object(Bucket="weather", Key="large")
    assert answer["ETag"].endswith('-2"') and answer["Body"].read() == LARGE
    s3.copy({"Bucket": "weather", "Key": "large"}, "weather", "copy", Config=transfer)
    assert content(s3, "copy") == LARGE
    prove([{"subject": "s3", "what": "uploads in parts", "client": "boto3", "refusal": False}])


@pytest.mark.parametrize("version", ["s3v4", pytest.param("s3", marks=pytest.mark.dev("older signatures"))])
def test_presigned_urls(server, s3, version, prove):
    s3 = stories.aws_client(server, "s3", signature_version=version)
    url = s3.generate_presigned_url("put_object", Params={"Bucket": "weather", "Key": "signed"})
    urllib.request.urlopen(urllib.request.Request(url, data=b"rain", method="PUT")).close()
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "weather", "Key": "signed"})
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"rain"
    past = s3.generate_presigned_url("get_object", Params={"Bucket": "weather", "Key": "signed"}, ExpiresIn=-60)
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(past)
    # Where signatures are verified, a time that is negative is none.
    assert refusal.value.code in (400, 403)
    prove([{"subject": "s3", "what": "presigned URLs", "client": "boto3", "refusal": False}])


def test_aws_s3(server, s3, tmp_path, prove):
    def aws(*words):
        environment = {**os.environ, **stories.environment(server), "AWS_ENDPOINT_URL": server.url}
        command = [sys.executable, "-m", "awscli", "s3", *words]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    (tmp_path / "large").write_bytes(LARGE)
    aws("mb", "s3://storms")
    aws("cp", str(tmp_path / "large"), "s3://storms/a/large")
    aws("cp", "s3://storms/a/large", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == LARGE
    assert "PRE a/" in aws("ls", "s3://storms")
    aws("rm", "s3://storms", "--recursive")
    aws("rb", "s3://storms")
    assert "storms" not in aws("ls")
    prove([{"subject": "s3", "what": "`aws s3`", "client": "AWS CLI", "refusal": False}])
