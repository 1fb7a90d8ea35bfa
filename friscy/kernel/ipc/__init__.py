"""System V interprocess communication: message queues, semaphore sets, shared memory segments; POSIX message queues."""
