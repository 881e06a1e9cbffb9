"""No forged token passes the gate or PyJWT; the table is written down for the JavaScript suite to try as well."""

import json
import os
import time

import jwt
import pytest
import requests
from apis import Api
from forgeries import Attacker, badly_made
from machine import Machine

FORGED = "forged tokens are refused"


@pytest.fixture(scope="module")
def table(server, machine):
    """Real tokens, forged tokens and the keys to judge them with."""
    other = Machine.create(server)
    jwks = {who.pool: requests.get(f"{server.url}/{who.pool}/.well-known/jwks.json").json() for who in (machine, other)}
    attacker = Attacker(
        token=machine.token("weather-api/get"),
        second_token=machine.token("weather-api/get"),
        foreign_token=other.token("weather-api/get"),
        jwks=jwks[machine.pool],
        foreign_jwks=jwks[other.pool],
    )
    trusted, well_made, bad = badly_made(machine.issuer, machine.client, int(time.time()))
    written = {
        "pool": machine.pool,
        "client": machine.client,
        "real": {"jwks": attacker.jwks, "accepted": attacker.token, "refused": attacker.forgeries()},
        "badlyMade": {"jwks": trusted, "accepted": well_made, "refused": bad},
    }
    path = os.environ.get("CLAVIGER_FORGERIES")
    if path:
        with open(path, "w") as file:
            json.dump(written, file, indent=1)
    return written


@pytest.fixture(scope="module")
def api(server, machine):
    return Api.imported(server, "storm-events.openapi.yaml", arn=machine.arn)


def pyjwt_accepts(token, jwks, machine):
    """Whether PyJWT, used with care, accepts a token."""
    keys = jwt.PyJWKSet.from_dict(jwks)
    required = {"require": ["exp", "iat", "iss", "token_use", "client_id"]}
    try:
        kid = jwt.get_unverified_header(token)["kid"]
        claims = jwt.decode(token, keys[kid], algorithms=["RS256"], issuer=machine.issuer, options=required)
    except (jwt.PyJWTError, KeyError):
        return False
    return claims["token_use"] == "access" and claims["client_id"] == machine.client


def test_no_two_forgeries_are_alike(table):
    forged = [*table["real"]["refused"].values(), *table["badlyMade"]["refused"].values()]
    assert len(forged) == len(set(forged)) >= 30


@pytest.mark.proves("gate", FORGED, "PyJWT")
def test_pyjwt_refuses_every_forgery_and_accepts_the_real_ones(table, machine):
    for group in (table["real"], table["badlyMade"]):
        assert pyjwt_accepts(group["accepted"], group["jwks"], machine)
        accepted = [name for name, token in group["refused"].items() if pyjwt_accepts(token, group["jwks"], machine)]
        assert accepted == []


@pytest.mark.proves("gate", FORGED, "requests")
def test_the_gate_refuses_every_forgery_and_accepts_the_real_one(table, api):
    def asked(token):
        answer = requests.get(api.url, headers={"Authorization": f"Bearer {token}"})
        return answer.status_code, answer.text

    assert asked(table["real"]["accepted"])[0] == 200
    # The badly made ones are signed by a key that this pool does not have; rules for the pool's own key stand in Rust.
    for group in (table["real"], table["badlyMade"]):
        got_in = {name: asked(token) for name, token in group["refused"].items()}
        assert {name: said for name, said in got_in.items() if said != (401, '{"message":"Unauthorized"}')} == {}
