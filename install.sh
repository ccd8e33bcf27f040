#!/usr/bin/env bash
# Installs what is missing, then shows the station (demo), checks it (test), or makes this machine one (station).
set -euo pipefail
shopt -s inherit_errexit
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

readonly PYTHON=/usr/bin/python3 # the distribution's own: its compiled modules (pygame, picamera2) fit no other
readonly VENV=.venv              # of demo and test; the station has one of its own
readonly PLACE=/opt/rekam        # where the station is installed
readonly COMMAND=/usr/local/bin/kiosk
readonly BENCH=/usr/local/bin/kiosk-drivers # each device by hand
readonly SETTINGS=/etc/rekam/station.toml
readonly STATE=/var/lib/kiosk
readonly PINS=config/constraints
readonly MISSING=3               # exit status: something must be installed, or root is needed, and the line was printed

usage() {
    cat <<'TEXT'
Usage: ./install.sh demo [--help | demo options]     try everything on this machine, with simulated devices
       ./install.sh test [pytest options]            run the checks and tests
       ./install.sh centre [--help | command …]      be the reference centre: keys, rosters, packets, print orders
       sudo ./install.sh [station] [--simulated]     make this machine a recording station

demo     Needs Debian or Raspberry Pi OS (Bookworm, Trixie) with python3. Installs what is missing: Debian's
         python3-venv and mosquitto with apt, the Python packages into .venv. Nothing is left running afterwards,
         and once installed it needs no network.
test     As demo, with the test tools: ruff, mypy, import-linter, shellcheck, pytest.
centre   Needs and installs the same, then does what `kiosk centre` is told.
station  Installs into /opt/rekam, with users, directories, device names and two services that start at boot on
         the first console instead of the text login. May be run again at any time: it updates the code and
         keeps keys, records and edited files in /etc/rekam.
         --simulated   simulated devices and a demonstration identity; boots on a machine without any device

Exit status: 0 all well, 1 a check or step failed, 2 wrong arguments, 3 something has to be installed first
(the line to run is printed).
TEXT
}

say() { printf '==> %s\n' "$*"; }
complain() { printf 'install.sh: %s\n' "$*" >&2; }

main() {
    case ${1:-station} in
        demo) run_demo "${@:2}" ;;
        test) run_tests "${@:2}" ;;
        centre) run_centre "${@:2}" ;;
        station) install_station "${@:2}" ;;
        --simulated) install_station "$@" ;;
        packages) install_packages "${@:2}" ;; # the part of demo and test that needs root, called through sudo
        -h | --help | help) usage ;;
        *)
            complain "there is no '$1'. See ./install.sh --help"
            exit 2
            ;;
    esac
}

# ---- demo and test ------------------------------------------------------------------------------------------------

run_demo() {
    need_python
    need_demo_packages
    need_python_packages "$VENV" 2 run
    exec "$VENV/bin/python" -m kiosk demo "$@"
}

run_centre() {
    need_python
    need_demo_packages
    need_python_packages "$VENV" 2 run
    exec "$VENV/bin/python" -m kiosk centre "$@"
}

run_tests() {
    need_python
    need_demo_packages test
    need_python_packages "$VENV" 2 run test
    local bin=$VENV/bin failed=() scripts
    mapfile -t scripts < <(find install.sh .ci/run tests -name '*.sh' -o -path .ci/run)
    check "ruff check" "$bin/ruff" check kiosk drivers tests
    check "ruff format" "$bin/ruff" format --check kiosk drivers tests
    check "mypy" "$bin/mypy"
    check "import rules" "$bin/lint-imports"
    check "shellcheck" shellcheck "${scripts[@]}"
    # The units are verified by tests/install/test_units.py.
    # A test that hangs is ended after five minutes and shows where it stood.
    # Four workers are right for two cores, since half of the tests' time is waiting. Each takes a whole file, so that
    # what its tests share is made once, in the order that tests/conftest.py gives.
    local pytest=("$bin/python" -m pytest -n 4 --dist loadfile --no-loadscope-reorder
        -o faulthandler_timeout=300 -o faulthandler_exit_on_timeout=true)
    check "tests" "${pytest[@]}" "$@"
    if (($# == 0)) && [[ $(release) == bookworm ]]; then
        need_numpy_1
        # What goes wrong on a line or in a printer, and what is wired, is the same with any NumPy: pictures are only
        # handed on there. The codecs, the readers and whole cards, which the contracts print, are tried again.
        local drivers=tests/drivers
        check "tests of what computes with arrays, with the NumPy of Bookworm's station" \
            env PYTHONPATH="$PWD/$VENV/numpy-1" "${pytest[@]}" tests/capture tests/contracts "$drivers" \
            --ignore "$drivers/panel" \
            --ignore "$drivers/fingerprint/grow/test_campaign.py" --ignore "$drivers/fingerprint/sfm/test_faults.py" \
            --ignore "$drivers/fingerprint/sfm/test_hostile.py" --ignore "$drivers/printer/evolis/test_faults.py" \
            --ignore "$drivers/printer/ipp/test_codec.py" --ignore "$drivers/printer/ipp/test_faults.py"
    fi
    if ((${#failed[@]})); then
        complain "failed: $(join_by ', ' "${failed[@]}")"
        exit 1
    fi
}

check() { # NAME COMMAND…: go on after a failure, so that one run tells everything
    say "$1"
    "${@:2}" || failed+=("$1")
}

join_by() { # SEPARATOR WORD…
    local separator=$1 first=$2
    shift 2
    printf '%s' "$first" "${@/#/$separator}"
}

# ---- what is needed -----------------------------------------------------------------------------------------------

need_python() {
    if [[ ! -x $PYTHON ]]; then
        complain "python3 is missing. As root, run: apt-get install python3"
        exit "$MISSING"
    fi
    if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        complain "$("$PYTHON" --version) is too old: Debian or Raspberry Pi OS Bookworm (Python 3.11) or later is needed"
        exit 1
    fi
}

need_demo_packages() { # [test]: the distribution's packages, asked for only where the thing itself is not there
    local missing=()
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
    PATH=$PATH:/usr/sbin command -v mosquitto >/dev/null || missing+=(mosquitto)
    if [[ ${1-} == test ]]; then
        command -v shellcheck >/dev/null || missing+=(shellcheck)
        command -v git >/dev/null || missing+=(git)
        # CUPS's own IPP printer, without any of CUPS's services, and a bus for it to look for Avahi on: the tests start
        # both themselves, each on a place of its own.
        PATH=$PATH:/usr/sbin command -v ippeveprinter >/dev/null || missing+=(cups-ipp-utils)
        command -v dbus-daemon >/dev/null || missing+=(dbus-daemon)
        # A disk whose power can be cut, and a tracer that kills at any system call.
        command -v fusermount3 >/dev/null || missing+=(fuse3)
        PATH=$PATH:/usr/sbin command -v mkfs.ext4 >/dev/null || missing+=(e2fsprogs)
        command -v strace >/dev/null || missing+=(strace)
        # A TPM in software, and what systemd-creds needs to speak with any.
        command -v swtpm >/dev/null || missing+=(swtpm)
        PATH=$PATH:/usr/sbin ldconfig -p | grep -q libtss2-esys || missing+=(tpm2-tools)
    fi
    if ((${#missing[@]} == 0)); then
        return
    fi
    if ! command -v apt-get >/dev/null; then
        complain "this machine has no apt. Install what Debian calls: ${missing[*]}"
        exit "$MISSING"
    fi
    if [[ $EUID == 0 ]]; then
        install_packages "${missing[@]}"
    elif may_sudo; then
        sudo ./install.sh packages "${missing[@]}"
    else
        complain "missing: ${missing[*]}. As root, run: $PWD/install.sh packages ${missing[*]}"
        exit "$MISSING"
    fi
}

may_sudo() { # without a terminal, only a sudo that asks nothing will do
    command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }
}

install_packages() { # PACKAGE…: those of them that are not there
    need_root packages "$@"
    local package wanted=()
    for package in "$@"; do
        installed "$package" || wanted+=("$package")
    done
    if ((${#wanted[@]} == 0)); then
        return
    fi
    say "Installing Debian packages: ${wanted[*]}"
    apt-get update -q || complain "the package lists could not all be renewed; trying with those that are there"
    if [[ " ${wanted[*]} " != *" mosquitto "* ]]; then
        apt_install "${wanted[@]}"
        return
    fi
    # Debian's mosquitto enables and starts a broker of its own. The demo and the tests start theirs on a free loopback
    # port, so the system's is started neither now nor at the next boot. One that was here before is left alone.
    without_starting mosquitto apt_install "${wanted[@]}"
    if command -v systemctl >/dev/null; then # a container may do without systemd, and then nothing is enabled either
        systemctl disable --quiet mosquitto.service
    fi
    say "Debian's own mosquitto.service stays off: the demo and the tests start a broker of theirs"
}

apt_install() { # PACKAGE…; without recommendations, because a station needs no manuals and its card holds only so much
    if ! DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends -o Dpkg::Use-Pty=0 "$@"; then
        complain "apt could not install $* (see above). Is this machine on the network?"
        exit 1
    fi
}

without_starting() ( # SERVICE COMMAND…: a subshell, whose end takes the policy away again, whatever happens
    policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
        trap 'rm -f "$policy"' EXIT
        # Asked for the service under its old and its systemd name; 101: forbidden (/usr/share/doc/init-system-helpers).
        # shellcheck disable=SC2016 # "$1" is for the policy script itself
        printf '#!/bin/sh\ncase "$1" in %s | %s.service) exit 101 ;; esac\n' "$1" "$1" >"$policy"
        chmod 755 "$policy"
    fi
    "${@:2}"
)

installed() { # PACKAGE
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

need_root() { # ARGUMENT…: those of the command line to repeat as root
    if [[ $EUID != 0 ]]; then
        complain "this needs root. Run: sudo ./install.sh $*"
        exit "$MISSING"
    fi
}

# ---- Python packages ----------------------------------------------------------------------------------------------

release() { # whose tried set of versions fits this Python
    if "$PYTHON" -c 'import sys; sys.exit(sys.version_info >= (3, 12))'; then
        echo bookworm
    else
        echo trixie
    fi
}

requirements() { # EXTRA…: the lines of pyproject.toml; "run" stands for the dependencies themselves
    "$PYTHON" - "$@" <<'CODE'
import pathlib, sys, tomllib

project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
groups = {"run": project["dependencies"], **project["optional-dependencies"]}
print("\n".join(line for name in sys.argv[1:] for line in groups[name]))
CODE
}

# A stamp per extra remembers what was installed from: while pyproject.toml, the pins and Python stay as they are,
# nothing is asked of the network.
need_python_packages() { # VENV NUMPY EXTRA…; NUMPY is 1 or 2; venv options in VENV_OPTIONS
    local venv=$1 pins numpy=$PINS/numpy-$2.txt extras=("${@:3}") stamp state wanted
    pins=$PINS/$(release).txt
    stamp=$venv/.rekam-${extras[-1]}
    state=$({ cat pyproject.toml "$pins" "$numpy"; "$PYTHON" -VV; echo "${VENV_OPTIONS[*]}"; } | sha256sum)
    if [[ -f $stamp && $(<"$stamp") == "$state" ]] && "$venv/bin/python" -c '' 2>/dev/null; then
        return
    fi
    if [[ -e $venv && $("$venv/bin/python" -VV 2>/dev/null) != "$("$PYTHON" -VV)" ]]; then
        say "$venv was made by another Python: making it anew"
        rm -rf -- "$venv"
    fi
    say "Making the virtual environment $venv"
    "$PYTHON" -m venv "${VENV_OPTIONS[@]}" "$venv"
    wanted=$(mktemp)
    requirements "${extras[@]}" >"$wanted"
    say "Installing Python packages, versions as in $pins (about 150 MB, once)"
    # Wheels only: a package that has to be compiled would need a compiler and half an hour on a Pi.
    if ! "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --only-binary :all: \
        --progress-bar off --constraint "$pins" --constraint "$numpy" --requirement "$wanted" | sed -un 's/^Collecting \([^ ]*\).*/    \1/p'; then
        complain "the Python packages could not be installed (see above). Still missing:"
        unmet "$venv" "$wanted" >&2
        complain "connect this machine to the network and run ./install.sh again; it goes on where it stopped"
        rm -f -- "$wanted"
        exit 1
    fi
    rm -f -- "$wanted"
    printf '%s' "$state" >"$stamp"
    if [[ ${extras[-1]} == test ]]; then
        printf '%s' "$state" >"$venv/.rekam-run"
    fi
}

need_numpy_1() { # in a folder of its own, for those who put it first on their path
    local place=$VENV/numpy-1 pins=$PINS/numpy-1.txt
    if cmp --quiet "$pins" "$place/pins.txt"; then
        return
    fi
    say "Installing the NumPy of Bookworm's station, beside the other (80 MB, once)"
    rm -rf -- "$place"
    if ! "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
        --no-deps --target "$place" --requirement "$pins"; then
        complain "it could not be installed (see above); connect this machine to the network and run ./install.sh test again"
        exit 1
    fi
    cp -- "$pins" "$place/pins.txt"
}

unmet() { # VENV FILE: the requirements in FILE of which the environment has no version at all
    "$1/bin/python" - "$2" <<'CODE'
import importlib.metadata, pathlib, re, sys

for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
    try:
        importlib.metadata.version(re.match(r"[\w.-]+", line)[0])
    except importlib.metadata.PackageNotFoundError:
        print("   ", line)
CODE
}

# ---- the station --------------------------------------------------------------------------------------------------

install_station() {
    local simulated=no option
    for option in "$@"; do
        if [[ $option != --simulated ]]; then
            complain "station does not know '$option'. See ./install.sh --help"
            exit 2
        fi
        simulated=yes
    done
    need_root station "$@"
    umask 022
    station_packages
    need_python
    VENV_OPTIONS=(--system-site-packages)
    if [[ $(release) == bookworm ]]; then
        need_python_packages "$PLACE/venv" 1 run
    else
        need_python_packages "$PLACE/venv" 2 run
    fi
    need_pins
    station_code
    station_system_files "$simulated"
    station_settings "$simulated"
    station_identity "$simulated"
    station_services
}

station_packages() {
    # pygame: PyPI's has no KMS/DRM. EGL, GLES and Mesa's drivers: SDL loads them by name to draw without X.
    # dosfstools, exfatprogs: they repair a stick that was pulled out in the middle.
    install_packages python3 python3-venv python3-pygame libegl1 libgles2 libgl1-mesa-dri v4l-utils dosfstools exfatprogs
    # Without its libraries systemd cannot seal the station's keys to the chip; their own names differ by release.
    [[ ! -e /dev/tpmrm0 ]] || install_packages tpm2-tools
    local package
    for package in python3-picamera2 python3-lgpio; do
        if LC_ALL=C apt-cache policy "$package" | grep -q 'Candidate: [^(]'; then
            install_packages "$package"
        else
            say "$package is not in this distribution (Raspberry Pi OS has it)"
        fi
    done
}

need_pins() { # the GPIO library: the distribution's, else PyPI's where that is more than an empty stub
    local works='import lgpio; lgpio.gpiochip_open'
    if "$PLACE/venv/bin/python" -c "$works" 2>/dev/null; then
        return
    fi
    "$PLACE/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
        --retries 0 --constraint "$PINS/$(release).txt" lgpio 2>/dev/null || true
    if ! "$PLACE/venv/bin/python" -c "$works" 2>/dev/null; then
        say "There is no lgpio for this Python here: lights, buttons and the door cannot be wired to this machine"
    fi
}

station_code() {
    say "Copying the code to $PLACE/app"
    local new=$PLACE/app.new old=$PLACE/app.old
    rm -rf -- "$new" "$old"
    install -d "$new"
    tar --create --exclude=__pycache__ kiosk drivers config pyproject.toml |
        tar --extract --no-same-owner --directory "$new"
    chmod -R u=rwX,go=rX "$new"
    if [[ -e $PLACE/app ]]; then
        mv -T -- "$PLACE/app" "$old"
    fi
    mv -T -- "$new" "$PLACE/app"
    rm -rf -- "$old"
    "$PLACE/venv/bin/python" -m compileall -q "$PLACE/app"
    # -P: a folder called kiosk that somebody happens to stand in must not be taken for the program.
    local start='#!/bin/sh\nPYTHONPATH=%s exec %s -P -m %s "$@"\n'
    # shellcheck disable=SC2059 # the format is right above
    printf "$start" "$PLACE/app" "$PLACE/venv/bin/python" kiosk >"$COMMAND"
    # shellcheck disable=SC2059
    printf "$start" "$PLACE/app" "$PLACE/venv/bin/python" drivers >"$BENCH"
    chmod 755 "$COMMAND" "$BENCH"
}

station_system_files() { # SIMULATED
    say "Users, directories, device names and services"
    install -D -m 644 systemd/rekam-sysusers.conf /etc/sysusers.d/rekam.conf
    install -D -m 644 systemd/rekam-tmpfiles.conf /etc/tmpfiles.d/rekam.conf
    install -D -m 644 systemd/rekam-modules.conf /etc/modules-load.d/rekam.conf
    install -D -m 644 -t /etc/udev/rules.d systemd/70-rekam.rules systemd/71-rekam-stick.rules
    install -D -m 644 -t /etc/systemd/system systemd/kiosk.service systemd/kiosk-uplink.service \
        systemd/rekam-stick@.service systemd/rekam-stick-check@.service
    local headless=/etc/systemd/system/kiosk.service.d/headless.conf
    if [[ $1 == yes ]] && ! compgen -G '/dev/dri/card*' >/dev/null; then
        say "No display here: the simulated station draws into memory"
        install -D -m 644 systemd/headless.conf "$headless"
    else
        rm -f -- "$headless"
    fi
    systemd-sysusers
    systemd-tmpfiles --create /etc/tmpfiles.d/rekam.conf
    if running_systemd; then
        udevadm control --reload
        udevadm trigger --subsystem-match=tty --subsystem-match=usbmisc --subsystem-match=gpio
    fi
}

# A file that was edited on this machine is never overwritten: the checksum of what was installed tells.
station_settings() { # SIMULATED
    local record=$PLACE/settings.sha256 shipped
    shipped=$(mktemp)
    if [[ $1 == yes ]]; then
        # The demo's settings, with the station's places: what the simulated devices speak through is gone after a boot.
        sed 's#"\.demo/station/dev#"/run/rekam-kiosk#; s#"\.demo/station#"/var/lib/kiosk#
            s#"\.demo/stick"#"/run/rekam/stick"#; /^folder = true$/d' config/simulated.toml >"$shipped"
    else
        cp config/station.toml "$shipped"
    fi
    if [[ ! -e $SETTINGS ]] || sha256sum --check --status "$record" 2>/dev/null; then
        install -D -m 644 "$shipped" "$SETTINGS"
        sha256sum "$SETTINGS" >"$record"
    elif ! cmp --quiet "$shipped" "$SETTINGS"; then
        install -m 644 "$shipped" "$SETTINGS.new"
        say "$SETTINGS was edited here and stays as it is; what this version ships is in $SETTINGS.new"
    fi
    rm -f -- "$shipped"
}

station_identity() { # SIMULATED; keys that are there already are never touched
    local centre=/var/lib/rekam-demo-centre station province
    if [[ -e $STATE/kiosk/keys/centre.keys ]]; then
        return
    elif [[ $1 == no ]]; then
        say "This station has no identity yet, and shows nothing before a centre knows it:"
        say "  kiosk provision --help"
        return
    fi
    say "Demonstration identity, from a reference centre in $centre"
    read -r station province < <("$PYTHON" -c '
import sys, tomllib
station = tomllib.load(open(sys.argv[1], "rb"))["station"]
print(station["id"], station["province"])' "$SETTINGS")
    install -d -m 700 "$centre"
    [[ -d $centre/keys ]] || "$COMMAND" centre keys --directory "$centre"
    "$COMMAND" centre provision-station "$station" "$STATE" --province "$province" --directory "$centre"
    "$COMMAND" centre roster "$station" --directory "$centre"
    install -o rekam-uplink -g rekam -m 640 -t "$STATE/uplink/rosters" "$centre/out/$station/rosters/"*.roster
}

station_services() {
    systemctl enable --quiet kiosk.service kiosk-uplink.service
    systemctl set-default --quiet multi-user.target 2>/dev/null
    systemctl disable --quiet getty@tty1.service 2>/dev/null || true # the text login would share the first console
    if running_systemd; then
        systemctl daemon-reload
        systemctl try-restart kiosk.service kiosk-uplink.service # an update takes effect; a first one at the next boot
    fi
    if "$COMMAND" check; then
        say "Installed. Restart this machine: it comes up with the first screen"
    else
        say "Installed. It shows nothing before these settings are right; 'sudo kiosk check' looks again"
    fi
}

running_systemd() {
    [[ -d /run/systemd/system ]]
}

VENV_OPTIONS=()
main "$@"
