# The build runs on the builder's own machine and makes the program for the wanted one: no emulation.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH
# Static, with the time zones inside; an empty folder becomes the place of the state.
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -tags timetzdata -ldflags "-s -w" -o /out/opsbot . \
 && mkdir -p /out/data /out/tmp && chmod 1777 /out/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/opsbot /opsbot
COPY --from=build --chown=65532:65532 /out/tmp /tmp
# The state (state.sqlite in the configuration, ./data/opsbot.db) outlives the container in a volume.
COPY --from=build --chown=65532:65532 /out/data /var/lib/opsbot/data
WORKDIR /var/lib/opsbot
VOLUME /var/lib/opsbot/data
USER 65532:65532
# Asks the bot itself (http.listen in the configuration): there is no other program in the image.
HEALTHCHECK --interval=30s --timeout=6s --start-period=30s CMD ["/opsbot", "health", "--config", "/etc/opsbot/opsbot.yaml"]
ENTRYPOINT ["/opsbot"]
CMD ["run", "--config", "/etc/opsbot/opsbot.yaml"]
