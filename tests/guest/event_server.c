/* A server on port argv[1] that waits with epoll, sends from the file argv[2], and tells its client what to send: every step is what Linux does,
   whoever watches the socket. Commands to the client: 'd' send ten bytes, 's' shut down, 'r' reset, 'q' read all once another connection ends. */
#include "guest.h"
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define DATA 0x123456789abcdef0

static int server, set;

static int next(int flags)
{
    struct pollfd listening = {server, POLLIN};
    poll(&listening, 1, -1);
    return accept4(server, NULL, NULL, flags);
}

static void want(int fd, unsigned events, int op)
{
    struct epoll_event event = {.events = events, .data.u64 = DATA + fd};
    SHOW(epoll_ctl(set, op, fd, &event));
}

static void look(const char *what, int fd, int timeout)
{
    struct epoll_event events[8];
    int n = epoll_wait(set, events, 8, timeout);
    printf("%s: %d", what, n);
    for (int i = 0; i < n; i++)
        printf(" %x%s", events[i].events, events[i].data.u64 == DATA + fd ? "" : " of another");
    puts("");
    fflush(stdout);
}

static void tell(int fd, char command)
{
    if (write(fd, &command, 1) != 1)
        puts("cannot tell");
}

static void send_parts(int fd)
{
    struct iovec parts[3] = {{"01", 2}, {"", 0}, {"234", 3}};
    for (int round = 0; round < 3; round++)
        SHOW(writev(fd, parts, 3));
    struct iovec two[2] = {{"56", 2}, {(void *)1, 3}};
    SHOW(writev(fd, parts, 1));
    SHOW(writev(fd, two, 2));
    SHOW(writev(fd, parts, 0));
    SHOW(writev(fd, (struct iovec *)8, 1));
}

static void send_from(int fd, const char *name)
{
    char text[16];
    off_t at = 2;
    int file = open(name, O_RDONLY);
    for (int round = 0; round < 3; round++) {
        SHOW(sendfile(fd, file, &at, 5));
        printf("at %ld\n", (long)at);
    }
    SHOW(sendfile(fd, file, (off_t *)1, 5));
    at = -1;
    SHOW(sendfile(fd, file, &at, 5));
    SHOW(sendfile(fd, file, NULL, 4));
    SHOW(read(file, text, sizeof text));
    SHOW(sendfile(file, file, NULL, 4));
    int other = dup(file);
    SHOW(close(file));
    SHOW(sendfile(fd, file, NULL, 4));
    SHOW(lseek(other, 1, SEEK_SET));
    SHOW(sendfile(fd, other, NULL, 4));
    SHOW(close(other));
}

/* What is sent are the file's pages themselves: so each time another file. */
static void send_mapped(int fd, const char *name)
{
    off_t at = 2;
    int file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    SHOW(write(file, "0123456789", 10));
    char *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    shared[3] = 'x';
    SHOW(sendfile(fd, file, &at, 3));
    munmap(shared, 4096);
    SHOW(unlink(name));
    close(file);
}

static void exchange(unsigned edges, const char *file)
{
    char text[64];
    int fd = next(SOCK_NONBLOCK);
    printf("-- events %x\n", edges);
    want(fd, EPOLLIN | EPOLLRDHUP | edges, EPOLL_CTL_ADD);
    look("nothing yet", fd, 0);
    for (int round = 0; round < 3; round++) {
        tell(fd, 'd');
        look("ten bytes", fd, -1);
        SHOW(read(fd, text, 4));
        look("six are left", fd, 0);
        SHOW(recv(fd, text, sizeof text, 0));
        SHOW(read(fd, text, sizeof text));
        SHOW(recv(fd, text, sizeof text, MSG_DONTWAIT));
        look("none is left", fd, 0);
    }
    SHOW(read(fd, (char *)1, 5));
    SHOW(write(fd, (char *)1, 5));
    tell(fd, 'd');
    look("ten bytes", fd, -1);
    SHOW(read(fd, (char *)1, 5));
    SHOW(recv(fd, text, 3, MSG_PEEK));
    look("after a peek", fd, 0);
    SHOW(read(fd, text, sizeof text));
    look("read", fd, 0);
    tell(fd, 'd');
    look("ten bytes", fd, -1);
    struct iovec parts[2] = {{text, 1}, {text + 1, 2}};
    SHOW(readv(fd, parts, 2));
    struct pollfd polled = {fd, POLLIN | POLLOUT};
    SHOW(poll(&polled, 1, 0));
    printf("polled %x\n", polled.revents);
    SHOW(read(fd, text, sizeof text));
    SHOW(poll(&polled, 1, 0));
    printf("polled %x\n", polled.revents);

    send_parts(fd);
    send_from(fd, file);
    send_mapped(fd, "mapped");

    int other = eventfd(0, EFD_NONBLOCK);
    want(other, EPOLLIN, EPOLL_CTL_ADD);
    tell(fd, 'd');
    look("ten bytes", fd, -1);
    SHOW(read(fd, text, sizeof text));
    SHOW(eventfd_write(other, 1));
    look("the eventfd", other, 0);
    SHOW(close(other));

    want(fd, EPOLLIN | EPOLLOUT | edges, EPOLL_CTL_MOD);
    look("room", fd, 0);
    look("room, again", fd, 0);
    static char much[1 << 20];
    tell(fd, 'q');
    while (write(fd, much, sizeof much) > 0)
        ;
    printf("full: %s\n", strerrorname_np(errno));
    look("full", fd, 0);
    int second = dup(fd);
    SHOW(close(fd));
    SHOW(read(fd, text, 1));
    look("by another number", fd, 0);
    SHOW(read(second, text, 1));
    SHOW(close(next(0))); /* now the client reads */
    SHOW(epoll_ctl(set, EPOLL_CTL_DEL, second, NULL));
    close(second);
}

/* The next client, whose first ten bytes have been read into `text`. */
static int next_with_data(unsigned edges, char text[64])
{
    int fd = next(SOCK_NONBLOCK);
    want(fd, EPOLLIN | EPOLLRDHUP | edges, EPOLL_CTL_ADD);
    tell(fd, 'd');
    look("ten bytes", fd, -1);
    SHOW(read(fd, text, 64));
    return fd;
}

static void ends(unsigned edges)
{
    char text[64];
    printf("-- ends, events %x\n", edges);
    int fd = next_with_data(edges, text);
    tell(fd, 's');
    look("the end", fd, -1);
    SHOW(read(fd, text, sizeof text));
    SHOW(read(fd, text, sizeof text));
    look("after the end", fd, 0);
    struct iovec parts[2] = {{text, 1}, {text + 1, 2}};
    SHOW(writev(fd, parts, 2));
    SHOW(shutdown(fd, SHUT_WR));
    SHOW(send(fd, text, 1, MSG_NOSIGNAL));
    close(fd);

    fd = next_with_data(edges, text);
    tell(fd, 'r');
    look("a reset", fd, -1);
    SHOW(read(fd, text, sizeof text));
    SHOW(read(fd, text, sizeof text));
    SHOW(send(fd, text, 1, MSG_NOSIGNAL));
    close(fd);

    fd = next(SOCK_NONBLOCK);
    want(fd, EPOLLIN | edges, EPOLL_CTL_ADD);
    tell(fd, 'r');
    look("a reset", fd, -1);
    int error = 0;
    socklen_t length = sizeof error;
    SHOW(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length));
    SHOW(error);
    SHOW(recv(fd, text, sizeof text, MSG_PEEK));
    SHOW(read(fd, text, sizeof text));
    close(fd);

    fd = next(SOCK_NONBLOCK);
    want(fd, EPOLLIN | edges, EPOLL_CTL_ADD);
    tell(fd, 'r');
    look("a reset", fd, -1);
    SHOW(recv(fd, text, sizeof text, MSG_PEEK));
    SHOW(read(fd, text, sizeof text));
    close(fd);

    fd = next(SOCK_NONBLOCK);
    want(fd, EPOLLIN, EPOLL_CTL_ADD);
    tell(fd, 'd');
    look("ten bytes", fd, -1);
    int two = epoll_create1(0), first = set;
    set = two;
    want(fd, EPOLLIN | edges, EPOLL_CTL_ADD);
    look("the second set", fd, 0);
    look("the second set", fd, 0);
    set = first;
    look("the first set", fd, 0);
    SHOW(read(fd, text, sizeof text));
    look("the first set", fd, 0);
    tell(fd, 'd');
    look("the first set", fd, -1);
    set = two;
    look("the second set", fd, 0);
    SHOW(read(fd, text, sizeof text));
    SHOW(fcntl(fd, F_SETFL, 0));
    tell(fd, 'd');
    SHOW(read(fd, text, 4));
    look("the second set", fd, 0);
    SHOW(recv(fd, text, 6, MSG_WAITALL));
    close(two);
    set = first;
    SHOW(close(fd));
    look("closed", fd, 0);
}

int main(int argc, char **argv)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    int on = 1;
    signal(SIGPIPE, SIG_IGN);
    server = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    SHOW(bind(server, (void *)&in, sizeof in));
    SHOW(listen(server, 5));
    set = epoll_create1(EPOLL_CLOEXEC);
    exchange(0, argv[2]);
    exchange(EPOLLET, argv[2]);
    ends(0);
    ends(EPOLLET);
    return 0;
}
