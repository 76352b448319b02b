# One image for everything that the service runs: `python -m app` is the web (the default), `python -m actors` a
# worker, `python -m app migrate` brings the database up to date. Building it needs BuildKit, which Docker has had as
# its default since 23. docs/deploy.md says how it is used; tests/deploy replays these steps without Docker.

ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
RUN python -m venv /opt/media && mkdir -p /data
# The dependencies first, in the versions that the tests ran with: this layer stays for as long as these files do. What
# is installed of ourselves has no code yet. Everything else comes as wheels, so that no compiler is needed.
COPY pyproject.toml constraints.txt README.md LICENSE ./
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/media/bin/pip install --prefer-binary --constraint constraints.txt '.[fast,otel]'
COPY schema/ schema/
COPY storage/ storage/
COPY jobs/ jobs/
COPY actors/ actors/
COPY app/ app/
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/media/bin/pip install --force-reinstall --no-deps . \
 && /opt/media/bin/pip check \
 && /opt/media/bin/pip uninstall --yes setuptools pip

FROM python:${PYTHON}-slim
LABEL org.opencontainers.image.title="media-pipeline" \
      org.opencontainers.image.description="Generates images and videos as jobs with true progress, and keeps them in a library" \
      org.opencontainers.image.licenses="Apache-2.0"
# Who reaches a container is decided outside of it, so it listens on every address. The web refuses to start so without
# AUTH_SECRET or AUTH_JWKS_URL. PYTHONSAFEPATH keeps modules from being looked for in the working directory, which the
# service may write to.
ENV PATH=/opt/media/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/data \
    DATA_DIR=/data \
    HOST=0.0.0.0 \
    WORKER_HOST=0.0.0.0 \
    LOG_FORMAT=json
# Owned by the user that everything runs as: a number, so that a cluster can see that it is not root.
COPY --from=build --chown=10001:10001 /data /data
COPY --from=build /opt/media /opt/media
WORKDIR /data
USER 10001:10001
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=4s --start-period=30s --retries=3 CMD ["python", "-m", "app.healthcheck"]
CMD ["python", "-m", "app"]
