"""An authorizer for machines, which bring access tokens, and users, who bring ID tokens.

It needs nothing beyond the standard library, so its folder is the asset as it stands; the signature (RS256) is verified
with whole numbers alone.
"""
import base64
import hashlib
import json
import os
import time
import urllib.request

REGION = os.environ["REGION"]
POOL = os.environ["USER_POOL_ID"]
# A local server tells its functions where it is.
BASE = os.environ.get("AWS_ENDPOINT_URL", f"https://cognito-idp.{REGION}.amazonaws.com").rstrip("/")
ISSUER_SUFFIX = f"/{POOL}"
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")
_keys = {}


def b64(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def key_for(kid):
    if kid not in _keys:
        with urllib.request.urlopen(f"{BASE}/{POOL}/.well-known/jwks.json", timeout=5) as res:
            for k in json.load(res)["keys"]:
                _keys[k["kid"]] = tuple(int.from_bytes(b64(k[f]), "big") for f in ("n", "e"))
    return _keys[kid]


def verified_claims(token):
    head, body, sig = token.split(".")
    header = json.loads(b64(head))
    if header["alg"] != "RS256":
        raise ValueError("algorithm")
    n, e = key_for(header["kid"])
    size = (n.bit_length() + 7) // 8
    padded = pow(int.from_bytes(b64(sig), "big"), e, n).to_bytes(size, "big")
    tail = SHA256_PREFIX + hashlib.sha256(f"{head}.{body}".encode()).digest()
    if padded != b"\x00\x01" + b"\xff" * (size - len(tail) - 3) + b"\x00" + tail:
        raise ValueError("signature")
    claims = json.loads(b64(body))
    if claims["exp"] < time.time() or not claims["iss"].endswith(ISSUER_SUFFIX):
        raise ValueError("expired or foreign")
    return claims


def handler(event, _context):
    token = event["authorizationToken"].removeprefix("Bearer ").strip()
    try:
        claims = verified_claims(token)
    except Exception as exc:
        print("rejected:", exc)
        raise Exception("Unauthorized")  # the gateway answers 401 to this very word

    if claims.get("token_use") == "access":
        scopes = claims.get("scope", "").split()
        roles = [r for r in ("admin", "write", "read") if f"api/{r}" in scopes]
        who, kind = claims["client_id"], "m2m"
    elif claims.get("token_use") == "id":
        roles, who, kind = ["read"], claims["sub"], "user"
    else:
        raise Exception("Unauthorized")

    verbs = {"read": ["GET"], "write": ["GET", "POST", "PUT"], "admin": ["*"]}
    api_stage = "/".join(event["methodArn"].split("/")[:2])
    allowed = sorted({f"{api_stage}/{v}/*" for r in roles for v in verbs[r]})
    return {
        "principalId": who,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{
                "Action": "execute-api:Invoke",
                "Effect": "Allow" if allowed else "Deny",
                "Resource": allowed or [event["methodArn"]],
            }],
        },
        "context": {"clientId": who, "roles": ",".join(roles), "authType": kind},
    }
