/* TCP over the loopback interface. Recorded from a native build on Linux; ports are never shown. */
#include "guest.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>

static struct sockaddr_in address(const char *host, int port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, host, &in.sin_addr);
    return in;
}

static struct sockaddr_in name_of(int fd)
{
    struct sockaddr_in in;
    socklen_t length = sizeof in;
    getsockname(fd, (void *)&in, &length);
    return in;
}

static int listener(const char *host, int backlog)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in in = address(host, 0);
    bind(fd, (void *)&in, sizeof in);
    listen(fd, backlog);
    return fd;
}

static int client_of(int server)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in in = name_of(server);
    if (in.sin_addr.s_addr == 0)
        in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (void *)&in, sizeof in))
        perror("connect");
    return fd;
}

static void pair(int fds[2])
{
    int server = listener("127.0.0.1", 5);
    fds[0] = client_of(server);
    fds[1] = accept(server, NULL, NULL);
    close(server);
}

static void events(const char *what, int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP | POLLPRI};
    poll(&p, 1, 0);
    printf("%s:%s%s%s%s%s\n", what, p.revents & POLLIN ? " IN" : "", p.revents & POLLOUT ? " OUT" : "",
           p.revents & POLLRDHUP ? " RDHUP" : "", p.revents & POLLHUP ? " HUP" : "",
           p.revents & POLLERR ? " ERR" : "");
    fflush(stdout);
}

static void so_error(int fd)
{
    int error = -1;
    socklen_t length = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    printf("SO_ERROR %s\n", error ? strerrorname_np(error) : "0");
    fflush(stdout);
}

static void settle(int fd, short wanted)
{
    struct pollfd p = {.fd = fd, .events = wanted};
    poll(&p, 1, 5000);
}

static int signals;
static void count(int number) { signals++; }

static void fresh(void)
{
    puts("-- a fresh socket");
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char byte;
    events("fresh", fd);
    SHOW(recv(fd, &byte, 1, 0));
    SHOW(send(fd, "x", 1, MSG_NOSIGNAL));
    SHOW(shutdown(fd, SHUT_WR));
    SHOW(accept(fd, NULL, NULL));
    struct sockaddr_in in;
    socklen_t length = sizeof in;
    SHOW(getpeername(fd, (void *)&in, &length));
    SHOW(getsockname(fd, (void *)&in, &length));
    printf("family %d port %d address %x\n", in.sin_family, in.sin_port, in.sin_addr.s_addr);
    struct sockaddr_in bad = address("127.0.0.1", 0);
    SHOW(bind(fd, (void *)&bad, 4));
    bad.sin_family = AF_INET6;
    SHOW(bind(fd, (void *)&bad, sizeof bad));
    bad = address("192.0.2.1", 0);
    SHOW(bind(fd, (void *)&bad, sizeof bad));
    bad = address("127.0.0.1", 0);
    SHOW(bind(fd, (void *)&bad, sizeof bad));
    SHOW(bind(fd, (void *)&bad, sizeof bad));
    close(fd);
    SHOW(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
    SHOW(socket(AF_INET, 77, 0));
    SHOW(socket(99, SOCK_STREAM, 0));
    SHOW(socket(AF_INET, SOCK_SEQPACKET, 0));
    int fds[2];
    SHOW(socketpair(AF_INET, SOCK_STREAM, 0, fds));
}

static void talk(void)
{
    puts("-- both ways");
    int fds[2];
    char text[64] = "";
    pair(fds);
    struct sockaddr_in mine = name_of(fds[0]), theirs;
    socklen_t length = sizeof theirs;
    getpeername(fds[1], (void *)&theirs, &length);
    printf("names agree %d\n", mine.sin_port == theirs.sin_port && mine.sin_addr.s_addr == theirs.sin_addr.s_addr);
    events("idle", fds[0]);
    SHOW(send(fds[0], "hello", 5, 0));
    settle(fds[1], POLLIN);
    events("sent to", fds[1]);
    int n = 0;
    SHOW(ioctl(fds[1], FIONREAD, &n));
    printf("FIONREAD %d\n", n);
    SHOW(recv(fds[1], text, 3, MSG_PEEK));
    SHOW(recv(fds[1], text, sizeof text, MSG_PEEK | MSG_DONTWAIT));
    SHOW(recv(fds[1], text, 2, 0));
    SHOW(recv(fds[1], text, sizeof text, 0));
    SHOW(recv(fds[1], text, sizeof text, MSG_DONTWAIT));
    SHOW(recv(fds[1], text, 1, MSG_OOB | MSG_DONTWAIT));
    struct iovec iov[2] = {{"ab", 2}, {"cde", 3}};
    SHOW(writev(fds[1], iov, 2));
    SHOW(recv(fds[0], text, 5, MSG_WAITALL));
    SHOW(send(fds[0], "dropped", 7, 0));
    settle(fds[1], POLLIN);
    SHOW(recv(fds[1], NULL, 7, MSG_TRUNC));
    SHOW(send(fds[0], "", 0, 0));
    SHOW(recv(fds[1], text, sizeof text, MSG_DONTWAIT));
    struct sockaddr_in from;
    length = sizeof from;
    SHOW(send(fds[0], "x", 1, 0));
    settle(fds[1], POLLIN);
    SHOW(recvfrom(fds[1], text, 1, 0, (void *)&from, &length));
    printf("length %d\n", length);
    SHOW(sendto(fds[0], "y", 1, 0, (void *)&mine, sizeof mine));
    SHOW(connect(fds[0], (void *)&mine, sizeof mine));
    SHOW(listen(fds[0], 1));
    close(fds[0]);
    close(fds[1]);
}

static void half_close(void)
{
    puts("-- half close");
    int fds[2];
    char text[8];
    pair(fds);
    SHOW(shutdown(fds[0], SHUT_WR));
    settle(fds[1], POLLIN);
    events("peer", fds[1]);
    events("own", fds[0]);
    SHOW(recv(fds[1], text, 8, 0));
    SHOW(send(fds[0], "x", 1, MSG_NOSIGNAL));
    signals = 0;
    SHOW(send(fds[0], "x", 1, 0));
    SHOW(write(fds[0], "x", 1));
    printf("signals %d\n", signals);
    SHOW(send(fds[1], "back", 4, 0));
    settle(fds[0], POLLIN);
    SHOW(recv(fds[0], text, 8, 0));
    SHOW(shutdown(fds[1], SHUT_WR));
    settle(fds[0], POLLIN);
    events("both", fds[0]);
    events("both, peer", fds[1]);
    SHOW(recv(fds[0], text, 8, 0));
    close(fds[0]);
    close(fds[1]);
    pair(fds);
    SHOW(shutdown(fds[0], SHUT_RD));
    events("deaf", fds[0]);
    SHOW(recv(fds[0], text, 8, 0));
    SHOW(send(fds[1], "x", 1, MSG_NOSIGNAL));
    SHOW(shutdown(fds[0], 7));
    close(fds[0]);
    close(fds[1]);
}

static void endings(void)
{
    puts("-- closed by the peer");
    int fds[2];
    char text[8];
    pair(fds);
    close(fds[1]);
    settle(fds[0], POLLIN);
    events("after FIN", fds[0]);
    SHOW(recv(fds[0], text, 8, 0));
    SHOW(send(fds[0], "x", 1, MSG_NOSIGNAL));
    settle(fds[0], POLLERR);
    events("after RST", fds[0]);
    so_error(fds[0]);
    SHOW(send(fds[0], "x", 1, MSG_NOSIGNAL));
    SHOW(recv(fds[0], text, 8, 0));
    close(fds[0]);

    puts("-- closed with unread data");
    pair(fds);
    send(fds[0], "unread", 6, 0);
    settle(fds[1], POLLIN);
    send(fds[1], "kept", 4, 0);
    settle(fds[0], POLLIN);
    close(fds[1]);
    settle(fds[0], POLLERR);
    events("reset", fds[0]);
    SHOW(recv(fds[0], text, 8, 0));
    SHOW(recv(fds[0], text, 8, 0));
    SHOW(recv(fds[0], text, 8, 0));
    SHOW(send(fds[0], "x", 1, MSG_NOSIGNAL));
    struct sockaddr_in in;
    socklen_t length = sizeof in;
    SHOW(getpeername(fds[0], (void *)&in, &length));
    close(fds[0]);

    puts("-- SO_LINGER 0");
    pair(fds);
    struct linger linger = {1, 0};
    SHOW(setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
    close(fds[1]);
    settle(fds[0], POLLERR);
    events("reset", fds[0]);
    SHOW(send(fds[0], "x", 1, MSG_NOSIGNAL));
    SHOW(send(fds[0], "x", 1, MSG_NOSIGNAL));
    close(fds[0]);

    puts("-- the listener goes");
    int server = listener("127.0.0.1", 5);
    int client = client_of(server);
    close(server);
    settle(client, POLLERR);
    events("not accepted", client);
    SHOW(recv(client, text, 8, 0));
    close(client);
    server = listener("127.0.0.1", 5);
    SHOW(shutdown(server, SHUT_RD));
    events("listener shut", server);
    SHOW(accept(server, NULL, NULL));
    close(server);
}

static void connecting(void)
{
    puts("-- connecting");
    int server = listener("127.0.0.1", 5);
    struct sockaddr_in in = name_of(server);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    SHOW(accept4(server, NULL, NULL, 4));
    fcntl(server, F_SETFL, O_NONBLOCK);
    SHOW(accept(server, NULL, NULL));
    SHOW(connect(fd, (void *)&in, sizeof in));
    settle(fd, POLLOUT);
    events("connected", fd);
    so_error(fd);
    SHOW(connect(fd, (void *)&in, sizeof in));
    SHOW(connect(fd, (void *)&in, sizeof in));
    events("listener", server);
    int n = 0;
    SHOW(ioctl(server, FIONREAD, &n));
    int got = accept4(server, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    printf("flags %d %d\n", !!(fcntl(got, F_GETFL) & O_NONBLOCK), fcntl(got, F_GETFD));
    close(got);
    close(fd);
    close(server);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    SHOW(connect(fd, (void *)&in, sizeof in));
    events("refused", fd);
    SHOW(connect(fd, (void *)&in, sizeof in));
    SHOW(connect(fd, (void *)&in, 3));
    close(fd);
    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    SHOW(connect(fd, (void *)&in, sizeof in));
    settle(fd, POLLOUT);
    events("refused", fd);
    so_error(fd);
    events("told", fd);
    SHOW(connect(fd, (void *)&in, sizeof in));
    SHOW(connect(fd, (void *)&in, sizeof in));
    close(fd);
}

static void ports(void)
{
    puts("-- ports");
    int one = socket(AF_INET, SOCK_STREAM, 0), two = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in in = address("127.0.0.1", 0);
    SHOW(bind(one, (void *)&in, sizeof in));
    in = name_of(one);
    SHOW(bind(two, (void *)&in, sizeof in));
    setsockopt(one, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(two, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    SHOW(bind(two, (void *)&in, sizeof in));
    SHOW(listen(one, 5));
    SHOW(listen(two, 5));
    int three = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(three, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    SHOW(bind(three, (void *)&in, sizeof in));
    struct sockaddr_in other = in;
    inet_pton(AF_INET, "127.0.0.2", &other.sin_addr);
    SHOW(bind(three, (void *)&other, sizeof other));
    SHOW(listen(three, 5));
    int client = client_of(three);
    struct pollfd p[2] = {{one, POLLIN}, {three, POLLIN}};
    poll(p, 2, 5000);
    printf("who has it: %d %d\n", !!p[0].revents, !!p[1].revents);
    close(client);
    close(one);
    close(two);
    close(three);

    one = socket(AF_INET, SOCK_STREAM, 0), two = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(one, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    setsockopt(two, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    in = address("0.0.0.0", 0);
    SHOW(bind(one, (void *)&in, sizeof in));
    in = name_of(one);
    SHOW(bind(two, (void *)&in, sizeof in));
    SHOW(listen(one, 5));
    SHOW(listen(two, 5));
    close(one);
    close(two);
    one = socket(AF_INET, SOCK_STREAM, 0);
    SHOW(listen(one, 5));
    printf("bound by listen %d\n", name_of(one).sin_port != 0);
    int number = 0;
    socklen_t length = sizeof number;
    getsockopt(one, SOL_SOCKET, SO_ACCEPTCONN, &number, &length);
    printf("SO_ACCEPTCONN %d\n", number);
    close(one);
}

static void six(void)
{
    puts("-- IPv6");
    int server = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6}, peer;
    socklen_t length = sizeof in6;
    SHOW(bind(server, (void *)&in6, sizeof in6));
    SHOW(listen(server, 5));
    getsockname(server, (void *)&in6, &length);
    int four = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = in6.sin6_port};
    SHOW(bind(four, (void *)&in, sizeof in));
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SHOW(connect(four, (void *)&in, sizeof in));
    length = sizeof peer;
    int got = accept(server, (void *)&peer, &length);
    char text[64];
    printf("%d %s length %d\n", peer.sin6_family, inet_ntop(AF_INET6, &peer.sin6_addr, text, 64), length);
    length = sizeof peer;
    getsockname(got, (void *)&peer, &length);
    printf("%s\n", inet_ntop(AF_INET6, &peer.sin6_addr, text, 64));
    close(got);
    close(four);
    int client = socket(AF_INET6, SOCK_STREAM, 0);
    in6.sin6_addr = in6addr_loopback;
    SHOW(connect(client, (void *)&in6, sizeof in6));
    length = sizeof peer;
    got = accept(server, (void *)&peer, &length);
    printf("%s\n", inet_ntop(AF_INET6, &peer.sin6_addr, text, 64));
    close(got);
    close(client);
    client = socket(AF_INET6, SOCK_STREAM, 0);
    inet_pton(AF_INET6, "::ffff:127.0.0.1", &in6.sin6_addr);
    SHOW(connect(client, (void *)&in6, sizeof in6));
    close(client);
    close(server);
    server = socket(AF_INET6, SOCK_STREAM, 0);
    int on = 1;
    SHOW(setsockopt(server, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on));
    in6.sin6_addr = in6addr_any;
    in6.sin6_port = 0;
    SHOW(bind(server, (void *)&in6, sizeof in6));
    SHOW(listen(server, 5));
    length = sizeof in6;
    getsockname(server, (void *)&in6, &length);
    four = socket(AF_INET, SOCK_STREAM, 0);
    in.sin_port = in6.sin6_port;
    SHOW(connect(four, (void *)&in, sizeof in));
    in.sin_addr.s_addr = 0;
    close(four);
    four = socket(AF_INET, SOCK_STREAM, 0);
    SHOW(bind(four, (void *)&in, sizeof in));
    close(four);
    close(server);
}

static void options(void)
{
    puts("-- options");
    int fd = socket(AF_INET, SOCK_STREAM, 0), value, on = 1;
    socklen_t length;
#define GET(level, name) \
    (value = -1, length = sizeof value, errno = 0, \
     getsockopt(fd, level, name, &value, &length) ? printf(#name " %s\n", strerrorname_np(errno)) \
                                                  : printf(#name " %d (%d)\n", value, length))
    GET(SOL_SOCKET, SO_TYPE);
    GET(SOL_SOCKET, SO_DOMAIN);
    GET(SOL_SOCKET, SO_PROTOCOL);
    GET(SOL_SOCKET, SO_KEEPALIVE);
    GET(SOL_SOCKET, SO_REUSEADDR);
    GET(SOL_SOCKET, SO_ACCEPTCONN);
    GET(SOL_SOCKET, SO_RCVLOWAT);
    GET(IPPROTO_TCP, TCP_NODELAY);
    GET(IPPROTO_TCP, TCP_KEEPIDLE);
    GET(IPPROTO_TCP, TCP_KEEPINTVL);
    GET(IPPROTO_TCP, TCP_KEEPCNT);
    GET(IPPROTO_TCP, 9999);
    GET(IPPROTO_IP, IP_TTL);
    GET(IPPROTO_IP, IP_TOS);
    GET(IPPROTO_IPV6, IPV6_V6ONLY);
    GET(SOL_SOCKET, 9999);
    GET(777, 1);
    SHOW(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
    SHOW(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    SHOW(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, 2));
    value = 60;
    SHOW(setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &value, sizeof value));
    value = 0;
    SHOW(setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &value, sizeof value));
    SHOW(setsockopt(fd, SOL_SOCKET, SO_TYPE, &on, sizeof on));
    SHOW(setsockopt(fd, SOL_SOCKET, 9999, &on, sizeof on));
    GET(SOL_SOCKET, SO_KEEPALIVE);
    GET(IPPROTO_TCP, TCP_NODELAY);
    GET(IPPROTO_TCP, TCP_KEEPIDLE);
    value = 10000;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, sizeof value);
    GET(SOL_SOCKET, SO_RCVBUF);
    struct tcp_info info;
    length = sizeof info;
    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length);
    printf("TCP_INFO state %d\n", info.tcpi_state);
    struct timeval timeout = {0, 20000};
    SHOW(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout));
    timeout.tv_usec = 2000000;
    SHOW(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout));
    close(fd);
    int fds[2];
    pair(fds);
    fd = fds[0];
    timeout.tv_usec = 20000;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    char byte;
    SHOW(recv(fd, &byte, 1, 0));
    SHOW(read(fd, &byte, 1));
    char *much = calloc(1, 16 << 20);
    long sent = send(fd, much, 16 << 20, 0);
    printf("some went through %d\n", sent > 0 && sent < 16 << 20);
    SHOW(send(fd, much, 100, 0));
    length = sizeof info;
    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length);
    printf("TCP_INFO state %d\n", info.tcpi_state);
    free(much);
    close(fds[0]);
    close(fds[1]);
}

static void edges(void)
{
    puts("-- epoll, edge-triggered");
    int fds[2], set = epoll_create1(0);
    char text[16];
    pair(fds);
    struct epoll_event event = {EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.u32 = 7}}, got[4];
    epoll_ctl(set, EPOLL_CTL_ADD, fds[0], &event);
    SHOW(epoll_wait(set, got, 4, 0));
    SHOW(epoll_wait(set, got, 4, 0));
    send(fds[1], "abc", 3, 0);
    SHOW(epoll_wait(set, got, 4, 5000));
    printf("events %x\n", got[0].events);
    SHOW(recv(fds[0], text, 16, 0));
    SHOW(epoll_wait(set, got, 4, 0));
    close(fds[1]);
    SHOW(epoll_wait(set, got, 4, 5000));
    printf("events %x\n", got[0].events);
    close(fds[0]);
    SHOW(epoll_wait(set, got, 4, 0));
    close(set);
}

static void full(void)
{
    puts("-- a full backlog, a slow reader, another process");
    int server = listener("127.0.0.1", 0);
    int one = client_of(server);
    int two = socket(AF_INET, SOCK_STREAM, 0);
    pid_t child = fork();
    if (child == 0) {
        static char data[400000];
        close(server);
        for (int i = 0; i < (int)sizeof data; i++)
            data[i] = i * 7;
        for (int sent = 0; sent < (int)sizeof data;)
            sent += write(one, data + sent, sizeof data - sent);
        _exit(3);
    }
    close(one);
    int got = accept(server, NULL, NULL);
    long total = 0, wrong = 0, n;
    unsigned char part[1000];
    while ((n = read(got, part, sizeof part)) > 0)
        for (long i = 0; i < n; i++, total++)
            wrong += part[i] != (unsigned char)(total * 7);
    printf("total %ld wrong %ld end %ld\n", total, wrong, n);
    int status;
    waitpid(child, &status, 0);
    printf("status %x\n", status);
    close(two);
    close(got);
    close(server);
}

static unsigned char pattern(long at)
{
    return at * 7 + (at >> 8) * 13 + (at >> 16);
}

/* Moves `size` bytes of the pattern into a socket that takes no more than some at once, and reads them on the other side. */
static void moved(const char *how, int source, long size)
{
    static unsigned char part[50000];
    int fds[2];
    pair(fds);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    fcntl(fds[1], F_SETFL, O_NONBLOCK);
    long sent = 0, got = 0, wrong = 0, waits = 0;
    while (got < size) {
        if (sent < size) {
            long n = how[0] == 's' ? sendfile(fds[0], source, NULL, size - sent)
                                   : splice(source, NULL, fds[0], NULL, size - sent, SPLICE_F_NONBLOCK);
            if (n > 0) {
                sent += n;
                continue;
            }
            if (errno != EAGAIN)
                break;
            waits++;
        }
        long n = read(fds[1], part, 1 + got % sizeof part);
        for (long i = 0; i < n; i++)
            wrong += part[i] != pattern(got + i);
        got += n > 0 ? n : 0;
    }
    printf("%s: sent %ld got %ld wrong %ld, waited %d\n", how, sent, got, wrong, waits > 0);
    close(fds[0]);
    close(fds[1]);
}

static void files(void)
{
    puts("-- sendfile and splice into a socket that is full now and then");
    const long size = 2 << 20;
    int file = memfd_create("pattern", 0);
    unsigned char *data = malloc(size);
    for (long i = 0; i < size; i++)
        data[i] = pattern(i);
    for (long i = 0; i < size;)
        i += write(file, data + i, size - i);
    lseek(file, 0, SEEK_SET);
    moved("sendfile", file, size);
    int ends[2];
    pipe(ends);
    pid_t child = fork();
    if (child == 0) {
        for (long i = 0; i < size;)
            i += write(ends[1], data + i, size - i);
        _exit(0);
    }
    close(ends[1]);
    moved("from a pipe", ends[0], size);
    waitpid(child, NULL, 0);
    close(ends[0]);
    close(file);
    free(data);
}

static void vanished(void)
{
    puts("-- accept, of a client that has gone already; with a bad address");
    int server = listener("127.0.0.1", 5);
    struct linger at_once = {1, 0};
    for (int reset = 0; reset < 2; reset++) {
        int client = client_of(server);
        send(client, "abc", 3, 0);
        if (reset)
            setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(client);
        struct sockaddr_in in = {0};
        socklen_t length = sizeof in;
        char text[8];
        int next = dup(0);
        close(next);
        int got = accept(server, (void *)&in, &length);
        printf("the next descriptor %d, %d bytes, family %d, loopback %d, port %d\n", got == next, length, in.sin_family,
               in.sin_addr.s_addr == htonl(INADDR_LOOPBACK), in.sin_port != 0);
        length = sizeof in;
        SHOW(getpeername(got, (void *)&in, &length));
        SHOW(recv(got, text, sizeof text, 0));
        SHOW(recv(got, text, sizeof text, 0));
        close(got);
    }
    int client = client_of(server);
    int next = dup(0);
    close(next);
    socklen_t length = 16;
    SHOW(accept(server, (void *)-4096L, &length));
    length = -1;
    struct sockaddr_in in;
    int second = client_of(server);
    SHOW(accept(server, (void *)&in, &length));
    int now = dup(0);
    printf("descriptors kept %d\n", now - next - 1);
    close(now);
    close(second);
    struct rlimit few = {now + 1, 10000};
    second = client_of(server);
    setrlimit(RLIMIT_NOFILE, &few);
    SHOW(accept(server, NULL, NULL) == now);
    SHOW(accept(server, NULL, NULL));
    few.rlim_cur = 100;
    setrlimit(RLIMIT_NOFILE, &few);
    int third = client_of(server);
    few.rlim_cur = third + 1;
    setrlimit(RLIMIT_NOFILE, &few);
    SHOW(accept(server, NULL, NULL));
    close(second);
    SHOW(accept(server, NULL, NULL) == second);
    close(client);
    close(server);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    signal(SIGPIPE, count);
    fresh();
    talk();
    half_close();
    endings();
    connecting();
    ports();
    six();
    options();
    edges();
    full();
    files();
    vanished();
    return 0;
}
