#!/usr/bin/env bash
# Three stacks, one for the pool, one for the API and one around both: a mock behind a Cognito authorizer.
source "$(dirname "$0")/common.sh"
source "$(dirname "$0")/cdk.sh"

SCOPE=awesomeapi-resource-server/awesomeapi.read

for version in "${CDK_VERSIONS[@]}"; do
  cdk_project cdk-mock-awesomeapi "$version"

  run synth npx cdk synth
  printed synth 'Supply a stack id ('
  printed synth 'ClientCredentialsFlowStack/ApiGatewayStack'
  run bootstrap npx cdk bootstrap
  printed bootstrap '✅  Environment aws://000000000000/us-east-1 bootstrapped.'

  # How long the server keeps its callers waiting. Another program may come between, so there are five tries.
  for try in 1 2 3 4 5; do
    run list npx cdk ls --app cdk.out --no-notices
    run timed npx cdk deploy --app cdk.out --no-notices --all --require-approval never
    TAKEN=$(seconds "$(<"$WORK/timed.time") - $(<"$WORK/list.time")")
    mapfile -t COUNTED < <(sed -n 's|.*Deployment time: \([0-9.]*\)s.*|\1|p' "$WORK/timed.out")
    same 'deployment times' 3 "${#COUNTED[@]}"
    run undo npx cdk destroy --app cdk.out --no-notices --all --force
    OWN=()
    for stack in CognitoStack ApiGatewayStack; do
      run "own-$stack" "$BINARY" deploy cdk.out/*"$stack"*.template.json --stack "$stack" --endpoint "$URL"
      OWN+=("$(seconds "$(<"$WORK/own-$stack.time")")")
    done
    for stack in ApiGatewayStack CognitoStack; do
      run "undo-$stack" "$BINARY" destroy "$stack" --endpoint "$URL"
    done
    within 'cdk deploy less cdk ls' 1.5 "$TAKEN" && within "deployment time by the CDK's count" 0.5 "${COUNTED[@]}" &&
      within 'claviger deploy' 0.3 "${OWN[@]}" && break
    [ "$try" -lt 5 ] || fail 'the server kept its callers waiting'
  done

  run deploy npx cdk deploy --all --require-approval never
  same 'stacks deployed' 3 "$(grep -c '^ ✅\|^✅' "$WORK/deploy.out")"
  API=$(sed -n "s|.*= https://\([a-z0-9]*\)\.$HOST_SUFFIX/prod/\$|\1|p" "$WORK/deploy.out" | head -1)
  printed deploy "https://$API.$HOST_SUFFIX/prod/"

  POOL=$("$AWS" cognito-idp list-user-pools --max-results 10 --query 'UserPools[0].Id' --output text)
  ID=$("$AWS" cognito-idp list-user-pool-clients --user-pool-id "$POOL" --query 'UserPoolClients[0].ClientId' --output text)
  SECRET=$("$AWS" cognito-idp describe-user-pool-client --user-pool-id "$POOL" --client-id "$ID" \
    --query UserPoolClient.ClientSecret --output text)

  BODY=$(ask 401 "$URL/prod/awesomeapi" -H "Host: $API.$HOST_SUFFIX")
  same 'body without a token' '{"message":"Unauthorized"}' "$BODY"
  same 'x-amzn-errortype' UnauthorizedException "$(header x-amzn-errortype)"
  same 'content-length' 26 "$(header content-length)"

  ANSWER=$(token "$ID" "$SECRET" "$SCOPE")
  TOKEN=$(json 'it["access_token"]' <<<"$ANSWER")
  same 'lifetime and type' '3600 Bearer' "$(json 'it["expires_in"], it["token_type"]' <<<"$ANSWER" | tr -d "(),'")"
  same 'claims' "['auth_time', 'client_id', 'exp', 'iat', 'iss', 'jti', 'scope', 'sub', 'token_use', 'version']" \
    "$(claim "$TOKEN" 'sorted(it)')"
  same 'subject' "$ID $ID access $SCOPE 2" \
    "$(claim "$TOKEN" '" ".join(map(str, [it["sub"], it["client_id"], it["token_use"], it["scope"], it["version"]]))')"
  ALL=$(token "$ID" "$SECRET" | json 'it["access_token"]')
  same 'scope when none is asked for' "$SCOPE" "$(claim "$ALL" 'it["scope"]')"

  BODY=$(ask 200 "$URL/prod/awesomeapi" -H "Host: $API.$HOST_SUFFIX" --header "Authorization: $TOKEN")
  same 'body with a token' '{"statusCode":200,"message":"Hello From Protected Resource"}' "$BODY"
  same 'content-type' application/json "$(header content-type)"

  run again npx cdk deploy --all --require-approval never
  same 'stacks without changes' 3 "$(grep -c '(no changes)' "$WORK/again.out")"

  run destroy npx cdk destroy --all --force
  DESTROYED=$(sed -n 's|.*✅ *\(.*/\)\?\([A-Za-z]*\): destroyed.*|\2|p' "$WORK/destroy.out")
  same 'stacks destroyed' 'ApiGatewayStack ClientCredentialsFlowStack CognitoStack' "$(sort <<<"$DESTROYED" | xargs)"
  same 'the last of them' CognitoStack "$(tail -n 1 <<<"$DESTROYED")"
  same 'pools that stay' 0 "$("$AWS" cognito-idp list-user-pools --max-results 10 --query 'length(UserPools)')"
  stop
done
