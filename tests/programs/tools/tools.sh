# coreutils, findutils, make, tar and compressors, sed and gawk at work together.
set -e
mkdir -p tree/a/b tree/c
seq 1000 > tree/a/numbers; echo text > tree/a/b/t.txt; echo more > tree/c/u.txt
find tree -name '*.txt' -exec cat {} + | sort
find tree -type f -exec sh -c 'wc -c < "$1"' _ {} \; | sort -n
find tree -type f -print0 | xargs -0 -P 4 -n 1 md5sum | sort
find tree -name '*.txt' -execdir basename {} \; | sort
seq 30 | xargs -P 3 -I{} sh -c 'echo $(({} * {}))' | sort -n | tail -n 3
seq 5 | xargs -n 1 sh -c 'exit 1' || echo "xargs $?"
for z in gzip xz zstd; do
    tar -cf - tree | $z | $z -d | tar -tf - | sort | md5sum
    tar -c --$z -f t.$z tree && mkdir out && tar -xf t.$z -C out && diff -r tree out/tree && rm -r out
done
xz -T2 -k -c tree/a/numbers | xz -dc | cmp - tree/a/numbers
zstd -q -T2 -c tree/a/numbers | zstd -dcq | cmp - tree/a/numbers
seq 10 | sed -n '2~3p' | gawk '{ s += $1 } END { print s | "cat"; close("cat"); "echo child" | getline x; print x }'
gawk 'BEGIN { cmd = "sort -n"; for (i = 5; i; i--) print i |& cmd; close(cmd, "to"); while ((cmd |& getline l) > 0) printf "%s ", l; print "" ; print system("exit 3") }'
seq 4 | sed 's/.*/echo line &/e'
seq 10 | split -l 4 --filter='paste -sd+' -
seq 1 2 9 | tee copy | paste -sd,; wc -l < copy
cat > Makefile <<'END'
objects = $(patsubst %.in,%.out,$(sort $(wildcard *.in)))
all: $(objects)
	cat $^
%.out: %.in
	@sed 's/x/y/' $< > $@
broken:
	@echo breaking; exit 3
host := $(shell echo from shell)
show:
	@echo $(host) $(words $(objects))
END
for i in 1 2 3 4 5 6; do echo "x$i" > $i.in; done
make -j2
make show
make broken 2>&1 || echo "make $?"
env -i A=1 sh -c 'echo $A'; nohup echo nohup 2>/dev/null
seq 3 | parallel-missing 2>/dev/null || echo "none $?"
timeout 5 sort --parallel=2 -S 64K tree/a/numbers | md5sum
/usr/sbin/chroot / /bin/echo chrooted
