"""The key set and the discovery document, and PyJWT checking tokens with them."""

import jwt
import pytest
import requests


def verify(token, machine, jwks):
    """What a careful resource server does with PyJWT."""
    key = jwks.get_signing_key_from_jwt(token)
    required = {"require": ["exp", "iat", "iss", "token_use", "client_id"]}
    claims = jwt.decode(token, key, algorithms=["RS256"], issuer=machine.issuer, options=required)
    assert claims["token_use"] == "access"
    return claims


@pytest.mark.proves("oauth2", "GET /{poolId}/.well-known/jwks.json", "PyJWT")
def test_pyjwt_verifies_a_token_with_the_key_set(server, machine):
    jwks = jwt.PyJWKClient(f"{server.url}/{machine.pool}/.well-known/jwks.json")
    claims = verify(machine.token("weather-api/get"), machine, jwks)
    assert claims["scope"] == "weather-api/get"


@pytest.mark.proves("oauth2", "GET /{poolId}/.well-known/jwks.json", "requests")
def test_publishes_two_rsa_keys(server, machine):
    answer = requests.get(f"{server.url}/{machine.pool}/.well-known/jwks.json")
    assert answer.headers["Content-Type"].startswith("application/json")
    keys = answer.json()["keys"]
    assert len(keys) == 2 and keys[0]["kid"] != keys[1]["kid"]
    for key in keys:
        assert sorted(key) == ["alg", "e", "kid", "kty", "n", "use"]
        assert (key["alg"], key["e"], key["kty"], key["use"]) == ("RS256", "AQAB", "RSA", "sig")
        assert len(key["n"]) == 342, "2,048 bits in base64url"


@pytest.mark.proves("oauth2", "GET /{poolId}/.well-known/openid-configuration", "requests")
def test_publishes_the_discovery_document(server, machine):
    document = requests.get(f"{server.url}/{machine.pool}/.well-known/openid-configuration").json()
    assert document["issuer"] == machine.issuer
    assert document["jwks_uri"] == f"{machine.issuer}/.well-known/jwks.json"
    assert document["token_endpoint"].endswith("/oauth2/token")
    assert document["token_endpoint_auth_methods_supported"] == ["client_secret_basic", "client_secret_post"]
    assert document["id_token_signing_alg_values_supported"] == ["RS256"]
    assert "weather-api/get" not in document["scopes_supported"]


def test_an_unknown_pool_has_no_keys(server):
    answer = requests.get(f"{server.url}/us-east-1_000000000/.well-known/jwks.json")
    assert (answer.status_code, answer.json()) == (404, {"message": "User pool us-east-1_000000000 does not exist."})
