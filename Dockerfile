# An image with only the static program, which runs as user nobody.
#
#   docker build -t ssetail .
#   docker run --rm -p 127.0.0.1:8088:8088 --group-add 4 -v /var/log:/var/log:ro ssetail '/var/log/*.log'
#
# Group 4 is adm, which may read most logs of Debian.
# ssetail prints its address with the token; open it with localhost as the host.
# A volume at /state keeps ids and positions, with SSETAIL_STATE=/state.
FROM rust:1.95-alpine3.23@sha256:606fd313a0f49743ee2a7bd49a0914bab7deedb12791f3a846a34a4711db7ed2 AS build
RUN apk add --no-cache musl-dev && mkdir /state
WORKDIR /ssetail

# The dependencies, in a layer that stays as long as these two files do: every target of the
# manifest is an empty program here.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p benches build src tests/full tests/nats \
    && for file in benches/micro benches/records benches/times build/main src/main tests/full/main tests/load tests/main tests/nats/main; \
       do echo 'fn main() {}' >"$file.rs"; done \
    && touch src/lib.rs
RUN cargo build --release --locked --features nats && rm -r benches build src tests

COPY . .
# A file of the repository can be older than the empty program, which cargo would take for built.
RUN touch build/main.rs src/lib.rs src/main.rs && cargo build --release --locked --features nats

FROM scratch
COPY --from=build /ssetail/target/release/ssetail /ssetail
COPY --from=build --chown=65534:65534 /state /state
USER 65534:65534
ENV SSETAIL_BIND=0.0.0.0
EXPOSE 8088
ENTRYPOINT ["/ssetail"]
