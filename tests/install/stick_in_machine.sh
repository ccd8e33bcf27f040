#!/usr/bin/env bash
# Installs the simulated station in a Debian tree, boots it as a virtual machine with Debian's own kernel, and plugs USB
# sticks into it and pulls them out: what a container cannot see (udev's events, FAT, a device that is suddenly gone).
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/install/debian_tree.sh
source tests/install/debian_tree.sh

readonly CLONE=rekam # in the home directory of root in the tree
readonly MACHINE_SECONDS=3600

usage() {
    cat <<'TEXT'
Usage: sudo tests/install/stick_in_machine.sh [--many] [--keep]

Makes a Debian tree of Bookworm (kept in /var/cache/rekam-trees), installs the last commit of this clone in it with
"./install.sh station --simulated", boots it under QEMU and tries USB sticks on it. A quarter of an hour; needs the network.
REKAM_ACCEL=kvm makes it quicker where a machine in a machine may use it; emulated it runs everywhere.
Beside what boot_in_container.sh needs: Debian's qemu-system-x86, dosfstools and exfatprogs.
--many   ten thousand packets onto a stick as well, with time and memory; half an hour more where it is emulated
--keep   leave the machine's files there and say where

Exit status: 0 all held, 1 something did not, 77 it cannot run here (it says why).
TEXT
}

main() {
    local word many='' keep=no
    for word in "$@"; do
        case $word in
            --many | --keep) [[ $word == --keep ]] && keep=yes || many=--many ;;
            -h | --help) usage && exit ;;
            *) usage >&2 && exit 2 ;;
        esac
    done
    need_containers git qemu-system-x86_64 mke2fs mkfs.vfat mkfs.exfat
    PLACE=$(mktemp -d "${TMPDIR:-/var/tmp}/rekam-machine-XXXXXX")
    TREE=$PLACE/tree KEEP=$keep
    trap clean_up EXIT
    mkdir "$TREE"
    make_machine "$many"
    make_sticks
    run_machine
    grep -v '^\[' "$PLACE/said"
    grep -q '^all promises kept' "$PLACE/said"
}

make_machine() { # --many or nothing
    make_tree bookworm
    git clone --quiet . "$TREE/root/$CLONE"
    inside --online apt-get update -q || cannot "the tree cannot reach Debian's packages (see above)"
    inside --online env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        linux-image-amd64 initramfs-tools zstd systemd-sysv udev time
    inside --online "/root/$CLONE/install.sh" station --simulated
    install -m 755 tests/install/check_sticks.sh "$TREE/root/check_sticks.sh"
    cat >"$TREE/etc/systemd/system/check-sticks.service" <<TEXT
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash -c '/root/check_sticks.sh $many >/dev/ttyS2 2>&1'
ExecStopPost=/bin/systemctl poweroff
StandardInput=null
[Install]
WantedBy=graphical.target
TEXT
    inside systemctl enable --quiet check-sticks.service
    inside systemctl set-default --quiet graphical.target
    printf '/dev/vda / ext4 defaults 0 1\n' >"$TREE/etc/fstab"
    cp "$TREE"/boot/vmlinuz-* "$PLACE/kernel"
    cp "$TREE"/boot/initrd.img-* "$PLACE/initrd"
    mke2fs -q -t ext4 -d "$TREE" "$PLACE/disk.img" 6G
}

make_sticks() {
    local name
    truncate -s 64M "$PLACE/fat.img"
    truncate -s 2G "$PLACE/big.img"
    truncate -s 40M "$PLACE/small.img"
    truncate -s 300M "$PLACE"/{ext4,exfat,parted}.img
    for name in fat big small; do
        mkfs.vfat -F 32 "$PLACE/$name.img" >/dev/null
    done
    mke2fs -q -t ext4 "$PLACE/ext4.img"
    mkfs.exfat "$PLACE/exfat.img" >/dev/null
    python3 -c '
import struct, sys
entry = struct.pack("<B3sB3sII", 0, b"", 0x0C, b"", 2048, 300 * 2048 - 2048)  # FAT32 from sector 2048
with open(sys.argv[1], "r+b") as file:
    file.seek(446)
    file.write(entry + bytes(48) + b"\x55\xaa")' "$PLACE/parted.img"
    mkfs.vfat -F 32 --offset 2048 "$PLACE/parted.img" $(((300 * 2048 - 2048) / 2)) >/dev/null
}

run_machine() {
    say "Booting (the console is in $PLACE/console)"
    timeout "$MACHINE_SECONDS" qemu-system-x86_64 -accel "${REKAM_ACCEL:-tcg}" -cpu max -m 2048 -smp 2 -nographic -no-reboot \
        -kernel "$PLACE/kernel" -initrd "$PLACE/initrd" -append 'root=/dev/vda rw console=ttyS0' \
        -drive "file=$PLACE/disk.img,format=raw,if=virtio,cache=unsafe" -device qemu-xhci \
        -chardev "socket,id=talk,path=$PLACE/talk,server=on,wait=off" -qmp "unix:$PLACE/qmp,server=on,wait=off" \
        -serial "file:$PLACE/console" -serial chardev:talk -serial "file:$PLACE/said" -monitor none </dev/null &
    MACHINE=$!
    python3 tests/install/usb_port.py "$PLACE" &
    PORT=$!
    wait "$MACHINE" || say "the machine did not end by itself"
    MACHINE=
}

# shellcheck disable=SC2317 # called by the trap
clean_up() {
    [[ -z ${PORT:-} ]] || kill "$PORT" 2>/dev/null || true
    [[ -z ${MACHINE:-} ]] || kill "$MACHINE" 2>/dev/null || true
    if [[ $KEEP == yes ]]; then
        say "The machine is in $PLACE"
    else
        rm -rf -- "$PLACE"
    fi
}

main "$@"
