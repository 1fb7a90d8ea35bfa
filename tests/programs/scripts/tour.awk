BEGIN { FS = ","; OFS = "|"; print PROCINFO["version"], substr("hello", 2, 3), index("abc", "c"), length("äö"), toupper("straße") }
NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i; next }
{ sum[$1] += $3; count[$1]++; lines[NR] = $0; $2 = "[" $2 "]"; print }
$3 ~ /^[0-9]+\.5$/ { half++ }
END {
  n = asorti(sum, keys)
  for (i = 1; i <= n; i++) printf "%-6s %8.3f %d %s\n", keys[i], sum[keys[i]] / count[keys[i]], count[keys[i]], name[1]
  print half, NR, atan2(0, -1), exp(1), log(10), sqrt(2), sin(1), int(-3.7), 2 ** 10, 1e6, 1e300 * 1e10, -log(0)
  text = "foo bar foo"; print gsub(/foo/, "<&>", text), text, gensub(/(o+)/, "[\\1]", "g", text), match("xxabcyy", /abc/), RSTART, RLENGTH
  split("2024-02-29", parts, "-"); print parts[1] + 0, parts[3], strftime("%Y-%m-%d %H:%M", 86400 * 366, 1), mktime("2001 09 09 01 46 40")
  printf "%c%c %5.1f %o %x %e %i %s%%\n", 65, "z", 3.14159, 8, 255, 12345.678, "42abc", "done"
  print and(12, 10), or(12, 10), xor(12, 10), lshift(1, 10), (compl(0) > 0), strtonum("0x1F"), substr("x", 0), ("a" < "b"), ("10" < "9"), (10 < 9)
  srand(7); a = rand(); srand(7); print (a == rand()), fib(20); print "to a file" > "awk.txt"; close("awk.txt"); getline line < "awk.txt"; print line
  while ((getline line < "data.csv") > 0) c++; print c; print length(lines), (5 in lines), (99 in lines); delete lines; print length(lines)
  print "error" > "/dev/stderr"; PREC = 113; printf "%.0f\n", 2^100; exit 3
}
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }
