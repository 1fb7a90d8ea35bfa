/* A tree of processes and threads that all wait while a snapshot is taken, and go on together. */
#include "guest.h"
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

static int *shared, word;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static void *wait_for_word(void *argument)
{
    pthread_mutex_lock(&mutex);
    while (!word)
        pthread_cond_wait(&condition, &mutex);
    pthread_mutex_unlock(&mutex);
    return (void *)(long)(word + (long)argument);
}

int main(void)
{
    int p[2], status;
    char text[16] = "", line[16] = "";
    pthread_t threads[40];
    pid_t children[2], zombie = fork();
    if (zombie == 0)
        _exit(17);
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared[0] = 5;
    pipe(p);
    for (int i = 0; i < 2; i++)
        if ((children[i] = fork()) == 0) {
            close(p[1]);
            char c;
            read(p[0], &c, 1);
            __atomic_fetch_add(&shared[1], c + shared[0], __ATOMIC_SEQ_CST);
            pause();
        }
    for (long i = 0; i < 40; i++)
        pthread_create(&threads[i], NULL, wait_for_word, (void *)i);
    siginfo_t info;
    waitid(P_PID, zombie, &info, WEXITED | WNOWAIT);
    printf("ready\n");
    fflush(stdout);
    read(0, line, sizeof line);
    printf("read %s", line);
    shared[0] = 7;
    write(p[1], "\1\2", 2);
    pthread_mutex_lock(&mutex);
    word = 3;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
    long sum = 0;
    for (int i = 0; i < 40; i++) {
        void *result;
        pthread_join(threads[i], &result);
        sum += (long)result;
    }
    while (__atomic_load_n(&shared[1], __ATOMIC_SEQ_CST) != 17)
        ;
    for (int i = 0; i < 2; i++) {
        kill(children[i], SIGTERM);
        waitpid(children[i], &status, 0);
        printf("child %d\n", WTERMSIG(status));
    }
    waitpid(zombie, &status, 0);
    printf("zombie %d, threads %ld, shared %d\n", WEXITSTATUS(status), sum, shared[1]);
    return 0;
}
