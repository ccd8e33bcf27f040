#!/usr/bin/env bash
# Installs the simulated station in a fresh Debian tree, boots it under systemd-nspawn and checks what came up.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/install/debian_tree.sh
source tests/install/debian_tree.sh

readonly CLONE=rekam-clone # in the home directory of root in the tree
readonly BOOT_SECONDS=180
readonly PICTURES=/var/lib/kiosk/kiosk/pictures # in the tree

usage() {
    cat <<'TEXT'
Usage: sudo tests/install/boot_in_container.sh [bookworm | trixie] [--test] [--keep]

Makes a Debian tree (kept in /var/cache/rekam-trees), installs the last commit of this clone in it with
"./install.sh station --simulated", boots it and checks both services. Pictures of its screens go to .demo/boot/.
--test   before that, run "./install.sh test" in the tree as well: the way to try another release's Python
--keep   leave the tree there and say where

Exit status: 0 all held, 1 something did not, 77 containers cannot run here (it says why).
TEXT
}

main() {
    local release=bookworm tests=no keep=no word
    for word in "$@"; do
        case $word in
            bookworm | trixie) release=$word ;;
            --test) tests=yes ;;
            --keep) keep=yes ;;
            -h | --help) usage && exit ;;
            *) usage >&2 && exit 2 ;;
        esac
    done
    need_containers git nsenter

    TREE=$(mktemp -d "${TMPDIR:-/var/tmp}/rekam-$release-XXXXXX")
    KEEP=$keep
    trap clean_up EXIT
    make_tree "$release"
    # As a machine that has been started once has it: without, systemd makes no key of the machine's to seal with.
    inside systemd-machine-id-setup || cannot "systemd-nspawn does not start here (see above)"
    git clone --quiet . "$TREE/root/$CLONE"
    inside --online apt-get update -q || cannot "the tree cannot reach Debian's packages (see above)"

    if [[ $tests == yes ]]; then
        say "./install.sh test, in $release"
        inside --online env CI=true "/root/$CLONE/install.sh" test
    fi
    say "./install.sh station --simulated, in $release"
    inside --online "/root/$CLONE/install.sh" station --simulated
    say "again, without a network and with an edited file"
    echo '# edited here' >>"$TREE/etc/rekam/station.toml"
    local before
    before=$(what_must_stay)
    inside "/root/$CLONE/install.sh" station --simulated
    [[ $(what_must_stay) == "$before" ]] || { say "FAILED: a second installation changed keys or settings" && exit 1; }

    say "Booting"
    ask_for_pictures
    boot
    say "Checking"
    local status=0
    install -m 755 tests/install/check_booted_station.sh "$TREE/root/check_booted_station.sh"
    booted /root/check_booted_station.sh || status=1
    mkdir -p ".demo/boot/$release"
    cp --recursive -- "$TREE$PICTURES/." ".demo/boot/$release/" && say "Pictures: .demo/boot/$release/"
    if ((status)); then
        booted journalctl --no-pager --boot --unit kiosk.service --unit kiosk-uplink.service | tail -n 60
    fi
    exit "$status"
}

what_must_stay() {
    find "$TREE/var/lib/kiosk" "$TREE/etc/credstore.encrypted" -type f \
        '(' -path '*/keys/*' -o -path '*/tls/*' -o -path '*/credstore*' ')' -exec sha256sum {} + | sort
    sha256sum "$TREE/etc/rekam/station.toml"
}

ask_for_pictures() { # of every screen that is shown
    local dropin=$TREE/etc/systemd/system/kiosk.service.d/pictures.conf start
    start=$(sed -n 's/^ExecStart=//p' systemd/kiosk.service)
    mkdir -p "${dropin%/*}"
    printf '[Service]\nExecStart=\nExecStart=%s --pictures %s\n' "$start" "$PICTURES" >"$dropin"
}

boot() {
    # A network interface of its own: so that "the kiosk has none" is a difference that can be seen.
    systemd-nspawn --quiet --boot --directory="$TREE" --register=no --keep-unit --network-veth \
        </dev/null >"$TREE.console" 2>&1 &
    CONTAINER=$!
    local begun=$SECONDS
    while ((SECONDS < begun + BOOT_SECONDS)); do
        kill -0 "$CONTAINER" 2>/dev/null || { tail -n 20 "$TREE.console" && cannot "the tree does not boot (see above)"; }
        LEADER=$(pgrep --parent "$CONTAINER" || true)
        if [[ -n $LEADER ]] && booted systemctl is-active --quiet kiosk.service 2>/dev/null; then
            say "kiosk.service is active after about $((SECONDS - begun)) s"
            return
        fi
        sleep 1
    done
    booted systemctl status --no-pager --full kiosk.service kiosk-uplink.service || true
    booted journalctl --no-pager --boot --unit kiosk.service | tail -n 40
    say "FAILED: kiosk.service is not active after $BOOT_SECONDS s"
    exit 1
}

booted() { # COMMAND…: in the running container
    nsenter --target "$LEADER" --mount --uts --ipc --net --pid --cgroup --root --wd -- "$@"
}

# shellcheck disable=SC2317 # called by the trap
clean_up() {
    if [[ -n ${CONTAINER:-} ]] && kill -0 "$CONTAINER" 2>/dev/null; then
        booted systemctl poweroff --no-wall 2>/dev/null || kill -TERM "$CONTAINER"
        wait "$CONTAINER" || true
    fi
    if [[ $KEEP == yes ]]; then
        say "The tree is in $TREE"
    else
        rm -rf -- "$TREE" "$TREE.console"
    fi
}

main "$@"
