"""The index file, field by field, for its writer and its reader. The prose is docs/formats/index.md.

All integers are little-endian. The file is whole pages: the header page, the digest pages, the body pages.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

MAGIC: Final = b"LAZYFSIX"
VERSION: Final = 1
PAGE: Final = 16384
PAGE_SHIFT: Final = 14
PAGE_MASK: Final = PAGE - 1
DIGEST: Final = 32
DIGESTS_PER_PAGE: Final = PAGE // DIGEST

# Header page: PREFIX, then FIELDS, one SECTION for each of SECTIONS, then (at DIGESTS_AT) the digests of the
# digest pages. PREFIX holds the digest of all of the header page behind it.
PREFIX: Final = Struct("<8sII32s")  # magic, version, page bytes, header digest (= the index's digest)
FIELDS: Final = Struct("<QIII4xQ")  # file bytes, digest pages, body pages, root ino, bytes of the chunk file
SECTION: Final = Struct("<I4xQ")  # first page, records (bytes for the blob)
SECTIONS: Final = ("inodes", "dentries", "extents", "chunks", "blob")
DIGESTS_AT: Final = 512
DIGEST_PAGES_MAX: Final = (PAGE - DIGESTS_AT) // DIGEST

# Inode: mode, uid, gid, nlink, size, mtime_ns, rdev major, rdev minor, first, count, xattrs, parent, data bytes.
#   dir:      entries [first, first + count) of the dentries; parent is the ino of its parent
#   file:     extents [first, first + count), data bytes in all
#   symlink:  the target is count bytes of the blob at first
#   xattrs:   0 for none, else 1 + the offset in the blob of: u16 number, then (u16, u32 lengths, name, value) each
INODE: Final = Struct("<IIIIQqIIIIIIQ")
# Dentry: the name's first four bytes as a big-endian number, ino, offset of the name in the blob, its length,
# DT_* type.
# The entries of a directory are sorted by name.
DENTRY: Final = Struct("<IIIHBx")
# Extent: offset in the file, bytes, chunk, offset in the chunk's data. Sorted; what no extent covers reads as zeros.
EXTENT: Final = Struct("<QIII12x")
# Chunk: offset in the chunk file, stored bytes, bytes of data, codec, digest of the stored bytes.
CHUNK: Final = Struct("<QIII12x32s")

RECORDS: Final = {
    "inodes": INODE.size,
    "dentries": DENTRY.size,
    "extents": EXTENT.size,
    "chunks": CHUNK.size,
    "blob": 1,
}

# The chunk file: CHUNK_HEADER, then the stored chunks, without gaps.
CHUNK_HEADER: Final = b"LAZYFSCH" + VERSION.to_bytes(4, "little") + bytes(4)
CODEC_RAW: Final = 0
CODEC_ZSTD: Final = 1
CHUNK_BYTES: Final = 512 * 1024  # a large file is cut at multiples of this
SMALL_BYTES: Final = 128 * 1024  # files up to this share chunks
PACK_BYTES: Final = 256 * 1024  # a shared chunk is closed when it has reached this
CHUNK_LIMIT: Final = 1024 * 1024  # no chunk's data is longer


def digest(data: bytes | bytearray | memoryview) -> bytes:
    """BLAKE2b with 32 bytes of output: the digest of the index, its pages and the chunks."""
    # hashlib loads OpenSSL, which costs more than restoring a snapshot; `_blake2` is the same BLAKE2 alone.
    try:
        from _blake2 import blake2b
    except ImportError:
        from hashlib import blake2b
    result: bytes = blake2b(data, digest_size=DIGEST).digest()
    return result


def name_prefix(name: bytes) -> int:
    """The first four bytes of a name as a number that sorts as they do."""
    return int.from_bytes(name[:4].ljust(4, b"\0"), "big")
