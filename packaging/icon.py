"""Draw the icon: a server of three slots, and an arrow that turns back around it.

    python packaging/icon.py

Only the standard library. packaging/icon.png is for shops and menus: each of its pixels is the mean
of a grid of points, so that edges are smooth. hostup_mcp/server/icon.png is sent with
responses, so it is as small as possible: four colours, edges left hard.
"""

import math
import struct
import zlib
from pathlib import Path

SIZE = 256
GRID = 4
ICON = Path(__file__).with_name("icon.png")
SMALL_SIZE = 64
SMALL_ICON = Path(__file__).parent.parent / "hostup_mcp" / "server" / "icon.png"

Colour = tuple[int, int, int, int]
NOTHING: Colour = (0, 0, 0, 0)
GROUND: Colour = (20, 54, 66, 255)
LINE: Colour = (122, 226, 184, 255)
SLOT: Colour = (240, 248, 246, 255)
LAMP: Colour = GROUND
PALETTE = (NOTHING, GROUND, LINE, SLOT)


def in_box(
    x: float, y: float, left: float, top: float, width: float, height: float, r: float
) -> bool:
    """Whether a point is inside a box with corners of radius `r`."""
    near_x = min(max(x, left + r), left + width - r)
    near_y = min(max(y, top + r), top + height - r)
    return math.hypot(x - near_x, y - near_y) <= r


def colour(x: float, y: float) -> Colour:
    """The colour at a point; both coordinates run from 0 to 1."""
    for row in (0.36, 0.47, 0.58):
        if math.hypot(x - 0.615, y - row - 0.04) <= 0.016:
            return LAMP
        if in_box(x, y, 0.34, row, 0.32, 0.08, 0.02):
            return SLOT
    across, down = x - 0.5, y - 0.5
    angle = math.degrees(math.atan2(down, across)) % 360
    if abs(math.hypot(across, down) - 0.34) <= 0.035 and not 195 < angle < 255:
        return LINE
    # The head of the arrow, at the open end on the left.
    along, aside = y - 0.32, x - 0.172
    if 0 <= along + 0.06 <= 0.15 and abs(aside) <= (along + 0.06) * 0.62:
        return LINE
    return GROUND if in_box(x, y, 0, 0, 1, 1, 0.22) else NOTHING


def pixel(column: int, row: int) -> bytes:
    points = [
        colour((column + (i + 0.5) / GRID) / SIZE, (row + (j + 0.5) / GRID) / SIZE)
        for i in range(GRID)
        for j in range(GRID)
    ]
    cover = sum(point[3] for point in points)
    mixed = [sum(p[c] * p[3] for p in points) // cover if cover else 0 for c in range(3)]
    return bytes([*mixed, cover // len(points)])


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(size: int, depth: int, kind: int, before: bytes, rows: list[bytes]) -> bytes:
    """A PNG file of `rows`; `before` is what stands between its head and its pixels."""
    head = struct.pack(">IIBBBBB", size, size, depth, kind, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    body = chunk(b"IHDR", head) + before + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def smooth() -> bytes:
    """The icon with all colours: four bytes a pixel."""
    rows = [b"".join(pixel(x, y) for x in range(SIZE)) for y in range(SIZE)]
    return png(SIZE, 8, 6, b"", rows)


def small() -> bytes:
    """The icon in the colours of the palette: four pixels a byte."""
    rows = []
    for y in range(SMALL_SIZE):
        number = 0
        for x in range(SMALL_SIZE):
            point = colour((x + 0.5) / SMALL_SIZE, (y + 0.5) / SMALL_SIZE)
            number = number << 2 | PALETTE.index(point)
        rows.append(number.to_bytes(SMALL_SIZE // 4))
    colours = chunk(b"PLTE", b"".join(bytes(c[:3]) for c in PALETTE))
    return png(SMALL_SIZE, 2, 3, colours + chunk(b"tRNS", b"\0"), rows)


if __name__ == "__main__":
    ICON.write_bytes(smooth())
    SMALL_ICON.write_bytes(small())
