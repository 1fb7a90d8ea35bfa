/* Signal handlers, masks, alternate stack, waiting for signals, and what a handler leaves of the registers. */
#include "guest.h"
#include <setjmp.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

static volatile int count, last, code, value;

static void simple(int signal)
{
    count++;
    last = signal;
}

static void detailed(int signal, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    last = signal;
    code = info->si_code;
    value = info->si_value.sival_int;
    count += 10;
    if (signal == SIGUSR2) /* what the interrupted code sees in t6's place must come back */
        uc->uc_mcontext.__gregs[31] ^= 0;
}

static volatile char *stack_low, *stack_high;
static volatile int on_stack;

static void where(int signal)
{
    char local;
    on_stack = &local >= stack_low && &local < stack_high;
    stack_t now;
    sigaltstack(0, &now);
    on_stack += 10 * (now.ss_flags & SS_ONSTACK);
}

static sigjmp_buf back;

static void jump(int signal)
{
    siglongjmp(back, signal);
}

static volatile int order[8], filled;

static void nested(int signal)
{
    order[filled++] = signal;
    if (signal == SIGUSR1 && filled == 1) {
        raise(SIGUSR1); /* blocked while in its own handler */
        raise(SIGUSR2);
        order[filled++] = -signal;
    }
}

static void set(int signal, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigaction(signal, &action, 0);
}

int main(void)
{
    struct sigaction action, old;
    SHOW(sigaction(SIGKILL, &(struct sigaction){.sa_handler = simple}, 0));
    SHOW(sigaction(SIGSTOP, &(struct sigaction){.sa_handler = SIG_IGN}, 0));
    SHOW(sigaction(65, 0, &old));
    set(SIGUSR1, simple, SA_RESTART);
    SHOW(sigaction(SIGUSR1, 0, &old));
    SHOW(old.sa_handler == simple);
    printf("flags %x\n", old.sa_flags & ~0x4000000);
    SHOW(raise(SIGUSR1));
    printf("count %d last %d\n", count, last);

    sigset_t mask, pending;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    SHOW(sigprocmask(SIG_BLOCK, &mask, 0));
    SHOW(raise(SIGUSR1));
    SHOW(raise(SIGUSR1));
    printf("count %d\n", count);
    sigpending(&pending);
    SHOW(sigismember(&pending, SIGUSR1));
    SHOW(sigprocmask(SIG_UNBLOCK, &mask, 0));
    printf("count %d\n", count);
    SHOW(sigprocmask(77, &mask, 0));
    SHOW(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &mask, 0, 4));
    SHOW(syscall(SYS_rt_sigprocmask, SIG_BLOCK, 8, 0, 8));

    action = (struct sigaction){.sa_sigaction = detailed, .sa_flags = SA_SIGINFO};
    sigaction(SIGRTMIN, &action, 0);
    sigaction(SIGUSR2, &action, 0);
    SHOW(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 1234}));
    printf("last %d code %d value %d count %d\n", last - SIGRTMIN, code, value, count);
    SHOW(kill(getpid(), SIGUSR2));
    printf("last %d code %d count %d\n", last, code, count);
    sigset_t rt;
    sigemptyset(&rt);
    sigaddset(&rt, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &rt, 0);
    for (int i = 0; i < 3; i++)
        sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i});
    siginfo_t info;
    SHOW(sigwaitinfo(&rt, &info) - SIGRTMIN);
    SHOW(info.si_value.sival_int);
    count = 0;
    sigprocmask(SIG_UNBLOCK, &rt, 0);
    printf("count %d value %d\n", count, value);
    struct timespec soon = {0, 20000000};
    SHOW(sigtimedwait(&rt, &info, &soon));

    /* alternate stack */
    static char room[65536];
    stack_low = room, stack_high = room + sizeof room;
    stack_t stack = {.ss_sp = room, .ss_size = sizeof room}, before;
    SHOW(sigaltstack(&stack, &before));
    SHOW(before.ss_flags);
    set(SIGUSR1, where, SA_ONSTACK);
    raise(SIGUSR1);
    SHOW(on_stack);
    set(SIGUSR1, where, 0);
    raise(SIGUSR1);
    SHOW(on_stack);
    stack.ss_size = 100;
    SHOW(sigaltstack(&stack, 0));
    stack = (stack_t){.ss_flags = SS_DISABLE};
    SHOW(sigaltstack(&stack, 0));

    /* one handler inside another, one-shot handlers, longjmp out of one */
    set(SIGUSR1, nested, 0);
    set(SIGUSR2, nested, 0);
    raise(SIGUSR1);
    printf("order %d %d %d %d\n", order[0], order[1], order[2], order[3]);
    set(SIGUSR1, simple, SA_RESETHAND);
    raise(SIGUSR1);
    sigaction(SIGUSR1, 0, &old);
    SHOW(old.sa_handler == SIG_DFL);
    set(SIGUSR2, jump, 0);
    int got = sigsetjmp(back, 1);
    if (got == 0)
        raise(SIGUSR2);
    SHOW(got);
    sigprocmask(SIG_BLOCK, 0, &mask);
    SHOW(sigismember(&mask, SIGUSR2));

    /* faults */
    set(SIGSEGV, jump, 0);
    set(SIGILL, jump, 0);
    set(SIGTRAP, jump, 0);
    if ((got = sigsetjmp(back, 1)) == 0)
        *(volatile int *)8 = 1;
    SHOW(got);
    if ((got = sigsetjmp(back, 1)) == 0)
        __asm__ volatile(".4byte 0");
    SHOW(got);
    if ((got = sigsetjmp(back, 1)) == 0)
        __asm__ volatile("ebreak");
    SHOW(got);

    /* floating registers and fcsr across a handler */
    set(SIGUSR1, simple, 0);
    double keep = 1.0 / 3;
    __asm__ volatile("fsrmi 2");
    raise(SIGUSR1);
    long rounding;
    __asm__ volatile("frrm %0" : "=r"(rounding));
    __asm__ volatile("fsrmi 0");
    printf("rounding %ld keep %.17g\n", rounding, keep);

    /* calls that a signal ends */
    set(SIGALRM, simple, 0);
    struct itimerval timer = {{0, 30000}, {0, 30000}}; /* again, for where the first one comes before the call */
    count = 0;
    SHOW(setitimer(ITIMER_REAL, &timer, 0));
    struct timespec second = {5, 0}, left;
    SHOW(nanosleep(&second, &left));
    printf("left %d count %d\n", left.tv_sec == 4, count > 0);
    int fds[2];
    pipe(fds);
    char byte;
    setitimer(ITIMER_REAL, &timer, 0);
    SHOW(read(fds[0], &byte, 1));
    set(SIGALRM, simple, SA_RESTART);
    sigemptyset(&mask);
    setitimer(ITIMER_REAL, &timer, 0);
    SHOW(sigsuspend(&mask));
    timer = (struct itimerval){.it_value = {0, 20000}, .it_interval = {0, 20000}};
    count = 0;
    setitimer(ITIMER_REAL, &timer, 0);
    while (count < 3) /* computing, not waiting */
        ;
    timer = (struct itimerval){0};
    setitimer(ITIMER_REAL, &timer, 0);
    SHOW(count >= 3);
    set(SIGPIPE, simple, 0);
    close(fds[0]);
    SHOW(write(fds[1], "x", 1));
    printf("last %d\n", last);
    SHOW(kill(999999, 0));
    SHOW(kill(getpid(), 65));
    set(SIGUSR1, SIG_IGN, 0);
    SHOW(raise(SIGUSR1));
    return 0;
}
