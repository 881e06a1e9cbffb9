# What the tutorials' scripts share: tools from their packages, a server on a free port, and checks of what is answered.
# Sourced by each of them; works alone, without anything else of this project running.

set -euo pipefail

TUTORIALS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$TUTORIALS/../.." && pwd)
KEPT=$ROOT/target/tutorials
BINARY=${CLAVIGER_BINARY:-$ROOT/target/debug/claviger}
# Where the projects are; another folder of the same names is run just as well.
PROJECTS=${CLAVIGER_TUTORIALS:-$TUTORIALS/projects}
REGION=us-east-1
SERVER=

say() { printf '%s\n' "$*" >&2; }
fail() { say "FAILED: $*"; exit 1; }

need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || fail "\`$program\` is not on the path; install it and run this again"
  done
}
need node npm python3 curl
[ -x "$BINARY" ] || fail "there is no $BINARY; build it with \`cargo build\`, or name another with CLAVIGER_BINARY"

# Nothing of whoever runs this leads the tools elsewhere.
for name in $(compgen -e AWS_ || true); do unset "$name"; done
export AWS_CONFIG_FILE=$KEPT/no-such-file AWS_SHARED_CREDENTIALS_FILE=$KEPT/no-such-file AWS_EC2_METADATA_DISABLED=true
export CDK_DISABLE_VERSION_CHECK=1 CDK_DISABLE_CLI_TELEMETRY=1 SLS_TELEMETRY_DISABLED=1 SLS_NOTIFICATIONS_MODE=off
export npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false npm_config_loglevel=error
export PYTHONDONTWRITEBYTECODE=1 NO_COLOR=1

# stamp FILE FOLDER: whether FOLDER was installed from FILE as it is now.
installed() { [ -f "$2/installed" ] && cmp -s "$1" "$2/installed"; }

# npm_tool NAME: installs tools/NAME, once for as long as its lock file stays the same; prints its node_modules.
npm_tool() {
  local from=$TUTORIALS/tools/$1 folder=$KEPT/tools/$1
  if ! installed "$from/package-lock.json" "$folder"; then
    say "installing $1"
    rm -rf "$folder" && mkdir -p "$folder"
    cp "$from/package.json" "$from/package-lock.json" "$folder/"
    (cd "$folder" && npm ci --ignore-scripts >&2)
    cp "$from/package-lock.json" "$folder/installed"
  fi
  printf '%s\n' "$folder/node_modules"
}

# python_tool: the folder with python and aws of our Python clients.
python_tool() {
  local wanted=$ROOT/compat/python/requirements.txt folder=$KEPT/tools/python
  if ! installed "$wanted" "$folder"; then
    say "installing boto3 and the AWS CLI"
    rm -rf "$folder" && python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check -r "$wanted" >&2
    cp "$wanted" "$folder/installed"
  fi
  printf '%s\n' "$folder/bin"
}

# project NAME VARIANT: a fresh copy of a project, and the place to work in.
project() {
  WORK=$KEPT/runs/$1-$2
  rm -rf "$WORK" && mkdir -p "$WORK"
  cp -R "$PROJECTS/$1" "$WORK/project"
  rm -rf "$WORK/project/node_modules" "$WORK/project/cdk.out"
  export CDK_HOME=$WORK/cdk-home
  cd "$WORK/project"
  say "== $1, $2"
}

# serve [OPTION…]: starts a server without a past on a free port and points the tools at it.
serve() {
  rm -f "$WORK/address"
  "$BINARY" dev --listen 127.0.0.1:0 --ephemeral --address-file "$WORK/address" "$@" 2>"$WORK/server.log" &
  SERVER=$!
  local waited=0
  until [ -s "$WORK/address" ]; do
    kill -0 "$SERVER" 2>/dev/null || { cat "$WORK/server.log" >&2; fail "the server ended before it listened"; }
    [ $((waited += 1)) -le 300 ] || fail "the server does not listen"
    read -r -t 0.1 <> <(:) || true
  done
  URL=$(cat "$WORK/address")
  export AWS_ENDPOINT_URL=$URL AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
  export AWS_REGION=$REGION AWS_DEFAULT_REGION=$REGION
}

stop() {
  [ -z "$SERVER" ] || { kill "$SERVER" 2>/dev/null && wait "$SERVER" 2>/dev/null || true; }
  SERVER=
}
ended() {
  local status=$?
  [ $status = 0 ] || [ ! -f "${WORK:-/}/server.log" ] || { say "-- the server's last lines:"; tail -20 "$WORK/server.log" >&2; }
  stop
}
trap ended EXIT

# run LABEL COMMAND…: runs a step of the tutorial; what it printed is in $WORK/LABEL.out, and shown when it fails; the seconds
# it took are in $WORK/LABEL.time.
run() {
  local label=$1 begun=$EPOCHREALTIME
  shift
  if ! "$@" >"$WORK/$label.out" 2>&1 </dev/null; then
    cat "$WORK/$label.out" >&2
    fail "$label: $*"
  fi
  python3 -c "print($EPOCHREALTIME - $begun)" >"$WORK/$label.time"
  say "$(printf '   %-24s %6.2f s' "$label" "$(<"$WORK/$label.time")")"
}

# printed LABEL TEXT: what a step printed contains a text.
printed() {
  grep -qF -- "$2" "$WORK/$1.out" || { cat "$WORK/$1.out" >&2; fail "$1 did not print: $2"; }
}

# json EXPRESSION: a value of the JSON on the standard input, by a Python expression over \`it\`.
json() { python3 -c "import json, sys; it = json.load(sys.stdin); print($1)"; }

# output STACK KEY: an output of a stack.
output() {
  "$AWS" cloudformation describe-stacks --stack-name "$1" --query "Stacks[0].Outputs[?starts_with(OutputKey, '$2')].OutputValue | [0]" --output text
}

# ask STATUS CURL-ARGUMENT…: makes a request that must be answered with a status; prints the body.
ask() {
  local wanted=$1 status
  shift
  status=$(curl --silent --show-error --output "$WORK/body" --dump-header "$WORK/head" --write-out '%{http_code}' "$@")
  [ "$status" = "$wanted" ] || { cat "$WORK/head" "$WORK/body" >&2; fail "answered $status instead of $wanted: curl $*"; }
  cat "$WORK/body"
}

# same WHAT WANTED GOT
same() { [ "$2" = "$3" ] || fail "$1 is $3 instead of $2"; say "   $1: $3"; }

# seconds EXPRESSION: what it comes to, with two decimals.
seconds() { python3 -c "print(f'{$1:.2f}')"; }

# within WHAT BOUND SECONDS…: whether all of them are under the bound; says so.
within() {
  local what=$1 bound=$2 taken
  shift 2
  for taken in "$@"; do
    say "   $what: $taken s, to be under $bound s"
    python3 -c "import sys; sys.exit(not $taken < $bound)" || return 1
  done
}

# header NAME: a header of the last answer.
header() { tr -d '\r' <"$WORK/head" | awk -v name="${1,,}" -F': ' 'tolower($1) == name { print $2 }'; }

# claim TOKEN EXPRESSION: of a token's payload, by a Python expression over \`it\`.
claim() {
  python3 - "$1" "$2" <<'EOF'
import base64, json, sys
payload = sys.argv[1].split(".")[1]
it = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
print(eval(sys.argv[2]))
EOF
}
