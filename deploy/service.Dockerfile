# One recipe for every service: docker build -f deploy/service.Dockerfile --build-arg SERVICE=data \
#   --build-arg FOLDER=services/data .

FROM python:3.11-slim AS build
ARG FOLDER
WORKDIR /build
RUN python -m venv /app
COPY constraints.txt ./
COPY services/core services/core
COPY services/common services/common
COPY ${FOLDER} ${FOLDER}
RUN /app/bin/pip install --no-cache-dir --disable-pip-version-check -c constraints.txt \
    ./services/core ./services/common ./${FOLDER}
# A container that is read-only would compile at every start.
RUN if [ "${FOLDER}" = services/data ]; then NUMBA_CACHE_DIR=/app/kernels /app/bin/python -m ocean_data.kernels; fi

FROM python:3.11-slim
ARG SERVICE
ENV PATH=/app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    MPLCONFIGDIR=/tmp/matplotlib \
    NUMBA_CACHE_DIR=/tmp/numba \
    SERVICE=ocean_${SERVICE}
RUN useradd --system --uid 10001 ocean && install -d -o ocean /var/lib/ocean
COPY --from=build /app /app
USER ocean
EXPOSE 8000
CMD ["sh", "-c", "if [ -d /app/kernels ]; then cp -r /app/kernels /tmp/numba; fi; exec python -m $SERVICE"]
