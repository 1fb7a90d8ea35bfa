/* Scheduling: nice values, policies, affinity, priorities of I/O, membarrier, restartable sequences, prctl. */
#include "guest.h"
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/rseq.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <sys/wait.h>

struct attr {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

static void only_cpu_0(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(0, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static void nice_values(void)
{
    SHOW(syscall(SYS_getpriority, PRIO_PROCESS, 0));
    SHOW(setpriority(PRIO_PROCESS, 0, 5));
    SHOW(syscall(SYS_getpriority, PRIO_PROCESS, 0));
    SHOW(setpriority(PRIO_PROCESS, getpid(), 100));
    SHOW(syscall(SYS_getpriority, PRIO_PROCESS, getpid()));
    SHOW(setpriority(PRIO_PROCESS, 0, 3));
    SHOW(setpriority(PRIO_PROCESS, 1 << 22, 3));
    SHOW(setpriority(PRIO_PGRP, 1 << 22, 3));
    SHOW(setpriority(7, 0, 3));
    SHOW(syscall(SYS_getpriority, 7, 0));
    SHOW(syscall(SYS_getpriority, PRIO_USER, 777777));
    fflush(stdout);
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(20 - syscall(SYS_getpriority, PRIO_PROCESS, 0));
    waitpid(child, &status, 0);
    printf("inherited %d\n", WEXITSTATUS(status));
}

static void policies(void)
{
    struct sched_param param = {0}, got = {7};
    SHOW(sched_getscheduler(0));
    SHOW(sched_setscheduler(0, SCHED_BATCH, &param));
    SHOW(sched_getscheduler(0));
    SHOW(sched_getparam(0, &got));
    printf("priority %d\n", got.sched_priority);
    SHOW(sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &param));
    SHOW(sched_getscheduler(getpid()));
    param.sched_priority = 5;
    SHOW(sched_setscheduler(0, SCHED_FIFO, &param));
    SHOW(sched_setscheduler(0, SCHED_OTHER, &param));
    SHOW(sched_setparam(0, &param));
    param.sched_priority = 100;
    SHOW(sched_setscheduler(0, SCHED_RR, &param));
    SHOW(sched_setscheduler(0, 4, &param));
    SHOW(sched_setscheduler(0, SCHED_OTHER, NULL));
    SHOW(sched_setscheduler(-1, SCHED_OTHER, &param));
    SHOW(sched_setscheduler(1 << 22, SCHED_OTHER, &param));
    SHOW(sched_getscheduler(-1));
    SHOW(sched_getscheduler(1 << 22));
    SHOW(sched_getparam(0, NULL));
    struct attr attr = {0};
    SHOW(syscall(SYS_sched_getattr, 0, &attr, sizeof attr, 0));
    printf("size %d policy %d flags %lx nice %d\n", attr.size >= 48, attr.policy, (long)attr.flags, attr.nice);
    SHOW(syscall(SYS_sched_getattr, 0, &attr, 47, 0));
    SHOW(syscall(SYS_sched_getattr, 0, &attr, sizeof attr, 1));
    attr = (struct attr){.size = 48, .policy = SCHED_IDLE};
    SHOW(syscall(SYS_sched_setattr, 0, &attr, 0));
    SHOW(sched_getscheduler(0));
    attr.policy = 99;
    SHOW(syscall(SYS_sched_setattr, 0, &attr, 0));
    attr.size = 40;
    SHOW(syscall(SYS_sched_setattr, 0, &attr, 0));
    SHOW(syscall(SYS_sched_setattr, 0, NULL, 0));
    cpu_set_t set;
    CPU_ZERO(&set);
    SHOW(sched_setaffinity(0, sizeof set, &set));
    CPU_SET(0, &set);
    SHOW(sched_setaffinity(0, sizeof set, &set));
    SHOW(syscall(SYS_sched_getaffinity, 0, 4, &set));
    SHOW(syscall(SYS_sched_getaffinity, 1 << 22, 128, &set));
    SHOW(syscall(SYS_sched_getaffinity, 0, 128, (void *)8));
    SHOW(sched_getaffinity(0, sizeof set, &set));
    printf("cpus %d, on %d\n", CPU_COUNT(&set), sched_getcpu());
    SHOW(syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 6));
    SHOW(syscall(SYS_ioprio_get, 1, 0) == (2 << 13 | 6));
    SHOW(syscall(SYS_ioprio_set, 1, 0, 5 << 13));
    SHOW(syscall(SYS_ioprio_set, 1, 0, 1 << 13));
    SHOW(syscall(SYS_ioprio_get, 9, 0));
}

static volatile long *counts;

/* Two that compute on one processor: the nicer one gets less of it. */
static void shares(void)
{
    pid_t children[2];
    counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    only_cpu_0();
    for (int i = 0; i < 2; i++)
        if ((children[i] = fork()) == 0) {
            if (i)
                setpriority(PRIO_PROCESS, 0, 19), counts[2] = 1;
            while (!counts[2])
                ;
            for (;;)
                counts[i]++;
        }
    struct timespec used = {0, 0};
    clockid_t clock;
    clock_getcpuclockid(children[0], &clock);
    while (used.tv_nsec < 300000000 && used.tv_sec == 0)
        usleep(10000), clock_gettime(clock, &used);
    for (int i = 0; i < 2; i++)
        kill(children[i], SIGKILL), waitpid(children[i], NULL, 0);
    printf("the nicer one has less: %d\n", counts[1] * 3 < counts[0]);
}

static long barrier(int command, unsigned flags)
{
    return syscall(SYS_membarrier, command, flags, 0);
}

static void barriers(void)
{
    SHOW((barrier(MEMBARRIER_CMD_QUERY, 0) & 0x1ff) == 0x1ff);
    SHOW(barrier(MEMBARRIER_CMD_GLOBAL, 0));
    SHOW(barrier(MEMBARRIER_CMD_GLOBAL, 1));
    SHOW(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0));
    SHOW(barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0));
    SHOW(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0));
    SHOW(barrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0));
    SHOW(barrier(128, 0));
    SHOW(barrier(256, 0));
    SHOW(barrier(128, 0));
    SHOW(barrier(128, 1));
    SHOW(barrier(512, 0));
    SHOW(barrier(3, 0));
    SHOW(barrier(1 << 20, 0));
    SHOW(barrier(-1, 0));
}

struct section {
    uint32_t version, flags;
    uint64_t start, length, abort;
} __attribute__((aligned(32)));

int spin_in_section(uint64_t *slot, struct section *section);
extern char section_start[], section_end[], section_abort[];
#ifdef __riscv
__asm__(".globl spin_in_section, section_start, section_end, section_abort\n"
        "spin_in_section: sd a1, 0(a0)\n"
        "section_start: addi t0, t0, 1\n j section_start\n"
        "section_end: li a0, 0\n ret\n.4byte 0xf1401073\n"
        "section_abort: li a0, 1\n ret\n");
#else
__asm__(".globl spin_in_section, section_start, section_end, section_abort\n"
        "spin_in_section: movq %rsi, (%rdi)\n"
        "section_start: incq %rax\n jmp section_start\n"
        "section_end: xorl %eax, %eax\n ret\n.byte 0x0f, 0xb9, 0x3d\n.long 0x53053053\n"
        "section_abort: movl $1, %eax\n ret\n");
#endif

static volatile int rang, done;

static void on_signal(int signal)
{
    rang++;
}

static void *compete(void *argument)
{
    while (!done)
        ;
    return NULL;
}

static void sequences(void)
{
    static struct rseq mine __attribute__((aligned(32))), other __attribute__((aligned(32)));
    struct rseq *area = &mine;
#ifdef __riscv
    unsigned signature = 0xf1401073;
#else
    unsigned signature = 0x53053053;
    syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset, 32, 1, signature); /* the C library's */
#endif
    SHOW(syscall(SYS_rseq, area, 32, 0, signature));
    printf("on %u %u node %u\n", area->cpu_id, area->cpu_id_start, ((unsigned *)area)[5]);
    SHOW(syscall(SYS_rseq, area, 32, 0, signature));
    SHOW(syscall(SYS_rseq, area, 32, 0, signature + 1));
    SHOW(syscall(SYS_rseq, &other, 32, 0, signature));
    SHOW(syscall(SYS_rseq, area, 32, 4, signature));
    SHOW(syscall(SYS_rseq, &other, 32, 1, signature));
    SHOW(syscall(SYS_rseq, area, 32, 1, signature + 1));
    struct section section = {0, 0, (uint64_t)section_start, section_end - section_start, (uint64_t)section_abort};
    signal(SIGALRM, on_signal);
    struct itimerval timer = {{0, 0}, {0, 20000}};
    setitimer(ITIMER_REAL, &timer, NULL);
    int aborted = 1;
    while (!rang)
        aborted &= spin_in_section((void *)&area->rseq_cs, &section);
    printf("aborted %d, left %d\n", aborted, area->rseq_cs != 0);
    pthread_t thread;
    pthread_create(&thread, NULL, compete, NULL);
    printf("aborted by another thread's turn %d\n", spin_in_section((void *)&area->rseq_cs, &section));
    done = 1;
    pthread_join(thread, NULL);
    SHOW(syscall(SYS_rseq, area, 32, 1, signature));
    printf("not registered %d\n", (int)area->cpu_id);
    SHOW(syscall(SYS_rseq, area, 32, 1, signature));
    SHOW(syscall(SYS_rseq, (char *)&mine + 4, 32, 0, signature));
    SHOW(syscall(SYS_rseq, &mine, 16, 0, signature));
    SHOW(syscall(SYS_rseq, &mine, 32, 0, signature));
    printf("on %u\n", mine.cpu_id);
    fflush(stdout);
    int status;
    pid_t child = fork();
    if (child == 0) { /* has it too; an abort handler without the signature is refused */
        section.abort += 2;
        setitimer(ITIMER_REAL, &timer, NULL);
        if (syscall(SYS_rseq, &mine, 32, 0, signature) != -1 || errno != EBUSY)
            _exit(9);
        spin_in_section((void *)&mine.rseq_cs, &section);
        _exit(1);
    }
    waitpid(child, &status, 0);
    printf("signal %d\n", WTERMSIG(status));
}

static void options(void)
{
    char name[32];
    int value;
    SHOW(prctl(PR_SET_NAME, "a-name-that-is-too-long"));
    SHOW(prctl(PR_GET_NAME, name));
    printf("%s\n", name);
    SHOW(prctl(PR_SET_PDEATHSIG, SIGUSR1));
    SHOW(prctl(PR_GET_PDEATHSIG, &value));
    printf("%d\n", value);
    SHOW(prctl(PR_SET_PDEATHSIG, 65));
    SHOW(prctl(PR_SET_PDEATHSIG, 0));
    SHOW(prctl(PR_SET_DUMPABLE, 2));
    SHOW(prctl(PR_SET_DUMPABLE, 1));
    SHOW(prctl(PR_GET_DUMPABLE));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0));
    SHOW(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    SHOW(prctl(PR_SET_CHILD_SUBREAPER, 1));
    SHOW(prctl(PR_GET_CHILD_SUBREAPER, &value));
    printf("%d\n", value);
    SHOW(prctl(PR_SET_KEEPCAPS, 1));
    SHOW(prctl(PR_GET_KEEPCAPS));
    SHOW(prctl(PR_SET_KEEPCAPS, 2));
    SHOW(prctl(PR_CAPBSET_READ, 63));
    SHOW(prctl(PR_CAPBSET_DROP, 1));
    SHOW(prctl(PR_SET_TIMERSLACK, 1000));
    SHOW(prctl(PR_GET_TIMERSLACK));
    SHOW(prctl(PR_SET_TIMERSLACK, 0));
    SHOW(prctl(PR_GET_TIMERSLACK));
    SHOW(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
    SHOW(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
    SHOW(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0));
    SHOW(prctl(12345));
}

static void *use_time(void *argument)
{
    struct rusage mine;
    do
        getrusage(RUSAGE_THREAD, &mine);
    while (mine.ru_utime.tv_usec + mine.ru_stime.tv_usec < 20000);
    return NULL;
}

static long micros(struct rusage *r)
{
    return (r->ru_utime.tv_sec + r->ru_stime.tv_sec) * 1000000 + r->ru_utime.tv_usec + r->ru_stime.tv_usec;
}

static void usage(void)
{
    struct rusage before, after, all, none;
    pthread_t thread;
    getrusage(RUSAGE_THREAD, &before);
    pthread_create(&thread, NULL, use_time, NULL);
    pthread_join(thread, NULL);
    getrusage(RUSAGE_THREAD, &after);
    getrusage(RUSAGE_SELF, &all);
    printf("in the other thread %d\n", micros(&all) - micros(&after) >= 19000);
    SHOW(getrusage(7, &all));
    SHOW(getrusage(RUSAGE_SELF, (void *)8));
    if (fork() == 0) {
        use_time(NULL);
        _exit(0);
    }
    getrusage(RUSAGE_CHILDREN, &before);
    wait(NULL);
    getrusage(RUSAGE_CHILDREN, &after);
    struct tms t;
    printf("of the child %d, in times(2) %d\n", micros(&after) - micros(&before) >= 19000,
           (times(&t), t.tms_cutime + t.tms_cstime >= 1));
}

int main(void)
{
    setgid(4242);
    setuid(4242);
    shares();
    policies();
    nice_values();
    barriers();
    sequences();
    options();
    usage();
    return 0;
}
