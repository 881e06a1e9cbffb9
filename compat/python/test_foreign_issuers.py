"""JWT authorizers of an issuer that is none of ours, over TLS: the certificate of an authority of one's own."""

import datetime
import http.server
import ipaddress
import json
import ssl
import threading
import time

import botocore.exceptions
import jwt
import pytest
import requests
from claviger import REGION, Server
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from stories import aws_client

pytestmark = pytest.mark.dev("authorities of its own")


def certificate(subject, key, issuer, issuer_key, *extensions):
    now = datetime.datetime.now(datetime.timezone.utc)
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


class Issuer:
    """Serves a discovery document and a key set over TLS, with the certificate of its own authority."""

    def __init__(self, folder):
        authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.authority = folder / "authority.pem"
        self.authority.write_bytes(
            certificate("authority", authority, "authority", authority, (x509.BasicConstraints(True, None), True))
        )
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        chain = folder / "issuer.pem"
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        chain.write_bytes(
            certificate("issuer", own, "authority", authority, (address, False))
            + own.private_bytes(encoding, form, serialization.NoEncryption())
        )
        self.key = rsa.generate_private_key(65537, 2048)
        issuer = self

        class Documents(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                document = issuer.documents().get(self.path)
                body = json.dumps(document).encode()
                self.send_response(200 if document else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Documents)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def documents(self):
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {
            "/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            "/keys": {"keys": [key | {"kid": "one", "alg": "RS256", "use": "sig"}]},
        }

    def token(self, key=None, **claims):
        now = int(time.time())
        claims = {"iss": self.url, "aud": "pets", "iat": now, "exp": now + 600} | claims
        return jwt.encode(claims, key or self.key, algorithm="RS256", headers={"kid": "one"})


def authorizer(gateway, api, issuer):
    made = gateway.create_authorizer(
        ApiId=api,
        Name="issuer",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": issuer.url, "Audience": ["pets"]},
    )
    return made["AuthorizerId"]


@pytest.mark.proves("gate", "Tokens of an issuer over TLS, by its authority's certificate", "PyJWT")
def test_tokens_of_an_issuer_over_tls(tmp_path):
    issuer = Issuer(tmp_path)
    with Server(wrapper=["env", f"SSL_CERT_FILE={issuer.authority}"]) as server:
        gateway = aws_client(server, "apigatewayv2")
        api = gateway.create_api(Name="pets", ProtocolType="HTTP", Target=server.url, RouteKey="GET /open")["ApiId"]
        target = gateway.get_routes(ApiId=api)["Items"][0]["Target"]
        gateway.create_route(
            ApiId=api,
            RouteKey="GET /pets",
            Target=target,
            AuthorizationType="JWT",
            AuthorizerId=authorizer(gateway, api, issuer),
        )

        def status(token):
            headers = {"Host": f"{api}.execute-api.{REGION}.amazonaws.com", "Authorization": f"Bearer {token}"}
            return requests.get(f"{server.url}/pets", headers=headers, timeout=60).status_code

        assert status(issuer.token()) == 200
        assert status(issuer.token(aud="others")) == 401
        assert status(issuer.token(iss=f"{issuer.url}/")) == 401
        assert status(issuer.token(key=rsa.generate_private_key(65537, 2048))) == 401


@pytest.mark.proves("gate", "An issuer whose certificate nobody vouches for is refused", "boto3")
def test_an_issuer_whose_certificate_nobody_vouches_for(tmp_path, lone_server):
    gateway = aws_client(lone_server, "apigatewayv2")
    api = gateway.create_api(Name="pets", ProtocolType="HTTP")["ApiId"]
    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        authorizer(gateway, api, Issuer(tmp_path))
    assert isinstance(refusal.value, gateway.exceptions.BadRequestException)
    assert "Invalid issuer" in str(refusal.value)
