FROM python:3.11-slim AS build
WORKDIR /bobbin
COPY requirements.lock .
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 BOT_REDIS__DATA_DIR=/data MPLCONFIGDIR=/var/cache/matplotlib
RUN useradd --create-home bobbin && mkdir /data $MPLCONFIGDIR && chown bobbin /data $MPLCONFIGDIR
COPY --from=build /venv /venv
WORKDIR /bobbin
COPY bot bot
USER bobbin
# matplotlib, which draws formulas, looks through all fonts when it finds no cache of them.
RUN python -c "import matplotlib.font_manager"
VOLUME /data
STOPSIGNAL SIGTERM
CMD ["python", "-m", "bot", "run", "--strict"]
