/* Two processes wait for so many connections by turns, each with an epoll set of its own: many_sets PORT COUNT. */
#include "guest.h"
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    struct rlimit files;
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1, count = atoi(argv[2]), failed = 0, status;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = 2048;
    SHOW(setrlimit(RLIMIT_NOFILE, &files));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    SHOW(bind(listener, (void *)&where, sizeof where));
    SHOW(listen(listener, count)); /* where the queue is full, clients wait for seconds */
    int *sets = malloc(count * sizeof *sets), *ends = malloc(count * sizeof *ends);
    for (int k = 0; k < count; k++)
        ends[k] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    int child = fork();
    for (int k = child == 0; k < count; k += 2) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = k};
        sets[k] = epoll_create1(0);
        failed += epoll_ctl(sets[k], EPOLL_CTL_ADD, ends[k], &event) != 0;
    }
    for (int k = child == 0; k < count; k += 2) {
        struct epoll_event found;
        char byte;
        int n = epoll_wait(sets[k], &found, 1, 20000);
        failed += n != 1 || found.data.u32 != (unsigned)k || read(ends[k], &byte, 1) != 1;
        failed += write(ends[k], &byte, 1) != 1;
    }
    if (child == 0)
        _exit(failed != 0);
    wait(&status);
    SHOW(status);
    SHOW(failed);
    return 0;
}
