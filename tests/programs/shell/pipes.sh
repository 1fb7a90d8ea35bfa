# Pipes, subshells, substitutions, redirections, here-documents; dash and bash
echo one two three | tr ' ' '\n' | sort -r | head -2
seq 1 1000 | grep 7 | wc -l
yes | head -3
(cd /; pwd; exit 3); echo "subshell $?"
x=$(printf 'a\nb\n' | sed 's/^/> /'); echo "$x"
echo "nested $(echo $(echo deep | rev))"
{ echo out; echo err >&2; } 2>&1 | sort
cat <<EOF | tr a-z A-Z
here $((6 * 7)) $(echo command)
EOF
cat <<'EOF'
quoted $x `no`
EOF
false | true; echo "status $?"
! true; echo "not $?"
exec 3>file; echo to file >&3; exec 3>&-; cat file
while read -r a b; do echo "$b-$a"; done <<EOF
1 one
2 two
EOF
printf '%s\n' a b c | while read -r line; do n=$line; done; echo "n=${n:-unset}"
: > empty; [ -s empty ] || echo empty
ls not-there 2>/dev/null || echo "ls failed"
find . -type f ! -name script.sh | sort | xargs -n 1 basename
echo a b c | xargs -n 1 -P 2 echo | sort
tee copy <file | wc -c; cmp file copy && echo same
dd if=/dev/zero bs=1000 count=300 2>/dev/null | cksum
mkfifo fifo; (echo through the fifo > fifo) & cat fifo; wait
