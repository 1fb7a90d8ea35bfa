/* Leases: who may have one, who is told when somebody opens the file, and how long that waits. */
#include "guest.h"
#include <sys/mman.h>
#include <sys/wait.h>

static volatile sig_atomic_t told, code, which;
static int leased;

static void handler(int signal, siginfo_t *info, void *context)
{
    told++;
    code = info->si_code;
    which = info->si_fd == leased;
}

static void mine(void)
{
    int r = open("file", O_RDONLY), w, again;
    SHOW(fcntl(r, F_GETLEASE));
    SHOW(fcntl(r, F_SETLEASE, F_UNLCK));
    SHOW(fcntl(r, F_SETLEASE, 9));
    SHOW(fcntl(r, F_SETLEASE, F_RDLCK));
    SHOW(fcntl(r, F_GETLEASE) == F_RDLCK);
    SHOW(fcntl(r, F_SETLEASE, F_WRLCK));
    SHOW(fcntl(r, F_GETLEASE) == F_WRLCK);
    SHOW(fcntl(r, F_SETLEASE, F_RDLCK));
    again = open("file", O_RDONLY);
    SHOW(fcntl(again, F_GETLEASE) == F_RDLCK);
    SHOW(fcntl(again, F_SETLEASE, F_RDLCK));
    SHOW(fcntl(again, F_SETLEASE, F_WRLCK));
    SHOW(fcntl(again, F_SETLEASE, F_UNLCK));
    close(again);
    SHOW(fcntl(r, F_SETLEASE, F_UNLCK));
    SHOW(fcntl(r, F_GETLEASE) == F_UNLCK);
    w = open("file", O_RDWR);
    SHOW(fcntl(w, F_SETLEASE, F_RDLCK));
    SHOW(fcntl(r, F_SETLEASE, F_RDLCK));
    SHOW(fcntl(w, F_SETLEASE, F_WRLCK));
    close(r);
    SHOW(fcntl(w, F_SETLEASE, F_WRLCK));
    close(w);
    r = open(".", O_RDONLY);
    SHOW(fcntl(r, F_SETLEASE, F_RDLCK));
    close(r);
    fflush(stdout);
    if (!fork()) {
        r = open("file", O_RDONLY);
        setresuid(65534, 65534, 65534);
        SHOW(fcntl(r, F_SETLEASE, F_RDLCK));
        _exit(0);
    }
    wait(NULL);
}

/* What a child does to a file that the parent has leased; the parent gives in after a while. */
static void others(const char *what, int kind, int flags, int yields_to)
{
    int status;
    told = code = which = 0;
    leased = open("file", O_RDONLY);
    if (fcntl(leased, F_SETSIG, SIGUSR1) || fcntl(leased, F_SETLEASE, kind))
        puts("no lease");
    printf("%s:\n", what);
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        close(leased); /* the description is shared: the lease stays */
        int fd = flags == -1 ? truncate("file", 3) : open("file", flags);
        _exit(fd < 0 ? errno : 0);
    }
    for (int i = 0; i < 200 && !told; i++)
        usleep(1000);
    if (told) {
        printf("  told %d, POLL_MSG %d, of the descriptor %d, lease now %d\n", told, code == POLL_MSG, which,
               fcntl(leased, F_GETLEASE));
        SHOW(waitpid(child, &status, WNOHANG) == 0);
        if (yields_to >= 0)
            SHOW(fcntl(leased, F_SETLEASE, yields_to));
        else
            close(leased);
    }
    if (waitpid(child, &status, 0) == child)
        printf("  the child: %d\n", WEXITSTATUS(status));
    if (yields_to >= 0)
        close(leased);
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    make("file", "content");
    mine();
    others("reading beside a read lease", F_RDLCK, O_RDONLY, F_UNLCK);
    others("writing beside a read lease", F_RDLCK, O_WRONLY, F_UNLCK);
    others("reading beside a write lease", F_WRLCK, O_RDONLY, F_RDLCK);
    others("the same, the lease is given up", F_WRLCK, O_RDONLY, F_UNLCK);
    others("writing beside a write lease, whose file is closed", F_WRLCK, O_RDWR, -1);
    others("truncating beside a read lease", F_RDLCK, -1, F_UNLCK);
    leased = open("file", O_RDONLY);
    SHOW(fcntl(leased, F_SETLEASE, F_RDLCK));
    signal(SIGIO, SIG_IGN);
    SHOW(open("file", O_WRONLY | O_NONBLOCK));
    SHOW(fcntl(leased, F_GETLEASE) == F_UNLCK);
    SHOW(fcntl(leased, F_SETLEASE, F_UNLCK));
    OK(open("file", O_WRONLY | O_NONBLOCK));
    return 0;
}
