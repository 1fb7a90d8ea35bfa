/* signalfd, waiting for signals, queueing limits, pidfds, what SIGCHLD and siginfo tell, alternate stacks. */
#include "guest.h"
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>

static sigset_t set;
static volatile int handled, taken_tid;
static siginfo_t seen;

static void handler(int signal, siginfo_t *info, void *context)
{
    (void)context;
    handled = signal;
    seen = *info;
    taken_tid = gettid();
}

static void handle(int signal, int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    sigaction(signal, &action, NULL);
}

static void show_info(struct signalfd_siginfo *i, pid_t pid)
{
    printf("signal %d code %d pid %d uid %d status %d int %d ptr %lx tid %d overrun %d\n", i->ssi_signo, i->ssi_code,
           i->ssi_pid == pid, i->ssi_uid == getuid(), i->ssi_status, i->ssi_int, (long)i->ssi_ptr, i->ssi_tid,
           i->ssi_overrun);
}

static int only(int a, int b)
{
    sigemptyset(&set);
    sigaddset(&set, a);
    if (b)
        sigaddset(&set, b);
    return sigprocmask(SIG_BLOCK, &set, NULL);
}

static void descriptors(void)
{
    struct signalfd_siginfo info[4];
    struct pollfd p = {.events = POLLIN | POLLOUT};
    only(SIGUSR1, SIGRTMIN);
    SHOW(signalfd(-1, &set, 0x12345));
    SHOW(syscall(SYS_signalfd4, -1, &set, 4, 0));
    SHOW(syscall(SYS_signalfd4, -1, (void *)8, 8, 0));
    SHOW(signalfd(0, &set, 0));
    SHOW(signalfd(99, &set, 0));
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(fd, F_GETFL) & O_NONBLOCK);
    SHOW(read(fd, info, sizeof info));
    SHOW(read(fd, info, 127));
    SHOW(write(fd, info, 128));
    SHOW(lseek(fd, 0, SEEK_SET));
    p.fd = fd;
    SHOW(poll(&p, 1, 0));
    int ep = epoll_create1(0);
    struct epoll_event event = {EPOLLIN, {.u64 = 5}}, got;
    SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
    SHOW(epoll_wait(ep, &got, 1, 0));
    sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = -7});
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR1);
    sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_ptr = (void *)0x1234567890l});
    SHOW(poll(&p, 1, 0));
    printf("revents %x\n", p.revents);
    SHOW(epoll_wait(ep, &got, 1, 0));
    SHOW(read(fd, info, 150));
    show_info(info, getpid());
    SHOW(read(fd, info, sizeof info));
    show_info(info, getpid());
    show_info(info + 1, getpid());
    SHOW(read(fd, info, sizeof info));
    sigset_t less;
    sigemptyset(&less);
    sigaddset(&less, SIGUSR2);
    SHOW(signalfd(fd, &less, 0) == fd);
    raise(SIGUSR1);
    SHOW(read(fd, info, sizeof info));
    SHOW(signalfd(fd, &set, 0) == fd);
    SHOW(read(fd, info, sizeof info));
    show_info(info, getpid());
    fcntl(fd, F_SETFL, 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct timespec moment = {0, 20000000};
        nanosleep(&moment, NULL);
        kill(getppid(), SIGUSR1);
        kill(getpid(), SIGUSR1); /* its own, in the descriptor it shares */
        _exit(read(fd, info, sizeof info));
    }
    SHOW(read(fd, info, sizeof info));
    show_info(info, child);
    int status;
    waitpid(child, &status, 0);
    printf("child read %d\n", WEXITSTATUS(status));
    handle(SIGALRM, SA_RESTART);
    alarm(1);
    SHOW(poll(&p, 1, -1));
    close(fd), close(ep);
}

static void children(void)
{
    struct signalfd_siginfo info;
    siginfo_t wait_info;
    only(SIGCHLD, 0);
    int fd = signalfd(-1, &set, 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        clock_t end = clock() + CLOCKS_PER_SEC / 20;
        while (clock() < end)
            ;
        _exit(7);
    }
    read(fd, &info, sizeof info);
    show_info(&info, child);
    printf("time %d\n", info.ssi_utime + info.ssi_stime >= 3);
    waitpid(child, NULL, 0);
    if ((child = fork()) == 0) {
        raise(SIGKILL);
    }
    sigwaitinfo(&set, &wait_info);
    printf("code %d status %d pid %d\n", wait_info.si_code, wait_info.si_status, wait_info.si_pid == child);
    waitpid(child, NULL, 0);
    struct sigaction action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
    sigaction(SIGCHLD, &action, NULL);
    if ((child = fork()) == 0)
        _exit(0);
    SHOW(waitpid(child, NULL, 0));
    struct timespec none = {0, 0};
    SHOW(sigtimedwait(&set, &wait_info, &none));
    action.sa_flags = 0;
    sigaction(SIGCHLD, &action, NULL);
    /* core dumps: the bit is set only where the limit lets there be one */
    struct rlimit limit = {0, RLIM_INFINITY};
    setrlimit(RLIMIT_CORE, &limit);
    int status;
    if ((child = fork()) == 0)
        abort();
    waitpid(child, &status, 0);
    printf("signal %d core %d\n", WTERMSIG(status), !!WCOREDUMP(status));
    if ((child = fork()) == 0) {
        raise(SIGTERM);
    }
    waitpid(child, &status, 0);
    printf("signal %d core %d\n", WTERMSIG(status), !!WCOREDUMP(status));
    sigtimedwait(&set, &wait_info, &none);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    close(fd);
}

static void waiting(void)
{
    siginfo_t info;
    struct timespec none = {0, 0}, bad = {0, -1}, moment = {0, 20000000};
    only(SIGUSR1, SIGUSR2);
    SHOW(sigtimedwait(&set, &info, &none));
    SHOW(sigtimedwait(&set, &info, &bad));
    SHOW(sigtimedwait(&set, &info, &moment));
    SHOW(syscall(SYS_rt_sigtimedwait, &set, &info, &none, 4));
    raise(SIGUSR2);
    raise(SIGUSR1);
    SHOW(sigtimedwait(&set, &info, &none));
    SHOW(sigtimedwait(&set, NULL, &none));
    /* a signal that is waited for goes to the wait, though nothing blocks it and it has a handler */
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    handle(SIGUSR1, 0);
    handle(SIGUSR2, 0);
    handled = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        nanosleep(&moment, NULL);
        kill(getppid(), SIGUSR1);
        _exit(0);
    }
    struct timespec long_time = {5, 0};
    SHOW(sigtimedwait(&set, &info, &long_time));
    printf("handled %d code %d pid %d\n", handled, info.si_code, info.si_pid == child);
    waitpid(child, NULL, 0);
    sigdelset(&set, SIGUSR2);
    if ((child = fork()) == 0) {
        nanosleep(&moment, NULL);
        kill(getppid(), SIGUSR2);
        _exit(0);
    }
    SHOW(sigtimedwait(&set, &info, &long_time));
    printf("handled %d\n", handled);
    waitpid(child, NULL, 0);
    /* ignored, but waited for */
    signal(SIGUSR1, SIG_IGN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR1);
    SHOW(sigtimedwait(&set, &info, &none));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static int queue_info(pid_t tgid, pid_t tid, int signal, siginfo_t *info)
{
    return tid ? syscall(SYS_rt_tgsigqueueinfo, tgid, tid, signal, info)
               : syscall(SYS_rt_sigqueueinfo, tgid, signal, info);
}

static void queueing(void)
{
    siginfo_t info = {.si_code = SI_QUEUE}, got;
    info.si_pid = 77, info.si_uid = 88, info.si_value.sival_int = 99;
    only(SIGRTMIN, SIGUSR1);
    SHOW(queue_info(getpid(), 0, SIGRTMIN, &info));
    sigwaitinfo(&set, &got);
    printf("code %d pid %d uid %d value %d\n", got.si_code, got.si_pid, got.si_uid, got.si_value.sival_int);
    SHOW(queue_info(getpid(), gettid(), SIGUSR1, &info));
    sigwaitinfo(&set, &got);
    printf("signo %d code %d pid %d\n", got.si_signo, got.si_code, got.si_pid);
    SHOW(queue_info(getpid(), 1 << 22, SIGUSR1, &info));
    SHOW(queue_info(1 << 21, gettid(), SIGUSR1, &info));
    SHOW(queue_info(getpid(), -1, SIGUSR1, &info));
    SHOW(queue_info(1 << 22, 0, SIGUSR1, &info));
    SHOW(queue_info(getpid(), 0, 65, &info));
    SHOW(queue_info(getpid(), 0, 0, &info));
    info.si_code = SI_USER;
    SHOW(queue_info(getpid(), 0, SIGUSR1, &info));
    SHOW(queue_info(getppid(), 0, 0, &info));
    info.si_code = SI_TKILL;
    SHOW(queue_info(getppid(), 0, 0, &info));
    info.si_code = -60;
    info.si_status = 5;
    SHOW(queue_info(getpid(), 0, SIGRTMIN, &info));
    sigwaitinfo(&set, &got);
    sigwaitinfo(&set, &got);
    printf("code %d, all of it %d\n", got.si_code, !memcmp((char *)&got + 8, (char *)&info + 8, 40));
    /* a limit of how many may wait */
    fflush(stdout);
    pid_t child = fork();
    int status;
    if (child == 0) {
        struct rlimit limit = {3, 3};
        setgid(4242);
        setuid(4242);
        setrlimit(RLIMIT_SIGPENDING, &limit);
        for (int i = 0; i < 5; i++)
            SHOW(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i}));
        SHOW(kill(getpid(), SIGUSR1)); /* always gets through */
        SHOW(syscall(SYS_tgkill, getpid(), gettid(), SIGRTMIN));
        struct timespec none = {0, 0};
        int n = 0;
        while (sigtimedwait(&set, &got, &none) > 0)
            printf("got %d code %d value %d own %d\n", got.si_signo, got.si_code, got.si_value.sival_int, got.si_pid == getpid());
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, &status, 0);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static volatile int finish;

static void *thread(void *argument)
{
    *(volatile pid_t *)argument = gettid();
    while (!finish)
        usleep(1000);
    return NULL;
}

static int pidfd_open_(pid_t pid, int flags)
{
    return syscall(434, pid, flags);
}

static int send(int fd, int signal, siginfo_t *info, int flags)
{
    return syscall(424, fd, signal, info, flags);
}

static void pidfds(void)
{
    int status, p[2];
    pipe(p);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        close(p[1]);
        read(p[0], &status, 1);
        _exit(3);
    }
    close(p[0]);
    SHOW(pidfd_open_(child, 1));
    SHOW(pidfd_open_(0, 0));
    SHOW(pidfd_open_(1 << 22, 0));
    int fd = pidfd_open_(child, 0);
    SHOW(fcntl(fd, F_GETFD));
    struct pollfd q = {fd, POLLIN};
    SHOW(poll(&q, 1, 0));
    SHOW(send(fd, 0, NULL, 0));
    SHOW(send(fd, 65, NULL, 0));
    SHOW(send(fd, 0, NULL, 9));
    SHOW(send(0, 0, NULL, 0));
    SHOW(send(99, 0, NULL, 0));
    siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_USER};
    SHOW(send(fd, SIGUSR2, &info, 0));
    SHOW(send(fd, SIGUSR1, &info, 0));
    int other = syscall(438, fd, p[0], 0);
    SHOW(other);
    SHOW(syscall(438, fd, 0, 1));
    SHOW(syscall(438, fd, 0, 0) >= 0);
    SHOW(syscall(438, 0, 0, 0));
    SHOW(read(fd, &info, 1));
    close(other);
    close(p[1]);
    SHOW(poll(&q, 1, -1));
    printf("revents %x\n", q.revents & (POLLIN | POLLHUP));
    siginfo_t waited;
    SHOW(waitid(P_PIDFD, fd, &waited, WEXITED));
    printf("status %d\n", waited.si_status);
    SHOW(poll(&q, 1, -1));
    printf("revents %x\n", q.revents & (POLLIN | POLLHUP));
    SHOW(send(fd, 0, NULL, 0));
    SHOW(syscall(438, fd, 0, 0));
    close(fd);
    pthread_t t;
    volatile pid_t tid = 0;
    pthread_create(&t, NULL, thread, (void *)&tid);
    while (!tid)
        usleep(1000);
    SHOW(pidfd_open_(tid, 0));
    fd = pidfd_open_(tid, O_EXCL);
    SHOW(fd >= 0);
    handle(SIGUSR1, 0);
    taken_tid = 0;
    SHOW(send(fd, SIGUSR1, NULL, 0));
    while (!taken_tid)
        usleep(1000);
    printf("taken by it %d code %d\n", taken_tid == tid, seen.si_code);
    q.fd = fd;
    SHOW(poll(&q, 1, 0));
    finish = 1;
    pthread_join(t, NULL);
    SHOW(poll(&q, 1, -1));
    close(fd);
}

static char low_room[65536], room[65536];
static volatile int on_alternate, flags_inside, again_inside;

static void where(int signal)
{
    char local;
    stack_t now, other = {.ss_sp = low_room, .ss_size = sizeof low_room};
    on_alternate = &local >= room && &local < room + sizeof room;
    sigaltstack(NULL, &now);
    flags_inside = now.ss_flags;
    again_inside = sigaltstack(&other, NULL) ? errno : 0;
}

static void stacks(void)
{
    stack_t stack = {.ss_sp = room, .ss_size = sizeof room}, old;
    struct sigaction action = {.sa_handler = where, .sa_flags = SA_ONSTACK};
    sigaction(SIGUSR1, &action, NULL);
    SHOW(sigaltstack(&stack, NULL));
    raise(SIGUSR1);
    printf("on it %d flags %x, another: %s\n", on_alternate, flags_inside, strerrorname_np(again_inside));
    stack.ss_flags = 1 << 31; /* SS_AUTODISARM */
    SHOW(sigaltstack(&stack, &old));
    printf("flags %x\n", old.ss_flags);
    SHOW(sigaltstack(NULL, &old));
    printf("flags %x\n", old.ss_flags);
    raise(SIGUSR1);
    printf("on it %d flags %x, another: %d\n", on_alternate, flags_inside, again_inside);
    sigaltstack(NULL, &old);
    printf("after: flags %x the same %d\n", old.ss_flags, old.ss_sp == room);
    stack.ss_flags = SS_ONSTACK;
    SHOW(sigaltstack(&stack, NULL));
    stack.ss_flags = SS_ONSTACK | SS_DISABLE;
    SHOW(sigaltstack(&stack, NULL));
    stack.ss_flags = 64;
    SHOW(sigaltstack(&stack, NULL));
    stack.ss_flags = SS_DISABLE;
    stack.ss_size = 5;
    SHOW(sigaltstack(&stack, NULL));
    sigaltstack(NULL, &old);
    printf("off: %p %x %zd\n", old.ss_sp, old.ss_flags, old.ss_size);
    SHOW(sigaltstack((void *)8, NULL));
    /* no room for the frame: killed */
    fflush(stdout);
    pid_t child = fork();
    int status;
    if (child == 0) {
        stack = (stack_t){.ss_sp = mmap(NULL, 65536, 0, 0x22, -1, 0), .ss_size = 65536};
        sigaltstack(&stack, NULL);
        signal(SIGSEGV, SIG_DFL);
        raise(SIGUSR1);
        _exit(0);
    }
    waitpid(child, &status, 0);
    printf("signal %d\n", WTERMSIG(status));
}

int main(void)
{
    descriptors();
    children();
    waiting();
    queueing();
    pidfds();
    stacks();
    return 0;
}
