/* System V message queues, semaphores and shared memory, between a parent and its children. */
#include "guest.h"
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>

struct message {
    long type;
    char text[32];
};

static int child(void)
{
    fflush(stdout);
    return fork() == 0;
}

static int ended(void)
{
    int status;
    wait(&status);
    return WEXITSTATUS(status);
}

static void messages(void)
{
    struct message m = {3, "three"};
    struct msqid_ds d;
    int q = msgget(IPC_PRIVATE, 0600);
    SHOW(msgsnd(q, &m, 6, 0));
    SHOW(msgsnd(q, &(struct message){1, "one"}, 4, 0));
    SHOW(msgsnd(q, &(struct message){2, "two"}, 4, 0));
    SHOW(msgsnd(q, &(struct message){0, "none"}, 5, 0));
    SHOW(msgsnd(q, &m, 9000, 0));
    SHOW(msgrcv(q, &m, 3, 0, 0));
    SHOW(msgrcv(q, &m, 32, -2, 0));
    printf("%ld %s\n", m.type, m.text);
    SHOW(msgrcv(q, &m, 32, 3, MSG_EXCEPT | IPC_NOWAIT));
    printf("%ld %s\n", m.type, m.text);
    SHOW(msgrcv(q, &m, 32, 9, IPC_NOWAIT));
    SHOW(msgrcv(q, &m, 2, 0, MSG_NOERROR));
    SHOW(msgctl(q, IPC_STAT, &d));
    printf("%ld in queue, %ld bytes of %ld\n", (long)d.msg_qnum, (long)d.__msg_cbytes, (long)d.msg_qbytes);
    if (child()) /* sleeps until the queue is gone */
        _exit(msgrcv(q, &m, 32, 0, 0) == -1 ? errno : 0);
    usleep(50000);
    SHOW(msgctl(q, IPC_RMID, 0));
    SHOW(ended() == EIDRM);
    SHOW(msgctl(q, IPC_RMID, 0));
    SHOW(msgctl(-1, IPC_STAT, &d));
}

static void semaphores(void)
{
    struct semid_ds d;
    unsigned short values[3] = {1, 0, 5};
    int s = semget(IPC_PRIVATE, 3, 0600);
    SHOW(semget(IPC_PRIVATE, 0, 0600));
    SHOW(semctl(s, 0, SETALL, values));
    SHOW(semctl(s, 2, GETVAL));
    SHOW(semctl(s, 0, SETVAL, 40000));
    SHOW(semctl(s, 3, GETVAL));
    struct sembuf both[2] = {{0, -1, 0}, {1, -1, IPC_NOWAIT}};
    SHOW(semop(s, both, 2)); /* all or nothing */
    SHOW(semctl(s, 0, GETVAL));
    SHOW(semop(s, &(struct sembuf){7, 1, 0}, 1));
    SHOW(semop(s, &(struct sembuf){0, 32767, 0}, 1));
    SHOW(semtimedop(s, &(struct sembuf){1, -1, 0}, 1, &(struct timespec){0, 1000000}));
    if (child()) {
        SHOW(semop(s, &(struct sembuf){2, -4, SEM_UNDO}, 1));
        _exit(0);
    }
    wait(NULL);
    SHOW(semctl(s, 2, GETVAL)); /* undone */
    if (child())
        _exit(semop(s, &(struct sembuf){1, -2, 0}, 1) == 0 ? 7 : 8);
    usleep(50000);
    SHOW(semctl(s, 1, GETNCNT));
    SHOW(semctl(s, 1, GETZCNT));
    SHOW(semop(s, &(struct sembuf){1, 2, 0}, 1));
    SHOW(ended());
    SHOW(semctl(s, 1, GETVAL));
    SHOW(semctl(s, 0, IPC_STAT, &d));
    printf("%ld semaphores, mode %o, times %d %d\n", (long)d.sem_nsems, d.sem_perm.mode, d.sem_otime > 0, d.sem_ctime > 0);
    SHOW(semctl(s, 0, IPC_RMID));
    SHOW(semop(s, both, 1));
}

static void memory(void)
{
    struct shmid_ds d;
    key_t key = 0x46525359 + getpid();
    int m = shmget(key, 5000, IPC_CREAT | IPC_EXCL | 0640);
    SHOW(m >= 0);
    SHOW(shmget(key, 5000, IPC_CREAT | IPC_EXCL | 0640));
    SHOW(shmget(key, 6000, 0) == m);
    SHOW(shmget(key, 100, 0) == m);
    SHOW(shmget(key + 1, 100, 0));
    char *a = shmat(m, NULL, 0), *b = shmat(m, NULL, SHM_RDONLY);
    strcpy(a, "here");
    printf("%s\n", b);
    SHOW((long)shmat(m, a + 1, 0));
    if (child()) {
        strcpy(a + 4090, "from the child");
        shmctl(m, IPC_STAT, &d);
        printf("%ld attached\n", (long)d.shm_nattch);
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
    printf("%s\n", b + 4090);
    SHOW(shmctl(m, IPC_STAT, &d));
    printf("%ld bytes, %ld attached, mode %o\n", (long)d.shm_segsz, (long)d.shm_nattch, d.shm_perm.mode);
    SHOW(shmctl(m, IPC_RMID, 0));
    SHOW(shmget(key, 0, 0));
    SHOW(shmctl(m, IPC_STAT, &d)); /* until the last one lets go */
    printf("mode %o\n", d.shm_perm.mode);
    SHOW(shmdt(a));
    printf("%s\n", b);
    SHOW(shmdt(b));
    SHOW(shmdt(b));
    SHOW(shmctl(m, IPC_STAT, &d));
}

int main(void)
{
    messages();
    semaphores();
    memory();
    return 0;
}
