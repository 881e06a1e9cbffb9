#!/usr/bin/env bash
# One stack: a function in Node.js, made from a folder, behind a Cognito authorizer that asks for a scope.
source "$(dirname "$0")/common.sh"
source "$(dirname "$0")/cdk.sh"

for version in "${CDK_VERSIONS[@]}"; do
  cdk_project cdk-lambda-user-api "$version"

  run bootstrap npx cdk bootstrap
  printed bootstrap '✅  Environment aws://000000000000/us-east-1 bootstrapped.'
  run deploy npx cdk deploy --require-approval never
  printed deploy '✅  SampleOauthStack'
  API=$(sed -n "s|.*OauthApiEndpoint.* = https://\([a-z0-9]*\)\.$HOST_SUFFIX/prod/\$|\1|p" "$WORK/deploy.out" | head -1)
  printed deploy "https://$API.$HOST_SUFFIX/prod/"

  POOL=$("$AWS" cognito-idp list-user-pools --max-results 10 --query 'UserPools[0].Id' --output text)
  ID=$("$AWS" cognito-idp list-user-pool-clients --user-pool-id "$POOL" --query 'UserPoolClients[0].ClientId' --output text)
  SECRET=$("$AWS" cognito-idp describe-user-pool-client --user-pool-id "$POOL" --client-id "$ID" \
    --query UserPoolClient.ClientSecret --output text)

  ANSWER=$(ask 200 --location "$URL/oauth2/token" --header 'Content-Type: application/x-www-form-urlencoded' \
    --header "Authorization: Basic $(printf %s "$ID:$SECRET" | base64 -w0)" \
    --data-urlencode 'grant_type=client_credentials' --data-urlencode 'scope=OauthResourceServer/user.read')
  same 'lifetime and type' '3600 Bearer' "$(json 'it["expires_in"], it["token_type"]' <<<"$ANSWER" | tr -d "(),'")"
  TOKEN=$(json 'it["access_token"]' <<<"$ANSWER")
  BODY=$(ask 200 "$URL/prod/user" --header "Host: $API.$HOST_SUFFIX" --header "Authorization: $TOKEN")
  same 'body of the function' '{"message":"Hello from the user API"}' "$BODY"
  BODY=$(ask 401 "$URL/prod/user" --header "Host: $API.$HOST_SUFFIX")
  same 'body without a token' '{"message":"Unauthorized"}' "$BODY"
  WRITE=$(token "$ID" "$SECRET" OauthResourceServer/user.write | json 'it["access_token"]')
  BODY=$(ask 401 "$URL/prod/user" --header "Host: $API.$HOST_SUFFIX" --header "Authorization: $WRITE")
  same 'body with another scope' '{"message":"Unauthorized"}' "$BODY"

  run destroy npx cdk destroy --force
  printed destroy '✅  SampleOauthStack: destroyed'
  stop
done
