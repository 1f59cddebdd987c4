#!/usr/bin/env bash
# What the action does: reads its inputs from the environment, plans or brings up, and writes its outputs.
set -euo pipefail

[ -d "$SPECS" ] || SPECS=$(dirname "$SPECS")
options=(--environment "$ENVIRONMENT")
if [ "$COMMAND" = auto ]; then
  if [ "$EVENT" = pull_request ]; then COMMAND=plan; else COMMAND=up; fi
fi
told=$(mktemp)

case "$COMMAND" in
  plan)
    flowscale plan "$SPECS" "${options[@]}" --markdown >"$told"
    echo "plan=$told" >>"$GITHUB_OUTPUT"
    cat "$told" >>"$GITHUB_STEP_SUMMARY"
    ;;
  up)
    [ -z "$BACKEND" ] || options+=(--backend "$BACKEND")
    flowscale up "$SPECS" "${options[@]}" --yes --json >"$told"
    url=$(python -c 'import json, sys; print(json.load(sys.stdin)[0]["outputs"]["urls"][0])' <"$told")
    changes=$(python -c 'import json, sys; print(sum(len(each["changes"]) for each in json.load(sys.stdin)))' <"$told")
    { echo "deployment-url=$url"; echo "changes=$changes"; } >>"$GITHUB_OUTPUT"
    echo "DEPLOYMENT_URL=$url" >>"$GITHUB_ENV"
    if [ "$WAIT" = true ]; then
      for _ in $(seq 60); do
        curl -fsS -H "X-API-KEY: $FLOWSCALE_API_KEY" "$url/api/v1/deployments" >/dev/null && exit 0
        sleep 5
      done
      echo "$url did not answer within five minutes" >&2
      exit 1
    fi
    ;;
  *)
    echo "command is $COMMAND: write up, plan or auto" >&2
    exit 2
    ;;
esac
