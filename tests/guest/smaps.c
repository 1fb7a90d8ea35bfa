/* /proc/self/smaps and smaps_rollup: the fields in their order, and what mappings take. */
#include "guest.h"
#include <sys/mman.h>

#define PAGE 4096L

static void entry(void *address, int names)
{
    char line[500], wanted[40];
    int inside = 0;
    FILE *smaps = fopen("/proc/self/smaps", "r");
    snprintf(wanted, sizeof wanted, "%lx-", (long)address);
    while (fgets(line, sizeof line, smaps)) {
        if (line[0] >= 'A' && line[0] <= 'Z') {
            if (!inside || !strncmp(line, "ProtectionKey", 13)) /* of x86 */
                continue;
            if (names)
                printf("%.*s\n", (int)strcspn(line, " "), line);
            else if (!strncmp(line, "Size", 4) || !strncmp(line, "Rss", 3) || !strncmp(line, "Anonymous", 9)
                     || !strncmp(line, "Locked", 6))
                printf("%s", line);
            if (!strncmp(line, "VmFlags", 7))
                for (char *flag = strtok(line + 8, " \n"); flag; flag = strtok(NULL, " \n"))
                    if (strcmp(flag, "sd") && strcmp(flag, "rd")) /* soft-dirty: as the host is configured */
                        printf("%s ", flag);
            if (!strncmp(line, "VmFlags", 7))
                printf("\n");
        } else {
            inside = strstr(line + (line[0] == '0'), wanted) != NULL;
            if (inside && !names)
                printf("entry\n");
        }
    }
    fclose(smaps);
}

int main(void)
{
    char *p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    mprotect(p + 63 * PAGE, PAGE, PROT_NONE);
    entry(p, 1);
    entry(p, 0);
    memset(p + 3 * PAGE, 1, 5 * PAGE);
    entry(p, 0);
    madvise(p + 3 * PAGE, 2 * PAGE, MADV_DONTNEED);
    mlock(p, 4 * PAGE);
    entry(p, 0);
    entry(p + 4 * PAGE, 0);
    int fd = open("file", O_RDWR | O_CREAT, 0644);
    char data[8 * PAGE];
    memset(data, 'f', sizeof data);
    write(fd, data, sizeof data);
    char *file = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    file[2 * PAGE] = file[3 * PAGE] = 1;
    int total = 0;
    for (int i = 0; i < 8; i++)
        total += ((volatile char *)file)[i * PAGE];
    entry(file, 0);
    char line[300];
    FILE *rollup = fopen("/proc/self/smaps_rollup", "r");
    fgets(line, sizeof line, rollup);
    printf("%s", strchr(line, '['));
    while (fgets(line, sizeof line, rollup))
        printf("%.*s\n", (int)strcspn(line, " "), line);
    return 0;
}
