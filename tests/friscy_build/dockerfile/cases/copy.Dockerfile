FROM scratch AS a
COPY one /dst
COPY one two three /dst/
COPY ["with space", "and more", "/dst dir/"]
COPY --from=0 --chown=me:us --chmod=0755 --link --exclude=*.txt --exclude=b/** --parents src /dst
COPY --link=false --parents=true x y
COPY --chown="a b:c" x y
COPY -- --odd /dst
COPY arr[[]0].txt *.go ?.c $DIR/x ${DIR:-d}/y ./
ADD --checksum=sha256:abc --keep-git-dir=true --unpack=false https://example.org/x.tar /x/
ADD x.tar.gz y.tar /z/
