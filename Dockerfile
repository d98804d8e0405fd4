# An image with only the static program, which runs as user nobody.
#
#   docker build -t ssetail .
#   docker run --rm -p 127.0.0.1:8088:8088 --group-add 4 -v /var/log:/var/log:ro ssetail '/var/log/*.log'
#
# Group 4 is adm, which may read most logs of Debian.
# ssetail prints its address with the token; open it with localhost as the host.
FROM rust:1-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /ssetail
COPY . .
RUN cargo build --release --locked

FROM scratch
COPY --from=build /ssetail/target/release/ssetail /ssetail
USER 65534:65534
ENV SSETAIL_BIND=0.0.0.0
EXPOSE 8088
ENTRYPOINT ["/ssetail"]
