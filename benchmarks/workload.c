/* Integer work of the kinds that CoreMark mixes: linked lists, small matrices, a state machine, a checksum.
 * No C library: `write` and `exit` only, so that the same file runs on every engine and natively.
 *
 *     workload [rounds]     prints the checksum of all rounds
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

#if defined(__riscv)
static long system_call(long number, long a, long b, long c)
{
    register long a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c, a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
    return a0;
}
enum { SYS_WRITE = 64, SYS_EXIT = 93 };
__asm__(".globl _start\n_start: .option push\n.option norelax\n lla gp, __global_pointer$\n.option pop\n"
        " ld a0, 0(sp)\n addi a1, sp, 8\n call begin\n");
#elif defined(__x86_64__)
static long system_call(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}
enum { SYS_WRITE = 1, SYS_EXIT = 60 };
__asm__(".globl _start\n_start: mov (%rsp), %rdi\n lea 8(%rsp), %rsi\n and $-16, %rsp\n call begin\n");
#elif defined(__aarch64__)
static long system_call(long number, long a, long b, long c)
{
    register long x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c, x8 __asm__("x8") = number;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x8) : "memory");
    return x0;
}
enum { SYS_WRITE = 64, SYS_EXIT = 93 };
__asm__(".globl _start\n_start: ldr x0, [sp]\n add x1, sp, 8\n bl begin\n");
#endif

static u16 checksum_byte(u8 data, u16 crc)
{
    for (int bit = 0; bit < 8; bit++) {
        u8 carry = (u8)((data & 1) ^ (crc & 1));
        data >>= 1;
        crc >>= 1;
        if (carry)
            crc ^= 0xA001;
    }
    return crc;
}

static u16 checksum(u32 value, u16 crc)
{
    crc = checksum_byte((u8)value, crc);
    crc = checksum_byte((u8)(value >> 8), crc);
    crc = checksum_byte((u8)(value >> 16), crc);
    return checksum_byte((u8)(value >> 24), crc);
}

/* Lists */

enum { NODES = 200 };
struct node {
    struct node *next;
    short key, tag;
};
static struct node pool[NODES];

static struct node *reverse(struct node *list)
{
    struct node *done = 0;
    while (list) {
        struct node *next = list->next;
        list->next = done;
        done = list;
        list = next;
    }
    return done;
}

static struct node *find(struct node *list, short key)
{
    while (list && list->key != key)
        list = list->next;
    return list;
}

static int by_key(const struct node *a, const struct node *b) { return a->key - b->key; }
static int by_tag(const struct node *a, const struct node *b) { return a->tag - b->tag; }

/* A bottom-up merge sort, which calls its comparison through a pointer. */
static struct node *sort(struct node *list, int (*compare)(const struct node *, const struct node *))
{
    for (int run = 1;; run *= 2) {
        struct node *left = list, **tail = &list;
        int merges = 0;
        while (left) {
            struct node *right = left;
            int nleft = 0, nright = run;
            merges++;
            while (nleft < run && right) {
                right = right->next;
                nleft++;
            }
            while (nleft || (nright && right)) {
                struct node **from = &left;
                if (!nleft || (nright && right && compare(left, right) > 0))
                    from = &right;
                if (from == &left)
                    nleft--;
                else
                    nright--;
                *tail = *from;
                *from = (*from)->next;
                tail = &(*tail)->next;
            }
            left = right;
        }
        *tail = 0;
        if (merges <= 1)
            return list;
    }
}

static u16 lists(u32 seed, u16 crc)
{
    for (int k = 0; k < NODES; k++) {
        seed = seed * 1103515245u + 12345u;
        pool[k] = (struct node){k + 1 < NODES ? &pool[k + 1] : 0, (short)(seed >> 16 & 0x3FF), (short)k};
    }
    struct node *list = pool;
    for (int k = 0; k < 30; k++) {
        struct node *found = find(list, (short)(k * 13));
        list = reverse(list);
        if (found)
            crc = checksum((u32)found->tag, crc);
    }
    list = sort(list, by_key);
    crc = checksum((u32)list->key, crc);
    list = sort(list, by_tag);
    for (struct node *at = list; at; at = at->next)
        crc = checksum_byte((u8)at->key, crc);
    return crc;
}

/* Matrices */

enum { SIZE = 12 };
static short left[SIZE][SIZE], right[SIZE][SIZE];
static int product[SIZE][SIZE];

static u16 matrices(u32 seed, u16 crc)
{
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            seed = seed * 1103515245u + 12345u;
            left[i][j] = (short)(seed >> 16);
            right[i][j] = (short)(seed >> 20 & 0xFF);
        }
    for (int times = 0; times < 4; times++) {
        int sum = 0;
        for (int i = 0; i < SIZE; i++)
            for (int j = 0; j < SIZE; j++) {
                int total = 0;
                for (int k = 0; k < SIZE; k++)
                    total += (left[i][k] >> times) * right[k][j];
                product[i][j] = total;
                sum += (total >> 5) & 0x7F;
            }
        for (int i = 0; i < SIZE; i++)
            left[i][times] = (short)(left[i][times] + product[i][i]);
        crc = checksum((u32)sum, crc);
    }
    return crc;
}

/* A state machine that tells number formats apart */

enum state { START, SIGN, INTEGER, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, SCIENTIFIC, INVALID, STATES };
static u32 counts[STATES];
static const char text[] = "5012,-874,+122,35.54400,.1234500,-110.700,+0.64400,5.500e+3,-.123e-2,-87e+832,+0.6e-12,"
                           "T0.3e-1F,-T.T++Tq,1T3.4e4z,34.0e-T^,12345,67890,3.14159,2.71828e0,";

static int digit(char c) { return c >= '0' && c <= '9'; }

static enum state step(enum state state, char c)
{
    switch (state) {
    case START:
        return digit(c) ? INTEGER : c == '+' || c == '-' ? SIGN : c == '.' ? POINT : INVALID;
    case SIGN:
        return digit(c) ? INTEGER : c == '.' ? POINT : INVALID;
    case INTEGER:
        return digit(c) ? INTEGER : c == '.' ? POINT : c == 'e' ? EXPONENT : INVALID;
    case POINT:
    case FRACTION:
        return digit(c) ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case EXPONENT:
        return digit(c) ? SCIENTIFIC : c == '+' || c == '-' ? EXPONENT_SIGN : INVALID;
    case EXPONENT_SIGN:
    case SCIENTIFIC:
        return digit(c) ? SCIENTIFIC : INVALID;
    default:
        return INVALID;
    }
}

static u16 states(u32 seed, u16 crc)
{
    for (int times = 0; times < 8; times++) {
        enum state state = START;
        for (const char *at = text; *at; at++) {
            if (*at == ',') {
                counts[state]++;
                state = START;
            } else
                state = step(state, (char)(*at ^ ((seed >> times & 0x1F) == 3)));
        }
    }
    for (int k = 0; k < STATES; k++)
        crc = checksum(counts[k], crc);
    return crc;
}

__attribute__((used)) void begin(long argc, char **argv)
{
    u32 rounds = 0;
    u16 crc = 0xFFFF;
    for (const char *at = argc > 1 ? argv[1] : "100"; *at; at++)
        rounds = rounds * 10 + (u32)(*at - '0');
    for (u32 k = 0; k < rounds; k++) {
        crc = lists(k ^ crc, crc);
        crc = matrices(k ^ crc, crc);
        crc = states(k, crc);
    }
    char out[5];
    for (int k = 0; k < 4; k++)
        out[k] = "0123456789abcdef"[crc >> (12 - 4 * k) & 15];
    out[4] = '\n';
    system_call(SYS_WRITE, 1, (long)out, 5);
    system_call(SYS_EXIT, 0, 0, 0);
}
