/* Job control: stop and continue, SIGCHLD for it, orphaned groups, the terminal's foreground group. */
#include "guest.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

static volatile int conts, terms;

static void on_signal(int signal)
{
    if (signal == SIGCONT)
        conts++;
    else
        terms++;
}

static void on_child(int signal, siginfo_t *info, void *context)
{
    printf("SIGCHLD code %d status %d\n", info->si_code, info->si_status);
    fflush(stdout);
}

static const char *word(int status)
{
    static char text[64];
    if (WIFEXITED(status))
        sprintf(text, "exited %d", WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        sprintf(text, "killed by %d", WTERMSIG(status));
    else if (WIFSTOPPED(status))
        sprintf(text, "stopped by %d", WSTOPSIG(status));
    else
        sprintf(text, "continued %d", WIFCONTINUED(status));
    return text;
}

static int next(pid_t child)
{
    int status;
    if (waitpid(child, &status, WUNTRACED | WCONTINUED) != child)
        printf("wait: %s\n", strerrorname_np(errno));
    printf("%s\n", word(status));
    fflush(stdout);
    return status;
}

/* A child goes on to its next change only when the parent has seen the last one. */
static int gate[2];

static void pass(void)
{
    char byte;
    while (read(gate[0], &byte, 1) != 1)
        ;
}

static void let_pass(void)
{
    write(gate[1], "x", 1);
}

static void stopping(void)
{
    pipe(gate);
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        signal(SIGCONT, on_signal);
        signal(SIGTERM, on_signal);
        raise(SIGSTOP);
        pass();
        raise(SIGTSTP);
        pass();
        _exit(conts * 10 + terms);
    }
    next(child);
    kill(child, SIGTERM);
    kill(child, SIGCONT);
    next(child);
    let_pass();
    next(child);
    kill(child, SIGCONT);
    next(child);
    let_pass();
    next(child);
    if ((child = fork()) == 0) {
        setpgid(0, 0);
        signal(SIGTSTP, SIG_IGN);
        raise(SIGTSTP);
        raise(SIGTTIN);
        _exit(0);
    }
    next(child);
    kill(child, SIGTERM);
    kill(child, SIGCONT);
    while (waitpid(child, NULL, 0) == child)
        ;
    if ((child = fork()) == 0) {
        sigset_t set;
        sigfillset(&set);
        sigprocmask(SIG_BLOCK, &set, NULL);
        raise(SIGTSTP);
        kill(getpid(), SIGCONT);
        sigset_t pending;
        sigpending(&pending);
        printf("pending: stop %d cont %d\n", sigismember(&pending, SIGTSTP), sigismember(&pending, SIGCONT));
        raise(SIGTSTP);
        sigpending(&pending);
        printf("pending: stop %d cont %d\n", sigismember(&pending, SIGTSTP), sigismember(&pending, SIGCONT));
        fflush(stdout);
        _exit(0);
    }
    while (waitpid(child, NULL, 0) != child)
        ;
}

static void reports(void)
{
    struct sigaction action = {.sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaction(SIGCHLD, &action, NULL);
    sigprocmask(SIG_BLOCK, &set, &old);
    pid_t child = fork();
    if (child == 0) {
        raise(SIGSTOP);
        pass();
        _exit(1);
    }
    next(child);
    sigprocmask(SIG_SETMASK, &old, NULL);
    action.sa_flags |= SA_NOCLDSTOP;
    sigaction(SIGCHLD, &action, NULL);
    sigprocmask(SIG_BLOCK, &set, &old);
    kill(child, SIGCONT);
    next(child);
    let_pass();
    next(child);
    sigprocmask(SIG_SETMASK, &old, NULL);
    signal(SIGCHLD, SIG_DFL);
}

static void orphaned_group(void)
{
    int p[2], status;
    char text[64] = "";
    pipe(p);
    pid_t child = fork();
    if (child == 0) {
        setsid(); /* or process 1, in the same session, would be there to continue it */
        pid_t grandchild = fork();
        if (grandchild == 0) {
            setpgid(0, 0);
            signal(SIGHUP, on_signal);
            raise(SIGSTOP);
            dprintf(p[1], "hung up %d", terms);
            raise(SIGTSTP);
            dprintf(p[1], ", not stopped");
            _exit(0);
        }
        waitpid(grandchild, &status, WUNTRACED);
        _exit(0);
    }
    close(p[1]);
    waitpid(child, &status, 0);
    int n, total = 0;
    while ((n = read(p[0], text + total, sizeof text - total)) > 0)
        total += n;
    printf("%s\n", text);
    fflush(stdout);
    close(p[0]);
}

static void interrupted_calls(void)
{
    int p[2];
    char c;
    pipe(p);
    pid_t child = fork();
    if (child == 0) {
        close(p[1]);
        int n = read(p[0], &c, 1);
        _exit(n == 1 ? c : 77);
    }
    usleep(5000);
    kill(child, SIGSTOP);
    next(child);
    kill(child, SIGCONT);
    next(child);
    c = 66;
    write(p[1], &c, 1);
    next(child);
    close(p[0]), close(p[1]);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    stopping();
    reports();
    orphaned_group();
    interrupted_calls();
    return 0;
}
