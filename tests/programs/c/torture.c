// Integers, floats, libm, printf and the corners of the ABI; the output is compared with qemu-user's.
#define _GNU_SOURCE
#include <alloca.h>
#include <complex.h>
#include <ctype.h>
#include <errno.h>
#include <fenv.h>
#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <wchar.h>

#pragma STDC FENV_ACCESS ON

static uint64_t state = 0x9E3779B97F4A7C15u;
static uint64_t next(void) {
    state ^= state << 13; state ^= state >> 7; state ^= state << 17;
    return state;
}
static uint64_t digest = 14695981039346656037u;
static void mix(const void *data, size_t n) {
    for (size_t i = 0; i < n; i++) digest = (digest ^ ((const uint8_t *)data)[i]) * 1099511628211u;
}
#define MIX(value) do { __typeof__(value) mixed = (value); mix(&mixed, sizeof mixed); } while (0)
static void report(const char *what) { printf("%-12s %016" PRIx64 "\n", what, digest); }
static double as_double(uint64_t bits) { double d; memcpy(&d, &bits, 8); return d; }
static float as_float(uint32_t bits) { float f; memcpy(&f, &bits, 4); return f; }
// A NaN's sign and payload are not the C language's business; which bits come out of an instruction is the ISA tests'.
static void mix_double(double d) { if (isnan(d)) d = NAN; MIX(d); }
static void mix_float(float f) { if (isnan(f)) f = NAN; MIX(f); }

static void integers(void) {
    for (int i = 0; i < 20000; i++) {
        uint64_t a = next() >> (next() & 63), b = next() >> (next() & 63);
        int64_t c = (int64_t)a, d = (int64_t)b | 1;
        if (d == -1) d = 3;
        MIX(a + b); MIX(a * b); MIX(a / (b | 1)); MIX(a % (b | 1)); MIX(c / d); MIX(c % d);
        MIX((uint32_t)a / ((uint32_t)b | 1)); MIX((int32_t)((uint32_t)a * (uint32_t)b));
        MIX((unsigned __int128)a * b >> 64); MIX((uint64_t)((__int128)c * d >> 64));
        MIX(a << (b & 63)); MIX(a >> (b & 63)); MIX(c >> (b & 63)); MIX((int32_t)a >> (b & 31)); MIX((uint32_t)a << (b & 31));
        MIX((int8_t)a); MIX((uint16_t)b); MIX((int16_t)c); MIX(a < b); MIX(c < d);
        MIX(__builtin_popcountll(a)); MIX(a ? __builtin_clzll(a) : 64); MIX(a ? __builtin_ctzll(a) : 64); MIX(__builtin_bswap64(a));
        MIX((uint64_t)(((unsigned __int128)a << 64 | b) / (b | 1)));
        long long sum; MIX(__builtin_saddll_overflow(c, d, &sum)); MIX(sum);
        int product; MIX(__builtin_smul_overflow((int)a, (int)b, &product)); MIX(product);
    }
    report("integers");
}

static void conversions(void) {
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = next();
        double d = as_double(bits), small = ldexp((double)(int64_t)bits, (int)(next() % 80) - 70);
        float f = as_float((uint32_t)bits), narrow = (float)small;
        mix_double(f); mix_float((float)d); mix_float(narrow); mix_double(small);
        MIX((double)(int64_t)bits); MIX((double)bits); MIX((float)(int64_t)bits); MIX((float)bits);
        MIX((double)(int32_t)bits); MIX((float)(uint32_t)bits);
        if (fabs(small) < 9e18) { MIX((int64_t)small); MIX(llrint(small)); MIX(llround(small)); }
        if (fabs(small) < 2e9) { MIX((int32_t)small); MIX((int32_t)narrow); MIX(lrintf(narrow)); }
        if (small >= 0 && small < 1.8e19) MIX((uint64_t)small);
        if (small >= 0 && small < 4e9) MIX((uint32_t)small);
        long double l = d; MIX((bool)(l == d)); l = (long double)bits * 3 / 7; MIX((uint64_t)l); mix_double((double)(l * l));
    }
    report("conversions");
}

static void floats(void) {
    static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
    for (int i = 0; i < 20000; i++) {
        volatile double a = as_double(next()), b = as_double(next()), c = as_double(next());
        if (i & 1) { a = (double)(int32_t)next() / 1024; b = (double)(int32_t)next() / 64; c = -a * b; }
        volatile float x = (float)a, y = (float)b, z = (float)c;
        fesetround(modes[i / 2 & 3]);
        feclearexcept(FE_ALL_EXCEPT);
        mix_double(a + b); mix_double(a - b); mix_double(a * b); mix_double(a / b); mix_double(sqrt(fabs(a)));
        mix_double(fma(a, b, c)); mix_double(fma(-a, b, c)); mix_double(fmin(a, b)); mix_double(fmax(a, b));
        mix_float(x + y); mix_float(x - y); mix_float(x * y); mix_float(x / y); mix_float(sqrtf(fabsf(x))); mix_float(fmaf(x, y, z));
        mix_double(rint(a)); mix_double(nearbyint(b)); mix_float((float)a); mix_float((float)b);
        MIX(a < b); MIX(a <= b); MIX(a == b); MIX(isless(a, b)); MIX(isunordered(a, b)); MIX(signbit(a)); MIX(fpclassify(b));
        mix_double(copysign(a, b)); mix_double(floor(a)); mix_double(ceil(b)); mix_double(trunc(a)); mix_double(round(b));
        MIX(fetestexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW | FE_INEXACT));
        fesetround(FE_TONEAREST);
    }
    report("floats");
}

static void mathematics(void) {
    static const struct { const char *name; double (*function)(double); } unary[] = {
        {"sin", sin}, {"cos", cos}, {"tan", tan}, {"asin", asin}, {"acos", acos}, {"atan", atan}, {"sinh", sinh}, {"cosh", cosh},
        {"tanh", tanh}, {"asinh", asinh}, {"acosh", acosh}, {"atanh", atanh}, {"exp", exp}, {"exp2", exp2}, {"expm1", expm1},
        {"log", log}, {"log2", log2}, {"log10", log10}, {"log1p", log1p}, {"cbrt", cbrt}, {"erf", erf}, {"erfc", erfc},
        {"tgamma", tgamma}, {"lgamma", lgamma}, {"j0", j0}, {"y1", y1}, {"logb", logb},
    };
    for (size_t n = 0; n < sizeof unary / sizeof *unary; n++) {
        for (int i = -40; i <= 40; i++) mix_double(unary[n].function(i * 0.3125));
        for (int i = 0; i < 200; i++) mix_double(unary[n].function(as_double(next())));
        printf("%-6s %.17g %a ", unary[n].name, unary[n].function(0.7), unary[n].function(1.3)); report("");
    }
    for (int i = 0; i < 2000; i++) {
        double a = (double)(int64_t)next() / 1e15, b = (double)(int32_t)next() / 1e8;
        mix_double(pow(fabs(a), b)); mix_double(atan2(a, b)); mix_double(fmod(a, b)); mix_double(remainder(a, b)); mix_double(hypot(a, b));
        mix_double(nextafter(a, b)); mix_double(fdim(a, b)); mix_float(powf((float)fabs(a), (float)b)); mix_float(sinf((float)a)); mix_float(expf((float)b));
        int exponent, quotient; double whole; mix_double(frexp(a, &exponent)); MIX(exponent); mix_double(modf(a, &whole)); mix_double(whole); mix_double(remquo(a, b, &quotient));
        double complex w = cexp(a / 1e4 + b * I) * csqrt(b + a * I); mix_double(creal(w)); mix_double(cimag(w));
        mix_double((double)expl(b)); mix_double((double)sinl(a));
    }
    report("mathematics");
}

static void printing(void) {
    char text[512];
    for (int i = 0; i < 3000; i++) {
        double d = i & 1 ? as_double(next()) : (double)(int64_t)next() / 997;
        int n = snprintf(text, sizeof text, "%.17g %g %e %.0f|%+.3e|%#.5g|%a|%-20.6g|%020.3f", d, d, d, d < 1e60 && d > -1e60 ? d : 0., d, d, d, d, d < 1e30 && d > -1e30 ? d : 1.);
        if (isnan(d)) continue;  // the sign of a NaN
        mix(text, (size_t)n);
        double back = strtod(text, NULL); MIX(back == d);
        mix_float(strtof(text, NULL));
        n = snprintf(text, sizeof text, "%Lg %d %u %lx %#lo %hhd %hd %zu %jd %td %5c|%.3s|%-8s|%*.*f %%", (long double)d, (int)next(), (unsigned)next(), (long)next(), (long)next(),
                     (int)next(), (int)next(), (size_t)next(), (intmax_t)next(), (ptrdiff_t)next(), 'x', "string", "left", 12, 4, i / 7.0);
        mix(text, (size_t)n);
    }
    printf("%d %i %o %x %X %#x %+d % d %05d %-5d| %s %.2s %c %p %ld %lld %hhu %e %E %g %G %a\n", -1, 2, 8, 255, 255, 255, 5, 5, 42, 42, "text", "text", 'c', (void *)0,
           LONG_MIN, LLONG_MAX, 300, 12345.678, 1e-10, 1e100, 1e-5, 1.0);
    int a; unsigned b; double c; char word[20]; long e;
    int got = sscanf("  -42 ff 3.25e2 word 0x1F", "%d %x %lf %19s %li", &a, &b, &c, word, &e);
    printf("%d %d %u %g %s %ld %ld %llu %d\n", got, a, b, c, word, e, strtol("zz", NULL, 36), strtoull("18446744073709551616", NULL, 10), errno == ERANGE);
    printf("%.40f %.30Lf %.50g %g %g\n", 0.1, 0.1L, 1e-310, DBL_MAX, (double)FLT_MIN);
    report("printing");
}

static jmp_buf environment;
static int depth_reached;
static void dig(int depth) {
    volatile char frame[64];
    frame[depth & 63] = (char)depth;
    depth_reached = depth;
    if (depth == 5000) longjmp(environment, 7);
    dig(depth + 1);
    MIX(frame[0]);
}
static long ackermann(long m, long n) { return m == 0 ? n + 1 : ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1)); }
static double average(int count, ...) {
    va_list list, copy;
    va_start(list, count); va_copy(copy, list);
    double sum = 0;
    for (int i = 0; i < count; i++) { int kind = va_arg(list, int); sum += kind == 0 ? va_arg(list, int) : kind == 1 ? va_arg(list, double) : (double)va_arg(list, long double); }
    sum += va_arg(copy, int);
    va_end(copy); va_end(list);
    return sum / count;
}
struct pair { float a; double b; };
struct big { long a[5]; char c; };
struct mixed { int i; float f; };
struct bits { unsigned a : 3; int b : 5; unsigned long c : 33; unsigned : 0; signed d : 7; bool e : 1; };
static struct pair swap(struct pair p) { return (struct pair){(float)p.b, p.a}; }
static struct big grow(struct big b, struct mixed m, __int128 wide, long double l) { b.a[1] += m.i + (long)m.f; b.a[4] = (long)(wide >> 64); b.c++; b.a[2] = (long)l; return b; }
static int many(int a, long b, char c, float d, double e, short f, unsigned g, int h, double i, double j, double k, double l, double m, double n, double o, float p, int q, long r)
{ return (int)(a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r); }

static void calls(void) {
    int code = setjmp(environment);
    if (code == 0) dig(0);
    printf("longjmp %d from %d, ackermann %ld, average %g\n", code, depth_reached, ackermann(2, 300), average(4, 0, 5, 1, 2.5, 2, 7.25L, 0, -3));
    struct pair p = swap((struct pair){1.5f, 2.25});
    struct big b = grow((struct big){{1, 2, 3, 4, 5}, 'c'}, (struct mixed){7, 8.5f}, (__int128)9 << 64, 10.75L);
    printf("%g %g %ld %ld %ld %c %d\n", p.a, p.b, b.a[1], b.a[2], b.a[4], b.c, many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18));
    struct bits f = {5, -7, 0x1FFFFFFFFul, -33, true};
    f.a += 4; f.c -= 5; f.b--; f.d *= 2;
    printf("%u %d %lu %d %d %zu\n", f.a, f.b, (unsigned long)f.c, f.d, f.e, sizeof f);
    long sum = 0;
    for (int i = 1; i < 200; i++) { char *room = alloca((size_t)i * 17); memset(room, i, (size_t)i * 17); int vla[i]; vla[i - 1] = i; sum += room[i] + vla[i - 1] + ((uintptr_t)room & 15); }
    printf("alloca %ld\n", sum);
    MIX(sum); report("calls");
}

#define CASE(n) case n: return n * 37 + 11; case n + 1000: return n ^ 0x55; case n + 77777: return -n;
#define CASES(n) CASE(n) CASE(n + 1) CASE(n + 2) CASE(n + 3) CASE(n + 4) CASE(n + 5) CASE(n + 6) CASE(n + 7)
static int choose(int n) { switch (n) { CASES(0) CASES(8) CASES(16) CASES(24) CASES(32) CASES(40) CASES(48) CASES(56) default: return -1; } }
static long machine(const uint8_t *program) {
    static void *const labels[] = {&&halt, &&push, &&add, &&multiply, &&repeat, &&drop};
    long stack[16] = {0}, count = 100000; int top = 0; const uint8_t *at = program;
    goto *labels[*at++];
push: stack[++top & 15] = *at++; goto *labels[*at++];
add: top--; stack[top & 15] += stack[(top + 1) & 15]; goto *labels[*at++];
multiply: top--; stack[top & 15] *= stack[(top + 1) & 15]; goto *labels[*at++];
repeat: if (--count) at = program; goto *labels[*at++];
drop: stack[top & 15] &= 0xFFFF; goto *labels[*at++];
halt: return stack[top & 15];
}
static void jumps(void) {
    long sum = 0;
    for (int i = -10; i < 80000; i += (i & 7) + 1) sum += choose(i);
    static const uint8_t program[] = {1, 7, 2, 1, 3, 3, 5, 4, 0};
    printf("switch %ld goto %ld\n", sum, machine(program));
}

static int by_value(const void *a, const void *b) { uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b; return x < y ? -1 : x > y; }
static void strings(void) {
    static char one[5000], two[5000]; static uint32_t numbers[20000];
    for (int i = 0; i < 3000; i++) {
        size_t n = next() % 300, a = next() % 64, b = next() % 64;
        for (size_t k = 0; k < n; k++) one[a + k] = (char)(next() % 3 + 'a');
        one[a + n] = 0; memcpy(two + b, one + a, n + 1); if (n && (i & 1)) two[b + next() % n]++;
        MIX(strlen(one + a)); int order = memcmp(one + a, two + b, n); MIX((order > 0) - (order < 0)); order = strcmp(one + a, two + b); MIX((order > 0) - (order < 0));
        char *found = strchr(one + a, 'c'); MIX(found ? found - one : -1); found = strstr(one + a, "abcab"); MIX(found ? found - one : -1); found = strrchr(one + a, 'b'); MIX(found ? found - one : -1);
        MIX(strspn(one + a, "ab")); MIX(strcspn(one + a, "c")); found = memchr(one + a, 'c', n); MIX(found ? found - one : -1); memmove(one + a, one + a + n / 3, n - n / 3); mix(one + a, n);
        memset(two + b, 'z', n / 2); mix(two, 400); MIX(strnlen(two, 10)); strncpy(two, one + a, 20); mix(two, 20); MIX(strncasecmp(one + a, two, 5) == 0);
    }
    for (int i = 0; i < 20000; i++) numbers[i] = (uint32_t)next();
    qsort(numbers, 20000, 4, by_value); mix(numbers, sizeof numbers); MIX((uint32_t *)bsearch(&numbers[777], numbers, 20000, 4, by_value) - numbers);
    char list[] = "a,b;;c", *save, *token; for (token = strtok_r(list, ",;", &save); token; token = strtok_r(NULL, ",;", &save)) printf("[%s]", token);
    printf(" %s %d %d %s\n", strerror(ENOENT), toupper('x'), isspace('\t') != 0, strpbrk("hello", "lo"));
    char *heap[200] = {0};
    for (int i = 0; i < 20000; i++) { int slot = (int)(next() % 200); size_t size = next() % 5000 + 1; if (next() % 100 == 0) size *= 200; heap[slot] = realloc(heap[slot], size); heap[slot][0] = (char)slot; heap[slot][size - 1] = (char)i; if (next() % 4 == 0) { free(heap[slot]); heap[slot] = NULL; } }
    for (int i = 0; i < 200; i++) { if (heap[i]) MIX((char)(heap[i][0] == (char)i)); free(heap[i]); }
    struct tm when = {.tm_year = 124, .tm_mon = 1, .tm_mday = 29, .tm_hour = 12}; time_t t = timegm(&when); strftime(one, 100, "%Y-%m-%d %j %a %U", gmtime(&t)); puts(one);
    wchar_t wide[20]; printf("%zu %d\n", mbstowcs(wide, "ascii", 20), swprintf(wide, 20, L"%ls %d", L"wide", 5));
    report("strings");
}

static void atomics(void) {
    static _Atomic int32_t word; static _Atomic int64_t twice; static _Atomic uint8_t byte; static _Atomic uint16_t half; static atomic_flag flag = ATOMIC_FLAG_INIT;
    for (int i = 0; i < 5000; i++) {
        int32_t a = (int32_t)next(); int64_t b = (int64_t)next();
        MIX(atomic_fetch_add(&word, a)); MIX(atomic_fetch_sub(&twice, b)); MIX(atomic_fetch_or(&byte, (uint8_t)a)); MIX(atomic_fetch_xor(&half, (uint16_t)b)); MIX(atomic_fetch_and(&word, (int32_t)b));
        MIX(atomic_exchange(&word, a)); int32_t expected = i & 1 ? a : 0; MIX(atomic_compare_exchange_strong(&word, &expected, 5)); MIX(expected);
        int64_t other = twice; MIX(atomic_compare_exchange_strong(&twice, &other, b)); uint8_t old = byte; MIX(atomic_compare_exchange_strong_explicit(&byte, &old, (uint8_t)(old + 3), memory_order_acq_rel, memory_order_relaxed));
        static int32_t plain; MIX(__atomic_fetch_nand(&plain, a, __ATOMIC_SEQ_CST)); MIX(atomic_flag_test_and_set(&flag)); if (i % 3 == 0) atomic_flag_clear(&flag); atomic_thread_fence(memory_order_seq_cst);
#ifdef __riscv
        int64_t result; static int64_t cell = 5;
        __asm__ volatile("amomax.d %0, %1, (%2)" : "=r"(result) : "r"(b), "r"(&cell) : "memory"); MIX(result); __asm__ volatile("amominu.w %0, %1, (%2)" : "=r"(result) : "r"(b), "r"(&cell) : "memory"); MIX(result); MIX(cell);
#endif
    }
    report("atomics");
}

int main(int argc, char **argv) {
    printf("%d %s\n", argc, argv[argc - 1]);
    integers(); conversions(); floats(); mathematics(); printing(); calls(); jumps(); strings(); atomics();
    fprintf(stderr, "done\n");
    return 42;
}
