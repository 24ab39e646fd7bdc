FROM python:3.11-slim AS build
COPY requirements.lock .
# Neither pip nor the test tools are needed to run.
RUN python -m venv --without-pip /venv \
 && pip --python /venv/bin/python install --no-cache-dir --require-hashes -r requirements.lock

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 BOT_REDIS__DATA_DIR=/data MPLCONFIGDIR=/var/cache/matplotlib \
    BOT_TELEMETRY__METRICS_PORT=9464
RUN useradd --create-home bobbin && mkdir /data $MPLCONFIGDIR && chown bobbin /data $MPLCONFIGDIR
COPY --from=build /venv /venv
WORKDIR /bobbin
COPY pyproject.toml .
COPY bot bot
USER bobbin
# matplotlib, which draws formulas, looks through all fonts when it finds no cache of them.
RUN python -c "import matplotlib.font_manager"
VOLUME /data
STOPSIGNAL SIGTERM
# The metrics answer to this container only, unless BOT_TELEMETRY__METRICS_HOST says otherwise.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["python", "-m", "bot", "health"]
# Without --strict a missing REDIS_URL means the private server, with its data in /data.
CMD ["python", "-m", "bot", "run", "--strict"]
