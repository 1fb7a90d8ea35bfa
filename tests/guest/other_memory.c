/* process_vm_readv and process_vm_writev: a parent and its child's memory. */
#include "guest.h"
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>

static char text[64] = "the parent's text", other[64];

int main(void)
{
    char buffer[64] = "";
    int p[2], q[2], status;
    char byte = 0, *page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct iovec local = {buffer, 64}, remote = {text, 64};
    pipe(p), pipe(q);
    munmap(page + 4096, 4096);
    memset(page, 'p', 4096);
    pid_t child = fork();
    if (!child) {
        strcpy(text, "the child's text");
        mprotect(page, 4096, PROT_READ);
        if (write(p[1], &byte, 1) != 1 || read(q[0], &byte, 1) != 1)
            _exit(9);
        _exit(strcmp(other, "from the parent") != 0);
    }
    if (read(p[0], &byte, 1) != 1)
        return 9;
    SHOW(process_vm_readv(child, &local, 1, &remote, 1, 0));
    printf("%s\n", buffer);
    struct iovec pieces[] = {{buffer, 3}, {buffer + 10, 0}, {buffer + 10, 30}};
    struct iovec parts[] = {{text + 4, 5}, {text, 3}, {text + 12, 4}};
    memset(buffer, '.', 40);
    SHOW(process_vm_readv(child, pieces, 3, parts, 3, 0));
    printf("%.40s\n", buffer);
    strcpy(buffer, "from the parent");
    remote = (struct iovec){other, 64};
    SHOW(process_vm_writev(child, &local, 1, &remote, 1, 0));
    printf("here '%s'\n", other);
    remote = (struct iovec){page + 4090, 64};
    SHOW(process_vm_readv(child, &local, 1, &remote, 1, 0));
    remote = (struct iovec){page + 4096, 64};
    SHOW(process_vm_readv(child, &local, 1, &remote, 1, 0));
    remote = (struct iovec){page, 64};
    SHOW(process_vm_writev(child, &local, 1, &remote, 1, 0));
    SHOW(process_vm_readv(child, &local, 1, &remote, 1, 1));
    SHOW(process_vm_readv(child, &local, 0, &remote, 1, 0));
    SHOW(process_vm_readv(child, &local, 1, &remote, 0, 0));
    SHOW(process_vm_readv(child, &local, 1, (void *)8, 1, 0));
    SHOW(process_vm_readv(999999, &local, 1, &remote, 1, 0));
    SHOW(process_vm_readv(getpid(), &local, 1, &remote, 1, 0));
    fflush(stdout);
    if (!fork()) {
        setresuid(65534, 65534, 65534);
        SHOW(process_vm_readv(child, &local, 1, &remote, 1, 0));
        _exit(0);
    }
    wait(&status);
    if (write(q[1], &byte, 1) != 1)
        return 9;
    waitpid(child, &status, 0);
    printf("the child: %d\n", WEXITSTATUS(status));
    return 0;
}
