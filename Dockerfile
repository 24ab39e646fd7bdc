FROM python:3.11-slim AS build
COPY requirements.lock .
# Neither pip nor the test tools are needed to run. With a read-only root file system Python cannot write its bytecode.
RUN python -m venv --without-pip /venv \
 && pip --python /venv/bin/python install --no-cache-dir --require-hashes -r requirements.lock \
 && python -m compileall -q -j 0 /venv/lib
COPY pyproject.toml /bobbin/
COPY bot /bobbin/bot
# The files of a checkout may be readable for their owner alone (umask 077).
RUN chmod -R a+rX /bobbin && python -m compileall -q -j 0 /bobbin/bot

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 BOT_REDIS__DATA_DIR=/data MPLCONFIGDIR=/var/cache/matplotlib \
    BOT_TELEMETRY__METRICS_PORT=9464
# A number, so that Kubernetes can tell that the user is not root.
RUN useradd --uid 10001 --user-group --create-home bobbin \
 && install -d -m 700 -o bobbin -g bobbin /data && install -d -o bobbin -g bobbin $MPLCONFIGDIR
COPY --from=build /venv /venv
COPY --from=build /bobbin /bobbin
WORKDIR /bobbin
USER 10001:10001
# matplotlib, which draws formulas, looks through all fonts when it finds no cache of them.
RUN python -c "import matplotlib.font_manager"
VOLUME /data
STOPSIGNAL SIGTERM
# The health and the metrics answer to this container only, unless BOT_TELEMETRY__METRICS_HOST says otherwise. Only what a
# restart mends counts here: `bot health` without --live says whether Discord, Redis and Claude are connected.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["python", "-m", "bot", "health", "--live"]
# The private server, with its data in /data, takes `python -m bot run` instead.
CMD ["python", "-m", "bot", "run", "--strict"]
