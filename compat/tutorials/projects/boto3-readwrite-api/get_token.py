"""The machine's side: asks for a token."""
import json
import os
import sys

import requests

s = json.load(open("settings.json"))
TOKEN_ENDPOINT = os.environ.get(
    "TOKEN_ENDPOINT", f"https://system-to-system.auth.{s['REGION']}.amazoncognito.com/oauth2/token"
)

body = {
    "grant_type": "client_credentials",
    "client_id": s["CLIENT_ID"],
    "client_secret": s["CLIENT_SECRET"],
    "scope": sys.argv[1] if len(sys.argv) > 1 else "https://my-api-server.org/api.readwrite",
}
response = requests.post(TOKEN_ENDPOINT, data=body)
print(response.text)
