#!/usr/bin/env bash
# Run as root in the booted machine by stick_in_machine.sh: sticks come and go, and what does the station make of it?
set -uo pipefail

readonly PLACE=/run/rekam/stick
readonly PORT=/dev/ttyS1
readonly OUTBOX=/var/lib/kiosk/kiosk/outbox
readonly BROUGHT=/var/lib/kiosk/kiosk/brought
readonly CENTRE=/var/lib/rekam-demo-centre
readonly SAID=/run/said
failed=0

expect() { # WHAT COMMAND…
    if "${@:2}" >/dev/null 2>&1; then
        printf '  ok      %s\n' "$1"
    else
        printf '  FAILED  %s\n' "$1"
        [[ ! -s $SAID ]] || sed 's/^/          /' "$SAID"
        failed=$((failed + 1))
    fi
    : >"$SAID"
}
no() { ! "$@"; }
eventually() { # SECONDS COMMAND…
    local until=$((SECONDS + $1))
    until "${@:2}"; do
        ((SECONDS < until)) || return 1
        sleep 0.2
    done
}
ask() { # the port: plug or pull
    local answer
    printf '%s\n' "$*" >&3
    read -r -t 30 answer <&3
    [[ ${answer%$'\r'} == ok ]]
}
mounted() { mountpoint -q "$PLACE"; }
stays_out() { ! eventually 6 mounted; }
has_options() { # OPTION…
    local found option
    found=,$(findmnt -no OPTIONS "$PLACE"),
    for option in "$@"; do
        [[ $found == *,"$option",* ]] || return 1
    done
}
is_the_kiosks_alone() { [[ $(stat -c '%U %a' "$PLACE") == "rekam-kiosk 700" ]]; }
of_type() { [[ $(findmnt -no FSTYPE "$PLACE") == "$1" ]]; }
seen_by_the_kiosk() { # inside the sandbox of the running service
    nsenter --target "$(systemctl show --property=MainPID --value kiosk.service)" --mount -- "$@"
}
as_the_kiosk_service() { # with its view of the files, its user and its groups
    seen_by_the_kiosk setpriv --reuid=rekam-kiosk --regid=rekam-kiosk --init-groups -- "$@"
}
says() { # PATTERN COMMAND…
    local pattern=$1
    shift
    "$@" >"$SAID" 2>&1
    grep -Eq "$pattern" "$SAID"
}
writable_by_the_kiosk() { as_the_kiosk_service sh -c "echo x >$PLACE/probe && rm $PLACE/probe"; }
packets() { # COUNT BYTES: sealed, as a station makes them; after those that are there
    PYTHONPATH=/opt/rekam/app /opt/rekam/venv/bin/python - "$@" <<'CODE'
import hashlib, os, sys, time
from pathlib import Path
from kiosk.record.exchange import Exchange, PacketName
from kiosk.record.header import Header, Kind
from kiosk.record.keys import CENTRE, CentreTrust, StationKeys, keys_directory
from kiosk.record.seal import seal

state = Path("/var/lib/kiosk")
keys, trust = StationKeys.load(keys_directory(state)), CentreTrust.load(keys_directory(state))
outbox = Exchange(state).outbox
there = [name for path in outbox.iterdir() if (name := PacketName.read(path.name))]
first, previous = max((name.sequence for name in there), default=0) + 1, None
for sequence in range(first, first + int(sys.argv[1])):
    header = Header(Kind.RECORDING, keys.station, CENTRE, os.urandom(16).hex(), sequence, int(time.time()), previous)
    packet = seal(os.urandom(int(sys.argv[2])), header, trust.recipients, keys.signing)
    previous = packet.sha256
    path = outbox / str(PacketName(sequence, header.id))
    path.write_bytes(packet.data)
    os.chown(path, outbox.stat().st_uid, outbox.stat().st_gid)
    path.chmod(0o640)
CODE
}
noise() { # COUNT BYTES: what an export cannot tell from packets
    python3 - "$OUTBOX" "$@" <<'CODE'
import os, pathlib, sys

outbox = pathlib.Path(sys.argv[1])
for sequence in range(1, int(sys.argv[2]) + 1):
    (outbox / f"{sequence:010}-{os.urandom(16).hex()}.packet").write_bytes(os.urandom(int(sys.argv[3])))
CODE
}
count() { find "$1" -type f -name "$2" | wc -l; }
nothing_below_the_mount() { # on the station's own disk
    mkdir -p /mnt/run && mount --bind /run /mnt/run
    local found
    found=$(find /mnt/run/rekam/stick -mindepth 1 | wc -l)
    umount /mnt/run
    [[ $found == 0 ]]
}

stty -F "$PORT" raw -echo
exec 3<>"$PORT"
: >"$SAID"
expect "the kiosk runs" eventually 120 systemctl is-active --quiet kiosk.service
systemctl stop kiosk-uplink.service # weeks without a network
packets 20 100000
waiting=$(count "$OUTBOX" '*.packet')

echo "A stick in FAT32, without partitions, while the kiosk runs"
expect "nothing is mounted" no mounted
expect "and so the export refuses" says "no USB stick" kiosk export
ask plug fat
expect "it is mounted" eventually 20 mounted
expect "as FAT" of_type vfat
expect "so that nothing on it acts" has_options nosuid nodev noexec nosymfollow noatime
expect "for the kiosk alone" is_the_kiosks_alone
expect "the running kiosk sees it" seen_by_the_kiosk mountpoint -q "$PLACE"
expect "and may write there" writable_by_the_kiosk
expect "all are exported by the kiosk's user, in its sandbox" says "whole: $waiting\. New there: $waiting" \
    as_the_kiosk_service kiosk export
expect "again: none is new" says "whole: $waiting\. New there: 0" kiosk export
expect "the uplink's user sees nothing of it" no setpriv --reuid=rekam-uplink --regid=rekam-uplink --clear-groups -- ls "$PLACE"
expect "a restarted kiosk" systemctl restart kiosk.service
expect "may write there as well" eventually 60 writable_by_the_kiosk
ask pull fat
expect "pulled out, the place is free" eventually 20 no mounted
expect "in the kiosk's view, too" eventually 5 no seen_by_the_kiosk mountpoint -q "$PLACE"
expect "its unit is stopped" eventually 10 sh -c '! systemctl list-units --state=active --no-legend "rekam-stick@*" | grep -q .'
expect "nothing was left on the station's own disk" nothing_below_the_mount

echo "At the centre, and back"
ask plug fat
expect "it is mounted again" eventually 20 mounted
expect "the centre imports all" says "Imported $waiting, known already 0, refused 0" kiosk centre import "$PLACE" --directory "$CENTRE"
expect "a second time it knows them" says "Imported 0, known already $waiting, refused 0" \
    kiosk centre import "$PLACE" --directory "$CENTRE" --tidy
expect "and has taken the packets off the stick" [ "$(count "$PLACE" '*.packet')" = 0 ]
expect "and written a receipt for each" [ "$(count "$PLACE" '*.receipt')" = "$waiting" ]
expect "the station brings them in" says "receipts $waiting," as_the_kiosk_service kiosk import
ask pull fat
expect "pulled out" eventually 20 no mounted

echo "Pulled out in the middle, five times"
rm -f "$OUTBOX"/*.packet "$BROUGHT"/*
packets 60 1000000
waiting=$(count "$OUTBOX" '*.packet')
for megabytes in 1 7 13 20 31; do
    ask plug big
    expect "it is mounted" eventually 20 mounted
    ask "pull big after $((megabytes * 1000000))"
    expect "after $megabytes MB: the export ends and says so" says "pulled out or is broken" timeout 120 kiosk export
    expect "the place is free" eventually 20 no mounted
    expect "nothing was left on the station's own disk" nothing_below_the_mount
    expect "nothing is lost here" [ "$(count "$OUTBOX" '*.packet')" = "$waiting" ]
done
ask plug big
expect "it is mounted" eventually 20 mounted
expect "now all are exported" says "whole: $waiting\." kiosk export
expect "and the centre takes every one" says "Imported $waiting, known already 0, refused 0" \
    kiosk centre import "$PLACE" --directory "$CENTRE"
ask pull big
expect "pulled out" eventually 20 no mounted

echo "Full, and write-protected"
ask plug small
expect "a small one is mounted" eventually 20 mounted
expect "what finds no room is told" says "No room for [1-9]" kiosk export
ask pull small
expect "pulled out" eventually 20 no mounted
ask plug big read-only
expect "a write-protected one is mounted" eventually 20 mounted
expect "the export says so" says "write-protected" kiosk export
expect "the import reads it all the same" says "receipts $waiting," kiosk import
ask pull big
expect "pulled out" eventually 20 no mounted

echo "Other sticks"
ask plug parted
expect "one with a partition is mounted" eventually 20 mounted
first=$(findmnt -no SOURCE "$PLACE")
ask plug fat
sleep 4
expect "a second beside it is left alone" [ "$(findmnt -no SOURCE "$PLACE")" = "$first" ]
ask pull parted
ask pull fat
expect "both pulled out" eventually 20 no mounted
ask plug exfat
expect "exFAT is mounted" eventually 20 of_type exfat
expect "so that nothing on it acts" has_options nosuid nodev noexec nosymfollow noatime
expect "all are exported" says "whole: $waiting\." kiosk export
ask pull exfat
expect "pulled out" eventually 20 no mounted
ask plug ext4
expect "ext4 is not mounted" stays_out
ask pull ext4
ask plug fat fixed
expect "a disk that is no removable medium is not mounted" stays_out
ask pull fat
expect "no unit has failed but by being pulled" [ -z "$(systemctl list-units --failed --no-legend 'kiosk*')" ]

if [[ ${1-} == --many ]]; then
    echo "10,000 packets of 20 KB"
    rm -f "$OUTBOX"/*.packet "$BROUGHT"/*
    noise 10000 20000
    ask plug big
    expect "it is mounted" eventually 20 mounted
    rm -rf "$PLACE/rekam"
    begun=$SECONDS
    /usr/bin/env time -f '%M KiB at most' kiosk export 2>&1 | sed 's/^/          /'
    echo "          $((SECONDS - begun)) s"
    begun=$SECONDS
    expect "again, nothing to write" says "New there: 0" kiosk export
    echo "          $((SECONDS - begun)) s"
    ask pull big
fi

if ((failed)); then
    echo "$failed promises not kept"
else
    echo "all promises kept"
fi
