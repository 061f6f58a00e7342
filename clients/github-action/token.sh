#!/usr/bin/env bash
# Exchange the job's identity token for a token of a provider (RFC 8693), and mask both.
# Nothing is printed before it is masked; no list of processes shows a token. Needs curl and jq.
set -euo pipefail
export LC_ALL=C

attempts=3
wait_maximum_seconds=60

fail() {
  printf '::error title=tokenvend::%s\n' "$(printable "$1")"
  exit 1
}

# What a workflow command takes for text: a line of ASCII, with % encoded.
printable() {
  local text=${1//[^ -~]/?}
  printf '%s' "${text//%/%25}"
}

mask() {
  [[ $1 =~ ^[[:graph:]]+$ ]] || fail "$2 is not one line of printable characters"
  printf '::add-mask::%s\n' "${1//%/%25}"
}

# The answer's body is printed; its head goes to $head.
post() {
  curl --silent --show-error --max-time 30 --dump-header "$head" \
    --data-urlencode grant_type=urn:ietf:params:oauth:grant-type:token-exchange \
    --data-urlencode subject_token_type=urn:ietf:params:oauth:token-type:jwt \
    --data-urlencode "subject_token@"<(printf '%s' "$subject_token") \
    "${parameters[@]}" "$TOKENVEND_URL/oauth2/$TOKENVEND_CREDENTIAL/token"
}

status_of() { sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$head"; }

# As long as Retry-After says, within bounds.
pause() {
  local seconds
  seconds=$(sed -n 's/^[Rr]etry-[Aa]fter: *\([0-9]\{1,6\}\)[[:space:]]*$/\1/p' "$head")
  seconds=${seconds:-2}
  sleep "$((seconds < wait_maximum_seconds ? seconds : wait_maximum_seconds))"
}

new_subject_token() {
  local audience
  audience=$(jq --null-input --raw-output --arg url "$TOKENVEND_URL" \
    --arg own "${TOKENVEND_PROOF_AUDIENCE-}" '(if $own == "" then $url else $own end) | @uri')
  curl --silent --show-error --fail --max-time 30 --retry 3 \
    --config <(printf 'header = "Authorization: Bearer %s"\n' "$ACTIONS_ID_TOKEN_REQUEST_TOKEN") \
    "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=$audience" | jq --exit-status --raw-output .value
}

[[ ${ACTIONS_ID_TOKEN_REQUEST_URL-} ]] ||
  fail 'This job has no identity: give it "permissions: {id-token: write}".'
[[ $TOKENVEND_URL =~ ^(https://|http://127\.0\.0\.1:) ]] || fail "url must begin with https://"
[[ $TOKENVEND_CREDENTIAL =~ ^[A-Za-z0-9._-]+$ ]] || fail "credential is not a name"
TOKENVEND_URL=${TOKENVEND_URL%/}

parameters=()
for name in scope audience resource tenant connection min_ttl_seconds; do
  variable=TOKENVEND_$name
  [[ -z ${!variable-} ]] || parameters+=(--data-urlencode "$name=${!variable}")
done

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
head=$folder/head

for ((attempt = 1; ; attempt++)); do
  # A new one each time: where the issuer's rule says one_time, the last one is used up.
  subject_token=$(new_subject_token) || fail "GitHub gave this job no identity token"
  mask "$subject_token" "GitHub's identity token"
  : > "$head"
  answer=$(post) || answer='{}'
  status=$(status_of)
  [[ $status != 200 ]] || break
  error=$(jq --raw-output '"\(.error // "no answer"): \(.error_description // "")"' <<< "$answer") ||
    error="an answer that is no JSON"
  if ((attempt == attempts)) || ! [[ $status =~ ^(|429|503)$ ]]; then
    fail "tokenvend answered ${status:-nothing}: $error"
  fi
  pause
done

access_token=$(jq --exit-status --raw-output .access_token <<< "$answer") ||
  fail "the answer has no token"
mask "$access_token" "The token"
{
  printf 'access-token=%s\n' "$access_token"
  jq --raw-output '"expires-at=\(.expires_at | floor)"' <<< "$answer"
  jq --raw-output '"token-sha256=\(.token_sha256 | gsub("[^0-9a-f]"; ""))"' <<< "$answer"
} >> "$GITHUB_OUTPUT"
