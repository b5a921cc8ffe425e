# The tool's own image: one static program, nobody's user, nothing else.
#   docker build -t rofs-harden .
#   docker run --rm --network none --read-only -v "$PWD:/project:ro" rofs-harden --check
# An image whose /out holds a finished root takes the place of the build: --build-arg ROOT=IMAGE.
ARG ROOT=build

FROM rust:1.95-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /source
COPY . .
# Besides the program: the authorities that forges are trusted by, and a folder that `pr` wants as a tmpfs.
RUN cargo build --profile dist --locked && install -D target/dist/rofs-harden /out/usr/bin/rofs-harden \
    && install -D -m 644 /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ca-certificates.crt \
    && mkdir /out/project && mkdir -m 1777 /out/tmp

FROM ${ROOT} AS root

FROM scratch
COPY --from=root /out/ /
# A number, so that `runAsNonRoot` and the like can see that it is not root.
USER 65532:65532
WORKDIR /project
ENTRYPOINT ["/usr/bin/rofs-harden"]
