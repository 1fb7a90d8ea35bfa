/* Lists the comments of the keys an SSH agent has, one a line: the request and answer of draft-miller-ssh-agent. */
#include "guest.h"
#include <arpa/inet.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

static unsigned char answer[1 << 16];

static uint32_t number(unsigned char **at)
{
    uint32_t value;
    memcpy(&value, *at, 4);
    *at += 4;
    return ntohl(value);
}

int main(void)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    const char *path = getenv("SSH_AUTH_SOCK");
    snprintf(name.sun_path, sizeof name.sun_path, "%s", path ? path : "");
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (!path || connect(fd, (struct sockaddr *)&name, sizeof name)) {
        printf("%s: %s\n", path ? path : "no agent", strerrorname_np(errno));
        return 1;
    }
    write(fd, "\0\0\0\1\13", 5); /* SSH_AGENTC_REQUEST_IDENTITIES */
    uint32_t have = 0, length = 4;
    while (have < 4 + length) {
        long n = read(fd, answer + have, sizeof answer - have);
        if (n <= 0)
            return 2;
        have += n;
        unsigned char *at = answer;
        if (have >= 4)
            length = number(&at);
    }
    unsigned char *at = answer + 5;
    uint32_t count = number(&at);
    printf("%d: %u keys\n", answer[4], count); /* 12: SSH_AGENT_IDENTITIES_ANSWER */
    while (count--) {
        at += number(&at);
        uint32_t size = number(&at);
        printf("%.*s\n", (int)size, at);
        at += size;
    }
    return 0;
}
