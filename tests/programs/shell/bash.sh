# What only bash has: arrays, process substitution, coprocesses, pipefail, PIPESTATUS
diff <(printf '1\n2\n') <(printf '1\n3\n')
set -o pipefail; false | true; echo "pipefail $?"; set +o pipefail
false | true | (exit 3); echo "${PIPESTATUS[@]}"
coproc tr a-z A-Z; echo hello >&"${COPROC[1]}"; exec {COPROC[1]}>&-; cat <&"${COPROC[0]}"; wait
mapfile -t lines < <(seq 3); echo "${#lines[@]} ${lines[*]}"
cat <<< "here string"
for i in {1..3}; do (exit $i) & pids[$i]=$!; done; for i in 1 2 3; do wait ${pids[$i]}; echo "job $?"; done
trap 'echo chld' CHLD; set -m; sh -c 'exit 1' & wait $!; trap - CHLD
time_taken=$( { time true; } 2>&1 | grep -c real); echo "time $time_taken"
shopt -s lastpipe; set +m; echo last | read -r x; echo "$x"
echo $(( $(nproc) >= 1 )) $BASH_SUBSHELL $(echo $BASH_SUBSHELL)
