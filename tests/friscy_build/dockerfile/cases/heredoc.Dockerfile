FROM scratch
RUN <<EOF
echo one
  # no comment here \
echo two
EOF
RUN <<-"FIRST" cat && <<SECOND cat
		tabs go $x
	FIRST
second
SECOND
RUN 3<<fd cat <&3
data
fd
COPY <<a.txt <<-'b.txt' plain /dst/
a says $NAME "quoted"
a.txt
	b says $NAME
	b.txt
COPY <<"E" /just/this
E
ADD <<conf /etc/conf
x = 1
conf
RUN echo "no <<heredoc here" && echo $((1<<2))
RUN ["echo", "<<EOF"]
RUN cat <<<word
ONBUILD RUN <<END
later
END
RUN <<'a b'
space in the name
a b
