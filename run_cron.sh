#!/usr/bin/env bash
# One batch, for cron: 0 2 * * * cd PROJECT && ./run_cron.sh >> ./logs/cron_driver.log 2>&1
# A second one ends at once with 75 while the first is busy; else the exit status is that of run.py (docs/batch.md).
set -u
cd "$(dirname "$0")" || exit 2
mkdir -p logs
exec 9> logs/.cron.lock
if command -v flock > /dev/null && ! flock -n 9; then # without it, run.py refuses with 3
  echo "$(date -u +%FT%TZ) run_cron.sh: the run before is still busy" >&2
  exit 75
fi
python=.venv/bin/python
[ -x "$python" ] || python=python3
echo "$(date -u +%FT%TZ) run_cron.sh: begins"
"$python" run.py --performance-report "$@" 9>&-
status=$?
echo "$(date -u +%FT%TZ) run_cron.sh: ends with exit status $status"
exit "$status"
