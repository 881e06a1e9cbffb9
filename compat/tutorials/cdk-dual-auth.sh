#!/usr/bin/env bash
# Three stacks: one function in Python authorizes machines by their access tokens and users by their ID tokens.
source "$(dirname "$0")/common.sh"
source "$(dirname "$0")/cdk.sh"

for version in "${CDK_VERSIONS[@]}"; do
  cdk_project cdk-dual-auth "$version"

  run bootstrap npx cdk bootstrap
  run deploy npx cdk deploy --all --require-approval never
  DEPLOYED=$(sed -n 's|.*✅ *\([A-Za-z0-9]*\)$|\1|p' "$WORK/deploy.out")
  same 'stacks deployed' 'CompleteM2MOAuth DualAuthAPI M2MAuth' "$(sort <<<"$DEPLOYED" | xargs)"
  same 'the last of them' DualAuthAPI "$(tail -n 1 <<<"$DEPLOYED")"
  API=$(sed -n "s|.* = https://\([a-z0-9]*\)\.$HOST_SUFFIX/prod/\$|\1|p" "$WORK/deploy.out" | head -1)
  POOL=$(output M2MAuth UserPoolId)
  ID=$(output M2MAuth ServiceClientId)
  USER_CLIENT=$(output M2MAuth UserClientId)
  SECRET=$("$AWS" cognito-idp describe-user-pool-client --user-pool-id "$POOL" --client-id "$ID" \
    --query UserPoolClient.ClientSecret --output text)

  machine() {
    ask 200 "$URL/oauth2/token" -d grant_type=client_credentials -d "client_id=$ID" -d "client_secret=$SECRET" -d "scope=$1"
  }
  # call STATUS METHOD [TOKEN]
  call() {
    ask "$1" --request "$2" "$URL/prod/resources" --header "Host: $API.$HOST_SUFFIX" ${3:+--header "Authorization: Bearer $3"}
  }

  ANSWER=$(machine 'api/read api/write')
  same 'lifetime and type' '3600 Bearer' "$(json 'it["expires_in"], it["token_type"]' <<<"$ANSWER" | tr -d "(),'")"
  READ=$(machine api/read | json 'it["access_token"]')
  same 'GET by a machine' '{"method": "GET", "authType": "m2m", "roles": "read"}' "$(call 200 GET "$READ")"
  same 'POST by the same' '{"Message":"User is not authorized to access this resource"}' "$(call 403 POST "$READ")"
  same 'GET by a machine, again' read "$(call 200 GET "$READ" | json 'it["roles"]')"
  AUTHORIZER=$("$AWS" lambda list-functions --query "Functions[?contains(FunctionName, 'uthorizer')] | [0].FunctionName" --output text)
  same 'runs of the authorizer for these three' 1 "$("$AWS" logs filter-log-events --log-group-name "/aws/lambda/$AUTHORIZER" \
    --filter-pattern 'START RequestId' --query 'length(events)')"
  ADMIN=$(machine api/admin | json 'it["access_token"]')
  same 'DELETE by an administrator' True "$(call 200 DELETE "$ADMIN" | json '"admin" in it["roles"]')"

  "$AWS" cognito-idp admin-create-user --user-pool-id "$POOL" --username ada@example.com >"$WORK/user.out"
  "$AWS" cognito-idp admin-set-user-password --user-pool-id "$POOL" --username ada@example.com \
    --password 'Correct-Horse-9-Battery' --permanent
  USER_TOKEN=$("$AWS" cognito-idp initiate-auth --client-id "$USER_CLIENT" --auth-flow USER_PASSWORD_AUTH \
    --auth-parameters 'USERNAME=ada@example.com,PASSWORD=Correct-Horse-9-Battery' \
    --query AuthenticationResult.IdToken --output text)
  same 'GET by a user' user "$(call 200 GET "$USER_TOKEN" | json 'it["authType"]')"
  same 'GET without a token' '{"message":"Unauthorized"}' "$(call 401 GET)"
  same 'GET with a damaged token' '{"message":"Unauthorized"}' "$(call 401 GET "${READ%????}AAAA")"

  run destroy npx cdk destroy --all --force
  same 'stacks destroyed' 3 "$(grep -c ': destroyed' "$WORK/destroy.out")"
  same 'pools that stay' 2 "$("$AWS" cognito-idp list-user-pools --max-results 10 --query 'length(UserPools)')"
  stop
done
