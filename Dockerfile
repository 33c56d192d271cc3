# hostup-mcp over stdio (default) or HTTP:
#   docker build -t hostup-mcp .
#   docker run -i --rm -e HOSTUP_API_KEY hostup-mcp
#   docker run --rm -p 8000:8000 --read-only -v ./tokens:/run/tokens:ro -e HOSTUP_API_KEY \
#     hostup-mcp serve --transport streamable-http --host 0.0.0.0 --tokens /run/tokens/tokens.json

FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY hostup_mcp hostup_mcp
RUN python -m venv /opt/hostup-mcp \
 && /opt/hostup-mcp/bin/pip install --no-cache-dir -c constraints.txt '.[replicas,otel]' \
 && /opt/hostup-mcp/bin/pip uninstall -y pip \
 # Compiled ahead: the file system is read-only later, and a start should not pay for it.
 && python -m compileall -q /opt/hostup-mcp/lib

FROM python:3.13-slim
LABEL org.opencontainers.image.title="hostup-mcp" \
      org.opencontainers.image.licenses="MIT" \
      io.modelcontextprotocol.server.name="io.github.hostup-mcp/hostup-mcp"
COPY --from=build /opt/hostup-mcp /opt/hostup-mcp
ENV PATH=/opt/hostup-mcp/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
RUN useradd --system --no-create-home --uid 10001 hostup
USER 10001
EXPOSE 8000
# Over stdio there is no port to ask, and a process that reads its pipe is healthy.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["python", "-c", "\
import sys, urllib.request as u\n\
if {b'streamable-http', b'sse'} & set(open('/proc/1/cmdline','rb').read().split(b'\\0')):\n\
    sys.exit(u.urlopen('http://127.0.0.1:8000/healthz', timeout=2).status != 200)\n\
"]
ENTRYPOINT ["hostup-mcp"]
