# hostup-mcp over stdio (default) or HTTP:
#   docker build -t hostup-mcp .
#   docker run -i --rm -e HOSTUP_API_KEY hostup-mcp
#
# Over HTTP, with a token for each caller. The volume belongs to the container's user:
#   docker run --rm -v hostup-tokens:/run/tokens hostup-mcp token new NAME --tokens /run/tokens/tokens.json
#   docker run --rm -p 127.0.0.1:8000:8000 --read-only -v hostup-tokens:/run/tokens:ro -e HOSTUP_API_KEY \
#     hostup-mcp serve --transport streamable-http --host 0.0.0.0 --tokens /run/tokens/tokens.json

ARG BASE=docker.io/library/python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b

FROM ${BASE} AS build
WORKDIR /src
# A layer of its own: it changes only with a version.
COPY packaging/container/*.txt packaging/container/
RUN python3 -m venv /opt/build && python3 -m venv /opt/hostup-mcp \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes --only-binary=:all: -r packaging/container/build.txt \
 && /opt/hostup-mcp/bin/pip install --no-cache-dir --require-hashes --only-binary=:all: -r packaging/container/locked.txt
COPY pyproject.toml README.md LICENSE ./
COPY hostup_mcp hostup_mcp
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/hostup-mcp/bin/pip install --no-index --no-deps /wheels/*.whl \
 && /opt/hostup-mcp/bin/pip uninstall -y pip \
 # Compiled ahead: the file system is read-only later, and a start should not pay for it.
 && python3 -m compileall -q /opt/hostup-mcp/lib

FROM ${BASE}
LABEL org.opencontainers.image.title="hostup-mcp" \
      org.opencontainers.image.licenses="MIT AND Apache-2.0" \
      io.modelcontextprotocol.server.name="io.github.hostup-mcp/hostup-mcp"
COPY --from=build /opt/hostup-mcp /opt/hostup-mcp
ENV PATH=/opt/hostup-mcp/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# A new volume takes the owner and mode of the folder that it is mounted on.
RUN useradd --system --no-create-home --uid 10001 hostup \
 && install --directory --owner=hostup --group=hostup --mode=700 /run/tokens
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["hostup-mcp", "health"]
ENTRYPOINT ["hostup-mcp"]
