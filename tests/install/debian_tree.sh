#!/usr/bin/env bash
# A fresh Debian tree and a way into it, for the scripts beside this one, which source it.
# shellcheck disable=SC2034,SC2153 # who sources it uses what is unused here, and sets TREE
set -euo pipefail
shopt -s inherit_errexit

readonly CANNOT=77 # exit status: it cannot be run here, which says nothing about what was to be tried
readonly TREES=${REKAM_TREES:-/var/cache/rekam-trees}

say() { printf '==> %s\n' "$*"; }
cannot() {
    printf '%s: cannot run here: %s\n' "${0##*/}" "$*" >&2
    exit "$CANNOT"
}

need_containers() { # TOOL…: root on Linux, and these
    [[ $(uname -s) == Linux ]] || cannot "systemd-nspawn needs Linux"
    [[ $EUID == 0 ]] || cannot "systemd-nspawn needs root"
    local tool
    for tool in systemd-nspawn mmdebstrap "$@"; do
        command -v "$tool" >/dev/null || cannot "$tool is not installed (Debian: systemd-container, mmdebstrap, git)"
    done
}

make_tree() { # RELEASE: in TREE, what a fresh machine has, and python3
    local archive=$TREES/$1.tar
    if [[ ! -f $archive ]]; then
        say "Making a Debian tree: $1 (half a minute, once)"
        mkdir -p "$TREES"
        mmdebstrap --quiet --variant=important --include=python3,ca-certificates,dbus "$1" "$archive.partial.tar" ||
            cannot "mmdebstrap could not make a tree of $1 (see above)"
        mv -- "$archive.partial.tar" "$archive"
    fi
    tar --extract --directory "$TREE" --file "$archive"
}

inside() { # [--online] COMMAND…: in the tree, not booted; online with this machine's way to the packages
    local options=(--private-network) variable
    if [[ $1 == --online ]]; then
        shift
        options=(--resolv-conf=copy-host)
        for variable in http_proxy https_proxy no_proxy PIP_CERT PIP_INDEX_URL SSL_CERT_FILE REQUESTS_CA_BUNDLE; do
            [[ ! -v $variable ]] || options+=("--setenv=$variable=${!variable}")
        done
        # Where a proxy vouches for the package index, its authority is among this machine's certificates.
        [[ ! -d /etc/ssl/certs ]] || options+=(--bind-ro=/etc/ssl/certs)
    fi
    systemd-nspawn --quiet --directory="$TREE" --register=no --keep-unit --console=pipe "${options[@]}" "$@" </dev/null
}
