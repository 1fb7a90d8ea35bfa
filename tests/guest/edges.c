/* epoll: level and edge triggers, one-shot, exclusive, nested sets and their limits, closed and copied descriptors. */
#include "guest.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

static int ep;

static int control(int op, int fd, unsigned events)
{
    struct epoll_event event = {events, {.u64 = fd}};
    return epoll_ctl(ep, op, fd, &event);
}

static void ready(const char *what)
{
    struct epoll_event got[8];
    int n = epoll_wait(ep, got, 8, 0);
    printf("%s: %d", what, n);
    for (int i = 0; i < n; i++)
        printf(" [%x]", got[i].events);
    printf("\n");
}

static void drain(int fd)
{
    char text[65536];
    int old = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, old | O_NONBLOCK);
    while (read(fd, text, sizeof text) > 0)
        ;
    fcntl(fd, F_SETFL, old);
}

static void pipes(void)
{
    int p[2];
    char big[65536] = {0}, c;
    pipe(p);
    ep = epoll_create1(0);
    control(EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLET);
    ready("nothing yet");
    write(p[1], "a", 1);
    ready("a byte");
    ready("not again");
    write(p[1], "b", 1);
    ready("another, the first unread");
    read(p[0], &c, 1);
    ready("one read");
    write(p[1], "c", 1);
    drain(p[0]);
    ready("came and went");
    write(p[1], "c", 1);
    control(EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLET);
    ready("armed anew");
    control(EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLET | EPOLLONESHOT);
    ready("one shot");
    write(p[1], "c", 1);
    ready("is over");
    control(EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLONESHOT);
    ready("armed, level");
    ready("over");
    control(EPOLL_CTL_MOD, p[0], EPOLLIN);
    ready("level");
    ready("level");
    drain(p[0]);
    ready("level, empty");
    SHOW(control(EPOLL_CTL_DEL, p[0], 0));
    control(EPOLL_CTL_ADD, p[1], EPOLLOUT | EPOLLET);
    ready("room");
    ready("room is no news");
    fcntl(p[1], F_SETFL, O_NONBLOCK);
    while (write(p[1], big, sizeof big) > 0)
        ;
    ready("full");
    drain(p[0]);
    ready("room again");
    ready("no news");
    close(p[0]);
    ready("the reader went");
    close(p[1]);
    ready("closed");
    close(ep);
}

static void counters(void)
{
    ep = epoll_create1(0);
    int fd = eventfd(0, EFD_NONBLOCK);
    unsigned long one = 1;
    control(EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT | EPOLLET);
    ready("eventfd");
    ready("again");
    write(fd, &one, 8);
    ready("written");
    write(fd, &one, 8);
    ready("written");
    ready("again");
    read(fd, &one, 8);
    ready("read");
    ready("again");
    close(fd);
    int s[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, s);
    control(EPOLL_CTL_ADD, s[0], EPOLLIN | EPOLLRDHUP | EPOLLET);
    ready("socket");
    write(s[1], "x", 1);
    ready("written");
    ready("again");
    write(s[1], "x", 1);
    ready("written");
    shutdown(s[1], SHUT_WR);
    ready("shut");
    ready("again");
    close(s[1]);
    ready("gone");
    ready("again");
    close(s[0]);
    struct itimerspec spec = {{0, 0}, {0, 1000000}};
    fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    control(EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET);
    timerfd_settime(fd, 0, &spec, NULL);
    struct epoll_event got;
    SHOW(epoll_wait(ep, &got, 1, -1));
    ready("again, unread");
    timerfd_settime(fd, 0, &spec, NULL);
    SHOW(epoll_wait(ep, &got, 1, -1));
    close(fd), close(ep);
}

static void descriptors(void)
{
    int p[2];
    pipe(p);
    ep = epoll_create1(EPOLL_CLOEXEC);
    SHOW(lseek(ep, 0, SEEK_SET));
    SHOW(control(EPOLL_CTL_ADD, p[0], EPOLLIN));
    SHOW(control(EPOLL_CTL_ADD, p[0], EPOLLIN));
    SHOW(control(EPOLL_CTL_MOD, p[1], EPOLLOUT));
    SHOW(control(EPOLL_CTL_DEL, p[1], 0));
    SHOW(control(EPOLL_CTL_ADD, ep, EPOLLIN));
    SHOW(control(EPOLL_CTL_ADD, 99, EPOLLIN));
    SHOW(control(7, p[0], EPOLLIN));
    SHOW(epoll_ctl(p[0], EPOLL_CTL_ADD, p[1], &(struct epoll_event){0}));
    SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, p[1], NULL));
    SHOW(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL));
    int file = open("plain", O_RDWR | O_CREAT, 0644);
    SHOW(control(EPOLL_CTL_ADD, file, EPOLLIN));
    close(file), unlink("plain");
    struct epoll_event got[2];
    SHOW(epoll_wait(ep, got, 0, 0));
    SHOW(epoll_wait(ep, got, -1, 0));
    SHOW(epoll_wait(p[0], got, 1, 0));
    SHOW(epoll_wait(ep, (void *)8, 1, 0));
    SHOW(control(EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLEXCLUSIVE));
    SHOW(control(EPOLL_CTL_MOD, p[0], EPOLLIN));
    SHOW(control(EPOLL_CTL_DEL, p[0], 0));
    SHOW(control(EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT));
    SHOW(control(EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLWAKEUP));
    write(p[1], "x", 1);
    int copy = dup(p[0]);
    close(p[0]);
    ready("closed, but there is a copy");
    SHOW(control(EPOLL_CTL_DEL, p[0], 0));
    SHOW(control(EPOLL_CTL_ADD, copy, EPOLLIN));
    ready("twice");
    SHOW(dup2(copy, p[0]) == p[0]);
    SHOW(control(EPOLL_CTL_DEL, p[0], 0));
    ready("once");
    close(p[0]), close(copy);
    ready("none");
    close(p[1]), close(ep);
}

static int nest(int outer, int inner)
{
    return epoll_ctl(outer, EPOLL_CTL_ADD, inner, &(struct epoll_event){EPOLLIN, {.fd = inner}});
}

static void nesting(void)
{
    int sets[10], p[2];
    struct epoll_event got;
    pipe(p);
    for (int i = 0; i < 10; i++)
        sets[i] = epoll_create1(0);
    for (int i = 0; i < 7; i++) {
        long r = nest(sets[i], sets[i + 1]);
        printf("%d in %d: %s\n", i + 1, i, r ? strerrorname_np(errno) : "0");
    }
    SHOW(nest(sets[1], sets[0]));
    SHOW(nest(sets[4], sets[0]));
    SHOW(nest(sets[8], sets[9]));
    SHOW(nest(sets[9], sets[8]));
    SHOW(epoll_ctl(sets[8], EPOLL_CTL_ADD, sets[0], &(struct epoll_event){EPOLLIN | EPOLLEXCLUSIVE}));
    nest(sets[2], p[0]);
    SHOW(epoll_wait(sets[0], &got, 1, 0));
    write(p[1], "x", 1);
    SHOW(epoll_wait(sets[0], &got, 1, 0));
    printf("through %d\n", got.data.fd == sets[1]);
    struct pollfd q = {sets[1], POLLIN};
    SHOW(poll(&q, 1, 0));
    char c;
    read(p[0], &c, 1);
    SHOW(poll(&q, 1, 0));
    for (int i = 0; i < 10; i++)
        close(sets[i]);
    close(p[0]), close(p[1]);
}

static volatile int caught;

static void on_signal(int signal)
{
    caught = signal;
}

static void masks(void)
{
    int p[2];
    char c;
    sigset_t block, none;
    struct epoll_event got;
    struct timespec zero = {0, 0}, bad = {0, -1};
    pipe(p);
    ep = epoll_create1(0);
    control(EPOLL_CTL_ADD, p[0], EPOLLIN);
    signal(SIGUSR1, on_signal);
    sigemptyset(&none), sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    sigprocmask(SIG_BLOCK, &block, NULL);
    raise(SIGUSR1);
    SHOW(epoll_pwait(ep, &got, 1, -1, &none));
    printf("caught %d\n", caught), caught = 0;
    raise(SIGUSR1);
    write(p[1], "x", 1);
    SHOW(epoll_pwait(ep, &got, 1, -1, &none)); /* what is ready comes first, and the signal stays */
    printf("caught %d\n", caught);
    struct pollfd q = {p[0], POLLIN};
    SHOW(ppoll(&q, 1, NULL, &none));
    printf("caught %d\n", caught);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(p[0], &set);
    SHOW(pselect(p[0] + 1, &set, NULL, NULL, NULL, &none));
    printf("caught %d\n", caught);
    read(p[0], &c, 1);
    SHOW(ppoll(&q, 1, NULL, &none));
    printf("caught %d\n", caught), caught = 0;
    raise(SIGUSR1);
    FD_ZERO(&set);
    FD_SET(p[0], &set);
    SHOW(pselect(p[0] + 1, &set, NULL, NULL, NULL, &none));
    printf("caught %d\n", caught), caught = 0;
    SHOW(epoll_pwait2(ep, &got, 1, &zero, &none));
    SHOW(epoll_pwait2(ep, &got, 1, &bad, &none));
    SHOW(epoll_pwait2(ep, &got, 1, (void *)8, NULL));
    SHOW(syscall(SYS_epoll_pwait, ep, &got, 1, 0, &none, 4));
    /* out-of-band conditions only: an end of file is none */
    close(p[1]);
    FD_ZERO(&set);
    FD_SET(p[0], &set);
    fflush(stdout);
    if (fork() == 0) {
        usleep(20000);
        kill(getppid(), SIGUSR1);
        _exit(0);
    }
    SHOW(pselect(p[0] + 1, NULL, NULL, &set, NULL, &none));
    wait(NULL);
    printf("caught %d\n", caught);
}

int main(void)
{
    pipes();
    counters();
    descriptors();
    nesting();
    masks();
    return 0;
}
