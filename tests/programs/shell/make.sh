# make with jobs, tar, gzip, xz
printf 'all: a b c\n\t@cat $^\n%%:\n\t@echo made $@ > $@\n.PHONY: all\n' > Makefile
sed -i 's/^%:/a b c:/' Makefile
make -s -j3
make -n a; rm a; make a | cat; echo "make $?"
printf 'x:\n\t@exit 3\n' > bad; make -s -f bad 2>/dev/null; echo "make fails $?"
mkdir tree; seq 1 5000 > tree/numbers; ln -s numbers tree/link
tar -czf t.tgz tree; tar -cJf t.txz tree; rm -r tree
tar -xzf t.tgz; md5sum < tree/numbers; rm -r tree; tar -xJf t.txz; readlink tree/link
xz -k -T2 tree/numbers && xz -dc tree/numbers.xz | tail -1
gzip tree/numbers; zcat tree/numbers.gz | sha256sum
tar -cf - tree | (mkdir other; cd other; tar -xf -); find other | sort
find tree -type f -exec sh -c 'echo found ${1##*/}' _ {} \; | sort
sort --parallel=2 -S 100k -rn tree/../other/tree/link 2>/dev/null | head -1; seq 1 30000 | sort -R --random-source=/dev/zero | sort -n | tail -1
