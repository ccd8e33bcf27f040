#!/usr/bin/env bash
# Runs the picamera2 driver for real, off a Raspberry Pi: over libcamera's virtual pipeline in a Debian trixie tree.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
# shellcheck source=tests/install/debian_tree.sh
source tests/install/debian_tree.sh

readonly RELEASE=trixie # bookworm has no python3-libcamera
readonly CLONE=/root/rekam # in the tree
readonly PICAMERA2=0.3.38 # the newest that has been tried with trixie's libcamera 0.4
readonly PACKAGES=(
    python3-libcamera libcamera-ipa libcamera-tools
    python3-numpy python3-opencv python3-pil python3-pip python3-prctl python3-pytest
    python3-av python3-rich python3-typer python3-jsonschema python3-libarchive-c python3-tqdm
)

usage() {
    cat <<'TEXT'
Usage: sudo tests/install/picamera2_in_tree.sh [--keep]

Makes a Debian trixie tree (kept in /var/cache/rekam-trees), installs libcamera and picamera2 in it, and runs the last
commit's camera contract over the real picamera2 driver, with frames from the simulated booth.
--keep   leave the tree there and say where

Exit status: 0 all held, 1 something did not, 77 it cannot run here (it says why).
TEXT
}

main() {
    local keep=no word
    for word in "$@"; do
        case $word in
            --keep) keep=yes ;;
            -h | --help) usage && exit ;;
            *) usage >&2 && exit 2 ;;
        esac
    done
    need_containers git

    TREE=$(mktemp -d "${TMPDIR:-/var/tmp}/rekam-picamera2-XXXXXX")
    KEEP=$keep
    trap clean_up EXIT
    make_tree "$RELEASE"
    inside true || cannot "systemd-nspawn does not start here (see above)"
    say "Installing libcamera and picamera2"
    inside --online apt-get update -q >/dev/null || cannot "the tree cannot reach Debian's packages (see above)"
    inside --online env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq -y --no-install-recommends "${PACKAGES[@]}" >/dev/null || cannot "see above"
    # Without its dependencies: those that it needs here are Debian's, and PiDNG would want a compiler.
    inside --online pip install --quiet --root-user-action ignore --break-system-packages --no-deps \
        --only-binary :all: "picamera2==$PICAMERA2" piexif simplejpeg videodev2 ||
        cannot "the tree cannot reach the package index (see above)"
    mkdir -p "$TREE$CLONE"
    git archive HEAD drivers tests pyproject.toml | tar --extract --directory "$TREE$CLONE"

    say "Making the virtual camera"
    python tests/install/virtual_pipeline.py
    say "What is run: $(inside dpkg-query --show python3-libcamera | tr '\t' ' '), picamera2 $PICAMERA2," \
        "$(inside python3 --version)"
    say "The camera contract, and what only this driver promises"
    python -m pytest -vv -p virtual_pipeline --hardware \
        -k "real or test_picamera2" tests/contracts/test_camera.py tests/drivers/camera/test_picamera2.py
    say "A picture by the bench, as a technician takes it"
    python -c "import virtual_pipeline; import drivers.__main__ as bench; bench.main()" camera shot /root/shot.jpg
    say "Not run here, as no virtual camera has them: exposure, white balance, focus, the image processor, a sensor"
}

python() { # ARGUMENTS…: the tree's own, in the clone
    # The pipeline of libcamera 0.4 never writes a frame's status: memory that comes as zeros makes it "success".
    inside --chdir="$CLONE" --setenv=PYTHONPATH="$CLONE:$CLONE/tests/install" \
        --setenv=GLIBC_TUNABLES=glibc.malloc.perturb=255:glibc.malloc.tcache_count=0 \
        --setenv=LIBCAMERA_LOG_LEVELS='*:FATAL' python3 "$@"
}

# shellcheck disable=SC2317 # called by the trap
clean_up() {
    if [[ $KEEP == yes ]]; then
        say "The tree is in $TREE"
    else
        rm -rf -- "$TREE"
    fi
}

main "$@"
