# Children that are killed, stopped and ignored
sh -c 'kill -KILL $$'; echo "killed $?"
sh -c 'kill -SEGV $$' 2>/dev/null; echo "segv $?"
sh -c 'trap "" TERM; kill -TERM $$; echo survived'
sh -c 'exit 300'; echo "exit $?"
sleep 100 & kill $!; wait $! 2>/dev/null; echo "term $?"
sleep 0.02 & kill -STOP $!; kill -CONT $!; wait $!; echo "stopped and continued $?"
sleep 100 & kill -STOP $!; sleep 0.02; kill -KILL $!; wait $! 2>/dev/null; echo "stopped in the shell's own group $?"
(sleep 100 & echo $! > pid; wait) & until [ -s pid ]; do sleep 0.01; done; kill $(cat pid); wait; echo "grandchild gone"
nohup sh -c 'kill -HUP $$; echo alive' 2>/dev/null
timeout 0.1 sleep 10; echo "timeout $?"
env -i A=1 sh -c 'echo "[$A] [$HOME]"'
sh -c 'echo $PPID' | grep -qx "$$" && echo "parent"
echo 'echo script $1 $0' > script; chmod +x script; ./script arg
printf '#!/bin/sh\necho with a line $1\n' > script; ./script arg
exec sh -c 'echo replaced $$' | sed 's/ [0-9]*$/ pid/'
