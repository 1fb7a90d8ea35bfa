/* UDP-Lite over the loopback interface, and how far it is from UDP. Recorded from a native build on Linux. */
#include "guest.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#ifndef IPPROTO_UDPLITE
#define IPPROTO_UDPLITE 136
#endif
enum { SEND_COVERAGE = 10, RECEIVE_COVERAGE = 11 };

static int bound(int family, int protocol, unsigned short port)
{
    int fd = socket(family, SOCK_DGRAM, protocol);
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = port};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_port = port};
    if (bind(fd, family == AF_INET ? (void *)&in : (void *)&in6, family == AF_INET ? sizeof in : sizeof in6))
        perror("bind");
    return fd;
}

static unsigned short port_of(int fd)
{
    struct sockaddr_in6 in;
    socklen_t length = sizeof in;
    getsockname(fd, (void *)&in, &length);
    return in.sin6_port; /* at the same place in both */
}

static void option(int fd, const char *what, int name, int value)
{
    int got = -1;
    socklen_t length = sizeof got;
    if (setsockopt(fd, IPPROTO_UDPLITE, name, &value, sizeof value) ||
        getsockopt(fd, IPPROTO_UDPLITE, name, &got, &length))
        printf("%s: %s\n", what, strerror(errno));
    else
        printf("%s %d: %d\n", what, value, got);
}

static void talk(int family)
{
    int lite = bound(family, IPPROTO_UDPLITE, 0), plain = bound(family, IPPROTO_UDP, port_of(lite));
    int sender = bound(family, IPPROTO_UDPLITE, 0), type = 0, protocol = 0;
    socklen_t length = sizeof type, room;
    struct sockaddr_storage to, from;
    char buffer[16];
    getsockopt(lite, SOL_SOCKET, SO_TYPE, &type, &length);
    getsockopt(lite, SOL_SOCKET, SO_PROTOCOL, &protocol, &length);
    printf("type %d, protocol %d\n", type, protocol);
    option(sender, "send coverage", SEND_COVERAGE, 0);
    option(sender, "send coverage", SEND_COVERAGE, 3);
    option(sender, "send coverage", SEND_COVERAGE, 100000);
    option(lite, "receive coverage", RECEIVE_COVERAGE, 8);
    option(plain, "of UDP", SEND_COVERAGE, 8);
    option(lite, "another", 99, 8);
    room = sizeof to;
    getsockname(lite, (void *)&to, &room);
    printf("sent %zd\n", sendto(sender, "hello", 5, 0, (void *)&to, room));
    room = sizeof from;
    printf("received %zd, ", recvfrom(lite, buffer, sizeof buffer, 0, (void *)&from, &room));
    printf("from the sender: %d\n", ((struct sockaddr_in6 *)&from)->sin6_port == port_of(sender));
    errno = 0;
    recv(plain, buffer, sizeof buffer, MSG_DONTWAIT);
    printf("UDP of the same port: %s\n", strerror(errno));
    connect(sender, (void *)&to, room);
    close(lite);
    send(sender, "x", 1, 0);
    errno = 0;
    send(sender, "x", 1, 0);
    printf("nobody there: %s\n", strerror(errno));
    close(plain);
    close(sender);
}

int main(void)
{
    talk(AF_INET);
    talk(AF_INET6);
    return 0;
}
