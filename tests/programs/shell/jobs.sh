# Background jobs, wait, traps, signals, exit codes
sleep 0.01 & wait $!; echo "waited $?"
(exit 7) & a=$!; (exit 8) & b=$!; wait $a; echo $?; wait $b; echo $?
trap 'echo trapped' USR1; kill -USR1 $$; echo after
(trap 'echo sub exit' EXIT; exit 4); echo "sub $?"
trap 'echo term; exit 5' TERM; (kill -TERM $$) ; sleep 1 & wait; echo "not reached"
