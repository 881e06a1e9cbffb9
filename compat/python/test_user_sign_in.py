"""Users sign in by SRP with pycognito, which knows nothing of Claviger."""

import pytest
import requests
from claviger import REGION
from pycognito import AWSSRP, Cognito
from pycognito.exceptions import ForceChangePasswordException
from stories import aws_client

PASSWORD = "Correct-Horse-7"
CHOSEN = "Chosen-Horse-9"
PYCOGNITO = "pycognito"


class House:
    """A pool with a client for people, and users of whom each test has its own."""

    def __init__(self, server, generate_secret):
        self.idp = aws_client(server, "cognito-idp")
        self.server = server
        self.pool = self.idp.create_user_pool(PoolName="people")["UserPool"]["Id"]
        client = self.idp.create_user_pool_client(
            UserPoolId=self.pool,
            ClientName="web",
            GenerateSecret=generate_secret,
            ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            PreventUserExistenceErrors="ENABLED",
        )["UserPoolClient"]
        self.client, self.secret = client["ClientId"], client.get("ClientSecret")

    def invite(self, username):
        attributes = [{"Name": "email", "Value": f"{username}@example.com"}]
        self.idp.admin_create_user(
            UserPoolId=self.pool,
            Username=username,
            TemporaryPassword=PASSWORD,
            MessageAction="SUPPRESS",
            UserAttributes=attributes,
        )

    def settle(self, username):
        self.invite(username)
        self.idp.admin_set_user_password(UserPoolId=self.pool, Username=username, Password=PASSWORD, Permanent=True)

    def srp(self, username, password):
        return AWSSRP(username, password, self.pool, self.client, client=self.idp, client_secret=self.secret)


@pytest.fixture(scope="module", params=[False, True], ids=["public", "with a secret"])
def house(server, request):
    return House(server, request.param)


@pytest.mark.proves("cognito-idp", "InitiateAuth", PYCOGNITO)
@pytest.mark.proves("cognito-idp", "RespondToAuthChallenge", PYCOGNITO)
def test_a_user_proves_the_password(house):
    house.settle("ada")
    tokens = house.srp("ada", PASSWORD).authenticate_user()["AuthenticationResult"]
    assert tokens["TokenType"] == "Bearer" and tokens["RefreshToken"]
    shown = house.idp.get_user(AccessToken=tokens["AccessToken"])
    assert shown["Username"] == "ada"


def test_a_wrong_password_and_an_unknown_user_are_refused_alike(house):
    house.settle("grace")
    for username, password in [("grace", "wrong"), ("nobody", PASSWORD)]:
        with pytest.raises(house.idp.exceptions.NotAuthorizedException, match="Incorrect username or password."):
            house.srp(username, password).authenticate_user()


def test_a_temporary_password_is_exchanged(house):
    house.invite("joan")
    with pytest.raises(ForceChangePasswordException):
        house.srp("joan", PASSWORD).authenticate_user()
    answer = house.srp("joan", PASSWORD).set_new_password_challenge(CHOSEN)
    assert answer["AuthenticationResult"]["IdToken"]
    assert house.srp("joan", CHOSEN).authenticate_user()["AuthenticationResult"]["AccessToken"]


@pytest.mark.proves("cognito-idp", "GetUser", PYCOGNITO)
@pytest.mark.proves("cognito-idp", "GlobalSignOut", PYCOGNITO)
@pytest.mark.proves("oauth2", "GET /{poolId}/.well-known/jwks.json", PYCOGNITO)
def test_tokens_are_verified_renewed_and_ended(house):
    house.settle("mary")
    person = Person(house, "mary")
    person.authenticate(PASSWORD)
    assert person.id_claims["cognito:username"] == person.access_claims["username"] == "mary"
    assert person.get_user().email == "mary@example.com"
    old, session = person.access_token, person.access_claims["origin_jti"]
    person.renew_access_token()
    assert person.access_token != old and person.access_claims["origin_jti"] == session
    person.logout()
    with pytest.raises(house.idp.exceptions.NotAuthorizedException, match="Access Token has been revoked"):
        house.idp.get_user(AccessToken=old)


class Person(Cognito):
    """A user whose client verifies each token: by the server's keys, against the issuer that AWS would be."""

    def __init__(self, house, username):
        settings = {"endpoint_url": house.server.url, "aws_access_key_id": "x", "aws_secret_access_key": "x"}
        super().__init__(
            house.pool,
            house.client,
            user_pool_region=REGION,
            username=username,
            client_secret=house.secret,
            boto3_client_kwargs=settings,
        )
        self.pool_jwk = requests.get(f"{house.server.url}/{house.pool}/.well-known/jwks.json").json()

    @property
    def user_pool_url(self):
        return f"https://cognito-idp.{REGION}.amazonaws.com/{self.user_pool_id}"
