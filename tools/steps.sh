# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Steps of a script that a person watches: "==> building      done (9 s)". What a step prints goes to a log, which is
# shown when the step fails. The script sets $step_log.

step_begin() {
        printf '==> %-40s ' "$1"
        step_started=$SECONDS
}

# step_end WORDS: how it went; "failed" is for step_fail
step_end() {
        local seconds=$((SECONDS - step_started)) time=
        [[ $seconds -eq 0 ]] || time=" ($seconds s)"
        echo "$1$time${2:+   $2}"
}

# step WHAT COMMAND…: runs it; when it fails shows what it printed, and ends the script
step() {
        local what=$1
        shift
        step_begin "$what"
        if "$@" </dev/null >"$step_log" 2>&1; then
                step_end "done"
                return
        fi
        step_end "FAILED"
        step_show_log
        exit 1
}

step_show_log() {
        {
                echo "    the last lines of it:"
                tail -n 60 "$step_log" | sed 's/^/    /'
        } >&2
}
