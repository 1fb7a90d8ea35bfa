# What bash has beyond sh.
set -o pipefail
false | true; echo "pipefail $?"
false | (exit 3) | true; echo "${PIPESTATUS[@]}"
diff <(seq 3) <(seq 4)
cat <(echo one) <(echo two)
echo text > >(tr a-z A-Z); wait $!
while read -r line; do n=$((n + line)); done < <(seq 10); echo "sum $n"
(exit 7) & a=$!
wait -n; echo "next $?"
sleep 60 & a=$!; (exit 4) & b=$!
wait -n -p who $a $b; s=$?; [ "$who" = "$b" ] && echo "second $s"
kill %1 2>/dev/null || kill $a; wait $a; echo "killed $?"
coproc tr { stdbuf -o0 tr a-z A-Z; }
echo hello >&${tr[1]}; read -r line <&${tr[0]}; echo "$line"
eval "exec ${tr[1]}>&-"; wait
mapfile -t lines < <(printf 'x\ny\n'); echo "${#lines[@]} ${lines[1]}"
trap 'echo err' ERR; false; trap - ERR
trap 'echo debug >&2' DEBUG; :; trap - DEBUG
trap 'echo chld' CHLD; /bin/true; trap - CHLD
read -r -t 0.05 nothing < <(sleep 60); echo "timeout $(( $? > 128 ))"
cat <<< "here string"
set -m; (exit 6) & wait $!; echo "monitored $?"
sleep 60 & kill -STOP %%; sleep 0.1; jobs -s | tr -s ' ' | cut -d' ' -f2-3; kill -CONT %%; kill %%; wait %% ; echo "stopped $?"
set +m
time -p true 2>/dev/null
printf '%s\n' {1..200} | xargs -n 7 -P 4 echo | tr ' ' '\n' | sort -n | md5sum
timeout 0.2 sleep 5; echo "timed out $?"
timeout -s KILL 0.2 sleep 5; echo "killed $?"
exec {fd}<> file; echo data >&$fd; cat file; exec {fd}>&-
exit 9
