# Image for developers: the node, every tool and every dependency of the tests. A checkout is mounted over it:
#
#   docker build -t pouw/dev . && docker run --rm -it -v "$PWD":/work pouw/dev pytest tests/node
#
# Dockerfile.production builds the image for every other machine.
ARG BASE=python:3.11-slim-bookworm
# hadolint ignore=DL3006 # the argument has the version
FROM ${BASE}
# The venv is outside /work, so that a mounted checkout does not hide it.
ENV VIRTUAL_ENV=/opt/venv \
    PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1
WORKDIR /work
COPY requirements/bootstrap.lock requirements/dev.lock ./requirements/
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    python3 -m venv "$VIRTUAL_ENV" \
    && pip install --no-cache-dir --require-hashes -r requirements/bootstrap.lock -r requirements/dev.lock \
    && useradd --uid 10001 --create-home pouw
COPY node ./node
# The link to the sources is an editable install that needs neither a build backend nor the network.
RUN python3 -c 'import sysconfig, pathlib; pathlib.Path(sysconfig.get_path("purelib"), "pouw.pth").write_text("/work\n")' \
    && install -d -o 10001 -g 10001 /data
ENV POUW_DATA_DIR=/data
VOLUME ["/data"]
USER 10001:10001
EXPOSE 8545 8546 30303
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python3", "-m", "node", "check", "--url", "http://127.0.0.1:8545/health"]
CMD ["python3", "-m", "node", "run"]
