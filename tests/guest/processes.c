/* fork(2), vfork(2), wait4(2), waitid(2): what children share, leave behind and report. */
#include "guest.h"
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

static int variable = 1;
static volatile int chld;
extern char **environ;

static void on_chld(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    chld++;
    printf("SIGCHLD code %d status %d\n", info->si_code, info->si_status);
    fflush(stdout);
}

static void status(const char *what, int word)
{
    printf("%s: exited %d %d signaled %d %d stopped %d continued %d\n", what, WIFEXITED(word),
           WIFEXITED(word) ? WEXITSTATUS(word) : -1, WIFSIGNALED(word), WIFSIGNALED(word) ? WTERMSIG(word) : -1,
           WIFSTOPPED(word) ? WSTOPSIG(word) : -1, WIFCONTINUED(word));
    fflush(stdout);
}

static void basics(void)
{
    int word = -1;
    SHOW(wait(NULL));
    SHOW(waitpid(-1, &word, WNOHANG));
    pid_t child = fork();
    if (child == 0) {
        variable = 2;
        _exit(42);
    }
    printf("same pid %d\n", waitpid(child, &word, 0) == child);
    status("exit 42", word);
    printf("variable %d\n", variable);
    if ((child = fork()) == 0)
        raise(SIGKILL);
    waitpid(-1, &word, 0);
    status("killed", word);
    if ((child = fork()) == 0)
        abort();
    waitpid(0, &word, 0);
    status("abort", word);
    SHOW(waitpid(child, &word, 0));
    SHOW(waitpid(-getpgrp(), &word, 0));
    SHOW(wait4(-1, &word, 0x100, NULL));
    siginfo_t info;
    SHOW(waitid(P_ALL, 0, &info, 0));
    SHOW(waitid(P_ALL, 0, &info, WNOHANG));
}

static void ids(void)
{
    int p[2], word;
    pipe(p);
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        char answer = (getppid() == parent) + 2 * (getpid() != parent) + 4 * (getpgrp() == getpgid(parent)) +
                      8 * (getsid(0) == getsid(parent));
        write(p[1], &answer, 1);
        _exit(0);
    }
    char answer;
    read(p[0], &answer, 1);
    waitpid(child, &word, 0);
    printf("relations %d\n", answer);
    close(p[0]), close(p[1]);
}

static void waitids(void)
{
    siginfo_t info;
    int p[2];
    pipe(p);
    pid_t child = fork();
    if (child == 0) {
        char c;
        close(p[1]);
        read(p[0], &c, 1);
        _exit(7);
    }
    close(p[0]);
    memset(&info, 77, sizeof info);
    SHOW(waitid(P_PID, child, &info, WEXITED | WNOHANG));
    printf("none: pid %d signo %d\n", info.si_pid, info.si_signo);
    close(p[1]);
    SHOW(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
    printf("pid %d signo %d code %d status %d uid %d\n", info.si_pid == child, info.si_signo, info.si_code,
           info.si_status, info.si_uid == getuid());
    SHOW(kill(child, 0));
    SHOW(waitid(P_ALL, 0, &info, WEXITED));
    SHOW(waitid(P_ALL, 0, &info, WEXITED));
    SHOW(kill(child, 0));
    SHOW(waitid(P_PID, -1, &info, WEXITED));
    SHOW(waitid(77, 1, &info, WEXITED));
}

static void stops(void)
{
    int word, gate[2];
    pipe(gate);
    pid_t child = fork();
    if (child == 0) {
        raise(SIGSTOP);
        read(gate[0], &word, 1); /* the parent has seen it continue */
        raise(SIGTSTP);
        _exit(5);
    }
    setpgid(child, child);
    waitpid(child, &word, WUNTRACED);
    status("stopped", word);
    printf("told once %d\n", waitpid(child, &word, WUNTRACED | WNOHANG));
    kill(child, SIGCONT);
    waitpid(child, &word, WCONTINUED);
    status("continued", word);
    write(gate[1], "x", 1);
    close(gate[0]), close(gate[1]);
    siginfo_t info;
    SHOW(waitid(P_PID, child, &info, WSTOPPED | WNOWAIT));
    printf("code %d status %d\n", info.si_code, info.si_status);
    kill(child, SIGKILL);
    waitpid(child, &word, WUNTRACED | WCONTINUED);
    status("killed while stopped", word);
}

static void signals(void)
{
    struct sigaction action = {.sa_sigaction = on_chld, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGCHLD, &action, NULL);
    int word;
    pid_t child = fork();
    if (child == 0)
        _exit(3);
    printf("pid %d\n", waitpid(child, &word, 0) == child);
    printf("handlers run: %d\n", chld);
    if ((child = fork()) == 0)
        raise(SIGTERM);
    while (waitpid(child, &word, 0) != child)
        ;
    signal(SIGCHLD, SIG_IGN);
    if ((child = fork()) == 0)
        _exit(3);
    SHOW(waitpid(child, &word, 0));
    action.sa_flags = SA_SIGINFO | SA_NOCLDWAIT;
    chld = 0;
    sigaction(SIGCHLD, &action, NULL);
    if ((child = fork()) == 0)
        _exit(4);
    long result;
    while ((result = waitpid(child, &word, 0)) == -1 && errno == EINTR)
        ;
    printf("no zombie: %ld %s\n", result, strerrorname_np(errno));
    signal(SIGCHLD, SIG_DFL);
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    raise(SIGUSR1);
    if ((child = fork()) == 0) {
        sigset_t pending;
        sigpending(&pending);
        sigprocmask(SIG_BLOCK, NULL, &set);
        _exit(sigismember(&pending, SIGUSR1) * 2 + sigismember(&set, SIGUSR1));
    }
    waitpid(child, &word, 0);
    status("pending is not inherited, the mask is", word);
    signal(SIGUSR1, SIG_IGN);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static void files(void)
{
    int p[2], word;
    char text[16] = "";
    make("shared", "0123456789");
    int fd = open("shared", O_RDONLY), own = open("shared", O_RDONLY | O_CLOEXEC);
    pid_t child = fork();
    if (child == 0) {
        read(fd, text, 4);
        close(fd);
        close(own);
        _exit(0);
    }
    waitpid(child, &word, 0);
    printf("offset moved to %ld, own %ld\n", (long)lseek(fd, 0, SEEK_CUR), (long)lseek(own, 0, SEEK_CUR));
    pipe(p);
    if ((child = fork()) == 0) {
        close(p[0]);
        dprintf(p[1], "from the child");
        _exit(0);
    }
    close(p[1]);
    int n = read(p[0], text, 14);
    text[n] = 0;
    printf("read %s\n", text);
    waitpid(child, &word, 0);
    SHOW(read(p[0], text, 1));
    close(p[0]);
    pipe(p);
    if ((child = fork()) == 0) {
        close(p[1]);
        _exit(0);
    }
    close(p[0]);
    waitpid(child, &word, 0);
    signal(SIGPIPE, SIG_IGN);
    SHOW(write(p[1], "x", 1));
    close(p[1]);
    signal(SIGPIPE, SIG_DFL);
    pipe(p);
    if ((child = fork()) == 0) {
        close(p[0]);
        for (;;)
            write(p[1], text, sizeof text);
    }
    close(p[1]);
    read(p[0], text, 1);
    close(p[0]);
    waitpid(child, &word, 0);
    status("nobody reads", word);
    close(fd), close(own);
}

static void large_pipe(void)
{
    static char buffer[10000];
    int p[2], word;
    pipe(p);
    pid_t child = fork();
    if (child == 0) {
        close(p[0]);
        for (int i = 0; i < 50; i++) {
            memset(buffer, 'a' + i % 26, sizeof buffer);
            write(p[1], buffer, sizeof buffer);
        }
        _exit(0);
    }
    close(p[1]);
    unsigned long total = 0, sum = 0;
    int n;
    while ((n = read(p[0], buffer, 777)) > 0)
        for (int i = 0; i < n; i++)
            total++, sum = sum * 31 + buffer[i];
    waitpid(child, &word, 0);
    printf("%lu bytes, sum %lx\n", total, sum);
    close(p[0]);
}

static void shared_memory(void)
{
    int word;
    int *shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int *own = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    make("mapped", "................");
    int fd = open("mapped", O_RDWR);
    char *file = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    shared[0] = own[0] = 1;
    pid_t child = fork();
    if (child == 0) {
        shared[0] = own[0] = 2;
        shared[1500] = 3;
        memcpy(file, "child", 5);
        int again = open("mapped", O_RDONLY);
        char text[9] = "";
        read(again, text, 8);
        _exit(strcmp(text, "child..."));
    }
    waitpid(child, &word, 0);
    status("file shows it", word);
    printf("shared %d %d own %d file %.8s\n", shared[0], shared[1500], own[0], file);
    pwrite(fd, "PA", 2, 0);
    printf("%.8s\n", file);
    if ((child = fork()) == 0) {
        munmap(shared, 8192);
        char *second = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        second[9] = '!';
        _exit(0);
    }
    waitpid(child, &word, 0);
    shared[0]++;
    printf("shared %d file %.10s\n", shared[0], file);
    munmap(file, 4096);
    close(fd);
}

static void groups(void)
{
    int word;
    pid_t child = fork();
    if (child == 0) {
        int failed = setpgid(0, 0) || getpgrp() != getpid();
        failed = failed * 2 + (setsid() != -1 || errno != EPERM);
        _exit(failed);
    }
    waitpid(child, &word, 0);
    status("setpgid", word);
    if ((child = fork()) == 0) {
        pid_t session = setsid();
        _exit((session != getpid()) + 2 * (getpgrp() != session) + 4 * (getsid(0) != session) +
              8 * (setpgid(0, 0) != -1));
    }
    waitpid(child, &word, 0);
    status("setsid", word);
    int p[2];
    pipe(p);
    if ((child = fork()) == 0) {
        char c;
        close(p[1]);
        read(p[0], &c, 1);
        _exit(0);
    }
    close(p[0]);
    SHOW(setpgid(child, child));
    SHOW(getpgid(child) == child);
    SHOW(setpgid(child, 999999));
    SHOW(kill(-child, SIGTERM));
    waitpid(-child, &word, 0);
    status("group", word);
    SHOW(kill(-child, 0));
    close(p[1]);
}

static void orphans(void)
{
    int p[2], word;
    char c = 0;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pipe(p);
    pid_t me = getpid(), child = fork();
    if (child == 0) {
        if (fork() == 0) {
            close(p[1]);
            read(p[0], &c, 1);
            _exit(getppid() == me ? 11 : 12);
        }
        _exit(0);
    }
    close(p[0]);
    waitpid(child, &word, 0);
    status("parent", word);
    close(p[1]);
    wait(&word);
    status("adopted", word);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    pipe(p);
    int q[2];
    pipe(q);
    if ((child = fork()) == 0) {
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            write(q[1], "r", 1);
            close(p[0]);
            pause();
        }
        read(q[0], &c, 1);
        _exit(0);
    }
    close(p[1]);
    waitpid(child, &word, 0);
    printf("dies with its parent: %ld\n", (long)read(p[0], &c, 1));
    close(p[0]), close(q[0]), close(q[1]);
}

static void spawning(char *self)
{
    int word;
    pid_t child;
    char *argv[] = {self, "child", "argument", NULL};
    int fd = open("shared", O_RDONLY), own = open("shared", O_RDONLY | O_CLOEXEC);
    printf("descriptors %d %d\n", fd, own);
    fflush(stdout);
    if ((child = fork()) == 0) {
        execv(self, argv);
        _exit(127);
    }
    waitpid(child, &word, 0);
    status("exec", word);
    if ((child = vfork()) == 0) {
        variable = 77;
        execv("./not-there", argv);
        _exit(errno);
    }
    waitpid(child, &word, 0);
    status("vfork, no program", word);
    fflush(stdout);
    int error = posix_spawn(&child, self, NULL, NULL, argv, environ);
    waitpid(child, &word, 0);
    printf("posix_spawn: %d\n", error);
    status("spawn", word);
    SHOW(posix_spawn(&child, "./not-there", NULL, NULL, argv, environ));
    if ((child = vfork()) == 0)
        execv(self, argv);
    waitpid(child, &word, 0);
    status("vfork and exec", word);
    close(fd), close(own);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        printf("child: %s %s, 3 %s, 4 %s\n", argv[1], argv[2], fcntl(3, F_GETFD) < 0 ? "closed" : "open",
               fcntl(4, F_GETFD) < 0 ? "closed" : "open");
        return 21;
    }
    basics();
    ids();
    waitids();
    stops();
    signals();
    files();
    large_pipe();
    shared_memory();
    groups();
    orphans();
    spawning("/proc/self/exe");
    struct rusage usage;
    SHOW(getrusage(RUSAGE_CHILDREN, &usage));
    return 0;
}
