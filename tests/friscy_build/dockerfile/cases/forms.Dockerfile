# syntax=docker/dockerfile:1
# check=skip=all
# a comment ends the directives
# escape=`

ARG VERSION=3.13 FLAVOUR
from --platform=$TARGETPLATFORM python:${VERSION}-slim As Build-1
  MAINTAINER  Some One <one@example.org>
Label a=b "c d"="e f" g='h i' j=k\ l
LABEL legacy value with  spaces
env A=1 \
    B="two words" \
# a comment among continuations

    C=three\ words
ENV OLD   style "quoted" value
ARG X Y= Z="q"
RUN echo one \
  && echo two \\ \
  && echo three
RUN ["/bin/sh", "-c", "echo \"json\" \u00e9"]
RUN [ "not", json ]
RUN --mount=type=cache,target=/c,sharing=locked --mount=type=secret,id=s,required --network=none --security=sandbox true
run    	spaced   out	
EXPOSE 80 443/tcp 8000-8010/udp $PORT
VOLUME /data /logs
VOLUME ["/a b", "/c"]
USER app:${GROUP:-app}
WORKDIR /a dir/with spaces
STOPSIGNAL SIGTERM
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
HEALTHCHECK --interval=1m30s --timeout=500ms --start-period=2s --start-interval=1.5s --retries=5 CMD curl -f http://localhost/ || exit 1
HEALTHCHECK CMD ["curl", "x"]
healthcheck none
ONBUILD RUN echo hi
onbuild copy --from=x a b
CMD []
CMD echo shell form
CMD ["exec", "form"]
ENTRYPOINT ["/e"]
ENTRYPOINT exec top -b
FROM scratch
