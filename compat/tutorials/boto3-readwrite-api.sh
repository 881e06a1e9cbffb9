#!/usr/bin/env bash
# A pool made call by call, a client and a validator in Python; once by boto3 and once by the AWS CLI.
source "$(dirname "$0")/common.sh"
PYTHON=$(python_tool)/python
AWS=$(python_tool)/aws

# Version 1 of the CLI fetches what looks like an address, which version 2 does not.
as_version_2() {
  printf '[default]\ncli_follow_urlparam = false\n' >"$WORK/aws-config"
  export AWS_CONFIG_FILE=$WORK/aws-config
}

project boto3-readwrite-api boto3
serve
export AWS_DEFAULT_REGION=eu-west-1 AWS_REGION=eu-west-1
export TOKEN_ENDPOINT=$URL/oauth2/token JWKS_BASE=$URL

run setup "$PYTHON" setup_cognito.py
same 'region of the pool' eu-west-1 "$(json 'it["USER_POOL_ID"].split("_")[0]' <settings.json)"
"$PYTHON" get_token.py >"$WORK/readwrite.json"
same 'answer' "['access_token', 'expires_in', 'token_type'] 3600 Bearer" \
  "$(json 'list(it), it["expires_in"], it["token_type"]' <"$WORK/readwrite.json")"
TOKEN=$(json 'it["access_token"]' <"$WORK/readwrite.json")
same 'scope' https://my-api-server.org/api.readwrite "$(claim "$TOKEN" 'it["scope"]')"

# refused LABEL WORDS: the validator refuses what is on the standard input.
refused() {
  ! "$PYTHON" validate.py >"$WORK/$1.out" 2>&1 || fail "$1 was accepted"
  printed "$1" "$2"
  say "   $1: $2"
}
refused another-scope 'Wrong scope' <"$WORK/readwrite.json"
"$PYTHON" get_token.py https://my-api-server.org/api.write >"$WORK/write.json"
same 'answer of the validator' '{"status_code": 200, "body": "This is your body."}' "$("$PYTHON" validate.py <"$WORK/write.json")"
TOKEN=$(json 'it["access_token"]' <"$WORK/write.json")
CHANGED=$(python3 -c 'import sys; a = sys.argv[1]; i = a.rindex(".") + 9; print(a[:i] + ("A" if a[i] != "A" else "B") + a[i + 1:])' "$TOKEN")
refused changed-signature InvalidSignatureError <<<"{\"access_token\": \"$CHANGED\"}"

as_version_2
POOL=$(json 'it["USER_POOL_ID"]' <settings.json)
OTHER=$("$AWS" cognito-idp create-user-pool-client --user-pool-id "$POOL" --client-name other --generate-secret \
  --allowed-o-auth-flows client_credentials --allowed-o-auth-flows-user-pool-client \
  --allowed-o-auth-scopes https://my-api-server.org/api.write --query 'UserPoolClient.[ClientId,ClientSecret]' --output text)
read -r ID SECRET <<<"$OTHER"
ask 200 "$TOKEN_ENDPOINT" -u "$ID:$SECRET" -d grant_type=client_credentials >"$WORK/other.json"
refused another-client 'Wrong client id' <"$WORK/other.json"
stop

project boto3-readwrite-api aws-cli
as_version_2
serve
export AWS_DEFAULT_REGION=eu-west-1 AWS_REGION=eu-west-1
API=https://my-api-server.org
POOL=$("$AWS" cognito-idp create-user-pool --pool-name system-to-system --query UserPool.Id --output text)
"$AWS" cognito-idp create-resource-server --user-pool-id "$POOL" --identifier $API --name my-api-server \
  --scopes ScopeName=api.readwrite,ScopeDescription=rw ScopeName=api.write,ScopeDescription=w >"$WORK/server.out"
CLIENT=$("$AWS" cognito-idp create-user-pool-client --user-pool-id "$POOL" --client-name my-client --generate-secret \
  --allowed-o-auth-flows client_credentials --allowed-o-auth-flows-user-pool-client \
  --allowed-o-auth-scopes $API/api.readwrite $API/api.write --query 'UserPoolClient.[ClientId,ClientSecret]' --output text)
"$AWS" cognito-idp create-user-pool-domain --user-pool-id "$POOL" --domain system-to-system >"$WORK/domain.out"
read -r ID SECRET <<<"$CLIENT"
TOKEN=$(ask 200 "$URL/oauth2/token" -u "$ID:$SECRET" -d grant_type=client_credentials -d "scope=$API/api.write" |
  json 'it["access_token"]')
same 'scope' $API/api.write "$(claim "$TOKEN" 'it["scope"]')"
stop
