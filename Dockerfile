# Torpor as an image, for scalers and proxies alike: `docker build --tag torpor:dev .`
# The tests do not build it, for they run without a container engine: they run its manifests with one made by hand.
FROM python:3.13-slim AS built
WORKDIR /source
RUN python -m venv /opt/torpor
ENV PATH=/opt/torpor/bin:$PATH
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements.txt
COPY . ./
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
# tini is process 1, and sees to what an HAProxy leaves behind that was replaced.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends haproxy tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin torpor
COPY --from=built /opt/torpor /opt/torpor
ENV PATH=/opt/torpor/bin:$PATH
USER 10001:10001
WORKDIR /
ENTRYPOINT ["/usr/bin/tini", "--", "torpor"]
CMD ["--help"]
