"""Files without a name that tell of events: epoll, eventfd, timerfd, pidfd."""
