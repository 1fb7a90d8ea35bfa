/* Bodies for the C library's string functions, which `strings.py` puts in the place of the guest's own.
 *
 * Compiled once for wasm32 with SIMD and bulk memory, to the LLVM IR beside this file: python -m friscy_build.aot.strings
 *
 * Addresses are the guest's, 64 bits wide. A function that meets anything it does not handle (addresses outside the
 * guest's range) gives DECLINED before it has done anything: the guest's own code then does the work. Nobody looks for
 * the range's end later on: behind it are GUARD bytes that cannot be accessed. Memory is touched as that code would: no
 * page before the first byte that counts, nor behind the last, and ascending where a fault may come. memory.copy and
 * memory.fill run in the host, which must not fault: their pages are touched first.
 * Comparisons give the difference of the bytes, as 32 bits.
 *
 * Long data is taken a line or two at a time, with one question for all of it: which byte it was is found out afterwards.
 * Lines are aligned, or lie between two ends of pages.
 */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef u8 v16 __attribute__((vector_size(16), aligned(1)));
typedef u32 unaligned32 __attribute__((aligned(1)));
typedef u64 unaligned64 __attribute__((aligned(1)));

#define DECLINED (~0ull)
#define PAGE 4096u
#define LINE 64u
#define BULK 512u /* from so many bytes on the host is the faster */
#define INLINE static inline __attribute__((always_inline))

INLINE u8 *at(u32 address)
{
    return (u8 *)address;
}

INLINE v16 load(const u8 *from)
{
    return *(const v16 *)from;
}

INLINE void store(u8 *to, v16 value)
{
    *(v16 *)to = value;
}

INLINE int inside(u64 address, u64 nbytes)
{
    return address <= GUEST_END && nbytes <= GUEST_END - address;
}

/* A bit for each byte that is 0: three instructions or more, so not what a loop asks each turn. */
INLINE u32 zeros(v16 data)
{
    return __builtin_wasm_bitmask_i8x16((v16)(data == 0));
}

INLINE v16 least(v16 a, v16 b)
{
    return __builtin_elementwise_min(a, b);
}

INLINE int has_zero(v16 data)
{
    return !__builtin_wasm_all_true_i8x16(data);
}

INLINE u32 first(u64 bits)
{
    return (u32)__builtin_ctzll(bits);
}

/* How many bytes there are to the end of the page. */
INLINE u32 room(u32 address)
{
    return PAGE - (address & (PAGE - 1));
}

INLINE u32 smaller(u32 a, u32 b)
{
    return a < b ? a : b;
}

INLINE void touch_to_read(u32 start, u32 nbytes)
{
    (void)*(volatile u8 *)start;
    for (u32 page = (start | (PAGE - 1)) + 1; page < start + nbytes; page += PAGE)
        (void)*(volatile u8 *)page;
}

INLINE void touch_to_write(u32 start, u32 nbytes)
{
    volatile u8 *first = (volatile u8 *)start;
    *first = *first;
    for (u32 page = (start | (PAGE - 1)) + 1; page < start + nbytes; page += PAGE) {
        volatile u8 *byte = (volatile u8 *)page;
        *byte = *byte;
    }
}

/* More than 64 bytes: a function of its own, so that the short copies, which most are, need no large frame. */
static __attribute__((noinline)) u64 move_many(u64 to, u32 from, u32 n)
{
    u8 *d = at((u32)to), *s = at(from);
    if (n >= BULK) {
        touch_to_read(from, n);
        touch_to_write((u32)to, n);
        __builtin_memmove(d, s, n);
        return to;
    }
    u8 *last = d + n - LINE;
    const u8 *tail = s + n - LINE;
    if ((u32)to - from >= n) { /* ascending is right where the destination does not begin in the source */
        v16 w = load(tail), x = load(tail + 16), y = load(tail + 32), z = load(tail + 48);
        do {
            v16 a = load(s), b = load(s + 16), c = load(s + 32), e = load(s + 48);
            store(d, a), store(d + 16, b), store(d + 32, c), store(d + 48, e);
            d += LINE, s += LINE;
        } while (d < last);
        store(last, w), store(last + 16, x), store(last + 32, y), store(last + 48, z);
    } else {
        v16 w = load(s), x = load(s + 16), y = load(s + 32), z = load(s + 48);
        do {
            v16 a = load(tail), b = load(tail + 16), c = load(tail + 32), e = load(tail + 48);
            store(last, a), store(last + 16, b), store(last + 32, c), store(last + 48, e);
            last -= LINE, tail -= LINE;
        } while (last > d);
        store(d, w), store(d + 16, x), store(d + 32, y), store(d + 48, z);
    }
    return to;
}

INLINE u64 move(u64 to, u64 from, u64 n)
{
    if (n > LINE)
        return inside(to, n) && inside(from, n) ? move_many(to, (u32)from, (u32)n) : DECLINED;
    if (!inside(to, 0) || !inside(from, 0))
        return DECLINED;
    u32 k = (u32)n;
    u8 *d = at((u32)to);
    const u8 *s = at((u32)from);
    if (k > 32) {
        v16 a = load(s), b = load(s + 16), c = load(s + k - 32), e = load(s + k - 16);
        store(d, a), store(d + 16, b), store(d + k - 32, c), store(d + k - 16, e);
    } else if (k >= 16) {
        v16 a = load(s), b = load(s + k - 16);
        store(d, a), store(d + k - 16, b);
    } else if (k >= 8) {
        u64 a = *(unaligned64 *)s, b = *(unaligned64 *)(s + k - 8);
        *(unaligned64 *)d = a;
        *(unaligned64 *)(d + k - 8) = b;
    } else if (k >= 4) {
        u32 a = *(unaligned32 *)s, b = *(unaligned32 *)(s + k - 4);
        *(unaligned32 *)d = a;
        *(unaligned32 *)(d + k - 4) = b;
    } else if (k) {
        u8 a = *s, b = s[k / 2], c = s[k - 1];
        *d = a;
        d[k / 2] = b;
        d[k - 1] = c;
    }
    return to;
}

u64 string_move(u64 to, u64 from, u64 n)
{
    return move(to, from, n);
}

static __attribute__((noinline)) u64 set_many(u64 to, u8 c, u32 n)
{
    touch_to_write((u32)to, n);
    __builtin_memset(at((u32)to), c, n);
    return to;
}

u64 string_set(u64 to, u64 value, u64 n)
{
    if (!inside(to, n))
        return DECLINED;
    u8 *d = at((u32)to), c = (u8)value;
    u32 k = (u32)n;
    if (k >= 16) {
        if (k >= BULK)
            return set_many(to, c, k);
        v16 all = (v16){} + c;
        u8 *end = d + k;
        if (k > 32) {
            if (k > LINE) {
                u8 *last = end - LINE;
                do {
                    store(d, all), store(d + 16, all), store(d + 32, all), store(d + 48, all);
                    d += LINE;
                } while (d < last);
                d = last;
            }
            store(d + 16, all), store(end - 32, all);
        }
        store(d, all), store(end - 16, all);
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
        *d = c;
        d[k / 2] = c;
        d[k - 1] = c;
    }
    return to;
}

/* 0 in each byte that ends the comparison: where the two differ, or (where `text`) are 0. */
INLINE v16 same(const u8 *a, const u8 *b, int text)
{
    v16 x = load(a), equal = (v16)(x == load(b));
    return text ? least(equal, x) : equal;
}

INLINE v16 same_in_line(const u8 *a, const u8 *b, int text)
{
    v16 w = same(a, b, text), x = same(a + 16, b + 16, text);
    v16 y = same(a + 32, b + 32, text), z = same(a + 48, b + 48, text);
    return least(least(w, x), least(y, z));
}

/* The difference of the first bytes below n that end the comparison, 0 where none does. */
INLINE u32 compare(u32 one, u32 other, u64 n, int text)
{
    const u8 *a = at(one), *b = at(other);
    for (;;) {
        u32 here = smaller(room((u32)a), room((u32)b));
        if (here >= 16) {
            u32 stop = zeros(same(a, b, text));
            if (stop) {
                u32 i = first(stop);
                return i < n ? (u32)(a[i] - b[i]) : 0;
            }
            if (n <= 16)
                return 0;
            if (n < here)
                here = (u32)n;
            const u8 *end = a + here;
            a += 16, b += 16;
            while (a + LINE <= end && !has_zero(same_in_line(a, b, text)))
                a += LINE, b += LINE;
            while (a < end) {
                u32 over = a + 16 > end ? (u32)(a + 16 - end) : 0; /* the last ones once more */
                a -= over, b -= over;
                stop = zeros(same(a, b, text));
                if (stop) {
                    u32 i = first(stop);
                    return (u32)(a[i] - b[i]);
                }
                a += 16, b += 16;
            }
            n -= here;
        } else {
            if (n < here)
                here = (u32)n;
            for (u32 i = 0; i < here; i++)
                if (a[i] != b[i] || (text && !a[i]))
                    return (u32)(a[i] - b[i]);
            a += here, b += here, n -= here;
        }
        if (!n)
            return 0;
    }
}

u64 string_compare_bytes(u64 one, u64 other, u64 n)
{
    if (!inside(one, n) || !inside(other, n))
        return DECLINED;
    return n ? compare((u32)one, (u32)other, n, 0) : 0;
}

u64 string_compare(u64 one, u64 other)
{
    if (!inside(one, 1) || !inside(other, 1))
        return DECLINED;
    return compare((u32)one, (u32)other, ~0ull, 1);
}

u64 string_compare_limited(u64 one, u64 other, u64 limit)
{
    if (!limit)
        return 0;
    if (!inside(one, 1) || !inside(other, 1))
        return DECLINED;
    return compare((u32)one, (u32)other, limit, 1);
}

/* 0 in each byte that is sought: c, and (where `text`) 0. */
INLINE v16 others(const u8 *from, u8 c, int text)
{
    v16 data = load(from), apart = data ^ ((v16){} + c);
    return text ? least(data, apart) : apart;
}

INLINE v16 others_in_line(const u8 *p, u8 c, int text)
{
    v16 w = others(p, c, text), x = others(p + 16, c, text);
    v16 y = others(p + 32, c, text), z = others(p + 48, c, text);
    return least(least(w, x), least(y, z));
}

/* A bit for each byte of a line that is sought. */
INLINE u64 sought(u32 line, u8 c, int text)
{
    const u8 *p = at(line);
    u32 w = zeros(others(p, c, text)), x = zeros(others(p + 16, c, text));
    u32 y = zeros(others(p + 32, c, text)), z = zeros(others(p + 48, c, text));
    return (w | x << 16) | (u64)(y | z << 16) << 32;
}

/* The first byte from `start` on, below `end`, that is c or (where `text`) 0; `end` where there is none. */
INLINE u32 scan(u32 start, u32 end, u8 c, int text)
{
    if (start >= end)
        return end;
    if (room(start) >= 16) {
        u32 found = zeros(others(at(start), c, text));
        if (found)
            return smaller(start + first(found), end);
    } else {
        (void)*(volatile u8 *)start; /* whose address a fault is to tell */
    }
    u32 line = start & -LINE;
    u64 found = sought(line, c, text) >> (start & (LINE - 1));
    if (found)
        return smaller(start + first(found), end);
    line += LINE;
    if (line & LINE) { /* on the same page */
        found = sought(line, c, text);
        if (found)
            return smaller(line + first(found), end);
        line += LINE;
    }
    for (; line < end; line += 2 * LINE) {
        const u8 *p = at(line);
        if (!has_zero(least(others_in_line(p, c, text), others_in_line(p + LINE, c, text))))
            continue;
        found = sought(line, c, text);
        if (found)
            return smaller(line + first(found), end);
        return smaller(line + LINE + first(sought(line + LINE, c, text)), end);
    }
    return end;
}

/* The end of n bytes; where that is outside the guest's range, one that is not reached. */
INLINE u32 end_of(u64 start, u64 n)
{
    return n <= GUEST_END - start ? (u32)(start + n) : GUEST_END + LINE;
}

u64 string_length(u64 text)
{
    if (!inside(text, 1))
        return DECLINED;
    return scan((u32)text, GUEST_END + LINE, 0, 0) - (u32)text;
}

u64 string_length_limited(u64 text, u64 limit)
{
    if (!inside(text, 1))
        return DECLINED;
    return scan((u32)text, end_of(text, limit), 0, 0) - (u32)text;
}

u64 string_find_byte(u64 data, u64 value, u64 n)
{
    if (!inside(data, 1))
        return DECLINED;
    u32 end = end_of(data, n), where = scan((u32)data, end, (u8)value, 0);
    return where == end ? 0 : where;
}

u64 string_find_last(u64 data, u64 value, u64 n)
{
    if (!inside(data, n))
        return DECLINED;
    if (!n)
        return 0;
    u8 c = (u8)value;
    u32 start = (u32)data, last = start + (u32)n - 1, line = last & -LINE;
    (void)*(volatile u8 *)last;
    u64 found = sought(line, c, 0) << (LINE - 1 - (last & (LINE - 1)));
    while (!found) {
        if (line <= start)
            return 0;
        last = line - 1, line -= LINE;
        (void)*(volatile u8 *)last; /* descending: the first byte of a page is its last */
        if (has_zero(others_in_line(at(line), c, 0)))
            found = sought(line, c, 0);
    }
    u32 where = last - (u32)__builtin_clzll(found);
    return where >= start ? where : 0;
}

u64 string_find_or_end(u64 text, u64 value)
{
    if (!inside(text, 1))
        return DECLINED;
    return scan((u32)text, GUEST_END + LINE, (u8)value, 1);
}

u64 string_find(u64 text, u64 value)
{
    if (!inside(text, 1))
        return DECLINED;
    u32 where = scan((u32)text, GUEST_END + LINE, (u8)value, 1);
    return *at(where) == (u8)value ? where : 0;
}

u64 string_find_raw(u64 data, u64 value)
{
    if (!inside(data, 1))
        return DECLINED;
    return scan((u32)data, GUEST_END + LINE, (u8)value, 0);
}

/* strcpy and stpcpy: the address of the copy's end, or DECLINED. */
u64 string_copy_end(u64 to, u64 from)
{
    if (!inside(from, 1))
        return DECLINED;
    u64 length = scan((u32)from, GUEST_END + LINE, 0, 0) - (u32)from;
    if (!inside(to, length + 1))
        return DECLINED;
    return move(to, from, length + 1) + length;
}
