# The CDK's tutorials, with the current CLI and library and with old ones. Sourced after common.sh.

CDK_VERSIONS=(cdk cdk-2.1019)
AWS=$(python_tool)/aws
HOST_SUFFIX=execute-api.$REGION.amazonaws.com

# cdk_project NAME TOOLS: a fresh copy of a project with its packages, as `npm install` would leave it, and a server.
cdk_project() {
  local modules
  modules=$(npm_tool "$2")
  project "$1" "$2"
  ln -s "$modules" node_modules
  serve
}

# token ID SECRET [SCOPE]: asks for a token as the tutorials do.
token() {
  ask 200 --request POST "$URL/oauth2/token" --header "Authorization: Basic $(printf %s "$1:$2" | base64 -w0)" \
    --header 'Content-Type: application/x-www-form-urlencoded' --data-urlencode 'grant_type=client_credentials' \
    ${3:+--data-urlencode "scope=$3"}
}
