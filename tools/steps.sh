# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Steps of a script that a person watches: "==> building      done (9 s)". What a step prints goes to a log, which is
# shown when the step fails. The script sets $step_log.

step_begin() {
        printf '==> %-40s ' "$1"
        step_started=$SECONDS
}

# step_end HOW [NOTE]
step_end() {
        local seconds=$((SECONDS - step_started)) time=
        [[ $seconds -eq 0 ]] || time=" ($seconds s)"
        if [[ -n ${2-} ]]; then
                printf '%-12s %s\n' "$1$time" "$2"
        else
                echo "$1$time"
        fi
}

# step [-n] WHAT COMMAND…: runs it; when it fails shows what it printed, and ends the script. With -n, the last line
# that it printed is a note beside "done".
step() {
        local note=
        if [[ $1 == -n ]]; then
                note=yes
                shift
        fi
        step_begin "$1"
        shift
        if "$@" </dev/null >"$step_log" 2>&1; then
                step_end "done" "${note:+$(tail -n 1 "$step_log")}"
                return
        fi
        step_end "FAILED"
        step_failed
}

# A script that has more to say before it ends defines its own.
step_failed() {
        tail -n 60 "$step_log" | sed 's/^/    /' >&2
        exit 1
}
