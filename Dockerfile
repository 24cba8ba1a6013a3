# syntax=docker/dockerfile:1
# Two stages: one that installs, one that runs. The same steps as the Makefile's `setup`, `data` and `run`.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /srv/triveni
RUN python -m venv .venv
# CPU torch first: a plain `torch` would pull several GB of CUDA.
ARG TORCH=torch==2.13.0
ARG TORCH_CPU=https://download.pytorch.org/whl/cpu
RUN .venv/bin/python -m pip install --quiet --no-deps --index-url "${TORCH_CPU}" "${TORCH}"
COPY requirements.lock pyproject.toml README.md LICENSE ./
# Up to the marker: what tests and checks need besides stays out of the image.
RUN sed '/^# development/,$d' requirements.lock > service.lock \
    && .venv/bin/python -m pip install --quiet --no-deps --require-hashes -r service.lock
COPY app app
COPY matching matching
COPY migrations migrations
COPY seeds seeds
RUN .venv/bin/python -m pip install --quiet --no-deps --no-build-isolation -e . \
    && .venv/bin/python -m pip uninstall --quiet --yes pip

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 triveni \
    && useradd --uid 10001 --gid triveni --no-create-home --shell /usr/sbin/nologin triveni \
    && install -d -o triveni -g triveni /srv/triveni/var
WORKDIR /srv/triveni
COPY --from=build /srv/triveni /srv/triveni
ENV PATH=/srv/triveni/.venv/bin:$PATH PYTHONUNBUFFERED=1 TRIVENI_HOST=0.0.0.0
USER 10001:10001
VOLUME /srv/triveni/var
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
CMD ["sh", "-c", "triveni init && triveni seed && triveni embed && exec triveni serve"]
