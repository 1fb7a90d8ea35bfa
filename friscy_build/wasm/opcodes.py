"""Opcodes by their names in the WebAssembly specification, as the bytes that stand for them."""

from __future__ import annotations

from friscy_build.wasm.binary import leb

UNREACHABLE, BLOCK, LOOP, IF, ELSE, END = b"\x00", b"\x02", b"\x03", b"\x04", b"\x05", b"\x0b"
BR, BR_IF, BR_TABLE, RETURN, CALL, CALL_INDIRECT = b"\x0c", b"\x0d", b"\x0e", b"\x0f", b"\x10", b"\x11"
RETURN_CALL, RETURN_CALL_INDIRECT = b"\x12", b"\x13"
DROP, SELECT = b"\x1a", b"\x1b"
LOCAL_GET, LOCAL_SET, LOCAL_TEE, GLOBAL_GET = b"\x20", b"\x21", b"\x22", b"\x23"
I32_CONST, I64_CONST = b"\x41", b"\x42"

_FROM = {  # the first of a run of opcodes, and the names of the run
    0x28: "i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u i64.load8_s"
    " i64.load8_u i64.load16_s i64.load16_u i64.load32_s i64.load32_u i32.store i64.store f32.store f64.store"
    " i32.store8 i32.store16 i64.store8 i64.store16 i64.store32",
    0x45: "i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u i64.eqz"
    " i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u f32.eq f32.ne"
    " f32.lt f32.gt f32.le f32.ge f64.eq f64.ne f64.lt f64.gt f64.le f64.ge i32.clz i32.ctz i32.popcnt i32.add"
    " i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u i32.and i32.or i32.xor i32.shl i32.shr_s"
    " i32.shr_u i32.rotl i32.rotr i64.clz i64.ctz i64.popcnt i64.add i64.sub i64.mul i64.div_s i64.div_u"
    " i64.rem_s i64.rem_u i64.and i64.or i64.xor i64.shl i64.shr_s i64.shr_u",
    0x89: "i64.rotl i64.rotr",
    0x91: "f32.sqrt f32.add f32.sub f32.mul f32.div",
    0x9F: "f64.sqrt f64.add f64.sub f64.mul f64.div",
    0xA7: "i32.wrap_i64",
    0xAC: "i64.extend_i32_s i64.extend_i32_u",
    0xBC: "i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64 i32.extend8_s"
    " i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s",
}

OPCODES: dict[str, bytes] = {
    name: bytes([first + k]) for first, names in _FROM.items() for k, name in enumerate(names.split())
}
OPCODES.update(
    {
        "i32.atomic.load8_u": b"\xfe\x12",
        "v128.const": b"\xfd\x0c",
        "i64x2.extract_lane 0": b"\xfd\x1d\x00",
        "v128.and": b"\xfd\x4e",
        "v128.xor": b"\xfd\x51",
        "i64x2.add": b"\xfd\xce\x01",
        "f64x2.abs": b"\xfd\xec\x01",
        "f64x2.neg": b"\xfd\xed\x01",
        "f64x2.sqrt": b"\xfd\xef\x01",
        "f64x2.add": b"\xfd\xf0\x01",
        "f64x2.sub": b"\xfd\xf1\x01",
        "f64x2.mul": b"\xfd\xf2\x01",
        "f64x2.div": b"\xfd\xf3\x01",
        "f32x4.splat": b"\xfd\x13",
        "f64x2.splat": b"\xfd\x14",
        "f32x4.extract_lane 0": b"\xfd\x1f\x00",
        "f64x2.extract_lane 0": b"\xfd\x21\x00",
        "f64x2.extract_lane 1": b"\xfd\x21\x01",
        "f64x2.replace_lane 1": b"\xfd\x22\x01",
        "i64x2.bitmask": b"\xfd\xc4\x01",
        "f32x4.relaxed_madd": b"\xfd\x85\x02",
        "f64x2.relaxed_madd": b"\xfd\x87\x02",
        "f32x4.relaxed_nmadd": b"\xfd\x86\x02",
        "f64x2.relaxed_nmadd": b"\xfd\x88\x02",
        "v128.or": b"\xfd\x50",
        "v128.any_true": b"\xfd\x53",
        "i8x16.shuffle": b"\xfd\x0d",
    }
)

_SIMD = {  # the same as _FROM, behind 0xFD
    0x00: "v128.load v128.load8x8_s v128.load8x8_u v128.load16x4_s v128.load16x4_u v128.load32x2_s v128.load32x2_u",
    0x0B: "v128.store",
    0x0F: "i8x16.splat i16x8.splat i32x4.splat i64x2.splat",
    0x47: "f64x2.eq f64x2.ne f64x2.lt f64x2.gt f64x2.le f64x2.ge",
    0x5A: "v128.store32_lane v128.store64_lane v128.load32_zero",
    0x6B: "i8x16.shl i8x16.shr_s i8x16.shr_u i8x16.add",
    0x71: "i8x16.sub",
    0x87: "i16x8.extend_low_i8x16_s",
    0x89: "i16x8.extend_low_i8x16_u",
    0x8B: "i16x8.shl i16x8.shr_s i16x8.shr_u i16x8.add",
    0x91: "i16x8.sub",
    0x95: "i16x8.mul",
    0xA7: "i32x4.extend_low_i16x8_s",
    0xA9: "i32x4.extend_low_i16x8_u",
    0xAB: "i32x4.shl i32x4.shr_s i32x4.shr_u i32x4.add",
    0xB1: "i32x4.sub",
    0xB5: "i32x4.mul",
    0xC7: "i64x2.extend_low_i32x4_s",
    0xC9: "i64x2.extend_low_i32x4_u",
    0xCB: "i64x2.shl i64x2.shr_s i64x2.shr_u i64x2.add",
    0xD1: "i64x2.sub",
    0xD5: "i64x2.mul",
}
_EXTRACT = {"i8x16.extract_lane_u": (0x16, 16), "i16x8.extract_lane_u": (0x19, 8), "i32x4.extract_lane": (0x1B, 4)}


def _simd(number: int) -> bytes:
    return b"\xfd" + leb(number)


OPCODES.update(
    {name: _simd(first + k) for first, names in _SIMD.items() for k, name in enumerate(names.split())}
)
OPCODES.update(
    {
        f"{name} {lane}": _simd(number) + bytes([lane])
        for name, (number, nlanes) in _EXTRACT.items()
        for lane in range(nlanes)
    }
)
OPCODES["i64x2.extract_lane 1"] = _simd(0x1D) + b"\x01"
