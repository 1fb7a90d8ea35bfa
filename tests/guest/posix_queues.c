/* POSIX message queues: order, time-outs, notification, attributes and permissions. */
#include "guest.h"
#include <limits.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static volatile sig_atomic_t told, code, number;

static void handler(int signal, siginfo_t *info, void *context)
{
    told++;
    code = info->si_code;
    number = info->si_value.sival_int;
}

static void on_thread(union sigval value)
{
    number = value.sival_int;
    told++;
}

static void order(mqd_t q)
{
    char text[64];
    unsigned priority;
    struct mq_attr a;
    SHOW(mq_send(q, "low", 4, 1));
    SHOW(mq_send(q, "high", 5, 9));
    SHOW(mq_send(q, "low too", 8, 1));
    SHOW(mq_send(q, "", 0, 32767));
    SHOW(mq_send(q, "", 0, 32768));
    SHOW(mq_send(q, text, 65, 0));
    SHOW(mq_getattr(q, &a));
    printf("%ld of %ld messages of %ld bytes, flags %ld\n", a.mq_curmsgs, a.mq_maxmsg, a.mq_msgsize, a.mq_flags);
    SHOW(mq_receive(q, text, 63, &priority));
    for (int i = 0; i < 4; i++) {
        ssize_t n = mq_receive(q, text, 64, &priority);
        printf("%zd bytes of priority %u: %.*s\n", n, priority, (int)n, text);
    }
    mq_send(q, "lost", 5, 0);
    SHOW(mq_receive(q, (char *)8, 64, NULL));
}

static void waiting(mqd_t q)
{
    char text[64];
    struct timespec soon, bad = {0, 1000000000};
    struct mq_attr nonblocking = {.mq_flags = O_NONBLOCK}, a;
    struct pollfd p = {q, POLLIN | POLLOUT, 0};
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 20000000;
    soon.tv_sec += soon.tv_nsec / 1000000000;
    soon.tv_nsec %= 1000000000;
    SHOW(mq_timedreceive(q, text, 64, NULL, &soon));
    SHOW(mq_timedreceive(q, text, 64, NULL, &bad));
    SHOW(poll(&p, 1, 0));
    printf("events %x\n", p.revents);
    fflush(stdout);
    if (!fork()) {
        mq_send(q, "from the child", 15, 3);
        _exit(0);
    }
    SHOW(mq_receive(q, text, 64, NULL));
    printf("%s\n", text);
    wait(NULL);
    SHOW(mq_setattr(q, &nonblocking, &a));
    SHOW(mq_receive(q, text, 64, NULL));
    for (int i = 0; i < 4; i++)
        mq_send(q, "x", 1, 0);
    SHOW(mq_send(q, "x", 1, 0));
    SHOW(poll(&p, 1, 0));
    printf("events %x\n", p.revents);
    nonblocking.mq_flags = 0;
    SHOW(mq_setattr(q, &nonblocking, &a));
    printf("%ld messages, nonblocking %d\n", a.mq_curmsgs, a.mq_flags == O_NONBLOCK);
    SHOW(mq_timedsend(q, "x", 1, 0, &soon));
    fflush(stdout);
    if (!fork()) {
        usleep(10000);
        for (int i = 0; i < 5; i++)
            mq_receive(q, text, 64, NULL);
        _exit(0);
    }
    SHOW(mq_send(q, "after the others", 17, 0));
    wait(NULL);
}

static void notification(mqd_t q)
{
    char text[64];
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 42};
    sigaction(SIGUSR1, &action, NULL);
    SHOW(mq_notify(q, &event));
    SHOW(mq_notify(q, &event));
    fflush(stdout);
    if (!fork())
        _exit(mq_notify(q, &event) == -1 && errno == EBUSY && mq_notify(q, NULL) == 0);
    int status;
    wait(&status);
    printf("the child: %d\n", WEXITSTATUS(status));
    SHOW(mq_send(q, "one", 4, 0));
    printf("told %d, code %d, value %d\n", told, code, number);
    SHOW(mq_send(q, "two", 4, 0));
    SHOW(mq_receive(q, text, 64, NULL));
    SHOW(mq_receive(q, text, 64, NULL));
    SHOW(mq_send(q, "three", 6, 0));
    printf("told %d\n", told);
    SHOW(mq_notify(q, &event)); /* not empty: nothing is told until it was */
    SHOW(mq_send(q, "four", 5, 0));
    printf("told %d\n", told);
    mq_receive(q, text, 64, NULL);
    mq_receive(q, text, 64, NULL);
    SHOW(mq_notify(q, NULL));
    SHOW(mq_send(q, "five", 5, 0));
    printf("told %d\n", told);
    mq_receive(q, text, 64, NULL);
    event.sigev_signo = 65;
    SHOW(mq_notify(q, &event));
    event.sigev_notify = 9;
    SHOW(mq_notify(q, &event));
    struct sigevent thread = {.sigev_notify = SIGEV_THREAD, .sigev_value.sival_int = 7};
    thread.sigev_notify_function = on_thread;
    told = 0;
    SHOW(mq_notify(q, &thread));
    SHOW(mq_send(q, "six", 4, 0));
    while (!told)
        usleep(1000);
    printf("value %d\n", number);
    mq_receive(q, text, 64, NULL);
}

static void opening(void)
{
    char name[300] = "/";
    struct mq_attr a = {.mq_maxmsg = 11, .mq_msgsize = 64};
    struct rlimit limit = {4096, 4096};
    SHOW(mq_open("/friscy-none", O_RDWR));
    SHOW(mq_open("/a/b", O_RDWR | O_CREAT, 0600, NULL));
    SHOW(mq_open("/friscy-test", O_RDWR | O_CREAT | O_EXCL, 0600, NULL));
    memset(name + 1, 'n', 255);
    OK(mq_open(name, O_RDWR | O_CREAT, 0600, NULL));
    SHOW(mq_unlink(name));
    memset(name + 1, 'n', 256);
    SHOW(mq_open(name, O_RDWR | O_CREAT, 0600, NULL));
    a.mq_maxmsg = 0;
    SHOW(mq_open("/friscy-two", O_RDWR | O_CREAT, 0600, &a));
    a.mq_maxmsg = 70000;
    SHOW(mq_open("/friscy-two", O_RDWR | O_CREAT, 0600, &a));
    mqd_t reader = mq_open("/friscy-test", O_RDONLY), writer = mq_open("/friscy-test", O_WRONLY);
    SHOW(mq_send(reader, "", 0, 0));
    SHOW(mq_receive(writer, name, 300, NULL));
    SHOW(mq_send(0, "", 0, 0));
    SHOW(fcntl(reader, F_GETFD));
    mq_close(reader);
    mq_close(writer);
    fflush(stdout);
    if (!fork()) {
        setresuid(65534, 65534, 65534);
        SHOW(mq_open("/friscy-test", O_RDONLY));
        SHOW(mq_unlink("/friscy-test"));
        a.mq_maxmsg = 11;
        SHOW(mq_open("/friscy-two", O_RDWR | O_CREAT, 0600, &a));
        setrlimit(RLIMIT_MSGQUEUE, &limit);
        SHOW(mq_open("/friscy-two", O_RDWR | O_CREAT, 0600, NULL));
        _exit(0);
    }
    wait(NULL);
}

int main(void)
{
    struct mq_attr a = {.mq_maxmsg = 4, .mq_msgsize = 64};
    char text[100];
    mq_unlink("/friscy-test");
    mqd_t q = mq_open("/friscy-test", O_RDWR | O_CREAT, 0600, &a);
    order(q);
    waiting(q);
    notification(q);
    opening();
    SHOW(mq_send(q, "last", 5, 0));
    ssize_t n = read(q, text, 99);
    printf("%.*s", (int)n, text);
    SHOW(mq_unlink("/friscy-test"));
    SHOW(mq_unlink("/friscy-test"));
    SHOW(mq_receive(q, text, 100, NULL));
    SHOW(mq_close(q));
    return 0;
}
