/* What disturbs translated code: signals, forks, threads, exec, long jumps, changed code, depth. No C library, so
   that all of it is translated in a second. Run as: bare WHAT. */

typedef unsigned long ulong;

static long call(long n, long a, long b, long c, long d, long e, long f)
{
    register long a7 asm("a7") = n, a0 asm("a0") = a, a1 asm("a1") = b, a2 asm("a2") = c;
    register long a3 asm("a3") = d, a4 asm("a4") = e, a5 asm("a5") = f;
    asm volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5) : "memory");
    return a0;
}

enum { WRITE = 64, EXIT = 93, FUTEX = 98, NANOSLEEP = 101, SETITIMER = 103, YIELD = 124, KILL = 129, SIGACTION = 134,
       GETPID = 172, CLONE = 220, EXECVE = 221, MMAP = 222, MPROTECT = 226, WAIT4 = 260, FLUSH_ICACHE = 259 };

static void put(const char *text)
{
    ulong n = 0;
    while (text[n])
        n++;
    call(WRITE, 1, (long)text, n, 0, 0, 0);
}

static void number(const char *name, long value)
{
    char line[80], digits[24];
    int n = 0, k = 0;
    ulong left = value < 0 ? -value : value;
    while (*name)
        line[n++] = *name++;
    line[n++] = ' ';
    if (value < 0)
        line[n++] = '-';
    do
        digits[k++] = '0' + left % 10;
    while (left /= 10);
    while (k)
        line[n++] = digits[--k];
    line[n++] = '\n';
    line[n] = 0;
    put(line);
}

__attribute__((noipa)) static long fib(long n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static volatile long ticks, seen_address;
static void *jump[5];

struct action { void (*handler)(int, char *, void *); ulong flags; ulong mask; };

static void on_tick(int signal, char *info, void *context) { ticks++; }

static void on_fault(int signal, char *info, void *context)
{
    volatile char used[3000];
    for (int k = 0; k < 3000; k++)
        used[k] = 0x55;
    seen_address = *(long *)(info + 16);
    __builtin_longjmp(jump, 1);
}

static void on_usr(int signal, char *info, void *context)
{
    ticks += 100 + fib(10);
    ((ulong *)context)[22] += 0; /* the frame can be written */
}

static void catch(int signal, void (*handler)(int, char *, void *), ulong flags)
{
    struct action a = { handler, flags | 4 /* SA_SIGINFO */, 0 };
    call(SIGACTION, signal, (long)&a, 0, 8, 0, 0);
}

static void timer(long microseconds)
{
    long t[4] = { 0, microseconds, 0, microseconds };
    call(SETITIMER, 0, (long)t, 0, 0, 0, 0);
}

static void signals(void)
{
    long sum = 0;
    catch(14, on_tick, 0);
    timer(2000);
    while (ticks < 20) /* an endless loop without a call: only a safepoint lets the signal in */
        sum++;
    timer(0);
    number("ticked", ticks >= 20);
    ticks = 0;
    catch(10, on_usr, 0);
    for (long n = 0; n < 50; n++) {
        if (n % 5 == 0)
            call(KILL, call(GETPID, 0, 0, 0, 0, 0, 0), 10, 0, 0, 0, 0);
        sum = fib(8);
    }
    number("handled", ticks);
    number("fib", sum);
}

__attribute__((noipa)) static long wild(long *where, long deep)
{
    return deep ? wild(where, deep - 1) + 1 : *where;
}

__attribute__((noipa)) static long framed(long *where, long deep)
{
    volatile long mine = deep;
    return (deep ? framed(where, deep - 1) + mine : *where) + mine;
}

/* The frames that a handler jumps over may be written to, the one it jumps to may not. */
__attribute__((noipa)) static long jumped_to(long *where, long deep)
{
    volatile long one = deep + 11, two = deep + 22, three = deep + 33;
    long wrong = 0;
    if (deep)
        wrong = jumped_to(where, deep - 1);
    else if (!__builtin_setjmp(jump))
        wrong = framed(where, 9);
    return wrong + (one != deep + 11) + (two != deep + 22) + (three != deep + 33);
}

static void faults(void)
{
    static long *const bad[] = { 0, (long *)8, (long *)0x7fff0000, (long *)0x7fffffff0000, (long *)-8 };
    catch(11, on_fault, 0x40000000 /* SA_NODEFER */);
    for (volatile int n = 0; n < 5; n++) {
        if (!__builtin_setjmp(jump))
            number("not reached", wild(bad[n], 5));
        else
            number("fault at", seen_address);
        number("frames that were written to", jumped_to(bad[n], 3));
    }
}

static ulong frame_of_handler;

static void on_look(int signal, char *info, void *context)
{
    frame_of_handler = (ulong)info;
}

/* What a fault did to the stack of one process is nothing to another. */
static void killed(void)
{
    long child = call(CLONE, 17, 0, 0, 0, 0, 0);
    if (!child)
        number("not reached", wild((long *)8, 5));
    int status = 0;
    call(WAIT4, child, (long)&status, 0, 0, 0, 0);
    number("child killed by", status & 127);
    catch(10, on_look, 0);
    call(KILL, call(GETPID, 0, 0, 0, 0, 0, 0), 10, 0, 0, 0, 0);
    number("handler close by", (ulong)&status - frame_of_handler < 8192);
}

static void forks(void)
{
    for (long n = 0; n < 3; n++) {
        long child = call(CLONE, 17, 0, 0, 0, 0, 0);
        if (!child) {
            number("child computes", fib(10 + n));
            call(EXIT, fib(7) + n, 0, 0, 0, 0, 0);
        }
        int status = 0;
        call(WAIT4, child, (long)&status, 0, 0, 0, 0);
        number("child ended with", status >> 8 & 255);
    }
    number("parent", fib(12));
}

static long stacks[2][2048] __attribute__((aligned(16)));
static volatile long done[2], total;
static volatile int ended;

static void thread(long which)
{
    for (int n = 0; n < 40; n++) {
        done[which] += fib(9);
        __atomic_add_fetch(&total, fib(5), __ATOMIC_SEQ_CST);
        if (n % 10 == 0)
            call(YIELD, 0, 0, 0, 0, 0, 0);
    }
    __atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
    call(FUTEX, (long)&ended, 1, 10, 0, 0, 0);
    call(EXIT, 0, 0, 0, 0, 0, 0);
}

__attribute__((noinline)) static void start(long which)
{
    /* CLONE_VM | FS | FILES | SIGHAND | THREAD | SYSVSEM */
    register long a7 asm("a7") = CLONE, a0 asm("a0") = 0x50f00, a1 asm("a1") = (long)(stacks[which] + 2040);
    register long a2 asm("a2") = 0, a3 asm("a3") = 0, a4 asm("a4") = 0, s1 asm("s1") = which;
    asm volatile("ecall\n bnez a0, 1f\n mv a0, s1\n call thread_entry\n1:"
                 : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(s1) : "memory");
}

__attribute__((used)) void thread_entry(long which) { thread(which); }

static void threads(void)
{
    start(0);
    start(1);
    while (ended < 2)
        call(FUTEX, (long)&ended, 0, ended, 0, 0, 0);
    number("thread 0", done[0]);
    number("thread 1", done[1]);
    number("both", total);
}

__attribute__((noipa)) static long deep(long n)
{
    volatile long local = n;
    return n ? deep(n - 1) + local % 3 : 0;
}

static void depth(void)
{
    number("deep", deep(5000));
    for (volatile int n = 0; n < 3; n++) {
        if (!__builtin_setjmp(jump)) {
            if (deep(300))
                __builtin_longjmp(jump, 1);
        } else
            number("jumped", n);
    }
}

__attribute__((noipa, aligned(4096))) static long changes(long n) { return n + 1; }
__attribute__((noipa, aligned(4096))) static void after(void) { put("after\n"); }

static void code(void)
{
    number("before", changes(41));
    call(MPROTECT, (long)changes, 4096, 7, 0, 0, 0);
    number("writable", changes(41));
    *(volatile unsigned *)changes = 0x06450513; /* addi a0, a0, 100 */
    asm volatile("fence.i");
    unsigned char *at = (unsigned char *)changes + 4;
    *(volatile unsigned short *)at = 0x8082; /* ret */
    call(FLUSH_ICACHE, (long)changes, (long)changes + 4096, 0, 0, 0, 0);
    number("changed", changes(41));
    unsigned *fresh = (unsigned *)call(MMAP, 0, 4096, 7, 0x22, -1, 0);
    for (int n = 0; n < 3; n++) {
        fresh[0] = 0x00050513 | n << 20; /* addi a0, a0, n */
        fresh[1] = 0x00008067;           /* ret */
        asm volatile("fence.i");
        number("generated", ((long (*)(long))fresh)(5));
    }
    after();
}

static volatile ulong seen_pc;

static void on_barrier(int signal, char *info, void *context)
{
    seen_address = *(long *)(info + 16);
    seen_pc = ((ulong *)context)[22];
    call(MPROTECT, seen_address & -4096, 4096, 3, 0, 0, 0);
}

/* Generated code that translated code has called stores where it may not until the handler lets it, as collectors do. */
static void barriers(void)
{
    unsigned *fresh = (unsigned *)call(MMAP, 0, 4096, 7, 0x22, -1, 0);
    long *page = (long *)call(MMAP, 0, 4096, 3, 0x22, -1, 0);
    fresh[0] = 0x00b53023; /* sd a1, 0(a0) */
    fresh[1] = 0x00158513; /* addi a0, a1, 1 */
    fresh[2] = 0x00008067; /* ret */
    asm volatile("fence.i");
    catch(11, on_barrier, 0);
    for (long n = 0; n < 4; n++) {
        call(MPROTECT, (long)page, 4096, 1, 0, 0, 0);
        number("stored", ((long (*)(long *, long))fresh)(page + n, 40 + n));
        number("is there", page[n]);
        number("of the page", seen_address - (long)page);
        number("of the code", seen_pc - (ulong)fresh);
    }
}

__attribute__((noipa)) static long stores(long *page, long n)
{
    long a = n * 3, b = n * 5, c = n * 7;
    page[n] = a + b;
    return a ^ b * c;
}

/* The same of translated code's own stores. */
static void repairs(void)
{
    long *page = (long *)call(MMAP, 0, 4096, 3, 0x22, -1, 0);
    catch(11, on_barrier, 0);
    for (long n = 1; n < 4; n++) {
        call(MPROTECT, (long)page, 4096, 1, 0, 0, 0);
        number("stored", stores(page, n));
        number("is there", page[n]);
        number("of the page", seen_address - (long)page);
    }
}

static void on_last(int signal, char *info, void *context)
{
    put("the last one\n");
    catch(11, 0, 0);
}

static void on_forked(int signal, char *info, void *context)
{
    long status = 0, child = call(CLONE, 17, 0, 0, 0, 0, 0);
    if (child) {
        call(WAIT4, child, (long)&status, 0, 0, 0, 0);
        number("the child", status);
    }
    on_barrier(signal, info, context);
}

/* A handler that two processes return from. */
static void repairs_twice(void)
{
    long *page = (long *)call(MMAP, 0, 4096, 1, 0x22, -1, 0);
    catch(11, on_forked, 0);
    number("stored", stores(page, 2));
    number("is there", page[2]);
}

/* A handler that makes way for what would have happened without it. */
static void gives_up(void)
{
    catch(11, on_last, 0);
    number("not reached", stores((long *)8, 1));
}

static void waits(void)
{
    long nap[2] = { 0, 3000000 };
    long sum = 0;
    for (int n = 0; n < 3; n++) { /* after each wait the frames below are entered in their middle */
        call(NANOSLEEP, (long)nap, 0, 0, 0, 0, 0);
        sum += fib(10);
    }
    number("slept", sum);
}

static int same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

__attribute__((used)) void main_entry(long *stack)
{
    char *what = ((char **)stack)[2];
    if (same(what, "signals"))
        signals();
    else if (same(what, "faults"))
        faults();
    else if (same(what, "barriers"))
        barriers();
    else if (same(what, "repairs"))
        repairs();
    else if (same(what, "repairs twice"))
        repairs_twice();
    else if (same(what, "gives up"))
        gives_up();
    else if (same(what, "killed"))
        killed();
    else if (same(what, "forks"))
        forks();
    else if (same(what, "threads"))
        threads();
    else if (same(what, "depth"))
        depth();
    else if (same(what, "code"))
        code();
    else if (same(what, "waits"))
        waits();
    else if (same(what, "exec")) {
        char *argv[] = { ((char **)stack)[1], "waits", 0 };
        number("before exec", fib(11));
        call(EXECVE, (long)argv[0], (long)argv, 0, 0, 0, 0);
    } else if (same(what, "loop"))
        for (;;)
            ticks++;
    else if (same(what, "crash"))
        number("not reached", wild((long *)0x50000008, 3));
    call(EXIT, 0, 0, 0, 0, 0, 0);
}

asm(".globl _start\n_start:\n.option push\n.option norelax\nla gp, __global_pointer$\n.option pop\nmv a0, sp\nandi sp, sp, -16\ncall main_entry\n");
