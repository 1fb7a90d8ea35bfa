/* What a kernel is asked for now and then: pidfds, made-up signals, slack, seals, sealed and read-only mappings. */
#include "guest.h"
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

static volatile int handled;

static void note(int number, siginfo_t *info, void *context)
{
    handled++;
}

static void *other_thread(void *tid)
{
    *(int *)tid = syscall(SYS_gettid);
    while (!handled)
        usleep(1000);
    return NULL;
}

static void threads_as_processes(void)
{
    volatile int tid = 0;
    pthread_t thread;
    siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    pthread_create(&thread, NULL, other_thread, (void *)&tid);
    while (!tid)
        usleep(1000);
    SHOW(kill(tid, 0));
    SHOW(syscall(SYS_rt_sigqueueinfo, tid, SIGUSR1, &info));
    pthread_join(thread, NULL);
    printf("handled %d\n", handled);
}

static void pidfds(void)
{
    siginfo_t info = {0};
    int self = open("/proc/self", O_DIRECTORY), plain = open("/proc/self/fd", O_DIRECTORY), before = handled;
    SHOW(syscall(SYS_pidfd_send_signal, self, SIGUSR1, NULL, 0));
    printf("handled %d more\n", handled - before);
    SHOW(syscall(SYS_pidfd_send_signal, plain, SIGUSR1, NULL, 0));
    SHOW(syscall(SYS_pidfd_getfd, self, 0, 0));
    pid_t child = fork();
    if (!child) {
        pause();
        _exit(0);
    }
    int fd = syscall(SYS_pidfd_open, child, O_NONBLOCK);
    SHOW(waitid(P_PIDFD, fd, &info, WEXITED));
    SHOW(waitid(P_PIDFD, fd, &info, WEXITED | WNOHANG));
    kill(child, SIGKILL);
    struct pollfd ended = {fd, POLLIN};
    SHOW(poll(&ended, 1, 10000));
    SHOW(waitid(P_PIDFD, fd, &info, WEXITED));
    printf("%s, status %d\n", info.si_pid == child ? "the child" : "another", info.si_status);
}

static void one_shot_handler(void)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESETHAND}, now;
    sigaction(SIGUSR2, &action, NULL);
    raise(SIGUSR2);
    sigaction(SIGUSR2, NULL, &now);
    printf("%s, flags %x\n", now.sa_handler == SIG_DFL ? "default" : "handler",
           now.sa_flags & (SA_SIGINFO | (int)SA_RESETHAND));
}

static void slack(void)
{
    char text[32] = {0};
    SHOW(prctl(PR_SET_TIMERSLACK, 70000));
    if (!fork()) {
        SHOW(prctl(PR_GET_TIMERSLACK));
        SHOW(prctl(PR_SET_TIMERSLACK, 12345));
        int fd = open("/proc/self/timerslack_ns", O_RDWR);
        read(fd, text, sizeof text - 1);
        printf("%s", text);
        SHOW(write(fd, "777", 3));
        SHOW(prctl(PR_GET_TIMERSLACK));
        SHOW(write(fd, "x", 1));
        SHOW(prctl(PR_SET_TIMERSLACK, 0));
        SHOW(prctl(PR_GET_TIMERSLACK));
        _exit(0);
    }
    wait(NULL);
    SHOW(prctl(PR_SET_TIMERSLACK, 0));
    SHOW(prctl(PR_GET_TIMERSLACK));
}

static void files(void)
{
    char name[32];
    int fd = memfd_create("sealed", MFD_ALLOW_SEALING);
    sprintf(name, "/proc/self/fd/%d", fd);
    write(fd, "text", 4);
    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK);
    SHOW(open(name, O_RDWR | O_TRUNC) >= 0);
    SHOW(lseek(fd, 0, SEEK_END));

    make("in", "abc");
    make("empty", "");
    off_t *offset = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int out = open("out", O_RDWR | O_CREAT, 0600);
    SHOW(syscall(SYS_sendfile, out, open("in", O_RDONLY), offset, 2L));
    SHOW(syscall(SYS_sendfile, out, open("empty", O_RDONLY), offset, 2L));
    SHOW(lseek(out, 0, SEEK_END));
}

static void zeros(void)
{
    int zero = open("/dev/zero", O_RDONLY), both = open("/dev/zero", O_RDWR);
    SHOW(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, zero, 0) == MAP_FAILED ? -1L : 0L);
    char *shared = mmap(NULL, 4096, PROT_READ, MAP_SHARED, zero, 0);
    SHOW(mprotect(shared, 4096, PROT_READ | PROT_WRITE));
    char *private = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, zero, 0);
    SHOW(mprotect(private, 4096, PROT_READ | PROT_WRITE));
    char *writable = mmap(NULL, 4096, PROT_READ, MAP_SHARED, both, 0);
    SHOW(mprotect(writable, 4096, PROT_READ | PROT_WRITE));
}

static void empty_files(void)
{
    int fd = open("nothing", O_RDWR | O_CREAT, 0600);
    char *shared = mmap(NULL, 5 * 4096, PROT_READ, MAP_SHARED, fd, 0);
    SHOW(mprotect(shared + 4096, 4096, PROT_NONE));
    SHOW(mprotect(shared + 3 * 4096, 4096, PROT_READ | PROT_WRITE));
    SHOW(munmap(shared, 5 * 4096));
}

static void show_details(const char *what, int fd, const char *prefix)
{
    char name[64], line[256];
    sprintf(name, "/proc/self/fdinfo/%d", fd);
    FILE *file = fopen(name, "r");
    printf("%s:\n", what);
    while (file && fgets(line, sizeof line, file)) {
        if (!strncmp(line, prefix, strlen(prefix))) {
            char *number = strstr(line, " ino:"), *mask = strstr(line, " mask:");
            if (number && mask) /* inodes and devices are each system's own */
                printf("%.*s ...%.*s\n", (int)(number - line), line, (int)strcspn(mask + 1, " ") + 1, mask);
            else
                printf("%s", line);
        }
    }
    if (file)
        fclose(file);
}

static void descriptions(void)
{
    int notify = inotify_init(), event = eventfd(11, 0);
    inotify_add_watch(notify, "in", IN_MODIFY | IN_ONESHOT);
    inotify_add_watch(notify, "out", IN_OPEN | IN_EXCL_UNLINK);
    show_details("inotify", notify, "inotify wd:");
    show_details("eventfd", event, "eventfd-count:");
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    show_details("signalfd", signalfd(-1, &set, 0), "sigmask:");
}

static void pairs(void)
{
    int pair[2];
    SHOW(socketpair(0, SOCK_STREAM, 0, pair));
    SHOW(socketpair(AF_INET, 75, 0, pair));
    SHOW(socketpair(AF_INET, SOCK_RAW, 0, pair));
    SHOW(socketpair(AF_INET, SOCK_DGRAM, 17, pair));
    SHOW(socketpair(AF_INET, SOCK_DGRAM, 6, pair));
    SHOW(socketpair(AF_INET, SOCK_STREAM, 6, pair));
    SHOW(socketpair(AF_INET, SOCK_STREAM, 1, pair));
    SHOW(socket(AF_INET, SOCK_RAW, 0));
}

static void socket_ioctls(void)
{
    int number, udp = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
    SHOW(ioctl(udp, SIOCATMARK, &number));
    SHOW(ioctl(tcp, SIOCATMARK, &number));
    SHOW(ioctl(tcp, SIOCSIFFLAGS, (void *)8));
}

static void affinity(void)
{
    unsigned long mask = 1;
    SHOW(syscall(SYS_sched_getaffinity, -1, 8, &mask));
    SHOW(syscall(SYS_sched_getaffinity, -1, 4, &mask));
    SHOW(syscall(SYS_sched_setaffinity, -1, 8, &mask));
}

int main(void)
{
    threads_as_processes();
    pidfds();
    one_shot_handler();
    slack();
    files();
    zeros();
    empty_files();
    descriptions();
    pairs();
    socket_ioctls();
    affinity();
    return 0;
}
