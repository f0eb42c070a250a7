# The console as a container, for a task on Fargate. Built from the root of the project: docker build --tag takings .
#
# Run it with a read-only root file system and a small volume at /tmp; pages write no file. The task definition has to repeat
# the health check, for ECS does not read the one below.
ARG PYTHON_IMAGE=public.ecr.aws/docker/library/python:3.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ARG UV_VERSION=0.13.9
ENV UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN python -m pip install --no-cache-dir --disable-pip-version-check uv==${UV_VERSION}
RUN uv venv /opt/takings
COPY requirements.txt /build/
RUN uv pip install --no-cache --compile-bytecode --only-binary :all: --python /opt/takings/bin/python -r /build/requirements.txt
COPY . /build/
RUN uv build --no-cache --wheel --out-dir /dist /build \
    && uv pip install --no-cache --compile-bytecode --no-deps --python /opt/takings/bin/python /dist/*.whl

FROM ${PYTHON_IMAGE}
RUN groupadd --gid 10001 takings \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin takings
COPY --from=build /opt/takings /opt/takings
ENV PATH=/opt/takings/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TAKINGS_PROFILE=aws
# what is mounted there takes over its permissions; without this line a task's volume is root's alone
VOLUME /tmp
USER 10001:10001
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-I", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/readyz', timeout=4)"]
# A container is reached from outside alone: what may reach it is its security group's to say, and sign-in the load balancer's
CMD ["takings", "serve", "--host", "0.0.0.0", "--port", "8501"]
