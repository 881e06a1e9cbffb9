"""Tokens that nobody may accept, each of its own class, made from what an attacker has: real tokens and the key set."""

import base64
import hashlib
import hmac
import json

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa


def encode(value):
    data = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class Attacker:
    """Has a token for reading, a second one of the same pool, one of another pool, and both pools' public keys."""

    def __init__(self, token, second_token, foreign_token, jwks, foreign_jwks):
        self.token, self.second_token, self.foreign_token = token, second_token, foreign_token
        self.jwks, self.foreign_jwks = jwks, foreign_jwks
        self.head, self.body, self.signature = token.split(".")
        self.header, self.claims = json.loads(decode(self.head)), json.loads(decode(self.body))
        self.key = rsa.generate_private_key(65537, 2048)
        self.jwk = next(key for key in jwks["keys"] if key["kid"] == self.header["kid"])
        self.public_key = jwt.PyJWK(self.jwk).key

    def sign(self, header, claims, key=None, scheme=None, digest=None):
        message = f"{encode(header)}.{encode(claims)}"
        signature = (key or self.key).sign(message.encode(), scheme or padding.PKCS1v15(), digest or hashes.SHA256())
        return f"{message}.{encode(signature)}"

    def hmac(self, secret, **header):
        message = f"{encode({**self.header, 'alg': 'HS256', **header})}.{self.body}"
        return f"{message}.{encode(hmac.digest(secret, message.encode(), hashlib.sha256))}"

    def with_header(self, **changes):
        """The real token under a changed header; a change to `None` takes the member away."""
        header = {name: value for name, value in (self.header | changes).items() if value is not None}
        return f"{encode(header)}.{self.body}.{self.signature}"

    def with_body(self, body):
        return f"{self.head}.{body if isinstance(body, str) else encode(body)}.{self.signature}"

    def with_signature(self, signature):
        return f"{self.head}.{self.body}.{encode(signature)}"

    def public_pem(self, style=serialization.PublicFormat.SubjectPublicKeyInfo):
        return self.public_key.public_bytes(serialization.Encoding.PEM, style)

    def forgeries(self):
        """Every forgery by the name of its class."""
        other_kid = next(key["kid"] for key in self.jwks["keys"] if key["kid"] != self.header["kid"])
        wide = {**self.claims, "scope": self.claims["scope"] + " weather-api/delete"}
        raw = decode(self.signature)
        public = self.public_key.public_numbers()
        number = int.from_bytes(raw, "big")
        own_jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        curve_key = ec.generate_private_key(ec.SECP256R1())
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256().digest_size)
        second = self.second_token.split(".")
        foreign = self.foreign_token.split(".")
        foreign_claims = json.loads(decode(foreign[1]))
        none = {**self.header, "alg": "none"}
        return {
            "algorithm none without a signature": f"{encode(none)}.{encode(wide)}.",
            "algorithm none with the real signature": f"{encode(none)}.{self.body}.{self.signature}",
            "algorithm none in mixed case": f"{encode({**self.header, 'alg': 'nOnE'})}.{encode(wide)}.",
            "no algorithm at all": self.with_header(alg=None),
            "an algorithm that does not exist": self.with_header(alg="RS257"),
            "an algorithm that is a list": self.with_header(alg=["RS256"]),
            "HS256 with the public key as PEM": self.hmac(self.public_pem()),
            "HS256 with the public key as PKCS 1 PEM": self.hmac(self.public_pem(serialization.PublicFormat.PKCS1)),
            "HS256 with the modulus": self.hmac(decode(self.jwk["n"])),
            "HS256 with the key set's JSON": self.hmac(json.dumps(self.jwk).encode()),
            "HS256 with an empty secret": self.hmac(b""),
            "PS256 named over the real signature": self.with_header(alg="PS256"),
            "RS512 named over the real signature": self.with_header(alg="RS512"),
            "PS256 by a key of the attacker": self.sign({**self.header, "alg": "PS256"}, wide, scheme=pss),
            "ES256 by a key of the attacker": self.sign_with_curve(curve_key, wide),
            "ES256 with a signature of zeros": f"{encode({**self.header, 'alg': 'ES256'})}.{encode(wide)}.{encode(bytes(64))}",
            "the pool's other key named": self.with_header(kid=other_kid),
            "another pool's key named": self.with_header(kid=self.foreign_jwks["keys"][0]["kid"]),
            "a key nobody has named": self.with_header(kid="AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            "a key id that is a path": self.with_header(kid="../../../etc/passwd"),
            "a key id that is a number": self.with_header(kid=1),
            "no key id": self.with_header(kid=None),
            "signed by a key of the attacker": self.sign(self.header, wide),
            "signed by the key in its own header": self.sign({**self.header, "jwk": own_jwk}, wide),
            "signed by a key behind its own address": self.sign({**self.header, "jku": "https://evil.example/k"}, wide),
            "signed by the key in its own certificate": self.sign({**self.header, "x5c": [own_jwk["n"]]}, wide),
            "signed over SHA-1": self.sign({**self.header, "alg": "RS1"}, wide, digest=hashes.SHA1()),
            "a critical extension nobody knows": self.with_header(crit=["storm"], storm=True),
            "an unencoded payload (RFC 7797)": self.with_header(b64=False, crit=["b64"]),
            "a compressed payload announced": self.with_header(zip="DEF"),
            "a wider scope": self.with_body(wide),
            "no expiry": self.with_body({name: value for name, value in self.claims.items() if name != "exp"}),
            "an expiry that is text": self.with_body({**self.claims, "exp": "never"}),
            "the same claims spaced out": self.with_body(json.dumps(self.claims, indent=1).encode()),
            "a member said twice": self.with_body(decode(self.body)[:-1] + b',"scope":"weather-api/delete"}'),
            "claims that are a list": self.with_body([self.claims]),
            "claims that are no JSON": self.with_body(b"storm"),
            "claims that are no UTF-8": self.with_body(b'{"scope":"\xff"}'),
            "an empty payload": self.with_body(""),
            "the claims of a second token": f"{self.head}.{second[1]}.{self.signature}",
            "the signature of a second token": f"{self.head}.{self.body}.{second[2]}",
            "a token of another pool": self.foreign_token,
            "another pool's token under this issuer": ".".join(
                [foreign[0], encode({**foreign_claims, "iss": self.claims["iss"]}), foreign[2]]
            ),
            "another pool's signature under this header": f"{self.head}.{foreign[1]}.{foreign[2]}",
            "no signature": f"{self.head}.{self.body}.",
            "a signature with one bit changed": self.with_signature(raw[:100] + bytes([raw[100] ^ 1]) + raw[101:]),
            "a signature cut short": self.with_signature(raw[:-1]),
            "a signature with a zero before it": self.with_signature(b"\0" + raw),
            "a signature of zeros": self.with_signature(bytes(len(raw))),
            "a signature of one": self.with_signature(bytes(len(raw) - 1) + b"\1"),
            "a signature of the modulus": self.with_signature(public.n.to_bytes(len(raw), "big")),
            "a signature plus the modulus": self.with_signature((number + public.n).to_bytes(len(raw) + 1, "big")),
            "a signature turned around": self.with_signature(raw[::-1]),
            "two parts": f"{self.head}.{self.body}",
            "four parts": f"{self.token}.{self.signature}",
            "five parts, as if encrypted": f"{self.head}.{self.body}.{self.body}.{self.body}.{self.signature}",
            "three empty parts": "..",
            "the JSON serialization": json.dumps(
                {"payload": self.body, "protected": self.head, "signature": self.signature}
            ),
            "a space inside": f"{self.head} .{self.body}.{self.signature}",
            "parts the other way round": f"{self.signature}.{self.body}.{self.head}",
        }

    def sign_with_curve(self, key, claims):
        return jwt.encode(claims, key, algorithm="ES256", headers={"kid": self.header["kid"]})


def badly_made(issuer, client, now):
    """Tokens properly signed by a trusted key that still must be refused, and that key's public half.

    A token without `exp` is not among them: aws-jwt-verify accepts it.
    """
    key = rsa.generate_private_key(65537, 2048)
    kid = base64.b64encode(bytes(range(32))).decode()
    good = {
        **{"sub": client, "token_use": "access", "scope": "weather-api/get", "auth_time": now, "iss": issuer},
        **{"exp": now + 3600, "iat": now, "version": 2, "jti": "00000000-0000-4000-8000-000000000000"},
        "client_id": client,
    }
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    jwk = {"kid": kid, "alg": "RS256", "use": "sig", "kty": "RSA", "n": jwk["n"], "e": jwk["e"]}

    def signed(**changes):
        claims = {name: value for name, value in (good | changes).items() if value is not None}
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})

    tokens = {
        "expired": signed(exp=now - 1, iat=now - 3601),
        "not valid yet": signed(nbf=now + 3600),
        "another issuer": signed(iss=issuer + "x"),
        "the issuer with a slash": signed(iss=issuer + "/"),
        "no issuer": signed(iss=None),
        "an ID token": signed(token_use="id"),
        "no use": signed(token_use=None),
        "another client": signed(client_id="somebody"),
    }
    return {"keys": [jwk]}, signed(), tokens
