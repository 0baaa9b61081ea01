# The server as an image: docker build -t hiring .
# Another engine: --build-arg ENGINE=postgres. docs/deployment.md says how to run it.
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
ARG ENGINE=sqlite
WORKDIR /app
COPY requirements/serve-*.txt requirements/
COPY deploy/install deploy/
RUN deploy/install /venv "$ENGINE" && /venv/bin/python -m pip uninstall -qy pip setuptools
COPY api api
RUN python -m compileall -q api

FROM python:${PYTHON}
ARG ENGINE=sqlite
RUN groupadd --gid 10001 hiring \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent hiring \
    && install -d -o hiring -g hiring /warehouse /snapshots
COPY --from=build /venv /venv
WORKDIR /app
COPY dbt_project.yml profiles.yml ./
COPY seeds seeds
COPY dbt_project dbt_project
COPY --from=build /app/api api
# Large uploads wait in TMPDIR: on a disk, which /tmp may not be.
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DBT_TARGET=$ENGINE \
    DBT_LOG_PATH=/warehouse/logs \
    DBT_TARGET_PATH=/warehouse/target \
    WAREHOUSE_DIR=/warehouse \
    TMPDIR=/var/tmp \
    HOST=0.0.0.0 \
    PORT=5000
VOLUME ["/warehouse", "/snapshots", "/var/tmp"]
EXPOSE 5000
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/health/ready', timeout=4)"]
ENTRYPOINT ["python", "-m", "api"]
CMD ["serve"]
