#!/usr/bin/env bash
# Runs every finding of this folder and says which still stand: `make findings`, or with names of
# findings after it those alone. Fails if one has changed.
set -uo pipefail
cd "$(dirname "$0")"

if [ "$#" -gt 0 ]; then
  found=("$@")
else
  found=()
  for script in *.sh; do
    [ "$script" = run_all.sh ] || found+=("${script%.sh}")
  done
fi

changed=0
for name in "${found[@]}"; do
  if output=$(bash "${name%.sh}.sh" 2>&1); then
    echo "stands   $name"
  else
    echo "CHANGED  $name"
    printf '%s\n' "$output" | tail -20 | sed 's/^/         /'
    changed=$((changed + 1))
  fi
done
echo "${#found[@]} findings, $changed changed"
test "$changed" -eq 0
