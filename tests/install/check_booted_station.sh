#!/usr/bin/env bash
# Run as root inside the booted station (a container, or a real one): do both services keep what they promise?
set -uo pipefail

readonly STATE=/var/lib/kiosk
failed=0

expect() { # WHAT COMMAND…
    if "${@:2}" >/dev/null 2>&1; then
        printf '  ok      %s\n' "$1"
    else
        printf '  FAILED  %s\n' "$1"
        failed=$((failed + 1))
    fi
}

no() { ! "$@"; }
property() { systemctl show --property="$2" --value "$1"; } # UNIT PROPERTY
pid() { property "$1" MainPID; }
as() { # USER COMMAND…: with that user's rights and groups, outside the sandbox
    setpriv --reuid="$1" --regid="$1" --groups="$(getent group rekam | cut -d: -f3)" -- "${@:2}"
}
status_has() { grep -Eq "$2" "/proc/$(pid "$1")/status"; } # UNIT PATTERN
eventually() { # SECONDS COMMAND…
    local until=$((SECONDS + $1))
    until "${@:2}"; do
        ((SECONDS < until)) || return 1
        sleep 0.5
    done
}

runs_as() { # UNIT USER
    [[ $(property "$1" ActiveState) == active && $(stat --format=%U "/proc/$(pid "$1")") == "$2" ]]
}
runs_anew() { # UNIT OLD-PID
    [[ $(property "$1" ActiveState) == active && $(pid "$1") != "$2" && $(pid "$1") != 0 ]]
}
only_loopback() { # PID
    [[ $(tail -n +3 "/proc/$1/net/dev" | cut -d: -f1 | tr -d ' ') == lo ]]
}
some_picture() { find "$STATE/kiosk/pictures" -name '*.png' -size +1k | grep -q .; }
sees_no_file_in() { # UNIT DIRECTORY, as its sandbox shows it to anybody, even root
    [[ -z $(nsenter --target "$(pid "$1")" --mount -- find "$2" -type f 2>/dev/null) ]]
}
none_readable() { # USER FILE…
    local file
    for file in "${@:2}"; do
        if as "$1" cat "$file" &>/dev/null; then
            echo "          $1 can read $file"
            return 1
        fi
    done
}

shown_to() { # UNIT USER NAME…: each is shown to this user's service, in memory, and to nobody else
    local unit=$1 user=$2 name other=rekam-uplink
    [[ $user == rekam-kiosk ]] || other=rekam-kiosk
    for name in "${@:3}"; do
        as "$user" test -s "/run/credentials/$unit/$name" || return 1
        none_readable "$other" "/run/credentials/$unit/$name" "/etc/credstore.encrypted/$name" || return 1
        none_readable "$user" "/etc/credstore.encrypted/$name" || return 1
    done
    [[ $(stat --file-system --format=%T "/run/credentials/$unit") == @(ramfs|tmpfs) ]]
}
kept_by_systemd() { # LINK…: where the secret would lie is only the way to it
    local link
    for link in "$@"; do
        [[ -L $link && $(readlink "$link") == /run/credentials/* ]] || return 1
    done
}
no_key_on_the_disk() {
    ! grep -rlq -e 'PRIVATE KEY' "$STATE" && [[ ! -f $STATE/kiosk/keys/secrets || -L $STATE/kiosk/keys/secrets ]]
}

mapfile -t keys < <(find "$STATE/kiosk/keys" -type f)
mapfile -t databases < <(find "$STATE/kiosk" -name '*.db*' -type f)
mapfile -t uplink_secrets < <(find "$STATE/uplink/tls" -type f)

for unit in kiosk.service kiosk-uplink.service; do
    user=rekam-kiosk
    [[ $unit == kiosk.service ]] || user=rekam-uplink
    expect "$unit runs, as $user" eventually 60 runs_as "$unit" "$user"
    expect "$unit says itself when it is ready" [ "$(property "$unit" Type)" = notify ]
    expect "$unit is watched" [ "$(property "$unit" WatchdogUSec)" != 0 ]
    expect "$unit has no capability" status_has "$unit" '^CapEff:\s0+$'
    expect "$unit gains no privilege" status_has "$unit" '^NoNewPrivs:\s1$'
    expect "$unit has its system calls filtered" status_has "$unit" '^Seccomp:\s2$'
    expect "$unit as installed is without a fault" [ -z "$(systemd-analyze verify "$unit" 2>&1 | grep kiosk)" ]
done

expect "the machine has a network interface" no only_loopback 1
expect "the kiosk has none but loopback" only_loopback "$(pid kiosk.service)"
expect "the uplink has the machine's" no only_loopback "$(pid kiosk-uplink.service)"

expect "there are keys to protect" [ "${#keys[@]}" -gt 0 ]
expect "the uplink has secrets of its own" [ "${#uplink_secrets[@]}" -gt 0 ]
expect "there are databases to protect" [ "${#databases[@]}" -gt 0 ]
expect "the kiosk's user reads its keys" as rekam-kiosk cat "${keys[@]}"
expect "the uplink's user cannot" none_readable rekam-uplink "${keys[@]}"
expect "the uplink's sandbox does not even show them" sees_no_file_in kiosk-uplink.service "$STATE/kiosk/keys"
expect "the uplink's user reads no database of the kiosk" none_readable rekam-uplink "${databases[@]}"
expect "the kiosk's user cannot read the uplink's keys" none_readable rekam-kiosk "${uplink_secrets[@]}"
expect "systemd keeps the kiosk's secrets" kept_by_systemd "$STATE/kiosk/keys/secrets"
expect "systemd keeps the uplink's secrets" kept_by_systemd "$STATE/uplink/tls/"{station.key,mqtt.password}
expect "no secret key lies in the state" no_key_on_the_disk
expect "the kiosk alone is shown its secrets" shown_to kiosk.service rekam-kiosk rekam-kiosk
expect "the uplink alone is shown its" \
    shown_to kiosk-uplink.service rekam-uplink rekam-uplink.key rekam-uplink.password
expect "the settings are right, seen by root" kiosk check

expect "the uplink reads the outbox" as rekam-uplink ls "$STATE/kiosk/outbox"
expect "the uplink cannot write there" no as rekam-uplink touch "$STATE/kiosk/outbox/probe"
expect "the kiosk reads the receipts" as rekam-kiosk ls "$STATE/uplink/receipts"
expect "the kiosk cannot write there" no as rekam-kiosk touch "$STATE/uplink/receipts/probe"
expect "nothing below the state is for everybody" [ -z "$(find "$STATE" -mindepth 1 ! -type l -perm /o=rwx)" ]
expect "the uplink reads the health snapshot" eventually 20 as rekam-uplink python3 -m json.tool "$STATE/kiosk/health.json"

expect "the text login is off the first console" no systemctl is-enabled --quiet getty@tty1.service
expect "the machine boots without a desktop" [ "$(systemctl get-default)" = multi-user.target ]
expect "no broker of the system's is enabled" no systemctl is-enabled --quiet mosquitto.service
expect "the first screen was drawn" eventually 20 some_picture

for unit in kiosk.service kiosk-uplink.service; do
    old=$(pid "$unit")
    kill -KILL "$old"
    expect "$unit comes back after kill -9" eventually 60 runs_anew "$unit" "$old"
done
old=$(pid kiosk.service)
kill -STOP "$old"
expect "the kiosk, standing still, is started anew by the watchdog" eventually 90 runs_anew kiosk.service "$old"
expect "no unit has failed" [ -z "$(systemctl list-units --failed --no-legend 'kiosk*')" ]
expect "no traceback in the journal" no journalctl --quiet --boot --unit=kiosk.service --unit=kiosk-uplink.service \
    --grep='Traceback'

if ((failed)); then
    echo "$failed promises not kept"
    exit 1
fi
echo "all promises kept"
