/* poll, select, epoll, eventfd and timerfd. */
#include "guest.h"
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/timerfd.h>
#include <time.h>

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void report(const char *what, long started, long least)
{
    long took = now_ms() - started;
    printf("%s waited %s\n", what, took < least ? "too short" : took > least + 2000 ? "too long" : "well");
}

int main(void)
{
    int p[2], q[2];
    char text[16];
    make("file", "text");
    pipe(p);
    pipe(q);
    int file = open("file", O_RDONLY), dir = open(".", O_RDONLY);
    struct pollfd f[5] = {{p[0], POLLIN}, {p[1], POLLOUT}, {file, POLLIN | POLLOUT}, {99, POLLIN}, {-1, POLLIN}};
    SHOW(poll(f, 5, 0));
    for (int i = 0; i < 5; i++)
        printf("%x ", f[i].revents);
    puts("");
    SHOW(poll(f, 1, 0));
    long t = now_ms();
    SHOW(poll(f, 1, 30));
    report("poll", t, 30);
    SHOW(poll(NULL, 0, 10));
    SHOW(poll((void *)8, 1, 0));
    SHOW(write(p[1], "x", 1));
    SHOW(poll(f, 1, -1));
    printf("%x\n", f[0].revents);
    struct timespec ts = {0, 1000000000};
    SHOW(ppoll(f, 1, &ts, NULL));
    ts = (struct timespec){5, 0};
    SHOW(ppoll(f, 1, &ts, NULL));
    f[0] = (struct pollfd){dir, POLLIN | POLLOUT};
    SHOW(poll(f, 1, 0));
    printf("%x\n", f[0].revents);

    fd_set r, w, e;
    FD_ZERO(&r);
    FD_ZERO(&w);
    FD_ZERO(&e);
    FD_SET(p[0], &r);
    FD_SET(q[0], &r);
    FD_SET(q[1], &w);
    FD_SET(q[0], &e);
    struct timeval tv = {1, 0};
    SHOW(select(20, &r, &w, &e, &tv));
    printf("%d %d %d %d\n", FD_ISSET(p[0], &r) != 0, FD_ISSET(q[0], &r) != 0, FD_ISSET(q[1], &w) != 0, FD_ISSET(q[0], &e) != 0);
    FD_ZERO(&r);
    FD_SET(q[0], &r);
    tv = (struct timeval){0, 30000};
    t = now_ms();
    SHOW(select(q[0] + 1, &r, NULL, NULL, &tv));
    report("select", t, 30);
    printf("%d\n", FD_ISSET(q[0], &r) != 0);
    FD_SET(30, &r); // not open; numbers beyond the process's table would be passed over
    SHOW(select(40, &r, NULL, NULL, &tv));
    SHOW(select(-1, &r, NULL, NULL, &tv));
    tv = (struct timeval){-1, 0};
    SHOW(select(1, NULL, NULL, NULL, &tv));

    int ep = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event ev = {EPOLLIN, {.u64 = 0x1122334455667788}}, got[8];
    SHOW(epoll_create1(77));
    SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev));
    SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev));
    SHOW(epoll_ctl(ep, EPOLL_CTL_MOD, q[0], &ev));
    SHOW(epoll_ctl(ep, EPOLL_CTL_DEL, q[0], &ev));
    SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, file, &ev));
    SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &ev));
    SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, 99, &ev));
    SHOW(epoll_ctl(p[0], EPOLL_CTL_ADD, q[0], &ev));
    SHOW(epoll_ctl(ep, 9, q[0], &ev));
    SHOW(epoll_wait(ep, got, 8, -1));
    printf("%x %lx\n", got[0].events, (long)got[0].data.u64);
    SHOW(epoll_wait(ep, got, 0, 0));
    SHOW(epoll_wait(p[0], got, 8, 0));
    SHOW(read(p[0], text, 16));
    t = now_ms();
    SHOW(epoll_wait(ep, got, 8, 30));
    report("epoll", t, 30);
    ev.events = EPOLLIN | EPOLLONESHOT;
    SHOW(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &ev));
    SHOW(write(p[1], "y", 1));
    SHOW(epoll_wait(ep, got, 8, 0));
    SHOW(epoll_wait(ep, got, 8, 0));
    SHOW(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &ev));
    SHOW(epoll_wait(ep, got, 8, 0));
    ev = (struct epoll_event){EPOLLOUT, {.fd = 2}};
    SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, q[1], &ev));
    int outer = epoll_create1(0);
    ev = (struct epoll_event){EPOLLIN, {.fd = 3}};
    SHOW(epoll_ctl(outer, EPOLL_CTL_ADD, ep, &ev));
    SHOW(epoll_wait(outer, got, 8, 0));
    SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, outer, &ev));
    SHOW(close(q[1]));
    SHOW(epoll_wait(ep, got, 8, 0));
    SHOW(close(p[0]));
    SHOW(epoll_wait(ep, got, 8, 0));

    uint64_t count = 5;
    int efd = eventfd(3, EFD_NONBLOCK);
    SHOW(write(efd, &count, 8));
    SHOW(read(efd, &count, 8));
    printf("%ld\n", (long)count);
    SHOW(read(efd, &count, 8));
    SHOW(read(efd, &count, 4));
    SHOW(write(efd, &count, 4));
    count = -1;
    SHOW(write(efd, &count, 8));
    count = -2;
    SHOW(write(efd, &count, 8));
    SHOW(write(efd, &count, 8));
    f[0] = (struct pollfd){efd, POLLIN | POLLOUT};
    SHOW(poll(f, 1, 0));
    printf("%x\n", f[0].revents);
    int sem = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    SHOW(read(sem, &count, 8));
    SHOW(read(sem, &count, 8));
    SHOW(read(sem, &count, 8));
    SHOW(eventfd(0, 77));
    SHOW(pread(sem, &count, 8, 0));

    int tfd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct itimerspec its = {{0, 10000000}, {0, 20000000}}, old;
    SHOW(read(tfd, &count, 8));
    SHOW(timerfd_settime(tfd, 0, &its, NULL));
    SHOW(read(tfd, &count, 8));
    f[0] = (struct pollfd){tfd, POLLIN};
    t = now_ms();
    SHOW(poll(f, 1, 5000));
    report("timerfd", t, 18);
    SHOW(read(tfd, &count, 8));
    printf("%d\n", count >= 1 && count < 100);
    SHOW(timerfd_gettime(tfd, &old));
    printf("%ld %d\n", old.it_interval.tv_nsec, old.it_value.tv_nsec > 0);
    its = (struct itimerspec){{0, 0}, {0, 0}};
    SHOW(timerfd_settime(tfd, 0, &its, &old));
    SHOW(poll(f, 1, 30));
    its.it_value.tv_nsec = 1000000000;
    SHOW(timerfd_settime(tfd, 0, &its, NULL));
    SHOW(timerfd_settime(p[1], 0, &its, NULL));
    SHOW(timerfd_create(99, 0));
    SHOW(fcntl(tfd, F_SETFL, 0));
    its = (struct itimerspec){{0, 0}, {0, 20000000}};
    SHOW(timerfd_settime(tfd, 0, &its, NULL));
    SHOW(read(tfd, &count, 8));
    printf("%ld\n", (long)count);
    return 0;
}
