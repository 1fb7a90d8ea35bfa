/* AF_UNIX: pairs, names, streams, datagrams, packets, passed descriptors, ends. */
#include "guest.h"
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static int events(int fd, int wanted)
{
    struct pollfd p = {fd, wanted, 0};
    poll(&p, 1, 0);
    return p.revents;
}

static socklen_t named(struct sockaddr_un *address, const char *name, int length)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, name, length);
    return offsetof(struct sockaddr_un, sun_path) + length;
}

static void pairs(void)
{
    int s[2], value;
    char text[64];
    socklen_t length = sizeof value;
    signal(SIGPIPE, SIG_IGN);
    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
    SHOW(write(s[0], "hello", 5));
    SHOW(send(s[0], " world", 6, 0));
    SHOW(recv(s[1], text, 3, MSG_PEEK));
    SHOW(read(s[1], text, sizeof text));
    SHOW(recv(s[1], text, 1, MSG_DONTWAIT));
    SHOW(lseek(s[0], 0, SEEK_SET));
    SHOW(getsockopt(s[0], SOL_SOCKET, SO_TYPE, &value, &length));
    SHOW(value);
    SHOW(getsockopt(s[0], SOL_SOCKET, SO_ERROR, &value, &length));
    printf("poll %x %x\n", events(s[0], POLLIN | POLLOUT | POLLRDHUP), events(s[1], POLLIN | POLLOUT));
    write(s[0], "rest", 4);
    SHOW(shutdown(s[0], SHUT_WR));
    SHOW(write(s[0], "x", 1));
    printf("poll %x %x\n", events(s[0], POLLIN | POLLOUT | POLLRDHUP), events(s[1], POLLIN | POLLOUT | POLLRDHUP));
    SHOW(read(s[1], text, sizeof text));
    SHOW(read(s[1], text, sizeof text));
    SHOW(write(s[1], "back", 4));
    close(s[0]);
    printf("poll %x\n", events(s[1], POLLIN | POLLOUT | POLLRDHUP));
    SHOW(write(s[1], "x", 1));
    close(s[1]);
    SHOW(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s));
    write(s[0], "first", 5), write(s[0], "second", 6);
    SHOW(recv(s[1], text, 2, 0));
    SHOW(recv(s[1], text, sizeof text, 0));
    close(s[0]);
    SHOW(recv(s[1], text, sizeof text, 0));
    close(s[1]);
    SHOW(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, s));
    SHOW(fcntl(s[0], F_GETFD));
    SHOW(read(s[0], text, 1));
    write(s[0], "datagram", 8), write(s[0], "", 0);
    SHOW(recv(s[1], text, 3, MSG_TRUNC));
    SHOW(recv(s[1], text, 3, MSG_TRUNC));
    close(s[0]), close(s[1]);
    SHOW(socketpair(AF_UNIX, 77, 0, s));
    SHOW(socket(77, SOCK_STREAM, 0));
    SHOW(getsockname(0, NULL, NULL));
    SHOW(getsockname(99, NULL, NULL));
}

static void streams(const char *name, int length)
{
    struct sockaddr_un address, got;
    socklen_t size = named(&address, name, length), room = sizeof got;
    char text[64];
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0), status;
    SHOW(listen(listener, 5));
    SHOW(connect(client, (struct sockaddr *)&address, size));
    SHOW(bind(listener, (struct sockaddr *)&address, size));
    SHOW(connect(client, (struct sockaddr *)&address, size));
    SHOW(listen(listener, 5));
    SHOW(accept(client, NULL, NULL));
    fcntl(listener, F_SETFL, O_NONBLOCK);
    SHOW(accept(listener, NULL, NULL));
    fcntl(listener, F_SETFL, 0);
    pid_t child = fork();
    if (child == 0) {
        int again = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(again, (struct sockaddr *)&address, size))
            _exit(1);
        write(again, "from the child", 14);
        int n = read(again, text, sizeof text);
        _exit(n);
    }
    int server = accept(listener, (struct sockaddr *)&got, &room);
    printf("peer name %d\n", room);
    int n = read(server, text, sizeof text);
    printf("%.*s\n", n, text);
    struct ucred ids;
    room = sizeof ids;
    SHOW(getsockopt(server, SOL_SOCKET, SO_PEERCRED, &ids, &room));
    printf("pid %d uid %d\n", ids.pid == child, ids.uid == getuid());
    write(server, "seven..", 7);
    waitpid(child, &status, 0);
    printf("child read %d\n", WEXITSTATUS(status));
    SHOW(read(server, text, sizeof text));
    room = sizeof got;
    SHOW(getsockname(server, (struct sockaddr *)&got, &room));
    printf("%d %d\n", room, memcmp(got.sun_path, name, length));
    SHOW(bind(client, (struct sockaddr *)&address, size));
    close(server), close(listener);
    SHOW(connect(client, (struct sockaddr *)&address, size));
    close(client);
    if (name[0])
        SHOW(unlink(name));
}

static void datagrams(void)
{
    struct sockaddr_un one, two, from;
    socklen_t one_size = named(&one, "one", 4), two_size = named(&two, "\0two", 4), room = sizeof from;
    int a = socket(AF_UNIX, SOCK_DGRAM, 0), b = socket(AF_UNIX, SOCK_DGRAM, 0);
    char text[64];
    bind(a, (struct sockaddr *)&one, one_size), bind(b, (struct sockaddr *)&two, two_size);
    SHOW(sendto(a, "to b", 4, 0, (struct sockaddr *)&two, two_size));
    int n = recvfrom(b, text, sizeof text, 0, (struct sockaddr *)&from, &room);
    printf("%.*s from %s, %d\n", n, text, from.sun_path, room);
    SHOW(send(b, "x", 1, 0));
    SHOW(connect(b, (struct sockaddr *)&one, one_size));
    SHOW(send(b, "to a", 4, 0));
    SHOW(read(a, text, sizeof text));
    close(a);
    SHOW(send(b, "x", 1, 0));
    close(b);
    unlink("one");
}

static void descriptors(void)
{
    int s[2], p[2], status;
    char text[64] = "", control[CMSG_SPACE(2 * sizeof(int))] = "";
    struct iovec part = {text, 2};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    socketpair(AF_UNIX, SOCK_STREAM, 0, s);
    pid_t child = fork();
    if (child == 0) {
        pipe(p);
        strcpy(text, "fd");
        struct cmsghdr *message = CMSG_FIRSTHDR(&header);
        message->cmsg_level = SOL_SOCKET, message->cmsg_type = SCM_RIGHTS, message->cmsg_len = CMSG_LEN(sizeof p);
        memcpy(CMSG_DATA(message), p, sizeof p);
        sendmsg(s[0], &header, 0);
        close(p[1]);
        int n = read(p[0], text, sizeof text);
        _exit(n);
    }
    close(s[0]);
    SHOW(recvmsg(s[1], &header, MSG_CMSG_CLOEXEC));
    struct cmsghdr *message = CMSG_FIRSTHDR(&header);
    printf("%.2s: level %d type %d length %d flags %x\n", text, message->cmsg_level, message->cmsg_type,
           (int)message->cmsg_len, header.msg_flags & ~MSG_CMSG_CLOEXEC);
    memcpy(p, CMSG_DATA(message), sizeof p);
    SHOW(fcntl(p[1], F_GETFD));
    SHOW(write(p[1], "passed", 6));
    close(p[0]), close(p[1]);
    waitpid(child, &status, 0);
    printf("child read %d\n", WEXITSTATUS(status));
    SHOW(recvmsg(s[1], &header, 0));
    close(s[1]);
}

static void much(void)
{
    static unsigned char data[300000];
    int s[2], status;
    socketpair(AF_UNIX, SOCK_STREAM, 0, s);
    pid_t child = fork();
    if (child == 0) {
        close(s[0]);
        for (int i = 0; i < 300000; i++)
            data[i] = i * 7;
        int n = write(s[1], data, sizeof data);
        _exit(n == sizeof data);
    }
    close(s[1]);
    unsigned long sum = 0, total = 0;
    int n;
    while ((n = read(s[0], data, 5000)) > 0)
        for (int i = 0; i < n; i++)
            sum = sum * 31 + data[i], total++;
    waitpid(child, &status, 0);
    printf("%lu bytes, sum %lx, whole %d\n", total, sum, WEXITSTATUS(status));
    close(s[0]);
    socketpair(AF_UNIX, SOCK_STREAM, 0, s);
    if ((child = fork()) == 0) {
        write(s[1], "abc", 3), write(s[1], "defg", 4);
        _exit(0);
    }
    SHOW(recv(s[0], data, 7, MSG_WAITALL));
    waitpid(child, &status, 0);
}

int main(void)
{
    pairs();
    streams("socket", 7);
    streams("\0abstract-friscy-test", 21);
    datagrams();
    descriptors();
    much();
    return 0;
}
