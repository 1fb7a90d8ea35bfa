/* The terminal's ^Z reaches a shell's job between vfork(2) and execve(2). The child's stop waits for its exec:
   else its parent, which vfork holds, could not stop and nobody would ever continue the two. */
#include "guest.h"
#include <sys/wait.h>

static void job(const char *self)
{
    setpgid(0, 0);
    pid_t child = vfork();
    if (child == 0) {
        kill(0, SIGTSTP);
        execl(self, self, "program", (char *)0);
        _exit(127);
    }
    int status = -1;
    waitpid(child, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return 7;
    pid_t pid = fork();
    if (pid == 0)
        job("/proc/self/exe");
    int status = 0;
    SHOW(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP);
    SHOW(kill(-pid, SIGCONT));
    SHOW(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    printf("exit %d\n", WEXITSTATUS(status));
    return 0;
}
