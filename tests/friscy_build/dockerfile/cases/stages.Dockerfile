ARG BASE=debian
ARG TAG

FROM ${BASE}:${TAG:-trixie} AS base
ARG TAG
FROM base AS Build
COPY . .
FROM --platform=linux/amd64 golang
FROM build
COPY --from=build /x /y
