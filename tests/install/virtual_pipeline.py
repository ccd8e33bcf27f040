"""A pytest plugin: picamera2 over libcamera's "virtual" pipeline, with the parts of a Raspberry Pi that it has not.

Run as a program it makes the pipeline's camera: its configuration and the JPEGs that it serves.

What runs for real: libcamera, its camera manager, requests and buffers, picamera2, and our wrapper. What stands in:
pykms and PiDNG (screens and raw files, neither used), the dma-heap (memory files), the sensor's raw modes, and the
image processor's conversion (the virtual pipeline knows NV12 only). There is no exposure, white balance or focus.
"""

import mmap
import os
import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import cv2
import numpy as np

sys.modules |= {name: MagicMock() for name in ("pykms", "pidng", "pidng.camdefs", "pidng.core")}

import libcamera  # noqa: E402 the stand-ins come first
import picamera2.picamera2 as within  # noqa: E402
from picamera2.allocators.allocator import Allocator  # noqa: E402
from picamera2.request import CompletedRequest  # noqa: E402

LARGEST = (2592, 1944)
FRAME = 1 / 30
FRAMES = Path("/var/lib/frames")
CAMERA = Path("/usr/share/libcamera/pipeline/virtual/virtual.yaml")
CONFIGURATION = f"""\
"booth":
  supported_formats:
    - {{width: {LARGEST[0]}, height: {LARGEST[1]}, frame_rates: [30]}}
    - {{width: 1280, height: 960, frame_rates: [30]}}
  frames: {{path: "{FRAMES}/"}}
  model: "virtual camera"
"""


class NoSync:
    """Memory files need no telling that the processor looks at them."""

    def __init__(self, allocator: "MemoryFiles", buffer: Any, _write: bool) -> None:
        self._memory = allocator.mapped_buffers[buffer]

    def __enter__(self) -> mmap.mmap:
        return self._memory

    def __exit__(self, *_error: object) -> None:
        pass


class MemoryFiles(Allocator):  # type: ignore[misc]  # picamera2 ships no types
    """Frame buffers in memory files: what DmaAllocator does, on a kernel without a dma-heap."""

    def __init__(self) -> None:
        super().__init__()
        self.sync = NoSync
        self.mapped_buffers: dict[Any, mmap.mmap] = {}
        self._frame_buffers: dict[Any, list[Any]] = {}
        self._files: list[int] = []

    def allocate(self, libcamera_config: Any, _use_case: object) -> None:
        self.close()
        for stream_config in libcamera_config:
            buffers = [self._buffer(stream_config) for _ in range(stream_config.buffer_count)]
            self._frame_buffers[stream_config.stream] = buffers

    def _buffer(self, stream_config: Any) -> Any:
        size = stream_config.frame_size
        luma = stream_config.stride * stream_config.size.height
        file = os.memfd_create("frame")
        os.truncate(file, size)
        self._files.append(file)
        planes = []
        for offset, length in ((0, luma), (luma, size - luma)):
            plane = libcamera.FrameBuffer.Plane()
            plane.fd, plane.offset, plane.length = file, offset, length
            planes.append(plane)
        buffer = libcamera.FrameBuffer(planes)
        self.mapped_buffers[buffer] = mmap.mmap(file, size)
        return buffer

    def buffers(self, stream: Any) -> list[Any]:
        return self._frame_buffers[stream]

    def close(self) -> None:
        for file in self._files:
            os.close(file)
        self.mapped_buffers, self._frame_buffers, self._files = {}, {}, []

    def __del__(self) -> None:
        self.close()


def converted(request: CompletedRequest, name: str) -> np.ndarray[Any, Any]:
    """One stream as our wrapper has asked for it: RGB for the still, full-range I420 for the preview."""
    width, height = request.config[name]["size"]
    planes = request.make_buffer(name).reshape(height * 3 // 2, width)
    chroma = planes[height:].reshape(height // 2, width // 2, 2)
    if name == "lores":
        blue, red = (np.ascontiguousarray(chroma[..., n]).reshape(height // 4, width) for n in (0, 1))
        return np.concatenate((planes[:height], blue, red))
    larger = cv2.resize(chroma, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.cvtColor(np.dstack((planes[:height], larger[..., 1], larger[..., 0])), cv2.COLOR_YCrCb2RGB)


def paced(manager: Any, flushid: int | None = None) -> None:
    """Requests complete no sooner than a sensor's frames: this pipeline completes them before picamera2 is ready."""
    if flushid is None:
        time.sleep(FRAME)
    handle_request(manager, flushid)


handle_request = within.CameraManager.handle_request
within.CameraManager.handle_request = paced
within.DmaAllocator = MemoryFiles
within.Picamera2._get_raw_modes = lambda _camera: [{"format": "NV12", "size": LARGEST}]
CompletedRequest.make_array = converted


def make_camera() -> None:
    """Paint the simulated booth, whose noise makes each frame another, as the sensor of a real camera does."""
    from drivers.camera.scene import Painter, Pose

    FRAMES.mkdir(parents=True, exist_ok=True)
    painter = Painter(*LARGEST, seed=1)
    for number in range(6):
        picture = cv2.cvtColor(painter.paint(Pose.GOOD.value, number), cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(FRAMES / f"{number}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
    CAMERA.parent.mkdir(parents=True, exist_ok=True)
    CAMERA.write_text(CONFIGURATION, encoding="utf-8")


if __name__ == "__main__":
    make_camera()
