#!/usr/bin/env bash
# A service without functions: its API is an OpenAPI document of mocks. By osls 4, by osls 3 and Serverless 3 through
# `claviger exec`, and by the AWS CLI from the template that the framework makes.
source "$(dirname "$0")/common.sh"
AWS=$(python_tool)/aws
STACK=weather-events-api-dev
export SLS_AWS_MONITORING_FREQUENCY=500

# The calls of the tutorial. $LEAD leads a command with AWS's host names to the server.
calls() {
  local id secret domain api answer token
  id=$(output $STACK ServiceClientId)
  secret=$("$AWS" cognito-idp describe-user-pool-client --user-pool-id "$(output $STACK UserPoolId)" --client-id "$id" \
    --query UserPoolClient.ClientSecret --output text)
  domain=$(output $STACK UserPoolDomain)
  api=$(output $STACK ApiGatewayUrl)
  same 'domain' "https://weather-events-000000000000.auth.$REGION.amazoncognito.com" "$domain"

  token_for() {
    ask "$1" --location --request POST "$domain/oauth2/token" --header 'Content-Type: application/x-www-form-urlencoded' \
      --data-urlencode 'grant_type=client_credentials' --data-urlencode "client_id=$id" \
      --data-urlencode "client_secret=$secret" ${2:+--data-urlencode "scope=$2"}
  }
  call() {
    ask "$1" --request "$2" "$api" -H 'Accept: application/json' -H 'Content-Type: application/json' -H "Authorization: Bearer $3"
  }

  token=$(token_for 200 | json 'it["access_token"]')
  same 'scopes when none is asked for' 'weather-api/get weather-api/post' \
    "$(claim "$token" '" ".join(sorted(it["scope"].split()))')"
  answer=$(call 200 GET "$token")
  same 'events' 'Storms Dudley, Eunice and Franklin; Storms Malik and Corrie' \
    "$(json '"; ".join(event["name"] for event in it["events"])' <<<"$answer")"
  token=$(token_for 200 weather-api/post | json 'it["access_token"]')
  same 'scope asked for' weather-api/post "$(claim "$token" 'it["scope"]')"
  same 'GET with it' '{"message":"Unauthorized"}' "$(call 401 GET "$token")"
  same 'POST with it' 'Storms Malik and Corrie' "$(call 200 POST "$token" | json 'it["name"]')"
  same 'a scope that the client does not have' '{"error":"invalid_grant"}' "$(token_for 400 weather-api/delete)"
}

# framework TOOLS PROGRAM [LEAD…]: deploys, looks, calls and removes with one of the frameworks.
framework() {
  local modules program=$2
  modules=$(npm_tool "$1")
  project serverless-weather-events "$1"
  ln -s "$modules" node_modules
  serve
  shift 2
  local lead=("$@")
  run deploy "${lead[@]}" npx "$program" deploy
  printed deploy "Service deployed to stack $STACK"
  run info "${lead[@]}" npx "$program" info --verbose
  for key in UserPoolId ServiceClientId UserPoolDomain ApiGatewayUrl; do
    printed info "$(output $STACK $key)"
  done
  calls
  run again "${lead[@]}" npx "$program" deploy
  printed again 'did not include any changes to be deployed'
  run remove "${lead[@]}" npx "$program" remove
  printed remove 'Service weather-events-api has been successfully removed'
  same 'stacks that stay' 0 "$("$AWS" cloudformation describe-stacks --query 'length(Stacks)')"
  stop
}

# lead COMMAND…: runs a command whose host names are written into it.
lead() { "$BINARY" --endpoint "$URL" exec -- "$@"; }
# The tutorial's calls name AWS's hosts.
curl() { lead curl "$@"; }

framework osls-4 osls
framework osls-3 osls lead
framework serverless-3 serverless lead

project serverless-weather-events aws-cli
serve
TEMPLATE=$PROJECTS/serverless-weather-events/synth/cloudformation-template-update-stack.json
run deploy "$AWS" cloudformation deploy --stack-name $STACK --template-file "$TEMPLATE"
printed deploy "Successfully created/updated stack - $STACK"
calls
run again "$AWS" cloudformation deploy --no-fail-on-empty-changeset --stack-name $STACK --template-file "$TEMPLATE"
printed again "No changes to deploy. Stack $STACK is up to date"
run delete "$AWS" cloudformation delete-stack --stack-name $STACK
run gone "$AWS" cloudformation wait stack-delete-complete --stack-name $STACK
stop
