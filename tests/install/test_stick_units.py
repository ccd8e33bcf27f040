"""How a stick is mounted, as far as it can be read: only FAT, nothing executed, never the disk the machine runs from.

``tests/install/stick_in_machine.sh`` plugs sticks into a virtual machine.
"""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from kiosk.record.stick import PLACE

UNIT, CHECK, RULES = "rekam-stick@.service", "rekam-stick-check@.service", "71-rekam-stick.rules"
EXPOSURE = {UNIT: 45, CHECK: 15}
"""The first has to mount, so it keeps that capability, and may have no view of the files of its own."""


@pytest.fixture
def unit(house: Path) -> str:
    return (house / "systemd" / UNIT).read_text()


@pytest.mark.parametrize("name", EXPOSURE)
def test_systemd_finds_nothing_to_complain_of(house: Path, tmp_path: Path, name: str) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze: not a systemd machine")
    for unit in EXPOSURE:
        shutil.copy(house / "systemd" / unit, tmp_path / unit.replace("@", "@sda1"))
    instance = tmp_path / name.replace("@", "@sda1")
    verified = subprocess.run([program, "verify", instance], capture_output=True, text=True, check=False).stderr
    assert [line for line in verified.splitlines() if "rekam" in line] == []
    judged = [program, "security", "--no-pager", "--offline=true", f"--threshold={EXPOSURE[name]}", instance]
    found = subprocess.run(judged, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


def test_a_stick_is_mounted_so_that_nothing_on_it_acts(unit: str) -> None:
    found = re.search(r"^ExecStart=.* exec mount -t (\S+) -o (\S+) /dev/%i (\S+)'$", unit, re.MULTILINE)
    assert found is not None
    types, options, place = found.groups()
    assert types == "vfat,exfat"
    assert {"nosuid", "nodev", "noexec", "nosymfollow"} <= set(options.split(","))
    assert {"uid=rekam-kiosk", "gid=rekam-kiosk", "umask=0077"} <= set(options.split(","))
    assert place == str(PLACE)


def test_of_two_partitions_at_the_same_time_one_is_mounted(unit: str, tmp_path: Path) -> None:
    if shutil.which("flock") is None:
        pytest.skip("no flock: not a Linux machine")
    for name, script in {
        "mountpoint": f'test -e "{tmp_path}/mounted"',
        # Long enough for the other to look before this is done, were it not kept from that.
        "mount": f'sleep 0.3; echo "$6" >> "{tmp_path}/mounted"',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    found = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    assert found is not None
    command = shlex.split(found[1].replace("/run/rekam", str(tmp_path)))
    both = [
        subprocess.Popen([part.replace("%i", device) for part in command], env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
        for device in ("sdb1", "sdb2")
    ]
    assert sorted(one.wait(timeout=20) for one in both) == [0, 1]
    assert len((tmp_path / "mounted").read_text().splitlines()) == 1


def test_it_is_repaired_first_by_what_can_touch_nothing_but_the_stick(house: Path, unit: str) -> None:
    assert CHECK.replace("@", "@%i") in re.findall(r"^(?:Wants|After)=.*?(\S+check\S+)", unit, re.MULTILINE)
    lines = (house / "systemd" / CHECK).read_text().splitlines()
    for needed in ("DevicePolicy=closed", "DeviceAllow=/dev/%i rw", "CapabilityBoundingSet=", "ProtectSystem=strict"):
        assert needed in lines
    assert [line for line in lines if line.startswith("DeviceAllow=")] == ["DeviceAllow=/dev/%i rw"]


def test_no_namespace_would_hide_the_mount_from_the_kiosk(unit: str) -> None:
    assert not re.search(r"^(Private|Protect|ReadWritePaths|ReadOnlyPaths|MountFlags)", unit, re.MULTILINE)


def test_only_fat_on_removable_usb_is_looked_at(house: Path) -> None:
    rules = (house / "systemd" / RULES).read_text()
    for needed in ('ENV{ID_BUS}=="usb"', 'ENV{ID_FS_TYPE}=="vfat|exfat"', 'ATTRS{removable}=="1"'):
        assert needed in rules
    assert f'ENV{{SYSTEMD_WANTS}}+="{UNIT.replace("@", "@%k")}"' in rules


def test_the_place_is_roots_and_the_kiosk_may_write_to_what_is_mounted_there(house: Path) -> None:
    rows = [line.split() for line in (house / "systemd" / "rekam-tmpfiles.conf").read_text().splitlines()]
    assert ["d", str(PLACE), "0755", "root", "root"] in rows
    assert f"ReadWritePaths=-{PLACE}" in (house / "systemd" / "kiosk.service").read_text().splitlines()


@pytest.mark.parametrize("name", EXPOSURE)
@pytest.mark.parametrize(
    ("device", "mounted", "is_taken"),
    [
        ("sdb1", {"sda": "/\n/boot/firmware\n"}, True),
        ("sda1", {"sda": "\n/boot/firmware\n/\n"}, False),
        ("sda1", {"sda": "\n\n[SWAP]\n"}, False),
        ("sda1", {"sda": "\n\n"}, True),
        ("sda", {"sda": "\n"}, True),
        ("sda", {"sda": "/run/rekam/stick\n"}, False),
    ],
)
def test_the_disk_the_machine_runs_from_is_no_stick(
    house: Path, tmp_path: Path, name: str, device: str, mounted: dict[str, str], is_taken: bool
) -> None:
    lsblk = tmp_path / "lsblk"
    disk = device.rstrip("0123456789")
    parent = "" if disk == device else disk
    lsblk.write_text(
        "#!/bin/sh\n"
        f'case "$*" in "-ndro PKNAME /dev/{device}") echo "{parent}" ;;\n'
        f'"-nro MOUNTPOINTS /dev/{disk}") printf "{mounted.get(disk, "")}" ;; *) exit 1 ;; esac\n'
    )
    lsblk.chmod(0o755)
    unit = (house / "systemd" / name).read_text()
    condition = re.search(r"^ExecCondition=/bin/sh -c '(.*lsblk.*)'$", unit, re.MULTILINE)
    assert condition is not None
    script = condition[1].replace("%i", device).replace("$$", "$")
    done = subprocess.run(["/bin/sh", "-c", script], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=False)
    assert (done.returncode == 0) is is_taken
