/* Bodies for the C library's string functions, which `strings.py` puts in the place of the guest's own.
 *
 * Compiled once for wasm32 with SIMD and bulk memory, to the LLVM IR beside this file: python -m friscy_build.aot.strings
 *
 * Addresses are the guest's, 64 bits wide. A function that meets anything it does not handle (addresses outside the
 * guest's range) gives DECLINED before it has done anything: the guest's own code then does the work. Memory is
 * touched as that code would: no page before the first byte that counts, nor behind the last, and ascending where
 * a fault may come. memory.copy and memory.fill run in the host, which must not fault: their pages are touched first.
 * Comparisons give the difference of the bytes, as 32 bits.
 */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef u8 v16 __attribute__((vector_size(16), aligned(1)));
typedef unsigned short unaligned16 __attribute__((aligned(1)));
typedef u32 unaligned32 __attribute__((aligned(1)));
typedef u64 unaligned64 __attribute__((aligned(1)));

#define DECLINED (~0ull)
#define PAGE 4096u
#define BULK 1024u /* from so many bytes on the host's copy is the faster */

static inline u8 *at(u32 address)
{
    return (u8 *)address;
}

static inline v16 load(u32 address)
{
    return *(const v16 *)address;
}

static inline void store(u32 address, v16 value)
{
    *(v16 *)address = value;
}

static inline int inside(u64 address, u64 nbytes)
{
    return address >= GUEST_START && address <= GUEST_END && nbytes <= GUEST_END - address;
}

static inline u32 mask(v16 equal)
{
    return __builtin_wasm_bitmask_i8x16(equal);
}

/* A bit for each byte that equals c. */
static inline u32 equal_bytes(v16 data, u8 c)
{
    v16 all = (v16){} + c;
    return mask((v16)(data == all));
}

static inline int in_page(u32 address)
{
    return (address & (PAGE - 1)) <= PAGE - 16;
}

static inline int words_in_page(u32 address)
{
    return (address & (PAGE - 1)) <= PAGE - 8;
}

static inline void touch_to_read(u32 start, u32 nbytes)
{
    (void)*(volatile u8 *)start;
    for (u32 page = (start | (PAGE - 1)) + 1; page < start + nbytes; page += PAGE)
        (void)*(volatile u8 *)page;
}

static inline void touch_to_write(u32 start, u32 nbytes)
{
    volatile u8 *first = (volatile u8 *)start;
    *first = *first;
    for (u32 page = (start | (PAGE - 1)) + 1; page < start + nbytes; page += PAGE) {
        volatile u8 *byte = (volatile u8 *)page;
        *byte = *byte;
    }
}

/* More than 64 bytes: a function of its own, so that the short copies, which most are, need no large frame. */
__attribute__((noinline)) u64 move_many(u64 to, u32 s, u32 k)
{
    u32 d = (u32)to;
    if (k >= BULK) {
        touch_to_read(s, k);
        touch_to_write(d, k);
        __builtin_memmove(at(d), at(s), k);
        return to;
    }
    v16 tail = load(s + k - 16);
    if (d - s >= k) { /* ascending is right where the destination does not begin in the source */
        u32 i = 0;
        for (; i + 32 < k; i += 32) {
            v16 a = load(s + i), b = load(s + i + 16);
            store(d + i, a);
            store(d + i + 16, b);
        }
        if (i + 16 < k)
            store(d + i, load(s + i));
        store(d + k - 16, tail);
    } else {
        v16 head = load(s);
        u32 i = k;
        for (; i > 32; i -= 32) {
            v16 a = load(s + i - 16), b = load(s + i - 32);
            store(d + i - 16, a);
            store(d + i - 32, b);
        }
        if (i > 16)
            store(d + i - 16, load(s + i - 16));
        store(d, head);
    }
    return to;
}

u64 string_move(u64 to, u64 from, u64 n)
{
    if (!inside(to, n) || !inside(from, n))
        return DECLINED;
    u32 d = (u32)to, s = (u32)from, k = (u32)n;
    if (k > 64)
        return move_many(to, s, k);
    if (k > 32) {
        v16 a = load(s), b = load(s + 16), c = load(s + k - 32), e = load(s + k - 16);
        store(d, a);
        store(d + 16, b);
        store(d + k - 32, c);
        store(d + k - 16, e);
    } else if (k > 16) {
        v16 a = load(s), b = load(s + k - 16);
        store(d, a);
        store(d + k - 16, b);
    } else if (k >= 8) {
        u64 a = *(unaligned64 *)s, b = *(unaligned64 *)(s + k - 8);
        *(unaligned64 *)d = a;
        *(unaligned64 *)(d + k - 8) = b;
    } else if (k >= 4) {
        u32 a = *(unaligned32 *)s, b = *(unaligned32 *)(s + k - 4);
        *(unaligned32 *)d = a;
        *(unaligned32 *)(d + k - 4) = b;
    } else if (k) {
        u8 a = *at(s), b = *at(s + k / 2), c = *at(s + k - 1);
        *at(d) = a;
        *at(d + k / 2) = b;
        *at(d + k - 1) = c;
    }
    return to;
}

__attribute__((noinline)) u64 set_many(u64 to, u8 c, u32 k)
{
    touch_to_write((u32)to, k);
    __builtin_memset(at((u32)to), c, k);
    return to;
}

u64 string_set(u64 to, u64 value, u64 n)
{
    if (!inside(to, n))
        return DECLINED;
    u32 d = (u32)to, k = (u32)n;
    u8 c = (u8)value;
    v16 all = (v16){} + c;
    if (k >= 16) {
        if (k >= BULK)
            return set_many(to, c, k);
        for (u32 i = 0; i + 16 < k; i += 16)
            store(d + i, all);
        store(d + k - 16, all);
        return to;
    }
    u64 word = c * 0x0101010101010101ull;
    if (k >= 8) {
        *(unaligned64 *)d = word;
        *(unaligned64 *)(d + k - 8) = word;
    } else if (k >= 4) {
        *(unaligned32 *)d = (u32)word;
        *(unaligned32 *)(d + k - 4) = (u32)word;
    } else if (k) {
        *at(d) = c;
        *at(d + k / 2) = c;
        *at(d + k - 1) = c;
    }
    return to;
}

u64 string_compare_bytes(u64 one, u64 other, u64 n)
{
    if (!inside(one, n) || !inside(other, n))
        return DECLINED;
    u32 a = (u32)one, b = (u32)other, left = (u32)n;
    while (left >= 16) {
        u32 step = 16;
        if (in_page(a) && in_page(b)) {
            u32 differ = mask((v16)(load(a) == load(b))) ^ 0xFFFF;
            if (differ) {
                u32 i = (u32)__builtin_ctz(differ);
                return (u32)(*at(a + i) - *at(b + i));
            }
        } else {
            for (u32 i = 0; i < 16; i++)
                if (*at(a + i) != *at(b + i))
                    return (u32)(*at(a + i) - *at(b + i));
        }
        a += step, b += step, left -= step;
    }
    if (left >= 8 && words_in_page(a) && words_in_page(b)) {
        u64 differ = *(unaligned64 *)a ^ *(unaligned64 *)b;
        if (differ) {
            u32 i = (u32)__builtin_ctzll(differ) / 8;
            return (u32)(*at(a + i) - *at(b + i));
        }
        a += 8, b += 8, left -= 8;
    }
    for (u32 i = 0; i < left; i++)
        if (*at(a + i) != *at(b + i))
            return (u32)(*at(a + i) - *at(b + i));
    return 0;
}

/* The first byte from `p` on, below `end`, that is c or (where `zero`) 0; `end` where there is none. */
static inline __attribute__((always_inline)) u32 scan(u32 p, u32 end, u8 c, int zero)
{
    if (p >= end)
        return end;
    u32 block = p & ~15u;
    v16 data = load(block); /* aligned: on the page of `p` */
    u32 found = equal_bytes(data, c);
    if (zero)
        found |= equal_bytes(data, 0);
    found &= 0xFFFFu << (p & 15);
    while (!found) {
        block += 16;
        if (block >= end)
            return end;
        data = load(block);
        found = equal_bytes(data, c);
        if (zero)
            found |= equal_bytes(data, 0);
    }
    u32 where = block + (u32)__builtin_ctz(found);
    return where < end ? where : end;
}

u64 string_length(u64 text)
{
    if (!inside(text, 1))
        return DECLINED;
    u32 p = (u32)text, where = scan(p, GUEST_END, 0, 0);
    return where == GUEST_END ? DECLINED : where - p;
}

u64 string_length_limited(u64 text, u64 limit)
{
    if (!inside(text, 1))
        return DECLINED;
    u32 p = (u32)text;
    u64 room = GUEST_END - text;
    u32 end = limit < room ? p + (u32)limit : GUEST_END;
    u32 where = scan(p, end, 0, 0);
    return where == GUEST_END ? DECLINED : where - p;
}

u64 string_find_byte(u64 data, u64 value, u64 n)
{
    if (!inside(data, 1))
        return DECLINED;
    u32 p = (u32)data;
    u64 room = GUEST_END - data;
    u32 end = n < room ? p + (u32)n : GUEST_END;
    u32 where = scan(p, end, (u8)value, 0);
    if (where == GUEST_END)
        return DECLINED;
    return where == end ? 0 : where;
}

u64 string_find_or_end(u64 text, u64 value)
{
    if (!inside(text, 1))
        return DECLINED;
    u32 where = scan((u32)text, GUEST_END, (u8)value, 1);
    return where == GUEST_END ? DECLINED : where;
}

u64 string_find(u64 text, u64 value)
{
    u64 where = string_find_or_end(text, value);
    return where != DECLINED && *at((u32)where) != (u8)value ? 0 : where;
}

u64 string_find_raw(u64 data, u64 value)
{
    if (!inside(data, 1))
        return DECLINED;
    u32 where = scan((u32)data, GUEST_END, (u8)value, 0);
    return where == GUEST_END ? DECLINED : where;
}

static inline __attribute__((always_inline)) u64 compare_strings(u64 one, u64 other, u64 limit)
{
    if (!inside(one, 1) || !inside(other, 1))
        return DECLINED;
    u32 a = (u32)one, b = (u32)other;
    u64 left = limit;
    for (;;) {
        if (a > GUEST_END - 16 || b > GUEST_END - 16)
            return DECLINED; /* nothing was changed: the guest's own code begins again */
        if (in_page(a) && in_page(b)) {
            v16 x = load(a);
            u32 stop = (mask((v16)(x == load(b))) ^ 0xFFFF) | equal_bytes(x, 0);
            if (stop) {
                u32 i = (u32)__builtin_ctz(stop);
                return i < left ? (u32)(*at(a + i) - *at(b + i)) : 0;
            }
            if (left <= 16)
                return 0;
        } else {
            for (u32 i = 0; i < 16; i++) {
                if (i >= left)
                    return 0;
                u8 x = *at(a + i), y = *at(b + i);
                if (x != y || !x)
                    return (u32)(x - y);
            }
            if (left <= 16)
                return 0;
        }
        a += 16, b += 16, left -= 16;
    }
}

u64 string_compare(u64 one, u64 other)
{
    return compare_strings(one, other, ~0ull);
}

u64 string_compare_limited(u64 one, u64 other, u64 limit)
{
    return limit ? compare_strings(one, other, limit) : 0;
}

/* strcpy and stpcpy: the address of the copy's end, or DECLINED. */
u64 string_copy_end(u64 to, u64 from)
{
    u64 length = string_length(from);
    if (length == DECLINED || !inside(to, length + 1))
        return DECLINED;
    return string_move(to, from, length + 1) + length;
}
