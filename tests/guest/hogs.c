/* A guest that takes too much: of what, its argument says. */
#include "guest.h"
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

static void memory(void)
{
    for (;;) {
        char *part = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (part == MAP_FAILED) {
            puts("mmap failed");
            exit(1);
        }
        for (int at = 0; at < 1 << 20; at += 4096)
            part[at] = 1;
    }
}

int main(int argc, char **argv)
{
    const char *what = argv[1];
    if (!strcmp(what, "forks")) {
        pid_t children[1000];
        int count = 0;
        while (count < 1000 && (children[count] = fork()) > 0)
            count++;
        if (count < 1000 && children[count] == 0) {
            pause();
            _exit(0);
        }
        printf("%d children, %s\n", count, strerrorname_np(errno));
        for (int i = 0; i < count; i++) {
            kill(children[i], SIGKILL);
            waitpid(children[i], NULL, 0);
        }
        pid_t one = fork();
        if (one == 0)
            _exit(5);
        int status;
        waitpid(one, &status, 0);
        printf("and again %x\n", status);
    } else if (!strcmp(what, "memory")) {
        memory();
    } else if (!strcmp(what, "child")) {
        pid_t child = fork();
        if (child == 0)
            memory();
        int status;
        waitpid(child, &status, 0);
        printf("signal %d\n", WTERMSIG(status));
    } else if (!strcmp(what, "mappings")) {
        long count = 0, size = 512L << 20;
        char *all = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        while (2 * count * 4096 < size && !mprotect(all + 2 * count * 4096, 4096, PROT_READ))
            count++;
        printf("%s, %s\n", count > 1000 && 2 * count * 4096 < size ? "many" : "few or no end", strerrorname_np(errno));
        long forked = fork();
        if (forked == 0)
            _exit(0);
        printf("fork: %s\n", forked < 0 ? strerrorname_np(errno) : "done");
        printf("unmap: %d, allocate: %s\n", munmap(all, size), malloc(1 << 22) ? "done" : "failed");
    } else if (!strcmp(what, "files")) {
        int count = 0;
        while (dup(1) >= 0)
            count++;
        printf("%d more, %s\n", count, strerrorname_np(errno));
    } else if (!strcmp(what, "disk")) {
        static char block[65536];
        long total = 0, n;
        int fd = open("/tmp/large", O_WRONLY | O_CREAT, 0644);
        while ((n = write(fd, block, sizeof block)) > 0)
            total += n;
        printf("%s, below 2 MiB: %d\n", strerrorname_np(errno), total < 2 << 20);
        unlink("/tmp/large");
        close(fd);
        fd = open("/tmp/small", O_WRONLY | O_CREAT, 0644);
        SHOW(write(fd, block, sizeof block));
    } else if (!strcmp(what, "shared")) {
        static char block[1 << 20];
        int fd = open("/dev/shm/large", O_WRONLY | O_CREAT, 0644);
        memset(block, 1, sizeof block);
        while (write(fd, block, sizeof block) > 0)
            ;
        pause(); /* full of it */
    } else if (!strcmp(what, "bomb")) {
        for (;;)
            fork();
    } else if (!strcmp(what, "wait")) {
        puts("ready");
        fflush(stdout);
        pause();
    } else if (!strcmp(what, "sockets")) {
        /* Each has a socket of the host behind it, if it may. */
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(0x0a000202)};
        struct rlimit many = {4096, 4096};
        setrlimit(RLIMIT_NOFILE, &many);
        int failed = 0, first = 0;
        for (int i = 0; i < 300; i++) {
            int fd = socket(AF_INET, SOCK_DGRAM, 0);
            if (sendto(fd, "x", 1, 0, (void *)&in, sizeof in) < 0) {
                first = failed++ ? first : errno;
            }
        }
        printf("failed %d, %s\n", failed > 0, failed ? strerrorname_np(first) : "none");
    } else if (!strcmp(what, "spin")) {
        for (volatile long i = 0;; i++)
            ;
    }
    return 0;
}
