/* Listens on port 7000, takes one connection, and waits for another one and for a line of standard input. */
#include "guest.h"
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

int main(void)
{
    int server = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(7000)};
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    SHOW(bind(server, (void *)&in, sizeof in));
    SHOW(listen(server, 5));
    int old = accept(server, NULL, NULL);
    char line[64];
    SHOW(read(old, line, sizeof line));
    SHOW(read(0, line, sizeof line));
    int new = accept(server, NULL, NULL);
    long n = read(new, line, sizeof line);
    printf("got %.*s\n", (int)n, line);
    write(new, "answer", 6);
    close(new);
    SHOW(read(old, line, sizeof line));
    SHOW(read(old, line, sizeof line));
    SHOW(send(old, "x", 1, MSG_NOSIGNAL));
    return 0;
}
