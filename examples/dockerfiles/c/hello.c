#include <stdio.h>
#include <sys/utsname.h>

int main(int argc, char **argv)
{
    struct utsname system;
    uname(&system);
    printf("hello, %s: %s on %s\n", argc > 1 ? argv[1] : "world", LIBC, system.machine);
    return 0;
}
