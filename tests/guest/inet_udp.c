/* UDP over the loopback interface. Recorded from a native build on Linux; ports are never shown. */
#include "guest.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

static struct sockaddr_in name_of(int fd)
{
    struct sockaddr_in in;
    socklen_t length = sizeof in;
    getsockname(fd, (void *)&in, &length);
    return in;
}

static int bound(const char *host)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in in = {.sin_family = AF_INET};
    inet_pton(AF_INET, host, &in.sin_addr);
    if (bind(fd, (void *)&in, sizeof in))
        perror("bind");
    return fd;
}

static void events(const char *what, int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};
    poll(&p, 1, 0);
    printf("%s:%s%s%s%s%s\n", what, p.revents & POLLIN ? " IN" : "", p.revents & POLLOUT ? " OUT" : "",
           p.revents & POLLRDHUP ? " RDHUP" : "", p.revents & POLLHUP ? " HUP" : "",
           p.revents & POLLERR ? " ERR" : "");
}

static void basics(void)
{
    int one = bound("127.0.0.1"), two = bound("127.0.0.1");
    struct sockaddr_in to = name_of(two), from;
    socklen_t length = sizeof from;
    char text[64];
    int n = 0;
    events("idle", one);
    SHOW(send(one, "x", 1, 0));
    SHOW(sendto(one, "hello", 5, 0, (void *)&to, sizeof to));
    SHOW(sendto(one, "", 0, 0, (void *)&to, sizeof to));
    events("waiting", two);
    SHOW(ioctl(two, FIONREAD, &n));
    printf("FIONREAD %d\n", n);
    SHOW(recvfrom(two, text, 2, MSG_PEEK | MSG_TRUNC, (void *)&from, &length));
    printf("from %d %s %d\n", length, inet_ntoa(from.sin_addr), from.sin_port == name_of(one).sin_port);
    SHOW(recv(two, text, 2, 0));
    SHOW(recv(two, text, 64, 0));
    SHOW(recv(two, text, 64, MSG_DONTWAIT));
    to.sin_port = 0;
    SHOW(sendto(one, "x", 1, 0, (void *)&to, sizeof to));
    to = name_of(two);
    to.sin_family = 77;
    SHOW(sendto(one, "x", 1, 0, (void *)&to, sizeof to));
    to.sin_family = AF_INET;
    SHOW(sendto(one, "x", 1, 0, (void *)&to, 8));
    static char large[70000];
    SHOW(sendto(one, large, 65507, 0, (void *)&to, sizeof to));
    SHOW(sendto(one, large, 65508, 0, (void *)&to, sizeof to));
    SHOW(recv(two, large, sizeof large, 0));
    SHOW(listen(one, 1));
    SHOW(accept(one, NULL, NULL));
    to.sin_addr.s_addr = htonl(INADDR_BROADCAST);
    SHOW(sendto(one, "x", 1, 0, (void *)&to, sizeof to));
    close(one);
    close(two);
}

static void connected(void)
{
    int one = bound("127.0.0.1"), two = bound("127.0.0.1"), three = bound("127.0.0.1");
    struct sockaddr_in to = name_of(two), mine = name_of(one);
    socklen_t length = sizeof to;
    char text[64];
    SHOW(getpeername(one, (void *)&to, &length));
    to = name_of(two);
    SHOW(connect(one, (void *)&to, sizeof to));
    SHOW(getpeername(one, (void *)&to, &length));
    SHOW(send(one, "abc", 3, 0));
    SHOW(write(one, "de", 2));
    SHOW(recv(two, text, 64, 0));
    SHOW(read(two, text, 64));
    SHOW(sendto(three, "stranger", 8, 0, (void *)&mine, sizeof mine));
    SHOW(recv(one, text, 64, MSG_DONTWAIT));
    SHOW(sendto(two, "friend", 6, 0, (void *)&mine, sizeof mine));
    SHOW(recv(one, text, 64, MSG_DONTWAIT));
    close(two);
    SHOW(send(one, "x", 1, 0));
    events("nobody", one);
    SHOW(send(one, "x", 1, 0));
    SHOW(send(one, "x", 1, 0));
    SHOW(recv(one, text, 64, MSG_DONTWAIT));
    SHOW(recv(one, text, 64, MSG_DONTWAIT));
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    SHOW(connect(one, &none, sizeof none));
    SHOW(getpeername(one, (void *)&to, &length));
    SHOW(send(one, "x", 1, 0));
    SHOW(shutdown(one, SHUT_RDWR));
    close(one);
    close(three);
    one = socket(AF_INET, SOCK_DGRAM, 0);
    to = mine;
    SHOW(connect(one, (void *)&to, sizeof to));
    printf("source %s\n", inet_ntoa(name_of(one).sin_addr));
    SHOW(shutdown(one, SHUT_WR));
    SHOW(send(one, "x", 1, MSG_NOSIGNAL));
    SHOW(shutdown(one, SHUT_RD));
    SHOW(recv(one, text, 64, 0));
    events("shut", one);
    close(one);
}

static void messages(void)
{
    int one = bound("127.0.0.1"), two = bound("0.0.0.0"), on = 1;
    struct sockaddr_in to = name_of(two), from[3];
    inet_pton(AF_INET, "127.0.0.9", &to.sin_addr);
    SHOW(setsockopt(two, IPPROTO_IP, IP_PKTINFO, &on, sizeof on));
    char a[8], b[8], c[8], control[128];
    struct iovec out[3] = {{"one", 3}, {"second", 6}, {"3", 1}}, in[3] = {{a, 8}, {b, 4}, {c, 8}};
    struct mmsghdr send[3] = {0}, got[3] = {0};
    for (int i = 0; i < 3; i++) {
        send[i].msg_hdr = (struct msghdr){.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = out + i, .msg_iovlen = 1};
        got[i].msg_hdr = (struct msghdr){.msg_name = from + i, .msg_namelen = sizeof *from, .msg_iov = in + i, .msg_iovlen = 1};
    }
    SHOW(sendmmsg(one, send, 3, 0));
    printf("%d %d %d\n", send[0].msg_len, send[1].msg_len, send[2].msg_len);
    got[0].msg_hdr.msg_control = control;
    got[0].msg_hdr.msg_controllen = sizeof control;
    SHOW(recvmmsg(two, got, 3, MSG_DONTWAIT, NULL));
    for (int i = 0; i < 3; i++)
        printf("%d flags %x name %d %d\n", got[i].msg_len, got[i].msg_hdr.msg_flags & ~0x40, got[i].msg_hdr.msg_namelen,
               from[i].sin_port == name_of(one).sin_port);
    struct cmsghdr *header = CMSG_FIRSTHDR(&got[0].msg_hdr);
    struct in_pktinfo *info = (void *)CMSG_DATA(header);
    printf("control %ld: %d %d %ld, interface %d, to %s\n", (long)got[0].msg_hdr.msg_controllen, header->cmsg_level,
           header->cmsg_type, (long)header->cmsg_len, info->ipi_ifindex, inet_ntoa(info->ipi_addr));
    SHOW(recvmmsg(two, got, 3, MSG_DONTWAIT, NULL));
    struct timeval timeout = {0, 10000};
    setsockopt(two, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    SHOW(recv(two, a, 8, 0));
    close(one);
    close(two);
}

static void names(void)
{
    int one = bound("127.0.0.1"), two = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
    struct sockaddr_in in = name_of(one);
    SHOW(bind(two, (void *)&in, sizeof in));
    SHOW(setsockopt(one, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    SHOW(setsockopt(two, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    SHOW(bind(two, (void *)&in, sizeof in));
    close(one);
    close(two);
    int six = socket(AF_INET6, SOCK_DGRAM, 0);
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6}, from;
    SHOW(bind(six, (void *)&in6, sizeof in6));
    socklen_t length = sizeof in6;
    getsockname(six, (void *)&in6, &length);
    one = bound("127.0.0.1");
    in.sin_port = in6.sin6_port;
    SHOW(sendto(one, "four", 4, 0, (void *)&in, sizeof in));
    char text[64], shown[64];
    length = sizeof from;
    SHOW(recvfrom(six, text, 64, 0, (void *)&from, &length));
    printf("%s\n", inet_ntop(AF_INET6, &from.sin6_addr, shown, 64));
    SHOW(sendto(six, "back", 4, 0, (void *)&from, sizeof from));
    SHOW(recv(one, text, 64, 0));
    int client = socket(AF_INET6, SOCK_DGRAM, 0);
    in6.sin6_addr = in6addr_loopback;
    SHOW(connect(client, (void *)&in6, sizeof in6));
    SHOW(send(client, "six", 3, 0));
    length = sizeof from;
    SHOW(recvfrom(six, text, 64, 0, (void *)&from, &length));
    printf("%s\n", inet_ntop(AF_INET6, &from.sin6_addr, shown, 64));
    close(client);
    close(one);
    close(six);
}

static void show_control(struct msghdr *message)
{
    for (struct cmsghdr *each = CMSG_FIRSTHDR(message); each; each = CMSG_NXTHDR(message, each))
        if (each->cmsg_type != IPV6_PKTINFO)
            printf("  level %d type %d length %d: %d\n", each->cmsg_level, each->cmsg_type, (int)each->cmsg_len,
                   *(int *)CMSG_DATA(each));
    printf("  flags %x\n", message->msg_flags);
}

static void headers(void)
{
    int one = socket(AF_INET6, SOCK_DGRAM, 0), two = socket(AF_INET6, SOCK_DGRAM, 0), on = 1, value;
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    socklen_t length = sizeof to;
    bind(two, (void *)&to, sizeof to);
    getsockname(two, (void *)&to, &length);
    connect(one, (void *)&to, sizeof to);
    SHOW(setsockopt(two, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof on));
    SHOW(setsockopt(two, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof on));
    char text[8], control[256], given[2 * CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {text, 4};
    for (int round = 0; round < 4; round++) {
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
        if (round == 1) {
            value = 9;
            SHOW(setsockopt(one, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &value, sizeof value));
            value = 0x20;
            SHOW(setsockopt(one, IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof value));
        } else if (round > 1) {
            message.msg_control = given;
            message.msg_controllen = sizeof given;
            struct cmsghdr *each = CMSG_FIRSTHDR(&message);
            *each = (struct cmsghdr){CMSG_LEN(sizeof(int)), IPPROTO_IPV6, IPV6_HOPLIMIT};
            *(int *)CMSG_DATA(each) = round == 2 ? 5 : 256;
            each = CMSG_NXTHDR(&message, each);
            *each = (struct cmsghdr){CMSG_LEN(sizeof(int)), IPPROTO_IPV6, IPV6_TCLASS};
            *(int *)CMSG_DATA(each) = round == 2 ? 0x48 : 0;
        }
        SHOW(sendmsg(one, &message, 0));
        if (round == 3)
            break;
        struct msghdr got = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        SHOW(recvmsg(two, &got, 0));
        show_control(&got);
    }
    send(one, "abcd", 4, 0);
    struct msghdr got = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_LEN(4) + 8};
    SHOW(recvmsg(two, &got, 0));
    show_control(&got);
    close(one);
    close(two);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    puts("-- basics");
    basics();
    puts("-- connected");
    connected();
    puts("-- several messages at once, and where they came in");
    messages();
    puts("-- names");
    names();
    puts("-- hop limit and traffic class");
    headers();
    return 0;
}
