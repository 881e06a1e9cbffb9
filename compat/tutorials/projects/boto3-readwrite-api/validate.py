"""The API's side: takes a token, as an argument or as JSON on the standard input, if the pool signed it for this scope."""
import functools
import json
import os
import sys
import urllib.request

import jwt

s = json.load(open("settings.json"))
JWKS_BASE = os.environ.get("JWKS_BASE", f"https://cognito-idp.{s['REGION']}.amazonaws.com")


def get_well_known_jwk(user_pool_id: str) -> dict:
    with urllib.request.urlopen(f"{JWKS_BASE}/{user_pool_id}/.well-known/jwks.json") as res:
        jwks = json.loads(res.read().decode())
    return {k["kid"]: jwt.algorithms.RSAAlgorithm.from_jwk(json.dumps(k)) for k in jwks["keys"]}


def is_valid_token(scope):
    def wrapped(func):
        @functools.wraps(func)
        def wrapper(access_token):
            key = get_well_known_jwk(s["USER_POOL_ID"])[jwt.get_unverified_header(access_token)["kid"]]
            payload = jwt.decode(access_token, key=key, algorithms=["RS256"])
            if payload["client_id"] != s["CLIENT_ID"]:
                raise Exception("Wrong client id")
            if payload["scope"] != scope:
                print("Wrong scope")
                raise Exception("Wrong scope")
            return func(access_token)

        return wrapper

    return wrapped


@is_valid_token(scope="https://my-api-server.org/api.write")
def api(access_token):
    print(json.dumps({"status_code": 200, "body": "This is your body."}))


if __name__ == "__main__":
    api(json.load(sys.stdin)["access_token"] if len(sys.argv) < 2 else sys.argv[1])
