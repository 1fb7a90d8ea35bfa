/* What a snapshot keeps of timers, signals that wait, watched files, PI futexes and edge-triggered sets. */
#include "guest.h"
#include <linux/futex.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <time.h>

static volatile int rang, profiled;

static void on_alarm(int signal)
{
    rang++;
}

static void on_profile(int signal)
{
    profiled++;
}

int main(void)
{
    sigset_t set;
    int id, word = 0;
    unsigned long one = 1;
    char text[4096], line[64];
    struct epoll_event event = {EPOLLIN | EPOLLET, {.u64 = 1}}, got;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int sfd = signalfd(-1, &set, SFD_NONBLOCK);
    sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 42});
    int in = inotify_init1(IN_NONBLOCK);
    mkdir("/tmp/d", 0755);
    inotify_add_watch(in, "/tmp/d", IN_CREATE);
    make("/tmp/d/before", "");
    int efd = eventfd(0, EFD_NONBLOCK), ep = epoll_create1(0);
    write(efd, &one, 8);
    epoll_ctl(ep, EPOLL_CTL_ADD, efd, &event);
    epoll_wait(ep, &got, 1, 0);
    syscall(SYS_futex, &word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
    setpriority(PRIO_PROCESS, 0, 7);
    signal(SIGALRM, on_alarm);
    signal(SIGPROF, on_profile);
    struct sigevent notify = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    struct itimerspec spec = {{0, 20000000}, {0, 20000000}};
    syscall(SYS_timer_create, CLOCK_MONOTONIC, &notify, &id);
    syscall(SYS_timer_settime, id, 0, &spec, NULL);
    struct itimerval cpu = {{0, 10000}, {0, 10000}};
    setitimer(ITIMER_PROF, &cpu, NULL);
    printf("ready\n");
    fflush(stdout);
    while (read(0, line, sizeof line) < 0)
        ;
    rang = profiled = 0;
    while (!rang || !profiled) /* computing, so that only the host's thread can tell */
        ;
    printf("timers %d %d\n", rang > 0, profiled > 0);
    struct signalfd_siginfo info;
    SHOW(read(sfd, &info, sizeof info));
    printf("signal %d value %d\n", info.ssi_signo, info.ssi_int);
    SHOW(epoll_wait(ep, &got, 1, 0));
    write(efd, &one, 8);
    SHOW(epoll_wait(ep, &got, 1, 0));
    make("/tmp/d/after", "");
    int n = read(in, text, sizeof text);
    for (char *p = text; p < text + n; p += sizeof(struct inotify_event) + ((struct inotify_event *)p)->len)
        printf("%s\n", ((struct inotify_event *)p)->name);
    SHOW(syscall(SYS_futex, &word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0));
    SHOW(syscall(SYS_getpriority, PRIO_PROCESS, 0));
    return 0;
}
